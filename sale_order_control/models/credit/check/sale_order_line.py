from odoo import api, models
from odoo.exceptions import ValidationError


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    @api.constrains('is_downpayment', 'product_uom_qty')
    def _check_advance_without_quantity(self):
        """Keep goods from being declared an advance: Odoo gives such a line the price of its invoices."""
        declared = self.filtered(lambda line: line.is_downpayment and line.product_uom_qty)
        if declared and declared.order_id.sudo()._get_controlled()._with_control('credit'):
            raise ValidationError(self.env._(
                "A down payment has no quantity: %s cannot be declared one.", ", ".join(declared.mapped('name'))))
