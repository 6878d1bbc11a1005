from odoo import api, models

from ...order.control_moments import ControlMoment


class SaleOrder(models.Model):
    """What others may want to know of a delivery, and who answers for it."""

    _inherit = 'sale.order'

    @api.model
    def _get_control_moments(self):
        env = self.env
        return super()._get_control_moments() + [
            ControlMoment('promised', env._("Delivery date promised")),
            ControlMoment('promise_changed', env._("Promised date moved")),
            ControlMoment('at_risk', env._("Promise at risk")),
            ControlMoment('late', env._("Promised date has passed")),
            ControlMoment('received', env._("Customer confirmed or complained about the receipt")),
            ControlMoment(
                'promise', env._("Next promised date"), field='next_promised_date',
                domain=(('state', '=', 'sale'), ('next_promised_date', '!=', False)),
                undated=(('state', '=', 'sale'), ('promise_state', '=', 'open')),
                heard=('promised', 'promise_changed', 'released', 'cancelled')),
        ]

    @api.model
    def _get_told_moments(self):
        dates = self.env._("“Tell Promised Dates by Mail” in the settings tells of promised dates and their changes.")
        return {
            **super()._get_told_moments(),
            'confirmed': self.env._("“Confirm Orders by Mail” in the settings sends the order confirmation."),
            'promised': dates,
            'promise_changed': dates,
            'released': self.env._("“Announce Shipments by Mail” in the settings tells that goods have left."),
            'delivered': self.env._("“Tell Completion by Mail” in the settings tells that all is delivered."),
        }

    @api.model
    def _get_control_roles(self):
        return super()._get_control_roles() + [('planner', self.env._("Delivery planner"))]

    def _get_control_people(self, role, company, salesperson, document=None):
        if role != 'planner':
            return super()._get_control_people(role, company, salesperson, document)
        planners = self._get_group_people('group_delivery_planner', company)
        return self.promise_ids[:1].user_id & planners | planners
