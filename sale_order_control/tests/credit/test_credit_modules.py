from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .exposure_common import ExposureCommon


class ModuleCase(ExposureCommon):
    """Needs the modules: ``./dev test --install sale_mrp,sale_purchase,sale_timesheet`` with this file."""

    def _require(self, module):
        if not self.env['ir.module.module'].sudo().search_count([('name', '=', module), ('state', '=', 'installed')]):
            self.skipTest(f"{module} is not installed")


@tagged('post_install', '-at_install')
class TestCreditKits(ModuleCase):
    """A kit is ordered and owed as one, and leaves as its parts: two of one, one of another."""

    def setUp(self):
        super().setUp()
        self._require('sale_mrp')
        self.parts = self._new_product("Leg", 10.0, 5.0) | self._new_product("Board", 30.0, 15.0)
        self.kit = self._new_product("Table", 100.0, 25.0, stock=0)
        self.kit.write({'invoice_policy': 'delivery', 'is_storable': False})
        self.env['mrp.bom'].create({
            'product_tmpl_id': self.kit.product_tmpl_id.id, 'type': 'phantom', 'product_qty': 1.0,
            'bom_line_ids': [
                Command.create({'product_id': part.id, 'product_qty': quantity})
                for part, quantity in zip(self.parts, (2.0, 1.0), strict=True)],
        })
        self._limit(None)
        self.order = self._confirmed(10, self.kit)

    def _ship(self, *quantities, backorder=True):
        picking = self.order.picking_ids.filtered(lambda picking: picking.state not in ('done', 'cancel'))
        for part, quantity in zip(self.parts, quantities, strict=True):
            picking.move_ids.filtered(lambda move, part=part: move.product_id == part).write(
                {'quantity': quantity, 'picked': True})
        picking.with_context(cancel_backorder=not backorder)._action_done()
        return picking

    def _take_back(self, picking, kits, ship=True):
        """Take kits of a transfer back, taken off the order."""
        wizard = self.env['stock.return.picking'].with_context(
            active_id=picking.id, active_ids=picking.ids, active_model='stock.picking',
        ).create({'picking_id': picking.id})
        for line in wizard.product_return_moves:
            line.write({'quantity': kits * (2 if line.product_id == self.parts[0] else 1), 'to_refund': True})
        back = wizard._create_return()
        for move in back.move_ids:
            move.write({'quantity': move.product_uom_qty, 'picked': True})
        if ship:
            back._action_done()
        return back

    def test_kits_on_order_count_as_kits(self):
        self.assertExposure(1000, to_deliver=1000)

    def test_kits_that_left_are_to_be_invoiced_and_the_others_to_be_delivered(self):
        self._ship(8, 4)
        self.assertExposure(1000, to_invoice=400, to_deliver=600)

    def test_a_part_that_left_alone_is_no_kit_yet(self):
        self._ship(8, 2)
        self.assertExposure(1000, to_invoice=200, to_deliver=800)

    def test_a_dropped_backorder_ends_the_kits_that_did_not_leave(self):
        self._ship(8, 4, backorder=False)
        self.assertExposure(400, to_invoice=400)

    def test_an_invoice_takes_its_kits_out_of_what_is_delivered(self):
        self._ship(8, 4)
        self._invoice(self.order)
        self.assertExposure(1000, receivable=400, to_deliver=600)

    def test_kits_that_came_back_stop_counting_once(self):
        back = self._take_back(self._ship(20, 10), 1, ship=False)
        self.assertExposure(1000, to_invoice=1000)
        back._action_done()
        self.assertExposure(900, to_invoice=900)

    def test_kits_that_came_back_while_others_are_to_come_stop_counting_once(self):
        picking = self._ship(12, 6)
        self._take_back(picking, 2)
        # Ten ordered, two of the six came back, four are still to come.
        self.assertExposure(800, to_invoice=400, to_deliver=400)
        self._ship(8, 4)
        self.assertExposure(800, to_invoice=800)

    def test_parts_of_a_held_customers_kits_stay(self):
        self._switch(release='enforce')
        self.account.with_user(self.controller).action_hold("Cheque came back")
        with self.assertRaisesRegex(UserError, "credit hold"):
            self._ship(2, 1)


