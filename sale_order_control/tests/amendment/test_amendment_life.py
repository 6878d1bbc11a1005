from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import AmendmentCommon


@tagged('post_install', '-at_install')
class TestAmendmentLife(AmendmentCommon):
    """A confirmed order is changed by what was asked for, judged and applied as a whole."""

    def test_a_quantity_is_changed_with_its_transfer_and_a_revision(self):
        order = self._confirmed(10)
        amendment = self._amend(order, 7, note="Smaller office")
        self.assertEqual((amendment.state, order.order_line.product_uom_qty), ('applied', 7.0))
        self.assertEqual(self._open_quantity(order), {self.product: 7.0})
        self.assertEqual((amendment.change_amount, amendment.applied_revision), (-300.0, 1))
        first, second = order.sudo().revision_ids.sorted('number')
        self.assertEqual((first.number, first.amount_untaxed), (0, 1000.0))
        self.assertEqual((second.number, second.amount_untaxed, second.amendment_id), (1, 700.0, amendment))
        self.assertIn("10.00 → 7.00", second.summary)
        self.assertIn('amended', order.sudo().control_log_ids.mapped('event'))

    def test_more_price_discount_added_and_dropped_lines_come_out_as_typed(self):
        order = self._confirmed(10, lines=2)
        first, second = order.order_line
        amendment = self._amend(order, 12, submit=False, row={'price_unit': 90.0, 'discount': 10.0}, add=[
            Command.create({'product_id': self.other_product.id, 'product_uom_qty': 3.0, 'price_unit': 45.0})])
        amendment.line_ids.filtered(lambda row: row.order_line_id == second).product_uom_qty = 0.0
        amendment.action_submit()
        self.assertEqual(amendment.state, 'applied')
        self.assertEqual((first.product_uom_qty, first.price_unit, first.discount), (12.0, 90.0, 10.0))
        self.assertEqual(second.product_uom_qty, 0.0)
        added = order.order_line - first - second
        self.assertEqual((added.product_id, added.product_uom_qty, added.price_unit), (self.other_product, 3.0, 45.0))
        self.assertEqual(self._open_quantity(order), {self.product: 12.0, self.other_product: 3.0})

    def test_another_product_address_and_terms(self):
        order = self._confirmed(10)
        delivered = self._deliver(order, 4)
        address = self.env['res.partner'].create({'name': "Gate 2", 'parent_id': self.customer.id, 'type': 'delivery'})
        term = self.env.ref('account.account_payment_term_immediate')
        amendment = self._amend(
            order, row={'product_id': self.other_product.id, 'product_uom_qty': 6.0, 'price_unit': 50.0},
            partner_shipping_id=address.id, payment_term_id=term.id, requested_date='2030-01-02')
        self.assertEqual(amendment.state, 'applied')
        kept, other = order.order_line
        self.assertEqual((kept.product_id, kept.product_uom_qty), (self.product, 4.0))
        self.assertEqual((other.product_id, other.product_uom_qty, other.price_unit), (self.other_product, 6.0, 50.0))
        self.assertEqual((order.partner_shipping_id, order.payment_term_id), (address, term))
        self.assertEqual(str(order.requested_date), '2030-01-02')
        self.assertEqual(self._open_quantity(order), {self.other_product: 6.0})
        open_transfers = order.sudo().picking_ids.filtered(lambda picking: picking.state not in ('done', 'cancel'))
        self.assertEqual((open_transfers.partner_id, delivered.partner_id), (address, self.customer))

    def test_the_rest_and_the_whole_order_are_cancelled(self):
        order = self._confirmed(10, lines=2)
        self._deliver(order, 4)
        with self.assertRaisesRegex(UserError, "cancel the rest instead"):
            self._amend(order, scope='order', note="No money")
        self._amend(order, scope='rest')
        self.assertEqual(order.order_line.mapped('product_uom_qty'), [4.0, 0.0])
        self.assertFalse(self._open_quantity(order))
        other = self._confirmed(5)
        with self.assertRaisesRegex(UserError, "Explain why"):
            self._amend(other, scope='order')
        amendment = self._amend(other, scope='order', note="No money")
        self.assertEqual((amendment.state, other.state), ('applied', 'cancel'))
        self.assertFalse(self._open_quantity(other))

    def test_what_is_delivered_or_invoiced_is_no_longer_given_away(self):
        order = self._confirmed(10)
        self._deliver(order, 4)
        with self.assertRaisesRegex(UserError, "4.00 Units are delivered already"):
            self._amend(order, 3)
        order.sudo()._create_invoices().action_post()
        with self.assertRaisesRegex(UserError, "10.00 Units are invoiced already"):
            self._amend(order, 9)
        with self.assertRaisesRegex(UserError, "invoiced in full"):
            self._amend(order, row={'price_unit': 80.0})
        self.assertEqual(order.order_line.product_uom_qty, 10.0)

    def test_a_draft_invoice_about_what_changes_is_made_anew(self):
        order = self._confirmed(10)
        advance = self.env['sale.advance.payment.inv'].with_context(active_ids=order.ids).sudo().create({
            'advance_payment_method': 'percentage', 'amount': 20, 'sale_order_ids': order.ids})._create_invoices(
                order.sudo())
        self._amend(order, payment_term_id=self.env.ref('account.account_payment_term_immediate').id)
        self.assertEqual(advance.state, 'draft')
        advance.button_cancel()
        invoice = order.sudo()._create_invoices()
        self._amend(order, 6)
        self.assertEqual(invoice.state, 'cancel')
        self.assertEqual(order.sudo()._create_invoices().amount_untaxed, 600.0)

    def test_what_was_free_when_asked_for_is_judged_again_when_it_is_applied(self):
        self._amendment_policy(min_amount=100.0)
        order = self._confirmed(10, lines=2)
        signed = self._amend(order, 9, line=order.order_line[1], needs_customer=True)
        self.assertEqual((signed.state, self._amend(order, row={'discount': 8.0}).state), ('approved', 'applied'))
        signed.sudo()._accept_by_customer("Ms Miller", False)
        self.assertEqual((signed.state, order.order_line[1].product_uom_qty), ('approved', 10.0))
        self.assertIn("By now somebody must agree", signed.obstacle)
        signed.action_take_back()
        signed.action_submit()
        self._asked(signed).with_user(self.sales_manager).action_agree()
        signed.sudo()._accept_by_customer("Ms Miller", False)
        self.assertEqual((signed.state, order.order_line[1].product_uom_qty), ('applied', 9.0))
        # Cancelled and confirmed again, the order is what was confirmed.
        self._asked(self._amend(order, scope='order', note="-")).with_user(self.sales_manager).action_agree()
        order.action_draft()
        order.order_line[0].discount = 50.0
        order.action_confirm()
        again = order.sudo().revision_ids.sorted('number')[-1]
        self.assertEqual((again.is_agreed, again.amount_untaxed), (True, 950.0))
        self.assertEqual(self._amend(order, row={'discount': 55.0}).state, 'applied')

    def test_a_draft_invoice_of_several_orders_loses_the_lines_of_one(self):
        order, other = self._confirmed(10, lines=2), self._confirmed(3)
        invoice = (order | other).sudo()._create_invoices()
        self.assertEqual((len(invoice), invoice.amount_untaxed), (1, 1800.0))
        amendment = self._amend(order, 6, submit=False)
        self.assertIn("lose the lines of this order", amendment.impact_html)
        amendment.action_submit()
        self.assertEqual((invoice.state, invoice.amount_untaxed), ('draft', 300.0))
        self.assertEqual(invoice.invoice_line_ids.sale_line_ids, other.order_line)
        invoice.action_post()
        self.assertEqual(order.sudo()._create_invoices().amount_untaxed, 1100.0)

    def test_another_room_proposes_a_change(self):
        order = self._confirmed(10, lines=2).with_user(self.salesperson)
        line = order.order_line[0]
        self._amendment_policy(domain="[('change_percent', '<', -10)]")
        free = order._propose_control_change({line.id: {'discount': 5.0}}, 'supply', "They wait for it")
        self.assertEqual((free.state, free.asked_by, free.note, line.discount),
                         ('applied', 'supply', "They wait for it", 5.0))
        self.assertEqual(free.reason_id, self.env.ref('sale_order_control.amendment_reason_supply'))
        asked = order._propose_control_change({line.id: {'discount': 40.0}}, 'supply', "They wait longer")
        self.assertEqual((asked.state, line.discount, line.product_uom_qty), ('to_approve', 5.0, 10.0))
        with self.assertRaises(AccessError):
            order.with_user(self.other_salesperson)._propose_control_change({line.id: {'discount': 5.0}}, 'supply', "")
        self._switch(amendment='off')
        self.assertIsNone(order._propose_control_change({line.id: {'discount': 5.0}}, 'supply', "They wait for it"))
        self.assertEqual(line.discount, 5.0)

    def test_a_locked_order_is_amended_and_stays_locked(self):
        order = self._confirmed(10)
        order.action_lock()
        self._amend(order, 8)
        self.assertTrue(order.locked)
        self.assertEqual((order.order_line.product_uom_qty, self._open_quantity(order)), (8.0, {self.product: 8.0}))

    def test_an_outdated_amendment_refuses_and_is_drawn_anew(self):
        order = self._confirmed(10, lines=2)
        first, second = order.order_line
        late = self._amend(order, 5, submit=False)
        with self.assertRaisesRegex(UserError, "Enter 0"):
            late.line_ids[0].unlink()
        beside = self._amend(order, 6, line=second, submit=False)
        self._amend(order, 8)
        with self.assertRaisesRegex(UserError, "was changed meanwhile"):
            late.action_submit()
        beside.action_submit()
        self.assertEqual(order.order_line.mapped('product_uom_qty'), [8.0, 6.0])
        late.action_rebase()
        self.assertEqual((late.base_revision, late.line_ids.mapped('product_uom_qty')), (2, [5.0, 6.0]))
        # What others changed of the same line stays, too.
        self._amend(order, row={'discount': 10.0})
        late.action_rebase()
        self.assertEqual(late.line_ids.mapped('discount'), [10.0, 0.0])
        late.action_submit()
        self.assertEqual(order.order_line.mapped('product_uom_qty'), [5.0, 6.0])
        self.assertEqual(first.discount, 10.0)

    def test_what_others_changed_while_a_form_was_open_is_not_changed_back(self):
        order = self._confirmed(10, lines=2)
        amendments = self.env['sale.amendment'].with_user(self.salesperson).with_context(default_order_id=order.id)
        shown = amendments.default_get(
            ['order_id', 'line_ids', 'reason_id', 'asked_by', 'payment_term_id', 'requested_date', 'base_revision'])
        self._amend(order, 7, requested_date='2031-02-03')
        shown['line_ids'][1][2]['product_uom_qty'] = 5.0
        amendment = amendments.create(shown)
        self.assertEqual((amendment.base_revision, amendment.is_outdated), (0, True))
        amendment.action_submit()
        self.assertEqual((order.order_line.mapped('product_uom_qty'), str(order.requested_date)),
                         ([7.0, 5.0], '2031-02-03'))
        shown['line_ids'][0][2]['product_uom_qty'] = 9.0
        with self.assertRaisesRegex(UserError, "was changed meanwhile"):
            amendments.create(shown).action_submit()

    def test_policies_ask_by_the_change_and_rivals_for_the_same_line_wait(self):
        self._amendment_policy(min_amount=200.0)
        order = self._confirmed(10, lines=2)
        small = self._amend(order, 9)
        self.assertEqual(small.state, 'applied')
        asked = self._amend(order, 5)
        self.assertEqual((asked.state, order.order_line[0].product_uom_qty), ('to_approve', 9.0))
        with self.assertRaisesRegex(UserError, "on its way and touches the same"):
            self._amend(order, 8)
        self._amend(order, 9, line=order.order_line[1])
        with self.assertRaises(UserError):
            asked.line_ids[0].product_uom_qty = 1.0
        # What is added does not make up for what is dropped.
        swap = self._amend(self._confirmed(10), row={
            'product_id': self.other_product.id, 'product_uom_qty': 20.0, 'price_unit': 50.0})
        self.assertEqual((swap.change_amount, swap.state), (0.0, 'to_approve'))
        request = self._asked(asked)
        self.assertIn("9.00 → 5.00", str(request.display))
        with self.assertRaises(UserError):
            request.with_user(self.salesperson).action_agree()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual((asked.state, asked.obstacle), ('applied', False))
        self.assertEqual(order.order_line.mapped('product_uom_qty'), [5.0, 9.0])

    def test_small_changes_in_a_row_meet_the_policies_together(self):
        self._amendment_policy(domain="['|', ('change_percent', '<', -10), ('days_later', '>', 5)]")
        order = self._confirmed(10, lines=2)
        order.sudo().requested_date = False
        self.assertEqual(self._amend(order, row={'discount': 10.0}).state, 'applied')
        # Costs that arise, and are invoiced on, are nobody's change.
        travel = self._new_product("Travel", 50.0, 20.0)
        travel.write({'purchase_ok': True, 'expense_policy': 'cost'})
        self.env['sale.order.line'].sudo().create({
            'order_id': order.id, 'product_id': travel.id, 'product_uom_qty': 1.0,
            'price_unit': 9000.0, 'is_expense': True})
        second = self._amend(order, row={'discount': 20.0})
        self.assertEqual((round(second.change_percent, 1), second.state), (-1.0, 'to_approve'))
        request = self._asked(second)
        self.assertIn("since revision 0: untaxed amount", str(request.display))
        self.assertIn("-13.3 %", second.impact_html)
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(second.state, 'applied')
        self.assertEqual(order.sudo().revision_ids.sorted('number').mapped('is_agreed'), [True, False, False, True])
        # From here on it is counted anew.
        third = self._amend(order, row={'discount': 25.0})
        self.assertEqual(third.state, 'applied')
        self.assertTrue(third._word_totals())

    def test_a_refused_or_returned_amendment_leaves_the_order(self):
        self._amendment_policy(domain="[('change_percent', '<', -20)]")
        order = self._confirmed(10)
        amendment = self._amend(order, 5)
        self._asked(amendment).with_user(self.sales_manager).action_return("Ask them for 8")
        self.assertEqual(amendment.state, 'draft')
        free = self._amend(order, 5, line=order.order_line, submit=False)
        free.action_submit()
        self._asked(free).with_user(self.sales_manager).action_return("Ask them for 9")
        free.line_ids.product_uom_qty = 9.0
        free.action_submit()
        self.assertEqual((free.state, order.order_line.product_uom_qty), ('applied', 9.0))
        amendment.action_rebase()
        amendment.line_ids.product_uom_qty = 4.0
        amendment.action_submit()
        self._asked(amendment).with_user(self.sales_manager).action_disagree("No")
        self.assertEqual((amendment.state, order.order_line.product_uom_qty), ('refused', 9.0))
        # Odoo's own ways of deleting a line are not stopped by what was once asked about it.
        whole = self._amend(order, scope='order', note="No money")
        self._asked(whole).with_user(self.sales_manager).action_agree()
        order.action_draft()
        order.order_line.unlink()
        self.assertFalse(order.order_line)
        self.assertTrue(free.exists())

    def test_policies_about_orders_are_asked_by_the_result_and_not_again_when_goods_leave(self):
        self._switch(approval='enforce', release='enforce')
        self._policy(min_amount=1500.0)
        order = self._confirmed(10)
        amendment = self._amend(order, 20)
        self.assertEqual(amendment.state, 'to_approve')
        self._asked(amendment).with_user(self.sales_manager).action_agree()
        self.assertEqual((amendment.state, order.order_line.product_uom_qty), ('applied', 20.0))
        self.assertFalse([issue for issue in order._get_control_issues('release')[order.id] if issue.stops])
        self._deliver(order, 20)
        self.assertEqual(order.order_line.qty_delivered, 20.0)
        bigger = self._amend(order, 30)
        self.assertEqual(bigger.state, 'to_approve')
        # Set to quotation again, nothing that was agreed to before is left.
        other = self._confirmed(10)
        self._asked(self._amend(other, 20)).with_user(self.sales_manager).action_agree()
        self._amend(other, scope='order', note="No money")
        other.action_draft()
        self.assertEqual(set(other.amendment_ids.sudo().approval_request_ids.mapped('state')), {'void'})
        other.order_line.product_uom_qty = 20.0
        self.assertTrue(self._codes(other))
