from odoo import models

from .sale_order_line import WAITING_STATES


class StockMove(models.Model):
    _inherit = 'stock.move'

    def _is_on_the_way(self):
        """Whether the move still has to bring ordered goods to the customer; returns and exchanges do not."""
        self.ensure_one()
        return (
            self.state not in ('done', 'cancel') and self.location_id.usage != 'customer'
            and not self.origin_returned_move_id and not self.is_exchange
        )

    def _action_cancel(self):
        result = super()._action_cancel()
        lines = self.sale_line_id.sudo().filtered(lambda line: line.promise_state in WAITING_STATES)
        if lines:
            # A dropped backorder may have been the last of it.
            lines.order_id._refresh_promise_states()
        return result
