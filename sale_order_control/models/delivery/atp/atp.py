"""Available to promise: plain arithmetic on days and quantities, without a database.

All quantities are in the product's own unit. One :class:`Balance` is one product in one warehouse:
``A(s)`` is what is on hand, plus receipts up to day *s*, less what others take up to day *s*; what may
be promised for day *t* is ``max(0, min A(s) for s >= t)``, so that serving it never makes a later
demand fail. Days of balances are days on which goods are in the warehouse, ready to be picked; what is
promised is the day that follows from it by :class:`~.atp_days.DeliveryDays`.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import timedelta

from .atp_days import DeliveryDays

TOLERANCE = 1e-6
# Sources that leave nothing to wait for.
HERE = ('stock', 'sent')


@dataclass(frozen=True, slots=True)
class Supply:
    """Something known that brings goods.

    :ivar day: when it is expected, as its document says
    :ivar source: ``stock`` (set aside for one demand), ``sent`` (left for it already), ``incoming``, or ``direct``:
        straight to the customer
    :ivar name: the document, in words a salesperson may read
    :ivar history: key of the lateness history it belongs to, or None
    """

    day: Date
    quantity: float
    source: str = 'incoming'
    name: str = ''
    history: object = None


@dataclass(frozen=True, slots=True)
class Peg:
    """A quantity that a schedule line leans on: plain data, nothing to read behind it.

    :ivar due: the day the document says
    :ivar expected: the day it is counted for; later than ``due`` where the receipt is overdue
    """

    name: str
    quantity: float
    due: Date
    expected: Date
    history: object = None


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """A part of the wanted quantity and the first day on which it can be with the customer.

    Two lines are equal when date, quantity and source are.

    :ivar source: ``stock``, ``incoming``, ``direct`` (supplier to customer) or ``lead_time`` (nothing known
        covers it: the lead time does)
    :ivar pegs: what it leans on
    :ivar confidence: share of comparable supply that came in time (0 to 1); None: nothing is known
    """

    date: Date
    quantity: float
    source: str
    pegs: tuple[Peg, ...] = field(default=(), compare=False)
    confidence: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A product of which stock is kept, and what it takes of it for one unit of a demand.

    :ivar to_order: whether it is bought or made for the demand: free stock does not serve it
    :ivar own: supply that is already set aside or on its way for this demand alone
    """

    product_id: int
    per: float = 1.0
    to_order: bool = False
    own: tuple[Supply, ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """What one line still wants.

    :ivar key: id of the order line, or any other key of the asker
    :ivar quantity: in the product's unit
    :ivar parts: the product itself, or the components of a kit; none: only the lead time counts
    :ivar wanted: day on which it should be there, or None: as early as possible
    :ivar promised: day for which it is promised already, or None; promises are served before wishes
    :ivar promises: where it is promised in parts: ``((day, quantity), ...)``, the last day being ``promised``
    :ivar lead_days: days after today on which it can leave if nothing known covers it
    :ivar replenish_days: days after today on which any quantity can be in the warehouse, or None: nobody knows.
        Free supply that comes later is not waited for.
    :ivar whole: whether only whole units are of use, as of a kit
    """

    key: object
    warehouse_id: int
    quantity: float
    parts: tuple[Part, ...] = ()
    wanted: Date | None = None
    promised: Date | None = None
    promises: tuple = ()
    lead_days: int = 0
    replenish_days: int | None = None
    whole: bool = False
    days: DeliveryDays = DeliveryDays()

    def knows_lead(self):
        """Whether anything says how long it takes to get what nothing known covers."""
        return not self.parts or self.lead_days > 0 or self.replenish_days is not None

    def get_lead_date(self, today):
        """Return the day by which anything can be there by lead time alone."""
        date = self.days.arrive(self.days.ship_on(today + timedelta(days=self.lead_days)))
        if self.replenish_days is not None:
            date = max(date, self.days.promise(today + timedelta(days=self.replenish_days)))
        return date


@dataclass(frozen=True, slots=True)
class Fences:
    """How far supply and demand count that are past due, or far away.

    :ivar supply_back: receipts overdue by more days are no longer expected
    :ivar supply_offset: in how many days overdue receipts are expected
    :ivar demand_back: demand overdue by more days is no longer reckoned with
    :ivar demand_offset: in how many days overdue demand is served
    :ivar horizon: receipts and wishes after so many days do not count, promises always do; None: no limit
    """

    supply_back: int = 365
    supply_offset: int = 1
    demand_back: int = 365
    demand_offset: int = 0
    horizon: int | None = None

    def place_supply(self, day, today):
        """Return the day a receipt counts for, or None if it does not count."""
        if day < today:
            in_fence = (today - day).days <= self.supply_back
            return today + timedelta(days=self.supply_offset) if in_fence else None
        return None if self._is_far(day, today) else day

    def place_demand(self, day, today, firm=False):
        """Return the day a demand counts for, or None; a firm one always counts."""
        if day < today:
            in_fence = firm or (today - day).days <= self.demand_back
            return today + timedelta(days=self.demand_offset) if in_fence else None
        return None if not firm and self._is_far(day, today) else day

    def _is_far(self, day, today):
        return self.horizon is not None and (day - today).days > self.horizon


class Balance:
    """Supply and demand of one product in one warehouse from today on."""

    def __init__(self, today, on_hand=0.0, fences=None):
        self.today, self.fences = today, fences or Fences()
        self.free = on_hand     # of what is there, less what leaves today
        self.changes = defaultdict(float, {today: on_hand})
        self.receipts = defaultdict(list)

    def add_on_hand(self, quantity):
        """Count what is there already."""
        self.free += quantity
        self.changes[self.today] += quantity

    def add_supply(self, supply):
        """Expect a receipt, unless a fence leaves it out."""
        day = self.fences.place_supply(supply.day, self.today)
        if day:
            self.changes[day] += supply.quantity
            self.receipts[day].append([supply, supply.quantity])

    def add_issue(self, day, quantity, firm=False):
        """Set a quantity aside for somebody.

        :param bool firm: promised, reserved, or planned just now: no fence leaves it out
        """
        day = self.fences.place_demand(day, self.today, firm)
        if day:
            self.changes[day] -= quantity
            if day == self.today:
                self.free -= quantity

    def dedicate(self, supply):
        """Take supply out that is there for one demand alone; returns the day it counts for, or None."""
        if supply.source == 'stock':
            self.add_issue(self.today, supply.quantity, firm=True)
        if supply.source in HERE:
            return self.today
        day = self.fences.place_supply(supply.day, self.today)
        if day and supply.source == 'incoming':
            self.add_issue(day, supply.quantity, firm=True)
            for entry in self.receipts[day]:
                if (entry[0].name, entry[0].day) == (supply.name, supply.day):
                    entry[1] -= supply.quantity
                    break
        return day

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

    def get_steps(self):
        """Return ``[((day, rank), quantity)]`` by which :meth:`available` grows; rank 0 is the stock on the shelf."""
        steps, reached = [], 0.0
        for day, quantity in self.available():
            if day == self.today:
                shelf = min(quantity, max(0.0, self.free))
                steps.append(((day, 0), shelf))
                reached = shelf
            if quantity - reached > TOLERANCE:
                steps.append(((day, 1), quantity - reached))
                reached = quantity
        return steps

    def peg(self, day, quantity):
        """Return the :class:`Peg` of a quantity on the receipts of a day, which then carry less.

        Demands that leave later than they could free stock for others, and so lean on receipts that carry
        somebody already: what is left over leans on the last one.
        """
        pegs, entries = [], [entry for entry in self.receipts[day] if entry[1] > TOLERANCE] or self.receipts[day]
        for entry in entries:
            share = quantity if entry is entries[-1] else min(quantity, entry[1])
            if share > TOLERANCE:
                entry[1] -= share
                quantity -= share
                supply = entry[0]
                pegs.append(Peg(supply.name, share, supply.day, day, supply.history))
        return pegs


def get_ready_day(demand, lines):
    """Return the first day, not before the wanted one, on which the whole demand can be there."""
    days = [line.date for line in lines]
    return max(days + [demand.wanted] if demand.wanted else days)
