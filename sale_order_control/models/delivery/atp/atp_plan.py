"""Serving demands from balances, one after the other. No database."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from math import floor

from .atp import HERE, TOLERANCE, Peg, ScheduleLine, get_ready_day
from .atp_parts import join_schedules, split_demand


@dataclass(slots=True)
class _Stream:
    """What reaches one part of a demand, step by step.

    :ivar steps: ``{(day, rank): [own, free]}``; ``own`` are supplies set aside for the demand, ``free`` a quantity
        that anybody may have
    :ivar reached: steps of which something is left, earliest first
    :ivar left: quantity of the product that is there and not drawn yet
    :ivar taken: quantity drawn of what was free
    """

    part: object
    balance: object
    steps: dict = field(default_factory=lambda: defaultdict(lambda: [[], 0.0]))
    reached: list = field(default_factory=list)
    left: float = 0.0
    taken: float = 0.0

    def advance(self, step, waited_for):
        """Let a step arrive; returns how many units of the demand the part is there for now.

        :param bool waited_for: whether free supply of the step is of use; what is the demand's own always is
        """
        if step in self.steps:
            if not waited_for:
                self.steps[step][1] = 0.0
            own, free = self.steps[step]
            self.reached.append(step)
            self.left += free + sum(supply.quantity for supply in own)
        return self.left / self.part.per

    def draw(self, units):
        """Use up what serves so many units, earliest first; returns ``(pegs, whether any comes directly)``."""
        wanted, pegs, direct = units * self.part.per, [], False
        self.left -= wanted
        while self.reached and wanted > TOLERANCE:
            step = self.reached[0]
            own, free = self.steps[step]
            if own:
                supply = own.pop(0)     # own supply first: nobody else can have it
                share = min(wanted, supply.quantity)
                if supply.quantity - share > TOLERANCE:
                    own.insert(0, replace(supply, quantity=supply.quantity - share))
                if supply.source not in HERE:
                    pegs.append(Peg(supply.name, share, supply.day, step[0], supply.history))
                    direct = direct or supply.source == 'direct'
            elif free > TOLERANCE:
                share = min(wanted, free)
                self.steps[step][1] -= share
                self.taken += share
                pegs += self.balance.peg(step[0], share) if step[1] else []
            else:
                share = 0.0
                self.reached.pop(0)
            wanted -= share
        return pegs, direct


class Plan:
    """Serves demands from what the ones before leave.

    :param dict balances: ``{(product_id, warehouse_id): Balance}``
    """

    def __init__(self, balances, today):
        self.balances, self.today = balances, today
        self.own, self.taken = {}, defaultdict(list)

    def serve(self, demands):
        """Serve promises first, by their day; then the others in the order given.

        :param demands: list of :class:`Demand`
        :return: ``{demand key: [ScheduleLine, ...]}``, each adding up to the demand
        """
        # What is set aside for one must be out of reach before anybody is served.
        for demand in demands:
            self.set_aside(demand)
        result = {}
        for demand in sorted(demands, key=lambda demand: (not demand.promised, demand.promised or self.today)):
            result[demand.key] = self.schedule(demand)
        return result

    def set_aside(self, demand):
        """Take a demand's own supply out of the balances; noted as ``{(key, product): [(day, supply), ...]}``."""
        for part in demand.parts:
            balance = self.balances[part.product_id, demand.warehouse_id]
            placed = [(balance.dedicate(supply), supply) for supply in part.own]
            self.own[demand.key, part.product_id] = [(day, supply) for day, supply in placed if day]

    def schedule(self, demand):
        """Tell when which part of a demand can be there, and take what is free of it out of the balances."""
        streams = [self._open_stream(demand, part) for part in demand.parts]
        lines, planned = [], 0.0
        lead_date = demand.get_lead_date(self.today)
        for step in sorted({step for stream in streams for step in stream.steps}):
            date = demand.days.promise(step[0])
            if demand.quantity - planned <= TOLERANCE:
                break
            waited_for = demand.replenish_days is None or date <= lead_date
            reached = planned + min([stream.advance(step, waited_for) for stream in streams])
            reached = min(demand.quantity, floor(reached + TOLERANCE) if demand.whole else reached)
            if reached - planned > TOLERANCE:
                lines.append(self._word(streams, step, reached - planned, date))
                planned = reached
        if demand.quantity - planned > TOLERANCE:
            date = max([lead_date, *(line.date for line in lines)])
            lines.append(ScheduleLine(date, demand.quantity - planned, 'lead_time'))
        self._take(demand, streams, lines)
        return lines

    def _open_stream(self, demand, part):
        balance = self.balances[part.product_id, demand.warehouse_id]
        stream = _Stream(part, balance)
        for day, supply in self.own.get((demand.key, part.product_id), ()):
            stream.steps[day, 0 if supply.source in HERE else 1][0].append(supply)
        if not part.to_order:
            for step, quantity in balance.get_steps():
                stream.steps[step][1] = quantity
        return stream

    @staticmethod
    def _word(streams, step, quantity, date):
        drawn = [stream.draw(quantity) for stream in streams]
        pegs = tuple(peg for found, _direct in drawn for peg in found)
        source = 'stock' if not step[1] else 'direct' if any(direct for _found, direct in drawn) else 'incoming'
        return ScheduleLine(date, quantity, source, pegs)

    def _take(self, demand, streams, lines):
        """Set aside what known free supply covers, on the day on which it all leaves, or is promised to."""
        ready = get_ready_day(demand, lines)
        day = max(self.today, demand.days.needed(max(ready, demand.promised or ready)))
        for stream in streams:
            if stream.taken > TOLERANCE:
                stream.balance.add_issue(day, stream.taken, firm=True)
                self.taken[demand.key].append((stream.balance, day, stream.taken))

    def release(self, key):
        """Give back what a served demand took; it may be served anew."""
        for balance, day, quantity in self.taken.pop(key, ()):
            balance.add_issue(day, -quantity, firm=True)


