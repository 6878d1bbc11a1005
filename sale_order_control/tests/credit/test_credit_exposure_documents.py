from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .exposure_common import ExposureCommon


@tagged('post_install', '-at_install')
class TestCreditExposureDocuments(ExposureCommon):
    """Orders, transfers, invoices and payments in every state; Odoo's own figure or a line sum is wrong in each."""

    # === DOWN PAYMENTS ===#

    def test_a_down_payment_in_percent_with_tax_is_inside_the_order(self):
        # 10 x 100 + 10 % = 1100; 30 % in advance = 330 invoiced, 770 to come. Odoo adds the advance on top.
        order = self._confirmed(10, tax_ids=[Command.set(self.tax.ids)])
        wizard = self.env['sale.advance.payment.inv'].sudo().create({
            'sale_order_ids': [Command.set(order.ids)], 'advance_payment_method': 'percentage', 'amount': 30})
        wizard._create_invoices(order.sudo()).action_post()
        self.assertOnlyOurs(1100, native=1430, receivable=330, to_deliver=770)

    def test_two_down_payments_and_a_first_delivery(self):
        # 1000 ordered; 300 paid, 200 posted in advance; 4 delivered and not yet invoiced:
        # 200 receivable + 1000 - 500 in advance = 700.
        order = self._confirmed(10, self.delivered_product)
        self._pay(self._down_payment(order, 300))
        self._down_payment(order, 200)
        self._deliver(order, 4)
        self.assertOnlyOurs(700, native=600, naive=1200, receivable=200, to_invoice=400, to_deliver=100)

    def test_a_credited_down_payment_gives_the_whole_order_back(self):
        # The advance of 300 was credited in full: again 1000 to come, nothing receivable.
        order = self._confirmed(10)
        self._credit_note(self._down_payment(order, 300))
        self.assertExposure(1000, receivable=0, to_deliver=1000)

    def test_a_down_payment_of_a_cancelled_order_is_the_customers_money(self):
        # Nothing will be delivered for the 300 that were paid: the company owes them.
        order = self._confirmed(10)
        self._pay(self._down_payment(order, 300))
        self._cancel(order)
        self.assertOnlyOurs(-300, native=0, naive=0)

    def test_an_unpaid_down_payment_of_a_cancelled_order_is_worth_nothing(self):
        # 300 receivable for goods that never come; the credit note is only a matter of time.
        order = self._confirmed(10)
        invoice = self._down_payment(order, 300)
        self._cancel(order)
        self.assertOnlyOurs(0, native=300, naive=300, receivable=300)
        self._credit_note(invoice)
        self.assertExposure(0, receivable=0)

    # === INVOICES ===#

    def test_a_draft_invoice_counts_once(self):
        # 10 on a draft invoice: neither a receivable nor, for Odoo's line figures, open any more.
        order = self._confirmed(10)
        self._invoice(order, post=False)
        self.assertOnlyOurs(1000, naive=0, draft_invoiced=1000, to_deliver=0)

    def test_a_draft_invoice_at_another_price_counts_what_it_says(self):
        # Invoiced at 90 instead of 100, not posted: 900 will be owed, not 1000.
        order = self._confirmed(10)
        invoice = self._invoice(order, post=False)
        invoice.invoice_line_ids.price_unit = 90
        self.assertOnlyOurs(900, native=1000, draft_invoiced=900)

    def test_partly_delivered_partly_invoiced_partly_refunded(self):
        # 10 ordered, 6 delivered, 6 invoiced, 2 of them returned and credited: 400 owed, 4 x 100 to come.
        order = self._confirmed(10, self.delivered_product)
        picking = self._deliver(order, 6)
        invoice = self._invoice(order)
        self._return(picking, 2)
        self._credit_note(invoice, 2)
        self.assertOnlyOurs(800, native=400, naive=1000, receivable=400, to_deliver=400)

    def test_a_cancelled_draft_invoice_gives_the_order_back(self):
        order = self._confirmed(10)
        self._invoice(order, post=False).button_cancel()
        self.assertExposure(1000, draft_invoiced=0, to_deliver=1000)

    def test_an_allowance_on_undelivered_goods_keeps_the_rest_open(self):
        # 10 invoiced in advance at 100, then 50 off as a credit note without quantities: 950 owed.
        order = self._confirmed(10)
        note = self._credit_note(self._invoice(order), post=False)
        note.invoice_line_ids.write({'quantity': 1, 'price_unit': 50})
        note.action_post()
        # Odoo now has one unit to invoice again.
        self.assertOnlyOurs(950, native=1050, naive=1050)

    # === PAYMENTS ===#

    def test_a_payment_that_nobody_matched_counts_for_the_customer(self):
        # 1000 invoiced, 400 came in without saying for what: a list of unpaid invoices says 1000.
        invoice = self._loose_invoice(1000)
        self.env['account.payment'].create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': self.customer.id, 'amount': 400,
            'journal_id': self.env['account.journal'].search(
                [('type', '=', 'bank'), ('company_id', '=', self.company.id)], limit=1).id,
        }).action_post()
        self.assertEqual(invoice.amount_residual, 1000)
        self.assertExposure(600, receivable=600)

    def test_an_entry_by_hand_on_the_receivable_counts(self):
        # 250 carried over from the old books: on no invoice at all.
        receivable = self.customer.with_company(self.company).property_account_receivable_id
        other = self.env['account.account'].search([('account_type', '=', 'income')], limit=1)
        entry = self.env['account.move'].create({'move_type': 'entry', 'line_ids': [
            Command.create({'account_id': receivable.id, 'partner_id': self.customer.id, 'debit': 250}),
            Command.create({'account_id': other.id, 'credit': 250}),
        ]})
        self.assertExposure(0)
        entry.action_post()
        self.assertExposure(250, receivable=250)
        invoices = self.env['account.move'].search([
            ('partner_id', '=', self.customer.id), ('move_type', '=', 'out_invoice')])
        self.assertEqual(sum(invoices.mapped('amount_residual')), 0)

    def test_a_payment_in_another_currency_counts_as_booked(self):
        # 1000 invoiced; 800 X received at 2 X per unit = 400: 600 open, whatever X is worth tomorrow.
        today = fields.Date.today()
        currency = self._new_currency((today - timedelta(days=10), 2.0))
        invoice = self._loose_invoice(1000)
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'amount': 800, 'currency_id': currency.id, 'payment_date': today})._create_payments()
        self._new_rate(currency, today, 4.0)
        self.assertExposure(600, receivable=600)

    def test_an_early_payment_discount_counts_only_when_it_is_taken(self):
        # 2 % for paying within 10 days: until then 1000 are owed; 980 in time settle them.
        term = self.env['account.payment.term'].create({
            'name': "2 % 10 days, net 30", 'early_discount': True, 'discount_percentage': 2, 'discount_days': 10,
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 30})]})
        invoice = self._loose_invoice(1000, invoice_payment_term_id=term.id, invoice_date_due=False)
        self.assertExposure(1000)
        self._pay(invoice)
        self.assertEqual(invoice.payment_state in ('paid', 'in_payment'), True)
        self.assertExposure(0)

    # === ENDS ===#

    def test_a_cancelled_order_leaves_what_is_at_the_customer(self):
        # 4 of 10 delivered, none invoiced, then cancelled: nobody can invoice them from the order,
        # but the goods are there: 400 until they come back.
        order = self._confirmed(10)
        picking = self._deliver(order, 4)
        self._cancel(order)
        self.assertOnlyOurs(400, native=0, naive=0, to_invoice=400, to_deliver=0)
        self._return(picking, 3)
        self.assertExposure(100, to_invoice=100)
        self._return(picking, 1)
        self.assertExposure(0)

    def test_a_reopened_order_leaves_them_too_and_is_not_counted_twice(self):
        # Set to quotation the goods are still there; confirmed again: 400 delivered, 600 to come.
        order = self._confirmed(10)
        self._deliver(order, 4)
        self._cancel(order)
        order.action_draft()
        self.assertExposure(400, to_invoice=400)
        check = order._get_credit_checks('submit')[order.id]
        self.assertEqual((check.others, check.amount), (0, 1000))
        self._confirmed(order=order)
        self.assertExposure(1000, to_invoice=400, to_deliver=600)

    def test_a_cancelled_order_that_was_invoiced_is_owed_as_invoiced(self):
        # 4 delivered and invoiced, 6 never came: 400.
        order = self._confirmed(10, self.delivered_product)
        self._deliver(order, 4)
        self._invoice(order)
        self._cancel(order)
        self.assertExposure(400, receivable=400)

    def test_work_on_a_cancelled_order_is_no_goods(self):
        # A cancelled service is not charged any more; there is nothing to bring back.
        order = self._confirmed(10, self._new_service('delivery'))
        order.order_line.qty_delivered = 4
        self.assertExposure(1000)
        self._cancel(order)
        self.assertExposure(0)

    def test_an_order_closed_short_ends(self):
        # 4 of 10 delivered and invoiced, backorder dropped: a line sum waits for 600 for ever.
        order = self._confirmed(10, self.delivered_product)
        self._deliver(order, 4, backorder=False)
        self._invoice(order)
        self.assertOnlyOurs(400, naive=1000, receivable=400)
