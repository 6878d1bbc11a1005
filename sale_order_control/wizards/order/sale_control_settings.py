import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...models.order.control_issue import AREA_SWITCHES
from ...models.order.res_company import CONTROL_MODES

_logger = logging.getLogger(__name__)

# The release switch governs no area of its own: it caps the others when goods leave.
SETTINGS = (*AREA_SWITCHES.values(), 'control_release', 'control_go_live', 'control_duplicate_days')


class SaleControlSettings(models.TransientModel):
    """The switches of a company, for managers of the controls who do not administer the system.

    Odoo's settings page and the company itself are for administrators only. This form holds a copy
    of the switches and hands them to the company in one method that checks who asks.
    """

    _name = 'sale.control.settings'
    _description = "Order Control Settings"

    company_id = fields.Many2one(
        'res.company', required=True, readonly=True, default=lambda self: self.env.company)
    is_branch = fields.Boolean(compute='_compute_is_branch')
    control_completeness = fields.Selection(CONTROL_MODES, string="Completeness", required=True)
    control_credit = fields.Selection(CONTROL_MODES, string="Credit", required=True)
    control_approval = fields.Selection(CONTROL_MODES, string="Approval", required=True)
    control_promise = fields.Selection(CONTROL_MODES, string="Delivery Promise", required=True)
    control_release = fields.Selection(CONTROL_MODES, string="Release", required=True)
    control_amendment = fields.Selection(CONTROL_MODES, string="Amendment", required=True)
    control_go_live = fields.Date(string="Go-Live Date")
    control_duplicate_days = fields.Integer(string="Duplicate Warning Days")

    @api.depends('company_id')
    def _compute_is_branch(self):
        for settings in self:
            settings.is_branch = bool(settings.company_id.sudo().parent_id)

    @api.model
    def default_get(self, fields_list):
        defaults = super().default_get(fields_list)
        company = self.env.company
        return {**defaults, **{name: company[name] for name in SETTINGS if name in fields_list}}

    def action_apply(self):
        """Hand the switches to the company.

        :raise AccessError: if the user is no manager of the controls, or the company is not theirs
        """
        self.ensure_one()
        if not self.env.user.has_group('sale_order_control.group_manager'):
            raise AccessError(self.env._("Only managers of Order Control may change its settings."))
        if self.company_id not in self.env.user.company_ids:
            raise AccessError(self.env._("You do not work for %s.", self.company_id.sudo().name))
        if self.control_duplicate_days < 0:
            raise UserError(self.env._("The number of days of the duplicate warning cannot be negative."))
        # Managers may not write companies; these fields are all that this form hands over.
        company = self.company_id.sudo()
        changed = {name: self[name] for name in SETTINGS if self[name] != company[name]}
        if changed:
            company.write(changed)
            _logger.info("%s changed the order controls of %s: %s", self.env.user.login, company.name, changed)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
