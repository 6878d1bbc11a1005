"""What makes a credit hold go away, worked out to the cent: payment, invoices, date, reduction."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from odoo import api, models
from odoo.tools import SQL

from ..exposure.credit_exposure_sql import OPEN_ITEMS

# The open items that a payment of the amount asked for would settle, those first that are due first.
# What was paid without saying for what counts for the oldest, as it does in the overdue amount.
_OPEN_ITEMS = OPEN_ITEMS + """,
    aged AS (
        SELECT owner, id, amount, due,
               SUM(amount) OVER (PARTITION BY owner ORDER BY due, id)
               + (SELECT COALESCE(SUM(credit.amount), 0) FROM item credit
                   WHERE credit.owner = item.owner AND credit.amount < 0) AS cumulated
          FROM item WHERE amount > 0 AND NOT is_disputed
    )
    SELECT owner, (SELECT move_name FROM account_move_line WHERE id = aged.id), LEAST(amount, cumulated), due
      FROM aged
      JOIN unnest(%(owners)s::int[], %(needs)s::numeric[]) AS wanted(wanted_owner, need) ON wanted_owner = owner
     WHERE cumulated > 0 AND cumulated - amount < need
     ORDER BY owner, due, id"""

# How much must be paid until nothing is overdue for longer than tolerated.
_TOO_OLD = OPEN_ITEMS + """
    SELECT item.owner,
           GREATEST(0, SUM(amount) FILTER (WHERE amount > 0 AND due < before AND NOT is_disputed)
                       + COALESCE(SUM(amount) FILTER (WHERE amount < 0), 0))
      FROM item
      JOIN unnest(%(owners)s::int[], %(before)s::date[]) AS wanted(wanted_owner, before) ON wanted_owner = owner
     GROUP BY item.owner"""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An open invoice, or what unmatched payments leave of it, in the currency of the account."""

    name: str
    amount: float
    due: date


@dataclass(frozen=True, slots=True)
class CreditClearing:
    """What would clear an order's credit hold, in the currency of the account.

    :ivar payment: least payment that clears it; 0 if no payment does
    :ivar items: open items that the payment settles, in order; the last one perhaps in part
    :ivar in_advance: part of the payment for which nothing is open yet
    :ivar due_date: day on which it clears if these items are paid when they are due; None if never so
    :ivar reduction: least reduction of the order that clears it; 0 if none does
    :ivar line: ``(position, name, quantity, unit)`` of a line that brings the reduction; None if none alone
    """

    payment: float = 0.0
    items: tuple = ()
    in_advance: float = 0.0
    due_date: date = None
    reduction: float = 0.0
    line: tuple = None

    def to_json(self):
        """Return the figures for the facts of an issue."""
        return {
            'payment': self.payment,
            'invoices': [item.name for item in self.items],
            'in_advance': self.in_advance,
            'date': self.due_date.isoformat() if self.due_date else '',
            'reduction': self.reduction,
        }


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    @api.model
    def _read_open_items(self, needs, company):
        """Read the open items that payments would settle, oldest first.

        :param dict needs: ``{commercial_partner_id: amount to be paid}``
        :return: ``defaultdict {commercial_partner_id: [OpenItem, ...]}``
        """
        items = defaultdict(list)
        needs = {owner: need for owner, need in needs.items() if need > 0}
        if needs:
            rows = self.env.execute_query(SQL(
                _OPEN_ITEMS, owners=list(needs), needs=list(needs.values()),
                **self._get_open_item_arguments(list(needs), company)))
            for owner, name, amount, due in rows:
                items[owner].append(OpenItem(name or "", company.root_id.currency_id.round(float(amount)), due))
        return items

    @api.model
    def _read_too_old(self, bounds, company):
        """Read how much must be paid until nothing is due before a day.

        :param dict bounds: ``{commercial_partner_id: day}``
        :return: ``{commercial_partner_id: amount}``
        """
        if not bounds:
            return {}
        rows = self.env.execute_query(SQL(
            _TOO_OLD, owners=list(bounds), before=list(bounds.values()),
            **self._get_open_item_arguments(list(bounds), company)))
        return {owner: company.root_id.currency_id.round(float(amount or 0)) for owner, amount in rows}

    @api.model
    def _get_open_item_arguments(self, owners, company):
        root = company.sudo().root_id
        return {
            'partners': list(owners), 'company_path': f'{root.parent_path}%',
        }
