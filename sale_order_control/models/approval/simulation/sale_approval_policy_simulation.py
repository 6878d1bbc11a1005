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

    def _prepare_own_rules(self):
        """Return these policies as the rules they are, each from its first to its last day."""
        return tuple(policy._prepare_rule() for policy in self.sudo().sorted())

    def _prepare_candidate_rules(self):
        """Return these policies as rules; drafts, and those that begin later, count as if in force all the time."""
        today = self.env['sale.order']._get_control_today()
        rules = []
        for policy in self.sudo().sorted():
            rule = policy._prepare_rule()
            begun = policy.active and (not policy.date_from or policy.date_from <= today)
            rules.append(rule if begun else replace(rule, date_from=None, date_to=None))
        return tuple(rules)
