"""Invoices and payments, booked in batches as long as nobody could tell the difference.

One posting at a time costs more than everything else a replay does. An invoice carries the day on
which the goods left, and a payment the day on which it came in, whenever they are booked; so invoices
wait some weeks (they are due later, and what is delivered counts as much as what is invoiced), and
payments until somebody asks about that customer's credit.
"""

from datetime import timedelta

from . import behaviour

INVOICES_WAIT = timedelta(days=21)
PAYMENTS_WAIT = timedelta(days=7)


class Bookkeeping:
    """Keeps what is not booked yet.

    :param steps: :class:`.steps.Steps`
    :param attempts: :class:`.events.Attempts`
    """

    def __init__(self, steps, attempts):
        self.steps = steps
        self.attempts = attempts
        self._to_invoice = []
        self._to_pay = []

    def delivered(self, story):
        """Take note of a delivery to invoice.

        :return: the day on which the customer is going to pay it
        """
        self._to_invoice.append(story)
        if story.order.paid:
            return max(story.order.paid, story.shipped)
        return story.shipped + timedelta(
            days=behaviour.PAYMENT_DAYS + behaviour.payment_delay(story.order.customer))

    def received(self, day, story):
        """Take note of a payment."""
        self._to_pay.append((day, story))

    def has_payment_of(self, customer):
        """Whether money of a customer came in that is not booked yet."""
        return any(story.order.customer == customer for _day, story in self._to_pay)

    def book_due(self, day):
        """Book what has waited long enough by the end of a day."""
        if self._to_pay and self._to_pay[0][0] + PAYMENTS_WAIT <= day:
            self.book_payments()
        if self._to_invoice and self._to_invoice[0].shipped + INVOICES_WAIT <= day:
            self.book_invoices(self._to_invoice)

    def book_all(self):
        """Book everything that is left."""
        self.book_payments()
        self.book_invoices(self._to_invoice)

    def book_invoices(self, stories):
        """Invoice deliveries noted before.

        :param stories: some of those that wait, in the order in which they were delivered
        """
        if not stories:
            return
        self._to_invoice = [story for story in self._to_invoice if story not in stories]
        if self.attempts.together('invoice', stories, self.steps.invoice, lambda story: self.steps.invoice([story])):
            done = stories
        else:
            done = [story for story in stories if not story.failure]
        for story in done:
            story.invoiced = story.shipped

    def book_payments(self):
        """Book every payment noted so far, and first the invoices that are paid."""
        if not self._to_pay:
            return
        payments, self._to_pay = self._to_pay, []
        days = {story: day for day, story in payments}
        self.book_invoices([story for story in self._to_invoice if story in days])
        self.attempts.together(
            'pay', list(days),
            lambda stories: self.steps.pay([(days[story], story) for story in stories]),
            lambda story: self.steps.pay([(days[story], story)]))
        for story, day in days.items():
            if not story.failure:
                story.paid = day
