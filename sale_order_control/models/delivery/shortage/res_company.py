from odoo import api, fields, models

SHORTAGE_SETTINGS = (
    'shortage_user_id', 'shortage_days', 'substitute_price', 'promise_by_itself', 'repromise_by_itself')


class ResCompany(models.Model):
    """How a company meets shortages, and what it lets the system promise."""

    _inherit = 'res.company'

    shortage_user_id = fields.Many2one(
        'res.users', string="Asked to Expedite", groups='base.group_user', domain="[('share', '=', False)]",
        help="Who brings supply forward where the product names no responsible of its own.")
    shortage_days = fields.Integer(
        string="Days to Answer", default=1, groups='base.group_user',
        help="Within so many days, who is asked to expedite says whether it works.")
    substitute_price = fields.Selection(
        [('keep', "Price of What Was Ordered"), ('list', "Price of the Substitute")], string="Substitutes Cost",
        default='keep', groups='base.group_user',
        help="What the customer pays for a substitute: as much as for what was ordered, or its own price.")
    promise_by_itself = fields.Selection(
        [
            ('off', "Never"),
            ('requested', "When the Requested Day Can Be Kept"),
            ('earliest', "The Earliest Safe Day"),
        ], string="Promise by Itself", default='off', groups='base.group_user',
        help="What the system promises when an order is confirmed, on behalf of who confirms it. What it leaves waits "
             "for a planner.")
    repromise_by_itself = fields.Selection(
        [
            ('off', "Never"),
            ('gain', "Earlier Days Only"),
            ('all', "Earlier and Later Days"),
        ], string="Promise Again at Night", default='off', groups='base.group_user',
        help="Every night, after supply has changed: lines that can be there earlier, or have to be later, are "
             "promised anew by the strategy of their customer's class. Later days need a planner unless you choose so.")

    @api.model
    def _get_control_settings(self):
        return (*super()._get_control_settings(), *SHORTAGE_SETTINGS)

    @api.constrains('shortage_days')
    def _check_shortage_days(self):
        self._check_control_numbers(['shortage_days'])


class SaleControlSwitches(models.AbstractModel):
    _inherit = 'sale.control.switches'

    shortage_user_id = fields.Many2one(related='company_id.shortage_user_id', readonly=False)
    shortage_days = fields.Integer(related='company_id.shortage_days', readonly=False)
    substitute_price = fields.Selection(related='company_id.substitute_price', readonly=False, required=True)
    promise_by_itself = fields.Selection(related='company_id.promise_by_itself', readonly=False, required=True)
    repromise_by_itself = fields.Selection(related='company_id.repromise_by_itself', readonly=False, required=True)
