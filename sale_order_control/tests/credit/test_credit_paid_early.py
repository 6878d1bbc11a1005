from odoo.tests import tagged

from .prepay_common import PrepaymentCommon


@tagged('post_install', '-at_install')
class TestCreditPaidEarly(PrepaymentCommon):
    """Money that comes before its order is confirmed, or before the order asks for it, counts all the same."""

    def test_a_payment_that_named_the_quotation_counts_when_it_is_confirmed_and_once(self):
        order, other = self._create_order(10), self._create_order(10)
        line = self._receive(1000, memo=f"for {order.name}")
        self._receive(1000, memo=f"{order.name} {other.name}")
        self._receive(1000, partner=self.env['res.partner'].create({'name': "Stranger"}), memo=other.name)
        (order | other).action_confirm()
        self.assertGoesOn(order)
        self.assertEqual((line.advance_order_id, order.sudo().advance_received), (order, 1000))
        self.assertFalse(order.activity_ids)
        self.assertWaits(other, 1000)

    def test_a_payment_that_was_too_much_counts_when_the_order_grows(self):
        order = self._order()
        self._receive(1000, memo=order.name)
        self._receive(200, memo=order.name)
        order.order_line.product_uom_qty = 12
        self.assertGoesOn(order)

    def test_a_quotation_that_waits_for_its_payment_is_free_when_a_transfer_names_it(self):
        self.account.grade_id.prepay_before_confirm = True
        order = self._create_order(10)
        order.action_submit()
        self.assertEqual((order.credit_state, order.sudo().credit_clear_amount), ('hold', 1000))
        self.assertIn(f"a transfer that names {order.name}", order.credit_hold_reason)
        self._receive(400, memo=order.name)
        self._end_transaction()
        self.assertEqual((order.credit_state, order.sudo().credit_clear_amount), ('hold', 600))
        self._receive(600, memo=order.name)
        self._end_transaction()
        self.assertEqual(order.credit_state, 'ok')
        order.action_confirm()
        self.assertGoesOn(order)

    def test_a_payment_is_assigned_to_a_quotation_that_waits_for_it(self):
        self.account.grade_id.prepay_before_confirm = True
        order, line = self._create_order(10), self._receive(1000)
        self._end_transaction()
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        order.with_user(self.controller).action_set_advance_payments(line.ids)
        self._end_transaction()
        self.assertEqual(order.credit_state, 'ok')
        order.action_confirm()
        self.assertGoesOn(order)

    def test_the_customer_is_offered_to_pay_what_a_quotation_waits_for(self):
        self.account.grade_id.prepay_before_confirm = True
        self.company.credit_portal_offer = True
        order = self._create_order(10)
        order.action_submit()
        self.assertEqual(order._get_portal_payment_offer()['amount'], 1000)

    def test_a_release_stands_for_the_money_where_it_is_asked_for_before_the_confirmation(self):
        self.account.grade_id.prepay_before_confirm = True
        order = self._create_order(10)
        order.action_submit()
        order.with_user(self.controller).action_credit_release("The bank confirmed by phone")
        self.assertEqual(order.credit_state, 'released')
        order.action_confirm()
        self.assertTrue(order.picking_ids)

    def test_money_that_named_the_quotation_before_it_was_prepaid_is_found_by_itself(self):
        self.account.grade_id.prepay_before_confirm = True
        order = self._create_order(10)
        order.settlement_mode = 'credit'
        line = self._receive(1000, memo=f"for {order.name}")
        self.assertFalse(line.advance_order_id)
        order.write({'settlement_mode': 'prepay', 'settlement_percent': 100})
        order.action_confirm()
        self.assertEqual((order.state, line.advance_order_id), ('sale', order))
        self.assertGoesOn(order)

    def test_it_is_found_for_a_quotation_on_hold_when_the_grade_asks_for_the_money_first(self):
        self._limit(100, self.account.grade_id)
        order = self._create_order(10)
        order.settlement_mode = 'credit'
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        line = self._receive(1000, memo=order.name)
        self.account.grade_id.prepay_before_confirm = True
        order.write({'settlement_mode': 'prepay', 'settlement_percent': 100})
        self._end_transaction()
        self.assertEqual((line.advance_order_id, order.credit_state), (order, 'ok'))

    def test_the_hold_says_what_to_do_with_money_that_names_nothing(self):
        self.account.grade_id.prepay_before_confirm = True
        line = self._receive(700)
        order = self._create_order(10)
        order.action_submit()
        self.assertRegex(order.credit_hold_reason, "700.00 that Controlled Customer paid counts for no order.*Assign")
        order.with_user(self.controller).action_set_advance_payments(line.ids)
        self._end_transaction()
        self.assertEqual(order.credit_state, 'hold')
        self.assertNotIn("counts for no order", order.credit_hold_reason)
