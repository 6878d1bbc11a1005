from odoo import api, models

from ...order.control_moments import ControlMoment


class SaleOrder(models.Model):
    """What others may want to know of a customer's credit, and who answers for it."""

    _inherit = 'sale.order'

    @api.model
    def _get_control_moments(self):
        env = self.env
        return super()._get_control_moments() + [
            ControlMoment('advance_paid', env._("Paid in advance: may be shipped")),
            ControlMoment(
                'credit_review', env._("Credit review is due"), model='credit.account', field='review_date',
                domain=(('review_date', '!=', False),), user_path='partner_id.user_id'),
        ]

    @api.model
    def _get_control_roles(self):
        return super()._get_control_roles() + [('credit_controller', self.env._("Credit controller"))]

    def _get_control_people(self, role, company, salesperson, document=None):
        if role == 'credit_controller':
            return self._get_group_people('group_credit_controller', company)
        return super()._get_control_people(role, company, salesperson, document)
