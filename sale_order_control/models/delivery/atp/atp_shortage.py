"""What is missing on the day it is due. No database."""

from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta

from .atp import TOLERANCE


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a demand lacks, in the unit of its schedule.

    :ivar due: the promised day, else the wanted one, else the day by lead time; never before today
    :ivar quantity: what is due in all
    :ivar there: what can be there by the due day
    :ivar ready: the day on which all of it can be there; None: nothing known brings it
    """

    due: Date
    quantity: float
    there: float
    ready: Date | None

    @property
    def missing(self):
        """What is not there on the due day."""
        return self.quantity - self.there

    @property
    def days(self):
        """Days by which all of it is late; None: nobody knows."""
        return (self.ready - self.due).days if self.ready else None


def find_shortage(demand, lines, today):
    """Compare a schedule with what is due.

    Of a promise in parts the first part that is not covered counts.

    :param Demand demand: what is asked for; goods without stock keeping are never short
    :param lines: its schedule, as early as possible
    :return: :class:`Shortage`, or None if everything can be there in time
    """
    if not demand.parts:
        return None
    told = demand.knows_lead()
    known = [line for line in lines if told or line.source != 'lead_time']
    ready = max(line.date for line in lines) if len(known) == len(lines) else None
    reached = 0.0
    for due, quantity in _get_due(demand, today):
        reached += quantity
        there = sum(line.quantity for line in known if line.date <= due)
        if reached - there > TOLERANCE:
            return Shortage(due, reached, there, ready)
    return None


def _get_due(demand, today):
    """Return ``[(day, quantity)]`` of what is due when."""
    if demand.promises:
        due = demand.promises
    else:
        lead = demand.days.arrive(demand.days.ship_on(today + timedelta(days=demand.lead_days)))
        due = ((demand.promised or demand.wanted or lead, demand.quantity),)
    return [(max(when, today), quantity) for when, quantity in due]
