import logging
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .approval_memory import approval_deciding

_logger = logging.getLogger(__name__)

ON_DEADLINE = [
    ('wait', "Remind and go on waiting"),
    ('escalate', "Ask other persons as well"),
    ('next', "Ask the persons of the next level as well"),
    ('return', "Return it to its maker"),
    ('reject', "Reject it"),
    ('clear', "Clear it"),
]
FINAL_ACTIONS = [
    ('wait', "Keep waiting"),
    ('return', "Return it to its maker"),
    ('reject', "Reject it"),
    ('clear', "Clear it"),
]
# How a request ends when nobody decided in time.
ENDINGS = {'return': 'returned', 'reject': 'rejected', 'clear': 'expired'}


class SaleApprovalLevel(models.Model):
    _inherit = 'sale.approval.level'

    deadline_hours = fields.Float(
        string="Hours to Decide",
        help="Working hours by the company's calendar, from the approver's turn on. 0: no limit.")
    remind_hours = fields.Float(
        string="Remind After Hours", help="Working hours after which who has not decided is reminded. 0: no reminder.")
    on_deadline = fields.Selection(ON_DEADLINE, string="When Time Is Up", required=True, default='wait')
    escalation_user_ids = fields.Many2many(
        'res.users', 'sale_approval_level_escalation_rel', string="Then Ask", domain="[('share', '=', False)]")

    final_hours = fields.Float(
        string="And After More Hours", help="Working hours after the time was up, in which the others who were asked "
                                            "may decide.")
    final_action = fields.Selection(
        FINAL_ACTIONS, string="Then", required=True, default='wait',
        help="What happens if they do not decide either. Cleared and returned orders go back to their maker; nothing "
             "is ever approved because nobody answered.")

    _hours_positive = models.Constraint(
        'CHECK (deadline_hours >= 0 AND remind_hours >= 0 AND final_hours >= 0)', "Hours cannot be negative.")

    @api.constrains('deadline_hours', 'on_deadline', 'escalation_user_ids')
    def _check_escalation(self):
        for level in self:
            if level.deadline_hours and level.on_deadline == 'escalate' and not level.escalation_user_ids:
                raise ValidationError(self.env._(
                    "Level “%s” asks other persons when time is up: name them under “Then Ask”.", level.name))

    @api.constrains('deadline_hours', 'remind_hours', 'policy_id')
    def _check_calendar(self):
        for level in self.filtered(lambda level: level.deadline_hours or level.remind_hours):
            company = level.policy_id.company_id
            if not company.sudo().resource_calendar_id.attendance_ids:
                raise ValidationError(self.env._(
                    "Level “%(level)s” gives hours to decide, but %(company)s has no working hours to count them by: "
                    "give the company working hours first, or take the hours away.",
                    level=level.name, company=company.name))

    @api.model
    def _plan_deadlines(self, level_id, company, start):
        """Work out by when a level that opens should decide.

        :param int level_id: id of the level; nothing for an approver who was added
        :param res.company company: by whose working hours
        :param datetime start: when it opens: naive, UTC
        :return: values of its tasks; empty where the level sets no time
        """
        rule = self._get_rule(level_id) if level_id else None
        if not rule or not (rule.deadline_hours or rule.remind_hours):
            return {}
        deadline, remind, final = (
            company._plan_working_hours(hours, start) if hours else False
            for hours in (rule.deadline_hours, rule.remind_hours, rule.final_hours))
        return {'opened_on': start, 'deadline': deadline, 'remind_on': remind, 'final_on': final, 'is_overdue': False}

    def _get_final_hours(self):
        """Return after how many working hours in all the final action follows; 0: never."""
        self.ensure_one()
        asks_others = self.on_deadline in ('escalate', 'next') and self.final_action != 'wait'
        return self.deadline_hours + self.final_hours if self.deadline_hours and asks_others else 0.0


