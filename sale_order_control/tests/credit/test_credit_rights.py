from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ...models.order.control_memory import control_today
from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditRights(CreditCommon):
    """Who may set limits, hold and release; what attacks meet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = cls._new_user('soc_accountant', 'account.group_account_manager,base.group_partner_manager')
        cls.portal = new_test_user(cls.env, 'soc_portal', groups='base.group_portal')

    # === ONE LIMIT ===#

    def test_the_partners_limit_is_the_accounts_both_ways(self):
        account = self._limit(1000)
        self.assertEqual(self.customer.sudo().credit_limit, 1000)
        self._switch(credit='warn')
        self.customer.with_user(self.accountant).credit_limit = 2000
        self.assertEqual((account.limit_kind, account.credit_limit), ('amount', 2000))
        self.customer.with_user(self.accountant).credit_limit = 0
        self.assertEqual(account.limit_kind, 'none')
        self._limit(0)
        self.assertEqual(account.limit_kind, 'zero')
        self.customer.with_user(self.accountant).credit_limit = 10
        self.customer.with_user(self.accountant).credit_limit = 0
        self.assertEqual(account.limit_kind, 'none')

    def test_in_force_only_a_credit_controller_writes_the_limit_on_any_path(self):
        self._limit(1000)
        self.env.flush_all()
        customer = self.customer.with_user(self.accountant)
        for values in ({'credit_limit': 5000}, {'use_partner_credit_limit': False}, {'credit_limit': 0}):
            with self.assertRaises(AccessError):
                customer.write(values)
            customer.invalidate_recordset()
        with self.assertRaises(AccessError):
            self.customer.with_user(self.salesperson).sudo().write({'credit_limit': 5000})
        with self.assertRaises(AccessError):
            self.env['res.partner'].with_user(self.accountant).create({'name': "New", 'credit_limit': 5000})
        self.env['res.partner'].with_user(self.accountant).create({'name': "New"})
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.sudo().credit_limit, 1000)

    def test_a_contact_of_a_limited_customer_is_still_made_by_salespeople(self):
        self._limit(1000)
        maker = self._new_user('soc_maker', 'sales_team.group_sale_salesman,base.group_partner_manager')
        contact = self.env['res.partner'].with_user(maker).create({'name': "Contact", 'parent_id': self.customer.id})
        self.assertEqual(contact.commercial_partner_id, self.customer)

    def test_a_branchs_limit_is_its_roots(self):
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        self.controller.sudo().company_ids += branch
        self.controller.sudo().group_ids += self.env.ref('account.group_account_invoice') + self.env.ref(
            'base.group_partner_manager'
        )
        self.customer.with_user(self.controller).with_company(branch).credit_limit = 700
        self.assertEqual(self._limit_of_root(), 700)

    def _limit_of_root(self):
        return self.customer.sudo().with_company(self.company).credit_limit

    def test_limits_are_checked_where_they_are_set(self):
        account = self.account.with_user(self.controller)
        for values in ({'limit_kind': 'amount'}, {'limit_kind': 'amount', 'credit_limit': 0}, {'credit_limit': -5}):
            with self.subTest(**values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                account.write(values)
        with self.assertRaises(UserError):
            account.partner_id = self.env['res.partner'].create({'name': "Other"})

    def test_the_salesperson_reads_credit_without_accounting(self):
        self._limit(5000, self._grade())
        self._confirmed(10)
        customer = self.customer.with_user(self.salesperson)
        self.assertEqual(customer.credit_grade_id.code, 'T')
        self.assertEqual(
            (customer.credit_limit_amount, customer.credit_exposure, customer.credit_available), (5000, 1000, 4000)
        )
        account = self.account.with_user(self.salesperson)
        self.assertEqual((account.credit_limit, account.available, account.state), (5000, 4000, 'open'))
        with self.assertRaises(AccessError):
            customer.mapped('credit_limit')

    def test_the_controller_edits_on_the_partner_and_the_salesperson_does_not(self):
        self.controller.sudo().group_ids += self.env.ref('base.group_partner_manager')
        self.salesperson.sudo().group_ids += self.env.ref('base.group_partner_manager')
        values = {'credit_limit_kind': 'amount', 'credit_limit_amount': 300, 'credit_grade_id': self._grade().id}
        with self.assertRaises(AccessError):
            self.customer.with_user(self.salesperson).write(values)
        self.customer.invalidate_recordset()
        self.customer.with_user(self.controller).write(values)
        self.assertEqual((self.account.credit_limit, self.account.grade_id.code), (300, 'T'))
        for values, limit in (
            ({'credit_limit_kind': 'none'}, ('none', 0)),
            ({'credit_limit_amount': 200}, ('amount', 200)),
            ({'credit_limit_kind': 'zero'}, ('zero', 0)),
        ):
            self.customer.with_user(self.controller).write(values)
            self.assertEqual((self.account.limit_kind, self.account.credit_limit), limit)
        with self.assertRaises(ValidationError):
            self.customer.with_user(self.controller).credit_limit_kind = 'amount'

    # === RELEASE ===#

    def _held(self, quantity=10, user=None):
        grade = self.env['credit.grade'].search([('code', '=', 'T')]) or self._grade('block')
        self._limit(500, grade)
        order = self._create_order(quantity, user=user)
        order.action_submit()
        self.assertEqual((order.state, order.credit_state, order.control_status), ('draft', 'hold', 'credit_hold'))
        return order

    def test_a_blocked_order_goes_to_the_work_list_with_its_reasons(self):
        order = self._held()
        self.assertIn("500.00", order.credit_hold_reason)
        self.assertEqual(order.credit_hold_effect, 'block')
        found = self.env['sale.order'].with_user(self.controller).search([('credit_state', '=', 'hold')])
        self.assertIn(order, found)
        self.assertEqual(order.sudo().credit_decision_ids.mapped('result'), ['held'])

    def test_a_released_order_passes_up_to_what_was_seen(self):
        order = self._held()
        order.with_user(self.controller).action_credit_release("They pay on Friday")
        self.assertEqual(order.credit_state, 'released')
        order.order_line.product_uom_qty = 11
        with self.assertRaises(UserError):
            order.action_confirm()
        order.order_line.product_uom_qty = 10
        order.action_submit()
        self.assertEqual((order.state, order.credit_state), ('sale', 'released'))
        results = order.sudo().credit_decision_ids.mapped('result')
        self.assertEqual(results[0], 'passed')
        self.assertIn('released', results)

    def test_a_release_is_capped_by_amount_and_day(self):
        order = self._held()
        order.with_user(self.controller).action_credit_release("Small part", amount=999)
        with self.assertRaises(UserError):
            order.action_confirm()
        today = fields.Date.today()
        order.with_user(self.controller).action_credit_release("Until tomorrow", until=today + timedelta(days=1))
        self.assertFalse(order._get_control_issues('confirm')[order.id])
        with control_today(self.env, today + timedelta(days=2)):
            self.assertTrue(order._get_control_issues('confirm')[order.id])
        for options in ({'amount': -1}, {'amount': 0}, {'until': today - timedelta(days=1)}):
            with self.assertRaises(UserError):
                order.with_user(self.controller).action_credit_release("Bad", **options)
        with self.assertRaises(UserError):
            order.with_user(self.controller).action_credit_release("  ")

    def test_only_a_credit_controller_releases_and_not_own_orders(self):
        order = self._held()
        for user in (
            self.salesperson,
            self.sales_manager,
            self.accountant,
            self.planner,
            self.env.ref('base.user_root'),
        ):
            for act in (order.action_credit_release, order.action_credit_reject):
                with self.assertRaises(AccessError):
                    act.__func__(order.with_user(user), "Please")
        self.controller.sudo().group_ids += self.env.ref('sales_team.group_sale_salesman')
        own = self._held(user=self.controller)
        with self.assertRaisesRegex(AccessError, "Four eyes"):
            own.with_user(self.controller).action_credit_release("For myself")
        own.sudo().user_id = self.salesperson
        with self.assertRaisesRegex(AccessError, "Four eyes"):
            own.with_user(self.controller).action_credit_release("For myself, given away")

    def test_a_customers_release_does_not_cover_the_releasers_own_orders(self):
        self.controller.sudo().group_ids += self.env.ref('sales_team.group_sale_salesman')
        mine, other = self._held(user=self.controller), self._held()
        self.account.with_user(self.controller).action_release("Season", amount=100000)
        self.assertTrue(mine._get_control_issues('confirm')[mine.id])
        self.assertFalse(other._get_control_issues('confirm')[other.id])

    def test_a_customers_release_is_capped_by_exposure_and_ends_by_a_hold(self):
        order = self._held(10)
        account = self.account.with_user(self.controller)
        account.action_release("Season", amount=1500)
        self.assertEqual(order.credit_state, 'released')
        bigger = self._create_order(16)
        self.assertTrue(bigger._get_control_issues('submit')[bigger.id])
        account.action_hold("They vanished")
        self.assertEqual(
            [issue.code for issue in order._get_control_issues('confirm')[order.id]], ['credit.hold', 'credit.limit']
        )
        account.action_release("They are back")
        self.assertFalse(account.is_held)
        self.assertEqual([issue.code for issue in order._get_control_issues('confirm')[order.id]], ['credit.limit'])
        with self.assertRaises(UserError):
            account.action_release("Nothing to release")

    def test_a_release_ends_with_cancelling_and_opening_again(self):
        order = self._held()
        order.with_user(self.controller).action_credit_release("Once")
        order.action_submit()
        self._switch(release='off')
        order._action_cancel()
        order.action_draft()
        self.assertEqual(order.credit_state, 'none')
        with self.assertRaises(UserError):
            order.action_confirm()
        copy = order.copy()
        self.assertEqual(
            (copy.credit_state, copy.credit_account_id.id, len(copy.sudo().credit_decision_ids)), ('none', False, 0)
        )

    def test_a_refusal_ends_a_release(self):
        order = self._held()
        controller_order = order.with_user(self.controller)
        controller_order.action_credit_release("Yes")
        controller_order.action_credit_reject("No, after all")
        self.assertEqual(order.credit_state, 'hold')
        self.assertIn("No, after all", order.credit_hold_reason)
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_the_wizard_releases_with_reason_cap_and_day(self):
        order = self._held()
        wizard = self.env['credit.decide'].with_user(self.controller).with_context(
            active_model='sale.order', active_ids=order.ids).create({'reason': "Phone call", 'amount': 1000})
        self.assertIn("500.00", wizard.explanation)
        wizard.action_decide()
        self.assertEqual(order.credit_state, 'released')
        with self.assertRaises(AccessError):
            self.env['credit.decide'].with_user(self.salesperson).create({'reason': "Hack", 'order_ids': order.ids})

    # === ATTACKS ===#

    def test_protected_fields_cannot_be_written_by_anybody(self):
        order = self._held()
        for user in (self.salesperson, self.sales_manager, self.env.ref('base.user_admin')):
            for values in (
                {'credit_state': 'ok'},
                {'credit_account_id': False},
                {'credit_decision_ids': [Command.clear()]},
            ):
                with self.assertRaises(AccessError):
                    order.with_user(user).write(values)
        made = self.env['sale.order'].with_user(self.salesperson).with_context(default_credit_state='released').create(
            {'partner_id': self.customer.id})
        self.assertEqual(made.credit_state, 'none')

    def test_salespeople_write_no_account_grade_or_decision(self):
        order = self._held()
        account = self.account.with_user(self.salesperson)
        decision = order.sudo().credit_decision_ids.with_user(self.salesperson)
        for act in (
            lambda: account.write({'credit_limit': 100000}),
            lambda: account.write({'grade_id': False}),
            lambda: account.action_release("Please", 10000),
            lambda: account.action_hold("Out of spite"),
            lambda: account.grade_id.write({'confirm_effect': 'allow'}),
            lambda: decision.write({'result': 'released'}),
            lambda: decision.unlink(),
            lambda: decision.create({'account_id': account.id, 'result': 'released'}),
        ):
            with self.assertRaises(UserError):
                act()

    def test_facts_stay_even_for_administrators_with_full_rights(self):
        decision = self._held().sudo().credit_decision_ids
        for act in (lambda: decision.write({'amount': 5}), decision.unlink):
            with self.assertRaises(UserError):
                act()
        account = self.account.sudo()
        for values in ({'is_held': False}, {'serial': 5}, {'is_zero_limit': True}, {'hold_reason': "x"}):
            with self.assertRaises(AccessError):
                account.write(values)
        made = self.accounts.with_context(default_is_held=True, default_is_zero_limit=True).create(
            {'partner_id': self.env['res.partner'].create({'name': "Fresh"}).id, 'company_id': self.company.id})
        self.assertFalse(made.is_held or made.is_zero_limit)

    def test_no_context_key_opens_the_gate(self):
        order = self._held()
        keys = dict.fromkeys(
            ('force', 'skip_control', 'bypass_credit', 'acting', 'module', 'install_mode', 'import_file'), True
        )
        with self.assertRaises(UserError):
            order.with_context(**keys).action_confirm()

    def test_the_portal_reads_nothing(self):
        order = self._held()
        order.partner_id = self.customer
        self.portal.sudo().partner_id.parent_id = self.customer
        order.message_subscribe(self.portal.partner_id.ids)
        readable = self.env['sale.order'].with_user(self.portal).fields_get()
        self.assertFalse([name for name in readable if name.startswith('credit_')])
        partner_fields = self.env['res.partner'].with_user(self.portal).fields_get()
        mine = {name for name in self.env['res.partner']._fields if name.startswith('credit_')} - {'credit_limit'}
        self.assertTrue(mine)
        self.assertFalse(mine & partner_fields.keys())
        for model in ('credit.account', 'credit.grade', 'credit.decision', 'credit.decide'):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.portal).search([])

    def test_auditors_read_and_write_nothing(self):
        auditor = self._new_user('soc_auditor', 'sale_order_control.group_auditor')
        account = self.account.with_user(auditor)
        self.assertEqual(account.exposure, 0)
        with self.assertRaises(AccessError):
            account.write({'credit_limit': 5})
        with self.assertRaises(AccessError):
            account.action_hold("x")

    def test_salespeople_read_decisions_on_their_own_orders_and_on_customers(self):
        mine, theirs, nobodys = self._held(), self._held(user=self.other_salesperson), self._held()
        nobodys.sudo().user_id = False
        self.account.with_user(self.controller).action_hold("Insolvency announced")
        decisions = self.env['credit.decision'].sudo().search([('account_id', '=', self.account.id)])
        self.env.invalidate_all()
        found = self._read_decisions(self.salesperson)
        self.assertEqual(found.order_id, mine + nobodys)
        self.assertEqual(found.filtered(lambda decision: not decision.order_id).mapped('result'), ['hold'])
        foreign = theirs.sudo().credit_decision_ids
        self.assertTrue(foreign)
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            foreign.with_user(self.salesperson).read(['figures'])
        self.env.invalidate_all()
        self.assertEqual(self.account.with_user(self.salesperson).decision_ids, found)
        for user in (
            self.sales_manager,
            self.controller,
            self._new_user('soc_auditor', 'sale_order_control.group_auditor,sales_team.group_sale_salesman'),
            self._new_user('soc_head', 'sale_order_control.group_manager'),
        ):
            self.assertEqual(self._read_decisions(user), decisions, user.login)

    def _read_decisions(self, user):
        self.env.invalidate_all()
        return self.env['credit.decision'].with_user(user).search([('account_id', '=', self.account.id)]).sudo()

    def test_the_menus_of_credit_open_for_those_who_see_them(self):
        self._held()
        menu = self.env.ref('sale_order_control.menu_credit_decision')
        auditor = self._new_user('soc_auditor', 'sale_order_control.group_auditor')
        for user in (self.salesperson, self.sales_manager, self.controller, auditor):
            self.assertIn(menu.id, self.env['ir.ui.menu'].with_user(user)._visible_menu_ids(), user.login)
            for name in ('credit.decision', 'credit.account'):
                self.assertTrue(self.env[name].with_user(user).web_search_read(
                    [], {'display_name': {}, 'currency_id': {}})['records'], (user.login, name))

    def test_accounts_of_other_companies_are_not_read(self):
        other = self.env['res.company'].create({'name': "Other"})
        account = self.accounts._for_partners(self.customer, other)
        self.assertNotEqual(account, self.account)
        with self.assertRaises(AccessError):
            account.with_user(self.salesperson).read(['exposure'])
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        clerk = new_test_user(
            self.env, 'soc_clerk', groups='sales_team.group_sale_salesman', company_id=branch.id,
            company_ids=[Command.set(branch.ids)])
        self.assertEqual(self.account.with_user(clerk).exposure, 0)
