from odoo.exceptions import UserError
from odoo.tests import tagged

from .prepay_common import PrepaymentCommon


@tagged('post_install', '-at_install')
class TestCreditFreeAdvance(PrepaymentCommon):
    """Money of a cancelled order is free for another one, once, and both orders say so."""

    def _cancelled(self, other=None):
        order = self._order()
        line = self._receive(1000, memo=f"{order.name} or {other.name}" if other else None)
        self.assertFalse(line.advance_order_id)
        order.with_user(self.controller).action_set_advance_payments(line.ids)
        self._switch(release='off')
        order.with_context(disable_cancel_warning=True).action_cancel()
        self._switch(release='enforce')
        return order, line

    def _log(self, order):
        return "\n".join(self.env['sale.control.log'].sudo().search(
            [('order_id', '=', order.id), ('message', '!=', False)]).mapped('message'))

    def test_it_is_said_to_be_free_and_counts_for_the_order_it_is_assigned_to(self):
        former, line = self._cancelled()
        self.assertIn("1,000.00 was paid", self._log(former))
        self.assertIn("free for another order", former.message_ids[:3].mapped('body').__str__())
        order = self._order()
        self.assertWaits(order, 1000)
        order.with_user(self.controller).action_set_advance_payments(line.ids)
        self.assertGoesOn(order)
        self.assertEqual((line.advance_order_id, former._get_money_received()[former.id]), (order, 0))
        self.assertIn(f"count for {order.name}", self._log(former))
        self.assertIn(f"received for {former.name}", self._log(order))
        self.assertIn("Payments that count in advance", self._log(former), "what was decided before is kept")

    def test_it_counts_for_the_cancelled_order_until_then_so_that_it_can_be_paid_back(self):
        former, line = self._cancelled()
        self.assertEqual((line.advance_order_id, former._get_money_received()[former.id]), (former, 1000))

    def test_it_counts_by_itself_for_another_order_that_it_names(self):
        other = self._order()
        former, line = self._cancelled(other)
        self.assertEqual(line.advance_order_id, other)
        self.assertGoesOn(other)
        self.assertIn(f"count for {other.name}", self._log(former))

    def test_what_is_asked_back_or_went_back_stays_where_it_is(self):
        former, line = self._cancelled()
        order = self._order()
        refund = self.env['sale.refund.request'].with_user(self.salesperson).create({
            'order_id': former.id, 'amount': 1000, 'reason': "Cancelled"})
        refund.action_submit()
        with self.assertRaisesRegex(UserError, "count for no other order"):
            order.with_user(self.controller).action_set_advance_payments(line.ids)
        refund.with_user(self.controller).action_pay()
        refund.sudo().payment_ids.action_post()
        with self.assertRaisesRegex(UserError, "count for no other order"):
            order.with_user(self.controller).action_set_advance_payments(line.ids)
        self.assertWaits(order, 1000)

    def test_money_of_a_living_order_stays_there(self):
        former, line = self._cancelled()
        former.action_draft()
        order = self._order()
        with self.assertRaisesRegex(UserError, "count for no other order"):
            order.with_user(self.controller).action_set_advance_payments(line.ids)
        former.action_confirm()
        self.assertEqual(former.sudo().advance_state, 'paid')

    def test_taking_it_from_the_new_order_does_not_take_the_cancelled_ones_other_money(self):
        former, line = self._cancelled()
        order, own = self._order(), self._receive(300)
        order.with_user(self.controller).action_set_advance_payments(own.ids)
        order.with_user(self.controller).action_set_advance_payments([])
        self.assertEqual((line.advance_order_id, own.advance_order_id.id), (former, False))
