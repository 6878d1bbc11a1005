from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    control_completeness = fields.Selection(related='company_id.control_completeness', readonly=False, required=True)
    control_credit = fields.Selection(related='company_id.control_credit', readonly=False, required=True)
    control_approval = fields.Selection(related='company_id.control_approval', readonly=False, required=True)
    control_promise = fields.Selection(related='company_id.control_promise', readonly=False, required=True)
    control_release = fields.Selection(related='company_id.control_release', readonly=False, required=True)
    control_amendment = fields.Selection(related='company_id.control_amendment', readonly=False, required=True)
    control_go_live = fields.Date(related='company_id.control_go_live', readonly=False)
    control_duplicate_days = fields.Integer(related='company_id.control_duplicate_days', readonly=False)
