from odoo import api, models

from ...order.control_moments import ControlMoment


class SaleOrder(models.Model):
    """What others may want to know of an approval, and who answers for it."""

    _inherit = 'sale.order'

    @api.model
    def _get_control_moments(self):
        env = self.env
        return super()._get_control_moments() + [
            ControlMoment('approved', env._("Approved"), passed_by=('confirmed',)),
            ControlMoment(
                'approval_asked', env._("Waits for approval since"), model='sale.approval.request',
                field='requested_on', domain=(('state', '=', 'pending'),), heard=('approved', 'cancelled', 'reopened'),
                order_path='order_id', partner_path='order_id.partner_id', user_path='requester_id'),
        ]

    @api.model
    def _get_control_roles(self):
        return super()._get_control_roles() + [
            ('approver', self.env._("Approver whose turn it is")),
            ('manager', self.env._("Manager of the salesperson")),
        ]

    def _get_control_people(self, role, company, salesperson, document=None):
        if role == 'approver':
            asked = document if document and document._name == 'sale.approval.request' else self.approval_request_ids
            return asked.filtered(lambda request: request.state == 'pending').task_ids.filtered(
                lambda task: task.state == 'pending').user_id
        if role == 'manager':
            return salesperson._get_approval_manager()
        return super()._get_control_people(role, company, salesperson, document)
