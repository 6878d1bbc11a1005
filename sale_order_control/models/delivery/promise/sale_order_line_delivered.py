from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain

from ...order.control_memory import control_acting
from ..atp.atp_reader import Ask


class SaleOrderLine(models.Model):
    """What left to the customer, how much of it and when, as the transfers say."""

    _inherit = 'sale.order.line'

    left_quantity = fields.Float(
        string="Left to Deliver", digits='Product Unit', compute='_compute_left_quantity', compute_sudo=True,
        groups='base.group_user',
        help="What is ordered less what left. What came back was delivered: it is not delivered once more by itself.")

    @api.depends('product_uom_qty', 'product_uom_id', 'qty_delivered')
    def _compute_left_quantity(self):
        # Odoo takes what came back off the delivered quantity.
        returned = self._origin.filtered(lambda line: line.state == 'sale')._filter_returned()
        delivered = returned._get_delivered_quantities() if returned else {}
        for line in self:
            line.left_quantity = line.product_uom_qty - delivered.get(line._origin.id, line.qty_delivered)

    def _filter_returned(self):
        """Filter the lines of which something came back that was taken off the delivered quantity."""
        groups = self.env['stock.move'].sudo()._read_group([
            ('sale_line_id', 'in', self.ids), ('state', '=', 'done'), ('location_id.usage', '=', 'customer'),
            ('to_refund', '=', True),
        ], ['sale_line_id']) if self else ()
        return self.browse(line.id for [line] in groups)

    def _is_anything_left(self):
        """Whether anything of the line is still to be delivered."""
        self.ensure_one()
        return self.product_uom_id.compare(self.left_quantity, 0.0) > 0

    def _get_delivery_domain(self):
        """Return the moves that brought goods of these lines to customers, whatever came back later.

        A transfer that takes returned goods to the customer again is no delivery of its own, nor is an exchange.
        """
        return Domain([
            ('sale_line_id', 'in', self.ids),
            ('state', '=', 'done'),
            ('location_dest_id.usage', '=', 'customer'),
            ('location_id.usage', '!=', 'customer'),
            ('origin_returned_move_id', '=', False),
            ('is_exchange', '=', False),
        ])

    def _get_delivered_quantities(self):
        """Return ``{line_id: quantity}`` that left to customers, in the line's unit, returns not deducted."""
        delivered, components = dict.fromkeys(self.ids, 0.0), defaultdict(lambda: defaultdict(float))
        groups = self.env['stock.move'].sudo()._read_group(
            self._get_delivery_domain(), ['sale_line_id', 'product_id', 'product_uom'], ['quantity:sum'])
        for line, product, unit, quantity in groups:
            if product == line.product_id:
                delivered[line.id] += unit._compute_quantity(quantity, line.product_uom_id, round=False)
            else:
                components[line][product] += unit._compute_quantity(quantity, product.uom_id, round=False)
        if components:
            lines = self.env['sale.order.line'].union(*components)
            kits = self.env['sale.delivery.atp']._explode_kits([
                Ask(line.id, line.product_id, line._get_promise_warehouse(), 0.0, None, None)
                for line in lines.sudo()])
            for line, found in components.items():
                parts = kits.get((line.product_id, line._get_promise_warehouse()), ())
                delivered[line.id] += line._count_kits(found, parts)
        return delivered

    def _count_kits(self, delivered, parts):
        """Say how many kits the delivered components make, in the line's unit.

        :param dict delivered: ``{component: quantity in its unit}``
        :param parts: what one kit is made of, ``((component, quantity in its unit), ...)``
        """
        self.ensure_one()
        if {product for product, _per in parts} != set(delivered):
            # Not all is there, or it was another kit when it was ordered: then Odoo knows by the moves' own bill.
            return self.qty_delivered
        kits = min(delivered[product] / per for product, per in parts if per)
        return self.product_id.uom_id._compute_quantity(kits, self.product_uom_id, round=False)

    def _get_transfer_counts(self):
        """Return ``{line_id: (open, all)}``: how many moves towards the customer are open, and exist."""
        counts = defaultdict(lambda: (0, 0))
        groups = self.env['stock.move'].sudo()._read_group([
            ('sale_line_id', 'in', self.ids),
            ('location_id.usage', '!=', 'customer'),
            ('origin_returned_move_id', '=', False),
            ('is_exchange', '=', False),
        ], ['sale_line_id', 'state'], ['__count'])
        for line, state, count in groups:
            opened, total = counts[line.id]
            counts[line.id] = (opened + (0 if state in ('done', 'cancel') else count), total + count)
        return counts

    def _record_delivery_dates(self, today=None):
        """Note on which days goods of these lines first and last left.

        :param date today: the day on which they leave now, where it is not the clock's
        """
        groups = self.env['stock.move'].sudo()._read_group(
            self._get_delivery_domain(), ['sale_line_id'], ['date:min', 'date:max'])
        with control_acting(self.env):
            for line, *moments in groups:
                first, last = (
                    today or line._get_promise_warehouse()._get_promise_day(fields.Datetime.to_datetime(moment))
                    for moment in moments)
                line.write({'first_delivered_date': line.first_delivered_date or first, 'delivered_date': last})
