from odoo import fields, models


class SaleControlSource(models.Model):
    _name = 'sale.control.source'
    _description = "Order Source"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    form = fields.Selection(
        [('written', "Written"), ('electronic', "Electronic"), ('oral', "Oral")],
        required=True, default='electronic',
        help="In which form the customer's order reached us.")
