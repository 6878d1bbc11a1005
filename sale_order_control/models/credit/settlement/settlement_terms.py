"""What a payment term means: how long the company waits for its money."""

from dataclasses import dataclass
from datetime import date, timedelta

from odoo import api, models, tools

# Terms that count from the end of a month are as long as they can get: from the days of a month with
# 31 days on, whatever day it is today, so that the answer does not change from day to day.
REFERENCE_DAYS = tuple(date(2025, 7, 1) + timedelta(days=number) for number in range(31))


@dataclass(frozen=True, slots=True)
class TermLength:
    """How long a payment term lets the customer wait.

    :ivar last: days until the last part is due
    :ivar weighted: days until the money is due on average, by the parts' amounts
    """

    last: int = 0
    weighted: float = 0.0

    def exceeds(self, other):
        """Whether the money comes later than under the other term, on average or in the end."""
        return self.last > other.last or self.weighted > other.weighted + 1e-6


class AccountPaymentTerm(models.Model):
    """How long a customer may wait, read with every order: kept in the cache until a term is changed."""

    _name = 'account.payment.term'
    _inherit = ['account.payment.term', 'sale.control.cached']

    @api.model
    @tools.ormcache('term_id')
    def _get_credit_length(self, term_id):
        """Return the :class:`TermLength` of a payment term; no term is immediate payment.

        Lines of a fixed amount are taken for nothing: they are an advance, as Odoo uses them.

        :param int term_id: id, or False
        """
        lines = self.sudo().browse(term_id or ()).line_ids
        if not lines:
            return TermLength()
        lengths = [
            [(line.value_amount if line.value == 'percent' else 0.0, (line._get_due_date(day) - day).days)
             for line in lines]
            for day in REFERENCE_DAYS
        ]
        return TermLength(
            last=max(0, *(days for parts in lengths for _share, days in parts)),
            weighted=max(
                sum(share * days for share, days in parts) / (sum(share for share, _days in parts) or 1.0)
                for parts in lengths))


class AccountPaymentTermLine(models.Model):
    """The parts of a term: a change of one is a change of the term."""

    _name = 'account.payment.term.line'
    _inherit = ['account.payment.term.line', 'sale.control.cached']
