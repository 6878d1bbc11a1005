from odoo import models
from odoo.tools import SQL

from ..exposure.credit_pledged_sql import PLEDGED

_PLEDGES = f"SELECT id, COALESCE(({PLEDGED.format(order='wanted.id')}), 0) FROM UNNEST(%(orders)s::int[]) AS wanted(id)"


class SaleOrder(models.Model):
    """An order that is paid in full before its goods leave needs no credit, unless somebody lets them leave before."""

    _inherit = 'sale.order'

    def _get_credit_waiting(self, company, terms, positions, payers, amounts, decisions):
        """Work out what of wholly prepaid orders counts for nothing, because it stays here until it is paid.

        What is paid for them counts, so that the money lends nothing to the customer's other orders.

        :param dict amounts: what each order comes to, see :meth:`_get_credit_amounts`
        :return: ``{order_id: amount}`` in the currency of the root company, of wholly prepaid orders only
        """
        today = self._get_control_today()
        prepaid = self.filtered(
            lambda order: order._is_held_until_prepaid(terms[order.id])
            and not decisions.is_let_go_unpaid(order, today))
        if not prepaid:
            return {}
        quotations = prepaid.filtered(lambda order: order.state != 'sale')
        pledges = quotations._read_credit_pledges()
        totals, waiting = prepaid._get_control_amounts(terms), {}
        for order in prepaid:
            if order in quotations:
                most = amounts[order.id] - max(0.0, pledges[order.id])
            else:
                position = positions[payers[terms[order.id].partner_invoice_id].id]
                # What is about to be added waits for its payment, too.
                added = order.currency_id._convert(
                    totals[order.id].total - order.amount_total, company.currency_id, company, today)
                most = (position.waiting or {}).get(order.id, 0.0) + added
            waiting[order.id] = max(0.0, company.currency_id.round(most))
        return waiting

    def _read_credit_pledges(self):
        """Read what came for these orders alone and settles nothing yet: ``{order_id: amount}``, as it is booked."""
        if not self:
            return {}
        self.env['credit.account']._flush_exposure()
        return dict(self.env.execute_query(SQL(_PLEDGES, orders=list(self.ids))))
