from odoo import models


class SaleControlSetup(models.TransientModel):
    """With delivery promises in force, the domestic chain also says who may close an overdue delivery."""

    _inherit = 'sale.control.setup'

    def _prepare_policies(self):
        policies = super()._prepare_policies()
        if self.preset == 'domestic' and self.control_promise == 'enforce':
            level = self._prepare_level(
                self.env._("Supervisor or finance"), 10, self.sales_manager_ids | self.finance_ids)
            policies['domestic.overdue'] = (
                {'name': self.env._("Overdue deliveries"), 'sequence': 38, 'res_model': 'sale.transfer.change'},
                {'overdue': level})
        return policies
