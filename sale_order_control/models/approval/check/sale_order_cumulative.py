from dataclasses import replace
from datetime import datetime, timedelta

from odoo import models

from ...order.control_memory import control_memory


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
        past = control_memory(self.env).past
        for order in orders:
            figure = figures[order.id]
            currency = self.env['res.currency'].browse(figure.currency_id)
            # Orders of the past were not judged together, whatever is read together now.
            together = [
                (other.currency_id, figures[other.id].amount) for other in orders
                if not past and other != order and not other._is_counted()
                and other.partner_id.commercial_partner_id == order.partner_id.commercial_partner_id
                and other.company_id == order.company_id]
            counted = order._is_counted() and (not past or order.date_order.date() <= self._get_control_today())
            own = [(order.currency_id, -order.amount_untaxed)] if counted else []
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
                *self._get_past_domain(),
            ],
            ['partner_id', 'company_id', 'currency_id'], ['amount_untaxed:sum'])
        sums = {}
        for partner, company, currency, amount in rows:
            sums.setdefault((partner.commercial_partner_id.id, company.id), []).append((currency, amount))
        return sums

    def _get_past_domain(self):
        """Leave out what was ordered after the day as of which orders of the past are judged."""
        if not control_memory(self.env).past:
            return []
        tomorrow = self._get_control_today() + timedelta(days=1)
        return [('date_order', '<', datetime.combine(tomorrow, datetime.min.time()))]

    def _get_judged_amount(self, rule, figures):
        lately = dict(figures.lately).get(rule.cumulative_days, 0.0)
        return super()._get_judged_amount(rule, figures) + lately
