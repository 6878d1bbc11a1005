from odoo import fields, models


class StockPicking(models.Model):
    _inherit = 'stock.picking'

    special_requirement = fields.Text(
        string="Special Requirements", related='sale_id.special_requirement', related_sudo=True,
        help="What the customer asked for on the sales order: packaging, labels, delivery window...")
