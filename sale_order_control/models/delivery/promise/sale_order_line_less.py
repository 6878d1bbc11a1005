from odoo import models

from ...order.control_memory import control_acting
from .sale_order_line import WAITING_STATES


class SaleOrderLine(models.Model):
    """Ordering less: what was to come last is taken from the transfers, and from the promise."""

    _inherit = 'sale.order.line'

    def _action_launch_stock_rule(self, *, previous_product_uom_qty=False):
        if previous_product_uom_qty:
            self._lower_last_moves(previous_product_uom_qty)
        return super()._action_launch_stock_rule(previous_product_uom_qty=previous_product_uom_qty)

    def _lower_last_moves(self, previous):
        """Take what is not ordered any more from the last transfers, where a line has several.

        Odoo looks for one in the transfer it would use for new goods; where that is another one, it would ship all of
        it and expect the difference back. What is picked, or bought or made to order, is left to Odoo.

        :param dict previous: ``{line_id: quantity}`` ordered before
        """
        less = self.sudo().filtered(
            lambda line: line.promise_state in WAITING_STATES and previous.get(line.id, 0.0) > line.product_uom_qty
            and not line.order_id.locked)
        for line in less:
            moves = line.move_ids.filtered(
                lambda move, line=line: move._is_on_the_way() and not move.picked and not move.move_orig_ids
                and move.procure_method == 'make_to_stock' and move.product_id == line.product_id)
            if len(moves) > 1:
                surplus = line.product_uom_id._compute_quantity(
                    line._get_qty_procurement(previous) - line.product_uom_qty, line.product_id.uom_id, round=False)
                moves.sorted(lambda move: (move.date, move.id), reverse=True)._lower(surplus)

    def _cut_promise_parts(self):
        """Let the parts of a promise go that are not ordered any more: its day is that of the last one left."""
        with control_acting(self.env):
            for line in self.filtered('promise_parts'):
                parts = line._get_promised_parts()
                promised = sum(quantity for _day, quantity in parts)
                if parts and line.product_uom_id.compare(promised, line.promised_quantity) < 0:
                    line.write({
                        'promise_parts': [[day.isoformat(), quantity] for day, quantity in parts],
                        'promised_date': parts[-1][0],
                        'promised_quantity': promised,
                    })


class StockMove(models.Model):
    _inherit = 'stock.move'

    def _lower(self, surplus):
        """Take a quantity from these moves, one after the other.

        :param float surplus: in the product's unit
        """
        for move in self:
            unit = move.product_id.uom_id
            if unit.compare(surplus, 0.0) <= 0:
                break
            if unit.compare(surplus, move.product_qty) >= 0:
                surplus -= move.product_qty
                move._action_cancel()
            else:
                move.product_uom_qty -= unit._compute_quantity(surplus, move.product_uom, round=False)
                surplus = 0.0

    def _prepare_merge_negative_moves_excluded_distinct_fields(self):
        fields = super()._prepare_merge_negative_moves_excluded_distinct_fields()
        if self.env['res.company']._is_any_promise_controlled():
            # Each line has the deadline of its own promise: less of it is less of it, whatever the day.
            return [*fields, 'date_deadline']
        return fields
