from odoo import models


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _get_promise_strategy(self):
        """Return how the line fares when its warehouse is promised anew: ``win``, ``keep`` or ``lose``."""
        self.ensure_one()
        return 'keep'

    def _get_promise_rank(self):
        """Return a number by which lines of the same strategy are served, the smallest first."""
        self.ensure_one()
        return 0
