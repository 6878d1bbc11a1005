from collections import defaultdict

from odoo import models

from ...order.control_memory import control_memory


class StockMove(models.Model):
    """Shipping more than was ordered gives credit as well."""

    _inherit = 'stock.move'

    def _control_require_release(self):
        memory = control_memory(self.env)
        keys = {('credit over', order_id): amount for order_id, amount in self._get_credit_surplus().items()}
        memory.facts.update(keys)
        try:
            return super()._control_require_release()
        finally:
            # Once the moves are done the exposure has what of them will be invoiced.
            for key in keys:
                memory.facts.pop(key, None)

    def _get_credit_surplus(self):
        """Work out what these moves take out beyond their demand.

        :return: ``{order_id: amount}`` with taxes, in the currency of the order
        """
        surplus = defaultdict(float)
        for move in self.sudo():
            line, more = move.sale_line_id, move.quantity - move.product_uom_qty
            if move.state == 'done' or more <= 0 or not line.product_uom_qty or move.product_id != line.product_id:
                continue
            quantity = move.product_uom._compute_quantity(more, line.product_uom_id, round=False)
            surplus[line.order_id.id] += quantity * line.price_total / line.product_uom_qty
        return surplus
