from dataclasses import dataclass, replace

from odoo import api, fields, models

from ...order.control_fix import round_up
from ...order.control_issue import ControlIssue
from ...order.control_memory import control_memory

REASON_CODE = 'price.reason'
PRICE_REASON_MODES = [
    ('no', "Never"),
    ('below', "Below List Price"),
    ('any', "Below or Above List Price"),
]
# Policies that look at prices: those who answer for them may accept what was typed.
PRICE_TRIGGERS = ('max_discount', 'below_list', 'below_cost', 'min_margin_percent')


@dataclass(frozen=True, slots=True)
class PriceGap:
    """What was typed for one line, next to its list price; both per unit and in the order's currency."""

    line: object
    list_price: float

    @property
    def percent(self):
        """Percent below the list price; negative above it. What is simply taken off counts as all of it."""
        return 100 * (self.list_price - self.line.net_price) / self.list_price if self.list_price else 100.0


class SalePriceReason(models.Model):
    """Why somebody asks another price than the list."""

    _name = 'sale.price.reason'
    _description = "Reason for Another Price"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    note_required = fields.Boolean(
        string="Explain in Words", help="The reason alone says too little: the salesperson writes a sentence.")


class ResCompany(models.Model):
    _inherit = 'res.company'

    control_price_reason = fields.Selection(
        PRICE_REASON_MODES, groups='base.group_user', string="Reason for Another Price", default='no', required=True,
        help="When a line must say why its price is not the one that the customer's pricelist asks. Part of approval "
             "control: nothing is asked while that is off.")

    @api.model
    def _get_control_settings(self):
        return (*super()._get_control_settings(), 'control_price_reason')


class SaleControlSwitches(models.AbstractModel):
    _inherit = 'sale.control.switches'

    control_price_reason = fields.Selection(related='company_id.control_price_reason', readonly=False, required=True)


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    price_reason_id = fields.Many2one(
        'sale.price.reason', string="Reason for the Price", copy=False, ondelete='restrict', groups='base.group_user',
        help="Why the price is not the list price. Approvers read it.")
    price_reason_note = fields.Char(string="Reason in Words", copy=False, groups='base.group_user')
    list_price_unit = fields.Float(
        string="List Price", compute='_compute_list_price_gap', digits='Product Price', groups='base.group_user',
        help="What the customer's pricelist asked for one unit when the order was entered, as last saved.")
    list_price_gap = fields.Float(
        string="Below List %", compute='_compute_list_price_gap', digits='Discount', groups='base.group_user',
        help="By how much the price, after the discount of the line, is below the list price; negative above it.")

    @api.depends(
        'price_unit', 'discount', 'product_uom_qty', 'product_id', 'linked_line_ids.price_unit',
        'linked_line_ids.discount')
    def _compute_list_price_gap(self):
        orders = self.order_id._origin.filtered('control_price_reason_asked')
        terms = orders._get_control_terms()
        prices = {
            line.key: PriceGap(line, price)
            for found in (orders._get_list_prices(terms) if orders else {}).values() for line, _net, price in found
        }
        for line in self:
            gap = prices.get(line._origin.id)
            line.list_price_unit = gap.list_price if gap else 0.0
            line.list_price_gap = round(gap.percent, 2) if gap else 0.0

    def _prepare_split_values(self):
        return {
            **super()._prepare_split_values(),
            'price_reason_id': self.price_reason_id.id,
            'price_reason_note': self.price_reason_note,
        }

    def _lacks_price_reason(self):
        """Whether the line does not say why its price is what it is."""
        self.ensure_one()
        reason = self.price_reason_id
        return not reason or reason.note_required and not (self.price_reason_note or '').strip()


