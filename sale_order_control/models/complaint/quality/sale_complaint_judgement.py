from odoo import api, fields, models
from odoo.exceptions import UserError

from ...order.control_memory import control_acting

PARTIES = [
    ('us', "Us"),
    ('carrier', "Carrier"),
    ('supplier', "Supplier"),
    ('customer', "Customer"),
]

# What closing asks for, and one form can answer.
SETTLING = frozenset({
    'justified', 'justified_reason', 'responsible_party', 'responsible_partner_id', 'cause_id', 'answer'})


class SaleComplaint(models.Model):
    """Who answers for it, whether the customer is right, and what it cost."""

    _inherit = 'sale.complaint'

    responsible_party = fields.Selection(
        PARTIES, string="Who Answers for It", tracking=True, groups='base.group_user',
        help="It decides what is offered to the customer, and to whom the cost is charged.")
    responsible_department = fields.Char(
        string="Department", groups='base.group_user', help="Which department of ours answers for it.")
    responsible_partner_id = fields.Many2one(
        'res.partner', string="Carrier or Supplier", index='btree_not_null', ondelete='restrict',
        groups='base.group_user')
    justified = fields.Selection(
        [('yes', "Justified"), ('partly', "Partly Justified"), ('no', "Not Justified")], tracking=True,
        groups='base.group_user', help="Whether the customer is right. Justified complaints count in the credit score "
                                       "and in the figures of products.")
    justified_reason = fields.Text(string="Because", groups='base.group_user')
    handling_cost = fields.Monetary(
        groups='base.group_user', help="What handling cost us: work, freight, inspection.")
    remedy_cost = fields.Monetary(
        compute='_compute_remedy_cost', compute_sudo=True, groups='base.group_user',
        help="What the remedies cost us.")
    recovered_amount = fields.Monetary(
        string="Charged Back", groups='base.group_user', help="What the carrier or supplier pays us for it.")
    cost = fields.Monetary(
        compute='_compute_cost', store=True, compute_sudo=True, groups='base.group_user',
        help="Handling and remedies, less what was charged back.")

    first_contact = fields.Boolean(
        string="Settled at First Contact", readonly=True, copy=False, groups='base.group_user')

    _handling_cost_positive = models.Constraint(
        'CHECK (handling_cost >= 0 AND recovered_amount >= 0)', "Costs and what is charged back cannot be negative.")

    def _compute_remedy_cost(self):
        costs = self._get_remedy_costs()
        for complaint in self:
            complaint.remedy_cost = costs.get(complaint.id, 0.0)

    @api.depends('handling_cost', 'recovered_amount')
    def _compute_cost(self):
        costs = self._get_remedy_costs()
        for complaint in self:
            complaint.cost = \
                complaint.handling_cost + costs.get(complaint._origin.id, 0.0) - complaint.recovered_amount

    def _get_remedy_costs(self):
        """Say what the remedies of complaints cost; whoever keeps remedies extends this and adds to the dependencies.

        :return: ``{complaint_id: amount}`` in the currency of the company
        """
        return {}

    def action_settle(self, values):
        """Close complaints that were settled while the customer was there.

        :param dict values: what closing asks for: ``justified``, ``cause_id``, ``responsible_party``, ``answer``
        :raise UserError: if more is missing, or somebody works on one already
        """
        self._check_handler()
        begun = self.filtered(lambda complaint: complaint.state not in ('received', 'acknowledged'))
        if begun:
            raise UserError(self.env._("Not at its beginning any more: %s", ", ".join(begun.mapped('name'))))
        self.write({name: value for name, value in values.items() if name in SETTLING})
        self.filtered(lambda complaint: complaint.state == 'received').action_acknowledge()
        self.action_close()
        with control_acting(self.env):
            self.sudo().write({'first_contact': True})
        return True

    def _reopen(self, note):
        result = super()._reopen(note)
        with control_acting(self.env):
            self.sudo().write({'first_contact': False})
        return result

    def _get_missing_for(self, state):
        missing = super()._get_missing_for(state)
        if state in ('verified', 'closed') and not self.justified:
            missing.append(self.env._("Say whether the complaint is justified."))
        if state in ('verified', 'closed') and self.justified == 'no' and not (self.justified_reason or "").strip():
            missing.append(self.env._("Say why it is not justified."))
        if state in ('proposed', 'closed') and not self.responsible_party:
            missing.append(self.env._("Say who answers for it: us, the carrier, the supplier or the customer."))
        if state == 'closed' and self.responsible_party in ('carrier', 'supplier') and not self.responsible_partner_id:
            missing.append(self.env._("Name the carrier or supplier."))
        return missing
