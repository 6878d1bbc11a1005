"""The decisions that count for a batch of orders, read in one statement and asked in memory."""

from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

# So long a refusal is shown with the customer's other orders.
REFUSAL_DAYS = 90

# The latest decision of each kind, one index look-up for each order or account. Which is of what kind follows from
# what they say: of all that are found the last one that fits.
_LATEST = """(
   SELECT latest.id
     FROM unnest(%(orders)s::int[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT id FROM credit_decision
         WHERE order_id = wanted AND result IN ('released', 'rejected', 'revoked')
         ORDER BY id DESC LIMIT 1) latest
    UNION ALL
   SELECT latest.id
     FROM unnest(%(accounts)s::int[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT id FROM credit_decision
         WHERE account_id = wanted AND order_id IS NULL AND result IN ('released', 'rejected', 'revoked', 'hold')
         ORDER BY id DESC LIMIT 1) latest
    UNION ALL
   SELECT latest.id
     FROM unnest(%(accounts)s::int[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT id FROM credit_decision
         WHERE account_id = wanted AND result = 'passed' AND checkpoint IN ('confirm', 'growth')
           AND mode = 'enforce'
         ORDER BY id DESC LIMIT 1) latest
    UNION ALL
   SELECT latest.id
     FROM unnest(%(accounts)s::int[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT refusal.id FROM credit_decision refusal
         WHERE refusal.account_id = wanted AND refusal.result = 'rejected' AND refusal.date >= %(since)s
           AND NOT EXISTS (
               SELECT 1 FROM credit_decision later
                WHERE later.order_id = refusal.order_id AND later.id > refusal.id
                  AND later.result IN ('released', 'rejected', 'revoked'))
         ORDER BY refusal.id DESC LIMIT 1) latest
    UNION ALL
   SELECT involved.id
     FROM unnest(%(orders)s::int[]) AS wanted
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (salesperson_id, user_id, checkpoint) id FROM credit_decision
         WHERE order_id = wanted AND (salesperson_id IS NOT NULL OR checkpoint = 'submit')
         ORDER BY salesperson_id, user_id, checkpoint, id DESC) involved)"""

_VERDICTS = ('released', 'rejected', 'revoked')
_FIELDS = ('account_id', 'order_id', 'result', 'checkpoint', 'mode', 'date', 'until', 'amount', 'currency_id',
           'user_id', 'salesperson_id', 'reason', 'figures')


