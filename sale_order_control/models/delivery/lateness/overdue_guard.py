"""An overdue delivery is not closed without delivering, on any path, unless somebody agreed to it.

Not the button is judged but what is left: the quantities that still go, or went, to the customer. They are counted
before the first change of a move of an overdue line, and once more before the transaction ends.
"""

from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

KEY = 'sale_order_control.overdue'
# Writing one of these may close a delivery: cancelled, reduced, sent elsewhere, taken from its order.
CLOSING_FIELDS = frozenset({
    'state', 'product_uom_qty', 'product_uom', 'product_id', 'location_dest_id', 'location_final_id', 'sale_line_id',
    'quantity', 'origin_returned_move_id',
})


class StockMove(models.Model):
    _inherit = 'stock.move'

    def write(self, vals):
        if CLOSING_FIELDS & vals.keys():
            self._watch_overdue()
        return super().write(vals)

    def unlink(self):
        self._watch_overdue()
        return super().unlink()

    def _watch_overdue(self):
        """Count what is still to be delivered of overdue lines before something happens to it."""
        companies = self.env['res.company']
        if not companies._is_any_promise_controlled():
            return
        if not any(company._get_control_mode('promise') != 'off' for company in self.company_id):
            return
        lines = self.sudo().control_line_id._filter_overdue()
        if not lines:
            return
        precommit = self.env.cr.precommit
        if KEY not in precommit.data:
            precommit.data[KEY] = {}
            precommit.add(self.env['stock.move']._check_overdue_closed)
        known = precommit.data[KEY]
        new = lines.filtered(lambda line: line.id not in known)
        if new:
            counted = new._get_obligations()
            for line in new:
                known[line.id] = {
                    product_id: quantity for (line_id, product_id), quantity in counted.items() if line_id == line.id}

    def _is_bound_for_customer(self):
        """Whether the open move still brings goods to the customer of its order, by whatever number of steps."""
        self.ensure_one()
        target, final = self.location_dest_id, self.location_final_id or self.location_dest_id
        return bool(self.sale_line_id) and final._is_outgoing() and (
            target._is_outgoing() or target._is_in_our_hands())

    def _check_overdue_closed(self):
        """Refuse the transaction if less of overdue lines is still to be delivered than before it.

        :raise UserError: naming what was closed, and what to do instead
        """
        before = self.env.cr.precommit.data.pop(KEY, {})
        lines = self.env['sale.order.line'].sudo().browse(before).exists()
        after = lines._get_obligations()
        dropped = {
            (line.id, product_id): quantity - after.get((line.id, product_id), 0.0)
            for line in lines for product_id, quantity in before[line.id].items()}
        units = self.env['product.product'].sudo()
        dropped = {
            key: quantity for key, quantity in dropped.items() if units.browse(key[1]).uom_id.compare(quantity, 0) > 0}
        if dropped:
            lines.filtered(lambda line: any(key[0] == line.id for key in dropped))._judge_closing(dropped)


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _record_promises(self, dates, *details):
        result = super()._record_promises(dates, *details)
        self.env['sale.transfer.change.line'].sudo().search([
            ('order_line_id', 'in', self.ids), ('change_id.state', '=', 'approved')]).change_id._end_permissions()
        return result

    def _filter_overdue(self):
        """Filter the lines under control that should have left before today, whatever became of their order."""
        found = self.filtered(lambda line: line.ship_by_date and line.promise_state != 'done')
        if not found:
            return found
        today = {warehouse: warehouse._get_promise_today() for warehouse in found._get_promise_warehouse()}
        found = found.filtered(lambda line: line.ship_by_date < today[line._get_promise_warehouse()])
        return found.filtered(lambda line: line.order_id._with_control('promise')._get_controlled())

    def _get_obligations(self):
        """Tell what of these lines still goes, or went, to the customer.

        Of a chain of transfers its last known one counts, so that nothing is counted twice.

        :return: ``{(line_id, product_id): quantity in the product's unit}``
        """
        moves = self.env['stock.move'].sudo().search([
            ('control_line_id', 'in', self.ids), ('state', '!=', 'cancel'), ('origin_returned_move_id', '=', False)])
        found = defaultdict(float)
        # A negative one takes ordered quantity back: it counts by what it does to the others.
        for move in moves.filtered(lambda move: move.state == 'done' or move.product_uom_qty > 0):
            if move.state == 'done':
                counted = move.quantity if move.location_dest_id._is_outgoing() else 0.0
            elif any(after.state != 'cancel' and after.control_line_id for after in move.move_dest_ids):
                counted = 0.0
            else:
                counted = move.product_uom_qty if move._is_bound_for_customer() else 0.0
            unit = move.product_id.uom_id
            found[move.control_line_id.id, move.product_id.id] += move.product_uom._compute_quantity(
                counted, unit, round=False)
        return dict(found)

    def _get_overdue_obligations(self, picking):
        """Return what of overdue lines is still to be delivered, like :meth:`_get_obligations`.

        :param stock.picking picking: only what this transfer carries, if any
        """
        found = defaultdict(float)
        for move in self._filter_overdue().move_ids:
            if move.state in ('done', 'cancel') or picking and move.picking_id != picking or not move._is_on_the_way():
                continue
            if not picking and any(after.state not in ('done', 'cancel') for after in move.move_dest_ids):
                continue
            found[move.control_line_id.id, move.product_id.id] += move.product_uom._compute_quantity(
                move.product_uom_qty, move.product_id.uom_id, round=False)
        return {key: quantity for key, quantity in found.items() if quantity > 0}

    def _judge_closing(self, dropped):
        """Let pass what was agreed to, or needs no agreement; refuse the rest.

        :param dict dropped: ``{(line_id, product_id): quantity}`` closed without delivery
        :raise UserError: where somebody must agree and nobody did
        """
        changes = self.env['sale.transfer.change']
        left = changes._use_permissions(dropped)
        lines = self.filtered(lambda line: any(key[0] == line.id for key in left))
        for order, its in lines.grouped('order_id').items():
            own = {key: quantity for key, quantity in left.items() if key[0] in its.ids}
            if changes._needs_agreement(order, own):
                refusal = self.env._(
                    "%(order)s: %(products)s should have left on %(date)s. What is overdue is not simply cancelled, "
                    "closed or reduced: deliver it, or apply for a change (Apply for a Change, on the transfer or on "
                    "the order), on which a supervisor or finance decides.",
                    order=order.name, products=", ".join(its.product_id.mapped('display_name')),
                    date=format_date(self.env, min(its.mapped('ship_by_date'))))
                raise UserError(f"{refusal} {changes._explain_undecidable(order.company_id)}".rstrip())
            order._control_log('promise', message=self.env._(
                "Closed without delivery while overdue: %s.", ", ".join(its.product_id.mapped('display_name'))))
