from dataclasses import replace

from odoo import models

from ..atp.atp import get_ready_day
from ..atp.atp_displace import find_displaced


class SaleOrder(models.Model):
    """What other terms of a confirmed order would mean for dates, its own and those promised to others."""

    _inherit = 'sale.order'

    def _get_terms_dates(self, terms):
        """Tell when the lines of some terms could be there, and whose promises slip if they are served when wanted.

        Nothing is written. Of lines that are there already, what is left to deliver is asked for.

        :param ControlTerms terms: terms of this order, not necessarily those it has
        :return: ``({index of the line in the terms: date}, {line of another order: new date})``; empty where delivery
            promises are not under control
        """
        self.ensure_one()
        order = self.sudo()
        if not order._get_promise_controlled():
            return {}, {}
        asks = [order._prepare_amended_ask(index, line, terms) for index, line in enumerate(terms.lines)]
        asks = [ask for ask in asks if ask]
        if not asks:
            return {}, {}
        demands, schedules = self.env['sale.delivery.atp']._schedule(asks, order.order_line.ids)
        dates = {index: get_ready_day(demands[index], schedules[index]) for index in demands}
        return dates, order._get_displaced_by_asks(asks)

    def _prepare_amended_ask(self, index, line, terms):
        """Return the :class:`Ask` of what is left of one line of other terms, or None if nothing is."""
        ask = self._prepare_terms_ask(index, line, terms.requested_date)
        own = self.order_line.browse(line.key or ())
        if not ask:
            return None
        country = self.env['res.partner'].browse(terms.partner_shipping_id).country_id
        gone = own.product_uom_qty - own.left_quantity if own else 0.0
        left = ask.quantity - own.product_uom_id._compute_quantity(gone, ask.product.uom_id, round=False)
        return replace(ask, quantity=left, country=country) if left > 0 else None

    def _get_displaced_by_asks(self, asks):
        """Tell whose promises slip if these asks are served on the day they are promised or wanted for.

        :return: ``{line: new date}``
        """
        own = {line.id: line for line in self.order_line}
        first = {}
        for ask in asks:
            day = own[ask.line_id].promised_date if ask.line_id in own else False
            if day or ask.wanted:
                first[ask.key] = day or ask.wanted
        products = self.env['product.product'].union(*(ask.product for ask in asks))
        others = self.order_line._get_rivals(products)
        if not first or not others:
            return {}
        displaced = {}
        rivals = [replace(line._prepare_ask(), key=('other', line.id)) for line in others]
        for today, demands, balances in self.env['sale.delivery.atp']._read(
                [*asks, *rivals], (self.order_line | others).ids):
            days = {key: max(first[key], today) for key in demands if key in first}
            if days:
                found, _ready = find_displaced(list(demands.values()), days, balances, today)
                displaced.update((others.browse(key[1]), day) for key, (_former, day) in found.items()
                                 if isinstance(key, tuple))
        return displaced


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _remake_promises(self, reason, note):
        """Promise anew what was promised before the order was changed, where supply is known to keep it.

        A promise that still holds for the new quantity is made for it again; one whose wanted day moved follows the
        wanted day, or the earliest day that is safe. What is not safe waits for a planner.

        Private: the amendment that changed the order decided who may.

        :param sale.delivery.change.reason reason: why dates move
        :param str note: what changed the order
        :return: the lines that are promised anew
        """
        lines = self.sudo().filtered(
            lambda line: line.promised_date and line.promise_state in ('open', 'promised', 'at_risk', 'late'))
        lines = lines.filtered(lambda line: line.order_id._get_promise_controlled())
        if not lines:
            return lines
        lines._take_promise_turn()
        safe = lines._get_safe_proposals('earliest')
        dates = {}
        for line in lines.filtered(lambda line: line.id in safe):
            day = safe[line.id] if line.wanted_date else max(safe[line.id], line.promised_date)
            if day != line.promised_date or line.product_uom_qty > line.promised_quantity:
                dates[line.id] = day
        remade = lines.browse(dates)
        if remade:
            remade._promise(dates, reason, note, automatic=True)
        return remade
