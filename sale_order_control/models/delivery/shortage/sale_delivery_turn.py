from odoo import fields, models


class SaleDeliveryTurn(models.Model):
    """One row per product and warehouse that whoever promises its goods writes first; nobody reads it."""

    _name = 'sale.delivery.turn'
    _description = "Turn of Promising"
    _log_access = False

    product_id = fields.Many2one('product.product', required=True, readonly=True, ondelete='cascade')
    warehouse_id = fields.Many2one('stock.warehouse', required=True, readonly=True, ondelete='cascade')
    turn = fields.Integer(readonly=True)

    _goods_unique = models.UniqueIndex('(product_id, warehouse_id)', "There is one turn per product and warehouse.")
