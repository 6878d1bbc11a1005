from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ...order.control_memory import control_acting
from ..record.sale_complaint import ENDED

# Somebody of ours speaks with the customer while the complaint comes in.
SPOKEN = ('phone', 'chat', 'visit')
TIME_STATES = [
    ('late', "Late"),
    ('today', "Due Today"),
    ('waiting', "Waits for the Customer"),
    ('on_time', "On Time"),
    ('missed', "Was Late"),
    ('met', "Was On Time"),
]


class SaleComplaint(models.Model):
    """Times to answer and to solve: planned on the team's calendar, paused while the customer has the word."""

    _inherit = 'sale.complaint'

    responded_on = fields.Datetime(
        string="First Answer", readonly=True, copy=False, groups='base.group_user',
        help="When the customer first heard from a person.")
    resolved_on = fields.Datetime(string="Solved", readonly=True, copy=False, groups='base.group_user')
    resolution_hours = fields.Float(
        string="Hours to Solve", readonly=True, copy=False, aggregator='avg', groups='base.group_user',
        help="Working hours from receipt to solution, without the time the customer was asked, and without the time "
             "in which it was closed before it was reopened.")
    first_resolution_hours = fields.Float(
        string="Hours to First Solution", readonly=True, copy=False, aggregator='avg', groups='base.group_user',
        help="Working hours from receipt to the first solution, whether the complaint was reopened or not.")
    reopened_on = fields.Datetime(
        string="Reopened", readonly=True, copy=False, groups='base.group_user',
        help="When it was last taken up again: times to answer and to solve count anew from then.")
    earlier_hours = fields.Float(readonly=True, copy=False, groups='base.group_user')
    waiting_since = fields.Datetime(string="Waits for the Customer Since", readonly=True, copy=False)
    waited_hours = fields.Float(readonly=True, copy=False, groups='base.group_user')
    waited_working_hours = fields.Float(readonly=True, copy=False, groups='base.group_user')
    response_due = fields.Datetime(
        string="Answer By", compute='_compute_due', store=True, compute_sudo=True, groups='base.group_user')
    resolution_due = fields.Datetime(
        string="Solve By", compute='_compute_due', store=True, compute_sudo=True,
        help="By when it should be solved. It moves with the time the customer is asked.")
    response_missed = fields.Boolean(
        string="Answered Late", readonly=True, copy=False, groups='base.group_user',
        help="Once missed, it stays missed.")
    resolution_missed = fields.Boolean(string="Solved Late", readonly=True, copy=False, groups='base.group_user')
    next_due = fields.Datetime(
        string="Due", compute='_compute_next_due', store=True, compute_sudo=True, groups='base.group_user')
    time_state = fields.Selection(
        TIME_STATES, string="Time", compute='_compute_time_state', compute_sudo=True, groups='base.group_user')
    age_days = fields.Integer(
        string="Age in Days", compute='_compute_time_state', compute_sudo=True, groups='base.group_user')

    _next_due_idx = models.Index("(next_due) WHERE is_open")

    # === COMPUTE METHODS ===#

    @api.depends(
        'team_id', 'channel', 'severity', 'received_on', 'company_id', 'waited_hours', 'reopened_on', 'responded_on')
    def _compute_due(self):
        targets = self.env['sale.complaint.target']
        for complaint in self:
            calendar = complaint.team_id._get_calendar(complaint.company_id)
            for kind in ('response', 'resolution'):
                row = targets._find(complaint.team_id, complaint.channel, complaint.severity, kind)
                # Asking the customer is an answer already: only the solution waits.
                waited = (0.0, 0.0)
                if kind == 'resolution':
                    waited = (complaint.waited_hours, complaint.waited_working_hours)
                start = complaint.reopened_on or complaint.received_on
                if kind == 'response' and complaint.responded_on and complaint.responded_on < start:
                    # The customer was answered before it was reopened.
                    start = complaint.received_on
                complaint[f'{kind}_due'] = row._get_due(kind, start, calendar, *waited) if start else False

    @api.depends('responded_on', 'resolved_on', 'response_due', 'resolution_due', 'is_open', 'waiting_since')
    def _compute_next_due(self):
        for complaint in self:
            if not complaint.is_open or complaint.resolved_on or complaint.waiting_since:
                complaint.next_due = False
            else:
                complaint.next_due = complaint.resolution_due if complaint.responded_on else complaint.response_due

    @api.depends('next_due', 'is_open', 'waiting_since', 'resolution_missed')
    def _compute_time_state(self):
        now = fields.Datetime.now()
        for complaint in self:
            end = complaint.closed_on or now
            complaint.age_days = max(0, (end - complaint.received_on).days) if complaint.received_on else 0
            due = complaint.next_due
            if not complaint.is_open or complaint.resolved_on:
                complaint.time_state = 'missed' if complaint.resolution_missed or complaint.response_missed else 'met'
            elif complaint.waiting_since:
                complaint.time_state = 'waiting'
            elif due and due <= now:
                complaint.time_state = 'late'
            elif due and self._get_day(due) == self._get_day(now):
                complaint.time_state = 'today'
            else:
                complaint.time_state = 'on_time'

    @api.model
    def _get_day(self, moment):
        return fields.Datetime.context_timestamp(self, moment).date()

    # === ACTIONS ===#

    def action_wait(self, question):
        """Ask the customer: the time to solve stands still until an answer comes.

        :param str question: what the customer is asked; sent to the customer
        """
        self._check_handler()
        question = self._require_reason(question)
        waiting = self.filtered(lambda complaint: complaint.waiting_since or not complaint.is_open)
        if waiting:
            raise UserError(self.env._(
                "Waits for the customer already, or is closed: %s", ", ".join(waiting.mapped('name'))))
        if any(not (complaint.partner_id or complaint._get_customer_address()) for complaint in self):
            # Nobody would be asked.
            raise UserError(self.env._("Choose the customer."))
        now = fields.Datetime.now()
        self._record_history('waiting', question)
        with control_acting(self.env):
            self.sudo().write({'waiting_since': now})
        for complaint in self:
            complaint.message_post(
                body=question, subtype_xmlid='mail.mt_comment', **complaint._get_recipients())
        return True

    def action_resume(self):
        """Go on without the customer's answer."""
        self._check_handler()
        self._resume(self.env._("Goes on without an answer."))
        return True

    # === BUSINESS METHODS ===#

    def _resume(self, note):
        """Let the time run again, and leave out what the customer took; private: callers check who acts."""
        now = fields.Datetime.now()
        waiting = self.sudo().filtered('waiting_since')
        if not waiting:
            return
        waiting._record_history('resumed', note)
        with control_acting(self.env):
            for complaint in waiting:
                start = complaint.waiting_since
                complaint.write({
                    'waiting_since': False,
                    'waited_hours': complaint.waited_hours + (now - start).total_seconds() / 3600,
                    'waited_working_hours':
                        complaint.waited_working_hours + complaint._count_working_hours(start, now),
                })

    def _count_working_hours(self, start, end):
        """Count the working hours between two moments on the team's calendar; every hour without one."""
        self.ensure_one()
        calendar = self.team_id._get_calendar(self.company_id)
        if not calendar:
            return (end - start).total_seconds() / 3600
        return calendar.get_work_hours_count(start, end, compute_leaves=True)

    def _note_response(self):
        """Remember when the customer first heard from a person."""
        now = fields.Datetime.now()
        for complaint in self.sudo().filtered(lambda one: not one.responded_on):
            with control_acting(self.env):
                spoken = complaint.channel in SPOKEN and complaint.state == 'received'
                complaint.write({
                    'responded_on': min(now, complaint.received_on) if spoken else now,
                    'response_missed': complaint.response_missed
                    or not spoken and bool(complaint.response_due and complaint.response_due < now),
                })

    def _note_resolution(self):
        """Remember when the complaint was solved, and how long that took."""
        now = fields.Datetime.now()
        for complaint in self.sudo().filtered(lambda one: not one.resolved_on):
            start = complaint.reopened_on or complaint.received_on
            hours = max(0.0, complaint._count_working_hours(start, now) - complaint.waited_working_hours)
            with control_acting(self.env):
                complaint.write({
                    'resolved_on': now, 'resolution_hours': complaint.earlier_hours + hours,
                    'first_resolution_hours': complaint.first_resolution_hours if complaint.reopened_on else hours,
                    'resolution_missed': complaint.resolution_missed
                    or bool(complaint.resolution_due and complaint.resolution_due < now),
                })

    def _set_state(self, state, note=None, event='state'):
        super()._set_state(state, note, event)
        if state in ENDED:
            self._resume(self.env._("The complaint ended."))
        if state != 'cancelled':
            self._note_response()
        if state in ('verified', *ENDED):
            self._note_resolution()
        elif any(complaint.resolved_on for complaint in self.sudo()):
            with control_acting(self.env):
                self.sudo().write({'resolved_on': False, 'resolution_hours': 0.0})

    def _reopen(self, note):
        now = fields.Datetime.now()
        with control_acting(self.env):
            for complaint in self.sudo().filtered(lambda one: not one.is_open):
                # What is left to do now gets its own time; what was waited for before does not lengthen it.
                complaint.write({
                    'reopened_on': now, 'earlier_hours': complaint.resolution_hours, 'waited_hours': 0.0,
                    'waited_working_hours': 0.0})
        return super()._reopen(note)

    def _complaint_opened(self):
        super()._complaint_opened()
        if self.env.user._is_internal():
            self.filtered(lambda complaint: complaint.sudo().channel in SPOKEN)._note_response()

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        if message.message_type in ('comment', 'email') and not message.is_internal:
            self._hear_message(message)
        return result

    def _hear_message(self, message):
        """Go on when the customer answers; a person's message to the customer is a first answer."""
        author = message.author_id.sudo()
        ours = any(user._is_internal() for user in author.user_ids)
        if not ours:
            # Anybody may answer a mail: only the customer's answer is what was waited for.
            if self._is_customer(author, message.email_from):
                self._resume(self.env._("The customer answered."))
        elif message.subtype_id == self.env.ref('mail.mt_comment') and message.message_type == 'comment':
            self._note_response()

    def _is_customer(self, author, address):
        """Whether somebody who writes is the customer, by contact or by address.

        :param res.partner author: who wrote, if known
        :param str address: from where
        """
        self.ensure_one()
        complaint = self.sudo()
        known = {email_normalize(complaint.email_from), email_normalize(complaint.partner_id.email)} - {False}
        return email_normalize(address) in known \
            or bool(author) and author.commercial_partner_id == complaint.commercial_partner_id