class SaleOrder(models.Model):
    """Prices typed by hand say why, and are shown next to the list price."""

    _inherit = 'sale.order'

    control_price_reason_asked = fields.Boolean(
        compute='_compute_control_price_reason_asked', groups='base.group_user',
        help="Whether lines say why their price is not the list price.")

    @api.depends('company_id')
    def _compute_control_price_reason_asked(self):
        for order in self:
            company = order.company_id.sudo()
            order.control_price_reason_asked = bool(company) and company.control_price_reason != 'no' \
                and company._get_control_mode('approval') != 'off'

    def _settle_control_issues(self, checkpoint, issues, terms):
        issues = super()._settle_control_issues(checkpoint, issues, terms)
        if checkpoint in ('submit', 'confirm'):
            orders = self._with_control('approval', checkpoint)
            for order_id, gaps in orders._get_unexplained_prices(terms).items():
                order = self.browse(order_id)
                issues[order_id].append(order._prepare_price_reason_issue(gaps, issues[order_id]))
        return issues

    def _get_price_gaps(self, terms):
        """Find the lines whose price somebody chose against the list, where the company wants to know why.

        :param dict terms: ``{order_id: ControlTerms}``
        :return: ``{order_id: [PriceGap, ...]}``
        """
        asked = self.filtered(lambda order: order.company_id.sudo().control_price_reason not in (False, 'no'))
        prices = asked._get_list_prices(terms) if asked else {}
        found = {}
        carried = self._get_delivery_products() if asked else set()
        for order in asked.sudo():
            only_below = order.company_id.control_price_reason == 'below'
            gaps = [PriceGap(line, price) for line, _net, price in prices[order.id]]
            # What is taken off the whole order has no list price: it is all by hand.
            gaps += [PriceGap(line, 0.0) for line in terms[order.id].lines if line.amount < 0]
            smallest = min(order.currency_id.rounding, order._get_price_grids()[0]) / 2 + 1e-9
            promised = {}
            found[order.id] = [
                gap for gap in gaps
                if (gap.list_price - gap.line.net_price > smallest
                    or not only_below and gap.line.net_price - gap.list_price > smallest)
                # Nobody chose what delivery costs and what a promotion gives; down payments have no quantity.
                and gap.line.product_id not in carried
                and not order._is_promised_reward(gap.line, promised)
                and not order._is_promised_discount(gap.line, terms[order.id], promised)
            ]
        return {order_id: gaps for order_id, gaps in found.items() if gaps}

    def _get_unexplained_prices(self, terms):
        """Filter the lines that do not say why."""
        lines = self.env['sale.order.line'].sudo()
        found = {}
        for order_id, gaps in self._get_price_gaps(terms).items():
            lacking = [gap for gap in gaps if not gap.line.key or lines.browse(gap.line.key)._lacks_price_reason()]
            if lacking:
                found[order_id] = lacking
        return found

    def _prepare_price_reason_issue(self, gaps, issues):
        self.ensure_one()
        offices = dict.fromkeys(
            name for issue in issues if issue.code.rsplit('.', 1)[-1] in PRICE_TRIGGERS
            for name in issue.facts.get('levels', ()))
        clears = self.env._("Choose a reason on the line, or go back to the list price.")
        if offices:
            clears += " " + self.env._("It is accepted by: %s.", ", ".join(offices))
        return ControlIssue(
            code=REASON_CODE,
            area='approval',
            effect='block',
            message=self.env._(
                "A price was changed by hand and no reason says why: %s.",
                "; ".join(self._word_price_gap(gap) for gap in gaps[:5])),
            facts={'lines': [gap.line.key for gap in gaps]},
            clears=clears,
        )

    def _word_price_gap(self, gap):
        """Say what was typed next to the list price: “Desk: 88.00, 12 % below the list price of 100.00”."""
        words = {
            'product': self._get_product_name(gap.line.product_id),
            'price': self.currency_id.format(gap.line.net_price),
            'list': self.currency_id.format(gap.list_price),
            'gap': self._format_percent(abs(gap.percent)),
        }
        if not gap.list_price:
            return self.env._("%(product)s: %(price)s, not on the list", **words)
        if gap.percent < 0:
            return self.env._("%(product)s: %(price)s, %(gap)s %% above the list price of %(list)s", **words)
        return self.env._("%(product)s: %(price)s, %(gap)s %% below the list price of %(list)s", **words)

    # === WHAT APPROVERS AND SALESPEOPLE READ ===#

    def _ask_for_approval(self, reasons, comment=None):
        # Read for all of them at once; each one's copy takes its own from here.
        facts = control_memory(self.env).facts
        gaps = self._get_price_gaps(self._get_control_terms())
        facts.update({('price gaps', order.id): gaps.get(order.id, []) for order in self})
        try:
            return super()._ask_for_approval(reasons, comment)
        finally:
            for order in self:
                facts.pop(('price gaps', order.id), None)

    def _prepare_approval_display(self):
        display = super()._prepare_approval_display()
        gaps = control_memory(self.env).facts.get(('price gaps', self.id))
        if gaps is None:
            gaps = self._get_price_gaps(self._get_control_terms()).get(self.id, [])
        return {**display, 'prices': self._describe_prices(gaps)} if gaps else display

    def _get_approval_preview(self):
        gaps = self._get_price_gaps(self._get_control_terms()).get(self.id, [])
        return {**super()._get_approval_preview(), 'prices': self._describe_prices(gaps)}

    def _describe_prices(self, gaps):
        """Return ``[{'price', 'reason'}, ...]`` in words."""
        lines = self.env['sale.order.line'].sudo()
        rows = []
        for gap in gaps:
            line = lines.browse(gap.line.key or ())
            reason = ": ".join(filter(None, (line.price_reason_id.name, line.price_reason_note)))
            rows.append({'price': self._word_price_gap(gap), 'reason': reason})
        return rows

    # === MAKE IT PASS ===#

    def _get_control_fixes(self, issue, terms):
        fixes = super()._get_control_fixes(issue, terms)
        if issue.code == REASON_CODE:
            grid, _discount_grid = self._get_price_grids()
            prices = self._get_own_list_prices(terms)
            solved = replace(terms, lines=tuple(
                replace(line, price_unit=round_up(prices[line.key], grid), discount=0.0)
                if line.key in issue.facts['lines'] and line.key in prices else line
                for line in terms.lines))
            if self._clears_with(issue, solved):
                fixes.append(self._prepare_price_fix(
                    issue, 'list', self.env._("Go back to the list price."), terms, solved))
        return fixes
