"""How long approvals take, in working hours: from past decisions, else from the deadlines of the levels."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from statistics import median

import pytz

from odoo import models

# So many decisions of a level are experience enough, and so many of the latest ones are looked at.
ENOUGH_DECISIONS = 3
LATEST_DECISIONS = 5000
DECIDED_STATES = ('agreed', 'disagreed', 'returned')


class WorkingClock:
    """Counts working hours between moments of a period: the calendar is read once, not once per question.

    :param res.company company: whose calendar counts; without one, every hour is a working hour
    :param datetime start, end: naive, UTC; moments outside of the period count as its ends
    """

    def __init__(self, company, start, end):
        self.start, self.end = start, end
        calendar = company.sudo().resource_calendar_id
        self._starts, self._ends, self._sums = [], [], []
        intervals = calendar._work_intervals_batch(
            start.replace(tzinfo=pytz.utc), end.replace(tzinfo=pytz.utc))[False] if calendar else [(start, end, None)]
        total = 0.0
        for begin, stop, _meta in intervals:
            if begin.tzinfo:
                begin, stop = (moment.astimezone(pytz.utc).replace(tzinfo=None) for moment in (begin, stop))
            self._starts.append(begin)
            self._ends.append(stop)
            self._sums.append(total)
            total += (stop - begin).total_seconds() / 3600

    def _get_hours_until(self, moment):
        place = bisect_right(self._starts, moment) - 1
        if place < 0:
            return 0.0
        worked = (min(moment, self._ends[place]) - self._starts[place]).total_seconds() / 3600
        return self._sums[place] + worked

    def get_hours(self, begin, stop):
        """Return the working hours between two naive moments in UTC."""
        return max(0.0, self._get_hours_until(stop) - self._get_hours_until(begin))


@dataclass(frozen=True, slots=True)
class UsualWait:
    """How long a level usually takes.

    :ivar hours: working hours from the approver's turn to the decision
    :ivar source: ``level`` (its own decisions), ``approver`` (of the same persons at a level of that name),
        ``deadline``, or ``unknown``
    :ivar decisions: how many decisions the figure rests on
    """

    hours: float = 0.0
    source: str = 'unknown'
    decisions: int = 0


class SaleApprovalLevel(models.Model):
    _inherit = 'sale.approval.level'

    def _get_usual_working_waits(self, company):
        """Tell how long these levels usually take.

        The median of the latest decisions of the level; of a level without experience, that of its persons at
        levels of the same name, as a draft of a policy has them; else the level's deadline.

        :param res.company company: whose calendar and decisions count, branches included
        :return: ``{level_id: UsualWait}``
        """
        levels = self.sudo()
        tasks = self.env['sale.approval.task'].sudo().search_fetch(
            [
                ('request_id.company_id', 'child_of', company.ids), ('state', 'in', DECIDED_STATES),
                ('asked_on', '!=', False), ('decided_on', '!=', False),
                '|', ('level_id', 'in', levels.ids), ('level_name', 'in', levels.mapped('name')),
            ],
            ['level_id', 'level_name', 'user_id', 'asked_on', 'decided_on'],
            order='id desc', limit=LATEST_DECISIONS)
        by_level, by_person = defaultdict(list), defaultdict(list)
        if tasks:
            clock = WorkingClock(company, min(tasks.mapped('asked_on')), max(tasks.mapped('decided_on')))
            for task in tasks:
                hours = clock.get_hours(task.asked_on, task.decided_on)
                by_level[task.level_id.id].append(hours)
                by_person[task.level_name, task.user_id.id].append(hours)
        return {level.id: level._choose_usual_wait(by_level, by_person) for level in levels}

    def _choose_usual_wait(self, by_level, by_person):
        own = by_level.get(self.id, ())
        if len(own) >= ENOUGH_DECISIONS:
            return UsualWait(median(own), 'level', len(own))
        persons = [hours for user in self._get_static_users() for hours in by_person.get((self.name, user.id), ())]
        if len(persons) >= ENOUGH_DECISIONS:
            return UsualWait(median(persons), 'approver', len(persons))
        return UsualWait(self.deadline_hours, 'deadline') if self.deadline_hours else UsualWait()
