from dataclasses import replace

from odoo import models

from ...order.control_fix import round_down
from ..settlement.settlement_grade import get_looseness

# Lines that are looked at one by one: who cuts more than these cuts all.
MAX_LINES = 5
# Steps in which all quantities are lowered together.
SCALE = 1000


class SaleOrder(models.Model):
    """What a salesperson can change so that an order stays within the customer's credit."""

    _inherit = 'sale.order'

    def _get_control_fixes(self, issue, terms):
        fixes = super()._get_control_fixes(issue, terms)
        if issue.code in ('credit.limit', 'credit.pool', 'credit.order_max'):
            fixes += self._get_quantity_fixes(issue, terms)
        if issue.code in ('credit.limit', 'credit.pool'):
            fixes += self._get_prepayment_fixes(issue, terms)
        if issue.code == 'credit.settlement':
            fixes.append(self._get_settlement_fix(issue, terms, *issue.facts['agreed']))
        if issue.code == 'credit.terms':
            fixes += self._get_shorter_term_fixes(issue, terms)
        return fixes

    # === QUANTITIES ===#

    def _get_quantity_fixes(self, issue, terms):
        lines = sorted(
            (line for line in terms.lines if line.quantity > 0 and line.amount > 0),
            key=lambda line: line.amount, reverse=True)
        fixes = [self._get_line_quantity_fix(issue, terms, line) for line in lines[:MAX_LINES]]
        fixes = [fix for fix in fixes if fix]
        if not fixes and len(lines) > 1:
            fixes = [self._get_all_quantities_fix(issue, terms, lines)]
        return [fix for fix in fixes if fix]

    def _get_line_grid(self, line):
        return self._get_quantity_grid(line.quantity, self.env['uom.uom'].browse(line.uom_id))

    def _get_line_quantity_fix(self, issue, terms, line):
        grid = self._get_line_grid(line)

        def build(step):
            quantity = round(round_down(line.quantity, grid) - step * grid, 6)
            return self._replace_quantities(terms, {line.key: quantity})
        # Something of the line must remain, or there was no point in ordering it.
        step = self._find_least_change(issue, build, round(round_down(line.quantity, grid) / grid) - 1)
        return self._prepare_quantity_fix(issue, f'quantity.{line.key}', terms, build(step)) if step else None

    def _get_all_quantities_fix(self, issue, terms, lines):
        def build(step):
            return self._replace_quantities(terms, {
                line.key: round_down(line.quantity * (1 - step / SCALE), self._get_line_grid(line))
                for line in lines})
        step = self._find_least_change(issue, build, SCALE - 1)
        solved = build(step) if step else None
        if not solved or not all(line.quantity for line in solved.lines):
            return None
        return self._prepare_quantity_fix(issue, 'quantity.all', terms, solved)

    def _replace_quantities(self, terms, quantities):
        return replace(terms, lines=tuple(
            replace(line, quantity=quantities[line.key]) if line.key in quantities else line for line in terms.lines))

    def _prepare_quantity_fix(self, issue, name, terms, solved):
        old = {line.key: line for line in terms.lines}
        changed = [line for line in solved.lines if line.quantity != old[line.key].quantity]
        words = [
            self.env._(
                "%(product)s: %(old)s becomes %(new)s %(unit)s.",
                product=self.env['product.product'].browse(line.product_id).display_name,
                old=f'{old[line.key].quantity:g}', new=f'{line.quantity:g}',
                unit=self.env['uom.uom'].browse(line.uom_id).name)
            for line in changed
        ]
        return self._prepare_fix(
            issue, name, " ".join((self.env._("Lower the quantity."), *words[:3])), rank=2,
            line_values={line.key: {'product_uom_qty': line.quantity} for line in changed},
            cost=sum(line.amount for line in terms.lines) - sum(line.amount for line in solved.lines),
            needs_customer=True)

    # === SETTLEMENT ===#

    def _get_settlement_fix(self, issue, terms, mode, percent, **values):
        return self._prepare_fix(
            issue, 'settlement', self.env._("Settle by “%s”.", self._get_settlement_label(mode, percent)),
            order_values={'settlement_mode': mode, 'settlement_percent': percent},
            conditions=self._get_settled_conditions(terms, mode, percent), needs_customer=True, **values)

    def _get_settled_conditions(self, terms, mode, percent):
        """Return the conditions of some terms with another settlement."""
        own = percent if mode == 'prepay' else 0.0
        condition = ('settlement', f'{mode} {own:g}'.removesuffix(' 0'), get_looseness(mode, own))
        others = [known for known in terms.conditions if known[0] != 'settlement']
        return tuple(sorted([*others, condition]))

    def _get_prepayment_fixes(self, issue, terms):
        """An order that is paid before it leaves needs no limit."""
        conditions = self._get_settled_conditions(terms, 'prepay', 100.0)
        if not self._clears_with(issue, replace(terms, conditions=conditions)):
            return []
        # The customer had other terms: less goods on them come first.
        return [self._get_settlement_fix(issue, terms, 'prepay', 100.0, rank=3)]

    def _get_shorter_term_fixes(self, issue, terms):
        payer = self.env['res.partner'].browse(terms.partner_invoice_id)
        account = self._get_settlement_accounts({self.id: payer}).get(self.id)
        longest = account.grade_id._get_longest_term() if account else self.env['account.payment.term']
        fixes = []
        for term in (longest | (self._get_immediate_term() or longest)):
            if self._clears_with(issue, replace(terms, payment_term_id=term.id)):
                fixes.append(self._prepare_fix(
                    issue, f'term.{term.id}', self.env._("Choose the payment terms “%s”.", term.name),
                    order_values={'payment_term_id': term.id}, cost=float(len(fixes)), needs_customer=True))
        return fixes
