from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditAddedGoods(CreditCommon):
    """What the warehouse adds to a delivery is credit like what was ordered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(release='enforce')
        cls._limit(1000)
        cls.order = cls._create_order(1)
        cls.order.action_confirm()

    def _ship_with(self, product, quantity, order=None, uom=None):
        """Ship the order and goods that were added to its transfer."""
        picking = (order or self.order).picking_ids
        picking.move_ids.write({'quantity': 1, 'picked': True})
        picking.move_ids = [Command.create({
            'product_id': product.id, 'product_uom': (uom or product.uom_id).id, 'product_uom_qty': 0,
            'quantity': quantity, 'picked': True, 'location_id': picking.location_id.id,
            'location_dest_id': picking.location_dest_id.id, 'company_id': picking.company_id.id,
        })]
        picking._action_done()

    def _assert_refused(self, *args, **options):
        with self.assertRaisesRegex(UserError, "over the limit"), self.env.cr.savepoint():
            self._ship_with(*args, **options)
        self.env.invalidate_all()
        self.assertNotEqual((options.get('order') or self.order).picking_ids.state, 'done')

    def test_added_goods_beyond_the_limit_stay(self):
        self._assert_refused(self.delivered_product, 500)

    def test_what_will_be_judged_at_the_door_is_said_before(self):
        picking = self.order.picking_ids
        self.assertFalse(picking.control_hold)
        picking.move_ids.write({'quantity': 11, 'picked': True})
        self.assertIn("100.00 over the limit", picking.control_hold)
        picking.move_ids.quantity = 10
        self.assertFalse(picking.control_hold)
        picking.move_ids = [Command.create({
            'product_id': self.delivered_product.id, 'product_uom': self.delivered_product.uom_id.id,
            'product_uom_qty': 0, 'quantity': 2, 'picked': True, 'location_id': picking.location_id.id,
            'location_dest_id': picking.location_dest_id.id, 'company_id': picking.company_id.id})]
        self.assertIn("200.00 over the limit", picking.control_hold)
        self.assertExposure(100)

    def test_added_goods_within_the_limit_leave_and_are_owed(self):
        self._ship_with(self.delivered_product, 9)
        self.assertEqual(self.order.order_line.mapped('qty_delivered'), [1, 9])
        self.assertExposure(1000)

    def test_added_goods_count_with_their_taxes(self):
        self.delivered_product.taxes_id = self.tax
        self._assert_refused(self.delivered_product, 9)
        self._ship_with(self.delivered_product, 8)
        self.assertExposure(980)

    def test_added_goods_cost_what_the_pricelist_says(self):
        pricelist = self.env['product.pricelist'].create({
            'name': "Half", 'item_ids': [Command.create({
                'compute_price': 'percentage', 'percent_price': 50, 'applied_on': '3_global'})]})
        order = self._create_order(1, price_unit=100)
        order.write({'pricelist_id': pricelist.id})
        order.order_line.price_unit = 100
        order.action_confirm()
        # 200 are ordered by both.
        self._assert_refused(self.delivered_product, 17, order=order)
        self._ship_with(self.delivered_product, 16, order=order)
        self.assertExposure(1000)

    def test_added_dozens_are_twelve_each(self):
        self._assert_refused(self.delivered_product, 1, uom=self.env.ref('uom.product_uom_dozen'))

    def test_what_is_invoiced_as_ordered_is_added_for_nothing(self):
        other = self._new_product("Gift", 100.0, 60.0)
        self._ship_with(other, 500)
        self.assertExposure(100)

    def test_more_of_an_ordered_product_costs_what_its_line_says(self):
        self._assert_refused(self.product, 10)
        self._ship_with(self.product, 9)
        self.assertEqual(self.order.order_line.qty_delivered, 10)

    def test_two_orders_shipped_together_share_what_is_left(self):
        other = self._create_order(1)
        other.action_confirm()
        pickings = self.order.picking_ids | other.picking_ids
        for picking in pickings:
            picking.move_ids.write({'quantity': 6, 'picked': True})
        with self.assertRaisesRegex(UserError, "over the limit"), self.env.cr.savepoint():
            pickings._action_done()
        self.env.invalidate_all()
        other.picking_ids.move_ids.quantity = 4
        pickings._action_done()
        self.assertEqual(set(pickings.mapped('state')), {'done'})

    def test_added_goods_leave_in_silence_while_credit_is_off(self):
        self._switch(credit='off', completeness='enforce')
        self._ship_with(self.delivered_product, 500)
        self.assertEqual(self.order.picking_ids.state, 'done')

    def test_added_goods_are_only_told_in_warn(self):
        self._switch(credit='warn')
        self._ship_with(self.delivered_product, 500)
        self.assertEqual(self.order.picking_ids.state, 'done')
