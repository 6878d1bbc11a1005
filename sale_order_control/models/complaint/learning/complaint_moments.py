from odoo import api, models

from ...order.control_moments import ControlMoment

COMPLAINT = {'model': 'sale.complaint', 'order_path': 'order_id'}


class SaleOrder(models.Model):
    """What others may want to know of complaints, and who answers for them."""

    _inherit = 'sale.order'

    @api.model
    def _get_control_moments(self):
        return super()._get_control_moments() + [
            ControlMoment('complaint_opened', self.env._("Complaint received"), **COMPLAINT),
            ControlMoment('complaint_closed', self.env._("Complaint closed"), **COMPLAINT),
        ]

    @api.model
    def _get_control_roles(self):
        return super()._get_control_roles() + [
            ('complaint_owner', self.env._("Owner of the complaint")),
            ('complaint_handler', self.env._("Complaint handler")),
        ]

    def _get_control_people(self, role, company, salesperson, document=None):
        if role == 'complaint_owner':
            if document and document._name == 'sale.complaint':
                return document.user_id
            return self.env['sale.complaint'].sudo().search([('order_id', 'in', self.ids)], order='id desc').user_id
        if role == 'complaint_handler':
            return self._get_group_people('group_complaint_handler', company)
        return super()._get_control_people(role, company, salesperson, document)
