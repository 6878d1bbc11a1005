from odoo import Command
from odoo.tests import tagged

from ...models.order.control_memory import control_acting
from .exposure_common import ExposureCommon


@tagged('post_install', '-at_install')
class TestCreditExposureGoods(ExposureCommon):
    """What is ordered, what leaves the house, what comes back."""

    # === BEYOND THE ORDER ===#

    def test_more_shipped_than_ordered_counts_where_it_will_be_invoiced(self):
        # 12 shipped of 10, invoiced on delivery: 1200. A line sum stays at 1000.
        order = self._confirmed(10, self.delivered_product)
        self._deliver(order, 12)
        self.assertOnlyOurs(1200, naive=1000, to_invoice=1200)

    def test_more_shipped_than_ordered_counts_until_the_company_said_what_it_charges(self):
        # 12 shipped of 10, invoiced as ordered: the customer has goods for 1200, nobody decided on the
        # 2 yet. The invoice over 10 is that decision; raising the order instead keeps 1200.
        order = self._confirmed(10)
        self._deliver(order, 12)
        self.assertOnlyOurs(1200, native=1000, naive=1000, to_invoice=1200)
        charged, given = order, self._confirmed(10)
        self._deliver(given, 12)
        self._invoice(given)
        self.assertExposure(1200 + 1000)
        self._switch(credit='off')
        charged.order_line.product_uom_qty = 12
        self._switch(credit='enforce')
        self._invoice(charged)
        self.assertExposure(1200 + 1000, receivable=2200)

    def test_work_beyond_the_order_is_the_companys_own_risk(self):
        # 12 hours on a fixed 10: Odoo calls it an opportunity, the customer owes 1000.
        order = self._confirmed(10, self._new_service('order'))
        order.order_line.qty_delivered = 12
        self.assertExposure(1000)

    def test_an_added_product_counts_with_fixed_and_grouped_taxes(self):
        # Odoo keeps no total of a line without quantity. 2 x (100 + 10 % + 5 fixed) = 230; with the
        # order of 100: 330.
        fixed = self._new_tax(5.0, 'fixed')
        group = self.env['account.tax'].create({
            'name': "Group", 'amount_type': 'group', 'type_tax_use': 'sale', 'amount': 0,
            'children_tax_ids': [Command.set((self.tax | fixed).ids)]})
        order = self._confirmed(1)
        self.delivered_product.taxes_id = group
        self._ship_with(order, self.delivered_product, 2)
        self.assertOnlyOurs(330, naive=100, to_invoice=330)

    def test_an_added_product_with_tax_in_its_price_counts_at_that_price(self):
        order = self._confirmed(1)
        self.delivered_product.taxes_id = self._new_tax(10.0, include='tax_included')
        self._ship_with(order, self.delivered_product, 2)
        self.assertOnlyOurs(300, naive=100, to_invoice=300)

    def _ship_with(self, order, product, quantity):
        """Let the warehouse ship the order and add a product to the transfer."""
        picking = order.picking_ids
        self.env['stock.move'].create({
            'product_id': product.id, 'product_uom_qty': quantity, 'product_uom': product.uom_id.id,
            'picking_id': picking.id, 'location_id': picking.location_id.id,
            'location_dest_id': picking.location_dest_id.id})
        picking.action_assign()
        for move in picking.move_ids:
            move.write({'quantity': move.product_uom_qty, 'picked': True})
        picking._action_done()

    # === RETURNS ===#

    def test_a_return_without_refund_changes_nothing_until_the_credit_note(self):
        # The goods came back but the order was not updated: they are replaced or credited later.
        order = self._confirmed(10, self.delivered_product)
        picking = self._deliver(order, 10)
        invoice = self._invoice(order)
        self._return(picking, 3, refund=False)
        self.assertExposure(1000, receivable=1000)
        self._credit_note(invoice, 3)
        self.assertOnlyOurs(700, native=1000, naive=1000, receivable=700)

    def test_a_replacement_for_returned_goods_is_no_new_delivery(self):
        # 3 of 10 came back without refund and are sent again: 1000 before, during and after.
        order = self._confirmed(10, self.delivered_product)
        picking = self._deliver(order, 10)
        back = self._return(picking, 3, refund=False)
        again = self._return(back, 3, refund=False, ship=False)
        self.assertEqual(again.state, 'assigned')
        self.assertExposure(1000)
        self._deliver(order, 3)
        self.assertExposure(1000)

    def test_an_exchange_under_way_counts_the_goods_once(self):
        # 3 of 10 are to come back while 3 new ones are on their way out: 1000, not 1300.
        order = self._confirmed(10, self.delivered_product)
        picking = self._deliver(order, 10)
        wizard = self.env['stock.return.picking'].with_context(
            active_id=picking.id, active_ids=picking.ids, active_model='stock.picking').create({
                'picking_id': picking.id})
        wizard.product_return_moves.quantity = 3
        wizard.action_create_exchanges()
        pending = order.picking_ids - picking
        self.assertEqual(len(pending), 2)
        self.assertExposure(1000)
        back = pending.filtered(lambda each: each.picking_type_id.code == 'incoming')
        back.move_ids.write({'quantity': 3, 'picked': True})
        back._action_done()
        self.assertExposure(1000, to_invoice=700, to_deliver=300)

    def test_a_planned_return_changes_nothing_before_the_goods_are_back(self):
        # 6 delivered, 4 on a backorder, 3 announced to come back.
        order = self._confirmed(10, self.delivered_product)
        picking = self._deliver(order, 6)
        self._return(picking, 3, ship=False)
        self.assertExposure(1000, to_invoice=600, to_deliver=400)

    # === KINDS OF LINES ===#

    def test_a_kit_counts_as_a_whole_while_its_parts_are_under_way(self):
        # One kit of 500 whose parts go out by themselves, as Odoo's kits do: the transfer knows other
        # products than the order. Nothing delivered, parts under way: 500.
        order = self._confirmed_kit()
        self.assertExposure(500, to_deliver=500)
        # Odoo says how many kits are complete.
        with control_acting(self.env):
            order.order_line.sudo().qty_delivered = 1
        self.assertExposure(500, to_invoice=500)

    def test_kits_that_came_back_while_others_are_to_come_count_no_more(self):
        # Ten ordered at 100: six left, four are to come, two of the six came back.
        order = self._confirmed_kit(10, 100.0)
        picking = self._deliver(order, 6)
        with control_acting(self.env):
            order.order_line.sudo().qty_delivered = 6
        self.assertExposure(1000, to_invoice=600, to_deliver=400)
        self._return(picking, 2)
        with control_acting(self.env):
            order.order_line.sudo().qty_delivered = 4
        self.assertExposure(800, to_invoice=400, to_deliver=400)

    def _confirmed_kit(self, quantity=1, price=500.0):
        order = self._confirmed(quantity, price_unit=price)
        order.flush_recordset()
        # Writing the product of a move takes it off the order; Odoo's kits create the parts on it.
        self.env.cr.execute('UPDATE stock_move SET product_id = %s WHERE sale_line_id = %s', [
            self.delivered_product.id, order.order_line.id])
        self.env['stock.move'].invalidate_model()
        return order

    def test_a_kit_whose_parts_were_dropped_ends(self):
        order = self._confirmed_kit()
        order.picking_ids.action_cancel()
        self.assertOnlyOurs(0, native=500, naive=500)

    def test_sections_notes_and_free_lines_count_nothing(self):
        order = self._create_order(10)
        order.order_line = [
            Command.create({'display_type': 'line_section', 'name': "Chairs"}),
            Command.create({'display_type': 'line_note', 'name': "In blue"}),
            Command.create({'product_id': self.product.id, 'product_uom_qty': 2, 'price_unit': 0.0}),
        ]
        self._confirmed(order=order)
        self.assertExposure(1000)

    def test_a_combo_counts_its_choices_once(self):
        # The combo itself is free of price; its choices carry it: 60 + 40.
        combo = self.env['product.product'].create({
            'name': "Office Set", 'type': 'combo', 'list_price': 100.0, 'taxes_id': [Command.clear()],
            'combo_ids': [Command.create({'name': "Chair", 'combo_item_ids': [
                Command.create({'product_id': self.product.id})]})]})
        order = self._create_order(1, price_unit=60.0)
        head = self._add_line(order, combo, price_unit=0.0)
        item = combo.combo_ids.combo_item_ids
        line = self._add_line(
            order, self.product, linked_line_id=head.id, combo_item_id=item.id, price_unit=40.0)
        line.price_unit = 40.0
        self._confirmed(order=order)
        self.assertEqual(order.amount_total, 100)
        self.assertExposure(100)

    def test_a_service_delivered_by_hand_counts_as_ordered_until_it_is_more(self):
        # A milestone of 3 x 100: 2 done, 1 invoiced; then 4 done.
        order = self._confirmed(3, self._new_service('delivery'))
        order.order_line.qty_delivered = 1
        self._invoice(order)
        order.order_line.qty_delivered = 2
        self.assertOnlyOurs(300, native=200, receivable=100, to_invoice=100, to_deliver=100)
        order.order_line.qty_delivered = 4
        self.assertOnlyOurs(400, naive=300, receivable=100, to_invoice=300)

    def test_goods_shipped_by_the_supplier_count_like_ones_own(self):
        # A drop-shipment: from the supplier straight to the customer.
        order = self._confirmed(10)
        supplier = self.env.ref('stock.stock_location_suppliers')
        order.picking_ids.move_ids.write({'location_id': supplier.id})
        self.assertExposure(1000, to_deliver=1000)
        self._deliver(order, 4)
        self.assertExposure(1000, to_invoice=400, to_deliver=600)
