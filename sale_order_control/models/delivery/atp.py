"""Available to promise: plain arithmetic on days and quantities, without a database.

All quantities are in the product's own unit. One :class:`Balance` is one product in one warehouse:
``A(s)`` is what is on hand, plus receipts up to day *s*, less what others take up to day *s*; what may
be promised for day *t* is ``max(0, min A(s) for s >= t)``, so that serving it never makes a later
demand fail.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta

TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """A part of the wanted quantity and the first day on which it can leave.

    :ivar source: ``stock``, ``incoming`` or ``lead_time`` (nothing known covers it: the lead time does)
    """

    date: Date
    quantity: float
    source: str


@dataclass(frozen=True, slots=True)
class Demand:
    """What one line still wants.

    :ivar key: id of the order line, or any other key of the asker
    :ivar quantity: in the product's unit
    :ivar wanted: day on which it should leave, or None: as early as possible
    :ivar promised: whether ``wanted`` is already promised; promises are served before wishes
    :ivar lead_days: days after today on which it can leave if nothing known covers it
    :ivar managed: whether stock is kept of the product; otherwise only the lead time counts
    """

    key: object
    product_id: int
    warehouse_id: int
    quantity: float
    wanted: Date | None = None
    promised: bool = False
    lead_days: int = 0
    managed: bool = True


class Balance:
    """Supply and demand of one product in one warehouse from today on."""

    def __init__(self, today, on_hand=0.0):
        self.today = today
        self.changes = defaultdict(float, {today: on_hand})

    def add_on_hand(self, quantity):
        """Count what is there already."""
        self.changes[self.today] += quantity

    def add_receipt(self, day, quantity):
        """Expect a receipt; one that is overdue is expected for tomorrow, not for today."""
        self.changes[day if day >= self.today else self.today + timedelta(days=1)] += quantity

    def add_issue(self, day, quantity):
        """Set a quantity aside for somebody; an overdue one is taken today."""
        self.changes[max(day, self.today)] -= quantity

    def on_day(self, day):
        """Return what is left at the end of a day, below zero if too much is wanted until then."""
        return sum(quantity for when, quantity in self.changes.items() if when <= day)

    def available(self):
        """Return ``[(day, quantity)]``: what may be promised from each day on, never decreasing."""
        total, running = 0.0, []
        for day in sorted(self.changes):
            total += self.changes[day]
            running.append((day, total))
        result, lowest = [], float('inf')
        for day, quantity in reversed(running):
            lowest = min(lowest, quantity)
            result.append((day, max(0.0, lowest)))
        return result[::-1]

    def schedule(self, demand):
        """Tell when which part of a demand can leave, as early as possible.

        :return: list of :class:`ScheduleLine` that add up to the demand
        """
        lines, planned = [], 0.0
        for day, quantity in self.available():
            part = min(quantity, demand.quantity) - planned
            if part > TOLERANCE:
                lines.append(ScheduleLine(day, part, 'stock' if day == self.today else 'incoming'))
                planned += part
        if demand.quantity - planned > TOLERANCE:
            day = max([self.today + timedelta(days=demand.lead_days)] + [line.date for line in lines])
            lines.append(ScheduleLine(day, demand.quantity - planned, 'lead_time'))
        return lines

    def take(self, demand, lines):
        """Set aside what known supply covers of a scheduled demand, on the day on which it all leaves."""
        covered = sum(line.quantity for line in lines if line.source != 'lead_time')
        self.add_issue(get_ready_day(demand, lines), covered)


def get_ready_day(demand, lines):
    """Return the first day, not before the wanted one, on which the whole demand can leave."""
    days = [line.date for line in lines]
    return max(days + [demand.wanted] if demand.wanted else days)


def plan(demands, balances, today):
    """Serve demands one after the other, each from what the ones before leave.

    Promises come first, by their day; then the others in the order given.

    :param demands: list of :class:`Demand`
    :param dict balances: ``{(product_id, warehouse_id): Balance}``
    :return: ``{demand key: [ScheduleLine, ...]}``
    """
    result = {}

    def urgency(demand):
        return not demand.promised, demand.wanted if demand.promised else today

    for demand in sorted(demands, key=urgency):
        if demand.managed:
            balance = balances[demand.product_id, demand.warehouse_id]
            result[demand.key] = balance.schedule(demand)
            balance.take(demand, result[demand.key])
        else:
            result[demand.key] = [ScheduleLine(today + timedelta(days=demand.lead_days), demand.quantity, 'lead_time')]
    return result
