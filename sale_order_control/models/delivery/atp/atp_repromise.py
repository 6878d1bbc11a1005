"""Promising anew after supply has changed: who wins, who keeps, who may lose. No database."""

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date as Date

from .atp import Demand, get_ready_day
from .atp_parts import split_demand
from .atp_plan import Plan

STRATEGIES = ('win', 'keep', 'lose')


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line that takes part in the run.

    :ivar strategy: ``win`` (gets first), ``keep`` (keeps its day if it can) or ``lose`` (gives up first)
    """

    demand: Demand
    strategy: str = 'keep'


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the run says of a line.

    :ivar day: the day to promise; None: nothing known brings all of it, or no day for it does no harm
    :ivar cause: ``same``, ``first`` (not promised before), ``gain`` (earlier), ``late`` (supply does not keep
        the promise any more) or ``yield`` (it gives way to others)
    """

    day: Date | None
    cause: str


class Run:
    """One run over all open lines of a warehouse.

    Promises that supply still keeps, of those who win or keep, are set aside before anything else; so nobody takes
    them away. Then come the promises that fail, those who win first; then lines that nothing is promised for and
    who win; then the promises of those who may lose; then all other lines. What is left over makes days
    earlier, again in that order, as far as the customer wants it.

    :param candidates: list of :class:`Candidate`, in the order in which equals are served
    """

    def __init__(self, candidates, balances, today):
        self.candidates, self.today = candidates, today
        self.balances = deepcopy(balances)
        self.safe = find_safe([candidate.demand for candidate in candidates], deepcopy(balances), today)
        self.plan = Plan(balances, today)
        for candidate in candidates:
            for piece in self._get_pieces(candidate.demand):
                self.plan.set_aside(piece)

    def _get_pieces(self, demand):
        """Parts stay parts while they can be kept; a promise that fails is promised anew as a whole."""
        return split_demand(demand) if demand.key in self.safe else [replace(demand, promises=())]

    def find(self):
        """Return ``{key: Outcome}`` of all candidates."""
        days = {}
        for candidate in sorted(self.candidates, key=self._get_turn):
            day = self._serve(candidate.demand)
            kept = candidate.demand.key in self.safe and candidate.strategy != 'lose'
            days[candidate.demand.key] = candidate.demand.promised if kept else day
        for strategy in STRATEGIES:
            for candidate in self.candidates:
                demand = candidate.demand
                if candidate.strategy == strategy and demand.promised and not demand.promises and days[demand.key]:
                    days[demand.key] = self._gain(demand, days[demand.key])
        self._leave_harmful(days)
        return {
            candidate.demand.key: Outcome(days[candidate.demand.key], self._explain(candidate, days))
            for candidate in self.candidates}

    def _leave_harmful(self, days):
        """Take back what would make a promise fail that is kept now, once everybody is served by promise again.

        Rare: where a lead time covers what known goods could, another order of serving leaves other goods. All is
        checked together, and halved until what does harm is found; those who come first are kept first.
        """
        turns = sorted(self.candidates, key=self._get_turn)
        changed = [c.demand for c in turns if days[c.demand.key] and days[c.demand.key] != c.demand.promised]
        harmful = pick_harmful([demand.key for demand in changed], lambda keys: find_harmed(
            self.candidates, {key: days[key] for key in keys}, deepcopy(self.balances), self.today))
        for demand in changed:
            if demand.key in harmful:
                days[demand.key] = demand.promised if demand.key in self.safe else None

    def _get_turn(self, candidate):
        demand, strategy = candidate.demand, candidate.strategy
        due = demand.promised or demand.wanted or Date.max
        if demand.promised and demand.key in self.safe and strategy != 'lose':
            return 0, due
        if demand.promised and strategy != 'lose':
            return 1 + STRATEGIES.index(strategy), due
        if not demand.promised and strategy == 'win':
            return 3, due
        return 4 if demand.promised else 3 + 2 * STRATEGIES.index(strategy), due

    def _serve(self, demand):
        """Serve a demand; returns the day to promise, or None."""
        days = []
        for piece in self._get_pieces(demand):
            lines = self.plan.schedule(piece)
            if not demand.knows_lead() and any(line.source == 'lead_time' for line in lines):
                return None
            ready = max([line.date for line in lines], default=self.today)
            days.append(max(ready, piece.promised or piece.wanted or ready))
        return max(days)

    def _gain(self, demand, day):
        """Try to be there earlier with what all others leave, as far as it is wanted earlier."""
        if demand.wanted and demand.wanted >= day:
            return day
        self.plan.release(demand.key)
        lines = self.plan.schedule(replace(demand, promised=None))
        ready = get_ready_day(demand, lines)
        unknown = not demand.knows_lead() and any(line.source == 'lead_time' for line in lines)
        if ready < day and not unknown:
            return ready
        self.plan.release(demand.key)
        self.plan.schedule(replace(demand, promised=day))
        return day

    def _explain(self, candidate, days):
        demand, day = candidate.demand, days[candidate.demand.key]
        if not demand.promised:
            return 'first'
        if day == demand.promised:
            return 'same'
        if day and day < demand.promised:
            return 'gain'
        return 'yield' if demand.key in self.safe else 'late'


