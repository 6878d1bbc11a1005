from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditParties(CreditCommon):
    """Somebody else is invoiced: neither the hold nor the limit of who orders is left behind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['sale.approval.policy'].search([]).active = False
        cls._switch(release='enforce')
        cls._limit(1000)
        cls.payer = cls.env['res.partner'].create({'name': "Payer", 'is_company': True})

    def _order(self, quantity=1, payer=None, **values):
        order = self._create_order(quantity, **values)
        order.partner_invoice_id = payer or self.payer
        return order

    def _hold(self, partner=None):
        account = self.accounts._for_partners(partner or self.customer, self.company).with_user(self.controller)
        account.action_hold("Insolvent")
        return account

    def _codes(self, order, checkpoint='confirm'):
        return [issue.code for issue in order._get_control_issues(checkpoint)[order.id]]

    # === HOLD ===#

    def test_an_order_of_a_held_customer_stops_whoever_is_invoiced(self):
        self._limit(5000, partner=self.payer)
        order = self._order()
        self._hold()
        for checkpoint in ('submit', 'confirm'):
            [issue] = order._get_control_issues(checkpoint)[order.id]
            self.assertEqual((issue.code, issue.effect), ('credit.hold', 'block'))
            self.assertIn("Controlled Customer is on credit hold: Insolvent", issue.message)
        with self.assertRaisesRegex(UserError, "credit hold"), self.cr.savepoint():
            order.action_confirm()
        order.action_submit()
        self.assertEqual((order.state, order.credit_state), ('draft', 'hold'))
        self.assertEqual(order.sudo().credit_account_id.partner_id, self.payer)

    def test_goods_do_not_leave_to_a_held_customer_whoever_is_invoiced(self):
        self._limit(5000, partner=self.payer)
        order = self._order()
        order.action_confirm()
        self._hold()
        with self.assertRaisesRegex(UserError, "Controlled Customer is on credit hold"), self.cr.savepoint():
            self._deliver(order, 1)
        self.assertFalse(order.order_line.qty_delivered)

    def test_who_gets_the_goods_may_not_be_on_hold_either(self):
        receiver = self.env['res.partner'].create({'name': "Receiver", 'is_company': True})
        self._hold(receiver)
        address = self.env['res.partner'].create({'name': "Gate 1", 'type': 'delivery', 'parent_id': receiver.id})
        order = self._create_order(1)
        order.partner_shipping_id = address
        self.assertEqual(self._codes(order), ['credit.hold'])
        self._hold()
        [issue] = order._get_control_issues('confirm')[order.id]
        self.assertIn("Controlled Customer is on credit hold", issue.message)
        self.assertIn("Receiver is on credit hold", issue.message)

    def test_the_order_is_free_when_the_hold_is_lifted(self):
        self._limit(5000, partner=self.payer)
        order = self._order()
        account = self._hold()
        order.action_submit()
        account.action_release("Paid")
        self.assertEqual(order.credit_state, 'ok')
        order.action_confirm()
        self.assertEqual(order.state, 'sale')

    def test_only_a_release_of_the_order_after_the_hold_lets_it_pass(self):
        self._limit(5000, partner=self.payer)
        order = self._order()
        order.action_submit()
        self.assertEqual(order.state, 'sale')
        order = self._order()
        account = self._hold()
        payers = self.accounts._for_partners(self.payer, self.company).with_user(self.controller)
        payers.action_release("Good payer", amount=9000)
        self.assertEqual(self._codes(order), ['credit.hold'])
        order.with_user(self.controller).action_credit_release("Paid in cash")
        self.assertFalse(self._codes(order))
        account.action_hold("Again")
        self.assertEqual(self._codes(order), ['credit.hold'])

    def test_holds_of_others_are_silent_while_off_and_told_in_warn(self):
        self._limit(5000, partner=self.payer)
        order = self._order()
        self._hold()
        self._switch(credit='warn')
        [issue] = order._get_control_issues('confirm')[order.id]
        self.assertEqual((issue.effect, issue.would), ('warn', 'block'))
        self._switch(credit='off')
        self.assertFalse(self._codes(order))

    def test_many_orders_with_other_payers_cost_the_same(self):
        orders = self.env['sale.order']
        for number in range(6):
            partner = self.env['res.partner'].create({'name': f"Customer {number}", 'is_company': True})
            payer = self.env['res.partner'].create({'name': f"Payer {number}", 'is_company': True})
            self._limit(1000, partner=partner)
            orders |= self._order(payer=payer, partner=partner)
        self.env.flush_all()

        def count(batch):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            batch._get_credit_checks('confirm')
            return self.cr.sql_log_count - before

        count(orders)
        self.assertEqual(count(orders), count(orders[:2]))

    # === LIMIT ===#

    def test_a_limited_customer_does_not_order_for_a_payer_without_limit(self):
        order = self._order(30)
        for checkpoint in ('submit', 'confirm'):
            [issue] = order._get_control_issues(checkpoint)[order.id]
            self.assertEqual((issue.code, issue.effect), ('credit.payer', 'approve'))
        self.assertIn("and Payer is invoiced, who has neither", issue.message)
        with self.assertRaisesRegex(UserError, "Payer is invoiced"), self.cr.savepoint():
            order.action_confirm()
        order.with_user(self.controller).action_credit_release("Parent company")
        order.action_confirm()
        self.assertEqual(order.state, 'sale')
        self.assertFalse(self._codes(order, 'release'))

    def test_neither_by_cancelling_a_confirmed_order_first(self):
        order = self._create_order(9)
        order.action_confirm()
        order._action_cancel()
        order.action_draft()
        order.partner_invoice_id = self.payer
        with self.assertRaisesRegex(UserError, "Payer is invoiced"), self.cr.savepoint():
            order.action_confirm()

    def test_grade_and_group_of_the_customer_count_as_well(self):
        self._limit(None, grade=self._grade())
        order = self._order()
        self.assertEqual(self._codes(order), ['credit.payer'])
        self._limit(None)
        self.assertFalse(self._codes(order))
        self._limit(0)
        self.assertEqual(self._codes(order), ['credit.payer'])
        self._limit(None)
        self.env['credit.pool'].with_user(self.controller).create({
            'name': "Group", 'limit': 5000, 'company_id': self.company.id,
            'account_ids': [fields.Command.set(self.account.ids)]})
        self.assertEqual(self._codes(order), ['credit.payer'])

    def test_a_payer_with_a_limit_or_grade_of_its_own_and_contacts_pass(self):
        order = self._order()
        self._limit(500, partner=self.payer)
        self.assertFalse(self._codes(order))
        self._limit(None, grade=self._grade(), partner=self.payer)
        self.assertFalse(self._codes(order))
        contact = self.env['res.partner'].create({'name': "Payables", 'parent_id': self.customer.id})
        self.assertFalse(self._codes(self._order(payer=contact)))

    def test_a_confirmed_order_is_stopped_once_for_its_new_payer(self):
        order = self._create_order(9)
        order.action_confirm()
        self._switch(credit='warn')
        order.partner_invoice_id = self.payer
        logs = self.env['sale.control.log'].sudo().search([('order_id', '=', order.id), ('event', '=', 'changed')])
        self.assertEqual(logs.mapped('code').count('credit.payer'), 1)

    # === PARENT ===#

    def test_a_debtor_does_not_hide_behind_a_front_that_has_an_empty_account(self):
        grade = self._grade('block')
        self._limit(50, grade)
        front = self.env['res.partner'].create({'name': "Front", 'is_company': True})
        self._create_order(1, partner=front).action_submit()
        account = self.accounts.sudo().search([('partner_id', '=', front.id)])
        self.assertEqual((account.limit_kind, account.grade_id.id), ('none', False))
        self.customer.is_company = False
        self.customer.parent_id = front
        self.assertEqual((account.limit_kind, account.credit_limit, account.grade_id), ('amount', 50, grade))
        # Its own history came along; what was taken over is written down with the cause.
        taken = account.entry_ids.filtered(
            lambda entry: "Controlled Customer became a contact of Front" in (entry.reason or ""))
        self.assertEqual(sorted(taken.mapped('subject')), ['customer', 'grade', 'limit'])

    # === GO-LIVE ===#

    def test_the_day_of_go_live_is_the_same_for_the_gate_and_the_exposure(self):
        self.company.partner_id.tz = 'Pacific/Kiritimati'
        order = self._create_order(3)
        order.write({'settlement_mode': 'prepay', 'settlement_percent': 100})
        order.action_confirm()
        self.env.flush_all()
        for moment, before in (('2026-05-31 09:30:00', True), ('2026-05-31 10:30:00', False)):
            self.cr.execute("UPDATE sale_order SET create_date = %s WHERE id = %s", [moment, order.id])
            self.env.invalidate_all()
            self.company.control_go_live = fields.Date.to_date('2026-05-31') + timedelta(days=1)
            self.assertEqual(order._is_before_go_live(), before)
            self.assertExposure(300 if before else 0)