def plan(demands, balances, today):
    """Serve demands one after the other, those promised in parts part by part; see :meth:`Plan.serve`."""
    pieces = [piece for demand in demands for piece in split_demand(demand)]
    return join_schedules(demands, Plan(balances, today).serve(pieces))


def find_uncovered(demands, balances, today):
    """Find the promises that what is known does not cover.

    A promise is covered when what is set aside for it comes in time, and stock and receipts up to the day
    it is needed cover everything else that is due until then, the rest of it included. What is bought or
    made to order leans on its own supply alone. While there is time to buy or make it, nothing is uncovered;
    once the last day to leave has passed, everything is.

    :param demands: promised ones
    :return: set of their keys
    """
    planner, short, waiting = Plan(balances, today), set(), []
    pieces = [(demand.key, piece) for demand in demands for piece in split_demand(demand)]
    for _key, demand in pieces:
        planner.set_aside(demand)
    for key, demand in pieces:
        day = max(today, demand.days.needed(demand.promised))
        in_time = demand.get_lead_date(today) <= demand.promised
        if demand.days.leave_by(demand.promised) < today:
            short.add(key)
        for part in demand.parts:
            own = planner.own.get((demand.key, part.product_id), ())
            rest = demand.quantity * part.per - sum(supply.quantity for when, supply in own if when <= day)
            if rest <= TOLERANCE:
                continue
            if part.to_order:
                coming = sum(supply.quantity for when, supply in own if when > day)
                if coming > TOLERANCE or not in_time:
                    short.add(key)
            else:
                balance = balances[part.product_id, demand.warehouse_id]
                balance.add_issue(day, rest, firm=True)
                if not demand.knows_lead() or not in_time:
                    waiting.append((key, balance, day))
    short.update(key for key, balance, day in waiting if balance.on_day(day) < -TOLERANCE)
    return short
