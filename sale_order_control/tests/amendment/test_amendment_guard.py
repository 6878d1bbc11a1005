from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.order.control_memory import event_happened
from .common import AmendmentCommon


@tagged('post_install', '-at_install')
class TestAmendmentGuard(AmendmentCommon):
    """In force, terms of a confirmed order change by an amendment only, and Odoo's own writes go on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._confirmed(10)
        cls.line = cls.order.order_line

    # === WAYS ROUND ===#

    def test_no_way_round_an_amendment(self):
        order, line = self.order, self.line
        for name, way in self._ways_round(order, line).items():
            with self.subTest(name), self.assertRaisesRegex(UserError, "amendment|Amend"), self.env.cr.savepoint():
                way()
        imported = order.load(
            ['.id', 'order_line/.id', 'order_line/price_unit'], [[str(order.id), str(line.id), '1.0']])
        self.assertIn("amendment", str(imported['messages']))
        order.action_lock()
        order.action_unlock()
        with self.assertRaises(UserError):
            line.product_uom_qty = 3
        self.assertEqual((line.product_uom_qty, line.price_unit, order.state), (10.0, 100.0, 'sale'))

    def _ways_round(self, order, line):
        """Return ``{name: callable}`` of what would change a confirmed order without an amendment."""
        other_company = self.env['res.company'].create({'name': "Without Control"})
        root = order.with_user(self.env.ref('base.user_root')).sudo()
        address = self.env['res.partner'].create({'name': "Gate 2", 'parent_id': self.customer.id})
        other = self.env['res.partner'].create({'name': "Somebody Else"})
        wizard = self.env['sale.order.discount'].with_user(self.salesperson).create({
            'sale_order_id': order.id, 'discount_type': 'sol_discount', 'discount_percentage': 0.1})
        automation = self.env['ir.actions.server'].create({
            'name': "Stub", 'model_id': self.env.ref('sale.model_sale_order').id, 'state': 'code',
            'code': "record.order_line.write({'product_uom_qty': 3})"})
        mass = self.env['sale.mass.cancel.orders'].with_user(self.salesperson).create(
            {'sale_order_ids': [Command.set(order.ids)]})
        return {
            'quantity up': lambda: line.write({'product_uom_qty': 11}),
            'quantity down': lambda: line.write({'product_uom_qty': 9}),
            'price': lambda: line.write({'price_unit': 120}),
            'discount': lambda: line.write({'discount': 5}),
            'discount wizard': wizard.action_apply_discount,
            'another line': lambda: order.write({'order_line': [Command.create({'product_id': self.product.id})]}),
            'another line directly': lambda: line.sudo().create({'order_id': order.id, 'product_id': self.product.id}),
            'a line that says it is a down payment': lambda: line.create({
                'order_id': order.id, 'product_id': self.product.id, 'is_downpayment': True}),
            'address': lambda: order.write({'partner_shipping_id': address.id}),
            'invoice address': lambda: order.write({'partner_invoice_id': address.id}),
            'payment terms': lambda: order.write({'payment_term_id': False}),
            'customer': lambda: order.write({'partner_id': other.id, 'partner_invoice_id': other.id}),
            'wanted day': lambda: order.write({'requested_date': '2031-01-01'}),
            'wanted day of a line': lambda: line.write({'requested_date': '2031-01-01'}),
            'full rights': lambda: root.order_line.write({'product_uom_qty': 3}),
            'context': lambda: line.with_context(
                control_amending=True, amending=True, force=True, skip_control=True).write({'product_uom_qty': 3}),
            'automation': automation.with_context(
                active_model='sale.order', active_id=order.id, active_ids=order.ids).run,
            'another company': lambda: order.sudo().write({
                'company_id': other_company.id, 'order_line': [Command.update(line.id, {'price_unit': 1.0})]}),
            'cancel': order.action_cancel,
            'mass cancel': mass.action_mass_cancel,
            'cancel by write': lambda: root.write({'state': 'cancel'}),
            'prices anew': lambda: (setattr(self.product, 'lst_price', 70.0), order.action_update_prices()),
        }

    def test_an_amendment_cannot_be_forged(self):
        amendment = self._amend(self.order, 9, submit=False)
        amendments = self.env['sale.amendment'].with_user(self.salesperson)
        for values in (
                {'state': 'approved'}, {'base_terms': {}}, {'base_revision': 5}, {'approval_state': 'approved'},
                {'change_amount': 0.0}, {'maker_ids': [Command.clear()]}, {'applied_revision': 3}):
            with self.assertRaises(AccessError, msg=str(values)):
                amendment.write(values)
        forged = amendments.with_context(default_state='approved').create(
            {'order_id': self.order.id, 'state': 'approved'})
        self.assertEqual(forged.state, 'draft')
        with self.assertRaises(UserError):
            amendment.action_apply()
        with self.assertRaises(AccessError):
            amendment.sudo()._apply()
        other = self._confirmed(5)
        with self.assertRaises(AccessError):
            amendment.write({'line_ids': [Command.create({
                'order_line_id': other.order_line.id, 'product_id': self.product.id})]})
        for act in (lambda records: records.write({'note': "-"}),
                    lambda records: records.line_ids.write({'product_uom_qty': 1.0}),
                    lambda records: records.line_ids.unlink()):
            with self.assertRaises(AccessError):
                act(amendment.with_user(self.planner))
        for act in ('action_submit', 'action_cancel', 'action_rebase'):
            with self.assertRaises(AccessError):
                getattr(amendment.with_user(self.other_salesperson), act)()
        with self.assertRaises(AccessError):
            amendments.with_user(self.other_salesperson).create({'order_id': self.order.id})
        with self.assertRaises(AccessError):
            self.order.write({'amendment_revision': 7})
        self._amend(self.order, 9)
        revision = self.order.sudo().revision_ids[:1]
        for act in (lambda: revision.write({'summary': "-"}), revision.unlink):
            with self.assertRaises(UserError):
                act()

    def test_bare_forms_show_nothing_of_others_orders(self):
        amendment = self._amend(self.order, 9, submit=False)
        with self.assertRaises(AccessError):
            self.env['sale.amendment'].with_user(self.other_salesperson).onchange(
                {'order_id': self.order.id}, [], {'amount_before': {}})
        rows = self.env['sale.amendment.line']
        spec = {'old_price': {}, 'floor': {}, 'price_unit': {}, 'amendment_id': {'fields': {'amount_before': {}}}}
        values = {'amendment_id': {'order_id': self.order.id}, 'order_line_id': self.line.id,
                  'product_id': self.product.id}
        shown = rows.with_user(self.salesperson).onchange(values, [], spec)['value']
        self.assertEqual((shown['old_price'], shown['price_unit']), (100.0, 100.0))
        with self.assertRaises(AccessError):
            rows.with_user(self.other_salesperson).onchange(values, [], spec)
        with self.assertRaises(AccessError):
            rows.with_user(self.other_salesperson).onchange(
                {'amendment_id': {'id': amendment.id, 'order_id': False}}, [], spec)
        own = self._confirmed(1, user=self.other_salesperson)
        own.sudo().user_id = self.other_salesperson
        self._deliver(self.order, 4)
        shown = rows.with_user(self.other_salesperson).onchange(
            {**values, 'amendment_id': {'order_id': own.id}}, [], spec)['value']
        self.assertEqual((shown['old_price'], shown['floor']), (0.0, 0.0))

    def test_who_typed_it_does_not_agree_to_it(self):
        self._amendment_policy()
        amendment = self._amend(self.order, 9, submit=False)
        amendment.with_user(self.sales_manager).line_ids.product_uom_qty = 2.0
        with self.assertRaisesRegex(UserError, "nobody who may approve"):
            amendment.action_submit()

    # === ODOO'S OWN WRITES ===#

    def test_delivering_more_invoicing_and_goods_the_warehouse_adds(self):
        order, line = self.order, self.line
        picking = order.sudo().picking_ids
        picking.move_ids.write({'quantity': 12, 'picked': True})
        self.env['stock.move'].create({
            'product_id': self.other_product.id, 'product_uom_qty': 2, 'quantity': 2, 'picked': True,
            'picking_id': picking.id, 'location_id': picking.location_id.id,
            'location_dest_id': picking.location_dest_id.id})
        picking._action_done()
        self.assertEqual(line.qty_delivered, 12.0)
        added = order.order_line - line
        self.assertEqual((added.product_uom_qty, added.qty_delivered), (0.0, 2.0))
        # Nobody ordered it: its price is set right on the invoice, not here.
        for values in ({'price_unit': 7.0}, {'discount': 90.0}):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                added.write(values)
        order.sudo()._create_invoices().action_post()
        self.assertEqual(line.qty_invoiced, 10.0)

    def test_down_payments_and_expenses_and_services(self):
        order = self.order
        self.env['sale.advance.payment.inv'].with_context(active_ids=order.ids).sudo().create({
            'advance_payment_method': 'percentage', 'amount': 20, 'sale_order_ids': order.ids}).create_invoices()
        self.assertTrue(order.order_line.filtered('is_downpayment'))
        expense = self.env['sale.order.line'].sudo().create({
            'order_id': order.id, 'product_id': self.other_product.id, 'product_uom_qty': 0.0, 'is_expense': True,
            'price_unit': 30.0, 'qty_delivered': 1.0})
        self.assertEqual(expense.qty_delivered, 1.0)
        # As vendor bills, expenses and transfers of a project do: what arises is invoiced on, and taken back.
        bought = self._new_product("Travel", 50.0, 20.0)
        bought.write({'purchase_ok': True, 'expense_policy': 'cost'})
        arisen, moved = self.env['sale.order.line'].sudo().create([
            {'order_id': order.id, 'product_id': bought.id, 'product_uom_qty': 2.0, 'price_unit': 30.0,
             'is_expense': expense} for expense in (True, False)])
        arisen.product_uom_qty = 0.0
        with self.assertRaises(UserError):
            moved.product_uom_qty = 5.0
        order.write({'order_line': [Command.create({'display_type': 'line_note', 'name': "Ring twice"})]})

    def test_taxes_by_fiscal_position_and_what_is_no_term(self):
        position = self.env['account.fiscal.position'].create({'name': "Abroad"})
        self.order.write({'fiscal_position_id': position.id, 'client_order_ref': "PO 7", 'note': "Thanks"})
        self.order.action_update_taxes()
        self.assertEqual(self.order.fiscal_position_id, position)

    def test_shipping_costs_are_charged_and_corrected_but_not_given_away(self):
        shipping = self.env['product.product'].create({
            'name': "Shipping", 'type': 'service', 'list_price': 20.0, 'taxes_id': [Command.clear()]})
        if 'delivery.carrier' in self.env:
            carrier = self.env['delivery.carrier'].create({
                'name': "Van", 'product_id': shipping.id, 'delivery_type': 'fixed', 'fixed_price': 20.0})
            self.order.set_delivery_line(carrier, 20.0)
        else:
            # Without delivery methods no product is one of shipping: stand in for that question alone.
            self.patch(self.registry['sale.order'], '_get_shipping_product_ids', lambda self, ids: {shipping.id} & ids)
            self.patch(self.registry['sale.order.line'], '_check_line_unlink', lambda lines: lines.browse())
            self.env['sale.order.line'].sudo().create({
                'order_id': self.order.id, 'product_id': shipping.id, 'price_unit': 20.0})
        charged = self.order.order_line - self.line
        charged.price_unit = 25.0
        self.assertEqual(charged.price_subtotal, 25.0)
        for values in ({'price_unit': -25.0}, {'price_unit': 0.0}, {'discount': 100.0}, {'product_uom_qty': 0.0}):
            with self.assertRaises(UserError, msg=str(values)), self.env.cr.savepoint():
                charged.write(values)
        # Deleting it is no way round; deleting it to charge it anew is how Odoo does it.
        with self.assertRaises(UserError):
            charged.unlink()
            self.env.cr.flush()
        charged.unlink()
        again = self.env['sale.order.line'].sudo().create({
            'order_id': self.order.id, 'product_id': shipping.id, 'price_unit': 20.0})
        self.env.cr.flush()
        self._amend(self.order, line=again, quantity=0.0)
        self.assertEqual(again.product_uom_qty, 0.0)

    def test_what_has_happened_already_is_recorded(self):
        with event_happened(self.env):
            self.order.sudo().order_line.product_uom_qty = 8
        self.assertEqual(self.line.product_uom_qty, 8.0)
        self.assertIn('amendment.change', self.order.sudo().control_log_ids.mapped('code'))
        self.assertEqual(self.order.amendment_revision, 1)
        self.assertTrue(self.order.sudo().activity_ids)

    # === OFF AND WARN ===#

    def test_off_there_is_nothing_and_warn_records(self):
        self._switch(amendment='off')
        self.assertFalse(self.order.can_amend)
        with self.assertRaisesRegex(UserError, "switched on"):
            self.order.action_amend()
        self.line.product_uom_qty = 9
        self.assertFalse(self.order.sudo().revision_ids)
        hidden = self._amend(self.order, 5, submit=False)
        with self.assertRaisesRegex(UserError, "switched on"):
            hidden.action_submit()
        self._switch(amendment='warn')
        self.line.product_uom_qty = 8
        self.assertEqual(self.order.sudo().revision_ids.mapped('number'), [1, 0])
        # Nobody said why: the order was not accurate.
        self.env.flush_all()
        accuracy = self.env['sale.order.accuracy'].browse(self.order.id)
        self.assertEqual((accuracy.accuracy, accuracy.changes, accuracy.unexplained), (0.0, 1, 1))
        log = self.order.sudo().control_log_ids.filtered(lambda entry: entry.code == 'amendment.change')
        self.assertEqual((log.effect, log.would), ('warn', 'block'))
        self.order.sudo().action_cancel()
        self.assertEqual(self.order.state, 'cancel')
