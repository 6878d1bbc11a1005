"""Was a line on time? Plain arithmetic, the same for the requested day, the first promise and the current one."""

from dataclasses import dataclass
from datetime import date

VERDICTS = [
    ('on_time', "On Time"),
    ('late', "Late"),
    ('short', "Not in Full"),
    ('cancelled', "Cancelled"),
]


@dataclass(frozen=True, slots=True)
class Course:
    """What became of an order line.

    :ivar closed: whether nothing is left to deliver
    :ivar in_full: whether all that was ordered left; returns do not count
    :ivar arrival: the day on which the last of it reached the customer, or None
    :ivar cancelled: whether the order was cancelled before all of it was delivered
    :ivar by_customer: whether the customer is why less was delivered, or nothing
    """

    closed: bool = False
    in_full: bool = False
    arrival: date | None = None
    cancelled: bool = False
    by_customer: bool = False


def judge(course, target, today):
    """Measure a line against one day.

    On time is what arrived in full, not after the day. What was cancelled, or only partly delivered, is not on
    time, unless the customer did not want it any more: that is measured by what arrived, or left out if nothing did.

    :param date target: the day in question, or None: nothing to measure
    :return: ``(key of VERDICTS or False, days after the day, negative when earlier)``
    """
    if not target:
        return False, 0
    days = (course.arrival - target).days if course.arrival else 0
    if course.cancelled or course.closed and not course.in_full:
        if not course.by_customer:
            return ('cancelled' if course.cancelled else 'short'), days
        if not course.arrival:
            return False, 0
    elif not course.closed:
        overdue = (today - target).days
        return ('late', overdue) if overdue > 0 else (False, 0)
    return ('late' if days > 0 else 'on_time'), days
