from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from ...hooks import uninstall_hook
from ...models.order.control_memory import control_today
from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditExposure(CreditCommon):
    """Every unit counts once from the order to the payment; figures are worked out by hand."""

    def test_an_order_counts_once_on_its_way_to_the_payment(self):
        order = self._confirmed(10)
        self.assertExposure(1000, to_deliver=1000)
        self._deliver(order, 4)
        self.assertExposure(1000, to_invoice=400, to_deliver=600)
        invoice = self._invoice(order, post=False)
        self.assertExposure(1000, draft_invoiced=1000, to_invoice=0, to_deliver=0)
        invoice.action_post()
        self.assertExposure(1000, receivable=1000, draft_invoiced=0)
        self._deliver(order, 6)
        self.assertExposure(1000, receivable=1000)
        self._pay(invoice, 300)
        self.assertExposure(700, receivable=700)
        self._pay(invoice)
        self.assertExposure(0)

    def test_a_quotation_is_no_exposure(self):
        self._create_order(10)
        self.assertExposure(0)

    def test_a_product_invoiced_on_delivery_counts_before_it_is_delivered(self):
        order = self._confirmed(10, self.delivered_product)
        self.assertExposure(1000, to_deliver=1000)
        self._deliver(order, 4)
        self.assertExposure(1000, to_invoice=400, to_deliver=600)
        self._invoice(order)
        self.assertExposure(1000, receivable=400, to_deliver=600)

    def test_taxes_and_discounts_count(self):
        # 10 x 100 less 20 % = 800, plus 10 % tax = 880
        self._confirmed(10, tax_ids=[Command.set(self.tax.ids)], discount=20.0)
        self.assertExposure(880)

    def test_a_negative_line_lowers_its_own_order_only(self):
        order = self._create_order(10)
        order.order_line = [
            Command.create(
                {
                    'product_id': self._new_service().id,
                    'product_uom_qty': 1,
                    'price_unit': -150.0,
                    'tax_ids': [Command.clear()],
                }
            )
        ]
        self._confirmed(order=order)
        self.assertExposure(850)
        self._confirmed(-50)
        self.assertExposure(850)

    def _new_service(self, policy='order'):
        return self.env['product.product'].create(
            {
                'name': "Service",
                'type': 'service',
                'list_price': 100.0,
                'invoice_policy': policy,
                'taxes_id': [Command.clear()],
            }
        )

    def test_a_service_counts_until_it_is_invoiced(self):
        order = self._confirmed(3, self._new_service('delivery'))
        self.assertExposure(300, to_deliver=300)
        order.order_line.qty_delivered = 5
        self.assertExposure(500, to_invoice=500)
        self._invoice(order)
        self.assertExposure(500, receivable=500)

    # === DOWN PAYMENTS ===#

    def test_a_down_payment_is_part_of_the_order_not_on_top_of_it(self):
        order = self._confirmed(10)
        invoice = self._down_payment(order, 300, post=False)
        self.assertExposure(1000, draft_invoiced=300, to_deliver=700)
        invoice.action_post()
        self.assertExposure(1000, receivable=300, to_deliver=700)
        self._pay(invoice)
        self.assertExposure(700, to_deliver=700)
        final = self._invoice(order, post=False)
        self.assertExposure(700, draft_invoiced=700)
        final.action_post()
        self.assertExposure(700, receivable=700)

    def test_what_was_paid_in_advance_nets_below_zero(self):
        order = self._confirmed(10)
        self._pay(self._down_payment(order, 300))
        order.picking_ids.action_cancel()
        self.assertExposure(-300)
        self._loose_invoice(500)
        self.assertExposure(200)

    def test_goods_cannot_be_declared_a_down_payment(self):
        order = self._confirmed(10)
        with self.assertRaises(ValidationError):
            order.order_line.sudo().is_downpayment = True
        with self.assertRaises(ValidationError):
            order.sudo().order_line = [Command.create({
                'product_id': self.product.id, 'product_uom_qty': 1, 'price_unit': 0.0, 'is_downpayment': True})]
        self._switch(credit='off')
        order.order_line.sudo().is_downpayment = True
        self.assertExposure(1000)

    # === TRANSFERS ===#

    def test_a_dropped_backorder_ends_what_was_not_delivered(self):
        for product in (self.product, self.delivered_product):
            order = self._confirmed(10, product)
            self._deliver(order, 4, backorder=False)
        self.assertExposure(800, to_invoice=800)

    def test_a_cancelled_transfer_ends_what_was_not_delivered(self):
        order = self._confirmed(10)
        order.picking_ids.action_cancel()
        self.assertExposure(0)

    def test_a_cancelled_order_ends(self):
        order = self._confirmed(10)
        order._action_cancel()
        self.assertExposure(0)

    def test_a_kept_backorder_still_counts(self):
        order = self._confirmed(10, self.delivered_product)
        self._deliver(order, 4)
        self._invoice(order)
        self.assertExposure(1000, receivable=400, to_deliver=600)

    def test_what_no_transfer_was_made_for_counts_too(self):
        order = self._confirmed(10)
        self._switch(credit='off')
        order.order_line.with_context(skip_procurement=True).product_uom_qty = 15
        self._switch(credit='enforce')
        self.assertEqual(order.order_line.move_ids.product_uom_qty, 10)
        self.assertExposure(1500, to_deliver=1500)

    def test_a_product_that_the_warehouse_added_counts_with_its_tax(self):
        order = self._confirmed(1)
        self.delivered_product.taxes_id = self.tax
        picking = order.picking_ids
        self.env['stock.move'].create(
            {
                'product_id': self.delivered_product.id,
                'product_uom_qty': 2,
                'product_uom': self.delivered_product.uom_id.id,
                'picking_id': picking.id,
                'location_id': picking.location_id.id,
                'location_dest_id': picking.location_dest_id.id,
            }
        )
        picking.action_assign()
        for move in picking.move_ids:
            move.write({'quantity': move.product_uom_qty, 'picked': True})
        picking._action_done()
        added = order.order_line.filtered(lambda line: line.product_id == self.delivered_product)
        self.assertEqual((added.product_uom_qty, added.qty_delivered), (0, 2))
        # 1 x 100 delivered, 2 x 100 plus 10 % added
        self.assertExposure(320, to_invoice=320)

    def test_two_step_delivery_counts_each_unit_once(self):
        warehouse = self.env['stock.warehouse'].search([('company_id', '=', self.company.id)], limit=1)
        warehouse.delivery_steps = 'pick_ship'
        order = self._confirmed(10)
        self.assertExposure(1000, to_deliver=1000)
        self._deliver(order, 4)
        self.assertExposure(1000, to_deliver=1000)
        ship = order.picking_ids.filtered(
            lambda picking: picking.state == 'assigned' and picking.location_dest_id.usage == 'customer')
        ship.move_ids.write({'quantity': 4, 'picked': True})
        ship._action_done()
        self.assertExposure(1000, to_invoice=400, to_deliver=600)

    def test_another_unit_of_measure_counts_right(self):
        order = self._confirmed(2, product_uom_id=self.env.ref('uom.product_uom_dozen').id, price_unit=1200.0)
        self.assertExposure(2400)
        # The transfer counts units.
        self._deliver(order, 12)
        self.assertExposure(2400, to_invoice=1200, to_deliver=1200)

    # === RETURNS AND CREDIT NOTES ===#

    def test_returned_goods_stop_counting_before_they_are_invoiced(self):
        order = self._confirmed(10, self.delivered_product)
        picking = self._deliver(order, 10)
        self._return(picking, 3)
        self.assertExposure(700, to_invoice=700)

    def test_returned_goods_stop_counting_once_at_the_credit_note(self):
        order = self._confirmed(10)
        picking = self._deliver(order, 10)
        invoice = self._invoice(order)
        self._return(picking, 3)
        self.assertExposure(1000)
        self._credit_note(invoice, 3)
        self.assertExposure(700)

    def test_a_credit_note_before_the_return_counts_once_too(self):
        order = self._confirmed(10)
        picking = self._deliver(order, 10)
        self._credit_note(self._invoice(order), 3)
        self.assertExposure(700)
        self._return(picking, 3)
        self.assertExposure(700)

    def test_a_price_allowance_lowers_for_good(self):
        order = self._confirmed(10)
        self._deliver(order, 10)
        note = self._credit_note(self._invoice(order), post=False)
        note.invoice_line_ids.price_unit = 10.0
        note.action_post()
        # Odoo has the whole quantity to invoice again; the customer kept the goods at 90 each.
        self.assertEqual(order.order_line.qty_to_invoice, 10)
        self.assertExposure(900, receivable=900)

    def test_a_draft_credit_note_does_not_count(self):
        order = self._confirmed(10)
        self._deliver(order, 10)
        self._credit_note(self._invoice(order), 3, post=False)
        self.assertExposure(1000)

    def test_a_wholly_reversed_invoice_is_to_be_invoiced_again(self):
        order = self._confirmed(10)
        self._deliver(order, 10)
        invoice = self._invoice(order)
        self._credit_note(invoice)
        self.assertEqual(invoice.payment_state, 'reversed')
        self.assertExposure(1000, receivable=0, to_invoice=1000)

    def test_goods_sent_again_after_return_and_credit_count_again(self):
        order = self._confirmed(10)
        picking = self._deliver(order, 10)
        self._credit_note(self._invoice(order), 3)
        back = self._return(picking, 3)
        self.assertExposure(700)
        self._return(back, 3)
        self.assertExposure(1000, receivable=700, to_invoice=300)

    # === PARTIES, COMPANIES, CURRENCIES ===#

    def test_the_invoiced_customer_owes_not_the_one_who_ordered(self):
        payer = self.env['res.partner'].create({'name': "Payer", 'is_company': True})
        order = self._create_order(10)
        order.partner_invoice_id = payer
        self._confirmed(order=order)
        self.assertExposure(0)
        self.assertExposure(1000, payer)

    def test_contacts_of_a_customer_count_with_it(self):
        contact = self.env['res.partner'].create(
            {'name': "Accounts Payable", 'parent_id': self.customer.id, 'type': 'invoice'}
        )
        self._confirmed(10, order=self._create_order(10, partner=contact))
        self._loose_invoice(500, partner=contact)
        self.assertExposure(1500)
        self.assertEqual(self._exposure(contact).total, 1500)

    def test_branches_count_with_their_root_and_other_companies_do_not(self):
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        other = self.env['res.company'].create({'name': "Other", 'currency_id': self.company.currency_id.id})
        for company in (branch, other):
            self.env['stock.quant'].sudo().with_company(company)
            order = self.env['sale.order'].with_company(company).create({
                'partner_id': self.customer.id, 'company_id': company.id,
                'order_line': [Command.create({'product_id': self._new_service().id, 'product_uom_qty': 2})]})
            order.action_confirm()
        self.assertExposure(200)
        self.assertEqual(self.accounts._get_exposure(self.customer, branch)[self.customer.id].total, 200)
        self.assertEqual(self.accounts._for_partners(self.customer, branch), self.account)

    def test_open_orders_in_foreign_currency_count_at_the_rate_of_the_day_asked_for(self):
        currency = self.env['res.currency'].create({'name': 'XCR', 'symbol': 'X', 'rounding': 0.01})
        today = fields.Date.today()
        for date, rate in ((today - timedelta(days=10), 2.0), (today, 4.0)):
            self.env['res.currency.rate'].create({
                'currency_id': currency.id, 'company_id': self.company.id, 'name': date, 'rate': rate})
        pricelist = self.env['product.pricelist'].create({'name': "X", 'currency_id': currency.id})
        order = self._create_order(10, price_unit=100.0)
        order.pricelist_id = pricelist
        order.order_line.price_unit = 100.0
        self._confirmed(order=order)
        # 1000 X at 4 X per unit of the company's currency
        self.assertExposure(250)
        with control_today(self.env, today - timedelta(days=5)):
            self.assertExposure(500)

    def test_loose_payments_and_credit_notes_net(self):
        self._loose_invoice(1000)
        self.env['account.payment'].create(
            {
                'payment_type': 'inbound',
                'partner_type': 'customer',
                'partner_id': self.customer.id,
                'amount': 400,
                'journal_id': self.env['account.journal']
                .search([('type', '=', 'bank'), ('company_id', '=', self.company.id)], limit=1)
                .id,
            }
        ).action_post()
        self.assertExposure(600, receivable=600)

    def test_draft_invoices_without_order_count_and_draft_refunds_do_not(self):
        self._loose_invoice(400, post=False)
        self._loose_invoice(100, post=False, move_type='out_refund')
        self.assertExposure(400, draft_invoiced=400)

    # === ORDERS APART, OVERDUE, COST ===#

    def test_orders_can_be_left_out_but_not_what_is_invoiced_of_them(self):
        order = self._confirmed(10, self.delivered_product)
        self._confirmed(2)
        self._deliver(order, 4)
        self._invoice(order)
        self.assertEqual(self._exposure().total, 1200)
        self.assertEqual(self._exposure(exclude_orders=order).total, 600)
        position = self.accounts._read_positions(self.customer, self.company, order)[self.customer.id]
        self.assertEqual(position.orders, {order.id: 600})

    def test_overdue_is_what_payments_do_not_cover_oldest_first(self):
        today = fields.Date.today()
        self._loose_invoice(100, due=today - timedelta(days=40))
        self._loose_invoice(200, due=today - timedelta(days=20))
        self._loose_invoice(300, due=today + timedelta(days=10))
        self.assertEqual((self.account.overdue_amount, self.account.overdue_days), (300, 40))
        self._loose_invoice(150, move_type='out_refund')
        self.account.invalidate_recordset()
        self.assertEqual((self.account.overdue_amount, self.account.overdue_days), (150, 20))
        with control_today(self.env, today - timedelta(days=30)):
            self.account.invalidate_recordset()
            self.assertEqual(self.account.overdue_amount, 0)
        with control_today(self.env, today + timedelta(days=15)):
            self.account.invalidate_recordset()
            self.assertEqual((self.account.overdue_amount, self.account.overdue_days), (450, 35))

    def test_one_statement_reads_any_number_of_customers(self):
        partners = self.env['res.partner'].create([{'name': f"Customer {n}"} for n in range(20)])
        self._confirmed(1)
        self.env.flush_all()
        for some in (partners[:1], partners):
            some.commercial_partner_id.mapped('name')
            with self.assertQueryCount(1):
                self.accounts._read_positions(some, self.company)

    def test_no_function_is_left_behind(self):
        names = "SELECT COUNT(*) FROM pg_proc WHERE proname ~ '^sale_order_control'"
        self.assertTrue(self.env.execute_query(SQL(names))[0][0])
        uninstall_hook(self.env)
        self.assertEqual(self.env.execute_query(SQL(names)), [(0,)])

    def test_odoos_own_figures_are_not_an_exposure(self):
        self.company.account_use_credit_limit = True
        order = self._confirmed(10)
        self._down_payment(order, 300)
        self._confirmed(10, self.delivered_product)
        customer = self.customer.sudo()
        customer.invalidate_recordset()
        self.assertEqual(customer.credit + customer.credit_to_invoice, 1300)
        self.assertExposure(2000)
