from dataclasses import replace

from odoo import api, fields, models
from odoo.fields import Domain

from ..order.control_terms import ControlTerms
from .sale_amendment import HEADER_FIELDS

# What policies compare of one amendment, and of all changes since the last agreement together.
JUDGED = (
    'change_amount', 'change_percent', 'margin_change', 'margin_points', 'days_later', 'days_earlier',
    'changes_address', 'changes_terms', 'changed_lines')


class SaleAmendment(models.Model):
    """Small changes in a row: what nobody had to agree to is added up, and meets the same policies as one change."""

    _inherit = 'sale.amendment'

    # === FIELDS: as of the amendment itself, against what was agreed to last ===#

    total_change_amount = fields.Monetary(string="Change in Amount Together", compute='_compute_totals')
    total_change_percent = fields.Float(string="Change in % Together", compute='_compute_totals')
    total_margin_change = fields.Monetary(string="Change in Margin Together", compute='_compute_totals')
    total_margin_points = fields.Float(string="Change in Margin Points Together", compute='_compute_totals')
    total_days_later = fields.Integer(string="Wanted Days Later Together", compute='_compute_totals')
    total_days_earlier = fields.Integer(string="Wanted Days Earlier Together", compute='_compute_totals')
    total_changes_address = fields.Boolean(string="Other Address Together", compute='_compute_totals')
    total_changes_terms = fields.Boolean(string="Other Payment Terms Together", compute='_compute_totals')
    total_changed_lines = fields.Integer(string="Lines Touched Together", compute='_compute_totals')

    # === COMPUTE METHODS ===#

    @api.depends(
        'order_id', 'base_terms', 'scope', *HEADER_FIELDS, 'line_ids.order_line_id', 'line_ids.product_id',
        'line_ids.product_uom_id', 'line_ids.product_uom_qty', 'line_ids.price_unit', 'line_ids.discount',
        'line_ids.requested_date')
    def _compute_totals(self):
        for amendment in self:
            totals = amendment._get_totals() or amendment
            amendment.update({f'total_{name}': totals[name] for name in JUDGED})

    @api.model
    def _get_following_fields(self):
        return super()._get_following_fields() | {f'total_{name}' for name in JUDGED}

    # === SINCE THE LAST AGREEMENT ===#

    def _get_agreed_revision(self):
        """Return the revision that was confirmed or agreed to last, if the order was changed since; else none."""
        self.ensure_one()
        revisions = self.order_id._origin.sudo().revision_ids.filtered('terms').sorted('number')
        agreed = revisions.filtered('is_agreed')[-1:] or revisions[:1]
        return agreed if revisions[-1:] != agreed else agreed.browse()

    def _get_terms_since_agreement(self):
        """Return what was agreed to last and what the order becomes, as far as amendments change it.

        :return: ``(ControlTerms, ControlTerms)``; None if nothing was changed since without anybody's agreement
        """
        agreed = self._get_agreed_revision()
        if not agreed:
            return None
        order = self.order_id._origin.sudo()
        now = order._get_control_terms()[order.id]
        costs = {line.key: line.cost for line in now.lines}
        before = ControlTerms.from_json(agreed.terms)
        # What goods cost by now is nobody's change.
        before = replace(before, lines=tuple(
            replace(line, cost=costs.get(line.key, line.cost)) for line in before.lines))
        after = self._get_target_terms(now)
        charged = self._get_charged_keys((before, after))
        return tuple(
            replace(terms, lines=tuple(line for line in terms.lines if line.key not in charged))
            for terms in (before, after))

    @api.model
    def _get_charged_keys(self, snapshots):
        """Return the lines that Odoo adds as costs arise: re-invoiced ones and shipping."""
        lines = self.env['sale.order.line'].sudo().browse(
            {line.key for terms in snapshots for line in terms.lines if line.key}).exists()
        shipping = lines.order_id._get_shipping_product_ids(set(lines.product_id.ids))
        return set(lines.filtered(lambda line: line.is_expense or line.product_id.id in shipping).ids)

    def _get_totals(self):
        """Return the figures of all changes since the last agreement, this one included; None if it is the first."""
        terms = self._get_terms_since_agreement()
        return terms and self._measure_change(*terms, self.order_id._compare_lines(*terms))

    # === WHAT POLICIES ASK ===#

    def _filter_by_condition(self, rule):
        found = super()._filter_by_condition(rule)
        rest = (self - found).filtered(lambda amendment: amendment._get_agreed_revision())
        if not rest:
            return found
        together = self.env['sale.approval.policy']._parse_domain(rule.domain).map_conditions(
            lambda condition: Domain(f'total_{condition.field_expr}', condition.operator, condition.value)
            if condition.field_expr in JUDGED else condition)
        return found | rest.filtered_domain(together)

    def _match_scope(self, rule, figures):
        scope = super()._match_scope(rule, figures)
        if scope is None or rule.domain == '[]':
            return scope
        return [*scope, self.env._(
            "amount %(percent)+.1f %%, margin %(points)+.1f points", percent=self.change_percent,
            points=self.margin_points)]

    def _get_approval_amount(self):
        amount, currency = super()._get_approval_amount()
        terms = self._get_terms_since_agreement()
        if terms:
            amount = max(amount, self._get_change_size(self.order_id._compare_lines(*terms)))
        return amount, currency

    @api.model
    def _get_change_size(self, changes):
        """Return what is added or what is dropped, whichever is more: one is not made up for by the other.

        :param changes: list of ``(old, new, ...)`` line terms or None
        """
        sizes = [(new.amount if new else 0.0) - (old.amount if old else 0.0) for old, new, *_rest in changes]
        return max(sum(size for size in sizes if size > 0), -sum(size for size in sizes if size < 0))

    # === WORDS ===#

    def _word_totals(self):
        """Say what became of the order since it was agreed to last; empty if this is the first change since."""
        self.ensure_one()
        agreed, totals = self._get_agreed_revision(), self._get_totals()
        if not totals:
            return ""
        money = self.currency_id.format
        return self.env._(
            "Together with earlier changes that nobody had to agree to, since revision %(number)s: untaxed amount "
            "%(before)s → %(after)s (%(percent)+.1f %%), margin %(points)+.1f points.",
            number=agreed.number, before=money(totals['amount_before']), after=money(totals['amount_after']),
            percent=totals['change_percent'], points=totals['margin_points'])
