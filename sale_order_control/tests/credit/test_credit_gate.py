from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditGate(CreditCommon):
    """Which order stops where, why, and what is said."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(release='enforce')
        cls.today = fields.Date.today()

    def _issues(self, order, checkpoint='confirm'):
        return [issue for issue in order._get_control_issues(checkpoint)[order.id] if issue.area == 'credit']

    def _codes(self, order, checkpoint='confirm'):
        return [issue.code for issue in self._issues(order, checkpoint)]

    # === LIMITS ===#

    def test_without_limit_everything_passes(self):
        self._limit(None)
        self._create_order(100000).action_submit()
        self.assertEqual(self._exposure().total, 10000000)

    def test_up_to_the_limit_passes_and_a_cent_more_does_not(self):
        self._limit(1000)
        self.assertFalse(self._issues(self._create_order(10)))
        self.assertEqual(self._codes(self._create_order(1, price_unit=1000.01)), ['credit.limit'])

    def test_zero_limit_is_not_no_limit(self):
        self._limit(0)
        self.assertEqual(self.customer.sudo().credit_limit, 0)
        self.assertEqual(self._codes(self._create_order(1)), ['credit.limit'])

    def test_the_message_has_the_figures_and_what_clears_it(self):
        self._limit(2000)
        invoice = self._loose_invoice(1600)
        [issue] = self._issues(self._create_order(30))
        self.assertEqual(issue.facts['exposure'], 1600)
        self.assertEqual(issue.facts['order_amount'], 3000)
        self.assertEqual(issue.figures, {'excess': 2600})
        for figure in ("4,600.00", "2,600.00", "2,000.00", "1,600.00", "3,000.00"):
            self.assertIn(figure, issue.message)
        self.assertIn("2,600.00", issue.clears)
        self.assertIn(invoice.name, issue.clears)
        self.assertNotIn("  ", issue.message)

    def test_an_ungraded_customer_is_judged_by_the_limit_alone(self):
        self._limit(1000)
        self._loose_invoice(900, due=self.today - timedelta(days=300))
        order = self._create_order(2)
        self.assertEqual(
            [(issue.code, issue.effect) for issue in self._issues(order, 'submit')], [('credit.limit', 'approve')]
        )
        self.assertEqual([issue.effect for issue in self._issues(order)], ['approve'])
        self.assertEqual([issue.effect for issue in self._issues(self._confirmed(2), 'release')], ['block'])

    def test_each_grade_has_its_effect_at_each_checkpoint(self):
        order, confirmed = self._create_order(2), self._confirmed(2)
        for effects in (('allow', 'warn', 'approve'), ('warn', 'approve', 'block'), ('block', 'allow', 'warn')):
            grade = self._grade(
                code=effects[0], submit_effect=effects[0], confirm_effect=effects[1], release_effect=effects[2]
            )
            self._limit(100, grade)
            for checkpoint, effect in zip(('submit', 'confirm', 'release'), effects, strict=True):
                subject = confirmed if checkpoint == 'release' else order
                found = [issue.effect for issue in self._issues(subject, checkpoint)]
                self.assertEqual(found, [] if effect == 'allow' else [effect], (checkpoint, effects))

    def test_zero_and_negative_orders_raise_nothing(self):
        self._limit(0)
        self._loose_invoice(500)
        for quantity, price in ((1, 0.0), (-5, 100.0)):
            self.assertFalse(self._issues(self._create_order(quantity, price_unit=price)))

    def test_the_limit_counts_for_the_invoiced_customer(self):
        payer = self.env['res.partner'].create({'name': "Payer", 'is_company': True})
        self._limit(10, partner=payer)
        order = self._create_order(10)
        order.partner_invoice_id = payer
        self.assertEqual(self._codes(order), ['credit.limit'])
        self.assertIn("Payer", self._issues(order)[0].message)

    def test_shadow_mode_tells_and_stops_nobody(self):
        self._limit(0)
        self._switch(credit='warn')
        order = self._create_order(1)
        self.assertEqual([(issue.effect, issue.would) for issue in self._issues(order)], [('warn', 'approve')])
        order.action_submit()
        self.assertEqual((order.state, order.credit_state), ('sale', 'watch'))

    def test_nothing_happens_while_the_control_is_off(self):
        self._limit(0)
        self._switch(credit='off')
        order = self._create_order(1)
        self.assertFalse(self._issues(order))
        order.action_confirm()
        self.assertEqual((order.credit_state, len(order.sudo().credit_decision_ids)), ('none', 0))

    # === OTHER RULES ===#

    def test_overdue_beyond_days_and_amount_stops(self):
        self._limit(None, self._grade(overdue_days=10, overdue_amount=50))
        self._loose_invoice(60, due=self.today - timedelta(days=10))
        order = self._create_order(1)
        self.assertFalse(self._issues(order))
        with control_today(self.env, self.today + timedelta(days=1)):
            [issue] = self._issues(order)
            self.assertEqual(issue.code, 'credit.overdue')
            self.assertEqual((issue.facts['overdue_amount'], issue.facts['overdue_days']), (60, 11))
            self.assertIn("10.00", issue.clears)
        self._limit(None, self._grade(code='U', overdue_days=5, overdue_amount=60))
        self.assertFalse(self._issues(order))

    def test_too_big_an_order_stops_whatever_the_limit(self):
        self._limit(None, self._grade('block', max_order_amount=500))
        self.assertFalse(self._issues(self._create_order(5)))
        self.assertEqual(self._codes(self._create_order(6)), ['credit.order_max'])

    def test_close_to_the_limit_warns(self):
        self._limit(1000, self._grade(watch_percent=80))
        self.assertFalse(self._issues(self._create_order(7)))
        order = self._create_order(8)
        self.assertEqual([(issue.code, issue.effect) for issue in self._issues(order)], [('credit.watch', 'warn')])
        order.action_submit()
        self.assertEqual((order.state, order.credit_state), ('sale', 'watch'))

    def test_a_customer_on_hold_stops_everywhere_whatever_the_grade(self):
        self._limit(None, self._grade('allow', release_effect='warn'))
        confirmed = self._confirmed(1)
        self.account.with_user(self.controller).action_hold("Insolvency announced")
        for order, checkpoint in (
            (self._create_order(1), 'submit'),
            (self._create_order(1), 'confirm'),
            (confirmed, 'release'),
        ):
            [issue] = self._issues(order, checkpoint)
            self.assertEqual((issue.code, issue.effect), ('credit.hold', 'block'))
            self.assertIn("Insolvency announced", issue.message)
        with self.assertRaisesRegex(UserError, "Insolvency announced"):
            self._deliver(confirmed, 1)

    # === BATCHES, GROWTH, DELIVERY ===#

    def test_orders_confirmed_together_never_pass_jointly(self):
        self._limit(1000)
        first, second = self._create_order(6), self._create_order(6)
        self.assertFalse(self._issues(first) or self._issues(second))
        with self.assertRaises(UserError):
            (first + second).action_confirm()
        with self.assertRaises(UserError):
            (second + first).sudo().write({'state': 'sale'})
        result = (first + second).action_submit()
        self.assertEqual((first.state, second.state), ('sale', 'draft'))
        self.assertIn(second.name, result['params']['message'])

    def test_a_blocked_order_takes_no_room_from_the_next_one(self):
        self._limit(1000, self._grade('block'))
        orders = self._create_order(6) + self._create_order(60) + self._create_order(4)
        issues = orders._get_control_issues('confirm')
        self.assertEqual([bool(issues[order.id]) for order in orders], [False, True, False])

    def test_orders_judged_one_by_one_in_a_scope_do_not_pass_jointly(self):
        from ...models.order.control_memory import control_scope
        self._limit(1000)
        first, second = self._create_order(6), self._create_order(6)
        with control_scope(self.env):
            first._get_control_issues('confirm')
            second._get_control_issues('confirm')
            first.action_confirm()
            with self.assertRaises(UserError):
                second.action_confirm()

    def test_a_confirmed_order_grows_up_to_the_limit_only(self):
        self._limit(1000)
        order = self._create_order(6)
        order.action_confirm()
        order.order_line.product_uom_qty = 10
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 11
        with self.assertRaises(UserError):
            order.order_line = [Command.create({'product_id': self.product.id, 'product_uom_qty': 1})]
        with self.assertRaises(UserError):
            order.order_line.price_unit = 150

    def test_a_confirmed_order_of_a_held_customer_does_not_grow(self):
        self._limit(None)
        order = self._create_order(2)
        order.action_confirm()
        self.account.with_user(self.controller).action_hold("Insolvency announced")
        with self.assertRaisesRegex(UserError, "Insolvency announced"):
            order.order_line.product_uom_qty = 1000
        order.invalidate_recordset()
        order.order_line.product_uom_qty = 1
        self.assertEqual(order.amount_total, 100)

    def test_a_confirmed_order_of_an_overdue_customer_does_not_grow(self):
        self._limit(None, self._grade('block', overdue_days=10, overdue_amount=50))
        order = self._create_order(2)
        order.action_confirm()
        self._loose_invoice(60, due=self.today - timedelta(days=11))
        with self.assertRaisesRegex(UserError, "overdue"):
            order.order_line.product_uom_qty = 1000
        order.order_line.product_uom_qty = 1
        self.assertEqual(order.amount_total, 100)

    def test_agreement_to_an_overdue_customer_covers_the_order_it_was_asked_for(self):
        self._limit(None, self._grade(overdue_days=10, overdue_amount=50))
        self._loose_invoice(60, due=self.today - timedelta(days=11))
        order = self._create_order(1)
        [asked] = self._issues(order)
        order.order_line.product_uom_qty = 1000
        [grown] = self._issues(order)
        self.assertTrue(grown.is_worse_than([asked]))
        self.assertFalse(asked.is_worse_than([grown]))

    def test_a_paid_part_of_an_order_leaves_room_for_growth(self):
        self._limit(1000)
        order = self._create_order(10)
        order.action_confirm()
        self._pay(self._invoice(order))
        order.order_line.product_uom_qty = 20
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 21

    def test_changing_who_is_invoiced_is_judged_on_the_new_one(self):
        payer = self.env['res.partner'].create({'name': "Payer", 'is_company': True})
        self._limit(500, partner=payer)
        order = self._create_order(6)
        order.action_confirm()
        with self.assertRaisesRegex(UserError, "Payer"):
            order.partner_invoice_id = payer

    def test_goods_of_an_order_within_the_limit_leave_and_count_once(self):
        self._limit(1000)
        order = self._create_order(10)
        order.action_confirm()
        self._deliver(order, 4)
        self._deliver(order, 6)
        self.assertEqual(order.order_line.qty_delivered, 10)

    def test_goods_beyond_the_order_leave_up_to_the_limit_only(self):
        self._limit(1000)
        order = self._create_order(1, tax_ids=[Command.set(self.tax.ids)])
        order.action_confirm()
        with self.assertRaisesRegex(UserError, "over the limit"), self.env.cr.savepoint():
            self._deliver(order, 10)
        self.env.invalidate_all()
        self._deliver(order, 9)
        self.assertEqual(order.order_line.qty_delivered, 9)

    def test_goods_stop_when_the_customer_came_over_the_limit_since(self):
        self._limit(1000)
        order = self._create_order(10)
        order.action_confirm()
        self._loose_invoice(1)
        with self.assertRaises(UserError):
            self._deliver(order, 4)

    def test_an_excess_agreed_at_confirmation_does_not_stop_the_goods(self):
        self._limit(500, self._grade(release_effect='block'))
        order = self._create_order(10)
        order.with_user(self.controller).action_credit_release("Frame contract")
        order.action_submit()
        # The release of the order is over, the agreement at its confirmation is not.
        order.with_user(self.controller).action_credit_release("A part of it", amount=1)
        self.assertFalse(self._issues(order, 'release'))
        self._loose_invoice(1)
        self.assertEqual(self._codes(order, 'release'), ['credit.limit'])
        order.with_user(self.controller).action_credit_reject("Enough")
        self.assertEqual(self._codes(order, 'release'), ['credit.refused', 'credit.limit'])

    def test_a_batch_confirmed_newest_first_is_agreed_in_full(self):
        account = self._limit(100, self._grade(release_effect='block'))
        orders = self._create_order(4) | self._create_order(4)
        account.action_release("Frame contract", amount=1000)
        orders.sorted('id', reverse=True).action_confirm()
        self.assertEqual(set(orders.mapped('state')), {'sale'})
        # The release is over, the agreement at the confirmation of both is not.
        account.action_release("A part of it", amount=1)
        self.assertFalse(self._issues(orders[0], 'release'))
        self.assertFalse(self._issues(orders[1], 'release'))

    def test_what_was_only_told_at_confirmation_still_stops_the_goods(self):
        self._limit(500, self._grade(submit_effect='warn', confirm_effect='warn', release_effect='block'))
        order = self._create_order(10)
        order.action_submit()
        self.assertEqual(order.state, 'sale')
        self.assertEqual(self._codes(order, 'release'), ['credit.limit'])

    def test_evaluating_writes_nothing(self):
        partner = self.env['res.partner'].create({'name': "Newcomer"})
        order = self._create_order(1, partner=partner)
        self._issues(order)
        self.assertFalse(self.accounts._find(partner, self.company))
        order.action_confirm()
        self.assertTrue(self.accounts._find(partner, self.company))

    def test_twenty_orders_are_judged_with_the_queries_of_one(self):
        partners = self.env['res.partner'].create([{'name': f"Customer {n}", 'is_company': True} for n in range(20)])
        for partner in partners:
            self._limit(50, self._grade(code=partner.name[-5:]), partner=partner)
        orders = self.env['sale.order'].union(*[self._create_order(1, partner=partner) for partner in partners])
        self.env.flush_all()
        counts = []
        for batch in (orders[:1], orders[:1], orders):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(
                len([issue for found in batch._get_control_issues('confirm').values() for issue in found]), len(batch)
            )
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1] + 3, counts)

    # === BAD CONFIGURATION ===#

    def test_bad_grades_are_refused_by_clear_sentences(self):
        from psycopg2 import IntegrityError
        for values, error in (
            ({'limit_formula': 'fixed', 'limit_amount': 0}, ValidationError),
            ({'limit_formula': 'none', 'limit_amount': 100}, ValidationError),
            ({'limit_formula': 'revenue', 'limit_months': 0}, ValidationError),
            ({'limit_formula': 'revenue', 'limit_minimum': 20, 'limit_maximum': 10}, ValidationError),
            ({'limit_formula': 'score', 'limit_minimum': 20}, ValidationError),
            ({'submit_effect': 'allow', 'confirm_effect': 'allow', 'release_effect': 'allow'}, ValidationError),
            ({'limit_minimum': -5}, IntegrityError),
            ({'max_order_amount': -1}, IntegrityError),
            ({'overdue_days': -1}, IntegrityError),
            ({'watch_percent': 120}, IntegrityError),
            ({'company_id': self.company.id, 'currency_id': self.env.ref('base.CHF').id}, ValidationError),
        ):
            with self.subTest(**values), self.assertRaises(error), self.env.cr.savepoint(), self.mute():
                self._grade(**{'code': 'X', **values})
                self.env.flush_all()

    def mute(self):
        from odoo.tools import mute_logger
        return mute_logger('odoo.sql_db')

    def test_a_grade_brings_its_limit_to_who_has_none(self):
        account = self._limit(None)
        account.grade_id = self._grade(code='F', limit_formula='fixed', limit_amount=50000)
        self.assertEqual((account.limit_kind, account.credit_limit), ('amount', 50000))
        account.grade_id = self._grade(code='G', limit_formula='fixed', limit_amount=10000)
        self.assertEqual(account.credit_limit, 10000)
        account.credit_limit = 12345
        account.grade_id = self.env.ref('sale_order_control.credit_grade_d')
        self.assertEqual((account.limit_kind, account.credit_limit), ('amount', 12345))


@tagged('post_install', '-at_install')
class TestCreditCost(CreditCommon):
    """What control adds to the confirmation of a clean order."""

    def _confirm_cost(self, mode):
        self._switch(credit=mode)
        orders = [self._create_order(1), self._create_order(1)]
        costs = []
        for order in orders:
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            order.action_confirm()
            self.env.flush_all()
            costs.append(self.env.cr.sql_log_count - before)
        return costs[-1]

    def test_a_clean_order_confirms_with_few_more_queries(self):
        self._limit(100000, self._grade(overdue_days=10))
        self._switch(completeness='enforce')
        bare = self._confirm_cost('off')
        self.assertLessEqual(self._confirm_cost('enforce') - bare, 8)
