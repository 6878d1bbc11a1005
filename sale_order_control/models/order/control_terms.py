"""The controlled terms of an order as a plain value: what was asked, judged, approved, amended."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property

# User inputs of an order and of its lines that the gate judges. Cost, margin, taxes and rates are
# consequences, never terms.
ORDER_TERMS = (
    'partner_id', 'partner_invoice_id', 'partner_shipping_id', 'payer_id', 'currency_id', 'payment_term_id',
    'requested_date',
)
LINE_TERMS = ('product_id', 'quantity', 'uom_id', 'price_unit', 'discount', 'requested_date')

# Writing one of these may change the terms (a pricelist or a product brings prices along).
ORDER_TERM_FIELDS = frozenset(ORDER_TERMS) - {'payer_id'} | {'pricelist_id', 'company_id', 'order_line'}
LINE_TERM_FIELDS = frozenset({
    'order_id', 'product_id', 'product_template_id', 'product_uom_qty', 'product_uom_id', 'price_unit',
    'technical_price_unit', 'discount', 'requested_date', 'display_type', 'combo_item_id',
})


@dataclass(frozen=True)
class LineTerms:
    """One ordered line. ``key``, taxes and cost travel along but are no part of the terms.

    :ivar quantity: in ``uom_id``
    :ivar price_unit: per ``uom_id``, in the order's currency, before discount
    :ivar discount: percentage
    :ivar requested_date: ISO date or empty string
    :ivar cost: unit cost in the order's currency when the snapshot was taken
    """

    product_id: int
    quantity: float
    uom_id: int
    price_unit: float
    discount: float = 0.0
    requested_date: str = ''
    key: int = field(default=0, compare=False)
    tax_ids: tuple = field(default=(), compare=False)
    cost: float = field(default=0.0, compare=False)

    @property
    def net_price(self):
        """Unit price after discount."""
        return self.price_unit * (1 - self.discount / 100)

    @property
    def amount(self):
        """Quantity at net price, unrounded."""
        return self.quantity * self.net_price

    def sort_key(self):
        return tuple(repr(getattr(self, name)) for name in LINE_TERMS)


@dataclass(frozen=True)
class ControlTerms:
    """Snapshot of the controlled terms of one order; ids are database ids, dates ISO strings.

    :ivar payer_id: who owes: the company of the invoiced contact. It may change without the order being touched
    :ivar conditions: what rooms add, ``((name, value, looseness), ...)`` by name: how the order is
        settled, for example. The greater the looseness, the worse for the company; a condition that
        is gone is worse than any
    """

    partner_id: int
    partner_invoice_id: int
    partner_shipping_id: int
    currency_id: int
    payment_term_id: int
    requested_date: str
    lines: tuple
    conditions: tuple = ()
    payer_id: int = 0

    @cached_property
    def digest(self):
        """Fingerprint of the terms, independent of line order and of everything that is no term."""
        content = [getattr(self, name) for name in ORDER_TERMS]
        content.append([
            [getattr(line, name) for name in LINE_TERMS]
            for line in sorted(self.lines, key=LineTerms.sort_key)
        ])
        if self.conditions:
            content.append(self.conditions)
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @property
    def overall_discount(self):
        """Share by which negative lines lower the whole order, between 0 and 1."""
        gross = sum(line.amount for line in self.lines if line.amount > 0)
        given = -sum(line.amount for line in self.lines if line.amount < 0)
        return min(given / gross, 1.0) if gross else 0.0

    @property
    def discount(self):
        """Biggest effective discount of a line in percent; negative lines count as discount on all."""
        overall = self.overall_discount
        own = max((line.discount for line in self.lines if line.quantity > 0), default=0.0) / 100
        return round(100 * (1 - (1 - own) * (1 - overall)), 4)

    @property
    def margin_percent(self):
        """Margin of the lines in percent of their amount, at the cost known when the snapshot was taken."""
        amount = sum(line.amount for line in self.lines)
        cost = sum(line.quantity * line.cost for line in self.lines)
        return 100 * (amount - cost) / amount if amount > 0 else 0.0

    def to_json(self):
        """Return a plain structure for a ``Json`` field."""
        return asdict(self)

    @classmethod
    def from_json(cls, data):
        """Rebuild the snapshot that ``to_json`` stored."""
        lines = tuple(LineTerms(**{**line, 'tax_ids': tuple(line['tax_ids'])}) for line in data['lines'])
        conditions = tuple(tuple(condition) for condition in data.get('conditions', ()))
        return cls(**{**data, 'lines': lines, 'conditions': conditions})

    def worse_aspects(self, agreed, tolerance=0.0):
        """Name what is worse for the company here than in ``agreed`` terms.

        :param ControlTerms agreed: the terms somebody agreed to
        :param float tolerance: percentage by which figures may be worse
        :return: list of aspects among ``customer``, ``currency``, ``payment_term``, ``date``,
            ``product``, ``quantity``, ``price``, ``amount`` and the names of conditions; empty when
            equal or safer. A changed payment term counts as worse: which of two terms is longer is
            for the caller to judge
        """
        worse = []
        if any(getattr(self, name) != getattr(agreed, name) for name in ORDER_TERMS[:4]):
            worse.append('customer')
        if self.currency_id != agreed.currency_id:
            worse.append('currency')
        if self.payment_term_id != agreed.payment_term_id:
            worse.append('payment_term')
        if _is_earlier(self.requested_date, agreed.requested_date):
            worse.append('date')
        return worse + self._worse_conditions(agreed) + self._worse_lines(agreed, 1 + tolerance / 100)

    def _worse_conditions(self, agreed):
        mine = {name: looseness for name, _value, looseness in self.conditions}
        return [
            name for name, _value, looseness in agreed.conditions
            if name not in mine or mine[name] > looseness + 1e-6
        ]

    def _worse_lines(self, agreed, factor):
        mine, theirs = self._by_product(), agreed._by_product()
        worse = []
        for key, (quantity, amount, requested) in mine.items():
            if key not in theirs:
                worse.append('product')
                continue
            old_quantity, old_amount, old_requested = theirs[key]
            if quantity > _most(old_quantity, factor) + 1e-6:
                worse.append('quantity')
            if amount < 0:
                # What is taken off, or back: that it is more is what counts, not in how many pieces.
                if amount < _least(old_amount, factor) - 1e-6:
                    worse.append('price')
            elif quantity and old_quantity and amount / quantity < _least(old_amount / old_quantity, factor) - 1e-6:
                worse.append('price')
            if _is_earlier(requested, old_requested):
                worse.append('date')
        total, old_total = sum(line.amount for line in self.lines), sum(line.amount for line in agreed.lines)
        if total > _most(old_total, factor) + 1e-6:
            worse.append('amount')
        return list(dict.fromkeys(worse))

    def _by_product(self):
        """Group lines to ``{(product, unit, sign): (quantity, amount, earliest requested date)}``."""
        groups = {}
        for line in self.lines:
            key = (line.product_id, line.uom_id, line.amount < 0)
            quantity, amount, requested = groups.get(key, (0.0, 0.0, ''))
            dates = [date for date in (requested, line.requested_date) if date]
            groups[key] = (quantity + line.quantity, amount + line.amount, min(dates, default=''))
        return groups


def _most(figure, factor):
    """The highest figure within a tolerance, whatever its sign."""
    return figure + abs(figure) * (factor - 1)


def _least(figure, factor):
    """The lowest figure within a tolerance, whatever its sign."""
    return figure / factor if figure > 0 else figure * factor


def _is_earlier(date, agreed):
    """Whether a wish became harder to keep: a date where none was, or an earlier one."""
    return bool(date) and (not agreed or date < agreed)
