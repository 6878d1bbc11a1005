from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from .exposure_common import ExposureCommon

# What is owed, worked out by hand; what Odoo's own "credit + credit_to_invoice" and what a sum over lines say instead.
CASES = {
    # Invoiced on delivery, nothing delivered yet: Odoo does not see 10 x 100 coming.
    'ordered_on_delivery': (1000, 0, 1000),
    # 300 of 1000 invoiced in advance: they are part of the order, not on top of it.
    'down_payment': (1000, 1300, 1300),
    # 6 of 10 delivered and invoiced, 2 of them returned and credited: 400 owed, 400 to come.
    'partly_refunded': (800, 400, 1000),
    # 10 x 100 on a draft invoice, and a draft of 400 for no order.
    'draft_invoices': (1400, 1000, 0),
    # A debt of 1000, and 400 that nobody matched with it.
    'loose_payment': (600, 600, 600),
    # 10 delivered and invoiced, 3 came back without touching the order and were credited.
    'credit_note': (700, 1000, 1000),
    # 4 of 10 delivered, the backorder dropped.
    'closed_short': (400, 1000, 1000),
    # 300 paid in advance for an order that was cancelled: they are the customer's.
    'cancelled_paid': (-300, 0, 0),
    # 4 of 10 delivered, then cancelled: the goods are at the customer.
    'cancelled_delivered': (400, 0, 0),
    # 12 shipped of 10, and nobody has said yet what the 2 cost.
    'more_shipped': (1200, 1000, 1000),
    # 1000 less a discount line of 150, nothing delivered, the transfer cancelled: nothing will be owed.
    'discount_dropped': (0, 850, 850),
    # An order of 1000 beside one of -5000, which lends nothing to it.
    'negative_order': (1000, 1000, -4000),
    # 10 x (100 + 3 fixed), 4 delivered of what is invoiced on delivery.
    'fixed_tax': (1030, 412, 1030),
    # 1000 X at 4 X per unit of the company's currency.
    'foreign_currency': (250, 250, 1000),
    # Ordered by the customer, invoiced to somebody else.
    'other_invoice_address': (0, 0, 1000),
    # Ordered by a contact of the customer.
    'contact': (1000, 1000, 0),
    # 200 at a branch, 200 at another company.
    'companies': (200, 0, 400),
    # An invoice of 300 that the customer disputes is owed.
    'disputed': (300, 300, 300),
}


@tagged('post_install', '-at_install')
class TestCreditExposureTable(ExposureCommon):
    """Every case of an exposure in one table, beside the two figures that people take for one."""

    def test_every_case_is_right_where_odoo_or_a_line_sum_is_not(self):
        alike = set()
        for name, (right, native, naive) in CASES.items():
            partner = self.env['res.partner'].create({'name': name, 'is_company': True})
            with self.subTest(name), patch.object(type(self), 'customer', partner):
                getattr(self, f'_build_{name}')()
                self.assertExposure(right, partner)
                self.assertEqual((self._native(partner), self._naive(partner)), (native, naive))
            if right == native == naive:
                alike.add(name)
        self.assertEqual(alike, {'loose_payment', 'disputed'}, "Cases that say nothing against the other figures")

    def _build_ordered_on_delivery(self):
        self._confirmed(10, self.delivered_product)

    def _build_down_payment(self):
        self._down_payment(self._confirmed(10), 300)

    def _build_partly_refunded(self):
        order = self._confirmed(10, self.delivered_product)
        picking = self._deliver(order, 6)
        invoice = self._invoice(order)
        self._return(picking, 2)
        self._credit_note(invoice, 2)

    def _build_draft_invoices(self):
        self._invoice(self._confirmed(10), post=False)
        self._loose_invoice(400, post=False)

    def _build_loose_payment(self):
        self._loose_invoice(1000)
        self.env['account.payment'].create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': self.customer.id, 'amount': 400,
            'journal_id': self.env['account.journal'].search(
                [('type', '=', 'bank'), ('company_id', '=', self.company.id)], limit=1).id}).action_post()

    def _build_credit_note(self):
        order = self._confirmed(10, self.delivered_product)
        picking = self._deliver(order, 10)
        invoice = self._invoice(order)
        self._return(picking, 3, refund=False)
        self._credit_note(invoice, 3)

    def _build_closed_short(self):
        self._deliver(self._confirmed(10), 4, backorder=False)

    def _build_cancelled_paid(self):
        order = self._confirmed(10)
        self._pay(self._down_payment(order, 300))
        self._cancel(order)

    def _build_cancelled_delivered(self):
        order = self._confirmed(10, self.delivered_product)
        self._deliver(order, 4)
        self._cancel(order)

    def _build_more_shipped(self):
        self._deliver(self._confirmed(10), 12)

    def _build_discount_dropped(self):
        order = self._create_order(10)
        self._add_line(order, self._new_service(), price_unit=-150.0, tax_ids=[Command.clear()])
        self._confirmed(order=order).picking_ids.action_cancel()

    def _build_negative_order(self):
        self._confirmed(10)
        self._confirmed(-50)

    def _build_fixed_tax(self):
        tax = self._new_tax(3.0, 'fixed')
        self._deliver(self._confirmed(10, self.delivered_product, tax_ids=[Command.set(tax.ids)]), 4)

    def _build_foreign_currency(self):
        self._confirmed_in(self._new_currency(('2020-01-01', 4.0)))

    def _build_other_invoice_address(self):
        order = self._create_order(10)
        order.partner_invoice_id = self.env['res.partner'].create({'name': "Payer", 'is_company': True})
        self._confirmed(order=order)

    def _build_contact(self):
        contact = self.env['res.partner'].create({'name': "Purchasing", 'parent_id': self.customer.id})
        self._confirmed(order=self._create_order(10, partner=contact))

    def _build_companies(self):
        for values in ({'parent_id': self.company.id}, {'currency_id': self.company.currency_id.id}):
            company = self.env['res.company'].create({'name': f"Company {sorted(values)}", **values})
            self.env['sale.order'].with_company(company).create({
                'partner_id': self.customer.id, 'company_id': company.id,
                'order_line': [Command.create({'product_id': self._new_service().id, 'product_uom_qty': 2})],
            }).action_confirm()

    def _build_disputed(self):
        self._loose_invoice(300).with_user(self.controller).sudo(False).action_credit_dispute("Wrong goods")
