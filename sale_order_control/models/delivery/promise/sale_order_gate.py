from math import ceil

from odoo import api, fields, models
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from ...order.control_issue import ControlIssue
from ...order.control_memory import control_memory
from ..atp.atp import TOLERANCE, get_ready_day
from ..atp.atp_reader import Ask


class SaleOrder(models.Model):
    """What the gate says about delivery dates."""

    _inherit = 'sale.order'

    def _collect_control_issues(self, checkpoint, terms):
        issues = super()._collect_control_issues(checkpoint, terms)
        orders = self._with_control('promise', checkpoint)
        if checkpoint in ('submit', 'confirm'):
            for order_id, found in orders._get_supply_issues(checkpoint, terms).items():
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
            lambda line: line.promise_state != 'done' and (leaving is None or line.id in leaving))
        beyond = lines.filtered(lambda line: line.promised_date and line.product_uom_id.compare(
            line.promised_quantity, line.product_uom_qty) < 0)._filter_leaving_beyond_promise()
        lines = lines.filtered(lambda line: not line.promised_date) | beyond
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

    # === SUBMIT, AND CONFIRM WHERE A POLICY ASKS ===#

    @api.model
    def _get_control_issue_kinds(self):
        return {
            **super()._get_control_issue_kinds(),
            'promise.requested_early': 'late_promise',
            'promise.shortage': 'shortage',
        }

    def _get_supply_issues(self, checkpoint, terms):
        """Warn of what known supply cannot keep.

        Of requested dates (``promise.requested_early``) when an order is submitted, and of quantities
        (``promise.shortage``) where a policy asks about them; a policy is answered at *confirm* as well.

        :param dict terms: ``{order_id: ControlTerms}``
        :return: ``{order_id: [ControlIssue, ...]}``
        """
        asked = self._get_asked_issue_kinds()
        dated = self.filtered(
            lambda order: (checkpoint == 'submit' or 'late_promise' in asked[order.id])
            and any(line.requested_date or terms[order.id].requested_date for line in terms[order.id].lines))
        counted = self.filtered(lambda order: 'shortage' in asked[order.id])
        asks = []
        for order in dated | counted:
            for index, line in enumerate(terms[order.id].lines):
                ask = order._prepare_terms_ask((order.id, index), line, terms[order.id].requested_date)
                if ask:
                    asks.append(ask)
        demands, schedules = self.env['sale.delivery.atp']._schedule(asks, self.order_line.ids)
        issues = {}
        for (order_id, index), demand in demands.items():
            order, line, schedule = self.browse(order_id), terms[order_id].lines[index], schedules[order_id, index]
            ready = get_ready_day(demand, schedule)
            found = issues.setdefault(order_id, [])
            if order in dated and demand.wanted and ready > demand.wanted:
                found.append(order._prepare_early_issue(line, demand.wanted, ready))
            missing = sum(part.quantity for part in schedule if part.source == 'lead_time')
            stocked = any(not part.to_order for part in demand.parts)
            if order in counted and stocked and missing > TOLERANCE:
                found.append(order._prepare_shortage_issue(line, demand.quantity, missing))
        return issues

    def _prepare_shortage_issue(self, line, wanted, missing):
        """Word that neither stock nor expected receipts cover a line.

        :param LineTerms line: the line
        :param float wanted: what it still asks for, in the product's unit
        :param float missing: what nothing known covers of it, in the same unit
        """
        self.ensure_one()
        product = self.env['product.product'].browse(line.product_id)
        return ControlIssue(
            code='promise.shortage',
            area='promise',
            effect='warn',
            message=self.env._(
                "%(product)s: neither stock nor expected receipts cover %(missing)s of %(wanted)s %(unit)s.",
                product=product.display_name, missing=formatLang(self.env, missing, digits=2),
                wanted=formatLang(self.env, wanted, digits=2), unit=product.uom_id.name),
            facts={'product': line.product_id, 'wanted': wanted, 'missing': missing, 'figures': ['missing']},
            clears=self.env._("Buy or make it first, or order less."),
        )

    def _prepare_terms_ask(self, key, line, requested):
        """Return the :class:`Ask` of one line of terms, or None if it asks for no goods."""
        self.ensure_one()
        product = self.env['product.product'].browse(line.product_id)
        if product.type != 'consu' or line.quantity <= 0:
            return None
        own = self.order_line.browse(line.key or ())
        unit = self.env['uom.uom'].browse(line.uom_id)
        return Ask(
            key=key,
            product=product,
            warehouse=own.warehouse_id or self.warehouse_id,
            quantity=unit._compute_quantity(line.quantity, product.uom_id, round=False),
            country=self.partner_shipping_id.country_id,
            routes=own.route_ids,
            wanted=fields.Date.to_date(line.requested_date or requested) or None,
            lead_days=max(0, ceil(own.customer_lead or product.sale_delay or 0)),
            line_id=own.id,
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


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _filter_leaving_beyond_promise(self):
        """Filter the lines of which more leaves now, or has left with it, than was promised."""
        if not self:
            return self
        delivered, leaving = self._get_delivered_quantities(), dict.fromkeys(self.ids, 0.0)
        for move in self.env['stock.move'].sudo().browse(control_memory(self.env).leaving_moves):
            line = move.sale_line_id
            # Of kits, components leave in any order: what is complete is judged as it is counted.
            if line in self and move.product_id == line.product_id and move.state != 'done':
                leaving[line.id] += move.product_uom._compute_quantity(move.quantity, line.product_uom_id, round=False)
        return self.filtered(lambda line: line.product_uom_id.compare(
            delivered[line.id] + leaving[line.id], line.promised_quantity) > 0)
