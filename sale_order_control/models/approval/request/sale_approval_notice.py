from collections import Counter, defaultdict

from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .approval_memory import approval_deciding

ACTIVITY_TYPE = 'sale_order_control.mail_activity_type_approval'


class SaleApprovalRequest(models.Model):
    """Who is told what: the next approvers and, once, the maker. One message per person for a whole batch."""

    _inherit = 'sale.approval.request'

    def _dismiss_approvers(self):
        """Close the activities of those whose turn is over."""
        if not self:
            return
        self.env['sale.approval.task'].flush_model(['request_id', 'user_id', 'state'])
        self.env['mail.activity'].flush_model(['res_model', 'res_id', 'user_id', 'automated', 'date_deadline'])
        # One statement: deleting records would ask a dozen questions and forget all that was read for the decision.
        gone = self.env.execute_query(SQL(
            """DELETE FROM mail_activity activity
                WHERE activity.res_model = %(model)s AND activity.res_id IN %(ids)s AND activity.automated
                  AND NOT EXISTS (SELECT FROM sale_approval_task task
                                   WHERE task.request_id = activity.res_id AND task.user_id = activity.user_id
                                     AND task.state = 'pending')
            RETURNING id, user_id, date_deadline""", model=self._name, ids=self._ids))
        if not gone:
            return
        activities = self.env['mail.activity'].browse(activity_id for activity_id, _user_id, _day in gone)
        activities.invalidate_recordset(flush=False)
        self.invalidate_recordset(['activity_ids'], flush=False)
        self.modified(['activity_ids'])
        # Odoo's clock shows what is due, by the day of UTC: only that is taken off.
        today = fields.Date.today()
        for user_id, count in Counter(user_id for _activity_id, user_id, day in gone if day <= today).items():
            self.env['res.users'].browse(user_id)._bus_send(
                'mail.activity/updated', {'activity_deleted': True, 'count_diff': -count})

    def _get_outcome(self):
        """Word the outcome with the decider's comment."""
        self.ensure_one()
        return ": ".join(filter(None, [self.outcome, self._get_outcome_comment()]))

    def _get_outcome_comment(self):
        """Return what who disagreed or returned it wrote; maybe empty."""
        self.ensure_one()
        comments = self.task_ids.filtered(lambda task: task.state in ('disagreed', 'returned') and task.comment)
        return comments[-1:].comment or ""

    def _tell_makers(self, followed):
        """Tell those whose document it is the outcome, in one message per person.

        :param dict followed: ``{document_id: sentence}`` what became of the documents
        """
        for person, requests in self._get_requests_by_maker().items():
            if person == self.env.user or not person.active or person.share:
                continue
            requests = requests._in_words_of(person)
            requests._send_notice(
                person, requests._get_outcome_subject(),
                [request._get_outcome_line(followed.get(request.res_id, "")) for request in requests])

    def _get_requests_by_maker(self):
        """Return ``{user: requests}``: who asked, and the salesperson if that is somebody else."""
        people = defaultdict(self.browse)
        for documents, requests in self._group_by_document_model():
            owners = {document.id: document._get_approval_salesperson() for document in documents}
            for request in requests:
                for person in request.requester_id | owners[request.res_id]:
                    people[person] |= request
        return people

    def _get_outcome_line(self, sentence):
        facts = [fact for document in self._get_document() for fact in document._get_approval_notice_facts()]
        return self.env['ir.qweb']._render('sale_order_control.approval_mail_result', {
            'asked': self, 'comment': self._get_outcome_comment(), 'sentence': sentence, 'facts': " ".join(facts)})

    def _in_words_of(self, user):
        """Return the requests in a reader's language and time zone."""
        return self.with_context(lang=user.lang, tz=user.tz)

    def _get_decision_link(self):
        """Return a link to the request's screen: reading it decides nothing, and it asks who is reading."""
        self.ensure_one()
        return Markup('<a href="%s">%s</a>') % (
            f'/control/approval/{self.id}', self._get_title())

    def _get_title(self):
        """Name the document and whom it is about."""
        self.ensure_one()
        return " ".join(part for part in (self.document_name, self.partner_name) if part)

    def _get_outcome_subject(self):
        states = dict(self._fields['state']._description_selection(self.env))
        return self.env._(
            "%(documents)s: %(states)s",
            documents=", ".join(self[:5].mapped('document_name')),
            states=", ".join(dict.fromkeys(states[request.state] for request in self)))

    def _send_notice(self, user, subject, lines):
        """Send one message to one user; it is attached to the request if there is only one."""
        thread = self if len(self) == 1 else self.env['mail.thread']
        # Queued: a mail server that is slow or down must not hold up a decision.
        thread.with_context(lang=user.lang, mail_notify_force_send=False).message_notify(
            partner_ids=user.partner_id.ids,
            subject=subject,
            body=Markup("<div>%s</div>") % Markup().join(
                line if isinstance(line, Markup) else Markup("<p>%s</p>") % line for line in lines),
        )


