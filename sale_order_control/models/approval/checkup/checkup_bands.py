from ast import literal_eval
from collections import defaultdict

from odoo import api, models

from ..policy.sale_approval_policy import ORDER_SCOPE, TRIGGERS
from .findings import Finding

AMOUNTS = ('amount_untaxed', 'amount_total')
INFINITE = float('inf')


class SaleApprovalPolicy(models.Model):
    """The check-up of bounds: conditions that exclude each other, and amounts between two bands."""

    _inherit = 'sale.approval.policy'

    @api.model
    def _get_checks(self):
        return [*super()._get_checks(), self._check_bounds, self._check_bands]

    # === BOUNDS ===#

    def _get_condition_leaves(self):
        """Return the leaves of a condition that wants them all; nothing where alternatives are allowed."""
        try:
            items = literal_eval(self.domain or '[]')
        except (ValueError, SyntaxError):
            return []
        leaves = [item for item in items if isinstance(item, (list, tuple))]
        plain = all(item == '&' or isinstance(item, (list, tuple)) for item in items)
        return leaves if plain and all(len(leaf) == 3 for leaf in leaves) else []

    @api.model
    def _get_bounds(self, leaves):
        """Return ``{path: [low, high, whether the low one is excluded, the high one]}`` of ordered values."""
        bounds = {}
        for path, operator, value in leaves:
            if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                continue
            if operator not in ('=', '>', '>=', '<', '<='):
                continue
            bound = bounds.setdefault(path, [None, None, False, False])
            if operator in ('=', '>', '>=') and (bound[0] is None or value >= bound[0]):
                bound[0], bound[2] = value, operator == '>'
            if operator in ('=', '<', '<=') and (bound[1] is None or value <= bound[1]):
                bound[1], bound[3] = value, operator == '<'
        return bounds

    @api.model
    def _check_bounds(self, run):
        for policy in run.own:
            leaves = policy._get_condition_leaves()
            if policy._asks_by_amount_alone() and policy.currency_id == run.company.currency_id:
                leaves = [*leaves, ('amount_untaxed', '>=', policy.min_amount)]
            try:
                bounds = self._get_bounds(leaves)
                empty = [
                    path for path, (low, high, above, below) in bounds.items()
                    if low is not None and high is not None and (low > high or low == high and (above or below))]
            except TypeError:
                # A number and a text: the condition itself is reported as unreadable.
                continue
            for path in empty[:1]:
                low, high = bounds[path][:2]
                yield Finding('contradiction', policy, facts={
                    'policy': policy.name,
                    'reason': self.env._(
                        "“%(path)s” would have to be at least %(low)s and at most %(high)s",
                        path=path, low=low, high=high)})

    def _asks_by_amount_alone(self):
        self.ensure_one()
        return self.res_model == 'sale.order' and self.min_amount and not self.cumulative_days \
            and not any(self[trigger] for trigger in TRIGGERS if trigger != 'min_amount')

    # === BANDS ===#

    @api.model
    def _check_bands(self, run):
        """Find amounts that lie between two policies with the same conditions, or above all of them."""
        families = defaultdict(list)
        for policy in run.policies.filtered(lambda policy: policy.res_model == 'sale.order'):
            low, high, others = policy._get_band()
            scope = tuple(
                policy[name]._ids if policy._fields[name].relational else policy[name] for name in ORDER_SCOPE)
            families[scope, others].append((low, high, policy))
        for bands in families.values():
            if len(bands) == 1 and bands[0][1] == INFINITE:
                continue
            yield from self._find_gaps(run, bands)

    @api.model
    def _find_gaps(self, run, bands):
        bands = sorted(bands, key=lambda band: (band[0], band[1]))
        reach, names = bands[0][1], [band[2].name for band in bands]
        policies = self.union(*(band[2] for band in bands))
        if not policies & run.own:
            return
        facts = {'policies': ", ".join(dict.fromkeys(names))}
        money = run.company.currency_id.format
        for low, high, policy in bands[1:]:
            if low > reach:
                yield Finding('gap', policy, about=f'{reach:g}-{low:g}', facts={
                    **facts, 'low': money(reach), 'high': money(low)})
            reach = max(reach, high)
        if reach != INFINITE:
            yield Finding('open_end', bands[-1][2], facts={**facts, 'low': money(reach)})

    def _get_band(self):
        """Return which amounts a policy looks at, and what else it wants.

        :return: ``(from, below, the other leaves of its condition)``; an amount that must be reached counts
            as a bound where nothing else makes the policy ask
        """
        self.ensure_one()
        leaves = self._get_condition_leaves()
        others = repr(sorted(map(repr, (leaf for leaf in leaves if leaf[0] not in AMOUNTS)))) if leaves else self.domain
        low, high = (self.min_amount if self._asks_by_amount_alone() else 0.0), INFINITE
        for path, operator, value in leaves:
            if path in AMOUNTS and isinstance(value, (int, float)):
                if operator in ('>', '>='):
                    low = max(low, value)
                elif operator in ('<', '<='):
                    high = min(high, value)
        return low, high, others if others != repr([]) else '[]'
