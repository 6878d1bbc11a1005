from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryAtpPurchase(DeliveryCommon):
    """Needs the modules: ``./dev test --install purchase_stock,stock_dropshipping`` with this file."""

    def setUp(self):
        super().setUp()
        if not self.env.ref('stock_dropshipping.route_drop_shipping', raise_if_not_found=False):
            self.skipTest("stock_dropshipping is not installed")
        self.supplier = self.env['res.partner'].create({'name': "Supplier"})

    def _offer(self, product, delay):
        product.seller_ids = [Command.create({'partner_id': self.supplier.id, 'price': 5.0, 'delay': delay})]

    def _rfq(self, product, quantity, days):
        return self.env['purchase.order'].create({
            'partner_id': self.supplier.id,
            'picking_type_id': self.warehouse.in_type_id.id,
            'order_line': [Command.create({
                'product_id': product.id, 'product_qty': quantity,
                'date_planned': fields.Datetime.to_datetime(self._day(days)) + timedelta(hours=12)})],
        })

    def _draft(self, product, quantity, **values):
        return self.env['sale.order'].create({
            'partner_id': self.customer.id,
            'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': quantity, **values})],
        }).order_line

    def _schedule(self, line):
        return [
            ((part.date - self.today).days, part.quantity, part.source) for part in line._get_atp_schedule()[line.id]]

    def test_what_is_short_can_be_bought_in_the_suppliers_time(self):
        self._offer(self.scarce, 9)
        self._stock(self.scarce, 2)
        self._receive(self.scarce, 50, 30)
        self.assertEqual(self._schedule(self._draft(self.scarce, 5)), [(0, 2, 'stock'), (9, 3, 'lead_time')])

    def test_a_purchase_counts_when_it_is_confirmed_and_before_where_the_company_says_so(self):
        purchase = self._rfq(self.scarce, 5, 6)
        line = self._draft(self.scarce, 5, customer_lead=20)
        self.assertEqual(self._schedule(line), [(20, 5, 'lead_time')])
        self.company.atp_rfqs = True
        self.assertEqual(self._schedule(line), [(6, 5, 'incoming')])
        self.assertEqual(line._get_atp_schedule()[line.id][0].pegs[0].name, purchase.name)
        purchase.button_confirm()
        self.assertEqual(self._schedule(line), [(6, 5, 'incoming')])
        self.assertEqual(line._get_atp_schedule()[line.id][0].pegs[0].name, purchase.name)

    def test_a_day_the_supplier_puts_off_counts_at_once(self):
        purchase = self._rfq(self.scarce, 5, 6)
        purchase.button_confirm()
        line = self._draft(self.scarce, 5, customer_lead=2)
        purchase.order_line.date_planned += timedelta(days=5)
        self.assertEqual(self._schedule(line), [(11, 5, 'incoming')])

    def test_the_supplier_delivers_straight_to_the_customer(self):
        self._offer(self.scarce, 7)
        self._stock(self.scarce, 50)
        self.scarce.route_ids = [Command.set(self.env.ref('stock_dropshipping.route_drop_shipping').ids)]
        self.assertEqual(self._schedule(self._draft(self.scarce, 4)), [(7, 4, 'lead_time')])
        order = self._confirm_order((self.scarce, 4.0))
        purchase = order.order_line.purchase_line_ids.order_id
        purchase.button_confirm()
        move = purchase.picking_ids.move_ids
        [part] = order.order_line._get_atp_schedule()[order.order_line.id]
        self.assertEqual((part.quantity, part.source), (4, 'direct'))
        self.assertEqual(part.date, self.warehouse._get_promise_day(max(move.date, move.date_deadline)))
        self.assertEqual(part.pegs[0].name, purchase.name)
        self.assertEqual(self._schedule(self._draft(self.product, 4)), [(0, 4, 'stock')])

    def test_goods_bought_to_order_follow_their_own_purchase(self):
        self._offer(self.scarce, 7)
        route = self.warehouse.mto_pull_id.route_id
        route.active = True
        self.scarce.route_ids = [Command.link(route.id), Command.link(self.warehouse.buy_pull_id.route_id.id)]
        self._stock(self.scarce, 50)
        order = self._confirm_order((self.scarce, 4.0))
        line = order.order_line
        self.assertEqual(self._schedule(line), [(7, 4, 'lead_time')])
        purchase = self.env['purchase.order'].search([('partner_id', '=', self.supplier.id)])
        purchase.order_line.date_planned = fields.Datetime.to_datetime(self._day(9)) + timedelta(hours=12)
        purchase.button_confirm()
        self.assertEqual(self._schedule(line), [(9, 4, 'incoming')])
        self.assertEqual(line._get_atp_schedule()[line.id][0].pegs[0].name, purchase.name)
        self._promise(line, 8)
        self.assertEqual(line.promise_state, 'at_risk')
        self._promise(line, 9, self.reason)
        self.assertEqual(line.promise_state, 'promised')


