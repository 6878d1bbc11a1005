from collections import defaultdict
from dataclasses import replace
from math import ceil

from odoo import api, models

from .atp import TOLERANCE, Balance, Demand, get_ready_day, plan

OPEN_MOVE_STATES = ('waiting', 'confirmed', 'partially_available', 'assigned')


class SaleOrderLine(models.Model):
    """When what is left of a line can leave: one pass over supply and demand for any number of lines."""

    _inherit = 'sale.order.line'

    def _get_atp_schedule(self):
        """Tell when which part of what is left to deliver can leave, as early as possible.

        Read with full rights: what can be promised must not depend on which stock the asker may see.

        :return: ``{line_id: [ScheduleLine(date, quantity, source), ...]}`` for the lines that ask for
            goods; quantities in the line's unit, together what is left to deliver
        """
        demands = self.sudo()._prepare_atp_demands()
        schedules = self._plan_demands(list(demands.values()), list(demands))
        result = {}
        for line in self.sudo().browse(demands):
            unit = line.product_id.uom_id
            result[line.id] = [
                replace(part, quantity=unit._compute_quantity(part.quantity, line.product_uom_id, round=False))
                for part in schedules[line.id]
            ]
        return result

    def _get_promise_proposals(self):
        """Propose a day per line: the wanted one if it can be kept, else the earliest safe one.

        :return: ``{line_id: date}`` for the lines that still ask for goods
        """
        demands = self.sudo()._prepare_atp_demands()
        schedules = self._plan_demands(list(demands.values()), list(demands))
        return {key: get_ready_day(demand, schedules[key]) for key, demand in demands.items()}

    def _prepare_atp_demands(self):
        """Return ``{line_id: Demand}`` for what is left to deliver, first come first served."""
        lines = self._filter_deliverable().filtered(
            lambda line: line.product_uom_id.compare(line.product_uom_qty, line.qty_delivered) > 0)
        lines = lines.sorted(lambda line: (line.order_id.date_order, line.order_id.id, line.sequence, line.id))
        return {
            line.id: line._prepare_atp_demand(
                line.id, line.product_uom_qty - line.qty_delivered, line.wanted_date or None)
            for line in lines
        }

    def _prepare_atp_demand(self, key, quantity, wanted):
        """Word one demand.

        :param float quantity: in the line's unit
        :param date wanted: day on which it should leave, or None
        """
        self.ensure_one()
        product = self.product_id
        return Demand(
            key=key,
            product_id=product.id,
            warehouse_id=(self.warehouse_id or self.order_id.warehouse_id).id,
            quantity=self.product_uom_id._compute_quantity(quantity, product.uom_id, round=False),
            wanted=wanted,
            lead_days=max(0, ceil(self.customer_lead or product.sale_delay or 0)),
            managed=product.is_storable and bool(self.warehouse_id or self.order_id.warehouse_id),
        )

    @api.model
    def _plan_demands(self, demands, excluded=()):
        """Plan demands against the supply of their products.

        :param demands: list of :class:`Demand`
        :param excluded: ids of the order lines that ask: their own moves take nothing away from them
        :return: ``{key: [ScheduleLine, ...]}`` in the products' units
        """
        if not demands:
            return {}
        balances = self._read_balances(demands, excluded)
        return plan(demands, balances, self.env['stock.warehouse']._get_promise_today())

    @api.model
    def _read_balances(self, demands, excluded=()):
        """Read on hand, receipts and issues of the products of demands: three queries per warehouse.

        :param excluded: ids of order lines whose own moves are left out of the issues
        :return: ``{(product_id, warehouse_id): Balance}``
        """
        wanted = defaultdict(set)
        for demand in demands:
            if demand.managed:
                wanted[demand.warehouse_id].add(demand.product_id)
        balances = {}
        for warehouse in self.env['stock.warehouse'].sudo().browse(wanted):
            today = warehouse._get_promise_today()
            products = self.env['product.product'].sudo().browse(sorted(wanted[warehouse.id]))
            for product_id in products.ids:
                balances[product_id, warehouse.id] = Balance(today)
            self._read_warehouse_balances(warehouse, products, excluded, balances)
        return balances

    @api.model
    def _read_warehouse_balances(self, warehouse, products, excluded, balances):
        """Fill the balances of one warehouse; days are those of the warehouse's own time zone."""
        domain_quant, domain_in, domain_out = products.with_context(warehouse_id=warehouse.id)._get_domain_locations()
        of_products = [('product_id', 'in', products.ids)]
        quants = self.env['stock.quant'].sudo()._read_group(
            [*of_products, *domain_quant], ['product_id'], ['quantity:sum'])
        for product, quantity in quants:
            balances[product.id, warehouse.id].add_on_hand(quantity)
        moves = self.env['stock.move'].sudo().with_context(tz=warehouse._get_promise_zone().zone)
        of_products.append(('state', 'in', OPEN_MOVE_STATES))
        receipts = moves._read_group([*of_products, *domain_in], ['product_id', 'date:day'], ['product_qty:sum'])
        for product, day, quantity in receipts:
            balances[product.id, warehouse.id].add_receipt(day.date(), quantity)
        issues = moves._read_group(
            [*of_products, *domain_out, ('sale_line_id', 'not in', list(excluded))],
            ['product_id', 'date:day'], ['product_qty:sum'])
        for product, day, quantity in issues:
            balances[product.id, warehouse.id].add_issue(day.date(), quantity)

    def _get_lines_at_risk(self):
        """Filter promised lines whose day is threatened.

        A line is safe when all of it is reserved, or when stock and receipts up to its day cover
        everything that is due until then, itself included.
        """
        lines = self.sudo().filtered('promised_date')
        lines -= lines._filter_reserved()
        demands = {
            line.id: line._prepare_atp_demand(line.id, line.product_uom_qty - line.qty_delivered, line.promised_date)
            for line in lines
        }
        balances = self._read_balances(demands.values(), excluded=lines.ids)
        for demand in demands.values():
            if demand.managed:
                balances[demand.product_id, demand.warehouse_id].add_issue(demand.wanted, demand.quantity)
        short = {
            key for key, demand in demands.items()
            if demand.managed
            and balances[demand.product_id, demand.warehouse_id].on_day(demand.wanted) < -TOLERANCE
        }
        return lines.filtered(lambda line: line.id in short)

    def _filter_reserved(self):
        """Filter the lines of which all that is left is set aside in the warehouse."""
        moves = self.move_ids.filtered(lambda move: move.state not in ('done', 'cancel', 'draft'))
        waiting = moves.filtered(lambda move: move.state != 'assigned' and not move.move_dest_ids)
        return moves.sale_line_id - waiting.sale_line_id
