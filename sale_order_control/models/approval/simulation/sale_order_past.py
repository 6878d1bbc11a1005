from collections import defaultdict
from dataclasses import dataclass

from odoo import fields, models

from ...order.control_issue import ControlIssue
from ...order.control_terms import ControlTerms
from ..mixin.sale_approval_mixin_policy import POLICY_CODE

JUDGED_EVENTS = ('submitted', 'checked', 'confirmed', 'parked')


@dataclass(frozen=True)
class Situation:
    """One moment at which an order was judged, as far as it is on record.

    :ivar day: the day it was, which the rules take for today
    :ivar issues: what the other rooms said then, tuple of ``ControlIssue``
    :ivar requester_id: who submitted; 0 if nobody did
    :ivar recorded: whether a record says what the other rooms found
    """

    order_id: int
    day: object
    terms: ControlTerms
    issues: tuple = ()
    requester_id: int = 0
    recorded: bool = True

    @property
    def blocked(self):
        """Whether another room let nobody be asked at that moment."""
        return any(issue.effect == 'block' for issue in self.issues)


class SaleOrder(models.Model):
    """What orders of the past were judged on: their terms then, and what the other rooms said of them.

    Credit, stock and dates of that day are gone. What the rooms said then is on record: in the approval
    requests, and in the control log of orders about which nobody was asked.
    """

    _inherit = 'sale.order'

    def _get_past_situations(self, count_warned=False):
        """Return the moments at which these orders were judged.

        :param bool count_warned: take warnings of controls that were in shadow mode for what they would have been
        :return: ``{order_id: [Situation, ...]}``, at least one per order
        """
        orders = self.sudo()
        situations = orders._get_asked_situations(count_warned)
        rest = orders.filtered(lambda order: order.id not in situations)
        rest.fetch(['approval_passed_terms'])
        logged = rest._get_logged_issues(count_warned)
        for order in rest:
            terms = ControlTerms.from_json(order.approval_passed_terms) if order.approval_passed_terms \
                else order._prepare_control_terms()
            situations[order.id] = [
                Situation(order.id, order._get_past_day(moment), terms, issues)
                for moment, issues in logged.get(order.id, ())
            ] or [Situation(order.id, order._get_past_day(order.date_order), terms, recorded=False)]
        return situations

    def _get_past_day(self, moment):
        zone = self.company_id.partner_id.tz or self.env.user.tz
        return fields.Datetime.context_timestamp(self.with_context(tz=zone), moment).date()

    def _get_asked_situations(self, count_warned):
        """Take the situations of orders about which somebody was asked from their requests."""
        requests = self.env['sale.approval.request'].sudo().search_fetch(
            [('order_id', 'in', self.ids)],
            ['order_id', 'snapshot', 'covered', 'requested_on', 'requester_id'], order='id')
        logged = requests.order_id._get_logged_issues(count_warned)
        found = defaultdict(list)
        for request in requests:
            said = {issue.code: issue for _moment, issues in logged.get(request.order_id.id, ()) for issue in issues}
            asked = {code for code in request.covered or () if not code.startswith(POLICY_CODE)}
            issues = [said.get(code) or ControlIssue(code, code.partition('.')[0], 'approve', '') for code in asked]
            told = [issue for issue in said.values() if issue.effect == 'warn' and issue.code not in asked]
            found[request.order_id.id].append(Situation(
                request.order_id.id, request.order_id._get_past_day(request.requested_on), request._get_terms(),
                (*issues, *told), request.requester_id.id))
        return dict(found)

    def _get_logged_issues(self, count_warned):
        """Read from the control log what the other rooms said at each submission and confirmation.

        :return: ``{order_id: [(moment, (ControlIssue, ...)), ...]}``, the oldest first
        """
        rows = self.env['sale.control.log'].sudo().search_fetch(
            [
                ('order_id', 'in', self.ids), ('event', 'in', JUDGED_EVENTS),
                ('checkpoint', 'in', ('submit', 'confirm')),
            ],
            ['order_id', 'event', 'code', 'effect', 'would', 'message', 'facts', 'create_date'], order='id')
        moments = defaultdict(lambda: defaultdict(list))
        for row in rows:
            kind = 'submitted' if row.event == 'submitted' else 'confirmed'
            issues = moments[row.order_id.id][row.create_date, kind]
            if row.code and not row.code.startswith(POLICY_CODE):
                effect = count_warned and row.would or row.effect
                issues.append(ControlIssue(
                    row.code, row.code.partition('.')[0], effect, row.message or '', row.facts or {}))
        return {
            order_id: [(moment, tuple(issues)) for (moment, _kind), issues in found.items()]
            for order_id, found in moments.items()
        }
