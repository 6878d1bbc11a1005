from collections import defaultdict

from odoo import api, models

from .atp import TOLERANCE, Demand, Part, Supply
from .atp_reader import OPEN_MOVE_STATES, get_history_key


class SaleDeliveryAtp(models.AbstractModel):
    """From asks to demands: what they take, from where, and what is on its way for them already."""

    _inherit = 'sale.delivery.atp'

    @api.model
    def _prepare_demands(self, asks):
        """Word asks in plain data.

        :param asks: list of :class:`Ask` with full rights
        :return: ``{key: Demand}`` in the same order
        """
        kits = self._explode_kits(asks)
        to_order = self._get_to_order(asks, kits)
        own = self._read_own_supply([ask.line_id for ask in asks if ask.line_id])
        self._add_sent_components(own, asks, kits)
        replenish = self._read_replenish_days(asks, kits)
        days = {warehouse: warehouse._get_delivery_days() for warehouse in {ask.warehouse for ask in asks}}
        result = {}
        for ask in asks:
            components = kits.get((ask.product, ask.warehouse), ((ask.product, 1.0),))
            stocked = [(product, per) for product, per in components if product.is_storable and ask.warehouse]
            known = [replenish.get((product, ask.warehouse.company_id)) for product, _per in stocked]
            result[ask.key] = Demand(
                key=ask.key,
                warehouse_id=ask.warehouse.id,
                quantity=ask.quantity,
                parts=tuple(self._prepare_part(ask, product, per, to_order, own) for product, per in stocked),
                wanted=ask.wanted,
                promised=ask.promised,
                promises=ask.promises,
                lead_days=ask.lead_days,
                replenish_days=max(known) if known and None not in known else None,
                whole=(ask.product, ask.warehouse) in kits,
                days=days[ask.warehouse](ask.country.id),
            )
        return result

    @api.model
    def _prepare_part(self, ask, product, per, to_order, own):
        """Return the :class:`Part` of one product of an ask, with no more supply of its own than it takes."""
        supplies, left = [], ask.quantity * per
        for supply in own.get((ask.line_id, product.id), ()):
            share = min(supply.quantity, left)
            if share > TOLERANCE:
                supplies.append(Supply(supply.day, share, supply.source, supply.name, supply.history))
                left -= share
        return Part(
            product.id, per, to_order=(ask.key, product.id) in to_order or any(
                supply.source == 'direct' for supply in supplies), own=tuple(supplies))

    # === OWN SUPPLY ===#

    @api.model
    def _read_own_supply(self, line_ids):
        """Read what is reserved or on its way for order lines alone.

        :return: ``{(line_id, product_id): [Supply, ...]}``: what is reserved, drop-shipments, and receipts of
            what was bought or made for them
        """
        own = defaultdict(list)
        moves = self.env['stock.move'].sudo().search_fetch([
            ('sale_line_id', 'in', line_ids), ('state', 'in', OPEN_MOVE_STATES),
            ('location_id.usage', '!=', 'customer'), ('origin_returned_move_id', '=', False),
        ], ['product_id', 'product_qty', 'product_uom_qty', 'quantity', 'date', 'sale_line_id', 'location_id',
            'procure_method', 'move_orig_ids', 'picking_id', 'picking_type_id', 'origin', 'reference']) \
            if line_ids else self.env['stock.move']
        for move in moves:
            supplies = own[move.sale_line_id.id, move.product_id.id]
            zone = move.sale_line_id._get_promise_warehouse()
            if move.location_id.usage == 'supplier':
                supplies.append(self._prepare_move_supply(move, zone, move.product_qty, 'direct'))
                continue
            reserved = move.quantity * move.product_qty / move.product_uom_qty if move.product_uom_qty else 0.0
            if reserved > TOLERANCE:
                supplies.append(Supply(zone._get_promise_today(), reserved, 'stock'))
            if move.procure_method == 'make_to_order':
                left = move.product_qty - reserved
                for origin in move.move_orig_ids:
                    share = min(left, origin.product_qty)
                    if origin.state in OPEN_MOVE_STATES and not origin.sale_line_id and share > TOLERANCE:
                        supplies.append(self._prepare_move_supply(origin, zone, share, 'incoming'))
                        left -= share
        for supplies in own.values():
            supplies.sort(key=lambda supply: (supply.source != 'stock', supply.day))
        return own

    @api.model
    def _add_sent_components(self, own, asks, kits):
        """Count components that left ahead of the rest of their kit: they are not needed once more.

        :param dict own: as :meth:`_read_own_supply` returns it; completed here
        :param dict kits: as :meth:`_explode_kits` returns it
        """
        by_line = {ask.line_id: ask for ask in asks if ask.line_id and (ask.product, ask.warehouse) in kits}
        lines = self.env['sale.order.line'].sudo().browse(by_line)
        groups = self.env['stock.move'].sudo()._read_group(
            lines._get_delivery_domain(), ['sale_line_id', 'product_id', 'product_uom'], ['quantity:sum']) \
            if by_line else ()
        sent = defaultdict(float)
        for line, component, unit, quantity in groups:
            sent[line, component] += unit._compute_quantity(quantity, component.uom_id, round=False)
        for (line, component), quantity in sent.items():
            ask = by_line[line.id]
            ordered = line.product_uom_id._compute_quantity(line.product_uom_qty, ask.product.uom_id, round=False)
            per = dict(kits[ask.product, ask.warehouse]).get(component, 0.0)
            ahead = quantity - (ordered - ask.quantity) * per
            if ahead > TOLERANCE:
                own[line.id, component.id].insert(0, Supply(ask.warehouse._get_promise_today(), ahead, 'sent'))

    @api.model
    def _prepare_move_supply(self, move, warehouse, quantity, source):
        from_supplier = move.location_id.usage == 'supplier'
        moment = move.date
        if 'purchase_line_id' in move._fields and move.purchase_line_id and move.date_deadline:
            moment = max(moment, move.date_deadline)
        name = (move.origin or move.reference) if from_supplier else (move.reference or move.origin)
        return Supply(
            warehouse._get_promise_day(moment), quantity, source, name or '', get_history_key(
                from_supplier and move.picking_id.partner_id.commercial_partner_id.id, move.picking_type_id.id))

    # === ROUTES ===#

    @api.model
    def _get_to_order(self, asks, kits):
        """Tell what is bought or made for the ask alone, or sent by the supplier.

        :return: set of ``(key, product_id)``; no stock on the shelf serves them
        """
        routes = {
            (ask.key, product.id): (ask.warehouse, ask.routes or self._get_product_routes(product))
            for ask in asks for product, _per in kits.get((ask.product, ask.warehouse), ((ask.product, 1.0),))}
        every = {route.id for _warehouse, found in routes.values() for route in found}
        if not every:
            return set()
        rules = self.env['stock.rule'].sudo().search_fetch([
            ('route_id', 'in', list(every)), ('location_dest_id.usage', '=', 'customer'), ('action', '!=', 'push'),
        ], ['route_id', 'warehouse_id', 'procure_method', 'action'])
        # A rule that buys towards the customer is a drop-shipment.
        ordering = rules.filtered(lambda rule: rule.procure_method == 'make_to_order' or rule.action == 'buy')
        places = {(rule.route_id.id, rule.warehouse_id.id) for rule in ordering}
        return {
            key for key, (warehouse, found) in routes.items() for route in found
            if (route.id, False) in places or (route.id, warehouse.id) in places
        }

    @api.model
    def _get_product_routes(self, product):
        return product.route_ids | product.categ_id.total_route_ids

    @api.model
    def _read_replenish_days(self, asks, kits):
        """Read in how many days any quantity can be bought or made, where that is known.

        :return: ``{(product, company): days}``; nothing unless purchasing or production is installed
        """
        wanted = {
            (product, ask.warehouse.company_id) for ask in asks
            for product, _per in kits.get((ask.product, ask.warehouse), ((ask.product, 1.0),))}
        products = self.env['product.product'].sudo().browse({product.id for product, _company in wanted})
        result = {}
        for company in {company for _product, company in wanted if company}:
            found = self._read_supplier_days(products, company) | self._read_production_days(products, company)
            result.update(((product, company), days) for product, days in found.items())
        return result

    @api.model
    def _read_supplier_days(self, products, company):
        if 'purchase.order' not in self.env:
            return {}
        sellers = self.env['product.supplierinfo'].sudo().search([
            ('product_tmpl_id', 'in', products.product_tmpl_id.ids), ('company_id', 'in', (False, company.id))])
        first = {}
        for seller in sellers:  # in Odoo's order: the preferred one first
            first.setdefault((seller.product_tmpl_id, seller.product_id), seller)
        result = {}
        for product in products.filtered('purchase_ok'):
            template = product.product_tmpl_id
            seller = first.get((template, product)) or first.get((template, product.browse()))
            # Odoo adds suppliers by itself when something is bought, with a delay of 0: nobody said how long it takes.
            if seller and seller.delay:
                result[product] = int(seller.delay + company.days_to_purchase)
        return result

    @api.model
    def _read_production_days(self, products, company):
        if 'mrp.bom' not in self.env:
            return {}
        boms = self.env['mrp.bom'].sudo()._bom_find(products, company_id=company.id, bom_type='normal')
        days = {product: int(bom.produce_delay + bom.days_to_prepare_mo) for product, bom in boms.items() if bom}
        # Nobody has said how long it takes where both are 0.
        return {product: number for product, number in days.items() if number}

    # === KITS ===#

    @api.model
    def _explode_kits(self, asks):
        """Take kits apart, level by level.

        :return: ``{(product, warehouse): ((component, quantity in its unit for one kit), ...)}``
        """
        if 'mrp.bom' not in self.env:
            return {}
        result = {}
        for company in {ask.warehouse.company_id for ask in asks}:
            mine = [ask for ask in asks if ask.warehouse.company_id == company]
            products = self.env['product.product'].sudo().browse({ask.product.id for ask in mine})
            exploded = self._explode_products(products, company)
            result.update(
                ((ask.product, ask.warehouse), exploded[ask.product]) for ask in mine if ask.product in exploded)
        return result

    @api.model
    def _explode_products(self, products, company, depth=10):
        """Return ``{kit: ((component, quantity), ...)}``; what is no kit is left out."""
        boms = self.env['mrp.bom'].sudo()._bom_find(products, company_id=company.id, bom_type='phantom')
        direct = {}
        for product in products.filtered(lambda product: boms[product]):
            bom = boms[product]
            made = bom.product_uom_id._compute_quantity(bom.product_qty, product.uom_id, round=False)
            direct[product] = [
                (line.product_id, line.product_uom_id._compute_quantity(
                    line.product_qty, line.product_id.uom_id, round=False) / made)
                for line in bom.bom_line_ids if not line._skip_bom_line(product)
            ]
        inner = products.browse({component.id for parts in direct.values() for component, _per in parts})
        below = self._explode_products(inner, company, depth - 1) if inner and depth else {}
        result = {}
        for product, parts in direct.items():
            totals = defaultdict(float)
            for component, per in parts:
                for item, amount in below.get(component, ((component, 1.0),)):
                    totals[item] += per * amount
            result[product] = tuple(totals.items())
        return result
