from odoo import api, models

from ...order.control_moments import ControlMoment


class SaleOrder(models.Model):
    """What others may want to know of complaints about an order, and who answers for them."""

    _inherit = 'sale.order'

    @api.model
    def _get_control_moments(self):
        return super()._get_control_moments() + [
            ControlMoment('complaint_opened', self.env._("Complaint opened")),
            ControlMoment('complaint_closed', self.env._("Complaint closed")),
        ]

    @api.model
    def _get_control_roles(self):
        return super()._get_control_roles() + [('complaint_owner', self.env._("Owner of the complaint"))]

    def _get_control_people(self, role, company, salesperson):
        if role != 'complaint_owner':
            return super()._get_control_people(role, company, salesperson)
        return self.env['sale.complaint'].sudo().search(
            [('order_id', 'in', self.ids), ('company_id', '=', company.id)], order='id desc').user_id