def find_safe(demands, balances, today):
    """Return the keys of the promises that supply keeps, served by their days; balances are used up."""
    served = Plan(balances, today).serve([piece for demand in demands for piece in split_demand(demand)])
    return {
        demand.key for demand in demands if demand.promised and all(
            line.date <= piece.promised and (demand.knows_lead() or line.source != 'lead_time')
            for piece in split_demand(demand) for line in served[piece.key])}


def find_harmed(candidates, days, balances, today):
    """Find promises that are kept now and would not be if only some of a run is accepted.

    :param dict days: ``{key: day}`` of the lines that are promised anew
    :return: set of keys; those who may lose are not meant
    """
    demands = [candidate.demand for candidate in candidates]
    changed = [
        replace(demand, promised=days[demand.key], promises=()) if demand.key in days else demand for demand in demands]
    before = find_safe(demands, deepcopy(balances), today)
    after = find_safe(changed, balances, today)
    return {
        candidate.demand.key for candidate in candidates
        if candidate.strategy != 'lose' and candidate.demand.key in before and candidate.demand.key not in after
    } | {key for key in days if key not in after}


def pick_harmful(keys, find):
    """Find those that do harm when they are accepted, as few as possible: all together, and halved where that fails.

    :param keys: who is to be accepted, who comes first being kept first
    :param find: function of a list of keys: who is harmed if all of them are accepted
    :return: ``{key: who it harms}``
    """
    accepted, harmful, waiting = [], {}, [list(keys)]
    while waiting:
        group = waiting.pop()
        harmed = find([*accepted, *group]) if group else ()
        if not harmed:
            accepted += group
        elif len(group) > 1:
            half = len(group) // 2
            waiting += [group[half:], group[:half]]
        else:
            harmful[group[0]] = harmed
    return harmful


def find_unsound(demands, days, doubtful, balances, today):
    """Find those among new promises that would make others fail, because no known supply is behind them.

    :param demands: those to be promised, and all that are promised already
    :param dict days: ``{key: day}`` of those to be promised
    :param doubtful: keys of those that rest on a lead time, or on somebody's word
    :return: ``{doubtful key: keys of the promises that would fail}``
    """
    candidates = [Candidate(demand) for demand in demands]
    sound = {key: day for key, day in days.items() if key not in doubtful}

    def find(keys):
        accepted = {**sound, **{key: days[key] for key in keys}}
        return find_harmed(candidates, accepted, deepcopy(balances), today) - set(keys)

    return pick_harmful([key for key in days if key in doubtful], find)