class DecisionsInForce:
    """The latest decision of each kind on some accounts and orders.

    :ivar by_order: ``{order_id: credit.decision}`` latest release, rejection or revocation of an order
    :ivar by_account: ``{account_id: credit.decision}`` the same of an account as a whole, holds included
    :ivar confirmed: ``{account_id: credit.decision}`` latest order that passed confirmation in force, or
        that grew after it
    :ivar refused: ``{account_id: credit.decision}`` latest refusal of any of its orders that was not taken back since
    :ivar sellers: ``{order_id: res.users}`` who submitted an order, or sold it when a decision on it was recorded
    """

    def __init__(self, by_order, by_account, confirmed, refused=None, sellers=None):
        self.by_order = by_order
        self.by_account = by_account
        self.confirmed = confirmed
        self.refused = refused or {}
        self.sellers = sellers or {}

    def get_accepted(self, account, today):
        """Return the figures somebody agreed to when an order of the account was last confirmed.

        The days overdue go on by themselves: what was agreed a week ago is a week older now.

        :return: ``{excess, pool_excess, overdue_amount, overdue_days, until}``, empty when nobody was asked
        """
        decision = self.confirmed.get(account.id)
        figures = decision.figures if decision else {}
        if not figures.get('agreed'):
            return {}
        until = figures.get('agreed_until') or ''
        if until and fields.Date.to_date(until) < today:
            return {}
        return {
            # Decisions are kept as they were written: older ones do not tell the two apart.
            'excess': figures.get('agreed_excess', figures['excess']),
            'pool_excess': figures.get('agreed_pool_excess', figures.get('pool_excess', 0.0)),
            'overdue_amount': figures['overdue_amount'],
            'overdue_days': figures['overdue_days'] + max(0, (today - decision.date) // timedelta(days=1)),
            'until': until,
        }

    def is_let_go_unpaid(self, order, today):
        """Whether a controller lets the goods of this order leave before they are paid as agreed."""
        own = self.by_order.get(order.id)
        return bool(
            own and own.result == 'released' and (not own.until or own.until >= today)
            and own.figures.get('settlement', {}).get('missing'))

    def get_refusal(self, order):
        """Return the decision that refused credit for an order and was not taken back since, or None."""
        own = self.by_order.get(order.id)
        return own if own and own.result == 'rejected' else None

    def get_account_release(self, account, total, today, makers):
        """Return the decision that lets a customer as a whole owe so much, or None.

        :param float total: exposure to be let pass
        :param res.users makers: who made what is judged: nobody passes by their own release
        """
        general = self.by_account.get(account.id)
        return general if general and general._covers(total, today, makers) else None

    def get_refusal_of_another(self, account, order):
        """Return the decision that refused credit for another order of the customer, or None.

        A later word of a controller about the customer as a whole, or about this order, ends it.
        """
        refusal, general, own = (
            self.refused.get(account.id), self.by_account.get(account.id), self.by_order.get(order.id))
        if not refusal or refusal.order_id == order:
            return None
        return None if any(later and later.id > refusal.id for later in (general, own)) else refusal

    def get_release(self, account, order, total, amount, today, looseness=0.0):
        """Return the decision that lets an order pass, or None.

        An order's own release goes first; a later hold of the account ends both kinds.

        :param float total: exposure with the order
        :param float amount: what the order adds
        :param float looseness: how the order is settled, see ``get_looseness``: who released an order that is paid
            before it leaves said nothing of one that is paid later
        """
        released = self.get_own_release(account, order, amount, today, looseness)
        if released:
            return released
        general, own = self.by_account.get(account.id), self.by_order.get(order.id)
        # Who refused this order did not mean to be overruled by an older word about the customer.
        refused = own and own.result == 'rejected' and general and own.id > general.id
        sellers = self.sellers.get(order.id, ())
        if general and not refused and general._allows(order, total, today, sellers):
            return general
        return None

    def get_own_release(self, account, order, amount, today, looseness=0.0):
        """Return the decision that lets this order pass, if the account was not put on hold after it, or None."""
        general = self.by_account.get(account.id)
        hold_id = general.id if general and general.result == 'hold' else 0
        own, sellers = self.by_order.get(order.id), self.sellers.get(order.id, ())
        if own and own.id > hold_id and own._allows(order, amount, today, sellers) \
                and not own._is_stricter_than(looseness):
            return own
        return None


class CreditDecision(models.Model):
    _inherit = 'credit.decision'

    _latest_order_idx = models.Index(
        "(order_id, id DESC) WHERE result IN ('released', 'rejected', 'revoked')")
    _latest_account_idx = models.Index(
        "(account_id, id DESC) WHERE order_id IS NULL AND result IN ('released', 'rejected', 'revoked', 'hold')")
    _latest_confirmed_idx = models.Index(
        "(account_id, id DESC) WHERE result = 'passed' AND checkpoint IN ('confirm', 'growth') AND mode = 'enforce'")

    _latest_refused_idx = models.Index("(account_id, id DESC) WHERE result = 'rejected'")

    def _allows(self, order, amount, today, sellers=()):
        """Whether this is a release that covers an amount of an order on a day.

        Four eyes: nobody's own orders pass by their own release.

        :param sellers: users who submitted the order or sold it before
        """
        return self._covers(amount, today, (order.user_id, order.create_uid, *sellers))

    def _covers(self, amount, today, makers):
        """Whether this is a release of so much on a day, given by none of those who made what is to pass."""
        self.ensure_one()
        return bool(
            self.result == 'released'
            and (not self.until or self.until >= today)
            and self.currency_id.compare_amounts(amount, self.amount) <= 0
            and self.user_id not in makers)

    def _get_sellers(self):
        """Return who submitted the order of these decisions, or sold it when they were recorded."""
        return self.salesperson_id | self.filtered(lambda decision: decision.checkpoint == 'submit').user_id

    def _is_stricter_than(self, looseness):
        """Whether the order that was decided on was settled more strictly."""
        self.ensure_one()
        return (self.figures or {}).get('settlement', {}).get('looseness', looseness) + 1e-6 < looseness


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def _read_credit_decisions(self, orders):
        """Read the decisions in force for these accounts and orders.

        :return: :class:`DecisionsInForce`
        """
        if not self:
            return DecisionsInForce({}, {}, {})
        decisions = self.env['credit.decision'].sudo()
        decisions.flush_model()
        since = self.env['sale.order']._get_control_today() - timedelta(days=REFUSAL_DAYS)
        found = decisions.search_fetch(
            [('id', 'in', SQL(_LATEST, orders=orders.ids, accounts=self.ids, since=since))], _FIELDS, order='id')
        by_order, by_account, confirmed, refused = {}, {}, {}, {}
        for decision in found:
            order, account = decision.order_id, decision.account_id
            if decision.result in _VERDICTS and order:
                by_order[order.id] = decision
            elif not order and decision.result in (*_VERDICTS, 'hold'):
                by_account[account.id] = decision
            elif decision.checkpoint in ('confirm', 'growth') and decision.mode == 'enforce' \
                    and decision.result == 'passed':
                confirmed[account.id] = decision
        for decision in found.filtered(lambda decision: decision.result == 'rejected' and decision.date >= since):
            # Of the orders asked about, others than the last word were only read for who sold them.
            if by_order.get(decision.order_id.id, decision) == decision:
                refused[decision.account_id.id] = decision
        sold = found.filtered(lambda decision: decision.order_id in orders)
        sellers = {order.id: theirs._get_sellers() for order, theirs in sold.grouped('order_id').items()}
        return DecisionsInForce(by_order, by_account, confirmed, refused, sellers)

    def _prepare_decision(self, result, checkpoint='manual', **values):
        """Prepare the record of a decision on the account.

        :param str result: key of ``RESULTS``
        :param values: further fields of the decision
        """
        self.ensure_one()
        order = self.env['sale.order'].sudo().browse(values.get('order_id') or ())
        return {
            'account_id': self.id,
            'company_id': self.company_id.id,
            'salesperson_id': order.user_id.id,
            'currency_id': self.currency_id.id,
            'result': result,
            'checkpoint': checkpoint,
            'mode': self.company_id._get_control_mode('credit'),
            'user_id': self.env.uid,
            'date': fields.Date.to_string(self.env['sale.order']._get_control_today()),
            **values,
        }