class SaleApprovalTask(models.Model):
    """Working time: reminded, overdue, escalated. Each happens once."""

    _inherit = 'sale.approval.task'

    opened_on = fields.Datetime(
        readonly=True, help="When the level opened: its time to decide counts from then, whoever takes a turn over.")
    deadline = fields.Datetime(readonly=True, help="By when it should be decided.")
    remind_on = fields.Datetime(readonly=True)
    is_overdue = fields.Boolean(readonly=True)
    final_on = fields.Datetime(readonly=True, help="When the request ends if those asked later did not decide either.")

    _chased = models.Index("(deadline) WHERE state = 'pending' AND deadline IS NOT NULL")

    def _set_deadlines(self):
        """Work out by when a level that has just opened should decide.

        Who takes a turn over, by a delegation or because it was forwarded, has what is left of its time.
        """
        levels = self.env['sale.approval.level']
        for (level_id, company, start), tasks in self.filtered(lambda task: not task.opened_on).grouped(
                lambda task: (task.level_id.id, task.request_id.company_id, task.asked_on)).items():
            moments = levels._plan_deadlines(level_id, company, start)
            if moments:
                tasks.write(moments)

    # === CHASING ===#

    @api.model
    def _cron_chase(self, limit=100):
        """Remind, escalate and clear what waits too long, and begin delegations.

        Each request is worked on by itself: one that fails is logged and tried again at the next run, the others
        go on. What is done is marked, so that an interrupted run goes on and nothing is told twice.

        :param int limit: requests per run of a chunk
        """
        self.env['sale.approval.delegation'].sudo()._hand_over_started()
        jobs = self._get_jobs()
        failed = 0
        for number, (request, steps) in enumerate(jobs.items(), 1):
            try:
                with self.env.cr.savepoint():
                    for step in steps:
                        step(request)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                failed += 1
                _logger.exception("Chasing approval request %s failed", request.id)
            if number % limit == 0 or number == len(jobs):
                done = min(limit, number % limit or limit)
                if not self.env['ir.cron']._commit_progress(done, remaining=len(jobs) - number):
                    break
        return failed

    @api.model
    def _get_jobs(self):
        """Return ``{request: [step, ...]}`` of what is due; each step takes the request."""
        now, today = fields.Datetime.now(), self.env['sale.order']._get_control_today()
        requests = self.env['sale.approval.request'].sudo()
        jobs = defaultdict(list)
        lapsed = requests.search([('state', '=', 'pending'), ('expires_on', '<=', today)])
        for request in lapsed:
            jobs[request].append(lambda one: one._expire())
        warned = requests.search([
            ('state', '=', 'pending'), ('expires_on', '=', today + timedelta(days=1)), ('is_expiry_told', '=', False)])
        for request in warned:
            jobs[request].append(lambda one: one._tell_expiry())
        due = self.sudo().search([
            ('state', '=', 'pending'),
            '|', '|', ('remind_on', '<=', now), ('final_on', '<=', now),
            '&', ('deadline', '<=', now), ('is_overdue', '=', False)])
        for request in due.request_id - lapsed:
            jobs[request].append(lambda one: one._chase(now))
        return jobs


