from odoo import fields, models

from .sale_shortage_option import SHORTAGE_KINDS

RESOLUTION_STEPS = [
    ('offered', "Customer Is Asked"),
    ('agreed', "Customer Agrees"),
    ('declined', "Customer Declines"),
    ('applied', "Done"),
]


class SaleShortageResolution(models.Model):
    """What was done about a shortage: who, when, what they saw, and what the customer said. Never changed.

    An offer, the customer's answer and what was then done are rows of their own, linked to each other.
    """

    _name = 'sale.shortage.resolution'
    _inherit = ['sale.control.fact']
    _description = "Shortage Resolution"
    _order = 'id desc'
    _rec_name = 'product_id'

    order_line_id = fields.Many2one(
        'sale.order.line', readonly=True, index=True, ondelete='set null',
        help="Empty where the line of the quotation was deleted since.")
    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    partner_id = fields.Many2one('res.partner', string="Customer", related='order_id.partner_id')
    product_id = fields.Many2one('product.product', required=True, readonly=True)
    product_uom_id = fields.Many2one('uom.uom', string="Unit", required=True, readonly=True)
    kind = fields.Selection(
        [*SHORTAGE_KINDS, ('displace', "Promised before Others")], string="What Is Done", required=True, readonly=True)
    step = fields.Selection(RESOLUTION_STEPS, required=True, readonly=True)
    offer_id = fields.Many2one('sale.shortage.resolution', readonly=True, index='btree_not_null')
    user_id = fields.Many2one('res.users', string="By", required=True, readonly=True)
    quantity = fields.Float(digits='Product Unit', readonly=True, help="What was due, in the unit of the line.")
    missing = fields.Float(
        digits='Product Unit', readonly=True, help="What was not there on the day it was due.")
    due_date = fields.Date(string="Due", readonly=True)
    ready_date = fields.Date(string="All There", readonly=True, help="Empty: nothing known brought all of it.")
    summary = fields.Char(string="Result", readonly=True, help="What was done or offered, in words.")
    reason = fields.Char(readonly=True)
    consent_by = fields.Char(string="Customer's Word", readonly=True, help="Who agreed or declined, and how.")
    proposed_kind = fields.Selection(
        SHORTAGE_KINDS, string="Proposal", readonly=True, help="What the shortage policy proposed.")
    percent = fields.Float(string="Compensation (%)", readonly=True)
    extra_cost = fields.Monetary(
        readonly=True, help="Freight of another delivery, or what bringing supply forward costs.")
    currency_id = fields.Many2one(related='company_id.currency_id')
    figures = fields.Json(readonly=True, help="All options with the figures as they were seen.")
