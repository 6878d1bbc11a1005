from odoo import fields, models


class SaleHandlingOpinion(models.Model):
    """What somebody said in writing about an overdue delivery: what is the matter, what is done, until when."""

    _name = 'sale.handling.opinion'
    _inherit = ['sale.control.fact']
    _description = "Handling Opinion"
    _order = 'id desc'
    _rec_name = 'case_id'

    case_id = fields.Many2one('sale.handling.case', required=True, readonly=True, index=True, ondelete='restrict')
    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    picking_id = fields.Many2one('stock.picking', string="Transfer", readonly=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    user_id = fields.Many2one('res.users', string="By", required=True, readonly=True)
    opinion = fields.Text(required=True, readonly=True, help="What is the matter.")
    measure = fields.Text(string="What Is Done", required=True, readonly=True)
    cause_id = fields.Many2one(
        'sale.delivery.change.reason', required=True, readonly=True, ondelete='restrict')
    until = fields.Date(required=True, readonly=True, help="By when it is done. Afterwards another opinion is needed.")
    due_date = fields.Date(string="Was Due", readonly=True)
    days_overdue = fields.Integer(readonly=True, help="How many days overdue it was when the opinion was given.")
