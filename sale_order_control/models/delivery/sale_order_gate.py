from math import ceil

from odoo import fields, models
from odoo.tools import format_date

from ..order.control_issue import ControlIssue
from ..order.control_memory import control_memory
from .atp import Demand, get_ready_day


class SaleOrder(models.Model):
    """What the gate says about delivery dates."""

    _inherit = 'sale.order'

    def _collect_control_issues(self, checkpoint, terms):
        issues = super()._collect_control_issues(checkpoint, terms)
        orders = self._with_control('promise', checkpoint)
        if checkpoint == 'submit':
            for order_id, found in orders._get_requested_early_issues(terms).items():
                issues[order_id] += found
        elif checkpoint == 'release':
            for order in orders:
                issues[order.id] += order._get_missing_promise_issues()
        return issues

    # === RELEASE ===#

    def _get_missing_promise_issues(self):
        """Goods leave only when somebody said when (``promise.missing``).

        While goods leave, only their lines count; otherwise all that is not delivered yet.
        """
        self.ensure_one()
        leaving = control_memory(self.env).leaving
        lines = self.order_line._filter_deliverable().filtered(
            lambda line: not line.promised_date and line.promise_state != 'done'
            and (leaving is None or line.id in leaving))
        if not lines:
            return []
        return [ControlIssue(
            code='promise.missing',
            area='promise',
            effect='block',
            message=self.env._(
                "No delivery date has been promised for: %s.", ", ".join(lines.product_id.mapped('display_name'))),
            facts={'lines': lines.ids},
            clears=self.env._("A delivery planner promises a date."),
        )]

    # === SUBMIT ===#

    def _get_requested_early_issues(self, terms):
        """Warn of requested dates that known supply cannot keep (``promise.requested_early``).

        :param dict terms: ``{order_id: ControlTerms}``
        :return: ``{order_id: [ControlIssue, ...]}``
        """
        demands = {}
        for order in self:
            if any(line.requested_date or terms[order.id].requested_date for line in terms[order.id].lines):
                for index, line in enumerate(terms[order.id].lines):
                    demand = order._prepare_terms_demand((order.id, index), line, terms[order.id].requested_date)
                    if demand:
                        demands[demand.key] = demand
        schedules = self.env['sale.order.line']._plan_demands(list(demands.values()), self.order_line.ids)
        issues = {}
        for (order_id, index), demand in demands.items():
            ready = get_ready_day(demand, schedules[order_id, index])
            if demand.wanted and ready > demand.wanted:
                line = terms[order_id].lines[index]
                issue = self.browse(order_id)._prepare_early_issue(line, demand.wanted, ready)
                issues.setdefault(order_id, []).append(issue)
        return issues

    def _prepare_terms_demand(self, key, line, requested):
        """Return the :class:`Demand` of one line of terms, or None if it asks for no goods."""
        self.ensure_one()
        product = self.env['product.product'].browse(line.product_id)
        if product.type != 'consu' or line.quantity <= 0:
            return None
        own = self.order_line.browse(line.key or ())
        warehouse = own.warehouse_id or self.warehouse_id
        unit = self.env['uom.uom'].browse(line.uom_id)
        return Demand(
            key=key,
            product_id=product.id,
            warehouse_id=warehouse.id,
            quantity=unit._compute_quantity(line.quantity, product.uom_id, round=False),
            wanted=fields.Date.to_date(line.requested_date or requested) or None,
            lead_days=max(0, ceil(own.customer_lead or product.sale_delay or 0)),
            managed=product.is_storable and bool(warehouse),
        )

    def _prepare_early_issue(self, line, requested, proposal):
        self.ensure_one()
        days = (proposal - requested).days
        values = {
            'product': self.env['product.product'].browse(line.product_id).display_name,
            'date': format_date(self.env, proposal),
            'days': days,
        }
        if days == 1:
            message = self.env._("%(product)s can be delivered on %(date)s, 1 day after the requested date.", **values)
        else:
            message = self.env._(
                "%(product)s can be delivered on %(date)s, %(days)s days after the requested date.", **values)
        return ControlIssue(
            code='promise.requested_early',
            area='promise',
            effect='warn',
            message=message,
            facts={
                'product': line.product_id,
                'quantity': line.quantity,
                'requested': fields.Date.to_string(requested),
                'proposal': fields.Date.to_string(proposal),
                'days_late': days,
                'figures': ['days_late'],
            },
            clears=self.env._("Agree on a later date with the customer."),
        )
