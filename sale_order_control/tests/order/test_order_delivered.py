from contextlib import contextmanager

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.order.control_memory import event_happened
from .common import ControlCommon
from .test_order_gate import StubRule, issue


@tagged('post_install', '-at_install')
class TestOrderDelivered(ControlCommon):
    """A delivered quantity that somebody types is judged like goods that leave."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(completeness='enforce', release='enforce')
        cls.service = cls.env['product.product'].create({
            'name': "Advice", 'type': 'service', 'list_price': 50.0, 'invoice_policy': 'delivery',
            'taxes_id': [Command.clear()],
        })

    def setUp(self):
        super().setUp()
        self.rule = StubRule(self)

    @contextmanager
    def _refused(self, kind=UserError, reason="The stub does not like it"):
        with self.assertRaisesRegex(kind, reason), self.env.cr.savepoint():
            yield
        self.env.invalidate_all()

    def _confirmed(self):
        order = self._create_order(product_id=self.service.id, quantity=5)
        order.action_confirm()
        return order

    def _invoice_line(self):
        """A posted invoice line that has nothing to do with the order."""
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': self.customer.id, 'invoice_date': '2026-01-01',
            'invoice_line_ids': [Command.create({'product_id': self.service.id, 'quantity': 99, 'price_unit': 100})],
        })
        invoice.action_post()
        return invoice.invoice_line_ids

    def test_a_service_of_a_held_order_is_not_delivered(self):
        order = self._confirmed()
        self.rule.issues = [issue()]
        with self._refused():
            order.order_line.qty_delivered = 2
        with self._refused():
            order.write({'order_line': [Command.update(order.order_line.id, {'qty_delivered': 9})]})
        self.rule.issues = []
        order.order_line.qty_delivered = 4
        self.assertIn('released', order.sudo().control_log_ids.mapped('event'))
        self.rule.issues = [issue()]
        order.order_line.qty_delivered = 3

    def test_a_delivered_line_of_a_held_order_is_not_created(self):
        order = self._confirmed()
        values = {'order_id': order.id, 'product_id': self.service.id, 'product_uom_qty': 0}
        lines = order.order_line
        self.rule.issues = [issue()]
        with self._refused():
            lines.create({**values, 'qty_delivered': 5})
        with self._refused():
            lines.with_context(default_qty_delivered=5).create(values)
        lines.create(values)

    def test_a_quotation_is_not_delivered_past_its_confirmation(self):
        self._switch(release='off')
        order = self._create_order(product_id=self.service.id)
        self.rule.issues = [issue()]
        with self._refused():
            order.order_line.qty_delivered = 1
        with self._refused():
            self._create_order(product_id=self.service.id, qty_delivered=1)

    def test_less_than_nothing_is_delivered_to_nobody(self):
        order = self._confirmed()
        for attempt in (
            lambda: order.order_line.write({'qty_delivered': -5}),
            lambda: order.order_line.create({
                'order_id': order.id, 'product_id': self.service.id, 'product_uom_qty': 1, 'qty_delivered': -100}),
            lambda: order.order_line.with_context(skip_procurement=True).create({
                'order_id': order.id, 'product_id': self.product.id, 'product_uom_qty': 1, 'qty_delivered': -100}),
        ):
            with self._refused(reason="Less than nothing"):
                attempt()

    def test_a_service_taken_back_is_delivered_below_zero(self):
        order = self._create_order(product_id=self.service.id, quantity=-2)
        order.action_confirm()
        order.order_line.qty_delivered = -2
        self.assertEqual(order.order_line.qty_delivered, -2)

    def test_what_goods_and_odoo_compute_is_not_typed(self):
        order = self._create_order()
        order.action_confirm()
        for values in (
            {'qty_delivered': 1}, {'qty_delivered_method': 'manual'}, {'qty_invoiced': 99},
            {'untaxed_amount_to_invoice': 0.0}, {'price_total': 1.0}, {'invoice_lines': [Command.clear()]},
        ):
            with self._refused(AccessError, "cannot be written"):
                order.order_line.write(values)

    def test_figures_that_odoo_computes_are_not_forged_on_a_new_line(self):
        forged = {
            'price_total': 1.0, 'qty_invoiced': 99.0, 'invoice_status': 'invoiced', 'qty_delivered_method': 'manual',
        }
        order = self._create_order(quantity=3, invoice_lines=[Command.set(self._invoice_line().ids)], **forged)
        context = {f'default_{name}': value for name, value in forged.items()}
        line = order.order_line.with_context(**context).create(
            {'order_id': order.id, 'product_id': self.product.id, 'product_uom_qty': 3})
        for created in (order.order_line, line):
            self.assertEqual(created[:1].price_total, 300)
            self.assertFalse(created[:1].qty_invoiced)
            self.assertFalse(created[:1].sudo().invoice_lines)
            self.assertEqual(created[:1].qty_delivered_method, 'stock_move')

    def test_what_an_event_delivers_is_recorded(self):
        order = self._confirmed()
        self.rule.issues = [issue()]
        with event_happened(self.env):
            order.order_line.qty_delivered = 2
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertIn("Changed against the rules", order.sudo().activity_ids.mapped('summary'))

    def test_nothing_is_judged_while_all_is_off(self):
        self._switch(completeness='off', release='off')
        order = self._confirmed()
        self.rule.issues = [issue()]
        order.order_line.qty_delivered = -2
        self.assertFalse(order.sudo().control_log_ids)
