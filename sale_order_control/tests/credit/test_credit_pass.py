from odoo import Command
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditPass(CreditCommon):
    """Changes of a quotation that keep it within the customer's credit, solved to the last unit."""

    def _pass(self, order):
        chosen, _others, left = order._plan_control_fixes()
        self.assertFalse(left)
        order.with_user(self.salesperson)._apply_control_fixes(chosen)
        return chosen

    def test_as_much_as_the_limit_leaves_room_for(self):
        self._limit(750.0, self._grade('block'))
        order = self._create_order(10)
        [fix] = self._pass(order)
        self.assertEqual(fix.line_values, {order.order_line.id: {'product_uom_qty': 7.0}})
        self.assertEqual((order.order_line.product_uom_qty, order.order_line.price_unit), (7.0, 100.0))

    def test_a_price_typed_by_hand_stays_when_the_quantity_falls(self):
        self._limit(750.0, self._grade('block'))
        order = self._create_order(10, price_unit=111.11, discount=10.0, tax_ids=[Command.set(self.tax.ids)])
        self._pass(order)
        line = order.order_line
        # 99.999 each and 10 % tax: six are 659.99, seven are 769.99.
        self.assertEqual((line.product_uom_qty, line.price_unit, line.discount), (6.0, 111.11, 10.0))

    def test_the_smallest_loss_is_chosen_and_the_others_are_offered(self):
        self._limit(1000.0, self._grade('block'))
        order = self._create_order(9)
        cheap = self._new_product("Cheap", 10.0, 1.0)
        self.env['sale.order.line'].create({
            'order_id': order.id, 'product_id': cheap.id, 'product_uom_qty': 20, 'tax_ids': False})
        chosen, others, left = order._plan_control_fixes()
        self.assertFalse(left)
        self.assertEqual(chosen[0].cost, 100.0)
        self.assertEqual({fix.cost for fix in others}, {100.0})

    def test_the_maximum_of_one_order(self):
        self._limit(None, self._grade('block', max_order_amount=300.0))
        order = self._create_order(10)
        self._pass(order)
        self.assertEqual(order.order_line.product_uom_qty, 3.0)

    def test_no_quantity_helps_a_customer_who_owes_too_much_already(self):
        self._limit(50.0, self._grade('block'))
        order = self._create_order(1)
        chosen, others, left = order._plan_control_fixes()
        self.assertFalse(chosen or others)
        self.assertEqual([issue.code for issue in left], ['credit.limit'])

    def test_an_order_that_no_quantity_helps_is_paid_in_advance(self):
        self._switch(release='enforce')
        self._limit(50.0, self._grade('block'))
        order = self._create_order(1)
        self._pass(order)
        self.assertEqual((order.settlement_mode, order.settlement_percent), ('prepay', 100))
        order.action_confirm()
        self.assertEqual((order.state, order.sudo().advance_state), ('sale', 'waiting'))

    def test_less_goods_come_before_another_settlement_which_is_offered(self):
        self._switch(release='enforce')
        self._limit(750.0, self._grade('block'))
        chosen, others, _left = self._create_order(10)._plan_control_fixes()
        self.assertEqual([bool(fix.line_values) for fix in chosen], [True])
        self.assertEqual([fix.order_values['settlement_mode'] for fix in others], ['prepay'])

    def test_how_much_to_pay_before_is_told_beside_the_changes(self):
        self._limit(750.0, self._grade('block'))
        order = self._create_order(10)
        wizard = self.env['sale.control.pass'].with_user(self.salesperson).create({'order_id': order.id})
        self.assertNotIn("Or leave it as it is", wizard.remaining_html, "What clears it is told with the issue.")
        self.assertIn("250.00", wizard.remaining_html)
        wizard = self.env['sale.control.pass'].with_user(self.salesperson).with_context(
            default_order_id=order.id).create({})
        self.assertRegex(wizard.remaining_html, r"(?s)nothing stands in the way.*Or leave it as it is:.*250\.00")

    def test_payment_terms_and_settlement_go_back_to_what_is_agreed(self):
        days15 = self.env.ref('account.account_payment_term_15days')
        self._limit(None, self._grade(
            'block', payment_term_ids=[Command.link(days15.id)], settlement_mode='prepay', prepayment_percent=50.0))
        order = self._create_order(10)
        order.write({
            'settlement_mode': 'monthly', 'payment_term_id': self.env.ref('account.account_payment_term_45days').id})
        codes = {issue.code for issue in order._get_control_issues('submit')[order.id]}
        self.assertEqual(codes, {'credit.settlement', 'credit.terms'})
        self._pass(order)
        self.assertEqual((order.settlement_mode, order.settlement_percent), ('prepay', 50.0))
        self.assertEqual(order.payment_term_id, days15)

    def test_what_is_cut_goes_to_a_second_quotation_at_the_same_price(self):
        self._limit(750.0, self._grade('block'))
        order = self._create_order(10, price_unit=90.0, discount=10.0)
        order.client_order_ref = "PO 4711"
        wizard = self.env['sale.control.pass'].with_user(self.salesperson).with_context(
            default_order_id=order.id).create({'keep_rest': True})
        self.assertTrue(wizard.cuts_quantity)
        wizard.action_apply()
        rest = self.env['sale.order'].search([('origin', '=', order.name)])
        # 81 each: nine are 729.
        self.assertEqual((order.order_line.product_uom_qty, rest.order_line.product_uom_qty), (9.0, 1.0))
        self.assertEqual((rest.order_line.price_unit, rest.order_line.discount), (90.0, 10.0))
        self.assertEqual(
            (rest.state, rest.partner_id, rest.client_order_ref, rest.create_uid),
            ('draft', order.partner_id, "PO 4711", self.salesperson))