class SaleApprovalRequest(models.Model):
    _inherit = 'sale.approval.request'

    expires_on = fields.Date(string="Clears Itself On", readonly=True, index='btree_not_null')
    is_expiry_told = fields.Boolean(readonly=True)

    def _chase(self, now):
        """Remind the approvers of one request, or do what its level says when time is up."""
        self.ensure_one()
        waiting = self._get_current_tasks().filtered(lambda task: task.state == 'pending')
        overdue = waiting.filtered(lambda task: task.deadline and task.deadline <= now and not task.is_overdue)
        late = waiting.filtered(lambda task: task.remind_on and task.remind_on <= now)
        with approval_deciding(self.env):
            overdue.write({'is_overdue': True})
            late.write({'remind_on': False})
        ending = waiting.filtered(lambda task: task.final_on and task.final_on <= now)[:1]
        action = ending.level_id.final_action
        if not ending:
            ending = overdue.filtered(lambda task: task.level_id.on_deadline in ENDINGS)[:1]
            action = ending.level_id.on_deadline
        if action in ENDINGS:
            level = ending.level_name
            self._close(ENDINGS[action], lambda env: env._("Nobody decided in time at level “%s”.", level))
            return
        for task in overdue.filtered(lambda task: task.level_id.on_deadline in ('escalate', 'next')):
            task._escalate()
        for user, tasks in (late | overdue).grouped('user_id').items():
            tasks = tasks.with_context(lang=user.lang, tz=user.tz)
            tasks.request_id._send_notice(
                user, tasks.env._("Still waiting for your approval: %s", self.document_name),
                [task._get_call_line() for task in tasks])

    def _expire(self):
        """Clear a request that nobody reviewed in time: the document goes back to its maker, unchanged."""
        days = (self.expires_on - self.requested_on.date()).days
        self._close('expired', lambda env: env._("Cleared: nobody decided within %s days.", days))
        for manager in self._get_managers() - self.requester_id:
            own = self._in_words_of(manager)
            own._send_notice(manager, own._get_outcome_subject(), [own.env._(
                "%(document)s was cleared: nobody decided within %(days)s days.",
                document=own._get_title(), days=days)])

    def _tell_expiry(self):
        """Warn the maker and those who must decide, one day before the request clears itself."""
        with approval_deciding(self.env):
            self.is_expiry_told = True
        waiting = self._get_current_tasks().filtered(lambda task: task.state == 'pending')
        for user in waiting.user_id | self.requester_id:
            self._send_notice(
                user, self.env._("Cleared tomorrow unless somebody decides: %s", self.document_name),
                [self.env._("%(document)s waits for %(names)s.", document=self._get_title(),
                            names=", ".join(waiting.mapped('user_name')))])

    def _get_managers(self):
        """Return the managers of order control of the request's company."""
        self.ensure_one()
        return self.env.ref('sale_order_control.group_manager').all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids)


class SaleApprovalTaskEscalation(models.Model):
    _inherit = 'sale.approval.task'

    def _get_escalation_users(self):
        """Return who is asked as well when time is up: named persons, or those of the next level."""
        self.ensure_one()
        if self.level_id.on_deadline == 'escalate':
            return self.level_id.escalation_user_ids
        later = self.request_id._get_current_tasks().filtered(
            lambda task: task.sequence > self.sequence and task.state == 'waiting').sorted('sequence')
        return later.filtered(lambda task: task.sequence == later[0].sequence).user_id

    def _escalate(self):
        """Ask the persons named for it as well; whoever of all decides first counts."""
        self.ensure_one()
        people = self._get_escalation_users().filtered(self._may_pass_to)
        values = [
            {
                **self.copy_data()[0], 'user_id': user.id, 'user_name': user.name, 'state': 'pending',
                'on_behalf_of_id': self.user_id.id, 'asked_on': fields.Datetime.now(), 'deadline': False,
                'remind_on': False, 'is_overdue': True,
            }
            for user in people
        ]
        with approval_deciding(self.env):
            added = self.create(values)
        added._call_approvers(timed=False)
        maker = self.request_id.requester_id
        if added and maker.active:
            self.request_id._send_notice(
                maker, self.env._("Approval of %s: more people are asked", self.request_id.document_name),
                [self.env._("%(user)s did not decide in time. Now %(names)s are asked as well.",
                            user=self.user_name, names=", ".join(added.mapped('user_name')))])


class SaleApprovalDelegation(models.Model):
    _inherit = 'sale.approval.delegation'

    @api.model
    def _hand_over_started(self):
        today = self._get_today()
        self.search([('date_from', '<=', today), ('date_to', '>=', today)])._hand_over_waiting()