class SaleApprovalTask(models.Model):
    _inherit = 'sale.approval.task'

    def _call_approvers(self, timed=True):
        """Give each approver whose turn it is an activity per request and one message for all of them.

        Delegates are called in the place of those who are away.

        :param bool timed: whether the time to decide begins now
        """
        self._open_turns(timed)._notify_approvers()

    def _open_turns(self, timed=True):
        """Give the turns of those who are away to their delegates, and begin their time to decide.

        :return: the tasks that wait now
        """
        waiting = self._delegate()
        if waiting and timed:
            with approval_deciding(self.env):
                waiting._set_deadlines()
        return waiting

    def _notify_approvers(self):
        """Give each approver an activity per request and one message for all of them."""
        if not self:
            return
        kind = self.env['ir.model.data']._xmlid_to_res_id(ACTIVITY_TYPE)
        model_id = self.env['ir.model']._get_id('sale.approval.request')
        turns = {(task.request_id, task.user_id): task for task in self}
        # Creating them quietly: the message below is the only one that is sent.
        with approval_deciding(self.env):
            self.env['mail.activity'].sudo().with_context(mail_activity_quick_update=True).create([
                {
                    'activity_type_id': kind,
                    'automated': True,
                    'res_model_id': model_id,
                    'res_model': request._name,
                    'res_id': request.id,
                    'res_name': request.name,
                    'user_id': user.id,
                    'user_tz': user.tz,
                    'date_deadline': task._get_due_day(user),
                    'summary': self.env._(
                        "Approve %(document)s (%(level)s)", document=request.document_name, level=task.level_name),
                }
                for (request, user), task in turns.items()
            ])
        for user, tasks in self.grouped('user_id').items():
            tasks = tasks.with_context(lang=user.lang, tz=user.tz)
            tasks.request_id._send_notice(
                user,
                tasks.env._("For your approval: %s", ", ".join(tasks.request_id[:5].mapped('document_name'))),
                # Who took over from several people is told once per level.
                list(dict.fromkeys(task._get_call_line() for task in tasks)))

    def _get_due_day(self, user):
        """Return the day, where the user is, by which to decide; without a deadline it is today."""
        task = self.with_context(tz=user.tz)
        if not task.deadline:
            return fields.Date.context_today(task)
        return fields.Datetime.context_timestamp(task, task.deadline).date()

    def _get_call_line(self):
        """Return what a message says about one turn: the facts, and a link that leads to the decision."""
        return self.env['ir.qweb']._render(
            'sale_order_control.approval_mail_call', {'task': self, 'asked': self.request_id})

    def _hand_over(self, user, kind, comment):
        """Pass tasks on to another user, who decides on behalf of the first ones; the current user does it.

        :param str kind: why, a key of :data:`PASSED_KINDS`
        """
        asked = self.filtered(
            lambda task: user in task._get_level_peers().filtered(lambda peer: peer.state != 'skipped').user_id)
        if asked:
            raise UserError(self.env._(
                "%(user)s is asked at level “%(level)s” already.", user=user.name, level=asked[0].level_name))
        with approval_deciding(self.env):
            heirs = self.browse().union(*(task._pass_to(user, kind, self.env.user, comment) for task in self))
        self.request_id._dismiss_approvers()
        heirs._call_approvers()
        return True

    def _get_level_peers(self):
        self.ensure_one()
        return self.request_id._get_current_tasks().filtered(lambda task: task.level_index == self.level_index)
