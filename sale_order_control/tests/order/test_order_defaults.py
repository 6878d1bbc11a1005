from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ControlCommon
from .test_order_gate import StubRule, issue


@tagged('post_install', '-at_install')
class TestOrderDefaults(ControlCommon):
    """A default value, which every user may set for oneself, says nothing about decisions and figures."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(completeness='enforce', release='enforce')
        cls.forged = {
            'invoice_status': 'invoiced', 'delivery_status': 'full', 'amount_total': 1.0, 'control_parked': True,
            'approval_state': 'approved', 'credit_state': 'released', 'promise_state': 'promised',
        }

    def _default(self, model, **values):
        """Let the salesperson set default values, as everybody may."""
        for name, value in values.items():
            self.env['ir.default'].with_user(self.salesperson).set(model, name, value, user_id=True)

    def _assert_genuine(self, order):
        order = order.sudo()
        self.assertEqual(
            (order.invoice_status, order.amount_total, order.control_parked), ('no', 100.0, False))
        self.assertFalse(order.delivery_status)
        self.assertEqual(
            (order.approval_state, order.credit_state, order.promise_state), ('none', 'none', 'none'))

    def test_users_defaults_forge_nothing_on_an_order(self):
        self._default('sale.order', **self.forged)
        self._assert_genuine(self._create_order())

    def test_context_forges_nothing_on_an_order(self):
        context = {f'default_{name}': value for name, value in self.forged.items()}
        order = self.env['sale.order'].with_user(self.salesperson).with_context(**context).create({
            'partner_id': self.customer.id, 'order_line': [Command.create({'product_id': self.product.id})]})
        self._assert_genuine(order)

    def test_values_forge_nothing_on_an_order(self):
        for name in ('invoice_status', 'delivery_status', 'amount_total'):
            order = self.env['sale.order'].with_user(self.salesperson).create({
                'partner_id': self.customer.id, name: self.forged[name],
                'order_line': [Command.create({'product_id': self.product.id})]})
            self._assert_genuine(order)
            with self.assertRaisesRegex(AccessError, "cannot be written"):
                order.write({name: self.forged[name]})

    def test_figures_are_not_forged_by_an_order_of_another_company(self):
        free = self.env['res.company'].create({'name': "Free Company"})
        self.salesperson.company_ids += free
        orders = self.env['sale.order'].with_user(self.salesperson).with_context(
            allowed_company_ids=[free.id, self.company.id])
        values = {'partner_id': self.customer.id, 'delivery_status': 'full', 'invoice_status': 'invoiced'}
        for order in (
            orders.create({**values, 'company_id': self.company.id}),
            orders.with_context(default_company_id=self.company.id).create(values),
        ):
            self.assertEqual(order.company_id, self.company)
            self.assertFalse(order.delivery_status)
            self.assertEqual(order.invoice_status, 'no')
        self._default('sale.order', company_id=self.company.id)
        order = orders.create(values)
        self.assertEqual(order.company_id, self.company)
        self.assertFalse(order.delivery_status)

    def test_users_defaults_forge_nothing_on_a_line(self):
        self._default(
            'sale.order.line', price_total=1.0, qty_invoiced=99.0, invoice_status='invoiced',
            qty_delivered_method='manual', control_procurement_held=True)
        line = self._create_order(quantity=3).order_line
        self.assertEqual((line.price_total, line.qty_invoiced, line.qty_delivered_method), (300, 0, 'stock_move'))
        self.assertFalse(line.control_procurement_held)

    def test_a_default_of_delivered_quantity_is_judged(self):
        service = self.env['product.product'].create({'name': "Advice", 'type': 'service'})
        order = self._create_order()
        order.action_confirm()
        self._default('sale.order.line', qty_delivered=5.0)
        StubRule(self, issue())
        with self.assertRaisesRegex(UserError, "The stub does not like it"):
            order.order_line.create({'order_id': order.id, 'product_id': service.id, 'product_uom_qty': 0})

    def test_users_defaults_do_not_say_for_whom_a_move_was_made(self):
        storekeeper = new_test_user(
            self.env, 'soc_storekeeper', groups='base.group_user,stock.group_stock_manager', company_id=self.company.id)
        order, other = self._create_order(), self._create_order()
        order.action_confirm()
        move = order.sudo().picking_ids.move_ids.with_user(storekeeper)
        self.env['ir.default'].with_user(storekeeper).set(
            'stock.move', 'control_line_id', other.order_line.id, user_id=True)
        planted = move.copy({'sale_line_id': order.order_line.id})
        self.assertEqual(planted.control_line_id, order.order_line)
