from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from ...models.credit.account.credit_figures import get_rounding
from ...models.order.control_memory import control_today
from .exposure_common import ExposureCommon


@tagged('post_install', '-at_install')
class TestCreditExposurePrices(ExposureCommon):
    """Discounts, taxes, currencies, companies and parties."""

    def test_figures_are_rounded_as_odoo_rounds_ties_included(self):
        amounts = (0.0, 1234.56, 1.005, 2.675, -2.675, 0.125, 33.333333, -0.004, 1e9 + 0.015, 0.1 + 0.2, 7.5, 8.5)
        for rounding in (0.01, 0.05, 1.0, 0.001, 10.0):
            currency = self.env['res.currency'].create({
                'name': f"R{rounding}"[:3], 'symbol': "R", 'rounding': rounding})
            rounded = get_rounding(currency)
            self.assertEqual([rounded(amount) for amount in amounts], [currency.round(amount) for amount in amounts])
            currency.unlink()

    # === TAXES AND DISCOUNTS ===#

    def test_taxes_in_the_price_are_not_added_again(self):
        # 10 x 110 with 10 % inside: 1100.
        tax = self._new_tax(10.0, include='tax_included')
        order = self._confirmed(10, price_unit=110.0, tax_ids=[Command.set(tax.ids)])
        self.assertExposure(1100)
        self._deliver(order, 4)
        self.assertExposure(1100, to_invoice=440, to_deliver=660)

    def test_a_fixed_tax_counts_per_unit(self):
        # 10 x (100 + 3): 1030, of which 4 units delivered: 412.
        tax = self._new_tax(3.0, 'fixed')
        order = self._confirmed(10, self.delivered_product, tax_ids=[Command.set(tax.ids)])
        self._deliver(order, 4)
        self.assertOnlyOurs(1030, native=412, to_invoice=412, to_deliver=618)

    def test_an_order_is_totalled_as_odoo_totals_it(self):
        # Three lines of 10.05 + 15 %: line by line 11.56 each = 34.68; Odoo rounds the tax of the whole
        # order: 30.15 x 15 % = 4.52, total 34.67.
        self.company.tax_calculation_rounding_method = 'round_globally'
        tax = self._new_tax(15.0)
        order = self._create_order(1, price_unit=10.05, tax_ids=[Command.set(tax.ids)])
        for _n in range(2):
            self._add_line(order, self.product, price_unit=10.05, tax_ids=[Command.set(tax.ids)])
        self._confirmed(order=order)
        self.assertEqual(order.amount_total, 34.67)
        self.assertOnlyOurs(34.67, naive=34.68)

    def test_a_tax_on_the_discounted_amount_counts_as_on_the_order(self):
        # 1000 + 10 % of 980 (2 % for early payment): 1098, while the lines add up to 1100.
        term = self.env['account.payment.term'].create({
            'name': "2 % 10 days, net 30", 'early_discount': True, 'discount_percentage': 2, 'discount_days': 10,
            'early_pay_discount_computation': 'mixed',
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 30})]})
        order = self._create_order(10, tax_ids=[Command.set(self.tax.ids)])
        order.payment_term_id = term
        self._confirmed(order=order)
        self.assertEqual(order.amount_total, 1098)
        self.assertOnlyOurs(1098, naive=1100)
        self.assertEqual(self._invoice(order).amount_total, 1098)
        self.assertExposure(1098, receivable=1098)

    def test_a_discount_line_follows_its_order(self):
        # 1000 less a discount line of 150; the order cancelled short of its goods owes nothing.
        order = self._create_order(10)
        self._add_line(order, self._new_service(), price_unit=-150.0, tax_ids=[Command.clear()])
        self._confirmed(order=order)
        self.assertExposure(850)
        order.picking_ids.action_cancel()
        self.assertOnlyOurs(0, native=850, naive=850)

    # === CURRENCIES ===#

    def test_a_posted_foreign_invoice_counts_as_booked_when_the_rate_moved(self):
        # 1000 X booked at 2 X = 500. Today X is at 4: the books still say 500, the open order says 250.
        today = fields.Date.today()
        currency = self._new_currency((today - timedelta(days=10), 2.0))
        with control_today(self.env, today - timedelta(days=5)):
            order = self._confirmed_in(currency)
            self.assertExposure(500)
        self._invoice(order, invoice_date=today - timedelta(days=5))
        self._confirmed_in(currency)
        self._new_rate(currency, today, 4.0)
        self.assertExposure(750, receivable=500, to_deliver=250)

    def test_a_down_payment_in_foreign_currency_nets_as_booked(self):
        # 1000 X at 4 X = 250; 400 X in advance were booked at 2 X = 200 and paid: 50 to come.
        today = fields.Date.today()
        currency = self._new_currency((today - timedelta(days=10), 2.0))
        order = self._confirmed_in(currency)
        invoice = self._down_payment(order, 400, post=False)
        invoice.invoice_date = today - timedelta(days=5)
        invoice.action_post()
        self._pay(invoice)
        self._new_rate(currency, today, 4.0)
        self.assertOnlyOurs(50, to_deliver=50, receivable=0, native=250)

    def test_a_currency_without_rate_counts_one_to_one_as_in_odoo(self):
        # Nothing better is known; Odoo books its invoices so as well.
        order = self._confirmed_in(self._new_currency())
        self.assertExposure(1000)
        self._invoice(order)
        self.assertExposure(1000, receivable=1000)

    def test_a_first_rate_after_the_day_asked_for_is_better_than_none(self):
        today = fields.Date.today()
        currency = self._new_currency((today, 4.0))
        self._confirmed_in(currency)
        with control_today(self.env, today - timedelta(days=30)):
            self.assertExposure(250)

    # === PARTIES AND COMPANIES ===#

    def test_every_contact_counts_with_its_company(self):
        # 100 ordered by a buyer, 200 invoiced to an invoice address, 300 to the company itself.
        buyer, address = self.env['res.partner'].create([
            {'name': "Buyer", 'parent_id': self.customer.id, 'type': 'contact'},
            {'name': "Accounts Payable", 'parent_id': self.customer.id, 'type': 'invoice'},
        ])
        self._confirmed(1, partner=buyer)
        order = self._create_order(2)
        order.partner_invoice_id = address
        self._confirmed(order=order)
        self._loose_invoice(300, partner=address)
        self.assertExposure(600)
        self.assertEqual(self._exposure(buyer).total, 600)

    def test_a_customer_who_became_part_of_another_is_owed_by_that_one(self):
        other = self.env['res.partner'].create({'name': "Subsidiary", 'is_company': True})
        self._loose_invoice(300, partner=other)
        order = self._create_order(1, partner=other)
        self._confirmed(order=order)
        self.assertExposure(400, other)
        other.write({'is_company': False, 'parent_id': self.customer.id})
        self.assertExposure(400)

    def test_another_company_is_another_exposure(self):
        company = self.env['res.company'].create({'name': "Elsewhere", 'currency_id': self.company.currency_id.id})
        self.env.user.company_ids |= company
        order = self.env['sale.order'].with_company(company).create({
            'partner_id': self.customer.id, 'company_id': company.id,
            'order_line': [Command.create({'product_id': self._new_service().id, 'product_uom_qty': 5})]})
        order.action_confirm()
        self._confirmed(1)
        self.assertExposure(100)
        self.assertEqual(self.accounts._get_exposure(self.customer, company)[self.customer.id].total, 500)
