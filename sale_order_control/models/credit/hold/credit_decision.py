from odoo import fields, models

RESULTS = [
    ('passed', "Passed"),
    ('held', "Stopped"),
    ('released', "Released"),
    ('rejected', "Rejected"),
    ('hold', "Account on Hold"),
    ('revoked', "Release Ended"),
]


class CreditDecision(models.Model):
    """A fact: who or what decided on a customer's credit, when, why, and what was seen. Never changed."""

    _name = 'credit.decision'
    _inherit = ['credit.fact']
    _description = "Credit Decision"
    _order = 'id desc'
    _rec_name = 'account_id'

    order_id = fields.Many2one(
        'sale.order', readonly=True, index='btree_not_null', ondelete='restrict',
        help="Empty when the decision is about the customer as a whole.")
    checkpoint = fields.Selection(
        [('submit', "Submission"), ('confirm', "Confirmation"), ('growth', "Order Grew"), ('release', "Delivery"),
         ('recheck', "Check Again"), ('manual', "By Hand")],
        required=True, readonly=True)
    result = fields.Selection(RESULTS, required=True, readonly=True)
    mode = fields.Char(readonly=True, help="Whether credit control was in force (enforce) or only told (warn).")
    salesperson_id = fields.Many2one(
        'res.users', readonly=True, index='btree_not_null',
        help="Who sold the order then: by giving it away one does not get to decide on it.")
    amount = fields.Monetary(
        string="Up To", readonly=True,
        help="Released: the order's total, or for a whole account its exposure, up to which the release holds.")
    until = fields.Date(string="Valid Until", readonly=True, help="Last day of a release; empty means without end.")
    order_amount = fields.Monetary(readonly=True, help="What the order added to the exposure.")
    excess = fields.Monetary(readonly=True, help="By how much the exposure including the order was above the limit.")
    figures = fields.Json(readonly=True, help="Exposure with its parts, limit, overdue amount and days as seen.")
    issues = fields.Json(readonly=True, help="The rules that spoke: code, effect, message and figures.")

    _amount_positive = models.Constraint('CHECK (amount >= 0)', "A release cannot be for a negative amount.")
