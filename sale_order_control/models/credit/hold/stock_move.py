from collections import defaultdict

from odoo import models

from ...order.control_memory import control_memory


class StockMove(models.Model):
    """Shipping more than was ordered, or what nobody ordered, gives credit as well."""

    _inherit = 'stock.move'

    def _control_require_release(self):
        surplus = self._get_credit_surplus()
        if surplus:
            self.env['sale.order'].browse(surplus)._control_serialise('release')
        return super()._control_require_release()

    def _get_control_release_issues(self):
        """Judge what leaves beyond the orders along with them, at the door and in what is said of it before."""
        facts = control_memory(self.env).facts
        keys = {('credit over', order_id): amount for order_id, amount in self._get_credit_surplus().items()}
        facts.update(keys)
        try:
            return super()._get_control_release_issues()
        finally:
            # Once the moves are done the exposure has what of them will be invoiced.
            for key in keys:
                facts.pop(key, None)

    def _get_credit_surplus(self):
        """Work out what these moves take out beyond their demand, and of products that nobody ordered.

        A move without an order line counts in full: Odoo writes the line only when the goods are gone.

        :return: ``{order_id: amount}`` with taxes, in the currency of the order
        """
        surplus = defaultdict(float)
        for move in self.sudo():
            line, more = move.sale_line_id, move.quantity - move.product_uom_qty
            if not line:
                order = move._get_credit_receiving_order()
                line, more = order._get_credit_line_of(move.product_id, move.product_uom), move.quantity
            elif move.state == 'done' or move.product_id != line.product_id:
                continue
            if more > 0 and line:
                quantity = move.product_uom._compute_quantity(more, line.product_uom_id, round=False)
                surplus[line.order_id.id] += line._get_credit_value(quantity)
        return {order_id: amount for order_id, amount in surplus.items() if amount > 0}

    def _get_credit_receiving_order(self):
        """Return the order on which Odoo will write these goods, if credit is controlled there; else none."""
        self.ensure_one()
        orders = self._get_control_orders()
        return ((self.picking_id.sale_id & orders) or orders)[:1]._with_control('credit', 'release')


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    def _get_credit_line_of(self, product, uom):
        """Return the order's line of a product, or one in memory as Odoo will write it when goods were added.

        :param uom: unit in which the goods are counted, where there is no line yet
        """
        lines = self.order_line
        found = lines.filtered(lambda line: line.product_id == product and not line.display_type)
        if found or not self:
            return found[:1]
        # What is invoiced by ordered quantities was not ordered: Odoo gives it away.
        price = {'price_unit': 0.0} if product.invoice_policy == 'order' else {}
        return lines.with_company(self.company_id).new({
            'order_id': self.id, 'product_id': product.id, 'product_uom_id': uom.id, 'product_uom_qty': 0.0, **price})


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _get_credit_value(self, quantity):
        """Return what a quantity of this line's product comes to with taxes, in the currency of the order.

        :param float quantity: in the line's unit of measure
        """
        self.ensure_one()
        if self.product_uom_qty:
            return quantity * self.price_total / self.product_uom_qty
        order = self.order_id
        return self.tax_ids.compute_all(
            self.price_unit * (1 - self.discount / 100), currency=order.currency_id, quantity=quantity,
            product=self.product_id, partner=order.partner_shipping_id)['total_included']
