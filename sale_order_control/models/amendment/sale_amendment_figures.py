from dataclasses import replace

from odoo import api, fields, models

from .sale_amendment import HEADER_FIELDS


class SaleAmendment(models.Model):
    """What the order becomes, and by how much that differs from what it is."""

    _inherit = 'sale.amendment'

    # === FIGURES: what conditions of policies compare ===#

    amount_before = fields.Monetary(string="Untaxed Before", compute='_compute_figures', store=True)
    amount_after = fields.Monetary(string="Untaxed After", compute='_compute_figures', store=True)
    change_amount = fields.Monetary(
        string="Change in Amount", compute='_compute_figures', store=True, help="Without taxes; below zero: less.")
    change_percent = fields.Float(
        string="Change in %", digits=(16, 2), compute='_compute_figures', store=True, aggregator=None,
        help="Of the untaxed amount before.")
    margin_before = fields.Monetary(compute='_compute_figures', store=True)
    margin_after = fields.Monetary(compute='_compute_figures', store=True)
    margin_change = fields.Monetary(string="Change in Margin", compute='_compute_figures', store=True)
    margin_points = fields.Float(
        string="Change in Margin Points", digits=(16, 2), compute='_compute_figures', store=True, aggregator=None,
        help="Percentage points; below zero: the margin falls.")
    days_later = fields.Integer(
        string="Wanted Days Later", compute='_compute_figures', store=True, aggregator='max',
        help="The most days by which a requested date comes later.")
    days_earlier = fields.Integer(
        string="Wanted Days Earlier", compute='_compute_figures', store=True, aggregator='max',
        help="The most days by which a requested date comes earlier.")
    changes_address = fields.Boolean(string="Other Address", compute='_compute_figures', store=True)
    changes_terms = fields.Boolean(string="Other Payment Terms", compute='_compute_figures', store=True)
    changed_lines = fields.Integer(string="Lines Touched", compute='_compute_figures', store=True)

    @api.depends(
        'order_id', 'base_terms', 'scope', *HEADER_FIELDS, 'line_ids.order_line_id', 'line_ids.product_id',
        'line_ids.product_uom_id', 'line_ids.product_uom_qty', 'line_ids.price_unit', 'line_ids.discount',
        'line_ids.requested_date')
    def _compute_figures(self):
        for amendment in self:
            order = amendment.order_id._origin.sudo()
            if not order:
                amendment.update(dict.fromkeys(amendment._get_figure_names(), 0))
                continue
            before, after = amendment._get_base_terms(), amendment._get_target_terms()
            amendment.update(amendment._measure_change(before, after, amendment._get_line_changes(before)))

    def _measure_change(self, before, after, changes):
        """Work out by how much terms of the order differ.

        :param ControlTerms before: terms
        :param ControlTerms after: other terms
        :param changes: the lines that differ, of whatever form
        :return: ``{figure: value}``, money in the order's currency
        """
        self.ensure_one()
        order = self.order_id._origin.sudo()
        old, new = (order._get_control_amounts({order.id: terms})[order.id] for terms in (before, after))
        change = new.untaxed - old.untaxed
        moved = self._get_moved_days(before, after)
        return {
            'amount_before': old.untaxed,
            'amount_after': new.untaxed,
            'change_amount': change,
            'change_percent': 100 * change / old.untaxed if old.untaxed else 0.0,
            'margin_before': old.margin,
            'margin_after': new.margin,
            'margin_change': new.margin - old.margin,
            'margin_points': new.margin_percent - old.margin_percent if after.lines else 0.0,
            'days_later': max([0, *moved]),
            'days_earlier': -min([0, *moved]),
            'changes_address': (before.partner_shipping_id, before.partner_invoice_id)
            != (after.partner_shipping_id, after.partner_invoice_id),
            'changes_terms': before.payment_term_id != after.payment_term_id,
            'changed_lines': len(changes),
        }

    def _refresh_figures(self):
        """Work the figures out anew: what is delivered by now counts, and nobody typed it."""
        for name in self._get_figure_names():
            self.env.add_to_compute(self._fields[name], self)

    @api.model
    def _get_figure_names(self):
        return [name for name, field in self._fields.items() if field.compute == '_compute_figures']

    @api.model
    def _get_following_fields(self):
        return super()._get_following_fields() | set(self._get_figure_names())

    @api.model
    def _get_moved_days(self, before, after):
        """Return by how many days requested dates move, of the order and of its lines; below zero: earlier."""
        old_lines = {line.key: line for line in before.lines}
        pairs = [(before.requested_date, after.requested_date)]
        # A line without a date of its own is wanted when the order is.
        pairs += [
            (old_lines[line.key].requested_date or before.requested_date, line.requested_date or after.requested_date)
            for line in after.lines if line.key in old_lines]
        return [
            (fields.Date.to_date(new) - fields.Date.to_date(old)).days for old, new in pairs if old and new]

    # === TERMS ===#

    def _get_base_lines(self):
        """Return ``{order line id: LineTerms}`` of the base."""
        self.ensure_one()
        return {line.key: line for line in self._get_base_terms().lines} if self.order_id else {}

    def _get_line_changes(self, base):
        """Tell line by line what becomes other.

        :param ControlTerms base: terms of the order that are changed
        :return: list of ``(old, new, row)``: :class:`LineTerms` or None, and the amendment line or an empty one. A line
            that gets another product keeps what is delivered or invoiced of it, and another one is added
        """
        self.ensure_one()
        none = self.env['sale.amendment.line']
        if self.scope == 'order':
            return [(line, None, none) for line in base.lines]
        if self.scope == 'rest':
            return self._get_rest_changes(base)
        rows = {row.order_line_id._origin.id: row for row in self.line_ids if row.order_line_id}
        drawn = self._get_base_lines()
        changes = []
        for old in base.lines:
            # What the row shows as it was drawn is no change, also where the order has moved on.
            row, first = rows.get(old.key), drawn.get(old.key)
            new = row._change_terms(old) if row and first and row._change_terms(first) != first else old
            if (new.product_id, new.uom_id) != (old.product_id, old.uom_id):
                changes += [(old, replace(old, quantity=min(old.quantity, row.floor)), none),
                            (None, replace(new, key=0), row)]
            elif new != old:
                changes.append((old, new, row))
        return changes + [
            (None, row._prepare_added_terms(), row)
            for row in self.line_ids if not row.order_line_id and row.product_id]

    def _get_rest_changes(self, base):
        lines = self.env['sale.order.line'].sudo().browse([line.key for line in base.lines]).exists()
        floors = {line.id: line._get_amendment_floor() for line in lines}
        return [
            (old, replace(old, quantity=min(old.quantity, max(0.0, floors[old.key]))), self.env['sale.amendment.line'])
            for old in base.lines if floors.get(old.key, old.quantity) < old.quantity and old.quantity > 0]

    def _get_target_terms(self, base=None):
        """Return what the order becomes.

        :param ControlTerms base: terms to change, if not those that the amendment was drawn from
        """
        self.ensure_one()
        base = base or self._get_base_terms()
        changes = self._get_line_changes(base)
        touched = {old.key: new for old, new, _row in changes if old}
        lines = [touched.get(line.key, line) for line in base.lines] + [new for old, new, _row in changes if not old]
        header = self._get_header_changes(base)
        if 'partner_invoice_id' in header:
            partner = self.env['res.partner'].sudo().browse(header['partner_invoice_id'])
            header['payer_id'] = partner.commercial_partner_id.id
        target = replace(base, **header, lines=tuple(line for line in lines if line and line.quantity))
        return replace(target, conditions=self.order_id._origin.sudo()._foresee_control_conditions(target))

    def _get_header_changes(self, base):
        """Return ``{name: value}`` of what the amendment changes besides lines, as in :class:`ControlTerms`.

        What the order itself got meanwhile is no change of the amendment.
        """
        self.ensure_one()
        if self.scope != 'change':
            return {}
        drawn = self._get_base_terms()
        typed = {
            name: fields.Date.to_string(self[name]) or '' if name == 'requested_date' else self[name]._origin.id
            for name in HEADER_FIELDS}
        # An order always has its addresses: where a form does not show them, they stay.
        typed = {name: value for name, value in typed.items() if value or not name.startswith('partner_')}
        return {name: value for name, value in typed.items() if value != getattr(drawn, name)}

    def _is_nothing_changed(self):
        self.ensure_one()
        base = self._get_base_terms()
        return not self._get_line_changes(base) and not self._get_header_changes(base)

    # === WORDS ===#

    def _word_changes(self):
        """Say line by line what changes: list of ``{'subject', 'label', 'old_value', 'new_value'}``."""
        self.ensure_one()
        base = self._get_base_terms()
        return self.order_id._origin.sudo()._word_terms_changes(
            base, self._get_target_terms(base), self._get_line_changes(base))

    def _summarise_changes(self):
        """Say what changes in one text, a line per change."""
        return "\n".join(
            f"{change['subject']}: {change['label']} {change['old_value']} → {change['new_value']}"
            for change in self._word_changes())
