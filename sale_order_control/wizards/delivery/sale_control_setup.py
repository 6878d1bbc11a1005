from odoo import models


class SaleControlSetup(models.TransientModel):
    """With delivery promises in force, every chain also says who may close an overdue delivery, unless one does."""

    _inherit = 'sale.control.setup'

    def _prepare_policies(self):
        policies = super()._prepare_policies()
        people = self.sales_manager_ids | self.finance_ids
        if self.control_promise == 'enforce' and people and self._brings_overdue_policy():
            level = self._prepare_level(self.env._("Supervisor or finance"), 10, people)
            policies[f'{self.preset}.overdue'] = (
                {'name': self.env._("Overdue deliveries"), 'sequence': 38, 'res_model': 'sale.transfer.change'},
                {'overdue': level})
        return policies

    def _brings_overdue_policy(self):
        """Whether the chosen chain keeps that policy: it did before, or nobody else says who decides."""
        own = f'{self.preset}.overdue'
        others = self.env['sale.approval.policy'].search_count([
            ('company_id', '=', self.company_id.id), ('res_model', '=', 'sale.transfer.change'),
            ('preset_key', '!=', own)], limit=1)
        return not others or own in self._get_preset_policies(self.company_id)
