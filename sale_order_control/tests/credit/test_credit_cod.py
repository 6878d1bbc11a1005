from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditCashOnDelivery(CreditCommon):
    """What the driver collects for each shipment, worked out by hand, and who collected it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._limit(None, cls._grade('block', settlement_mode='cod'))
        cls.stock_user = cls._new_user('soc_stock', 'stock.group_stock_user')
        cls.freight = cls.env['product.product'].create({
            'name': "Freight", 'type': 'service', 'list_price': 50, 'taxes_id': [Command.clear()]})

    def _order(self, quantity=10, freight=False, **values):
        order = self._create_order(quantity, tax_ids=[Command.set(self.tax.ids)], **values)
        if freight:
            order.order_line = [Command.create({'product_id': self.freight.id, 'price_unit': 50})]
        order.action_confirm()
        return order

    def _due(self, picking):
        picking.invalidate_recordset(['cod_amount', 'cod_collected'])
        return picking.with_user(self.stock_user).cod_amount

    def _collect(self, picking, amount, user=None, note=None):
        picking.with_user(user or self.stock_user).action_record_collection(amount, note)

    def test_the_transfer_says_what_to_collect_with_taxes_and_freight(self):
        order = self._order(freight=True)
        # 10 x 100 + 10 % + freight 50
        self.assertEqual(self._due(order.picking_ids), 1150)
        self.assertEqual(order.picking_ids.cod_currency_id, order.currency_id)

    def test_each_shipment_collects_its_share_and_the_last_one_the_rest(self):
        order = self._order(3, price_unit=33.33)
        # 99.99 + 10.00 tax = 109.99
        first = self._deliver(order, 1)
        self.assertEqual(self._due(first), 36.66)
        self._collect(first, 36.66)
        self.assertEqual(self._due(first), 0)
        second = order.picking_ids - first
        self.assertEqual(self._due(second), 73.33)

    def test_what_was_paid_before_is_not_collected_again(self):
        order = self._order(10)
        self._pay(self._down_payment(order, 300))
        first = self._deliver(order, 4)
        # 440 of 1,100 delivered, 300 paid
        self.assertEqual(self._due(first), 140)
        self._collect(first, 140)
        second = order.picking_ids - first
        self.assertEqual(self._due(second), 660)

    def test_booking_the_collected_cash_counts_it_once(self):
        order = self._order(10)
        first = self._deliver(order, 4)
        self._collect(first, 440)
        self._pay(self._down_payment(order, 440))
        self.assertEqual(self._due(order.picking_ids - first), 660)

    def test_what_one_driver_did_not_get_the_next_one_collects(self):
        order = self._order(10)
        first = self._deliver(order, 4)
        self._collect(first, 400, note="They had no more")
        self.assertEqual(self._due(order.picking_ids - first), 700)

    def test_the_record_says_who_and_tells_finance(self):
        order = self._order(10)
        self._collect(order.picking_ids, 1000)
        record = order.sudo().credit_collection_ids
        self.assertEqual((record.user_id, record.amount, record.currency_id),
                         (self.stock_user, 1000, order.currency_id))
        message = order.message_ids[:1]
        self.assertIn("1,000.00", message.body)
        self.assertTrue(message.partner_ids)
        self.assertTrue(message.subtype_id.internal)
        self.assertEqual(order.picking_ids.cod_collected, 1000)

    def test_other_orders_and_credit_switched_off_collect_nothing(self):
        order = self._order()
        order.with_user(self.salesperson).settlement_mode = 'prepay'
        self.assertEqual(self._due(order.picking_ids), 0)
        other = self._order()
        self._switch(credit='off')
        self.assertEqual(self._due(other.picking_ids), 0)
        with self.assertRaisesRegex(UserError, "no delivery against cash"):
            self._collect(other.picking_ids, 5)

    def test_the_delivery_slip_prints_the_amount(self):
        order = self._order()

        def render():
            report = self.env['ir.actions.report']
            return report._render_qweb_html('stock.action_report_delivery', order.picking_ids.ids)[0].decode()
        self.assertIn("1,100.00", render())
        self._collect(order.picking_ids, 1100)
        self.assertNotIn("1,100.00", render())

    def test_wrong_amounts_are_refused_and_a_mistake_is_taken_back_by_a_controller(self):
        picking = self._order().picking_ids
        for amount in (0, -5, 1100.01):
            with self.assertRaises(UserError):
                self._collect(picking, amount)
        self._collect(picking, 1100)
        with self.assertRaises(UserError):
            self._collect(picking, -1100, self.controller)
        with self.assertRaises(UserError):
            self._collect(picking, -1200, self.controller, "Too much")
        self._collect(picking, -1100, self.controller, "Booked on the wrong delivery")
        self.assertEqual(self._due(picking), 1100)

    def test_facts_stay_and_only_the_warehouse_records(self):
        order = self._order()
        picking = order.picking_ids
        for user in (self.salesperson, self.env.ref('base.user_root')):
            with self.assertRaises(AccessError):
                self._collect(picking, 10, user)
        self._collect(picking, 10)
        record = order.sudo().credit_collection_ids
        made = self.env['credit.collection'].with_user(self.stock_user)
        for act in (
            lambda: record.write({'amount': 5}), record.unlink, lambda: made.create({'picking_id': picking.id}),
        ):
            with self.assertRaises(UserError):
                act()
        with self.assertRaises(AccessError):
            order.write({'credit_collection_ids': [Command.clear()]})

    def test_the_wizard_proposes_the_amount(self):
        picking = self._order().picking_ids
        wizard = self.env['credit.collect'].with_user(self.stock_user).with_context(
            active_model='stock.picking', active_id=picking.id).create({})
        self.assertEqual(wizard.amount, 1100)
        wizard.action_record()
        self.assertEqual(self._due(picking), 0)

    def test_a_list_of_transfers_costs_the_queries_of_one(self):
        pickings = self.env['stock.picking'].union(*[self._order(1).picking_ids for _n in range(10)])
        counts = []
        for some in (pickings[:1], pickings[:2], pickings):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_user(self.stock_user).read(['cod_amount'])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1], counts)
