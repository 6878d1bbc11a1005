from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_list

from .approval_memory import approval_deciding


class SaleApprovalRequest(models.Model):
    """Steps aside from agreeing and disagreeing: back to an earlier level, one more approver, taking over."""

    _inherit = 'sale.approval.request'

    def action_return(self, comment, level=None):
        """Give these requests back for correction.

        :param str comment: what must be improved; mandatory
        :param int level: number of an earlier level (``level_index``) that decides again; the maker by default
        :raise UserError: if the level is not an earlier one of the request
        """
        comment = self._require_comment(comment)
        if not level:
            return self._decide('returned', comment)
        self.ensure_one()
        self.check_access('read')
        self._lock_requests()
        request = self.sudo()
        mine = request._get_tasks_of(self.env.user)
        target = request._get_current_tasks().filtered(lambda task: task.level_index == int(level))
        if not mine:
            raise UserError(request._explain_not_waiting())
        if not target or target[0].sequence >= mine[0].sequence:
            raise UserError(self.env._("Choose an earlier level of the request, or return it to its maker."))
        with approval_deciding(self.env):
            mine.write({'state': 'returned', 'decided_on': fields.Datetime.now(), 'comment': comment})
        request._reopen(target)
        return True

    def action_add_approver(self, user, comment=None):
        """Ask one more person at the current user's level, who must agree as well.

        :param user: ``res.users`` record or id
        :param str comment: what that person is asked to look at
        :return: True, or a client action that warns of a person without the right to see approvals
        """
        self.check_access('read')
        target = self._browse_user(user)
        self._lock_requests()
        requests = self.sudo()
        mine = requests.task_ids.filtered(
            lambda task: task.user_id == self.env.user and task.state == 'pending'
            and task.request_id._may_decide(self.env.user))
        if not mine:
            raise UserError(self[:1]._explain_not_waiting())
        values = []
        for request in mine.request_id:
            request._check_new_approver(target)
            task = mine.filtered(lambda task, request=request: task.request_id == request)[:1]
            values.append({
                **task.copy_data()[0],
                'level_index': max(request.task_ids.mapped('level_index')) + 1,
                'level_id': False,
                'level_name': self.env._(
                    "%(level)s: added by %(user)s", level=task.level_name, user=self.env.user.name),
                'quorum': 'any', 'needed': 1, 'on_behalf_of_id': False, 'edit_kinds': False,
                'state': 'pending', 'asked_on': fields.Datetime.now(), 'opened_on': False,
                'user_id': target.id, 'user_name': target.name,
                'asked_for': self._clean_comment(comment),
            })
        with approval_deciding(self.env):
            added = self.env['sale.approval.task'].sudo().create(values)
        added._call_approvers()
        return self._get_asked_result(target)

    def action_withdraw(self):
        """Take back one's own agreement while nothing followed from it.

        :raise UserError: if somebody at a later level decided already, or the request is closed
        """
        self.check_access('read')
        self._lock_requests()
        requests = self.sudo()
        own = requests._get_withdrawable(self.env.user)
        if not own or requests - own.request_id:
            raise UserError(self.env._("Only your own agreement can be taken back, and only while nothing followed."))
        with approval_deciding(self.env):
            own.write({'withdrawn_on': fields.Datetime.now()})
        for request in requests:
            request._reopen(own.filtered(lambda task, request=request: task.request_id == request))
        return True

    def action_take_over(self, comment):
        """Decide in the place of everybody whose turn it is: for managers of order control, with a reason.

        Of levels that want different persons, only one can be taken over: see :meth:`_get_turns_to_take`.

        :param str comment: why; mandatory
        """
        if not self.env.user.has_group('sale_order_control.group_manager'):
            raise AccessError(self.env._("Only managers of order control can take decisions over."))
        self.check_access('read')
        comment = self._require_comment(comment)
        self._lock_requests()
        for request in self.sudo():
            request._check_new_approver(self.env.user)
            turns = request._get_turns_to_take()
            if not turns:
                raise UserError(request._explain_not_waiting())
            turns._hand_over(self.env.user, 'taken_over', comment)
        return True

    # === HELPERS ===#

    def _get_turns_to_take(self):
        """Return the turns that one person can take over: nobody decides twice where others are wanted."""
        self.ensure_one()
        turns = self._get_current_tasks().filtered(lambda task: task.state == 'pending')
        strict = turns.filtered('distinct_persons')
        return turns - strict or strict.filtered(lambda task: task.level_index == strict[0].level_index)

    def _browse_user(self, user):
        return self.env['res.users'].sudo().browse(user if isinstance(user, int) else user.id).exists()

    def _check_new_approver(self, user):
        self.ensure_one()
        if not self._may_decide(user):
            raise UserError(self.env._(
                "%(user)s may not decide on %(request)s: makers, archived users and users of other companies "
                "cannot.", user=user.name or "?", request=self.name))
        if user in self._get_current_tasks().filtered(lambda task: task.state in ('waiting', 'pending')).user_id:
            raise UserError(self.env._(
                "%(user)s is asked in %(request)s already.", user=user.name, request=self.name))

    def _get_asked_result(self, user):
        """Return what the client shows after somebody else was asked: like a level, that may be anybody, told so."""
        if self.env['sale.approval.level']._is_entitled(user):
            return True
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'warning',
                'sticky': True,
                'message': self.env._(
                    "%s was asked, but lacks the right “Approver” and does not see “My Approvals”: only the message "
                    "leads there. A manager can give the right.", user.name),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def _get_current_tasks(self):
        """Return the tasks that count: not those that decide again after a return or a withdrawal."""
        return self.task_ids.filtered(lambda task: not task.superseded)

    def _get_tasks_of(self, user):
        """Return the tasks that wait for a user who may decide; in sudo."""
        return self.task_ids.filtered(
            lambda task: task.user_id == user and task.state == 'pending'
            and task.request_id.state == 'pending' and task.request_id._may_decide(user)
            and not (task.distinct_persons and task._agreed_before()))

    def _get_withdrawable(self, user):
        """Return the agreements that a user may take back; in sudo."""
        own = self.task_ids.browse()
        for request in self.filtered(lambda request: request.state == 'pending'):
            current = request._get_current_tasks()
            mine = current.filtered(lambda task: task.user_id == user and task.state == 'agreed')
            # Who took over from several people of a level takes back what was said for all of them.
            mine = mine.filtered(lambda task, last=mine[-1:]: task.level_index == last.level_index)
            later = current.filtered(
                lambda task, mine=mine: task.sequence > mine[:1].sequence and task.decided_on
                and task.state != 'skipped')
            if mine and not later:
                own |= mine
        return own

    def _reopen(self, tasks):
        """Let levels decide again, and everything after them; what was decided before is kept beside it.

        :param tasks: tasks of one request that decide again
        """
        self.ensure_one()
        current = self._get_current_tasks()
        first = min(tasks.mapped('sequence'))
        again = tasks | current.filtered(lambda task: task.sequence > first and task.state != 'waiting')
        # Of a level that closed when one of several agreed, all are asked again.
        again |= current.filtered(
            lambda task: task.state == 'skipped' and task.level_index in tasks.mapped('level_index')
            and not task.decided_on)
        with approval_deciding(self.env):
            again.write({'superseded': True})
            again.filtered(lambda task: task.state == 'pending').write({'state': 'skipped'})
            self.env['sale.approval.task'].sudo().create([
                {**task.copy_data()[0], 'state': 'waiting', 'superseded': False, 'decided_on': False,
                 'withdrawn_on': False, 'comment': False, 'asked_on': False, 'opened_on': False}
                for task in again if not task._was_handed_over()
            ])
        self._advance()


