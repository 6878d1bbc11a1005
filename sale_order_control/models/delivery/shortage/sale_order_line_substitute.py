from odoo import Command, models
from odoo.tools import format_date

from ..atp.atp import get_ready_day
from ..atp.atp_reader import Ask
from .shortage_choice import ShortageChoice


class SaleOrderLine(models.Model):
    """Delivering another product instead."""

    _inherit = 'sale.order.line'

    def _get_substitute_choice(self, shortage, option):
        found = self._get_available_substitutes(shortage)
        if not found:
            return ShortageChoice('substitute', False, self.env._(
                "No substitute on the list can be there on %s.", format_date(self.env, shortage.due)))
        product, quantity, pair = found[0]
        values = {
            'quantity': f"{quantity:.10g} {product.uom_id.name}", 'product': product.display_name,
            'date': format_date(self.env, shortage.due),
        }
        offer = self.env._("%(quantity)s of %(product)s on %(date)s instead.", **values)
        if pair.comparison:
            offer += f" {pair.comparison}"
        return ShortageChoice(
            'substitute', True, self.env._("%(quantity)s of %(product)s can be there on %(date)s.", **values), offer,
            date=shortage.due, quantity=quantity, product_id=product.id, pair_id=pair.id)

    def _get_available_substitutes(self, shortage):
        """Find the substitutes of which enough can be there on the day the line is due, without touching any promise.

        What is missing is substituted; what is there is delivered as ordered.

        :return: list of ``(product, quantity in its own unit, line of the list)``, best first
        """
        self.ensure_one()
        line = self.sudo()
        order, product = line.order_id, line.product_id
        wanted = self.product_uom_id._compute_quantity(shortage.missing, product.uom_id, round=False)
        found = self.env['sale.product.substitute']._find_substitutes(
            product, order.company_id, self._get_promise_today())[product]
        # The order's other lines come first: a substitute must not be taken from them.
        others = (order.order_line - line)._filter_deliverable().filtered(
            lambda other: other.product_uom_qty > other.qty_delivered) if order.state != 'sale' else line.browse()
        asks = [other._prepare_ask() for other in others]
        asks += [
            Ask(
                key=('substitute', pair.id), product=other, warehouse=line.warehouse_id or order.warehouse_id,
                quantity=other.uom_id._compute_quantity(wanted * ratio, other.uom_id, rounding_method='UP'),
                country=order.partner_shipping_id.country_id, routes=line.route_ids, wanted=shortage.due)
            for other, ratio, pair in found]
        demands, schedules = self.env['sale.delivery.atp']._schedule(asks, order.order_line.ids if others else ())
        result = []
        for other, _ratio, pair in found:
            key = ('substitute', pair.id)
            covered = all(part.source != 'lead_time' for part in schedules[key])
            if covered and get_ready_day(demands[key], schedules[key]) <= shortage.due:
                result.append((other, demands[key].quantity, pair))
        return result

    def _prepare_substitute_values(self, product, quantity, replaced):
        """Return what a line of the substitute is written with.

        :param product: the substitute
        :param float quantity: in its own unit
        :param float replaced: what it stands for, in this line's unit
        """
        self.ensure_one()
        values = {
            'product_id': product.id, 'product_uom_id': product.uom_id.id, 'product_uom_qty': quantity,
            'discount': self.discount, 'requested_date': self.requested_date,
        }
        if self.company_id.sudo().substitute_price == 'keep':
            values['price_unit'] = self.price_unit * replaced / quantity
        return values

    def _apply_substitute(self, choice, shortage, values):
        product = self.env['product.product'].browse(choice.product_id)
        prepared = self._prepare_substitute_values(product, choice.quantity, shortage.missing)
        kept = shortage.there + (self.product_uom_qty - self.left_quantity if self.state == 'sale' else 0.0)
        if not kept and self.state != 'sale':
            self.write(prepared)
            return
        less = {'product_uom_qty': kept, 'price_unit': self.price_unit, 'discount': self.discount}
        # One write: together they are one change of the order's terms.
        self.order_id.write({'order_line': [
            Command.update(self.id, less), Command.create({'sequence': self.sequence, **prepared})]})
