from odoo import models


class SaleOrderLine(models.Model):
    """How a line fares when its warehouse is promised again: as its customer's class says."""

    _inherit = 'sale.order.line'

    def _get_promise_strategy(self):
        """Return ``win``, ``keep`` or ``lose``; who has no class keeps."""
        self.ensure_one()
        return self.sudo().order_id.control_class_id.promise_strategy or 'keep'

    def _get_promise_rank(self):
        """Return a number by which lines of the same strategy are served: the priority of the class, none last."""
        self.ensure_one()
        customer_class = self.sudo().order_id.control_class_id
        return customer_class.sequence if customer_class else float('inf')
