from odoo import fields, models


class SaleAmendmentReason(models.Model):
    """Why a confirmed order is changed: what the statistics of changes count by."""

    _name = 'sale.amendment.reason'
    _description = "Amendment Reason"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_error = fields.Boolean(
        string="Our Mistake",
        help="The order was entered or agreed wrongly. Orders changed for such a reason count as not accurate.")
