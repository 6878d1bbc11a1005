from odoo import models


class SaleOrder(models.Model):
    """Money of an order, for rooms that ask and the room that knows."""

    _inherit = 'sale.order'

    def _get_money_received(self):
        """Return what was received for these orders so far, less what went back.

        :return: ``{order_id: amount}`` in each order's currency; the credit room knows
        """
        return dict.fromkeys(self.ids, 0.0)

    def _get_money_claimed(self):
        """Return what somebody asked to pay back of these orders and what has not gone out yet.

        :return: ``{order_id: amount}`` in each order's currency; the room that keeps such requests knows
        """
        return dict.fromkeys(self.ids, 0.0)

    def _control_money_returned(self, items):
        """Note that money of this order went back to the customer.

        :param items: posted receivable items (``account.move.line``) of the outgoing payment
        """
