"""The queue of what is going to happen, and doing it without one failure stopping the rest."""

import heapq
import logging
import time
from collections import Counter
from contextlib import contextmanager
from enum import IntEnum
from itertools import count

_logger = logging.getLogger(__name__)


class Phase(IntEnum):
    """The order of business within a day."""

    PAY = 0
    RETRY = 1
    ENTER = 2
    DECIDE = 3
    RELEASE = 4
    PROMISE = 5
    SHIP = 6
    PROMISE_AGAIN = 7


class Agenda:
    """Events in the order in which they happen: by day, phase, and when they were planned."""

    def __init__(self):
        self.day = None
        self._queue = []
        self._number = count()

    def push(self, day, phase, action, story, *details):
        """Plan ``action(story, *details)``; a day that has passed becomes the running one."""
        day = max(day, self.day) if self.day else day
        heapq.heappush(self._queue, (day, phase, next(self._number), action, story, *details))

    def next_day(self, last):
        """Go to the next day on which something happens, not after ``last``.

        :return: whether there is one
        """
        if not self._queue or self._queue[0][0] > last:
            return False
        self.day = self._queue[0][0]
        return True

    def pop(self):
        """Take the next event of the running day and all that follow it in the same phase with the same action.

        :return: ``(phase, action, [(story, *details), ...])`` or None at the end of the day
        """
        if not self._queue or self._queue[0][0] != self.day:
            return None
        phase, action = self._queue[0][1], self._queue[0][3]
        subjects = []
        while self._queue and self._queue[0][:2] == (self.day, phase) and self._queue[0][3] == action:
            subjects.append(heapq.heappop(self._queue)[4:])
        return phase, action, subjects


class Attempts:
    """Runs steps so that what goes wrong with an order stays that order's failure.

    :ivar spent: ``{kind of step: seconds}``, for whoever wants to know what is slow
    """

    def __init__(self, env, agenda):
        self.env = env
        self.agenda = agenda
        self.spent = Counter()

    def one(self, name, action, story, *details):
        """Run a step of one order in a savepoint; an error is noted in ``story.failure``."""
        if story.failure:
            return
        with self.measured(name):
            try:
                with self.env.cr.savepoint():
                    action(story, *details)
            except Exception as error:
                # Whatever one order meets, the others go on; the report names it.
                story.failure = f"{name} on {self.agenda.day}: {str(error).strip() or type(error).__name__}"
                _logger.info("Order %s: %s", story.order.key, story.failure, exc_info=True)

    def together(self, name, stories, action, alone):
        """Run a step of many orders at once; if that fails, of each alone.

        :param action: called with a list of stories
        :param alone: called with one story each
        :return: whether they went together
        """
        stories = [story for story in stories if not story.failure]
        if not stories:
            return True
        with self.measured(name):
            try:
                with self.env.cr.savepoint():
                    action(stories)
                return True
            except Exception:
                _logger.debug("Orders go one by one to %s", name, exc_info=True)
        for story in stories:
            self.one(name, alone, story)
        return False

    @contextmanager
    def measured(self, name):
        begin = time.perf_counter()
        yield
        self.spent[name] += time.perf_counter() - begin
