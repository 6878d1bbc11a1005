from odoo import fields, models
from odoo.tools.misc import clean_context

from ...order.control_memory import control_acting

FOLLOWUP_TYPE = 'sale_order_control.mail_activity_type_followup'


class SaleFollowupTask(models.Model):
    """What becomes of tasks: they move with their date, and end by what happens or by hand."""

    _inherit = 'sale.followup.task'

    # === ACTIVITIES ===#

    def _create_activities(self):
        """Put an activity for each of these tasks on its document: quietly, the queue and the digest tell of it."""
        model_ids, kind = {}, self.env.ref(FOLLOWUP_TYPE, raise_if_not_found=False)
        shown = {task: task._get_shown_document() for task in self}
        for document in shown.values():
            if document._name not in model_ids and 'activity_ids' in document._fields:
                model_ids[document._name] = self.env['ir.model']._get_id(document._name)
        tasks = self.filtered(lambda task: shown[task]._name in model_ids and task.user_id)
        context = {**clean_context(self.env.context), 'mail_activity_quick_update': True}
        makers = self.env['mail.activity'].sudo().with_context(context)  # pylint: disable=context-overridden
        activities = makers.create([{
            'res_model_id': model_ids[shown[task]._name],
            'res_id': shown[task].id,
            'activity_type_id': (
                task.plan_line_id.activity_type_id or task.rule_id.activity_type_id or kind or
                self.env['mail.activity.type']).id,
            'summary': task.name,
            'note': task.note,
            'date_deadline': task.date_due,
            'user_id': task.user_id.id,
            'automated': True,
        } for task in tasks])
        for task, activity in zip(tasks, activities, strict=True):
            task.activity_id = activity

    # === MOVING ===#

    def _follow_documents(self):
        """Let open tasks end or move with what became of their documents."""
        self._check_conditions()
        self._follow_dates()

    def _follow_dates(self):
        """Let these open tasks move with the dates of their documents; those whose date is over end by themselves."""
        for rule, tasks in self.filtered(lambda task: task.state == 'open' and task.rule_id.is_date).grouped(
                'rule_id').items():
            moment = rule._get_moments()[rule.moment]
            model = self.env[moment.model].sudo().with_context(active_test=False)
            live = model.search([('id', 'in', tasks.mapped('res_id')), *moment.domain])
            anchors = {document.id: fields.Date.to_date(document[moment.field]) for document in live}
            over = tasks.filtered(lambda task, anchors=anchors: not anchors.get(task.res_id))
            over._end_over()
            # Nobody asks for what speaks against it; when it is settled, the rule asks anew.
            for res_id, objection in rule._get_objections(live).items():
                tasks.filtered(lambda task, res_id=res_id: task.res_id == res_id)._end('cancelled', objection)
            moved = (tasks - over).filtered(
                lambda task, anchors=anchors: task.state == 'open' and task.anchor_date != anchors[task.res_id])
            moved._move(anchors)

    def _move(self, anchors):
        """Move tasks to another date of their documents.

        :param dict anchors: ``{document_id: date}``
        """
        done = {(task.rule_id, task.res_id, task.cause, task.plan_line_id) for task in self.search([
            ('rule_id', 'in', self.rule_id.ids), ('res_id', 'in', self.mapped('res_id')),
            ('state', 'in', ('done', 'closed', 'dropped'))])}
        with control_acting(self.env):
            for task in self:
                rule, company, anchor = task.rule_id, task.company_id, anchors[task.res_id]
                cause = task.cause if rule.once else f'date:{anchor}'
                if (rule, task.res_id, cause, task.plan_line_id) in done:
                    task._end('closed', self.env._("It was done for this date already."))
                    continue
                due = rule._get_due_day(anchor, company)
                if task.plan_line_id:
                    due = task.plan_line_id._get_date_deadline(due)
                today = company._get_followup_today()
                due = max(due, today)
                # What is late already stays late, whoever moves the date.
                late = task.deadline and task.deadline < today
                task.write({
                    'anchor_date': anchor, 'cause': cause, 'date_due': due, 'moved_count': task.moved_count + 1,
                    'deadline': task.deadline if late else company._add_followup_days(due, rule.allowed_days),
                })
                task.activity_id.sudo().write({'date_deadline': due})

    # === ENDING ===#

    def _end_over(self):
        """End tasks whose date does not count any more: cancelled with their order, or because it has happened."""
        cancelled = self.filtered(lambda task: task.order_id.state == 'cancel')
        cancelled._end('cancelled', self.env._("The order was cancelled."))
        (self - cancelled)._end('closed', self.env._("What it was about has happened, or has no date any more."))

    def _end(self, state, outcome, result=False):
        """End open tasks and take their activities away.

        :param str state: ``done``, ``closed``, ``cancelled`` (asked for again if its cause comes back) or ``dropped``
        :param str outcome: translated sentence
        :return: those that were open, in sudo
        """
        tasks = self.sudo().filtered(lambda task: task.state == 'open')
        if not tasks:
            return tasks
        now = self.env['sale.order']._get_control_now()
        activities = tasks.activity_id
        with control_acting(self.env):
            for company, theirs in tasks.grouped('company_id').items():
                today = company._get_followup_today()
                late = theirs.filtered(lambda task, today=today: task.deadline and task.deadline < today)
                for group, on_time in ((late, False), (theirs - late, True)):
                    group.write({
                        'state': state, 'outcome': outcome, 'result': result, 'ended_on': now, 'ended_day': today,
                        'ended_by_id': self.env.uid, 'on_time': on_time,
                    })
        activities.exists().unlink()
        return tasks

    def _check_conditions(self):
        """End the open tasks whose documents meet the condition of their rule."""
        for rule, tasks in self.filtered(
                lambda task: task.state == 'open' and task.rule_id.closing == 'condition').grouped('rule_id').items():
            model = self.env[rule.res_model].sudo().with_context(active_test=False)
            met = model.search([('id', 'in', tasks.mapped('res_id')), *rule._read_domain('close_domain')])
            tasks.filtered(lambda task, met=met: task.res_id in met._ids)._end(
                'closed', self.env._("What it waited for has happened."))

    def _end_by_activity(self, feedback):
        """Note that the activity of this task was marked as done; it is kept by Odoo as it is."""
        self.ensure_one()
        with control_acting(self.env):
            self.activity_id = False
        self._end('done', feedback or self.env._("Marked as done."), 'ok')
