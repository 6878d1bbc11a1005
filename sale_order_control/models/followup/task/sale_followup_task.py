from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import clean_context

from ...order.control_memory import control_acting, control_memory

TASK_STATES = [
    ('open', "To Do"),
    ('done', "Done"),
    ('closed', "Ended by Itself"),
    ('cancelled', "Cancelled"),
    ('dropped', "Cancelled by Hand"),
]
RESULTS = [
    ('ok', "Done, Nothing Open"),
    ('again', "Done, More Is Needed"),
    ('unreached', "Nobody Was Reached"),
    ('problem', "A Problem Came Up"),
]


class SaleFollowupTask(models.Model):
    """One thing that somebody is to do about one document: what a rule asked for, or what was agreed with a customer.

    Only the add-on's own acts write tasks: the person concerned by the buttons, the system by what happens.
    """

    _name = 'sale.followup.task'
    _description = "Follow-Up"
    _order = 'date_due, id'

    # === FIELDS ===#

    name = fields.Char(string="Task", required=True, readonly=True)
    note = fields.Html(string="Instructions", readonly=True)
    state = fields.Selection(TASK_STATES, required=True, readonly=True, default='open')
    rule_id = fields.Many2one(
        'sale.followup.rule', readonly=True, index='btree_not_null', ondelete='restrict',
        help="Empty: agreed with a customer, or entered by hand.")
    plan_line_id = fields.Many2one(
        'mail.activity.plan.template', string="Step of the Plan", readonly=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    res_model = fields.Char(string="Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="Document", model_field='res_model', required=True, readonly=True)
    document_name = fields.Char(string="About", readonly=True)
    order_id = fields.Many2one('sale.order', readonly=True, index='btree_not_null', ondelete='cascade')
    partner_id = fields.Many2one(
        'res.partner', string="Customer", readonly=True, index='btree_not_null', ondelete='restrict')
    user_id = fields.Many2one('res.users', string="Responsible", readonly=True, ondelete='restrict')
    activity_id = fields.Many2one('mail.activity', readonly=True, ondelete='set null', index='btree_not_null')

    # Why and when.
    cause = fields.Char(required=True, readonly=True, help="What it is about: nobody is asked twice for the same.")
    anchor_date = fields.Date(string="Follows the Date", readonly=True)
    first_due = fields.Date(readonly=True)
    date_due = fields.Date(string="Due", required=True, readonly=True)
    deadline = fields.Date(readonly=True, help="Done by then, it is done on time.")
    moved_count = fields.Integer(string="Times Moved", readonly=True)

    # How it ended.
    ended_on = fields.Datetime(readonly=True)
    ended_day = fields.Date(string="Ended", readonly=True)
    ended_by_id = fields.Many2one('res.users', readonly=True, ondelete='restrict')
    result = fields.Selection(RESULTS, readonly=True)
    outcome = fields.Char(readonly=True, help="What came of it, in words.")
    on_time = fields.Boolean(readonly=True)

    # The last line of defence, for two who work at the same instant.
    _cause_unique = models.UniqueIndex(
        "(rule_id, res_id, cause, COALESCE(plan_line_id, 0)) WHERE state <> 'cancelled' AND rule_id IS NOT NULL",
        "There is a task for this already.")
    _open_user_idx = models.Index("(user_id, date_due) WHERE state = 'open'")
    _open_document_idx = models.Index("(res_model, res_id) WHERE state = 'open'")

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        self._check_acting()
        # No default of a screen decides how a task begins.
        tasks = self.with_context(clean_context(self.env.context))  # pylint: disable=context-overridden
        return super(SaleFollowupTask, tasks).create(vals_list)

    def write(self, vals):
        self._check_acting()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A follow-up stays on record. Record how it ended instead."))

    def _check_acting(self):
        if not (self.env.su and control_memory(self.env).acting):
            raise AccessError(self.env._("Follow-ups are changed by their buttons, not written directly."))

    # === ACTION METHODS ===#

    def action_view_document(self):
        """Open what the task is about."""
        self.ensure_one()
        self.check_access('read')
        document = self.sudo()._get_shown_document().with_env(self.env)
        document.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'res_model': document._name,
            'res_id': document.id,
            'view_mode': 'form',
        }

    def _get_shown_document(self):
        """Return the record on whose screen the task belongs: its order, where the document has no activities."""
        self.ensure_one()
        shown = self.env['sale.order']._get_control_screen(self.env[self.res_model].browse(self.res_id))
        return shown if 'activity_ids' in shown._fields or not self.order_id else self.order_id

    def _get_document(self):
        """Return the document in sudo; an empty recordset where it is gone."""
        self.ensure_one()
        return self.env[self.res_model].sudo().browse(self.res_id).exists()


class SaleFollowupRule(models.Model):
    """How a rule makes tasks."""

    _inherit = 'sale.followup.rule'

    def _start_tasks(self, documents, anchors, causes):
        """Give people tasks about documents: a task and an activity each, or one per step of the plan.

        Private: callers have found out that nobody has a task for the same cause yet.

        :param documents: records of the rule's model, in sudo
        :param dict anchors: ``{document_id: date}`` the tasks follow
        :param dict causes: ``{document_id: text}``: the same cause never makes a second task
        :return: the tasks, in sudo
        """
        self.ensure_one()
        tasks = self.env['sale.followup.task'].sudo()
        if not documents:
            return tasks
        self._end_replaced(documents)
        moment = self._get_moments()[self.moment]
        people = self._find_people(documents, moment)
        values = [
            self._prepare_task(document, moment, anchors[document.id], causes[document.id], people[document.id], step)
            for document in documents for step in self.plan_id.template_ids or [None]
        ]
        with control_acting(self.env):
            tasks = tasks.create(values)
            tasks._create_activities()
        return tasks

    def _end_replaced(self, documents):
        """End what earlier rules have asked about these documents: this one says it instead."""
        if self.replaced_rule_ids:
            self.env['sale.followup.task'].sudo().search([
                ('rule_id', 'in', self.replaced_rule_ids.ids), ('res_model', '=', documents._name),
                ('res_id', 'in', documents.ids), ('state', '=', 'open'),
            ])._end('closed', self.env._("“%s” took its place.", self.name))

    def _prepare_task(self, document, moment, anchor, cause, user, step):
        """Prepare one task.

        :param step: line of an activity plan, or None
        """
        order, company = moment.get_order(document), self._get_company(document, moment)
        partner = document.mapped(moment.partner_path)[:1]
        due = self._get_due_day(anchor, company)
        if step:
            due = step._get_date_deadline(due)
            user = step.responsible_id if step.responsible_type == 'other' and step.responsible_id.active else user
        due = max(due, company._get_followup_today())
        summary, note = self._prepare_texts(document, order, partner, anchor, user, step)
        return {
            'name': summary,
            'note': note,
            'rule_id': self.id,
            'plan_line_id': step.id if step else False,
            'company_id': company.id,
            'res_model': document._name,
            'res_id': document.id,
            'document_name': self._name_document(document),
            'order_id': order.id,
            'partner_id': partner.id,
            'user_id': user.id,
            'cause': cause,
            'anchor_date': anchor,
            'first_due': due,
            'date_due': due,
            'deadline': company._add_followup_days(due, self.allowed_days),
        }
