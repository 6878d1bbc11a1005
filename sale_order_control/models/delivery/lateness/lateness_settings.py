from odoo import api, fields, models, tools

LATENESS_SETTINGS = (
    'promise_target_days', 'opinion_order_days', 'opinion_transfer_days', 'opinion_escalation_days',
    'opinion_valid_days', 'date_request_hours',
)


class ResCompany(models.Model):
    """After how many days a company asks what is the matter with a delivery."""

    _inherit = 'res.company'

    promise_target_days = fields.Integer(
        string="Ship within Working Days", default=3, groups='base.group_user',
        help="An order should leave so many working days after its confirmation, need and stock permitting. The "
             "planner's queue shows how many are left. 0: no target.")
    opinion_order_days = fields.Integer(
        string="Opinion on Orders after Days", default=30, groups='base.group_user',
        help="An order that is not finished so many days after it was due needs a written handling opinion. 0: never.")
    opinion_transfer_days = fields.Integer(
        string="Opinion on Transfers after Days", default=7, groups='base.group_user',
        help="A delivery that has not left so many days after it should have needs a written handling opinion. "
             "0: never.")
    opinion_escalation_days = fields.Integer(
        string="Escalate without Opinion after Working Days", default=3, groups='base.group_user',
        help="Where nobody gives an opinion for so many working days, the team leader is asked. 0: never.")
    opinion_valid_days = fields.Integer(
        string="An Opinion Counts at Most Days", default=30, groups='base.group_user',
        help="What is going to be done must be done within so many days; then another opinion is needed.")
    date_request_hours = fields.Float(
        string="Hours to Answer a Date Request", default=8.0, groups='base.group_user',
        help="Working hours within which production or purchasing answers when it is asked for a date.")

    @api.model
    def _get_control_settings(self):
        return (*super()._get_control_settings(), *LATENESS_SETTINGS)

    @api.constrains(*LATENESS_SETTINGS)
    def _check_lateness_settings(self):
        self._check_control_numbers(LATENESS_SETTINGS)
        self._check_control_numbers(['opinion_valid_days'], least=1)

    # === SWITCH ===#

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        if any('control_promise' in vals for vals in vals_list):
            self.env.registry.clear_cache()
        return companies

    def write(self, vals):
        result = super().write(vals)
        if 'control_promise' in vals:
            self.env.registry.clear_cache()
        return result

    @api.model
    @tools.ormcache()
    def _is_any_promise_controlled(self):
        """Whether any company controls its promises: where none does, moving goods costs no question."""
        return bool(self.sudo().search_count([('control_promise', '!=', 'off')], limit=1))


class SaleControlSwitches(models.AbstractModel):
    _inherit = 'sale.control.switches'

    promise_target_days = fields.Integer(related='company_id.promise_target_days', readonly=False)
    opinion_order_days = fields.Integer(related='company_id.opinion_order_days', readonly=False)
    opinion_transfer_days = fields.Integer(related='company_id.opinion_transfer_days', readonly=False)
    opinion_escalation_days = fields.Integer(related='company_id.opinion_escalation_days', readonly=False)
    opinion_valid_days = fields.Integer(related='company_id.opinion_valid_days', readonly=False)
    date_request_hours = fields.Float(related='company_id.date_request_hours', readonly=False)
