from odoo import fields, models


class SaleDeliveryChangeReason(models.Model):
    _name = 'sale.delivery.change.reason'
    _description = "Reason of a Delivery Date Change"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ('customer', "Customer"),
            ('us', "Ourselves"),
            ('supplier', "Supplier"),
            ('force_majeure', "Force Majeure"),
        ],
        string="Caused By", required=True, default='us',
        help="Who or what moved the date: figures on delays are told apart by it.")
