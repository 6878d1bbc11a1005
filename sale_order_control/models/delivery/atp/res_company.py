from odoo import api, fields, models

ATP_DAYS = ('atp_supply_back', 'atp_supply_offset', 'atp_demand_back', 'atp_demand_offset', 'atp_horizon')


class ResCompany(models.Model):
    """What counts when a company works out what it can promise."""

    _inherit = 'res.company'

    atp_supply_back = fields.Integer(
        string="Overdue Receipts Count (Days)", default=30, groups='base.group_user',
        help="A receipt that is overdue by more days is no longer expected. 0: no overdue receipt counts.")
    atp_supply_offset = fields.Integer(
        string="Overdue Receipts Arrive in (Days)", default=1, groups='base.group_user',
        help="An overdue receipt that still counts is expected so many days from now. 0: today.")
    atp_demand_back = fields.Integer(
        string="Overdue Deliveries Count (Days)", default=365, groups='base.group_user',
        help="A delivery that is overdue by more days is no longer reckoned with, unless it was promised or goods "
             "are reserved for it. 0: none.")
    atp_demand_offset = fields.Integer(
        string="Overdue Deliveries Leave in (Days)", default=0, groups='base.group_user',
        help="An overdue delivery that still counts takes its goods so many days from now. 0: today.")
    atp_horizon = fields.Integer(
        string="Look Ahead (Days)", default=0, groups='base.group_user',
        help="Receipts after so many days are not promised from, and deliveries after them take nothing away, unless "
             "they were promised. 0: no limit.")
    atp_quotations = fields.Boolean(
        string="Quotations Take Stock", groups='base.group_user',
        help="Other valid quotations count as if they were confirmed, so that two customers are not offered the "
             "same goods.")
    atp_rfqs = fields.Boolean(
        string="Requests for Quotation Bring Stock", groups='base.group_user',
        help="Purchases that are not confirmed count with the date asked for.")

    @api.model
    def _get_control_settings(self):
        return (*super()._get_control_settings(), *ATP_DAYS, 'atp_quotations', 'atp_rfqs')

    @api.constrains(*ATP_DAYS)
    def _check_atp_days(self):
        self._check_control_numbers(ATP_DAYS)


class SaleControlSwitches(models.AbstractModel):
    """On the settings page and on the one for managers who do not administer the system."""

    _inherit = 'sale.control.switches'

    atp_supply_back = fields.Integer(related='company_id.atp_supply_back', readonly=False)
    atp_supply_offset = fields.Integer(related='company_id.atp_supply_offset', readonly=False)
    atp_demand_back = fields.Integer(related='company_id.atp_demand_back', readonly=False)
    atp_demand_offset = fields.Integer(related='company_id.atp_demand_offset', readonly=False)
    atp_horizon = fields.Integer(related='company_id.atp_horizon', readonly=False)
    atp_quotations = fields.Boolean(related='company_id.atp_quotations', readonly=False)
    atp_rfqs = fields.Boolean(related='company_id.atp_rfqs', readonly=False)
    has_rfqs = fields.Boolean(compute='_compute_has_rfqs')

    def _compute_has_rfqs(self):
        self.has_rfqs = 'purchase.order' in self.env
