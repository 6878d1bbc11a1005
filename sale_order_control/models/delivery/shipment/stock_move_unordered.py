from odoo import api, models
from odoo.exceptions import UserError


class StockMove(models.Model):
    """Goods that must be checked do not leave beside their order, with a transfer that somebody makes by hand."""

    _inherit = 'stock.move'

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves.filtered(lambda move: move.state == 'done')._check_beside_order()
        return moves

    def write(self, vals):
        if vals.get('state') == 'done':
            self.filtered(lambda move: move.state != 'done')._check_beside_order()
        return super().write(vals)

    def _check_beside_order(self):
        """Refuse goods without an order, of which their customer waits for some that must be checked.

        :raise UserError: naming the order
        """
        if not self.env['sale.shipment.check.point']._get_point_ids():
            return
        moves = self.sudo().filtered(
            lambda move: move.company_id._get_control_mode('promise', 'release') == 'enforce'
            and move._is_beside_orders())
        waiting = moves._get_checked_lines() if moves else {}
        for move in moves:
            customer = (move.partner_id | move.picking_id.partner_id).commercial_partner_id
            orders = self.env['sale.order'].sudo().union(*(
                line.order_id for line in waiting.get(move.product_id, ())
                if line.order_id.partner_id.commercial_partner_id in customer
                or line.order_id.partner_shipping_id.commercial_partner_id in customer))
            if orders:
                raise UserError(self.env._(
                    "%(product)s must be checked before it leaves for %(customer)s, who waits for it with %(order)s: "
                    "ship it with the transfer of that order, or name the order on this one.",
                    product=move.product_id.display_name, customer=orders[0].partner_id.display_name,
                    order=orders[0].name))

    def _is_beside_orders(self):
        """Whether goods leave our hands for a customer and no order says so."""
        self.ensure_one()
        targets = self.location_dest_id | self.move_line_ids.location_dest_id
        sources = self.location_id | self.move_line_ids.location_id
        references = self.reference_ids | self.picking_id.reference_ids
        return any(target._is_outgoing() for target in targets) and any(
            source._is_in_our_hands() for source in sources) and not (
            self._get_control_lines() or self.picking_id.sale_id or references.sale_ids)

    def _get_checked_lines(self):
        """Return the order lines that wait for these goods and for a check: ``{product: lines}``, in sudo."""
        lines = self.env['sale.order.line'].sudo().search([
            ('promise_state', 'in', ('open', 'promised', 'at_risk', 'late')), ('state', '=', 'sale'),
            ('product_id', 'in', self.product_id.ids), ('company_id', 'in', self.company_id.ids)])
        points = self.env['sale.shipment.check.point']._get_points('goods')
        judged = lines.order_id._get_shipment_judged()
        lines = lines.filtered(lambda line: line.order_id in judged and points._filter_applicable(
            line.order_id, line.product_id))
        return lines.grouped('product_id')
