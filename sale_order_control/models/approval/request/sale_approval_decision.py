from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import format_datetime

from ...order.control_memory import control_memory
from ...order.control_read import read_lines
from .approval_memory import approval_closing, approval_deciding
from .sale_approval_task import OPEN_STATES

DECISIONS = ('agreed', 'disagreed', 'returned')


class SaleApprovalRequest(models.Model):
    """Deciding. Every public method can be called by anybody over RPC: who has no pending task is refused."""

    _inherit = 'sale.approval.request'

    # === ACTION METHODS ===#

    def action_agree(self, comment=None):
        """Agree to these requests, as far as they wait for the current user.

        :param str comment: optional remark for the record
        :return: True, or a client action naming the requests that somebody else had decided before
        :raise UserError: if none of them waits for the current user
        """
        return self._decide('agreed', comment)

    def action_disagree(self, comment):
        """Reject these requests.

        :param str comment: why; mandatory
        """
        return self._decide('disagreed', self._require_comment(comment))

    def action_forward(self, user, comment=None):
        """Hand the current user's part of these requests to somebody else.

        :param user: ``res.users`` record or id
        :param str comment: optional remark for the record
        :return: True, or a client action that warns of a person without the right to see approvals
        """
        self.check_access('read')
        target = self._browse_user(user)
        self._lock_requests()
        # Who became a maker meanwhile does not choose either who decides.
        mine = self.sudo().task_ids.filtered(
            lambda task: task.user_id == self.env.user and task.state == 'pending'
            and task.request_id._may_decide(self.env.user))
        if not mine:
            raise UserError(self[:1]._explain_not_waiting())
        for request in mine.request_id:
            if not request._may_decide(target):
                raise UserError(self.env._(
                    "%(user)s may not decide on %(request)s: makers, archived users and users of other companies "
                    "cannot.", user=target.name or "?", request=request.name))
        mine._hand_over(target, 'forwarded', self._clean_comment(comment))
        return self._get_asked_result(target)

    def action_recall(self):
        """Take back requests that nobody has finished deciding: for the person who asked.

        :raise AccessError: for anybody else
        """
        self.check_access('read')
        if any(request.requester_id != self.env.user for request in self.sudo()):
            raise AccessError(self.env._("Only the person who asked can recall an approval request."))
        self._lock_requests()
        pending = self.sudo().filtered(lambda request: request.state == 'pending')
        if not pending:
            raise UserError(self.env._("Only requests that still wait can be recalled."))
        name = self.env.user.name
        pending._close('recalled', lambda env: env._("Recalled by %s", name))
        return True

    def action_view_document(self):
        """Open the document, for those who may read it."""
        self.ensure_one()
        document = self._get_document()
        document.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'res_model': document._name,
            'res_id': document.id,
            'view_mode': 'form',
        }

    # === CHECKS ===#

    @api.model
    def _clean_comment(self, comment):
        return str(comment or '').strip() or False

    @api.model
    def _require_comment(self, comment):
        comment = self._clean_comment(comment)
        if not comment:
            raise UserError(self.env._("Please write why, so that the maker knows what to do."))
        return comment

    def _lock_requests(self):
        """Serialise deciders by a real update: a rival fails to serialise, is retried and sees what was decided.

        It is one update with what else is written on the request, and reaches the database with it.
        """
        with approval_deciding(self.env):
            for count, requests in self.sudo().grouped('decision_count').items():
                requests.decision_count = count + 1

    def _get_actor_name(self):
        """Return the current user's name, as it stands on a task of theirs; it is read where they have none."""
        mine = self.sudo().task_ids.filtered(lambda task: task.user_id == self.env.user)
        return mine[:1].user_name or self.env.user.name

    def _may_decide(self, user):
        """Whether a user may still decide: alive, of the company, and no maker of what is judged."""
        self.ensure_one()
        if self.res_model not in self.env or self._is_made_by(user):
            return False
        return self.env['sale.approval.level']._is_approver(user, self.company_id)

    def _is_made_by(self, user):
        """Whether a user submitted the request or made its document."""
        self.ensure_one()
        return user in self.requester_id | self._get_document()._get_approval_makers()

    def _explain_not_waiting(self):
        """Say why a request is not decided by the current user, and who was first."""
        self.ensure_one()
        request = self.sudo()
        user = self.env.user
        decided = request.task_ids.filtered(
            lambda task: task.decided_on and task.state in DECISIONS).sorted('decided_on', reverse=True)
        decided = decided.filtered(lambda task: task.user_id == user) or decided
        open_tasks = request.task_ids.filtered(lambda task: task.user_id == user and task.state == 'pending')
        if request.state == 'pending' and request._is_made_by(user):
            return self.env._(
                "%s is your own: who made or submitted a document does not decide on it.",
                request._get_numbered_title())
        if request.state == 'pending' and open_tasks and any(
                task.distinct_persons and task._agreed_before() for task in open_tasks):
            return self.env._(
                "%s wants another person: you agreed at an earlier level.", request._get_numbered_title())
        if request.state not in ('pending', 'approved', 'rejected', 'returned'):
            return self.env._(
                "%(request)s does not wait any more: %(outcome)s",
                request=request._get_numbered_title(), outcome=request.outcome or "")
        if decided:
            states = dict(request.task_ids._fields['state']._description_selection(self.env))
            name = self.env._("you") if decided[0].user_id == user else decided[0].user_name
            return self.env._(
                "%(request)s does not wait for you: %(user)s decided it already (%(decision)s, %(when)s).",
                request=request._get_numbered_title(), user=name, decision=states[decided[0].state],
                when=format_datetime(self.env, decided[0].decided_on, dt_format='short'))
        return self.env._("%s does not wait for you.", request._get_numbered_title())

    def _get_numbered_title(self):
        self.ensure_one()
        return f"{self.name} ({self._get_title()})"

    # === DECIDING ===#

    def _decide(self, decision, comment):
        """Record the current user's decision on every request that waits for them.

        :param str decision: a state of the task: ``agreed``, ``disagreed`` or ``returned``
        """
        read_lines(self.sudo(), 'task_ids')
        self.check_access('read')
        self._lock_requests()
        # Reading needs a task of one's own, writing none has: from here on in private code.
        requests = self.sudo()
        for documents, _requests in requests._group_by_document_model():
            # Read together who made them, not one by one below.
            documents.mapped(lambda document: document._get_approval_makers())
        user = self.env.user
        mine = requests._get_tasks_of(user)
        if decision == 'agreed':
            mine -= requests._filter_premature(mine)
            outdated = requests._filter_outdated()
            mine = mine.filtered(lambda task: task.request_id not in outdated)
        unwritten = mine.browse()
        if decision == 'agreed' and not self._clean_comment(comment):
            unwritten = mine.filtered('comment_required')
            # Of several requests, those that can be decided are; none is agreed to by half.
            mine = mine.filtered(lambda task: task.request_id not in unwritten.request_id)
        decided = mine.request_id
        left = requests - decided
        if not decided:
            raise UserError("\n".join(left._explain_left(unwritten.request_id)))
        with approval_deciding(self.env):
            mine.write({
                'state': decision,
                'decided_on': fields.Datetime.now(),
                'comment': self._clean_comment(comment),
            })
        decided._advance()
        return decided._get_decision_result(left, unwritten.request_id)

    def _explain_left(self, unwritten):
        """Return why each of these requests was left as it is.

        :param unwritten: those of them for which only a written opinion is missing
        """
        return [
            self.env._("%s wants your opinion in writing: agree with a comment.", request._get_numbered_title())
            if request in unwritten else request._explain_not_waiting() for request in self
        ]

    def _get_decision_result(self, left, unwritten):
        """Return what the client shows: of several, what was done and what was left, with the reasons."""
        if not left:
            return True
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'warning',
                'className': 'text-prewrap',
                'sticky': True,
                'title': self.env._("Decided: %(count)s. Left: %(left)s", count=len(self), left=len(left)),
                'message': "\n".join(left._explain_left(unwritten)),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def _advance(self):
        """Draw the conclusions of new decisions: close levels, open the next ones, finish requests."""
        tasks = self.env['sale.approval.task'].sudo()
        self._count_earlier_agreements()
        skipped, called, approved = tasks, tasks, self.browse()
        closed = {'disagreed': self.browse(), 'returned': self.browse()}
        for request in self:
            verdict, request_skipped, request_called = request._judge()
            skipped |= request_skipped
            called |= request_called
            if verdict == 'approved':
                approved |= request
            elif verdict:
                closed[verdict] |= request
        with approval_deciding(self.env):
            skipped.write({'state': 'skipped'})
            called.write({'state': 'pending', 'asked_on': fields.Datetime.now()})
        turns = called._open_turns()
        (self - approved - closed['disagreed'] - closed['returned'])._dismiss_approvers()
        turns._notify_approvers()
        name = self._get_actor_name()
        closed['disagreed']._close('rejected', lambda env: env._("Rejected by %s", name))
        closed['returned']._close('returned', lambda env: env._("Returned by %s", name))
        approved._close('approved', lambda env: env._("Approved, last by %s", name))

    def _count_earlier_agreements(self):
        """Let agreements count at later levels that say so: the same person is not asked twice.

        Where the last level waits for something on record, its approver is asked after all once that is there.
        """
        earlier = {}
        for request in self:
            current = request._get_current_tasks()
            agreed = {}
            for task in current.filtered(lambda task: task.state == 'agreed').sorted('sequence', reverse=True):
                agreed[task.user_id] = task
            for task in current.filtered(lambda task: task.skip_agreed and task.state in OPEN_STATES):
                former = agreed.get(task.user_id)
                if former and former.sequence < task.sequence:
                    earlier[task] = former.level_name
        tasks = self.task_ids.browse().union(*earlier)
        with approval_deciding(self.env):
            for task in tasks - self._filter_premature(tasks):
                task.write({
                    'state': 'agreed', 'decided_on': fields.Datetime.now(),
                    'comment': self.env._("Agreed already at level “%s”.", earlier[task])})

    def _judge(self):
        """Tell what the decisions of one request come to.

        :return: ``(verdict, tasks not needed any more, tasks whose turn it is)``; the verdict is
            ``approved``, ``disagreed``, ``returned`` or None while somebody must still decide
        """
        self.ensure_one()
        none = self.task_ids.browse()
        current = self._get_current_tasks()
        if current.filtered(lambda task: task.state == 'returned'):
            return 'returned', none, none
        skipped = none
        for _sequence, stage in sorted(current.grouped('sequence').items()):
            complete = True
            for level in stage.grouped('level_index').values():
                agreed = len(level.filtered(lambda task: task.state == 'agreed'))
                still = level.filtered(lambda task: task.state in OPEN_STATES)
                if agreed >= level[:1].needed:
                    skipped |= still
                elif level[:1].quorum == 'any' and level.filtered(lambda task: task.state == 'disagreed') \
                        or agreed + len(still) < level[:1].needed:
                    return 'disagreed', none, none
                else:
                    complete = False
            if not complete:
                return None, skipped, stage.filtered(lambda task: task.state == 'waiting') - skipped
        return 'approved', skipped, none

    def _close(self, state, outcome, notify=True):
        """End requests: tasks and activities close, the documents follow, the maker is told once.

        :param str state: the final state
        :param outcome: function of an environment that says why: it is kept in the language of who asked
        :param bool notify: whether makers are told
        """
        if not self:
            return
        requests = self.sudo()
        waiting = requests.filtered(lambda request: request.state == 'pending')
        with approval_deciding(self.env):
            requests.task_ids.filtered(lambda task: task.state in OPEN_STATES).write({'state': 'skipped'})
            closing = {
                'state': state, 'closed_on': fields.Datetime.now(), 'closed_by_id': self.env.uid}
            if state == 'approved':
                closing['approved_on'] = closing['closed_on']
            for lang, own in requests.grouped(lambda request: request.requester_id.lang).items():
                own.write({**closing, 'outcome': outcome(self.with_context(lang=lang or self.env.lang).env)})
        requests._dismiss_approvers()
        # What was evaluated before the decision does not count after it.
        control_memory(self.env).issues.clear()
        with approval_closing(self.env, waiting):
            for documents, own in requests._group_by_document_model():
                documents._sync_approval_state()
                documents._log_approval({
                    request.res_id: f"{request.name}: {request._get_outcome()}" for request in own})
                followed = documents._approval_closed(state)
                if notify:
                    own._tell_makers(followed)
