from odoo import api, fields, models
from odoo.exceptions import AccessError


class SaleTransferChangeWizard(models.TransientModel):
    """Somebody applies to close an overdue delivery without delivering."""

    _name = 'sale.transfer.change.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Apply for a Change"

    order_id = fields.Many2one('sale.order', required=True, readonly=True, ondelete='cascade')
    picking_id = fields.Many2one('stock.picking', string="Transfer", readonly=True, ondelete='cascade')
    cause_id = fields.Many2one('sale.delivery.change.reason', string="Caused By")
    reason = fields.Text(help="Why the goods are not going to be delivered. Whoever decides reads it.")
    goods = fields.Text(compute='_compute_goods', string="Overdue")

    @api.depends('order_id', 'picking_id')
    def _compute_goods(self):
        for wizard in self:
            lines = wizard.order_id.sudo().order_line
            found = lines._get_overdue_obligations(wizard.picking_id.sudo()) if lines else {}
            products = self.env['product.product'].sudo()
            wizard.goods = "\n".join(
                f"{quantity:g} {products.browse(product_id).uom_id.name} {products.browse(product_id).display_name}"
                for (_line_id, product_id), quantity in found.items())

    def action_apply(self):
        """Apply for the change.

        :raise AccessError: unless the user may change the transfer or the order, or plans deliveries
        """
        self.ensure_one()
        document = self.picking_id or self.order_id
        if not self.env.user.has_group('sale_order_control.group_delivery_planner') \
                and not document.has_access('write'):
            raise AccessError(self.env._("You may not change %s.", document.display_name))
        change = self.env['sale.transfer.change']._apply_for(
            self.order_id, self.picking_id, self.cause_id, self.reason)
        return {
            'type': 'ir.actions.act_window', 'res_model': change._name, 'res_id': change.id, 'view_mode': 'form',
        }
