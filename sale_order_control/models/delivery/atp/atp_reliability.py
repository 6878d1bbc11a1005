"""How likely supply comes in time, by what the same supplier did before. No database."""

# Fewer receipts say nothing: no figure is better than an invented one.
MIN_RECEIPTS = 5


class Reliability:
    """Lateness of past receipts.

    :param dict history: ``{key: {days late: number of receipts}}``; early ones are below zero
    """

    def __init__(self, history, today):
        self.history, self.today = history, today

    def get_share(self, peg, needed):
        """Return the share of comparable receipts that came soon enough, 0 to 1, or None if nothing is known.

        Of a receipt that is overdue already, only those count that were at least as late.

        :param Peg peg: the expected receipt
        :param date needed: the last day on which it is of use
        """
        passed = (self.today - peg.due).days
        counts = {
            late: count for late, count in self.history.get(peg.history, {}).items() if passed <= 0 or late >= passed}
        total = sum(counts.values())
        if total < MIN_RECEIPTS:
            return None
        return sum(count for late, count in counts.items() if late <= (needed - peg.due).days) / total

    def get_confidence(self, lines, needed):
        """Return how sure schedule lines are if they are needed on a day: the weakest of what they lean on.

        :return: 0 to 1; None where a part leans on a lead time alone, or on a supplier of whom nothing is known
        """
        lowest = 1.0
        for line in lines:
            if line.source == 'lead_time':
                return None
            for peg in line.pegs:
                share = self.get_share(peg, needed)
                if share is None:
                    return None
                lowest = min(lowest, share)
        return lowest
