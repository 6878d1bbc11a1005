from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import ControlCommon
from .test_order_gate import StubRule, issue


@tagged('post_install', '-at_install')
class TestOrderDropship(ControlCommon):
    """Needs the modules: ``./dev test --install purchase_stock,stock_dropshipping`` with this file.

    What a supplier delivers straight to the customer has happened when we hear of it: it is recorded, not
    refused. Only the confirmed purchase for the order line proves it, not a location.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.route = cls.env.ref('stock_dropshipping.route_drop_shipping', raise_if_not_found=False)
        cls._switch(completeness='enforce', release='enforce')

    def setUp(self):
        super().setUp()
        if not self.route:
            self.skipTest("stock_dropshipping is not installed")
        supplier = self.env['res.partner'].create({'name': "Supplier"})
        self.product.write({
            'route_ids': [Command.set(self.route.ids)],
            'supplier_taxes_id': [Command.clear()],
            'seller_ids': [Command.create({'partner_id': supplier.id, 'price': 60.0})],
        })
        self.rule = StubRule(self)

    def _bought(self):
        """A confirmed order, and the transfer from the supplier to its customer."""
        order = self._create_order(quantity=4)
        order.action_confirm()
        purchase = order.sudo().order_line.purchase_line_ids.order_id
        purchase.button_confirm()
        picking = purchase.picking_ids
        picking.move_ids.quantity = 4
        picking.move_ids.picked = True
        return order.sudo(), purchase, picking

    def test_a_genuine_drop_shipment_is_recorded_and_told(self):
        order, _purchase, picking = self._bought()
        self.rule.issues = [issue()]
        picking.button_validate()
        self.assertEqual(picking.state, 'done')
        self.assertEqual(order.order_line.qty_delivered, 4)
        self.assertIn('released', order.control_log_ids.mapped('event'))
        self.assertTrue(order.activity_ids)

    def test_a_clean_one_just_goes(self):
        order, _purchase, picking = self._bought()
        picking.button_validate()
        self.assertEqual(picking.state, 'done')
        self.assertFalse(order.activity_ids)

    def test_a_purchase_that_nobody_confirmed_proves_nothing(self):
        _order, purchase, picking = self._bought()
        purchase.state = 'draft'
        self.rule.issues = [issue()]
        with self.assertRaisesRegex(UserError, "The stub does not like it"):
            picking.move_ids._action_done()

    def test_our_own_goods_are_no_drop_shipment_by_a_link_to_a_purchase(self):
        _order, purchase, picking = self._bought()
        storekeeper = new_test_user(
            self.env, 'soc_storekeeper', groups='base.group_user,stock.group_stock_manager', company_id=self.company.id)
        warehouse = self.env['stock.warehouse'].search([('company_id', '=', self.company.id)], limit=1)
        self.product.route_ids = False
        own = self._create_order(quantity=4)
        own.action_confirm()
        delivery = own.sudo().picking_ids.with_user(storekeeper)
        self.assertEqual(delivery.location_id, warehouse.lot_stock_id)
        delivery.move_ids.sudo().purchase_line_id = purchase.order_line
        delivery.move_ids.quantity = 4
        delivery.move_ids.picked = True
        self.rule.issues = [issue()]
        with self.assertRaisesRegex(UserError, "The stub does not like it"):
            delivery.button_validate()
