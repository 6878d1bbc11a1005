from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ControlCommon
from .test_order_gate import StubRule, issue


@tagged('post_install', '-at_install')
class TestOrderCounter(ControlCommon):
    """Where goods or money changed hands already, a held order is parked and never refused."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(completeness='enforce')

    def setUp(self):
        super().setUp()
        self.rule = StubRule(self, issue())
        self.order = self._create_order().sudo()

    def test_a_payment_on_delivery_that_a_job_processes_parks(self):
        provider = self.env['payment.provider'].create({'name': "On Delivery", 'code': 'none'})
        method = self.env['payment.method'].with_context(active_test=False).search([], limit=1)
        self.env['payment.transaction'].create({
            'provider_id': provider.id, 'payment_method_id': method.id, 'amount': self.order.amount_total,
            'currency_id': self.order.currency_id.id, 'partner_id': self.customer.id, 'state': 'pending',
            'reference': "counter", 'sale_order_ids': [Command.set(self.order.ids)],
        })
        with self.assertRaises(UserError):
            self.order.with_user(self.salesperson).action_confirm()
        self.order.with_user(self.env.ref('base.user_root')).action_confirm()
        self.assertTrue(self.order.control_parked)
        self.assertEqual(self.order.state, 'draft')

    def test_a_job_without_a_payment_is_refused(self):
        with self.assertRaises(UserError):
            self.order.with_user(self.env.ref('base.user_root')).action_confirm()


@tagged('post_install', '-at_install')
class TestOrderPointOfSale(ControlCommon):
    """Needs the module pos_sale: ``./dev test --install pos_sale`` with this file."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(completeness='enforce')

    def _sell_at_the_counter(self, order):
        """Settle a quotation at the point of sale, as the client of the cashier does it."""
        product = order.order_line.product_id
        product.available_in_pos = True
        cash = self.env['pos.payment.method'].create({
            'name': "Counter Cash", 'journal_id': self.env['account.journal'].create({
                'name': "Counter Cash", 'type': 'cash', 'code': 'CTRC'}).id,
        })
        config = self.env['pos.config'].create({'name': "Counter", 'payment_method_ids': [Command.set(cash.ids)]})
        config.open_ui()
        amount = order.amount_total
        return self.env['pos.order'].sync_from_ui([{
            'amount_paid': amount, 'amount_return': 0, 'amount_tax': 0, 'amount_total': amount,
            'date_order': fields.Datetime.to_string(fields.Datetime.now()),
            'fiscal_position_id': False, 'to_invoice': False, 'partner_id': order.partner_id.id,
            'session_id': config.current_session_id.id, 'user_id': self.env.uid, 'state': 'paid',
            'lines': [Command.create({
                'product_id': product.id, 'qty': 1, 'price_unit': amount, 'discount': 0, 'tax_ids': [],
                'price_subtotal': amount, 'price_subtotal_incl': amount, 'pack_lot_ids': [],
                'sale_order_line_id': order.order_line.id, 'sale_order_origin_id': order.id,
            })],
            'payment_ids': [Command.create({
                'amount': amount, 'name': fields.Datetime.now(), 'payment_method_id': cash.id})],
        }])

    def test_a_held_quotation_settled_at_the_counter_is_parked_and_the_sale_stands(self):
        if 'pos.order' not in self.env or 'pos_order_line_ids' not in self.env['sale.order']._fields:
            self.skipTest("pos_sale is not installed")
        StubRule(self, issue())
        order = self._create_order().sudo()
        self._sell_at_the_counter(order)
        self.assertTrue(order.pos_order_line_ids.order_id.filtered(lambda sold: sold.state in ('paid', 'done')))
        self.assertTrue(order.control_parked)
        self.assertEqual(order.state, 'draft')
        self.assertIn("on hold", order.activity_ids[:1].summary)

    def test_a_clean_quotation_settled_at_the_counter_is_confirmed(self):
        if 'pos.order' not in self.env or 'pos_order_line_ids' not in self.env['sale.order']._fields:
            self.skipTest("pos_sale is not installed")
        order = self._create_order().sudo()
        self._sell_at_the_counter(order)
        self.assertEqual(order.state, 'sale')
