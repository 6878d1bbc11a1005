from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

# What a policy may want of an order besides somebody's agreement: field of the policy by demand.
DEMANDS = {
    'compare': 'compare_request',
    'reconfirm': 'reconfirm_customer',
    'contract': 'need_contract',
}


class SaleApprovalPolicy(models.Model):
    """What a policy wants on record before an order binds both sides."""

    _inherit = 'sale.approval.policy'

    compare_request = fields.Boolean(
        string="Compare with the Customer's Request",
        help="Before the last level can agree, somebody compares the order, line by line, with what the customer asked "
             "for, and records it.")
    reconfirm_customer = fields.Boolean(
        string="Re-Confirm with the Customer",
        help="Before the last level can agree, the customer confirms the order once more, and who said what is "
             "recorded. A signature on the web page counts.")
    need_contract = fields.Boolean(
        string="Signed Contract",
        help="The order is confirmed when its contract is signed, valid, verified by a second person, and the same as "
             "the order. It is prepared after the approval.")

    @api.model
    @tools.ormcache('company_ids')
    def _get_demands(self, company_ids):
        """Return what the active policies of a company and its parents want on record.

        :param tuple company_ids: the company and its parents
        :return: ``{policy_id: {demand, ...}}`` of the policies that want anything
        """
        policies = self.sudo().with_context(active_test=True).search(
            [('company_id', 'in', company_ids), ('res_model', '=', 'sale.order')])
        demands = {
            policy.id: frozenset(key for key, name in DEMANDS.items() if policy[name]) for policy in policies}
        return {policy_id: wanted for policy_id, wanted in demands.items() if wanted}

    @api.constrains('res_model', *DEMANDS.values())
    def _check_demands(self):
        for policy in self:
            if policy.res_model != 'sale.order' and any(policy[name] for name in DEMANDS.values()):
                raise ValidationError(self.env._(
                    "The policy “%s” is not about orders: there is nothing to settle with a customer.", policy.name))
