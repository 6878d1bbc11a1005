from odoo import models
from odoo.exceptions import UserError

from .control_memory import control_scope, event_happened


class StockMove(models.Model):
    _inherit = 'stock.move'

    def _action_done(self, cancel_backorder=False):
        leaving = self._get_control_leaving()
        orders = leaving.sale_line_id.order_id.sudo()._get_controlled()
        with control_scope(self.env):
            issues = orders._get_control_issues('release')
            held = orders._get_held(issues)
            shipped = leaving.filtered(lambda move: move.sale_line_id.order_id in held)
            # A drop-shipment is told to us after the fact; our own goods are still in the house.
            if any(move.location_id.usage != 'supplier' for move in shipped):
                raise UserError(held._get_control_refusal(issues))
            with event_happened(self.env):
                moves = super()._action_done(cancel_backorder=cancel_backorder)
            if orders:
                orders._control_log('released', issues, checkpoint='release')
                held._control_report_exception(issues)
                orders._control_event('released')
        return moves

    def _get_control_leaving(self):
        """Filter the moves that take goods of an order to a customer now; a return comes back."""
        return self.filtered(
            lambda move: move.sale_line_id
            and move.state not in ('done', 'cancel')
            and move.picked and move.quantity > 0
            and move.location_dest_id.usage == 'customer'
            and move.location_id.usage != 'customer'
        )
