from odoo import models


class SaleOrderLine(models.Model):
    """Services that are bought for an order: Odoo buys them without stock rules, and they wait like goods.

    The module that buys them is no dependency: where it is not installed, nothing here finds a line.
    """

    _inherit = 'sale.order.line'

    def _purchase_service_generation(self):
        """Buy the services of these lines, except for orders whose supply waits.

        :return: ``{line: purchase order lines}`` as Odoo's own method
        """
        generate = getattr(super(), '_purchase_service_generation', None)
        if not generate:
            return {}
        to_buy = self.filtered(lambda line: line._is_service_to_buy())
        kept = to_buy._control_hold_supply() if to_buy else to_buy
        return super(SaleOrderLine, self - kept)._purchase_service_generation()

    def _is_service_to_buy(self):
        """Whether a service is bought for this line, and was not bought yet."""
        self.ensure_one()
        product = self.product_id.with_company(self.company_id)
        return bool(
            self.state == 'sale' and not self.is_expense and product.type == 'service'
            and 'service_to_purchase' in product._fields and product.service_to_purchase
            and not self.purchase_line_count)

    def _compare_procurement(self, previous=False):
        return 1 if self._is_service_to_buy() else super()._compare_procurement(previous)
