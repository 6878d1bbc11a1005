"""What would make an issue go away: a change of the order, as a plain value."""

from dataclasses import dataclass, field, replace
from math import ceil, floor

# A figure that lies on the grid but for a rounding error of the machine counts as on it.
_NEAR = 1e-9


@dataclass(frozen=True)
class ControlFix:
    """One change of a quotation that clears one issue; the smallest of its kind.

    :ivar key: stable name of the change: a fix is found again by it
    :ivar code: code of the issue that it clears
    :ivar label: translated sentence that says what is changed
    :ivar rank: what is done first: 0 data and terms, 1 prices, 2 quantities, 3 another way of paying
    :ivar order_values: ``{field: value}`` to write on the order
    :ivar line_values: ``{line id: {field: value}}`` to write on its lines
    :ivar conditions: the conditions of the terms after the change, see ``ControlTerms``; None if unchanged
    :ivar cost: what the change takes from the order, in its currency; the smallest is offered first
    :ivar beside: whether what it changes is no term, so that terms alone cannot show that the issue is gone
    :ivar needs_customer: whether the customer must be asked before
    """

    key: str
    code: str
    label: str
    rank: int = 0
    order_values: dict = field(default_factory=dict, hash=False)
    line_values: dict = field(default_factory=dict, hash=False)
    conditions: tuple | None = None
    cost: float = 0.0
    beside: bool = False
    needs_customer: bool = False

    def apply(self, terms):
        """Return the terms with this change.

        :param ControlTerms terms: terms before
        """
        names = {'payment_term_id', 'requested_date', 'partner_invoice_id', 'partner_shipping_id'}
        changed = {name: value for name, value in self.order_values.items() if name in names}
        lines = tuple(
            replace(line, **_name_as_terms(self.line_values[line.key])) if line.key in self.line_values else line
            for line in terms.lines)
        conditions = terms.conditions if self.conditions is None else self.conditions
        return replace(terms, lines=tuple(line for line in lines if line.quantity), conditions=conditions, **changed)


def _name_as_terms(values):
    names = {'product_uom_qty': 'quantity'}
    return {names.get(name, name): value for name, value in values.items()}


def round_up(value, grid):
    """Return the next figure on a grid (a precision such as 0.01) that is not smaller."""
    return round(ceil(value / grid - _NEAR) * grid, 6)


def round_down(value, grid):
    """Return the next figure on a grid that is not bigger."""
    return round(floor(value / grid + _NEAR) * grid, 6)


def find_least(clears, steps):
    """Find the smallest step that clears, where every bigger one does too.

    :param clears: function of a step from 1 to ``steps``
    :param int steps: the biggest change there is
    :return: the step, or None if even the biggest one does not clear
    """
    if steps < 1 or not clears(steps):
        return None
    low, high = 0, steps
    while high - low > 1:
        middle = (low + high) // 2
        if clears(middle):
            high = middle
        else:
            low = middle
    return high
