from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from .atp import Supply
from .atp_parts import spread_back
from .atp_reliability import Reliability


class SaleDeliveryAtp(models.AbstractModel):
    """Demand without transfers, supply that is only asked for, and how punctual supply was."""

    _inherit = 'sale.delivery.atp'

    @api.model
    def _read_unmoved(self, warehouse, products, excluded):
        """Yield ``(product_id, day, quantity, firm)`` of order lines no transfer stands for.

        Confirmed lines whose supply waits for the gate always count; quotations where the company says so, with
        the day the customer wants, or else the lead time.
        """
        lines = self.env['sale.order.line'].sudo()
        of_products = [
            ('product_id', 'in', (products | self._find_kits(products)).ids), ('warehouse_id', '=', warehouse.id),
            ('id', 'not in', list(excluded))]
        found = lines.search([*of_products, ('control_procurement_held', '=', True), ('state', '=', 'sale')])
        if warehouse.company_id.sudo().atp_quotations:
            found |= lines.search([
                *of_products, ('state', 'in', ('draft', 'sent')), ('product_uom_qty', '>', 0),
                '|', ('order_id.validity_date', '=', False),
                ('order_id.validity_date', '>=', warehouse._get_promise_today())])
        days, asks = warehouse._get_delivery_days(), {line: line._prepare_ask() for line in found}
        kits = self._explode_kits(list(asks.values()))
        for line, ask in asks.items():
            open_quantity = ask.quantity
            if line.state == 'sale':
                open_quantity -= line.product_uom_id._compute_quantity(
                    max(0.0, line._get_qty_procurement() - line.qty_delivered), line.product_id.uom_id, round=False)
            if open_quantity > 0:
                today, due = warehouse._get_promise_today(), ask.promised or ask.wanted
                parts = spread_back(ask.promises, open_quantity) if ask.promises else [(due, open_quantity)]
                for when, quantity in parts:
                    needed = days(ask.country.id).needed(when) if when else today + timedelta(days=ask.lead_days)
                    for product, per in kits.get((ask.product, ask.warehouse), ((ask.product, 1.0),)):
                        if product in products:
                            yield product.id, max(today, needed), quantity * per, bool(ask.promised)

    @api.model
    def _find_kits(self, products):
        """Return the kits that contain one of these products, at any depth."""
        kits = self.env['product.product'].sudo().browse()
        parts = products if 'mrp.bom' in self.env else kits
        while parts:
            boms = self.env['mrp.bom'].sudo().search([
                ('type', '=', 'phantom'), ('bom_line_ids.product_id', 'in', parts.ids)])
            parts = boms.product_id | boms.filtered(lambda bom: not bom.product_id).product_tmpl_id.product_variant_ids
            parts -= kits
            kits |= parts
        return kits

    @api.model
    def _read_rfqs(self, warehouse, products):
        """Yield ``(product_id, Supply)`` of purchases that are not confirmed, where the company counts them."""
        lines = self.env.get('purchase.order.line')
        if lines is None or not warehouse.company_id.sudo().atp_rfqs or 'move_dest_ids' not in lines._fields:
            return
        found = lines.sudo().search_fetch([
            ('product_id', 'in', products.ids), ('state', 'in', ('draft', 'sent', 'to approve')),
            ('order_id.picking_type_id.warehouse_id', '=', warehouse.id),
            ('order_id.picking_type_id.code', '=', 'incoming'), ('date_planned', '!=', False),
            # What is asked for to serve one demand is not free for others.
            ('move_dest_ids', '=', False), ('product_uom_qty', '>', 0),
        ], ['product_id', 'product_uom_qty', 'date_planned', 'order_id'])
        for line in found:
            supplier = line.order_id.partner_id.commercial_partner_id
            yield line.product_id.id, Supply(
                warehouse._get_promise_day(line.date_planned), line.product_uom_qty, 'incoming',
                line.order_id.name, ('partner', supplier.id))

    # === LATENESS ===#

    @api.model
    def _read_reliability(self, keys, today):
        """Read how late the receipts of suppliers and operations were in the last twelve months.

        Late is a receipt that was done after its deadline, in whole days of the UTC calendar. Read where somebody
        looks at a confidence, once for all that is shown.

        :param keys: history keys, as of :class:`Peg`
        :rtype: Reliability
        """
        self.env['stock.move'].flush_model(['state', 'date', 'date_deadline', 'picking_id', 'picking_type_id'])
        self.env['stock.picking'].flush_model(['partner_id', 'state', 'date_done'])
        history = {}
        for kind, statement in (('partner', self._get_partner_history()), ('type', self._get_type_history())):
            ids = sorted({key[1] for key in keys if key and key[0] == kind})
            if ids:
                self.env.cr.execute(SQL(
                    """SELECT key, (done::date - deadline::date) AS late, COUNT(*)
                         FROM (%(moves)s) receipt(key, done, deadline)
                        WHERE done >= %(today)s::date - INTERVAL '1 year' AND done < %(today)s::date + INTERVAL '1 day'
                     GROUP BY 1, 2""", moves=SQL(statement, ids=ids), today=today))
                for key, late, number in self.env.cr.fetchall():
                    history.setdefault((kind, key), {})[late] = number
        return Reliability(history, today)

    @api.model
    def _get_partner_history(self):
        return """
            SELECT partner.commercial_partner_id, m.date, m.date_deadline
              FROM res_partner partner
              JOIN stock_picking picking ON picking.partner_id = partner.id AND picking.state = 'done'
              JOIN stock_move m ON m.picking_id = picking.id AND m.state = 'done' AND m.date_deadline IS NOT NULL
              JOIN stock_location source ON source.id = m.location_id AND source.usage = 'supplier'
             WHERE partner.commercial_partner_id = ANY(%(ids)s)"""

    @api.model
    def _get_type_history(self):
        return """
            SELECT m.picking_type_id, m.date, m.date_deadline
              FROM stock_move m
              JOIN stock_location source ON source.id = m.location_id
              JOIN stock_location target ON target.id = m.location_dest_id
             WHERE m.picking_type_id = ANY(%(ids)s) AND m.state = 'done' AND m.date_deadline IS NOT NULL
               AND source.usage <> 'internal' AND target.usage = 'internal'"""
