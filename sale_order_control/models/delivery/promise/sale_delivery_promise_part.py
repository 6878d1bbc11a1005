from odoo import fields, models


class SaleDeliveryPromisePart(models.Model):
    """One part of a promise that is kept in parts: what is there now, the rest later."""

    _name = 'sale.delivery.promise.part'
    _inherit = ['sale.control.fact']
    _description = "Part of a Delivery Promise"
    _order = 'promised_date, id'

    promise_id = fields.Many2one(
        'sale.delivery.promise', required=True, readonly=True, index=True, ondelete='restrict')
    promised_date = fields.Date(required=True, readonly=True)
    ship_date = fields.Date(
        string="Planned Ship Date", readonly=True,
        help="The day on which it has to leave for that, as it was known then.")
    quantity = fields.Float(digits='Product Unit', readonly=True, help="In the unit of the order line.")
    product_uom_id = fields.Many2one(related='promise_id.product_uom_id')


class SaleDeliveryPromise(models.Model):
    _inherit = 'sale.delivery.promise'

    def _record_parts(self):
        """Put the parts of these fresh promises on record."""
        self.env['sale.delivery.promise.part']._record_facts([
            {
                'promise_id': promise.id, 'promised_date': day, 'quantity': quantity,
                'ship_date': promise.order_line_id._get_delivery_days().leave_by(day),
            }
            for promise in self for day, quantity in promise.order_line_id._get_promised_parts()])
