from odoo import api, fields, models

from .control_terms import LINE_TERM_FIELDS, LineTerms


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    requested_date = fields.Date(
        string="Requested Date", copy=False,
        help="The day on which the customer wants this line, where it differs from the order's.")

    def _prepare_control_line_terms(self):
        """Return the line's part of the snapshot of controlled terms."""
        self.ensure_one()
        return LineTerms(
            product_id=self.product_id.id,
            quantity=round(self.product_uom_qty, 6),
            uom_id=self.product_uom_id.id,
            price_unit=round(self.price_unit, 6),
            discount=round(self.discount, 6),
            requested_date=fields.Date.to_string(self.requested_date) or '',
            key=self.id,
            tax_ids=tuple(self.tax_ids.ids),
            cost=self.purchase_price,
        )

    @api.model_create_multi
    def create(self, vals_list):
        order_ids = {vals.get('order_id', self.env.context.get('default_order_id')) for vals in vals_list}
        orders = self.env['sale.order'].browse(order_id for order_id in order_ids if order_id)
        with orders._control_change():
            return super().create(vals_list)

    def write(self, vals):
        if not LINE_TERM_FIELDS & vals.keys():
            return super().write(vals)
        orders = self.order_id
        if vals.get('order_id'):
            orders |= orders.browse(vals['order_id'])
        with orders._control_change():
            return super().write(vals)

    def unlink(self):
        with self.order_id._control_change():
            return super().unlink()
