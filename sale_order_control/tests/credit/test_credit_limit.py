from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.order.control_memory import control_today
from .common import CreditCommon


class CreditLimitCommon(CreditCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env['sale.order']._get_control_today()
        cls.colleague = cls._new_user('soc_controller2', 'sale_order_control.group_credit_controller')
        cls.sister = cls.env['res.partner'].create({'name': "Sister", 'is_company': True})
        cls.brother = cls.env['res.partner'].create({'name': "Brother", 'is_company': True})

    def _day(self, days):
        return self.today + timedelta(days=days)

    def _temporary(self, amount, start=0, end=10, account=None, **values):
        return self.env['credit.limit.temporary'].with_user(self.controller).create({
            'account_id': (account or self.account).id, 'amount': amount, 'date_from': self._day(start),
            'date_to': self._day(end), 'reason': "Trade fair", **values})

    def _guarantee(self, value, percent=100, start=0, end=10, validate=True, **values):
        guarantee = self.env['credit.guarantee'].with_user(self.controller).create({
            'name': "G-1", 'account_id': self.account.id, 'value': value, 'percent': percent,
            'currency_id': self.company.currency_id.id, 'date_from': self._day(start),
            'date_to': self._day(end), **values})
        if validate:
            guarantee.with_user(self.colleague).action_validate()
        return guarantee

    def _pool(self, limit, *partners, **values):
        accounts = self.accounts._for_partners(self.customer.union(*partners), self.company)
        return self.env['credit.pool'].with_user(self.controller).create({
            'name': "Family", 'company_id': self.company.id, 'limit': limit,
            'account_ids': [Command.set(accounts.ids)], **values})

    def _effective(self, days=0, account=None):
        account = account or self.account
        return self.accounts._get_effective_limits(account, self._day(days))[account.id]

    def _codes(self, order, checkpoint='confirm'):
        return [issue.code for issue in order._get_control_issues(checkpoint)[order.id]]


@tagged('post_install', '-at_install')
class TestCreditLimit(CreditLimitCommon):
    """Temporary or base amount, plus guarantees, capped by the group: figures worked out by hand."""

    # === EFFECTIVE LIMIT ===#

    def test_no_zero_and_amount_stay_three_things(self):
        for amount, kind, effective in ((None, 'none', 0), (0, 'zero', 0), (100, 'amount', 100)):
            self._limit(amount)
            limit = self._effective()
            self.assertEqual((limit.kind, limit.effective), (kind, effective))

    def test_a_temporary_amount_stands_in_for_the_base_within_its_days(self):
        self._limit(1000)
        self._temporary(400, start=2, end=4)
        self.assertEqual([self._effective(day).effective for day in range(1, 6)], [1000, 400, 400, 400, 1000])
        limit = self._effective(3)
        self.assertEqual((limit.base, limit.temporary, limit.temporary_until), (1000, 400, self._day(4)))

    def test_a_temporary_zero_is_prepaid_only_and_a_temporary_amount_limits_the_unlimited(self):
        self._limit(None)
        self._temporary(0, end=1)
        self._temporary(300, start=2, end=3)
        self.assertEqual([self._effective(day).kind for day in (0, 2, 4)], ['zero', 'amount', 'none'])

    def test_guarantees_add_their_share_within_their_validity(self):
        self._limit(50000)
        self._temporary(100000, start=5, end=5)
        self._guarantee(50000, 50, start=1, end=5)
        self._guarantee(1000, 10, start=1, end=3)
        self._guarantee(7777, start=1, validate=False)
        # 50,000 + 25,000 + 100; then without the second; with the temporary amount; and without any
        self.assertEqual(
            [self._effective(day).effective for day in (0, 1, 4, 5, 6)], [50000, 75100, 75000, 125000, 50000])

    def test_a_guarantee_gives_credit_to_who_has_none_but_limits_nobody(self):
        self._guarantee(500, 80)
        self._limit(0)
        self.assertEqual((self._effective().kind, self._effective().effective), ('amount', 400))
        self._limit(None)
        self.assertEqual((self._effective().kind, self._effective().effective), ('none', 0))

    def test_a_guarantee_in_another_currency_counts_at_the_rate_of_the_day(self):
        foreign = self._currency()
        self._limit(100)
        self._guarantee(500, 50, currency_id=foreign.id)
        # 500 x 50 % = 250 foreign; 2.5 foreign for one of ours
        self.assertEqual(self._effective().effective, 200)
        foreign.rate_ids = [Command.create({'name': self._day(1), 'rate': 5.0})]
        self.assertEqual([self._effective(day).effective for day in (0, 1)], [200, 150])

    def _currency(self, rate=2.5):
        currency = self.env['res.currency'].create({'name': 'XTS', 'symbol': 'x'})
        if rate:
            currency.rate_ids = [Command.create({'name': self._day(-1), 'rate': rate})]
        return currency

    def test_a_currency_without_a_rate_is_told_and_counts_for_nothing(self):
        foreign = self._currency(rate=None)
        with self.assertRaisesRegex(ValidationError, "XTS has no exchange rate"):
            self._guarantee(500, currency_id=foreign.id)
        self._limit(100)
        foreign.rate_ids = [Command.create({'name': self._day(-1), 'rate': 2.0})]
        guarantee = self._guarantee(500, currency_id=foreign.id)
        self.assertEqual((self._effective().effective, guarantee.counted_amount), (350, 250))
        foreign.rate_ids.unlink()
        guarantee.invalidate_recordset()
        self.assertEqual((self._effective().effective, guarantee.counted_amount), (100, 0))

    def test_the_gate_the_account_the_customer_and_the_banner_say_the_same(self):
        self._limit(100)
        self._guarantee(200, 50, end=1)
        self.company.account_use_credit_limit = True
        order = self._create_order(2)
        for day, passes in ((0, True), (2, False)):
            self.env.invalidate_all()
            with control_today(self.env, self._day(day)):
                self.assertEqual(self._codes(order), [] if passes else ['credit.limit'])
                self.assertEqual(bool(order.partner_credit_warning), not passes)
                self.assertEqual(self.account.available, 200 if passes else 100)
                self.assertEqual(self.customer.with_user(self.salesperson).credit_available, 200 if passes else 100)
        invoice = self._loose_invoice(150, post=False)
        self.assertFalse(invoice.partner_credit_warning)
        with control_today(self.env, self._day(2)):
            invoice.invalidate_recordset()
            self.assertIn("100.00", invoice.partner_credit_warning)

    def test_the_default_of_the_company_counts_for_customers_without_an_account(self):
        self.env['ir.default'].set('res.partner', 'credit_limit', 150, company_id=self.company.id)
        fresh = self.env['res.partner'].create({'name': "Fresh"})
        self.assertFalse(self.accounts.sudo().search([('partner_id', '=', fresh.id)]))
        self.assertEqual(self._codes(self._create_order(2, partner=fresh)), ['credit.limit'])
        account = self.accounts._for_partners(fresh, self.company)
        self.assertEqual(self._effective(account=account).effective, 150)

    def test_two_hundred_limits_cost_the_queries_of_one(self):
        partners = self.env['res.partner'].create([{'name': f"C{n}"} for n in range(200)])
        accounts = self.accounts._for_partners(partners, self.company)
        for account in accounts[:5]:
            self._temporary(5, account=account)
        self.env['credit.pool'].with_user(self.controller).create(
            {'name': "P", 'limit': 10, 'account_ids': [Command.set(accounts[:20].ids)]})
        counts = []
        for some in (accounts[:1], accounts[:1], accounts):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.accounts._get_effective_limits(some, self.today)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1], counts)

    # === GROUPS ===#

    def test_members_share_a_limit_and_the_group_is_checked_first(self):
        self._limit(900)
        self._pool(1000, self.sister)
        self._loose_invoice(400, partner=self.sister)
        limit = self._effective()
        self.assertEqual((limit.own, limit.effective, limit.pool_limit, limit.pool_available), (900, 600, 1000, 600))
        self.assertEqual(self._codes(self._create_order(6)), [])
        order = self._create_order(7)
        self.assertEqual(self._codes(order), ['credit.pool'])
        [issue] = order._get_control_issues('confirm')[order.id]
        self.assertEqual(issue.facts['pool_excess'], 100)
        for figure in ("Family", "1,100.00", "1,000.00", "400.00", "700.00"):
            self.assertIn(figure, issue.message)
        self.assertEqual(self._codes(self._create_order(10)), ['credit.pool', 'credit.limit'])

    def test_a_group_limits_members_without_a_limit_and_leaves_zero_at_zero(self):
        self._limit(None)
        self._pool(500)
        self.assertEqual((self._effective().kind, self._effective().effective), ('amount', 500))
        self.assertEqual(self._codes(self._create_order(6)), ['credit.pool'])
        self._limit(0)
        self.assertEqual((self._effective().kind, self._effective().effective), ('zero', 0))

    def test_orders_of_different_members_confirmed_together_never_pass_jointly(self):
        self._limit(None)
        self._pool(1000, self.sister)
        orders = self._create_order(6) + self._create_order(6, partner=self.sister)
        issues = orders._get_control_issues('confirm')
        self.assertEqual([[issue.code for issue in issues[order.id]] for order in orders], [[], ['credit.pool']])

    def test_confirming_an_order_of_a_member_raises_the_serial_of_its_groups(self):
        self._limit(None)
        pool = self._pool(1000, self.sister)
        self.env.flush_all()
        self._create_order(1).action_confirm()
        pool.invalidate_recordset()
        self.assertEqual(pool.sudo().serial, 1)

    def test_what_one_member_paid_in_advance_lends_nothing_to_the_others(self):
        self._limit(None)
        self._pool(1000, self.sister)
        note = self._loose_invoice(300, partner=self.sister, post=False, move_type='out_refund')
        note.action_post()
        self.assertEqual(self._exposure(self.sister).total, -300)
        self.assertEqual(self._effective().effective, 1000)

    def test_a_group_inside_a_group_is_bound_by_both(self):
        self._limit(None)
        inner = self._pool(1000, self.sister)
        outer = self.env['credit.pool'].with_user(self.controller).create({'name': "Clan", 'limit': 1200})
        inner.parent_id = outer
        self.accounts._for_partners(self.brother, self.company).with_user(self.controller).pool_id = outer
        self._loose_invoice(700, partner=self.brother)
        limit = self._effective()
        self.assertEqual((limit.pool, limit.effective), (outer.sudo(), 500))
        self._loose_invoice(900, partner=self.sister)
        self.assertEqual(self._effective().effective, 0)
        self.assertEqual((inner.exposure, outer.exposure, outer.member_count), (900, 1600, 3))
        with self.assertRaisesRegex(ValidationError, "part of itself"):
            outer.parent_id = inner

    def test_a_group_of_another_company_is_refused(self):
        other = self.env['res.company'].create({'name': "Other"})
        self.controller.sudo().company_ids += other
        with self.assertRaisesRegex(ValidationError, "same company"):
            self._pool(10, company_id=other.id)

    # === BAD INPUT ===#

    def test_bad_temporary_limits_are_refused_with_what_to_do(self):
        self._temporary(10, start=0, end=5)
        for values, sentence in (
            ({'start': 5, 'end': 9}, "already. End it"),
            ({'start': -9, 'end': -7}, "over already"),
            ({'start': 20, 'end': 21, 'reason': "  "}, "Say why"),
        ):
            with self.subTest(sentence), self.assertRaisesRegex(ValidationError, sentence), self.cr.savepoint():
                self._temporary(10, **values)
        for amount, end in ((-1, 21), (5, 19)):
            with self.assertRaises(IntegrityError), self.cr.savepoint(), mute_logger('odoo.sql_db'):
                self._temporary(amount, start=20, end=end)
        self._temporary(10, start=6, end=9)

    def test_a_temporary_limit_is_ended_not_changed(self):
        self._limit(50)
        limit = self._temporary(10)
        for values in ({'amount': 20}, {'date_to': self._day(90)}, {'ended_on': False}):
            with self.assertRaises(UserError):
                limit.sudo().write(values)
        with self.assertRaises(UserError):
            limit.sudo().unlink()
        with self.assertRaisesRegex(UserError, "Say why"):
            limit.action_end(" ")
        limit.action_end("Fair is over")
        self.assertEqual((limit.state, self._effective().effective), ('ended', 50))
        self._temporary(30)
        self.assertEqual(self._effective().effective, 30)

    def test_bad_guarantees_and_groups_are_refused(self):
        for values in ({'value': 0}, {'value': 5, 'percent': 101}, {'value': 5, 'percent': 0}, {'value': 5, 'end': -1}):
            with self.subTest(**values), self.assertRaises(IntegrityError), self.cr.savepoint(), \
                    mute_logger('odoo.sql_db'):
                self._guarantee(**values)
        with self.assertRaises(IntegrityError), self.cr.savepoint(), mute_logger('odoo.sql_db'):
            self._pool(-1)

    def test_a_validated_guarantee_is_ended_not_changed(self):
        self._limit(100)
        guarantee = self._guarantee(50)
        with self.assertRaisesRegex(UserError, "End it"):
            guarantee.value = 500
        with self.assertRaises(UserError):
            guarantee.unlink()
        with self.assertRaises(AccessError):
            guarantee.state = 'draft'
        guarantee.action_end()
        self.assertEqual(self._effective().effective, 100)

    # === RIGHTS ===#

    def test_only_credit_controllers_touch_limits_guarantees_and_groups(self):
        temporary, guarantee, pool = self._temporary(10), self._guarantee(50, validate=False), self._pool(100)
        for user in (self.salesperson, self.sales_manager, self.env.ref('base.user_root')):
            for act in (
                lambda user: temporary.with_user(user).action_end("x"),
                lambda user: temporary.copy().with_user(user),
                lambda user: guarantee.with_user(user).action_validate(),
                lambda user: guarantee.with_user(user).write({'value': 9}),
                lambda user: pool.with_user(user).write({'limit': 9}),
                lambda user: self.env['credit.pool'].with_user(user).sudo().create({'name': "x", 'limit': 5}),
                lambda user: self.env['credit.limit.temporary'].with_user(user).sudo().create({
                    'account_id': self.account.id, 'amount': 5, 'date_to': fields.Date.today(), 'reason': "x"}),
            ):
                with self.assertRaises(UserError), self.cr.savepoint():
                    act(user)
        self.assertEqual(temporary.with_user(self.salesperson).amount, 10)

    def test_who_made_a_limit_and_its_state_cannot_be_pretended(self):
        limit = self._temporary(10, user_id=self.env.ref('base.user_admin').id, ended_on=self.today)
        self.assertEqual((limit.user_id, limit.ended_on), (self.controller, False))
        self.assertEqual(self._guarantee(5, validate=False, state='valid').state, 'draft')

    def test_limits_of_other_companies_are_not_read(self):
        other = self.env['res.company'].create({'name': "Other"})
        account = self.accounts._for_partners(self.customer, other)
        self.controller.sudo().company_ids += other
        temporary = self._temporary(5, account=account)
        pool = self.env['credit.pool'].with_user(self.controller).create(
            {'name': "P", 'limit': 1, 'company_id': other.id})
        self.env.invalidate_all()
        for record in (temporary, pool):
            with self.assertRaises(AccessError):
                record.with_user(self.salesperson).read(['display_name'])

    # === HOLDS ===#

    def test_a_higher_limit_of_any_kind_frees_what_waits(self):
        self._limit(100, self._grade('block'))
        pool = self._pool(100)
        orders = []
        for quantity, act in (
            (2, lambda: (pool.write({'limit': 5000}), self._temporary(200))),
            (3, lambda: self._guarantee(100)),
        ):
            order = self._create_order(quantity)
            order.action_submit()
            self.assertEqual(order.credit_state, 'hold')
            act()
            self.assertEqual(order.credit_state, 'ok')
            orders.append(order)
