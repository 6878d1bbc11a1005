from dataclasses import replace

from odoo import Command, api, models


class SaleApprovalPolicy(models.Model):
    """What would this policy do? Asked from its form and from the list."""

    _inherit = 'sale.approval.policy'

    def action_simulate(self):
        """Open a new simulation: of the policies chosen in the list, or of this one together with those in force.

        :raise AccessError: for anybody but managers, who alone may create simulations
        """
        policies = self.filtered(lambda policy: policy.res_model == 'sale.order')
        in_force = self._get_in_force(self.env.company)
        simulation = self.env['sale.approval.simulation'].create({
            'company_id': self.env.company.id,
            'policy_ids': [Command.set((policies if len(policies) > 1 else policies | in_force).ids)],
        })
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("What Would This Do?"),
            'res_model': 'sale.approval.simulation',
            'res_id': simulation.id,
            'view_mode': 'form',
        }

    @api.model
    def _get_in_force(self, company):
        """Return the active policies about orders of a company, those of its parents included."""
        return self.with_context(active_test=True).search(
            [('res_model', '=', 'sale.order'), ('company_id', 'parent_of', company.ids)])

    def _prepare_candidate_rules(self):
        """Return these policies as rules; those that are not in force count as if they had been all the time."""
        rules = []
        for policy in self.sudo().sorted():
            rule = policy._prepare_rule()
            rules.append(rule if policy.active else replace(rule, date_from=None, date_to=None))
        return tuple(rules)
