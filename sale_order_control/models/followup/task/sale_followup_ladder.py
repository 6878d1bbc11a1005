from odoo import api, fields, models
from odoo.fields import Domain

from ...order.control_memory import control_acting

CALL_TYPE = 'sale_order_control.mail_activity_type_followup_call'
# Who is told when nobody works on it: whoever is responsible first, then one after the other.
RUNGS = ('team_leader', 'manager', 'general_manager')


class SaleFollowupTask(models.Model):
    """What nobody works on climbs a ladder. Only a contact on record, or the end of the task, is work."""

    _inherit = 'sale.followup.task'

    rung = fields.Integer(
        string="Told Above", readonly=True, help="How many people above have been told that nobody works on it.")
    escalate_on = fields.Date(string="Told Above On", readonly=True)
    told_user_id = fields.Many2one('res.users', string="Last Told", readonly=True, ondelete='set null')
    call_ids = fields.Many2many(
        'mail.activity', 'sale_followup_task_call_rel', 'task_id', 'activity_id', readonly=True)

    _escalate_idx = models.Index("(escalate_on) WHERE state = 'open' AND escalate_on IS NOT NULL")

    @api.model_create_multi
    def create(self, vals_list):
        days = {}
        for vals in vals_list:
            key = vals['company_id'], fields.Date.to_date(vals['date_due'])
            if key not in days:
                days[key] = self.env['res.company'].browse(key[0])._get_ladder_day(key[1])
            vals['escalate_on'] = days[key]
        return super().create(vals_list)

    def write(self, vals):
        result = super().write(vals)
        if 'date_due' in vals:
            self._start_clock()
        return result

    def _start_clock(self):
        """Let so many working days pass without work, from the day a task is due or was last worked on.

        Who has been told stays told: a date that moves is no work.
        """
        for task in self.filtered(lambda task: task.state == 'open'):
            day = task.company_id._get_ladder_day(max(filter(None, (task.date_due, task.last_contact_on))))
            if task.escalate_on != day:
                task.escalate_on = day

    def _record_contact(self, *args, **kwargs):
        record = super()._record_contact(*args, **kwargs)
        # Whoever speaks with the customer about an order works on everything about it.
        orders = self.sudo().order_id
        worked_on = self.sudo() | self.sudo().search([('state', '=', 'open'), ('order_id', 'in', orders.ids)])
        worked_on.call_ids.exists().unlink()
        with control_acting(self.env):
            worked_on.filtered(lambda task: task.state == 'open').write({'rung': 0, 'told_user_id': False})
            worked_on.last_contact_on = self.company_id[:1]._get_followup_today()
            worked_on._start_clock()
        return record

    def _end(self, state, outcome, result=False):
        calls = self.sudo().filtered(lambda task: task.state == 'open').call_ids
        ended = super()._end(state, outcome, result)
        calls.exists().unlink()
        return ended

    def _escalate(self):
        """Tell the next one up the ladder of each of these tasks that nobody works on it."""
        orders = self.env['sale.order']
        for task in self:
            order, company = task.order_id, task.company_id
            rung, told = task._find_next_rung(order or orders, company)
            today = company._get_followup_today()
            with control_acting(self.env):
                task.write({
                    'rung': rung, 'told_user_id': told.id or task.told_user_id.id,
                    'escalate_on': told and company._get_ladder_day(today),
                })
                if told:
                    task.call_ids |= task._call(told, today)

    def _find_next_rung(self, order, company):
        """Return ``(number, user)`` of the next rung on which somebody stands who was not told yet."""
        self.ensure_one()
        rules = self.env['sale.followup.rule']
        salesperson = order.user_id or self.user_id
        known = self.user_id | self.call_ids.user_id
        for number, role in enumerate(RUNGS, 1):
            if number <= self.rung:
                continue
            people = rules._find_role(role, order, company, salesperson).filtered(
                lambda user: user.active and not user.share and company in user.company_ids)
            if people[:1] - known:
                return number, people[:1]
        return len(RUNGS), self.env['res.users']

    def _call(self, user, today):
        """Put an activity for somebody above on the document."""
        self.ensure_one()
        document = self._get_shown_document()
        if 'activity_ids' not in document._fields:
            return self.env['mail.activity']
        return document.with_context(mail_activity_quick_update=True).activity_schedule(
            CALL_TYPE, user_id=user.id, date_deadline=today,
            summary=self.env._("Nobody works on it: %s", self.name),
            note=self.env._("%(user)s is responsible; it was due on %(date)s.",
                            user=self.user_id.name or '', date=self.date_due))


class SaleFollowupRule(models.Model):
    _inherit = 'sale.followup.rule'

    @api.model
    def _get_tick_work(self):
        return [*super()._get_tick_work(), self._escalate_idle]

    @api.model
    def _escalate_idle(self, limit):
        """Tell those above of what nobody works on.

        :return: whether there is time for more
        """
        tasks, idle = self.env['sale.followup.task'].sudo(), []
        for company in self._get_followed_companies():
            idle.append([
                ('state', '=', 'open'), ('company_id', '=', company.id),
                ('escalate_on', '<=', company._get_followup_today())])
        domain = Domain.OR(idle)
        return self.env['sale.control.job']._work_off(
            tasks.search(domain, order='id').ids, lambda ids: tasks.search(Domain('id', 'in', ids) & domain),
            lambda chunk: chunk._escalate(), limit, self._report_task_failures)
