from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date as Date

from odoo import api, models
from odoo.tools import SQL

from .atp import Balance, Supply
from .atp_parts import cut_parts, spread_back
from .atp_plan import find_uncovered, plan

OPEN_MOVE_STATES = ('waiting', 'confirmed', 'partially_available', 'assigned')

# Moves that take goods out: what of them is reserved and what is still to be taken; parts of a promise by line.
ISSUES_QUERY = """
    SELECT m.product_id,
           CASE WHEN line.promised_date IS NULL THEN
               (GREATEST(m.date, own.last_date) AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date END AS day,
           line.promised_date, partner.country_id,
           CASE WHEN line.promise_parts IS NOT NULL THEN line.id END,
           SUM(reserved.quantity),
           SUM(m.product_qty - reserved.quantity) FILTER (
               WHERE m.procure_method <> 'make_to_order' OR own.number > 0),
           line.promise_parts,
           MAX(line.product_uom_qty),
           line.promise_state = 'open'
      FROM stock_move m
     CROSS JOIN LATERAL (SELECT LEAST(
               m.product_qty, m.quantity * m.product_qty / NULLIF(m.product_uom_qty, 0))) reserved(quantity)
      LEFT JOIN LATERAL (
           SELECT MAX(origin.date) FILTER (WHERE origin.state <> 'done'), COUNT(*)
             FROM stock_move_move_rel link
             JOIN stock_move origin ON origin.id = link.move_orig_id AND origin.state <> 'cancel'
            WHERE link.move_dest_id = m.id) own(last_date, number)
        ON m.procure_method = 'make_to_order'
      LEFT JOIN sale_order_line line ON line.id = m.sale_line_id
      LEFT JOIN sale_order ON sale_order.id = line.order_id AND line.promised_date IS NOT NULL
      LEFT JOIN res_partner partner ON partner.id = sale_order.partner_shipping_id
     WHERE m.id IN %(moves)s
     GROUP BY 1, 2, 3, 4, 5, line.promise_parts, line.promise_state = 'open'"""


@dataclass(frozen=True, slots=True)
class Ask:
    """A quantity somebody asks for, in records; :class:`Demand` is the same in plain data.

    :ivar quantity: in the product's own unit
    :ivar country: where it goes, for the days on the way; may be empty
    :ivar routes: routes chosen for it; empty: those of the product and its category
    :ivar promises: where it is promised in parts: ``((day, quantity), ...)`` in the product's unit
    :ivar line_id: id of the order line whose transfers serve it, or False
    """

    key: object
    product: object
    warehouse: object
    quantity: float
    country: object
    routes: object
    wanted: Date | None = None
    promised: Date | None = None
    promises: tuple = ()
    lead_days: int = 0
    line_id: int | bool = False


