from odoo import models


class StockMove(models.Model):
    _inherit = 'stock.move'

    def _split_for_part(self, quantity):
        """Keep a quantity in this move and let the rest go in a transfer of its own.

        What is reserved stays with what goes first.

        :param float quantity: in the product's unit, less than the move's
        :return: the move of the rest
        """
        self.ensure_one()
        reserved = bool(self.quantity)
        if reserved:
            self._do_unreserve()
        rest = self.create(self._split(self.product_qty - quantity))
        if reserved:
            self._action_assign()
        rest._action_confirm(merge=False)
        if self.picking_id:
            self.picking_id._create_backorder(backorder_moves=rest)
        return rest
