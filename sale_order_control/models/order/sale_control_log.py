from odoo import fields, models

CONTROL_EVENTS = [
    ('checked', "Checked"),
    ('submitted', "Submitted"),
    ('confirmed', "Confirmed"),
    ('parked', "Parked"),
    ('changed', "Terms Changed"),
    ('amended', "Amended"),
    ('rewritten', "Old Handling Ended"),
    ('reopened', "Set to Draft Again"),
    ('cancelled', "Cancelled"),
    ('procure_held', "Supply Waits"),
    ('procured', "Supply Launched"),
    ('released', "Goods Left"),
    ('approval', "Approval"),
    ('credit', "Credit"),
    ('promise', "Promise"),
]

CONTROL_CHECKPOINTS = [
    ('submit', "Submit"),
    ('confirm', "Confirm"),
    ('procure', "Procure"),
    ('release', "Goods Leave"),
]
CONTROL_EFFECTS = [
    ('warn', "Told"),
    ('approve', "Needs Approval"),
    ('block', "Stopped"),
]


class SaleControlLog(models.Model):
    _name = 'sale.control.log'
    _inherit = ['sale.control.fact']
    _description = "Control Log"
    _order = 'id desc'
    _rec_name = 'order_id'

    order_id = fields.Many2one(
        'sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    event = fields.Selection(CONTROL_EVENTS, required=True, readonly=True)
    checkpoint = fields.Selection(CONTROL_CHECKPOINTS, readonly=True, help="Where the rules were asked.")
    user_id = fields.Many2one('res.users', string="By", required=True, readonly=True)
    code = fields.Char(string="Rule", readonly=True, help="Stable name of the rule that spoke.")
    effect = fields.Selection(CONTROL_EFFECTS, readonly=True)
    would = fields.Selection(
        CONTROL_EFFECTS, string="If Enforced", readonly=True, help="What the rule would have done if it were enforced.")
    message = fields.Char(readonly=True)
    facts = fields.Json(readonly=True)
