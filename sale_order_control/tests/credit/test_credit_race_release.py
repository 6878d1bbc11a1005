from odoo import SUPERUSER_ID, Command, api
from odoo.tests import tagged

from .race_common import RaceCase


@tagged('post_install', '-at_install', 'soc_race')
class TestCreditRaceRelease(RaceCase):
    """Two who deliver beyond their orders at the same instant never pass jointly over the limit."""

    def setUp(self):
        # Runs last: the lines of the orders are gone by then.
        self.addCleanup(self._remove_goods)
        super().setUp()
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            company = env.ref('base.main_company')
            self.modes['control_release'] = company.control_release
            company.control_release = 'enforce'
            env['product.product'].browse(self.product_id).invoice_policy = 'delivery'
            goods = env['product.product'].create({
                'name': "Raced Goods", 'type': 'consu', 'is_storable': False, 'list_price': 100.0,
                'invoice_policy': 'delivery', 'taxes_id': [Command.clear()]})
            self.goods_id = goods.id
        self.addCleanup(self._remove_transfers)

    def _remove_transfers(self):
        with self.registry.cursor() as cr:
            cr.execute('SELECT id FROM stock_picking WHERE partner_id = ANY(%s)', [self.partner_ids])
            pickings = [row[0] for row in cr.fetchall()]
            cr.execute('DELETE FROM stock_move_line WHERE product_id = %s', [self.goods_id])
            cr.execute('DELETE FROM stock_move WHERE product_id = %s', [self.goods_id])
            cr.execute('DELETE FROM mail_message WHERE model = %s AND res_id = ANY(%s)', ['stock.picking', pickings])
            cr.execute('DELETE FROM stock_picking WHERE id = ANY(%s)', [pickings])

    def _remove_goods(self):
        with self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})['product.product'].browse(self.goods_id).unlink()

    def _confirmed_pair(self, product_id):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            orders = env['sale.order'].browse(self.order_ids[:2])
            for order in orders:
                order.order_line.write({'product_id': product_id, 'product_uom_qty': 1, 'price_unit': 100.0})
            orders.action_confirm()
            return orders.ids

    def _race_beyond(self, product_id, act):
        orders = self._confirmed_pair(product_id)
        # Each fits: 200 ordered by both and 600 more; both together do not.
        outcomes = self._run(lambda order: self._persist(act.__get__(order)), orders)
        self.assertEqual(sorted(outcomes), ['confirmed', 'held'])
        self.assertEqual(self._owed(self.partner_id), 800)

    def test_two_transfers_beyond_their_orders(self):
        def ship(order):
            order.picking_ids.move_ids.write({'quantity': 7, 'picked': True})
            order.picking_ids._action_done()

        self._race_beyond(self.goods_id, ship)

    def test_two_transfers_with_added_goods(self):
        goods_id = self.goods_id

        def ship(order):
            picking = order.picking_ids
            picking.move_ids.write({'quantity': 1, 'picked': True})
            order.env['stock.move'].create({
                'picking_id': picking.id, 'product_id': goods_id, 'product_uom_qty': 0, 'quantity': 6, 'picked': True,
                'location_id': picking.location_id.id, 'location_dest_id': picking.location_dest_id.id})
            picking._action_done()

        self._race_beyond(self.goods_id, ship)

    def test_two_services_beyond_their_orders(self):
        def deliver(order):
            order.order_line.qty_delivered = 7

        self._race_beyond(self.product_id, deliver)