@tagged('post_install', '-at_install')
class TestCreditBoughtServices(ModuleCase):
    """A service that is bought for the order is owed like any other, and bought only for who may go on."""

    def setUp(self):
        super().setUp()
        self._require('sale_purchase')
        supplier = self.env['res.partner'].create({'name': "Subcontractor"})
        self.service = self._new_product("Installation", 100.0, 60.0, stock=0)
        self.service.seller_ids = [Command.create({'partner_id': supplier.id, 'price': 60.0})]
        self.service.write({'type': 'service', 'service_to_purchase': True})

    def test_it_counts_from_the_confirmation_and_once(self):
        self._limit(1000)
        order = self._create_order(5, product_id=self.service.id)
        order.action_confirm()
        self.assertTrue(order.sudo().order_line.purchase_line_ids)
        self.assertExposure(500, to_deliver=500)
        order.sudo().order_line.qty_delivered = 5
        self._invoice(order)
        self.assertExposure(500, receivable=500)

    def _receive(self, order, amount):
        bank = self.env['account.journal'].search(
            [('type', '=', 'bank'), ('company_id', '=', self.company.id)], limit=1)
        self.env['account.payment'].create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': self.customer.id, 'amount': amount,
            'journal_id': bank.id, 'memo': order.name}).action_post()
        order.invalidate_recordset()

    def test_for_a_prepaid_order_it_is_bought_once_and_when_the_payment_has_come(self):
        self._switch(release='enforce')
        self._limit(None, self._grade('block', settlement_mode='prepay'))
        order = self._create_order(5, product_id=self.service.id)
        order.action_confirm()
        self.assertFalse(order.sudo().order_line.purchase_line_ids)
        self.assertIn("500.00", order.sudo().control_procurement_hold)
        order.sudo().order_line = [
            Command.create({'product_id': self.service.id, 'product_uom_qty': 1}),
            Command.create({'product_id': self.product.id, 'product_uom_qty': 2, 'price_unit': 100})]
        order.sudo().order_line[0].product_uom_qty = 6
        self.assertFalse(order.sudo().order_line.purchase_line_ids)
        self._receive(order, 600)
        self.assertFalse(order.sudo().order_line.purchase_line_ids)
        self._receive(order, 300)
        self.assertFalse(order.sudo().control_procurement_hold)
        self.assertEqual(order.sudo().order_line.purchase_line_ids.mapped('product_qty'), [6, 1])
        self.assertEqual(order.picking_ids.move_ids.mapped('product_uom_qty'), [2])
        self._receive(order, 5)
        self.assertEqual(len(order.sudo().order_line.purchase_line_ids), 2)

    def test_over_the_limit_nothing_is_bought(self):
        self._limit(100)
        order = self._create_order(5, product_id=self.service.id)
        with self.assertRaises(UserError):
            order.action_confirm()
        self.assertFalse(order.sudo().order_line.purchase_line_ids)


@tagged('post_install', '-at_install')
class TestCreditTimesheets(ModuleCase):
    """Hours that were worked have happened: they are owed at once, and refuse nobody."""

    def setUp(self):
        super().setUp()
        self._require('sale_timesheet')
        self.service = self._new_product("Consulting", 100.0, 60.0, stock=0)
        self.service.write({
            'type': 'service', 'service_policy': 'delivered_timesheet', 'service_tracking': 'task_global_project',
            'uom_id': self.env.ref('uom.product_uom_hour').id,
            'project_id': self.env['project.project'].create({'name': "Advice", 'allow_timesheets': True,
                                                              'allow_billable': True}).id})
        self._limit(1000)
        self.order = self._create_order(8, product_id=self.service.id)
        self.order.action_confirm()

    def _work(self, hours):
        task = self.order.sudo().order_line.task_id
        employee = self.env['hr.employee'].sudo().create({'name': "Consultant", 'hourly_cost': 30})
        self.env['account.analytic.line'].sudo().create({
            'name': "Advice", 'project_id': task.project_id.id, 'task_id': task.id, 'unit_amount': hours,
            'employee_id': employee.id, 'so_line': self.order.sudo().order_line.id})
        self.env.flush_all()

    def test_hours_beyond_the_order_are_owed_and_stop_what_comes_next(self):
        self.assertExposure(800, to_deliver=800)
        self._work(12)
        self.assertEqual(self.order.sudo().order_line.qty_delivered, 12)
        self.assertExposure(1200, to_invoice=1200)
        with self.assertRaisesRegex(UserError, "over the limit"):
            self._create_order(1).action_confirm()

    def test_hours_for_a_held_customer_are_recorded_and_owed(self):
        self.account.with_user(self.controller).action_hold("Cheque came back")
        self._work(3)
        self.assertExposure(800, to_invoice=300, to_deliver=500)
