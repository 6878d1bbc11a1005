"""The simulation: an order book's days, one event after the other."""

from bisect import bisect_right
from collections import defaultdict
from datetime import timedelta

from odoo.exceptions import UserError

from . import behaviour
from .bookkeeping import Bookkeeping
from .clock import simulated_day
from .events import Agenda, Attempts, Phase
from .facts import Story


class Runner:
    """Runs a book from its first day to today.

    :param book: :class:`.book.Book`, dates shifted
    :param steps: :class:`.steps.Steps`
    :param rooms: :class:`.rooms.Rooms`
    :param date today: the day on which the replay ends
    :param progress: object with ``show(done, note)`` and ``finish()``
    :param commit: called after every simulated day; may commit
    """

    def __init__(self, book, steps, rooms, today, progress, commit):
        self.steps = steps
        self.rooms = rooms
        self.env = steps.env
        self.today = today
        self.progress = progress
        self.commit = commit
        self.stories = [Story(order) for order in book.orders]
        self.agenda = Agenda()
        self.attempts = Attempts(self.env, self.agenda)
        self.books = Bookkeeping(steps, self.attempts)
        self._waiting = defaultdict(list)
        self._analyze_at = 15

    @property
    def day(self):
        return self.agenda.day

    def run(self):
        """Run every event up to today.

        :return: list of :class:`.facts.Story`, one per order of the book
        """
        for story in self.stories:
            self.agenda.push(story.order.ordered, Phase.ENTER, self._enter, story)
        while self.agenda.next_day(self.today):
            with simulated_day(self.env, self.day):
                self._run_day()
            self.commit()
            self._show_progress()
        self.progress.finish()
        with simulated_day(self.env, self.today):
            self._close()
        self.commit()
        return self.stories

    def _run_day(self):
        while event := self.agenda.pop():
            phase, action, subjects = event
            if phase in (Phase.PROMISE, Phase.SHIP):
                together = self._promise_together if phase == Phase.PROMISE else self._ship_together
                together([story for story, *_details in subjects])
                continue
            for story, *details in subjects:
                # Whoever looks at a customer sees the money that came in.
                if phase != Phase.PAY and self.books.has_payment_of(story.order.customer):
                    self.books.book_payments()
                self.attempts.one(phase.name.lower(), action, story, *details)
        self.books.book_due(self.day)

    def _show_progress(self):
        entered = bisect_right(self.stories, self.day, key=lambda story: story.order.ordered)
        if entered >= self._analyze_at:
            # Tables that were empty a minute ago: without new statistics PostgreSQL plans as if they
            # still were, and some of Odoo's queries take minutes.
            self.env.cr.execute("ANALYZE")
            self._analyze_at *= 3
        self.progress.show(entered, str(self.day))

    # === ENTRY ===#

    def _enter(self, story):
        self.steps.enter(story)
        story.submitted = self.day
        issues = self.steps.submit(story)
        # A rule in shadow mode would have stopped the order: the report counts it as that.
        story.issues = {issue.code: issue.would or issue.effect for issue in issues}
        story.one_click = self.steps.get(story).state == 'sale'
        self._settle(story, [issue for issue in issues if issue.stops])

    def _settle(self, story, issues, how=''):
        """Plan what comes next from where a submitted order stands now.

        :param issues: what stopped the last submission
        :param str how: what cleared the way, if the order was held
        """
        order = self.steps.get(story)
        if order.state == 'sale':
            story.confirmed = self.day
            story.end_hold(how, self.day)
            self.agenda.push(self.day, Phase.PROMISE, self._promise, story)
            if story.order.shipped:
                self.agenda.push(story.order.shipped, Phase.SHIP, self._ship, story)
        elif self.rooms.awaits_decision(order):
            self.agenda.push(behaviour.next_working_day(self.day), Phase.DECIDE, self._decide, story, self.day)
        else:
            self._hold(story, issues)

    # === HOLDS ===#

    def _hold(self, story, issues):
        """Let an order wait for a payment, or else for the Credit Controller."""
        if not story.open_hold:
            story.hold([issue.code for issue in issues], self.day)
            self.agenda.push(
                self.day + timedelta(days=behaviour.RELEASE_DAYS), Phase.RELEASE, self._release, story, story.open_hold)
        if story not in self._waiting[story.order.customer]:
            self._waiting[story.order.customer].append(story)

    def _release(self, story, hold):
        """The Credit Controller lets an order go that still waits in the same hold."""
        if story.open_hold is hold and self.rooms.release(self.steps.get(story)):
            self._go_on(story, 'controller')

    def _retry(self, story):
        """A payment came in: try what was refused."""
        if story.open_hold:
            self._go_on(story, 'payment')

    def _go_on(self, story, how):
        if story.confirmed:
            self._ship(story, how)
        else:
            self._settle(story, self._submit_again(story), how)

    def _submit_again(self, story):
        if self.steps.get(story).state == 'sale':
            return ()
        return [issue for issue in self.steps.submit(story) if issue.stops]

    # === APPROVAL AND PROMISE ===#

    def _decide(self, story, asked):
        order = self.steps.get(story)
        story.approvals += self.rooms.decide(order, asked, self.day)
        if all(approval.agreed for approval in story.approvals):
            settled = order.state == 'sale' or self.rooms.awaits_decision(order)
            self._settle(story, () if settled else self._submit_again(story), 'approval')

    def _promise_together(self, stories):
        self.attempts.together(
            'promise', stories, lambda stories: self.rooms.promise(self.steps.get_all(stories)), self._promise)
        for story in stories:
            self._note_promise(story)

    def _promise(self, story):
        self.rooms.promise(self.steps.get(story))

    def _promise_again(self, story):
        """The promised day ends and the goods are still here: promise the day on which they left."""
        if story.shipped or story.promised != self.day or not story.order.shipped:
            return
        later = max(story.order.shipped, behaviour.next_working_day(self.day))
        self.rooms.promise_again(self.steps.get(story), later)
        self._note_promise(story)

    def _note_promise(self, story):
        """Take note of a promise that is new, and look after it when its day comes."""
        promised = self.rooms.get_promised_date(self.steps.get(story))
        if promised and promised != story.promised:
            story.first_promise = story.first_promise or promised
            story.promised = promised
            story.promises += 1
            self.agenda.push(promised, Phase.PROMISE_AGAIN, self._promise_again, story)

    # === DELIVERY AND MONEY ===#

    def _ship_together(self, stories):
        if any(self.books.has_payment_of(story.order.customer) for story in stories):
            self.books.book_payments()
        if self.attempts.together('ship', stories, self.steps.ship, self._ship):
            for story in stories:
                if not story.failure:
                    self._shipped(story)

    def _ship(self, story, how=''):
        """Send the goods, or let the order wait if the controls keep them back."""
        order = self.steps.get(story)
        try:
            with self.env.cr.savepoint():
                self.steps.ship([story])
        except UserError:
            issues = [issue for issue in order._get_control_issues('release')[order.id] if issue.stops]
            if not issues:
                raise
            self._hold(story, issues)
        else:
            self._shipped(story, how)

    def _shipped(self, story, how=''):
        story.end_hold(how, self.day)
        story.shipped = self.day
        self.agenda.push(self.books.delivered(story), Phase.PAY, self._pay, story)

    def _pay(self, story):
        self.books.received(self.day, story)
        # Whoever of the same customer waits tries again once the money of today is in.
        for waiting in self._waiting.pop(story.order.customer, ()):
            self.agenda.push(self.day, Phase.RETRY, self._retry, waiting)

    # === THE END ===#

    def _close(self):
        """Bring everything up to date as of today and read the state each order ended in."""
        self.books.book_all()
        self.rooms.close_day()
        for story in self.stories:
            if story.order_id:
                story.state = self.rooms.describe_state(self.steps.get(story))
