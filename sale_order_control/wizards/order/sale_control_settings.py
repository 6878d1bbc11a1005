from odoo import api, fields, models


class SaleControlSettings(models.TransientModel):
    """The settings of a company's controls, for managers of the controls who do not administer the system."""

    _name = 'sale.control.settings'
    _inherit = ['sale.control.switches']
    _description = "Order Control Settings"

    is_branch = fields.Boolean(compute='_compute_is_branch')

    @api.depends('company_id')
    def _compute_is_branch(self):
        for settings in self:
            settings.is_branch = bool(settings.company_id.sudo().parent_id)

    def action_apply(self):
        """Close the form, whose saving has set the company, and show everything anew."""
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
