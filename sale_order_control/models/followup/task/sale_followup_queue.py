from odoo import api, fields, models
from odoo.tools import SQL

QUEUE_KINDS = [
    ('task', "Follow-Up"),
    ('call', "Order Control"),
]


class SaleFollowupQueue(models.Model):
    """Everything that waits for somebody: follow-ups, and what the other rooms call people for by activities.

    Approvals, holds, dates and opinions each bring an activity of their own type, once per cause; a follow-up's own
    activity is not shown beside it.
    """

    _name = 'sale.followup.queue'
    _description = "My Follow-Ups"
    _auto = False
    _order = 'date_due, id'

    kind = fields.Selection(QUEUE_KINDS, string="From", readonly=True)
    name = fields.Char(string="What to Do", readonly=True)
    activity_type_id = fields.Many2one('mail.activity.type', string="Kind", readonly=True)
    task_id = fields.Many2one('sale.followup.task', readonly=True)
    activity_id = fields.Many2one('mail.activity', readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(string="Document", model_field='res_model', readonly=True)
    document_name = fields.Char(string="About", readonly=True)
    partner_id = fields.Many2one('res.partner', string="Customer", readonly=True)
    user_id = fields.Many2one('res.users', string="Responsible", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    date_due = fields.Date(string="Due", readonly=True)
    deadline = fields.Date(readonly=True)

    _depends = {
        'sale.followup.task': [
            'name', 'state', 'activity_id', 'res_model', 'res_id', 'document_name', 'partner_id', 'user_id',
            'company_id', 'date_due', 'deadline'],
        'mail.activity': ['activity_type_id', 'summary', 'res_model', 'res_id', 'user_id', 'date_deadline', 'active'],
        'sale.order': ['partner_id', 'company_id'],
    }

    @property
    def _table_query(self):
        documents = self._get_called_models()
        joins = SQL(" ").join(
            SQL("LEFT JOIN %s %s ON activity.res_model = %s AND %s = activity.res_id",
                SQL.identifier(model._table), SQL.identifier(alias), model._name, SQL.identifier(alias, 'id'))
            for alias, model in documents.items())
        partner, company = (
            SQL("COALESCE(%s)", SQL(", ").join(SQL.identifier(alias, name) for alias in documents))
            for name in ('partner_id', 'company_id'))
        return SQL(
            """SELECT task.id * 2 AS id, 'task' AS kind, task.name, activity.activity_type_id, task.id AS task_id,
                      task.activity_id, task.res_model, task.res_id, task.document_name, task.partner_id, task.user_id,
                      task.company_id, task.date_due, task.deadline
                 FROM sale_followup_task task
            LEFT JOIN mail_activity activity ON activity.id = task.activity_id
                WHERE task.state = 'open'
            UNION ALL
               SELECT activity.id * 2 + 1, 'call',
                      COALESCE(activity.summary, kind.name->>%(lang)s, kind.name->>'en_US'),
                      activity.activity_type_id, NULL, activity.id, activity.res_model, activity.res_id,
                      activity.res_name, %(partner)s, activity.user_id, %(company)s,
                      activity.date_deadline, activity.date_deadline
                 FROM mail_activity activity
                 JOIN mail_activity_type kind ON kind.id = activity.activity_type_id
                 JOIN ir_model_data named ON named.model = 'mail.activity.type' AND named.res_id = kind.id
                      AND named.module = 'sale_order_control'
                      %(joins)s
                WHERE activity.active AND activity.res_id IS NOT NULL AND NOT EXISTS (
                      SELECT FROM sale_followup_task task
                       WHERE task.activity_id = activity.id AND task.state = 'open')""",
            lang=self.env.lang or 'en_US', partner=partner, company=company, joins=joins)

    @api.model
    def _get_called_models(self):
        """Return ``{alias: model}`` of the documents people are called to that have a customer and a company."""
        def has_columns(model):
            names = {name: field for name, field in model._fields.items() if field.store and field.type == 'many2one'}
            return 'partner_id' in names and 'company_id' in names
        own = (
            self.env[name] for name, model in sorted(self.env.registry.items())
            if model._auto and not model._abstract and not model._transient and 'activity_ids' in model._fields
            and (model._original_module == 'sale_order_control' or name in ('sale.order', 'stock.picking')))
        return {f'document_{number}': model for number, model in enumerate(filter(has_columns, own))}

    def action_open(self):
        """Open what it is about."""
        self.ensure_one()
        self.check_access('read')
        if self.task_id:
            return self.task_id.action_view_document()
        document = self.env[self.res_model].browse(self.res_id)
        document.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'res_model': self.res_model,
            'res_id': self.res_id,
            'view_mode': 'form',
        }

    def action_log(self):
        """Record a contact about a follow-up."""
        self.ensure_one()
        self.check_access('read')
        return self.task_id.action_log()

    def action_drop(self):
        """Cancel a follow-up with a reason."""
        self.ensure_one()
        self.check_access('read')
        return self.task_id.action_drop()