class SaleDeliveryAtp(models.AbstractModel):
    """Reads supply and demand for any number of asks; :mod:`.atp_plan` does the arithmetic.

    All is read with full rights: what can be promised must not depend on which stock the asker may see. The
    number of statements grows with the number of warehouses, not with that of asks or open transfers.
    """

    _name = 'sale.delivery.atp'
    _description = "Available to Promise"

    @api.model
    def _schedule(self, asks, excluded=()):
        """Plan asks one after the other, promises first, against the supply of their products.

        :param asks: list of :class:`Ask`
        :param excluded: ids of order lines whose own transfers and quotations take nothing away from the asks
        :return: ``({key: Demand}, {key: [ScheduleLine, ...]})``, quantities in the products' units
        """
        demands, schedules = {}, {}
        for today, found, balances in self._read(asks, excluded):
            demands.update(found)
            schedules.update(plan(list(found.values()), balances, today))
        return demands, schedules

    @api.model
    def _get_uncovered(self, asks, excluded=()):
        """Return the keys of promised asks that what is known does not cover any more."""
        uncovered = set()
        for today, demands, balances in self._read(asks, excluded, promised_only=True):
            uncovered |= find_uncovered(list(demands.values()), balances, today)
        return uncovered

    @api.model
    def _read(self, asks, excluded, promised_only=False):
        """Yield ``(today, demands, balances)``: warehouses where it is another day already are planned apart.

        :param bool promised_only: whether order lines that wait for a promise take nothing away: promises come first
        """
        by_day = defaultdict(list)
        for ask in asks:
            ask = replace(ask, product=ask.product.sudo(), warehouse=ask.warehouse.sudo())
            by_day[ask.warehouse._get_promise_today()].append(ask)
        for today, mine in by_day.items():
            demands = self._prepare_demands(mine)
            yield today, demands, self._read_balances(demands.values(), set(excluded), promised_only)

    # === BALANCES ===#

    @api.model
    def _read_balances(self, demands, excluded, promised_only=False):
        """Read on hand, receipts and issues of the products of demands.

        :return: ``{(product_id, warehouse_id): Balance}``
        """
        wanted = defaultdict(set)
        for demand in demands:
            wanted[demand.warehouse_id].update(part.product_id for part in demand.parts)
        balances = {}
        for warehouse in self.env['stock.warehouse'].sudo().browse(key for key in wanted if key):
            products = self.env['product.product'].sudo().browse(sorted(wanted[warehouse.id]))
            if products:
                today, fences = warehouse._get_promise_today(), warehouse._get_atp_fences()
                found = {product_id: Balance(today, fences=fences) for product_id in products.ids}
                self._fill_balances(warehouse, products, excluded, found, promised_only)
                balances.update(((product_id, warehouse.id), balance) for product_id, balance in found.items())
        return balances

    @api.model
    def _fill_balances(self, warehouse, products, excluded, balances, promised_only=False):
        """Fill the balances of one warehouse. Other modules with supply or demand of their own extend this.

        :param set excluded: ids of order lines that do not count as demand
        :param dict balances: ``{product_id: Balance}``
        :param bool promised_only: see :meth:`_read`
        """
        in_stock, incoming, outgoing = products.with_context(warehouse_id=warehouse.id)._get_domain_locations()
        of_products = [('product_id', 'in', products.ids)]
        quants = self.env['stock.quant'].sudo()._read_group(
            [*of_products, *in_stock], ['product_id'], ['quantity:sum'])
        for product, quantity in quants:
            balances[product.id].add_on_hand(quantity)
        opened = [*of_products, ('state', 'in', OPEN_MOVE_STATES)]
        for product_id, supply in self._read_receipts(warehouse, [*opened, *incoming]):
            balances[product_id].add_supply(supply)
        for product_id, day, quantity, firm in self._read_issues(
                warehouse, [*opened, *outgoing, ('sale_line_id', 'not in', list(excluded))], promised_only):
            balances[product_id].add_issue(day, quantity, firm)
        for product_id, day, quantity, firm in self._read_unmoved(warehouse, products, excluded):
            if firm or not promised_only:
                balances[product_id].add_issue(day, quantity, firm)
        for product_id, supply in self._read_rfqs(warehouse, products):
            balances[product_id].add_supply(supply)

    @api.model
    def _select_moves(self, domain):
        """Return the ids of moves as SQL, with all that the statements here read written to the database."""
        moves = self.env['stock.move'].sudo()
        moves.flush_model([
            'product_id', 'product_qty', 'product_uom_qty', 'quantity', 'date', 'date_deadline', 'state', 'origin',
            'reference', 'picking_id', 'picking_type_id', 'location_id', 'sale_line_id', 'procure_method',
            'move_orig_ids',
        ])
        self.env['sale.order.line'].flush_model([
            'promised_date', 'promise_parts', 'promise_state', 'order_id', 'product_uom_qty'])
        self.env['sale.order'].flush_model(['partner_shipping_id'])
        return moves._search(domain).subselect()

    @api.model
    def _get_receipt_moment(self):
        """Return as SQL when a receipt ``m`` is expected.

        A supplier who announces another day changes the purchase, and so the deadline of the receipt, not its
        scheduled date: the later one counts.
        """
        if 'purchase_line_id' in self.env['stock.move']._fields:
            return SQL("CASE WHEN m.purchase_line_id IS NULL THEN m.date ELSE GREATEST(m.date, m.date_deadline) END")
        return SQL("m.date")

    @api.model
    def _read_receipts(self, warehouse, domain):
        """Yield ``(product_id, Supply)`` of moves that bring goods into a warehouse."""
        self.env.cr.execute(SQL(
            """SELECT m.product_id,
                      (%(moment)s AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS day,
                      CASE WHEN source.usage = 'supplier' THEN COALESCE(NULLIF(m.origin, ''), m.reference)
                           ELSE COALESCE(m.reference, m.origin) END AS name,
                      CASE WHEN source.usage = 'supplier' THEN partner.commercial_partner_id END AS supplier,
                      m.picking_type_id,
                      SUM(m.product_qty)
                 FROM stock_move m
                 JOIN stock_location source ON source.id = m.location_id
            LEFT JOIN stock_picking picking ON picking.id = m.picking_id
            LEFT JOIN res_partner partner ON partner.id = picking.partner_id
                WHERE m.id IN %(moves)s
             GROUP BY 1, 2, 3, 4, 5
             ORDER BY 1, 2, 3""",
            moment=self._get_receipt_moment(), zone=warehouse._get_promise_zone().zone,
            moves=self._select_moves(domain)))
        for product_id, day, name, supplier, type_id, quantity in self.env.cr.fetchall():
            yield product_id, Supply(day, float(quantity), 'incoming', name or '', get_history_key(supplier, type_id))

    @api.model
    def _read_issues(self, warehouse, domain, promised_only=False):
        """Yield ``(product_id, day, quantity, firm)`` of moves that take goods out of a warehouse.

        What is reserved is taken already. The rest leaves when it is needed: for a promise by its promised day,
        whatever the transfer says (in parts: each by its own, the last part last), else on the day of the transfer.
        What is bought or made to order leaves not before that arrives, and takes nothing from stock before it is
        ordered.
        """
        self.env.cr.execute(SQL(
            ISSUES_QUERY, zone=warehouse._get_promise_zone().zone, moves=self._select_moves(domain)))
        rows, days = self.env.cr.fetchall(), warehouse._get_delivery_days()
        units = self._read_units_per_line({(row[4], row[0]) for row in rows if row[4]}, warehouse)
        for product_id, day, promised, country_id, line_id, reserved, rest, parts, ordered, waits in rows:
            if reserved:
                yield product_id, warehouse._get_promise_today(), float(reserved), True
            if waits and promised_only and not promised:
                continue
            if rest and promised:
                due = [
                    (Date.fromisoformat(when), amount * units[line_id, product_id])
                    for when, amount in cut_parts(parts or (), float(ordered or 0))]
                for when, quantity in spread_back(due, float(rest)) if due else [(promised, float(rest))]:
                    yield product_id, days(country_id).needed(when), quantity, True
            elif rest:
                yield product_id, day, float(rest), False

    @api.model
    def _read_units_per_line(self, keys, warehouse):
        """Tell how much of a product one unit of an order line takes: of kits, as much as they contain.

        :param keys: set of ``(line_id, product_id)``
        :return: ``{(line_id, product_id): quantity in the product's unit}``
        """
        lines = self.env['sale.order.line'].sudo().browse(sorted({line_id for line_id, _product_id in keys}))
        kits = self._explode_kits([Ask(line.id, line.product_id, warehouse, 0.0, None, None) for line in lines])
        result = {}
        for line in lines:
            factor = line.product_uom_id._compute_quantity(1.0, line.product_id.uom_id, round=False)
            components = kits.get((line.product_id, warehouse), ((line.product_id, 1.0),))
            result.update(((line.id, product.id), per * factor) for product, per in components)
        # A component of a former bill: nobody knows how much of it a kit takes.
        return {key: result.get(key, 1.0) for key in keys}


def get_history_key(supplier_id, picking_type_id):
    """Return whose lateness tells about a receipt: the supplier's, else that of the kind of operation."""
    return ('partner', supplier_id) if supplier_id else ('type', picking_type_id) if picking_type_id else None
