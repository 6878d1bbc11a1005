from odoo import api, fields, models


class SaleControlSwitches(models.AbstractModel):
    _inherit = 'sale.control.switches'

    credit_gap = fields.Char(string="Customers Without Limit", compute='_compute_credit_gap')

    @api.depends('control_credit', 'company_id')
    def _compute_credit_gap(self):
        """Say that credit control lets any amount pass of customers on whom nobody has decided yet."""
        for switches in self:
            root = switches.company_id.sudo().root_id
            gap = False
            if root and switches.control_credit != 'off' and self.env['credit.account']._get_default_limit(root) <= 0:
                gap = self.env._(
                    "Customers without a limit of their own, a group or a grade may owe any amount: there is no "
                    "default credit limit. Enter one in the settings of Invoicing (Sales Credit Limit), choose a "
                    "grade of new customers, or grade customers by a scorecard.")
            switches.credit_gap = gap
