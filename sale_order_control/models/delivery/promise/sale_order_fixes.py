from dataclasses import replace

from odoo import fields, models
from odoo.tools import format_date

from ...order.control_fix import round_down


class SaleOrder(models.Model):
    """A wish that supply cannot keep: ask for the day on which it can."""

    _inherit = 'sale.order'

    def _get_control_fixes(self, issue, terms):
        fixes = super()._get_control_fixes(issue, terms)
        if issue.code == 'promise.requested_early':
            fixes += self._get_later_date_fixes(issue, terms)
        if issue.code == 'promise.shortage':
            fixes += self._get_covered_quantity_fixes(issue, terms)
        return fixes

    def _get_covered_quantity_fixes(self, issue, terms):
        """Order less of a product, as much as stock and expected receipts cover."""
        product = self.env['product.product'].browse(issue.facts['product'])
        fixes = []
        for line in terms.lines:
            if line.product_id != product.id or not line.key:
                continue
            unit = self.env['uom.uom'].browse(line.uom_id)
            missing = product.uom_id._compute_quantity(issue.facts['missing'], unit, round=False)
            grid = 1.0 if line.quantity == int(line.quantity) else unit.rounding
            quantity = round_down(line.quantity - missing, grid)
            if 0 < quantity < line.quantity:
                fixes.append(self._prepare_fix(
                    issue, f'covered.{line.key}', self.env._(
                        "Order %(quantity)s %(unit)s of %(product)s, which is covered.",
                        quantity=f'{quantity:g}', unit=unit.name, product=product.display_name),
                    rank=2, line_values={line.key: {'product_uom_qty': quantity}},
                    cost=(line.quantity - quantity) * line.net_price, needs_customer=True))
        return fixes

    def _get_later_date_fixes(self, issue, terms):
        day = issue.facts['proposal']
        late = [
            line for line in terms.lines
            if line.product_id == issue.facts['product'] and line.key
            and (line.requested_date or terms.requested_date) == issue.facts['requested']
            and line.quantity == issue.facts['quantity']
        ]
        changed = {line.key: {'requested_date': day} for line in late}
        later = replace(terms, lines=tuple(
            replace(line, requested_date=day) if line.key in changed else line for line in terms.lines))
        if not late or later == terms:
            return []
        label = self.env._(
            "Ask for %(product)s on %(date)s.",
            product=self.env['product.product'].browse(issue.facts['product']).display_name,
            date=format_date(self.env, fields.Date.to_date(day)))
        return [self._prepare_fix(
            issue, f'later.{late[0].key}', label, line_values=changed, needs_customer=True)]
