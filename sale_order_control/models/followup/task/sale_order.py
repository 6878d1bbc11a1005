from odoo import fields, models

from ...order.control_memory import control_acting


class SaleOrder(models.Model):
    """What an order shows of its follow-up."""

    _inherit = 'sale.order'

    followup_active = fields.Boolean(compute='_compute_followup', groups='base.group_user')
    followup_count = fields.Integer(string="Follow-Ups", compute='_compute_followup', groups='base.group_user')
    slowest_step = fields.Char(
        compute='_compute_slowest_step', groups='base.group_user', help="The step that took the order longest so far.")
    slowest_hours = fields.Float(
        string="Working Hours", compute='_compute_slowest_step', groups='base.group_user')

    def _compute_followup(self):
        company_ids = self.env['sale.followup.rule']._get_listening()[0]
        followed = self.filtered(lambda order: order.company_id.id in company_ids)
        counts = self.env['sale.followup.task'].search([
            ('order_id', 'in', followed.ids), ('state', '=', 'open')]).grouped('order_id') if followed else {}
        for order in self:
            order.followup_active = order.company_id.id in company_ids
            order.followup_count = len(counts.get(order._origin, ()))

    def _compute_slowest_step(self):
        slowest, now = {}, self._get_control_now()
        company_ids = self.env['sale.followup.rule']._get_listening()[0]
        followed = self.filtered(lambda order: order.company_id.id in company_ids)
        passages = self.env['sale.followup.passage']
        # Warehouse and accounting open orders too; processing times are not theirs to read.
        if followed and passages.has_access('read'):
            passages = passages.search([('order_id', 'in', followed.ids), ('state', '!=', 'cancelled')])
        for passage in passages:
            hours = passage.hours if passage.state == 'done' else passage.company_id._count_working_hours(
                passage.started_on, now)
            slowest[passage.order_id] = max(slowest.get(passage.order_id, (0.0, "")), (hours, passage.step_id.name))
        for order in self:
            order.slowest_hours, order.slowest_step = slowest.get(order._origin, (0.0, False))

    def action_view_followups(self):
        """Open the follow-ups of the order."""
        self.ensure_one()
        self.check_access('read')
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.sale_followup_task_action')
        return {**action, 'name': self.env._("Follow-Ups of %s", self.name), 'domain': [('order_id', '=', self.id)]}

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {'user_id', 'team_id'}:
            self.env['sale.followup.task'].sudo()._hand_over([('order_id', 'in', self.ids)])
        return result


class ResUsers(models.Model):
    """Who leaves does not take follow-ups along."""

    _inherit = 'res.users'

    def write(self, vals):
        result = super().write(vals)
        if vals.get('active') is False or 'company_ids' in vals:
            self.env['sale.followup.task'].sudo()._hand_over([('user_id', 'in', self.ids)])
        return result


class SaleFollowupTask(models.Model):
    """Open tasks follow whoever has the role."""

    _inherit = 'sale.followup.task'

    def _hand_over(self, domain):
        """Give open tasks to whoever has their role now; nothing changes for those that stay.

        :param list domain: which open tasks are looked at
        """
        if not self.env['sale.followup.rule']._get_listening()[0]:
            return
        tasks = self.search([('state', '=', 'open'), *domain])
        for task in tasks:
            user = task._find_successor()
            if user and user != task.user_id:
                with control_acting(self.env):
                    task.user_id = user
                task.activity_id.with_context(mail_activity_quick_update=True).user_id = user
        # Odoo deletes the activities of who is archived.
        with control_acting(self.env):
            tasks.filtered(lambda task: not task.activity_id and task._get_document())._create_activities()

    def _find_successor(self):
        """Return who is responsible now: by the role, or the one who is, or who looks after the order."""
        self.ensure_one()
        rule, document = self.rule_id, self._get_document()
        if rule and document:
            return rule._find_people(document, rule._get_moments()[rule.moment])[document.id]
        if self.user_id.active and self.company_id in self.user_id.company_ids:
            return self.user_id
        return self.order_id._get_control_responsible() if self.order_id else rule._get_fallback(self.company_id)
