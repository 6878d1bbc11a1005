from odoo import fields, models

from .sale_customer_notice import CHANNELS

ANSWERS = [
    ('accepted', "Accepted"),
    ('other_date', "Wants Another Date"),
    ('partial', "Wants a Part Earlier"),
    ('declined', "Declined"),
]
# Somebody of ours has to do something about these.
OPEN_ANSWERS = ('other_date', 'partial', 'declined')


class SaleDeliveryAnswer(models.Model):
    """A fact: what the customer said to one promise of a date. Never changed; a later answer is a row of its own."""

    _name = 'sale.delivery.answer'
    _inherit = ['sale.control.fact']
    _description = "Customer's Answer to a Date"
    _order = 'id desc'
    _rec_name = 'order_id'

    promise_id = fields.Many2one(
        'sale.delivery.promise', required=True, readonly=True, index=True, ondelete='restrict')
    order_line_id = fields.Many2one('sale.order.line', required=True, readonly=True, index=True, ondelete='restrict')
    order_id = fields.Many2one('sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    product_id = fields.Many2one(related='promise_id.product_id')
    revision = fields.Integer(related='promise_id.revision')
    promised_date = fields.Date(related='promise_id.promised_date')
    answer = fields.Selection(ANSWERS, required=True, readonly=True)
    wish_date = fields.Date(string="Asked For", readonly=True)
    quantity = fields.Float(
        string="Possible by Then", digits='Product Unit', readonly=True,
        help="Of a part that is wanted earlier: what stock and receipts allowed by the day asked for, as it was then.")
    comment = fields.Text(readonly=True)
    channel = fields.Selection(
        [('portal', "Customer Portal"), *CHANNELS], string="Answered By", required=True, readonly=True)
    contact = fields.Char(readonly=True, help="Who answered at the customer.")
    partner_id = fields.Many2one('res.partner', string="Customer", required=True, readonly=True, ondelete='restrict')
    user_id = fields.Many2one('res.users', string="Entered By", required=True, readonly=True)
