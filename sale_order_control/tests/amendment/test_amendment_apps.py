from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import AmendmentCommon

# ./dev test --install MODULES with this file; what is not installed is skipped.
APPS = 'delivery,sale_expense,sale_timesheet,sale_project_stock,sale_mrp,pos_sale'


@tagged('post_install', '-at_install')
class TestAmendmentApps(AmendmentCommon):
    """With amendments in force, what Odoo's other apps write on confirmed orders goes on and reports nobody."""

    def _needs(self, module):
        if not self.env['ir.module.module'].sudo().search_count([('name', '=', module), ('state', '=', 'installed')]):
            self.skipTest(f"Needs {module}: ./dev test --install {APPS}")

    def _check_untroubled(self, order):
        """Nothing was recorded as a way round, and nobody was called to look at it."""
        self.env.cr.flush()
        self.assertNotIn('amendment.change', order.sudo().control_log_ids.mapped('code'))
        self.assertNotIn(
            self.env.ref('sale_order_control.mail_activity_type_exception'),
            order.sudo().activity_ids.activity_type_id)

    def _reinvoiced(self, policy='cost', **values):
        product = self._new_product("Travel", 50.0, 20.0, stock=0.0)
        product.write({
            'type': 'service', 'is_storable': False, 'purchase_ok': True, 'expense_policy': policy,
            'invoice_policy': 'delivery', **values})
        return product

    def _entry(self, move_type, product, quantity, price, **line_values):
        return self.env['account.move'].create({
            'move_type': move_type, 'partner_id': self.customer.id, 'invoice_date': fields.Date.today(),
            'invoice_line_ids': [Command.create({
                'product_id': product.id, 'quantity': quantity, 'price_unit': price, 'tax_ids': [Command.clear()],
                **line_values})]})

    # === COSTS ===#

    def test_vendor_bills_are_invoiced_on(self):
        self._needs('sale_project')
        order = self._confirmed(10).sudo()
        project = self.env['project.project'].create({'name': "Works", 'allow_billable': True})
        project._create_analytic_account()
        order.project_id = project
        travel, flat = self._reinvoiced(), self._reinvoiced('sales_price')
        share = {'analytic_distribution': project._get_analytic_distribution()}
        bill = self._entry('in_invoice', travel, 3.0, 40.0, **share)
        bill.action_post()
        [line] = order.order_line.filtered('is_expense')
        self.assertEqual((line.product_uom_qty, line.price_unit, line.qty_delivered), (3.0, 40.0, 3.0))
        # The second bill at the sales price is put on the line of the first.
        for _number in range(2):
            self._entry('in_invoice', flat, 1.0, 10.0, **share).action_post()
        again = order.order_line.filtered(lambda line: line.product_id == flat)
        self.assertEqual((len(again), again.qty_delivered), (1, 2.0))
        bill.button_draft()
        bill.button_cancel()
        self.assertEqual(line.qty_delivered, 0.0)
        order._create_invoices().action_post()
        self._check_untroubled(order)
        # A salesperson's own change of such a line meets the rules of all others.
        with self.assertRaises(UserError):
            order.order_line.filtered(lambda line: line.product_id == self.product).with_user(
                self.salesperson).price_unit = 1.0

    def test_expenses_are_invoiced_on_and_taken_back(self):
        self._needs('sale_expense')
        order = self._confirmed(10).sudo()
        employee = self.env['hr.employee'].create({
            'name': "Traveller", 'work_contact_id': self.customer.id, 'user_id': self.salesperson.id})
        self.company.expense_journal_id = self.env['account.journal'].search(
            [('type', '=', 'purchase'), ('company_id', '=', self.company.id)], limit=1)
        expenses = self.env['hr.expense'].create([
            {'name': "Taxi", 'employee_id': employee.id, 'product_id': self._reinvoiced(can_be_expensed=True).id,
             'quantity': 2.0, 'total_amount_currency': 80.0, 'sale_order_id': order.id} for _number in range(2)])
        for expense in expenses:
            expense.action_submit()
            expense._do_approve()
            action = expense.action_post()
            self.env['hr.expense.post.wizard'].with_context(**action['context']).browse(
                action['res_id']).action_post_entry()
        lines = order.order_line.filtered('is_expense')
        self.assertEqual(sum(lines.mapped('product_uom_qty')), 4.0)
        expenses[0].account_move_id.button_draft()
        bill = expenses[1].account_move_id
        bill._reverse_moves([{'invoice_date': bill.date}], cancel=True)
        self.assertEqual(sum(lines.mapped('product_uom_qty')), 0.0)
        self._check_untroubled(order)

    def test_what_a_project_takes_from_stock_is_invoiced_on(self):
        self._needs('sale_project_stock')
        order = self._confirmed(10).sudo()
        project = self.env['project.project'].create({
            'name': "Works", 'allow_billable': True, 'reinvoiced_sale_order_id': order.id})
        project._create_analytic_account()
        used = self._new_product("Used Up", 30.0, 20.0)
        used.expense_policy = 'cost'
        warehouse = self.env['stock.warehouse'].search([('company_id', '=', self.company.id)], limit=1)
        kind = warehouse.out_type_id
        kind.analytic_costs = True
        picking = self.env['stock.picking'].create({
            'picking_type_id': kind.id, 'project_id': project.id, 'location_id': warehouse.lot_stock_id.id,
            'location_dest_id': self.env.ref('stock.stock_location_customers').id,
            'move_ids': [Command.create({
                'product_id': used.id, 'product_uom_qty': 4.0, 'location_id': warehouse.lot_stock_id.id,
                'location_dest_id': self.env.ref('stock.stock_location_customers').id})]})
        picking.action_confirm()
        picking.move_ids.write({'quantity': 4.0, 'picked': True})
        picking.button_validate()
        added = order.order_line.filtered(lambda line: line.product_id == used)
        self.assertEqual((picking.state, added.product_uom_qty), ('done', 4.0))
        self._check_untroubled(order)

    # === SERVICES ===#

    def test_more_hours_than_sold_are_an_upsell_and_the_rest_is_amended(self):
        self._needs('sale_timesheet')
        hours = self._new_product("Consulting", 80.0, 40.0, stock=0.0)
        hours.write({
            'type': 'service', 'is_storable': False, 'service_policy': 'ordered_prepaid', 'service_type': 'timesheet',
            'service_tracking': 'task_in_project', 'uom_id': self.env.ref('uom.product_uom_hour').id})
        order = self._confirmed(10, product_id=hours.id).sudo()
        employee = self.env['hr.employee'].create({'name': "Consultant", 'user_id': self.planner.id})
        self.env['account.analytic.line'].create({
            'name': "Work", 'employee_id': employee.id, 'unit_amount': 12.0, 'task_id': order.tasks_ids[:1].id,
            'project_id': order.tasks_ids[:1].project_id.id})
        order._create_invoices().action_post()
        self.assertEqual((order.order_line.qty_delivered, order.invoice_status), (12.0, 'upselling'))
        self._check_untroubled(order)
        self._amend(order.with_user(self.salesperson), 12)
        self.assertEqual((order.order_line.product_uom_qty, order.invoice_status), (12.0, 'to invoice'))
        # Another task is sold from the project; its line is a change like any other.
        with self.assertRaises(UserError):
            self.env['sale.order.line'].with_user(self.salesperson).create(
                {'order_id': order.id, 'product_id': hours.id})

    # === GOODS ===#

    def test_a_kit_is_amended_delivered_and_returned(self):
        self._needs('sale_mrp')
        kit = self._new_product("Kit", 100.0, 60.0, stock=0.0)
        kit.is_storable = False
        self.env['mrp.bom'].create({
            'product_tmpl_id': kit.product_tmpl_id.id, 'product_qty': 1.0, 'type': 'phantom', 'bom_line_ids': [
                Command.create({'product_id': self.product.id, 'product_qty': 2.0}),
                Command.create({'product_id': self.other_product.id, 'product_qty': 1.0})]})
        order = self._confirmed(5, product_id=kit.id)
        self._amend(order, 3)
        self.assertEqual(self._open_quantity(order), {self.product: 6.0, self.other_product: 3.0})
        picking = order.sudo().picking_ids.filtered(lambda picking: picking.state not in ('done', 'cancel'))
        for move in picking.move_ids:
            move.write({'quantity': move.product_uom_qty, 'picked': True})
        picking._action_done()
        self.assertEqual(order.order_line.qty_delivered, 3.0)
        with self.assertRaisesRegex(UserError, "delivered already"):
            self._amend(order, 2)
        self._check_untroubled(order)

    def test_what_is_made_for_the_order_is_named_and_told(self):
        self._needs('sale_mrp')
        routes = self.env.ref('stock.route_warehouse0_mto') | self.env.ref('mrp.route_warehouse0_manufacture')
        routes.active = True
        made = self._new_product("Made", 100.0, 60.0, stock=0.0)
        made.route_ids = routes
        self.env['mrp.bom'].create({'product_tmpl_id': made.product_tmpl_id.id, 'bom_line_ids': [
            Command.create({'product_id': self.product.id, 'product_qty': 2.0})]})
        order = self._confirmed(5, product_id=made.id)
        production = self.env['mrp.production'].search([('product_id', '=', made.id)])
        production.user_id = self.finance
        amendment = self._amend(order, 3, submit=False)
        self.assertEqual(
            amendment._get_impact()['supply'], [f"{production.display_name} ({self.finance.name})"])
        amendment.action_submit()
        [notice] = order.sudo().message_ids.filtered(lambda message: "Changed by AM/" in message.body)
        self.assertIn(self.finance.partner_id, notice.partner_ids)
        self._check_untroubled(order)

    def test_goods_are_exchanged(self):
        order = self._confirmed(10)
        picking = self._deliver(order, 10)
        returning = Form(self.env['stock.return.picking'].with_context(
            active_id=picking.id, active_model='stock.picking'))
        with returning.product_return_moves.edit(0) as row:
            row.quantity = 4.0
        back = self.env['stock.picking'].browse(returning.save().action_create_exchanges()['res_id'])
        back.move_ids.write({'quantity': 4.0, 'picked': True})
        back.button_validate()
        self.assertEqual(order.order_line.qty_delivered, 6.0)
        self.assertEqual(self._open_quantity(order), {self.product: 4.0})
        self._deliver(order, 4)
        self.assertEqual((order.order_line.qty_delivered, order.order_line.product_uom_qty), (10.0, 10.0))
        self._check_untroubled(order)

    def test_an_order_is_settled_at_the_counter(self):
        self._needs('pos_sale')
        order = self._confirmed(2).sudo()
        self.product.available_in_pos = True
        cash = self.env['pos.payment.method'].create({
            'name': "Counter Cash", 'journal_id': self.env['account.journal'].create({
                'name': "Counter Cash", 'type': 'cash', 'code': 'CTRC'}).id})
        config = self.env['pos.config'].create({'name': "Counter", 'payment_method_ids': [Command.set(cash.ids)]})
        config.open_ui()
        self.env['pos.order'].sync_from_ui([{
            'amount_paid': 200.0, 'amount_return': 0, 'amount_tax': 0, 'amount_total': 200.0,
            'date_order': fields.Datetime.to_string(fields.Datetime.now()),
            'fiscal_position_id': False, 'to_invoice': False, 'partner_id': order.partner_id.id,
            'session_id': config.current_session_id.id, 'user_id': self.env.uid, 'state': 'paid',
            'lines': [Command.create({
                'product_id': self.product.id, 'qty': 2, 'price_unit': 100.0, 'discount': 0, 'tax_ids': [],
                'price_subtotal': 200.0, 'price_subtotal_incl': 200.0, 'pack_lot_ids': [],
                'sale_order_line_id': order.order_line.id, 'sale_order_origin_id': order.id})],
            'payment_ids': [Command.create({
                'amount': 200.0, 'name': fields.Datetime.now(), 'payment_method_id': cash.id})]}])
        self.assertEqual((order.order_line.qty_delivered, order.order_line.qty_invoiced), (2.0, 2.0))
        self.assertFalse(self._open_quantity(order))
        self._check_untroubled(order)

    def test_shipping_is_charged_anew_and_goes_with_a_cancelled_order(self):
        self._needs('delivery')
        order = self._confirmed(10).sudo()
        vans = self.env['delivery.carrier'].create([
            {'name': name, 'delivery_type': 'fixed', 'fixed_price': price, 'product_id': self.env[
                'product.product'].create({'name': name, 'type': 'service', 'taxes_id': [Command.clear()]}).id}
            for name, price in (("Van", 20.0), ("Lorry", 30.0), ("Bicycle", 0.0))])
        order.set_delivery_line(vans[0], 20.0)
        order.with_user(self.salesperson).set_delivery_line(vans[1], 30.0)
        self.assertEqual(sum(order.order_line.filtered('is_delivery').mapped('price_unit')), 30.0)
        self._check_untroubled(order)
        with self.assertRaises(UserError):
            order.set_delivery_line(vans[2], 0.0)
            self.env.cr.flush()
        whole = self._amend(order.with_user(self.salesperson), scope='order', note="No money")
        self.assertEqual((whole.state, order.state), ('applied', 'cancel'))
