from odoo import api, models
from odoo.exceptions import UserError

from .control_memory import control_scope, event_happened, goods_leaving


class StockMove(models.Model):
    """Goods leaving to a customer meet the gate once more, however the move gets done."""

    _inherit = 'stock.move'

    def _action_done(self, cancel_backorder=False):
        # What the warehouse adds or ships beyond the order is recorded on the order, never refused:
        # the release itself is judged when the moves become done.
        with event_happened(self.env):
            return super()._action_done(cancel_backorder=cancel_backorder)

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        done = moves.filtered(lambda move: move.state == 'done')
        leaving = done._get_control_leaving()
        leaving._control_record_release(leaving._control_require_release())
        return moves

    def write(self, vals):
        if vals.get('state') != 'done':
            return super().write(vals)
        leaving = self.filtered(lambda move: move.state != 'done')._get_control_leaving()
        with control_scope(self.env):
            issues = leaving._control_require_release()
            result = super().write(vals)
            leaving._control_record_release(issues)
        return result

    def _get_control_leaving(self):
        """Filter the moves that take goods of an order to a customer; a return comes back."""
        return self.filtered(
            lambda move: move.sale_line_id
            and move.location_dest_id.usage == 'customer'
            and move.location_id.usage != 'customer'
        )

    def _get_control_orders(self):
        return self.sudo().sale_line_id.order_id._get_controlled()

    def _control_require_release(self):
        """Refuse to let goods of held orders out of the house.

        :return: ``{order_id: (ControlIssue, ...)}`` at *release*
        :raise UserError: if an order is held; not for a drop-shipment, of which we hear when it is over
        """
        orders = self._get_control_orders()
        if not orders:
            # Nothing leaves: what was evaluated for other purposes in the call stays valid.
            return {}
        with goods_leaving(self.env, self.sale_line_id.ids):
            issues = orders._get_control_issues('release')
        held = orders._get_held(issues)
        if any(move.sudo().sale_line_id.order_id in held and move.location_id.usage != 'supplier' for move in self):
            raise UserError(held._get_control_refusal(issues))
        return issues

    def _control_record_release(self, issues):
        orders = self._get_control_orders()
        if orders:
            orders._control_log('released', issues, checkpoint='release')
            orders._get_held(issues)._control_report_exception(issues)
            orders._control_event('released')
