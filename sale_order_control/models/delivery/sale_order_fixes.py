from dataclasses import replace

from odoo import fields, models
from odoo.tools import format_date


class SaleOrder(models.Model):
    """A wish that supply cannot keep: ask for the day on which it can."""

    _inherit = 'sale.order'

    def _get_control_fixes(self, issue, terms):
        fixes = super()._get_control_fixes(issue, terms)
        if issue.code == 'promise.requested_early':
            fixes += self._get_later_date_fixes(issue, terms)
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
