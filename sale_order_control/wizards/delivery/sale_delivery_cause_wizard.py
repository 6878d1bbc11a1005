from odoo import fields, models
from odoo.exceptions import UserError


class SaleDeliveryCauseWizard(models.TransientModel):
    """Why lines are late, not in full or cancelled, as a planner sees it."""

    _name = 'sale.delivery.cause.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Give the Cause"

    line_ids = fields.Many2many('sale.order.line', string="Lines", required=True, readonly=True)
    reason_id = fields.Many2one('sale.delivery.change.reason', string="Cause")
    note = fields.Char()

    def action_apply(self):
        """Record the cause on the lines and in the log of their orders.

        :raise UserError: if no cause is chosen
        """
        self.ensure_one()
        self.line_ids._check_promise_rights()
        if not self.reason_id or not self.line_ids:
            raise UserError(self.env._("Choose the cause, and the lines it is about."))
        self.line_ids._set_delivery_cause(self.reason_id)
        for order, lines in self.line_ids.sudo().grouped('order_id').items():
            message = self.env._(
                "Cause of delay of %(products)s: %(cause)s.",
                products=", ".join(lines.product_id.mapped('display_name')), cause=self.reason_id.name)
            order._control_log('promise', message=" ".join(filter(None, [message, self.note])))
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
