from contextlib import suppress
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditLoopholes(CreditCommon):
    """Ways round the rules that take two steps, each of them harmless."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.env['sale.approval.policy'].search([]).active = False
        cls._limit(1000)

    # === LIMIT REQUESTS ===#

    def test_what_was_agreed_to_and_taken_back_is_asked_for_again(self):
        both = self._new_user('soc_both', 'sales_team.group_sale_salesman,sale_order_control.group_credit_controller')
        days = {'date_from': self.today, 'date_to': self.today + timedelta(days=3)}
        self.env['credit.limit.temporary'].with_user(self.controller).create(
            {'account_id': self.account.id, 'amount': 50, 'reason': "Fair", **days})
        asked = self.env['credit.limit.request'].with_user(both).create({
            'partner_id': self.customer.id, 'company_id': self.company.id, 'subject': 'temporary', 'amount': 1100,
            'reason': "Frame contract", **days})
        asked.action_submit()
        asked.with_user(self.controller).action_approve()
        self.assertTrue(asked.obstacle)
        asked.action_take_back()
        asked.write({'subject': 'base', 'amount': 999999})
        asked.action_submit()
        with suppress(UserError):
            asked.action_apply_again()
        self.assertEqual((self.account.credit_limit, asked.state), (1000, 'pending'))

    # === WHO OWES ===#

    def test_a_customer_without_open_orders_cannot_be_declared_another_ones_contact(self):
        friend = self.env['res.partner'].create({'name': "Friend", 'is_company': True})
        self.salesperson.sudo().group_ids += self.env.ref('base.group_partner_manager')
        self._loose_invoice(900)
        with self.assertRaisesRegex(AccessError, "follows from its parent"):
            self.customer.with_user(self.salesperson).write({'commercial_partner_id': friend.id})
        self.customer.with_user(self.salesperson).write({'commercial_partner_id': self.customer.id, 'phone': "1"})

    # === PAPERS ===#

    def _paper(self, user):
        paper = self.env['credit.document.type'].create({'name': "Licence", 'requirement': 'none'})
        return self.env['credit.document'].with_user(user).create({
            'partner_id': self.customer.id, 'type_id': paper.id, 'number': "L-1",
            'date_to': self.today + timedelta(days=400)})

    def test_a_verified_paper_is_kept_also_after_it_was_changed(self):
        paper = self._paper(self.salesperson)
        paper.with_user(self.controller).action_verify()
        paper.number = "L-2"
        with self.assertRaises(UserError):
            paper.unlink()

    def test_who_changed_a_paper_does_not_verify_it(self):
        paper = self._paper(self.salesperson).with_user(self.controller)
        paper.number = "L-3"
        with self.assertRaisesRegex(AccessError, "Four eyes"):
            paper.action_verify()

    # === FIGURES ===#

    def test_the_partner_and_the_account_say_the_same(self):
        self._limit(1000, grade=self._grade(watch_percent=80))
        self._loose_invoice(900)
        self.env.invalidate_all()
        self.assertEqual(self.account.state, 'watch')
        self.assertEqual(self.customer.with_user(self.salesperson).credit_state, 'watch')

    def test_what_is_not_due_is_found_too(self):
        self.account.review_date = self.today - timedelta(days=1)
        other = self.accounts._for_partners(self.env['res.partner'].create({'name': "Other"}), self.company)
        for operator, value, found in (
            ('=', True, self.account), ('=', False, other), ('!=', True, other), ('in', [False], other),
            ('not in', [True], other),
        ):
            self.assertEqual(
                self.accounts.search([('id', 'in', (self.account | other).ids), ('is_review_due', operator, value)]),
                found, (operator, value))

    def test_a_currency_without_a_rate_is_reported(self):
        currency = self.env['res.currency'].create({'name': "XTS", 'symbol': "X", 'rounding': 0.01})
        order = self._create_order(5)
        order.sudo().pricelist_id = self.env['product.pricelist'].create({'name': "X", 'currency_id': currency.id})
        self.assertEqual(order.currency_id, currency)
        [issue] = order._get_control_issues('confirm')[order.id]
        self.assertEqual((issue.code, issue.effect), ('credit.rate', 'block'))
        self.assertIn("XTS has no exchange rate", issue.message)
        self.env['res.currency.rate'].create({'currency_id': currency.id, 'rate': 2.0, 'company_id': self.company.id})
        self.assertFalse(order._get_control_issues('confirm')[order.id])
        self._switch(credit='off')
        self.env['res.currency.rate'].search([('currency_id', '=', currency.id)]).unlink()
        self.assertFalse(order._get_control_issues('confirm')[order.id])

    def test_open_orders_without_a_rate_are_reported_for_the_whole_account(self):
        self._limit(1000)
        currency = self.env['res.currency'].create({'name': "XTS", 'symbol': "X", 'rounding': 0.01})
        foreign = self._create_order(5)
        foreign.sudo().pricelist_id = self.env['product.pricelist'].create({'name': "X", 'currency_id': currency.id})
        self._confirmed(order=foreign)
        order = self._create_order(1)
        for checkpoint in ('submit', 'confirm'):
            [issue] = order._get_control_issues(checkpoint)[order.id]
            self.assertEqual((issue.code, issue.effect), ('credit.rate', 'block'))
            self.assertIn("XTS has no exchange rate", issue.message)
        with self.assertRaisesRegex(UserError, "what is owed is not known"):
            order.action_confirm()
        # Its goods were agreed to when it was confirmed; and who has no limit may owe any amount.
        self.assertFalse(foreign._get_control_issues('release')[foreign.id])
        self._limit(None)
        self.assertFalse(order._get_control_issues('confirm')[order.id])
        self._limit(1000)
        self.env['res.currency.rate'].create({'currency_id': currency.id, 'rate': 2.0, 'company_id': self.company.id})
        self.assertFalse(order._get_control_issues('confirm')[order.id])

    def test_a_member_without_a_rate_is_reported_to_its_group(self):
        pool = self.env['credit.pool'].with_user(self.controller).create({
            'name': "Group", 'limit': 5000, 'company_id': self.company.id})
        other = self.env['res.partner'].create({'name': "Other Member", 'is_company': True})
        accounts = self.accounts._for_partners(self.customer | other, self.company).with_user(self.controller)
        accounts.pool_id = pool
        currency = self.env['res.currency'].create({'name': "XTS", 'symbol': "X", 'rounding': 0.01})
        foreign = self._create_order(5, partner=other)
        foreign.sudo().pricelist_id = self.env['product.pricelist'].create({'name': "X", 'currency_id': currency.id})
        self._confirmed(order=foreign)
        order = self._create_order(1)
        self.assertEqual([issue.code for issue in order._get_control_issues('confirm')[order.id]], ['credit.rate'])
        accounts.pool_id = False
        self.assertFalse(order._get_control_issues('confirm')[order.id])

    def test_figures_that_odoo_computes_do_not_lower_what_is_owed(self):
        order = self._confirmed(9)
        line = order.order_line
        for record, values in (
            (line, {'qty_invoiced': 9}), (line, {'invoice_status': 'invoiced'}),
            (line, {'qty_delivered_method': 'manual'}),
            (line, {'price_total': 1}), (line, {'display_type': 'line_note'}), (line, {'is_downpayment': True}),
            (order, {'invoice_status': 'invoiced'}), (order, {'amount_total': 1}), (order, {'currency_rate': 9}),
            (line, {'state': 'cancel'}), (line, {'qty_delivered': 9}),
        ):
            with suppress(UserError), self.cr.savepoint():
                record.with_user(self.salesperson).write(values)
            self.env.invalidate_all()
            self.assertAlmostEqual(self._exposure().total, 900, 2, values)

    # === SWITCHED OFF ===#

    def test_a_control_that_is_switched_off_marks_no_order(self):
        order = self._create_order(50)
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        self.assertEqual(order.control_status, 'credit_hold')
        self._switch(credit='off')
        order.invalidate_recordset()
        self.assertFalse(order.control_status)

    # === SETTLEMENT ===#

    def test_an_order_that_says_nothing_is_settled_as_agreed(self):
        self._limit(1000, grade=self._grade('block', settlement_mode='prepay', prepayment_percent=40))
        orders = self._create_order(5) | self._create_order(2)
        orders[0].write({'settlement_mode': False, 'settlement_percent': 0})
        orders.action_confirm()
        for order in orders.sudo():
            self.assertEqual((order.state, order.settlement_mode, order.settlement_percent), ('sale', 'prepay', 40))
            self.assertEqual(order.advance_state, 'waiting')
            self.assertFalse(order.picking_ids)
