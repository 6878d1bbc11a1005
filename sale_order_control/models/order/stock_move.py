from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

from .control_memory import control_memory, control_scope, event_happened

# Writing one of these may turn a move that is over into a delivery, or into the delivery of another order.
LINK_FIELDS = frozenset({
    'sale_line_id', 'location_id', 'location_dest_id', 'location_final_id', 'picking_id', 'reference_ids', 'product_id',
})


class StockMove(models.Model):
    """Goods leaving to a customer meet the gate once more, however the move gets done.

    What is written on the move meanwhile changes nothing: it remembers for which order it was made.
    """

    _inherit = 'stock.move'

    control_line_id = fields.Many2one(
        'sale.order.line', string="Made for Order Line", compute='_compute_control_line_id', store=True,
        precompute=True, copy=True, index='btree_not_null',
        help="The first order line for which this move was bound for a customer. It stays when the link is taken away.")

    def _auto_init(self):
        if not column_exists(self.env.cr, 'stock_move', 'control_line_id'):
            # In a book of millions of moves only the open ones can still leave.
            create_column(self.env.cr, 'stock_move', 'control_line_id', 'int4')
            self.env.cr.execute(SQL("""
                UPDATE stock_move SET control_line_id = sale_line_id
                  FROM stock_location location
                 WHERE location.id = COALESCE(location_final_id, location_dest_id) AND sale_line_id IS NOT NULL
                   AND location.usage IN ('customer', 'transit') AND state NOT IN ('done', 'cancel')"""))
        return super()._auto_init()

    @api.depends('sale_line_id', 'location_dest_id', 'location_final_id')
    def _compute_control_line_id(self):
        for move in self:
            line = move.control_line_id
            if not line and move.sale_line_id and (move.location_final_id or move.location_dest_id)._is_outgoing():
                line = move.sale_line_id
            move.control_line_id = line

    @api.model
    def _get_undefaulted_fields(self):
        return super()._get_undefaulted_fields() | {'control_line_id'}

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        if 'default_control_line_id' in self.env.context:
            self = self.with_context(default_control_line_id=False)
        # A part that is split off keeps what it was made for; nobody can say so in advance.
        vals_list = [
            {name: value for name, value in vals.items() if name != 'control_line_id'}
            if vals.get('sale_line_id') else vals for vals in vals_list
        ]
        moves = super().create(vals_list)
        leaving = moves.filtered(lambda move: move.state == 'done')._get_control_leaving()
        leaving._control_record_release(leaving._control_require_release())
        return moves

    def write(self, vals):
        if 'control_line_id' in vals:
            raise AccessError(self.env._("For which order a transfer was made cannot be changed."))
        closing = vals.get('state') == 'done'
        if not closing and not LINK_FIELDS & vals.keys():
            return super().write(vals)
        over = self.filtered(lambda move: move.state == 'done')
        with control_scope(self.env):
            leaving = (self - over)._get_control_leaving() if closing else self.browse()
            issues = leaving._control_require_release()
            former = {move.id: move._get_control_orders() for move in over._get_control_leaving()}
            result = super().write(vals)
            leaving._control_record_release(issues)
            # What the same write, or a later one, made a delivery.
            late = self.filtered(lambda move: move.state == 'done')._get_control_leaving() - leaving
            late.filtered(
                lambda move: move._get_control_orders() - former.get(move.id, move.sale_line_id.order_id.browse())
            )._control_release_late(closing)
        return result

    def _action_done(self, cancel_backorder=False):
        # What the warehouse adds or ships beyond the order is recorded on the order, never refused:
        # the release itself is judged when the moves become done.
        with event_happened(self.env):
            return super()._action_done(cancel_backorder=cancel_backorder)

    # === WHAT LEAVES, AND FOR WHOM ===#

    def _get_control_leaving(self):
        """Filter the moves that take goods of an order out of the house; a return comes back."""
        return self.filtered(lambda move: move.sudo()._is_control_leaving())

    def _is_control_leaving(self):
        """Whether goods of an order go to a customer, or, of a delivery, anywhere out of our hands."""
        self.ensure_one()
        targets = self.location_dest_id | self.move_line_ids.location_dest_id
        if any(target._is_outgoing() for target in targets):
            return bool(self._get_control_orders())
        return bool(self.control_line_id) and not all(target._is_in_our_hands() for target in targets) and any(
            source._is_in_our_hands() for source in self.location_id | self.move_line_ids.location_id)

    def _get_control_lines(self):
        """Return the order lines whose goods these moves carry, in sudo."""
        moves = self.sudo()
        return moves.sale_line_id | moves.control_line_id

    def _get_control_orders(self):
        """Return the controlled orders whose goods these moves carry, in sudo."""
        moves = self.sudo()
        orders = moves._get_control_lines().order_id
        # Goods that the warehouse adds to a transfer of an order leave for that order.
        added = moves.filtered(lambda move: not move._get_control_lines() and move.company_id._has_control())
        if added:
            references = added.reference_ids | added.picking_id.reference_ids
            orders |= added.picking_id.sale_id | references.sale_ids
        return orders._get_controlled()

    def _is_drop_shipment(self):
        """Whether the supplier delivers: told by the confirmed purchase for the order line, not by the location."""
        self.ensure_one()
        sources = self.location_id | self.move_line_ids.location_id
        if 'purchase_line_id' not in self._fields or any(source.usage != 'supplier' for source in sources):
            return False
        bought = self.purchase_line_id
        return bought.order_id.state in ('purchase', 'done') and 'sale_line_id' in bought._fields \
            and bool(bought.sale_line_id & self._get_control_lines())

    # === RELEASE ===#

    def _control_require_release(self):
        """Refuse to let goods of held orders out of the house.

        :return: ``{order_id: (ControlIssue, ...)}`` at *release*
        :raise UserError: if an order is held; not for a drop-shipment, of which we hear when it is over
        """
        orders = self._get_control_orders()
        if not orders:
            # Nothing leaves: what was evaluated for other purposes in the call stays valid.
            return {}
        issues = self._get_control_release_issues()
        held = orders._get_held(issues)
        if any(move._get_control_orders() & held and not move.sudo()._is_drop_shipment() for move in self if held):
            raise UserError(held._get_control_refusal(issues))
        return issues

    def _get_control_release_issues(self):
        """Ask the gate what stands between these goods and their customers: ``{order_id: (ControlIssue, ...)}``."""
        return self._get_control_orders()._get_control_release_issues(self._get_control_lines().ids, self.ids)

    def _control_record_release(self, issues):
        self._get_control_orders()._control_record_release(issues)

    def _control_release_late(self, refuse=False):
        """Judge deliveries of orders that came about after the goods had moved.

        :param bool refuse: also while an event is processed that cannot be undone
        """
        if not self:
            return
        if refuse or not control_memory(self.env).happened:
            issues = self._control_require_release()
        else:
            issues = self._get_control_release_issues()
        self._control_record_release(issues)


class StockLocation(models.Model):
    _inherit = 'stock.location'

    def _is_in_our_hands(self):
        """Whether goods in this location are still with the company, or on the way between its warehouses."""
        self.ensure_one()
        return self.usage in ('internal', 'view') or self.usage == 'transit' and bool(self.company_id)


class StockMoveLine(models.Model):
    """Goods added to a delivery that is over leave as well."""

    _inherit = 'stock.move.line'

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._get_control_over()._control_release_late()
        return lines

    def write(self, vals):
        if not {'quantity', 'product_uom_id', 'location_id', 'location_dest_id', 'move_id'} & vals.keys():
            return super().write(vals)
        before = {move.id: move.quantity for move in self._get_control_over()}
        result = super().write(vals)
        self._get_control_over().filtered(
            lambda move: move.quantity > before.get(move.id, 0.0))._control_release_late()
        return result

    def _get_control_over(self):
        """Return the deliveries of orders that are over and that these lines belong to."""
        return self.move_id.filtered(lambda move: move.state == 'done')._get_control_leaving()