class SaleApprovalTask(models.Model):
    _inherit = 'sale.approval.task'

    def _agreed_before(self):
        """Whether the task's user agreed at another level of the request already."""
        self.ensure_one()
        others = self.request_id._get_current_tasks().filtered(lambda task: task.level_index != self.level_index)
        return bool(others.filtered(lambda task: task.user_id == self.user_id and task.state == 'agreed'))

    def _was_handed_over(self):
        """Whether this task was passed on: who decides instead is asked again, not this approver."""
        self.ensure_one()
        return self.state == 'skipped' and bool(self.passed_kind)

    def _prepare_passed(self, kind, actor=None, comment=None, names=()):
        """Prepare what a task keeps whose approver does not decide any more.

        :param str kind: why, a key of :data:`PASSED_KINDS`
        :param res.users actor: who did it; nobody if it followed by itself
        :param str comment: what that person says about it
        :param names: those who decide instead
        """
        return {
            'state': 'skipped', 'decided_on': fields.Datetime.now(), 'comment': comment or False, 'passed_kind': kind,
            'passed_by_id': actor.id if actor else False, 'passed_to': format_list(self.env, list(names)) or False,
        }

    def _get_passed_sentence(self):
        """Say in one sentence who passed the task on to whom and why; empty if nobody did."""
        self.ensure_one()
        user, other, actor = self.user_name, self.passed_to or "", self.passed_by_id.name or ""
        if self.passed_kind == 'forwarded':
            return self.env._("%(user)s passed it on to %(other)s.", user=user, other=other)
        if self.passed_kind == 'delegated':
            return self.env._("%(user)s is away: %(other)s decides meanwhile.", user=user, other=other)
        if self.passed_kind == 'taken_over':
            return self.env._("%(actor)s took it over from %(user)s.", actor=actor, user=user)
        if self.passed_kind == 'unable' and other:
            return self.env._("%(user)s cannot decide any more. Asked instead: %(other)s.", user=user, other=other)
        if self.passed_kind == 'unable':
            return self.env._("%s cannot decide any more.", user)
        if self.passed_kind == 'worse':
            return self.env._("%s made the terms worse and does not decide on them.", user)
        return ""
