from odoo import models

# What needs agreement where nobody set anything else: noticeable in money, margin, days or address, or money given away
# because supply failed (a compensation).
NOTICEABLE = (
    "['|', '|', '|', '|', '|', '|', '|', '|', ('change_percent', '>', 5), ('change_percent', '<', -5),"
    " ('margin_points', '<', -1), ('days_later', '>', 7), ('days_earlier', '>', 7),"
    " ('changes_address', '=', True), ('changes_terms', '=', True), ('scope', '!=', 'change'),"
    " '&', ('asked_by', '=', 'supply'), ('change_amount', '<', 0)]")


class SaleControlSetup(models.TransientModel):
    """With amendments in force, the domestic chain also says who agrees to a change of a confirmed order."""

    _inherit = 'sale.control.setup'

    def _prepare_policies(self):
        policies = super()._prepare_policies()
        if self.preset == 'domestic' and self.control_amendment == 'enforce':
            level = self._prepare_level(self.env._("Sales manager"), 10, self.sales_manager_ids)
            policies['domestic.amendment'] = (
                {'name': self.env._("Changes of confirmed orders"), 'sequence': 39, 'res_model': 'sale.amendment',
                 'domain': NOTICEABLE},
                {'amendment': level})
        return policies
