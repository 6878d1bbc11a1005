from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_acting
from .sale_followup_task import RESULTS

CHANNELS = [
    ('call', "Call"),
    ('mail', "Mail"),
    ('visit', "Visit"),
    ('meeting', "Meeting"),
    ('chat', "Message"),
    ('inside', "Asked Inside the Company"),
]


class SaleFollowupContact(models.Model):
    """The follow-up record: who spoke with whom about what, what came of it and what is needed next. Never changed."""

    _name = 'sale.followup.contact'
    _inherit = ['sale.control.fact']
    _description = "Follow-Up Record"
    _order = 'date desc, id desc'
    _rec_name = 'content'

    date = fields.Datetime(required=True, readonly=True)
    user_id = fields.Many2one('res.users', string="By", required=True, readonly=True, ondelete='restrict')
    task_id = fields.Many2one('sale.followup.task', readonly=True, index='btree_not_null', ondelete='restrict')
    order_id = fields.Many2one('sale.order', readonly=True, index='btree_not_null', ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    partner_id = fields.Many2one(
        'res.partner', string="Customer", readonly=True, index='btree_not_null', ondelete='restrict')
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    contact = fields.Char(string="Spoke With", readonly=True)
    content = fields.Text(required=True, readonly=True, help="What was said or found.")
    result = fields.Selection(RESULTS, required=True, readonly=True)
    next_step = fields.Char(string="Needed Next", readonly=True)
    next_date = fields.Date(string="On", readonly=True)


class SaleFollowupTask(models.Model):
    """Contacts about a task: only they, and what ends it, are real work on it."""

    _inherit = 'sale.followup.task'

    contact_ids = fields.One2many('sale.followup.contact', 'task_id', string="Record", readonly=True)
    last_contact_on = fields.Date(string="Last Contact", readonly=True)

    # === ACTION METHODS ===#

    def action_log(self):
        """Open the form that records a contact about the task."""
        self.ensure_one()
        self._check_may_work()
        return {
            'type': 'ir.actions.act_window',
            'name': self.name,
            'res_model': 'sale.followup.log',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_task_id': self.id},
        }

    @api.model
    def _get_next_task(self):
        """Return the first task that is due for the user."""
        today = self.env['sale.order']._get_control_today()
        return self.search([
            ('user_id', '=', self.env.uid), ('state', '=', 'open'), ('date_due', '<=', today)], limit=1)

    def _check_may_work(self):
        """Refuse who can neither see these tasks nor work on them.

        :raise AccessError: for who is neither responsible nor sells the order nor leads
        :raise UserError: if one of them has ended
        """
        self.check_access('read')
        user = self.env.user
        leads = user.has_group('sales_team.group_sale_salesman_all_leads') or user.has_group(
            'sale_order_control.group_manager')
        if not leads and any(user not in task.user_id | task.sudo().order_id.user_id for task in self):
            raise AccessError(self.env._("Only who is responsible, who sells the order and who leads work on this."))
        if any(task.state != 'open' for task in self):
            raise UserError(self.env._("This follow-up has ended already."))

    # === BUSINESS METHODS ===#

    def _record_contact(self, channel, content, result, contact=None, next_step=None, next_date=None):
        """Record a contact about one open task: it ends, or goes on on the day agreed.

        Private: callers check who may.

        :param str result: key of ``RESULTS``; *nobody was reached* keeps the task open
        :param date next_date: when it goes on; for a task that is done, a new one is made
        :return: the record, in sudo
        :raise UserError: if something is missing
        """
        self.ensure_one()
        if not (content or '').strip():
            raise UserError(self.env._("Say in a few words what was said or found."))
        today = self.company_id._get_followup_today()
        if result == 'again' and not next_date:
            raise UserError(self.env._("Say on which day it goes on, and what is needed then."))
        if next_date and next_date < today:
            raise UserError(self.env._("It cannot go on on a day in the past."))
        task = self.sudo()
        record = self.env['sale.followup.contact']._record_facts([{
            'date': self.env['sale.order']._get_control_now(),
            'user_id': self.env.uid,
            'task_id': task.id,
            'order_id': task.order_id.id,
            'company_id': task.company_id.id,
            'partner_id': task.partner_id.id,
            'channel': channel,
            'contact': contact,
            'content': content.strip(),
            'result': result,
            'next_step': next_step,
            'next_date': next_date,
        }])
        with control_acting(self.env):
            task.last_contact_on = today
        if result == 'unreached':
            task._postpone(next_date or task.company_id._add_followup_days(today, 1))
            return record
        task._end('done', record.content.splitlines()[0], result)
        if next_date:
            task._start_next(record)
        return record

    def _postpone(self, day):
        """Let a task go on on another day; whether it is on time is still judged by its deadline."""
        with control_acting(self.env):
            self.write({'date_due': day})
        self.activity_id.write({'date_deadline': day})

    def _start_next(self, record):
        """Make the task that was agreed in a contact."""
        self.ensure_one()
        with control_acting(self.env):
            self.create([self._prepare_next(record)])._create_activities()

    def _prepare_next(self, record):
        shown = self._get_shown_document()
        return {
            'name': record.next_step or self.name,
            'company_id': self.company_id.id,
            'res_model': shown._name,
            'res_id': shown.id,
            'document_name': self.document_name,
            'order_id': self.order_id.id,
            'partner_id': self.partner_id.id,
            'user_id': (self.user_id if self.user_id.active else self.env.user).id,
            'cause': f'contact:{record.id}',
            'first_due': record.next_date,
            'date_due': record.next_date,
            'deadline': self.company_id._add_followup_days(record.next_date, 1),
        }
