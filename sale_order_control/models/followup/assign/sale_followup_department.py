from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...order.control_moments import ControlMoment


class SaleFollowupDepartment(models.Model):
    """People of a department who handle orders: finance, warehouse, production, logistics."""

    _name = 'sale.followup.department'
    _description = "Department"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Leave empty for all companies.")
    user_ids = fields.Many2many(
        'res.users', string="People", domain="[('share', '=', False)]",
        help="Each task goes to the one with the fewest open ones, and what follows about the same order to the same.")
    rule_ids = fields.One2many('sale.followup.rule', 'department_id', string="Is Told")

    def _get_people(self, company):
        """Return who works in the department for a company."""
        return self.user_ids.filtered(
            lambda user: user.active and not user.share and company in user.company_ids)


class SaleFollowupRule(models.Model):
    """Tasks for departments."""

    _inherit = 'sale.followup.rule'

    department_id = fields.Many2one('sale.followup.department', ondelete='restrict')

    @api.model
    def _get_role_selection(self):
        return [*super()._get_role_selection(), ('department', self.env._("Department"))]

    @api.constrains('role', 'department_id')
    def _check_department(self):
        for rule in self:
            if rule.role == 'department' and not rule.department_id:
                raise ValidationError(self.env._("Choose the department that “%s” is for.", rule.name))

    def _find_role(self, role, order, company, salesperson, document=None):
        if role == 'department':
            return self.department_id.sudo()._get_people(company)
        return super()._find_role(role, order, company, salesperson, document)

    def _find_people(self, documents, moment):
        if self.role != 'department':
            return super()._find_people(documents, moment)
        people, missing = {}, documents.browse()
        orders = {document.id: moment.get_order(document).id for document in documents}
        for company, theirs in documents.grouped(lambda document: self._get_company(document, moment)).items():
            members = self.department_id.sudo()._get_people(company)
            if not members:
                missing |= theirs
                continue
            loads, known = self._get_department_loads(members, orders.values())
            for document in theirs:
                user = known.get(orders[document.id]) or min(members, key=lambda one: (loads[one], one.id))
                people[document.id] = user
                loads[user] += 1
        return {**people, **(super()._find_people(missing, moment) if missing else {})}

    def _get_department_loads(self, members, order_ids):
        """Return ``({user: open tasks}, {order_id: member who had a task about it})``."""
        tasks = self.env['sale.followup.task'].sudo()
        counts = dict(tasks._read_group(
            [('user_id', 'in', members.ids), ('state', '=', 'open')], ['user_id'], ['__count']))
        former = tasks._read_group(
            [('order_id', 'in', [order_id for order_id in order_ids if order_id]), ('user_id', 'in', members.ids)],
            ['order_id', 'user_id'])
        return {user: counts.get(user, 0) for user in members}, {order.id: user for order, user in former}


class SaleFollowupTask(models.Model):
    """What is found out while an order is carried out goes back to who sells it."""

    _inherit = 'sale.followup.task'

    def _end(self, state, outcome, result=False):
        going = self.sudo().filtered(lambda task: task.state == 'open')
        ended = super()._end(state, outcome, result)
        if result == 'problem' and going.order_id:
            going.order_id._control_event('task_problem')
        return ended


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    @api.model
    def _get_control_moments(self):
        return super()._get_control_moments() + [
            ControlMoment('task_problem', self.env._("A follow-up ended with a problem"))]
