from odoo import fields, models
from odoo.tools import format_list
from odoo.tools.misc import format_datetime

from ...order.control_issue import ControlStatus
from ..simulation.approval_waits import WorkingClock

RANKS = {'rejected': 20, 'returned': 30, 'pending': 40, 'approved': 80}
KEYS = {'pending': 'approval'}


class SaleOrder(models.Model):
    """What users see of approval: badge, who acts next, section of the panel."""

    _inherit = 'sale.order'

    def _get_control_statuses(self):
        statuses = super()._get_control_statuses()
        shown = self.filtered(lambda order: order.approval_state in RANKS and order.state in ('draft', 'sent'))
        shown |= self.filtered(lambda order: order.approval_state == 'pending' and order.state == 'sale')
        if not shown:
            return statuses
        names = shown._get_pending_approvers()
        for order in shown:
            state = order.approval_state
            statuses[order.id].append(ControlStatus(
                RANKS[state], KEYS.get(state, state), order._get_approval_sentence(names.get(order.id, ()))))
        return statuses

    def _get_approval_sentence(self, names):
        self.ensure_one()
        maker = self.user_id.name or self.env._("The salesperson")
        if self.approval_state == 'pending':
            return self.env._("%s decides on the approval", format_list(self.env, list(names), 'or') or "?")
        if self.approval_state == 'approved':
            return self.env._("%s confirms the approved order", maker)
        return self.env._("%s corrects and submits again", maker)

    def _get_control_sections(self, issues):
        sections = super()._get_control_sections(issues)
        found = issues.get('approval', ())
        if not found and self.approval_state == 'none' and not self._with_control('approval'):
            return sections
        request = self._get_latest_requests().get(self.id)
        summary, tone = self.env._("No approval is needed."), 'success'
        who = ""
        if not request and self.state in ('draft', 'sent') and found and all(issue.askable for issue in found):
            who = self._get_plan_sentence()
        if request:
            who = " › ".join(request.task_ids._get_level_sentences())
            if request.state == 'pending':
                summary = self._get_approval_waiting_sentence(request)
                # While it waits its issues are shown, and no summary.
                who, tone = f"{summary} {who}", 'warning'
            elif self.approval_state != 'none':
                summary = f"{request.name}: {request._get_outcome()}"
                # What came back still needs approval: why it came back must be read beside the issues.
                who = summary if found else who
                tone = 'success' if request.state == 'approved' else 'warning'
        sections.append(self._prepare_control_section(
            'approval', self.env._("Approval"), found, summary, tone=tone, who=who))
        return sections

    def _get_approval_waiting_sentence(self, request):
        """Say since when a request waits for those whose turn it is, in working hours."""
        since, now = request.waiting_since, fields.Datetime.now()
        if not since:
            return self.env._("%s waits.", request.name)
        hours = WorkingClock(request.company_id, since, now).get_hours(since, now)
        return self.env._(
            "%(request)s waits since %(since)s (working hours: %(hours)s).",
            request=request.name, since=format_datetime(self.env, since, dt_format='short'), hours=f"{hours:.0f}")
