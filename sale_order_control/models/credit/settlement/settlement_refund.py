from odoo import models

from ...order.control_memory import control_acting


class SaleOrder(models.Model):
    """Money that goes back no longer counts as paid in advance."""

    _inherit = 'sale.order'

    def _get_money_received(self):
        return dict(self._get_advance_received())

    def _control_money_returned(self, items):
        self.ensure_one()
        with control_acting(self.env):
            items.sudo().advance_order_id = self.id
        return super()._control_money_returned(items)
