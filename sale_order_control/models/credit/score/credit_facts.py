"""What the books say of customers: the facts that a scorecard and a limit formula judge."""

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

from .credit_facts_sql import FIRST_SALE_QUERY, LATENESS_QUERY, RETURNS_QUERY, SALES_QUERY

REVENUE_MONTHS = 12

# Everything the statements read, to be written to the database before they run.
_READ_FIELDS = {
    'res.partner': ['commercial_partner_id'],
    'res.company': ['parent_path'],
    'account.move': [
        'state', 'move_type', 'partner_id', 'company_id', 'invoice_date', 'amount_untaxed_signed',
        'amount_total_signed',
    ],
    'account.move.line': [
        'partner_id', 'account_id', 'move_id', 'date', 'date_maturity', 'parent_state', 'company_id',
    ],
    'account.partial.reconcile': ['credit_move_id', 'debit_move_id', 'amount', 'exchange_move_id'],
    'account.account': ['account_type'],
    'sale.order': ['partner_invoice_id', 'state', 'company_id', 'date_order', 'currency_rate'],
    'sale.order.line': ['order_id', 'display_type', 'price_subtotal', 'qty_delivered_method'],
    'stock.move': ['sale_line_id', 'state', 'quantity', 'product_uom', 'location_id', 'location_dest_id', 'date'],
    'stock.location': ['usage'],
    'uom.uom': ['factor'],
}


def months_between(start, end):
    """Return the number of whole months from one day to another, never negative."""
    span = relativedelta(end, start)
    return max(0, span.years * 12 + span.months)


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def _read_facts(self, query, company, today, months=0):
        """Run one of the statements for the customers of these accounts.

        :param str query: statement of ``credit_facts_sql``
        :param int months: length of the period that ends today; 0 if the statement has none
        :return: rows, the commercial partner's id first
        """
        if not self:
            return []
        for name, field_names in _READ_FIELDS.items():
            self.env[name].flush_model(field_names)
        root = company.sudo().root_id
        return self.env.execute_query(SQL(
            query, partners=tuple(self.sudo().partner_id.ids), company_path=f'{root.parent_path}%', today=today,
            since=today - relativedelta(months=months)))

    def _read_sales(self, company, today, months):
        """Read what was invoiced less what was credited.

        :return: ``{partner_id: (net, total)}`` without and with taxes, in the currency of the company
        """
        return {
            owner: (float(net or 0), float(total or 0))
            for owner, net, total in self._read_facts(SALES_QUERY, company, today, months)
        }

    def _read_first_sales(self, company, today):
        """Read since when customers buy: ``{partner_id: date}`` of the first invoice or confirmed order."""
        return dict(self._read_facts(FIRST_SALE_QUERY, company, today))

    def _read_lateness(self, company, today, months):
        """Read how late customers paid: ``{partner_id: average days}``, weighted by amount; early counts as 0."""
        return {
            owner: float(days)
            for owner, days, _amount in self._read_facts(LATENESS_QUERY, company, today, months)
        }

    def _read_returned_share(self, company, today, months):
        """Read how much of what was delivered came back: ``{partner_id: percent of the value}``."""
        return {
            owner: 100 * float(returned) / float(delivered)
            for owner, returned, delivered in self._read_facts(RETURNS_QUERY, company, today, months)
        }

    @api.model
    def _get_complaint_facts(self, partners, company, since, until):
        """Count the justified complaints of customers; whoever keeps complaints extends this.

        :param res.partner partners: commercial partners
        :param res.company company: root company, its branches included
        :param since, until: first and last day of the period
        :return: ``{partner_id: number}`` of those that have any, or None where no complaints are kept
        """
        return None

    def _read_monthly_revenue(self, company, today):
        """Read the average net revenue of a month of the last year.

        Of a customer of less than a year only the months since the first sale count, one at least.

        :return: ``{partner_id: amount}`` in the currency of the company
        """
        sales = self._read_sales(company, today, REVENUE_MONTHS)
        first = self._read_first_sales(company, today)
        return {
            owner: max(0.0, net) / self._get_revenue_months(first.get(owner), today)
            for owner, (net, _total) in sales.items()
        }

    @api.model
    def _get_revenue_months(self, first, today):
        return min(REVENUE_MONTHS, max(1, months_between(first, today))) if first else 1