@tagged('post_install', '-at_install')
class TestDeliveryAtpProduction(DeliveryCommon):
    """Needs the module: ``./dev test --install sale_mrp`` with this file."""

    def setUp(self):
        super().setUp()
        if 'mrp.bom' not in self.env:
            self.skipTest("mrp is not installed")
        self.top = self._new_product("Top", 10.0, 5.0, stock=3.0)
        self.leg = self._new_product("Leg", 10.0, 5.0, stock=8.0)
        self.table = self.env['product.product'].create({
            'name': "Table", 'type': 'consu', 'is_storable': True, 'taxes_id': [Command.clear()]})

    def _bom(self, product, kind, *parts, **values):
        return self.env['mrp.bom'].create({
            'product_tmpl_id': product.product_tmpl_id.id, 'type': kind, 'product_qty': 1.0,
            'bom_line_ids': [
                Command.create({'product_id': part.id, 'product_qty': quantity}) for part, quantity in parts],
            **values,
        })

    def _schedule(self, line):
        return [
            ((part.date - self.today).days, part.quantity, part.source) for part in line._get_atp_schedule()[line.id]]

    def _draft(self, product, quantity, **values):
        return self.env['sale.order'].create({
            'partner_id': self.customer.id,
            'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': quantity, **values})],
        }).order_line

    def test_a_kit_is_there_when_its_components_are(self):
        set_of_legs = self.env['product.product'].create({'name': "Legs", 'type': 'consu'})
        self._bom(set_of_legs, 'phantom', (self.leg, 4.0))
        self._bom(self.table, 'phantom', (self.top, 1.0), (set_of_legs, 1.0))
        self._receive(self.leg, 4, 5)
        line = self._draft(self.table, 4, customer_lead=15)
        self.assertEqual(
            self._schedule(line), [(0, 2, 'stock'), (5, 1, 'incoming'), (15, 1, 'lead_time')])

    def test_a_confirmed_kit_keeps_what_is_reserved_for_it(self):
        self._bom(self.table, 'phantom', (self.top, 1.0), (self.leg, 4.0))
        order = self._confirm_order((self.table, 2.0))
        self.assertEqual(self._schedule(order.order_line), [(0, 2, 'stock')])
        self.assertEqual(self._schedule(self._draft(self.table, 1, customer_lead=6)), [(6, 1, 'lead_time')])
        self.assertEqual(
            self._schedule(self._draft(self.top, 2, customer_lead=6)), [(0, 1, 'stock'), (6, 1, 'lead_time')])

    def test_a_kit_is_delivered_when_all_its_components_are(self):
        self._bom(self.table, 'phantom', (self.top, 1.0), (self.leg, 4.0))
        order = self._confirm_order((self.table, 2.0))
        line = order.order_line
        self._promise(line, 1)
        legs = line.move_ids.filtered(lambda move: move.product_id == self.leg)
        legs.quantity, legs.picked = 8.0, True
        legs.picking_id.with_context(skip_backorder=True).button_validate()
        for delivered in (0, 1):
            self.assertEqual(line._get_delivered_quantities()[line.id], delivered)
            self.assertNotEqual(line.promise_state, 'done')
            self._deliver(order, 1.0)
        self.assertEqual((line._get_delivered_quantities()[line.id], line.promise_state), (2, 'done'))
        self.assertEqual(line.on_time_promised, 'on_time')

    def test_components_that_left_ahead_are_not_needed_once_more(self):
        self._bom(self.table, 'phantom', (self.top, 1.0), (self.leg, 4.0))
        order = self._confirm_order((self.table, 2.0))
        line = order.order_line
        self._promise(line, 5)
        legs = line.move_ids.filtered(lambda move: move.product_id == self.leg)
        legs.quantity, legs.picked = 7.0, True
        legs.picking_id.with_context(skip_backorder=True).button_validate()
        # No leg is on the shelf but the one that is still to go.
        order._refresh_promise_states()
        self.assertEqual((line.promise_state, line.shortage_summary), ('promised', False))
        self.assertEqual(self._schedule(line), [(0, 2, 'stock')])
        line.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))._do_unreserve()
        self._stock(self.leg, -1.0)
        order._refresh_promise_states()
        self.assertEqual(line.promise_state, 'at_risk')

    def test_components_of_kits_in_parts_are_due_as_the_parts_are(self):
        self._bom(self.table, 'phantom', (self.top, 1.0), (self.leg, 4.0))
        self._stock(self.top, 7.0)      # 10 tops and 40 legs in all
        self._stock(self.leg, 32.0)
        line = self._confirm_order((self.table, 10.0)).order_line
        parts = ((self._day(5), 4.0), (self._day(14), 6.0))
        line.with_user(self.planner)._promise({line.id: self._day(14)}, parts={line.id: parts})
        legs = line.move_ids.filtered(lambda move: move.product_id == self.leg)
        legs.quantity, legs.picked = 20.0, True
        legs.picking_id.with_context(skip_backorder=True).button_validate()
        line.move_ids.filtered(
            lambda move: move.product_id == self.leg and move.state not in ('done', 'cancel'))._do_unreserve()
        self._stock(self.leg, -20.0)
        self._receive(self.leg, 20.0, 10)
        # All legs of the first part have left: the others are due with the second, on day 14.
        line.order_id._refresh_promise_states()
        self.assertEqual(line.promise_state, 'promised')
        self._stock(self.leg, 3.0)
        self.assertEqual(self._schedule(self._draft(self.leg, 3, customer_lead=9)), [(0, 3, 'stock')])

    def test_kits_that_wait_for_the_gate_or_an_answer_keep_their_components(self):
        self._bom(self.table, 'phantom', (self.top, 1.0), (self.leg, 4.0))
        self.company.atp_quotations = True
        quotation = self._draft(self.table, 2, customer_lead=6)
        asked = self._draft(self.leg, 8, customer_lead=6)
        self.assertEqual(self._schedule(asked), [(6, 8, 'lead_time')])
        quotation.order_id._action_cancel()
        self.assertEqual(self._schedule(asked), [(0, 8, 'stock')])
        self.company.atp_quotations = False
        order = self._confirm_order((self.table, 2.0))
        order.order_line.move_ids._action_cancel()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order_line SET control_procurement_held = TRUE WHERE id = %s", [order.order_line.id])
        self.env.invalidate_all()
        self.assertEqual(self._schedule(asked), [(6, 8, 'lead_time')])

    def test_production_on_its_way_counts_and_takes_its_components(self):
        bom = self._bom(self.table, 'normal', (self.top, 1.0), (self.leg, 4.0))
        production = self.env['mrp.production'].create({
            'product_id': self.table.id, 'product_qty': 2.0, 'bom_id': bom.id, 'product_uom_id': self.table.uom_id.id,
            'date_start': fields.Datetime.to_datetime(self._day(4)) + timedelta(hours=8)})
        production.action_confirm()
        [part] = self._draft(self.table, 2, customer_lead=1)._get_atp_schedule().popitem()[1]
        self.assertEqual((part.source, part.quantity, part.pegs[0].name), ('incoming', 2, production.name))
        self.assertEqual(self._schedule(self._draft(self.top, 3, customer_lead=9))[0], (0, 1, 'stock'))

    def test_what_is_short_can_be_made_in_its_time(self):
        self._bom(self.table, 'normal', (self.top, 1.0), produce_delay=6)
        self.assertEqual(self._schedule(self._draft(self.table, 2)), [(6, 2, 'lead_time')])
