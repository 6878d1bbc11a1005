from dataclasses import replace
from math import ceil

from odoo import models

from ...order.control_fix import round_down, round_up
from ..mixin.sale_approval_mixin_policy import POLICY_CODE
from ..policy.sale_approval_policy import ISSUE_TRIGGERS

# The margin is solved in steps of so many percent of all prices.
MARGIN_STEP = 0.01
# How often a price that the gate still finds too low by a rounding is raised by its smallest unit.
ROUNDING_TRIES = 4


class SaleOrder(models.Model):
    """What the salesperson can change so that a policy need not be asked. Who decides is never changed."""

    _inherit = 'sale.order'

    def _get_control_fixes(self, issue, terms):
        fixes = super()._get_control_fixes(issue, terms)
        trigger = issue.code.rsplit('.', 1)[-1]
        solver = {
            'max_discount': self._get_discount_fixes,
            'below_list': self._get_list_price_fixes,
            'below_cost': self._get_cost_fixes,
            'min_margin_percent': self._get_margin_fixes,
            **dict.fromkeys(ISSUE_TRIGGERS, self._get_found_fixes),
        }.get(trigger) if issue.code.startswith(POLICY_CODE) else None
        # An amount is never made smaller to stay below a threshold: that is what such policies look out for.
        return fixes + solver(issue, terms) if solver else fixes

    def _get_price_grids(self):
        """Return the smallest steps of a unit price and of a discount."""
        precision = self.env['decimal.precision']
        return 10 ** -precision.precision_get('Product Price'), 10 ** -precision.precision_get('Discount')

    # === A SECOND QUOTATION ===#

    def _get_split_objections(self, whole):
        objections = super()._get_split_objections(whole)
        codes = {issue.code for issue in self._get_control_issues('submit')[self.id]}
        avoided = self.env['sale.approval.policy'].sudo().browse(
            issue.facts['policy'] for issue in self._get_control_issues('submit', {self.id: whole})[self.id]
            if issue.stops and issue.code.startswith(POLICY_CODE) and issue.code.endswith('.min_amount')
            and issue.code not in codes)
        # A policy that counts what the customer ordered lately sees both halves.
        avoided = avoided.filtered(lambda policy: not policy.cumulative_days)
        if avoided:
            objections.append(self.env._(
                "in two quotations nobody would be asked about the amount of the whole (policy “%s”). Leave the rest "
                "out, or submit the whole for approval.", "”, “".join(avoided.mapped('name'))))
        return objections

    # === WHAT OTHER CONTROLS FOUND ===#

    def _get_found_fixes(self, issue, terms):
        """Clear all findings of other rooms for which a policy asks, by one change of theirs each."""
        kind, kinds = ISSUE_TRIGGERS[issue.code.rsplit('.', 1)[-1]], self._get_control_issue_kinds()
        findings = self._get_control_issues('submit', {self.id: terms})[self.id]
        chosen, after = [], terms
        for finding in findings:
            fix = next(iter(self._get_control_fixes(finding, after)), None) if kinds.get(finding.code) == kind else None
            if fix:
                chosen.append(fix)
                after = fix.apply(after)
        if not chosen or not self._clears_with(issue, after):
            return []
        line_values = {}
        for fix in chosen:
            for line_id, values in fix.line_values.items():
                line_values.setdefault(line_id, {}).update(values)
        return [self._prepare_fix(
            issue, kind, " ".join(fix.label for fix in chosen), rank=max(fix.rank for fix in chosen),
            order_values={name: value for fix in chosen for name, value in fix.order_values.items()},
            line_values=line_values, cost=sum(fix.cost for fix in chosen), needs_customer=True)]

    # === DISCOUNT ===#

    def _get_discount_fixes(self, issue, terms):
        _price_grid, grid = self._get_price_grids()
        highest = max((line.discount for line in terms.lines if line.quantity > 0), default=0.0)
        first = round_up(highest, grid)

        def build(step):
            limit = max(0.0, round(first - step * grid, 6))
            return replace(terms, lines=tuple(
                replace(line, discount=limit) if line.quantity > 0 and line.discount > limit else line
                for line in terms.lines))
        step = self._find_least_change(issue, build, ceil(round(first / grid, 6)))
        if not step:
            return []
        solved = build(step)
        limit = max(line.discount for line in solved.lines if line.quantity > 0)
        label = self.env._(
            "Lower the discount from %(old)s %% to %(new)s %%.",
            old=self._format_percent(highest), new=self._format_percent(limit))
        return [self._prepare_price_fix(issue, 'discount', label, terms, solved)]

    # === PRICES ===#

    def _get_list_price_fixes(self, issue, terms):
        share = 1 - issue.facts['limit'] / 100
        prices = self._get_own_list_prices(terms)
        solved = self._raise_to(issue, terms, {key: price * share for key, price in prices.items()})
        label = self.env._("Raise the price to at least %s %% of the list price.", self._format_percent(100 * share))
        return [self._prepare_price_fix(issue, 'list', label, terms, solved)] if solved else []

    def _get_cost_fixes(self, issue, terms):
        solved = self._raise_to(
            issue, terms, {line.key: line.cost for line, _net in self._get_net_prices(terms) if line.cost > 0})
        label = self.env._("Raise the price to the cost.")
        return [self._prepare_price_fix(issue, 'cost', label, terms, solved)] if solved else []

    def _raise_to(self, issue, terms, floors):
        """Raise prices just as far as the gate asks.

        :param dict floors: ``{line id: lowest unit price after all discounts}``
        :return: :class:`ControlTerms`, or None if that does not clear the issue
        """
        grid, _discount_grid = self._get_price_grids()
        for attempt in range(ROUNDING_TRIES):
            factor = 1 - terms.overall_discount
            solved = terms
            # With higher prices, what is taken off the whole order weighs less: a second look overshoots less.
            for _look in range(3 if terms.overall_discount else 1):
                if not factor:
                    return None
                own = {key: price / factor + attempt * grid for key, price in floors.items()}
                solved = self._raise_lines(terms, own)
                factor = 1 - solved.overall_discount
            if self._clears_with(issue, solved):
                return solved
        return None

    def _raise_lines(self, terms, floors):
        """Return terms whose lines cost at least so much: first the discount goes, then the price rises.

        :param dict floors: ``{line id: lowest unit price after the line's own discount}``
        """
        price_grid, discount_grid = self._get_price_grids()
        lines = []
        for line in terms.lines:
            lowest = floors.get(line.key, 0.0)
            if line.quantity > 0 and line.price_unit >= 0 and line.net_price < lowest - 1e-6:
                if line.price_unit >= lowest - 1e-6 and line.price_unit:
                    discount = round_down(max(0.0, 100 * (1 - lowest / line.price_unit)), discount_grid)
                    line = replace(line, discount=discount)
                else:
                    line = replace(line, discount=0.0, price_unit=round_up(lowest, price_grid))
            lines.append(line)
        return replace(terms, lines=tuple(lines))

    # === MARGIN ===#

    def _get_margin_fixes(self, issue, terms):
        amount = sum(line.amount for line in terms.lines)
        cost = sum(line.quantity * line.cost for line in terms.lines)
        wanted = issue.facts['limit'] / 100
        if amount <= 0 or wanted >= 1:
            return []
        needed = cost / (1 - wanted) / amount - 1

        def build(step):
            return self._raise_lines(
                terms, {line.key: line.net_price * (1 + step * MARGIN_STEP / 100) for line in terms.lines})
        # Twice the raise that arithmetic asks for: what is taken off the whole order does not rise with it.
        step = self._find_least_change(issue, build, ceil(200 * needed / MARGIN_STEP) + 100)
        if not step:
            return []
        label = self.env._(
            "Raise all prices by %s %%, first by lower discounts.", self._format_percent(step * MARGIN_STEP))
        return [self._prepare_price_fix(issue, 'margin', label, terms, build(step))]

    def _prepare_price_fix(self, issue, name, label, terms, solved):
        old = {line.key: line for line in terms.lines}
        values, words = {}, []
        for line in solved.lines:
            before = old[line.key]
            if (line.price_unit, line.discount) != (before.price_unit, before.discount):
                values[line.key] = {'price_unit': line.price_unit, 'discount': line.discount}
                words.append(self._word_price_change(before, line))
        cost = abs(sum(line.amount for line in solved.lines) - sum(line.amount for line in terms.lines))
        return self._prepare_fix(
            issue, name, " ".join((label, *words[:3])), rank=1, line_values=values, cost=cost, needs_customer=True)

    def _word_price_change(self, before, after):
        """Say what becomes of the price of one line."""
        words = {
            'product': self._get_product_name(after.product_id),
            'old': self.currency_id.format(before.net_price),
            'new': self.currency_id.format(after.net_price),
        }
        return self.env._("%(product)s: %(old)s becomes %(new)s.", **words)
