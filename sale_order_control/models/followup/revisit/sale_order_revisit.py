from datetime import timedelta

from odoo import api, fields, models, tools

from ...order.control_moments import ControlMoment


class SaleOrder(models.Model):
    """Delivered orders are revisited so many days later, where the company wants it."""

    _inherit = 'sale.order'

    followup_visit_ids = fields.One2many(
        'sale.followup.visit', 'order_id', string="Revisits", readonly=True, groups='sale_order_control.group_user')

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'followup_visit_ids'}

    @api.model
    def _get_control_moments(self):
        env = self.env
        return super()._get_control_moments() + [
            ControlMoment('rated_low', env._("Customer rated the delivery low")),
            ControlMoment(
                'revisit', env._("Revisit is planned"), model='sale.followup.visit', field='planned_on',
                domain=(('state', '=', 'planned'),), order_path='order_id'),
        ]

    @api.model
    def _get_asked_events(self):
        asked = super()._get_asked_events()
        return asked | {'delivered'} if self.env['res.company']._get_revisiting_ids() else asked

    def _control_event(self, name):
        super()._control_event(name)
        if name == 'delivered':
            self._plan_revisits()

    def _plan_revisits(self):
        """Plan the revisit of orders that are delivered completely, once for each."""
        companies = self.env['res.company']._get_revisiting_ids()
        # Whoever delivers need not be able to plan revisits.
        orders = self.sudo().filtered(lambda order: order.company_id.id in companies)
        orders -= self.env['sale.followup.visit'].sudo().search([
            ('order_id', 'in', orders.ids), ('state', '!=', 'cancelled')]).order_id
        self.env['sale.followup.visit'].sudo().create([
            {
                'order_id': order.id,
                'user_id': order.user_id.id or False,
                'planned_on': order.company_id._get_followup_today() + timedelta(
                    days=order.company_id.followup_revisit_days),
            }
            for order in orders
        ])


class ResCompany(models.Model):
    _inherit = 'res.company'

    followup_revisit = fields.Boolean(
        string="Ask Customers to Rate Deliveries", groups='base.group_user',
        help="So many days after an order is delivered completely, its customer is asked by mail whether all is well.")
    followup_revisit_days = fields.Integer(
        string="Days After the Delivery", default=7, groups='base.group_user')
    followup_revisit_complaint = fields.Boolean(
        string="Complaint on a Low Rating", default=True, groups='base.group_user',
        help="Who rates a delivery as “unhappy” has a complaint: it is opened with the customer's words.")

    _followup_revisit_days_positive = models.Constraint(
        'CHECK (followup_revisit_days >= 0)', "Customers are asked after the delivery, not before it.")

    @api.model
    def _get_control_settings(self):
        return (*super()._get_control_settings(), 'followup_revisit', 'followup_revisit_days',
                'followup_revisit_complaint')

    @api.model
    @tools.ormcache()
    def _get_revisiting_ids(self):
        """Return the ids of the companies whose delivered orders are revisited."""
        return frozenset(self.sudo().search([
            ('followup_revisit', '=', True), ('control_followup', '=', True)]).ids)

    def write(self, vals):
        if 'followup_revisit' in vals:
            self.env.registry.clear_cache()
        return super().write(vals)


class SaleControlSwitches(models.AbstractModel):
    _inherit = 'sale.control.switches'

    followup_revisit = fields.Boolean(related='company_id.followup_revisit', readonly=False)
    followup_revisit_days = fields.Integer(related='company_id.followup_revisit_days', readonly=False)
    followup_revisit_complaint = fields.Boolean(related='company_id.followup_revisit_complaint', readonly=False)
