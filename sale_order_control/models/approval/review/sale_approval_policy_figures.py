from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..simulation.approval_waits import WorkingClock

READERS = 'sale_order_control.group_manager,sale_order_control.group_auditor'
DAYS = 365
# Evidence that is enough to propose that a policy could go: so many documents decided, nearly all of them released
# as they were, hardly any sent back.
ENOUGH_DOCUMENTS = 20
UNCHANGED_SHARE = 95.0
SENT_BACK_SHARE = 2.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as far as one policy wanted it."""

    policy_id: int
    document: tuple
    state: str
    digest: str
    begin: datetime
    end: datetime
    sent_back: bool
    cancelled: bool


class SaleApprovalPolicy(models.Model):
    """What each policy did in a period: stopped, delayed, changed, lost."""

    _inherit = 'sale.approval.policy'

    figure_asked = fields.Integer(
        string="Documents Stopped", compute='_compute_figures', groups=READERS,
        help="Documents about which it asked somebody in the period.")
    figure_hours = fields.Float(
        string="Hours of Waiting", compute='_compute_figures', groups=READERS,
        help="Working hours from asking to the end of the request, of all documents together. Where several policies "
             "asked about a document, each counts the whole time.")
    figure_hours_each = fields.Float(
        string="Hours per Document", compute='_compute_figures', groups=READERS, aggregator=None)
    figure_lost = fields.Integer(
        string="Orders Lost", compute='_compute_figures', groups=READERS,
        help="Orders that were cancelled while they waited or afterwards.")
    figure_decided = fields.Integer(string="Documents Decided", compute='_compute_figures', groups=READERS)
    figure_unchanged = fields.Float(
        string="Released Unchanged %", compute='_compute_figures', groups=READERS, aggregator=None,
        help="Share of the decided documents that were approved exactly as they had been submitted.")
    figure_sent_back = fields.Float(
        string="Sent Back %", compute='_compute_figures', groups=READERS, aggregator=None,
        help="Share of the decided documents that were returned or rejected.")
    retire_reason = fields.Char(
        string="Could Go", compute='_compute_figures', groups=READERS,
        help="Why the policy seems to be of no use. It may still keep people from trying what it forbids: only you can "
             "know that.")

    @api.depends('active', 'on_credit_issue')
    @api.depends_context('approval_days')
    def _compute_figures(self):
        since, until = self._get_figure_period()
        rows = self._read_asked(since, until)
        for policy in self:
            policy.update(self._sum_up(rows.get(policy.id or policy._origin.id, [])))
        used = sum(len(own) for own in rows.values()) >= ENOUGH_DOCUMENTS or self._is_approval_used(since, until)
        for policy in self:
            policy.retire_reason = policy._get_retire_reason(since, used)

    @api.model
    def _get_figure_period(self):
        """Return the period of the figures as naive moments: the last 12 months, or what a filter asks for."""
        today = self.env['sale.order']._get_control_today()
        # A filter of the list, which decides nothing but what is shown.
        days = self.env.context.get('approval_days')
        days = days if isinstance(days, int) and 0 < days <= 3660 else DAYS
        return tuple(datetime.combine(day, time.min) for day in (
            today - timedelta(days=days), today + timedelta(days=1)))

    def _read_asked(self, since, until):
        """Read the requests of a period that these policies wanted, with one query.

        :return: ``{policy_id: [Asked, ...]}``, the oldest first
        """
        self.env['sale.approval.request'].flush_model()
        self.env['sale.approval.task'].flush_model(['request_id', 'state'])
        self.env['sale.order'].flush_model(['state'])
        rows = self.env.execute_query(SQL(
            """SELECT DISTINCT request.id, split_part(code, '.', 2)::int, request.res_model, request.res_id,
                      request.state, request.digest, request.requested_on, request.closed_on,
                      EXISTS (SELECT FROM sale_approval_task task
                               WHERE task.request_id = request.id AND task.state IN ('returned', 'disagreed')),
                      COALESCE(sale_order.state = 'cancel', FALSE)
                 FROM sale_approval_request request
                CROSS JOIN LATERAL jsonb_object_keys(request.covered) code
            LEFT JOIN sale_order ON sale_order.id = request.order_id
                WHERE request.requested_on >= %s AND request.requested_on < %s
                  AND split_part(code, '.', 1) = 'approval' AND split_part(code, '.', 2) IN %s
             ORDER BY request.id""",
            since, until, tuple(str(policy_id) for policy_id in self._origin.ids) or ('0',)))
        found = defaultdict(list)
        now = fields.Datetime.now()
        for _id, policy_id, model, res_id, state, digest, begin, end, sent_back, cancelled in rows:
            found[policy_id].append(Asked(
                policy_id, (model, res_id), state, digest, begin, end or now, sent_back, cancelled))
        return found

    def _sum_up(self, rows):
        """Turn the requests of one policy into its figures."""
        documents = defaultdict(list)
        for row in rows:
            documents[row.document].append(row)
        hours = 0.0
        if rows:
            clock = WorkingClock(
                self[:1].company_id, min(row.begin for row in rows), max(row.end for row in rows))
            hours = sum(clock.get_hours(row.begin, row.end) for row in rows)
        decided = [own for own in documents.values() if any(
            row.state in ('approved', 'rejected', 'returned') or row.sent_back for row in own)]
        back = [own for own in decided if any(row.sent_back or row.state in ('rejected', 'returned') for row in own)]
        unchanged = [
            own for own in decided if own not in back and len({row.digest for row in own}) == 1
            and all(row.state in ('approved', 'recalled') for row in own)]
        return {
            'figure_asked': len(documents),
            'figure_hours': hours,
            'figure_hours_each': hours / len(documents) if documents else 0.0,
            'figure_lost': sum(any(row.cancelled for row in own) for own in documents.values()),
            'figure_decided': len(decided),
            'figure_unchanged': 100 * len(unchanged) / len(decided) if decided else 0.0,
            'figure_sent_back': 100 * len(back) / len(decided) if decided else 0.0,
        }

    def _is_approval_used(self, since, until):
        """Whether enough was asked in the period to say that a policy which never asked could have."""
        return bool(self.env['sale.approval.request'].sudo().search_count(
            [('requested_on', '>=', since), ('requested_on', '<', until),
             ('company_id', 'child_of', self.company_id.ids)],
            limit=ENOUGH_DOCUMENTS) >= ENOUGH_DOCUMENTS)

    def _get_retire_reason(self, since, used):
        """Say why the policy could go; empty if it does its work, or if too little is known.

        :param datetime since: begin of the period
        :param bool used: whether approval was used enough in the period
        """
        self.ensure_one()
        # Somebody must be able to agree to issues of other controls, however seldom they are.
        if not self.active or self.on_credit_issue:
            return False
        if not self.figure_asked:
            if used and self.create_date and self.create_date <= since:
                return self.env._("It has stopped nothing since %s.", fields.Date.to_string(since.date()))
            return False
        if self.figure_decided < ENOUGH_DOCUMENTS or self.figure_unchanged < UNCHANGED_SHARE \
                or self.figure_sent_back > SENT_BACK_SHARE:
            return False
        return self.env._(
            "%(share)s %% of %(count)s documents were released as they were, after %(hours)s working hours each.",
            share=f"{self.figure_unchanged:.0f}", count=self.figure_decided, hours=f"{self.figure_hours_each:.1f}")
