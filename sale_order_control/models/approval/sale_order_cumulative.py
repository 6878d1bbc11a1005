from dataclasses import replace
from datetime import datetime, timedelta

from odoo import models


class SaleOrder(models.Model):
    """Policies that count what a customer ordered lately, so that splitting an order leads round no level."""

    _inherit = 'sale.order'

    def _get_order_figures(self, terms, issues, rules):
        figures = super()._get_order_figures(terms, issues, rules)
        periods = {rule.cumulative_days for order in self for rule in rules[order.id] if rule.cumulative_days}
        if periods:
            for order_id, others in self._get_lately_ordered(figures, periods).items():
                figures[order_id] = replace(figures[order_id], lately=others)
        return figures

    def _get_lately_ordered(self, figures, periods):
        """Sum up the other orders of each order's customer, its branches and contacts.

        Counted are confirmed orders, those that wait for approval, and those that are judged together with it. Of
        the dates of an order, the later one counts: its maker can only write one of them.

        :param dict figures: ``{order_id: ApprovalFigures}``
        :param periods: numbers of days to look back
        :return: ``{order_id: ((days, amount without taxes in the order's currency), ...)}``
        """
        orders = self.sudo()
        customers = orders.partner_id.commercial_partner_id
        sums = {days: self._sum_lately_ordered(customers, days) for days in periods}
        found = {}
        for order in orders:
            figure = figures[order.id]
            currency = self.env['res.currency'].browse(figure.currency_id)
            together = [
                (other.currency_id, figures[other.id].amount) for other in orders
                if other != order and not other._is_counted()
                and other.partner_id.commercial_partner_id == order.partner_id.commercial_partner_id
                and other.company_id == order.company_id]
            own = [(order.currency_id, -order.amount_untaxed)] if order._is_counted() else []
            key = (order.partner_id.commercial_partner_id.id, order.company_id.id)
            found[order.id] = tuple(
                (days, max(0.0, sum(
                    source._convert(amount, currency, order.company_id, self._get_control_today())
                    for source, amount in [*sums[days].get(key, ()), *together, *own])))
                for days in periods)
        return found

    def _is_counted(self):
        """Whether the order is among those that the database sums up."""
        self.ensure_one()
        return self.state == 'sale' or self.approval_state == 'pending'

    def _sum_lately_ordered(self, customers, days):
        """Return ``{(commercial partner id, company id): [(currency, amount without taxes), ...]}``."""
        since = datetime.combine(self._get_control_today() - timedelta(days=days), datetime.min.time())
        rows = self.env['sale.order'].sudo()._read_group(
            [
                ('partner_id', 'child_of', customers.ids), ('company_id', 'in', self.company_id.ids),
                '|', ('state', '=', 'sale'), ('approval_state', '=', 'pending'),
                '|', ('create_date', '>=', since), ('date_order', '>=', since),
            ],
            ['partner_id', 'company_id', 'currency_id'], ['amount_untaxed:sum'])
        sums = {}
        for partner, company, currency, amount in rows:
            sums.setdefault((partner.commercial_partner_id.id, company.id), []).append((currency, amount))
        return sums

    def _get_judged_amount(self, rule, figures):
        lately = dict(figures.lately).get(rule.cumulative_days, 0.0)
        return super()._get_judged_amount(rule, figures) + lately
