from odoo import Command

from .common import CreditCommon


class ExposureCommon(CreditCommon):
    """Shortcuts of the exposure cases, and the two figures that people take for an exposure."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Else Odoo's own figure is silently zero.
        cls.company.account_use_credit_limit = True

    def _native(self, partner=None):
        """Odoo's own ``credit + credit_to_invoice`` of a customer."""
        partner = (partner or self.customer).sudo().with_company(self.company)
        partner.invalidate_recordset(['credit', 'credit_to_invoice'])
        return round(partner.credit + partner.credit_to_invoice, 2)

    def _naive(self, partner=None):
        """The usual line sum: receivable, and of confirmed orders what is ordered and not invoiced."""
        partner = partner or self.customer
        partner.sudo().invalidate_recordset(['credit'])
        lines = self.env['sale.order.line'].sudo().search([
            ('order_id.partner_id', '=', partner.id), ('state', '=', 'sale'), ('display_type', '=', False)])
        return round(partner.sudo().credit + sum(
            line.price_total * (line.product_uom_qty - line.qty_invoiced) / line.product_uom_qty
            for line in lines if line.product_uom_qty), 2)

    def assertOnlyOurs(self, total, native=None, naive=None, **parts):
        """Compare the exposure with the figure worked out by hand, and show what others make of it.

        :param native: what Odoo's own figure wrongly says
        :param naive: what a sum over lines wrongly says
        """
        self.assertExposure(total, **parts)
        for name, wrong, found in (('native', native, self._native()), ('naive', naive, self._naive())):
            if wrong is not None:
                self.assertNotAlmostEqual(wrong, total, 2, name)
                self.assertAlmostEqual(found, wrong, 2, name)

    def _new_service(self, policy='order', price=100.0, **values):
        return self.env['product.product'].create({
            'name': "Service", 'type': 'service', 'list_price': price, 'invoice_policy': policy,
            'taxes_id': [Command.clear()], **values})

    def _new_tax(self, amount, amount_type='percent', include='tax_excluded', **values):
        return self.env['account.tax'].create({
            'name': f"{amount_type} {amount} {include}", 'amount': amount, 'amount_type': amount_type,
            'type_tax_use': 'sale', 'price_include_override': include, **values})

    def _new_currency(self, *rates):
        """Return a currency with rates ``(date, rate)``."""
        currency = self.env['res.currency'].create({'name': 'XCR', 'symbol': 'X', 'rounding': 0.01})
        for date, rate in rates:
            self._new_rate(currency, date, rate)
        return currency

    def _new_rate(self, currency, date, rate):
        return self.env['res.currency.rate'].create({
            'currency_id': currency.id, 'company_id': self.company.id, 'name': date, 'rate': rate})

    def _confirmed_in(self, currency, quantity=10, price=100.0, product=None):
        """Return a confirmed order in a currency."""
        pricelist = self.env['product.pricelist'].create({'name': "X", 'currency_id': currency.id})
        order = self._create_order(quantity, product_id=(product or self.product).id)
        order.pricelist_id = pricelist
        order.order_line.price_unit = price
        return self._confirmed(order=order)

    def _add_line(self, order, product, quantity=1.0, **values):
        order.order_line = [Command.create({'product_id': product.id, 'product_uom_qty': quantity, **values})]
        return order.order_line[-1:]

    def _cancel(self, order):
        order.with_context(disable_cancel_warning=True)._action_cancel()
