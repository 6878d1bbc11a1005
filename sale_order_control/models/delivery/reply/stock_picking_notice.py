from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting
from ..shipment.stock_picking_check import get_digest
from .sale_customer_notice import NOTICE_READERS
from .sale_order_reply import LAYOUT

SENDERS = 'stock.group_stock_user,sale_order_control.group_delivery_planner,sale_order_control.group_user'


class StockPicking(models.Model):
    """Telling customers that goods are on their way, with what they are tracked by."""

    _inherit = 'stock.picking'

    # The very field of Odoo's delivery carriers: where they are installed, it is theirs, and nothing is kept twice.
    carrier_tracking_ref = fields.Char(
        string="Tracking Reference", copy=False, help="The carrier's number of this shipment, or the waybill number.")
    has_own_tracking = fields.Boolean(compute='_compute_has_own_tracking', groups='base.group_user')
    notice_due = fields.Boolean(copy=False, readonly=True, groups='base.group_system')
    notice_ids = fields.One2many(
        'sale.customer.notice', 'picking_id', string="Customer Notices", readonly=True, groups=NOTICE_READERS)
    shipping_notice_possible = fields.Boolean(
        compute='_compute_shipping_notice_possible', compute_sudo=True, groups='base.group_user',
        help="Whether the goods have left and the customer was not told so, or not by the present reference.")
    _notice_due_idx = models.Index("(id) WHERE notice_due")

    def _compute_has_own_tracking(self):
        self.has_own_tracking = 'carrier_id' not in self._fields

    @api.depends('state', 'carrier_tracking_ref', 'notice_ids')
    def _compute_shipping_notice_possible(self):
        for picking in self:
            picking.shipping_notice_possible = bool(picking._filter_announceable())

    # === ACTION METHODS ===#

    def action_send_shipping_notice(self):
        """Tell the customers by mail that these transfers have left; each is told once per tracking reference.

        :raise UserError: if nothing of it has left, was told already, or no mail can be sent
        """
        if not self.env.user.has_groups(SENDERS):
            raise AccessError(self.env._("Shipments are announced by the warehouse, planners or salespeople."))
        self.check_access('read')
        pickings = self.sudo()._filter_announceable()
        if not pickings:
            raise UserError(self.env._(
                "There is nothing to announce: these goods have not left, or the customer knows already."))
        silent = pickings._get_notice_orders()._get_unreachable()
        if silent:
            raise UserError(silent._word_unreachable())
        pickings._announce()
        return True

    # === WHAT IS ANNOUNCED ===#

    def _get_notice_orders(self):
        """Return the orders under promise control that these transfers deliver, in sudo."""
        return self.sudo().move_ids._get_control_orders()._get_promise_controlled()

    def _get_shipped_moves(self):
        """Return the moves that brought goods of orders to customers; what came back and what never left are none."""
        return self.sudo().move_ids.filtered(lambda move: move.state == 'done')._get_control_leaving()

    def _filter_announceable(self):
        """Filter the transfers that have left to customers and of which the customers do not know."""
        return self.filtered(
            lambda picking: picking.state == 'done' and picking._get_shipped_moves() and picking._get_notice_orders()
            and picking._get_notice_digest() not in picking.notice_ids.filtered(
                lambda notice: notice.kind == 'shipping').mapped('digest'))

    def _get_notice_digest(self):
        self.ensure_one()
        return get_digest(self.carrier_tracking_ref or '')

    def _announce(self, automatic=False):
        """Tell the customers that these transfers have left; private: callers check who may."""
        for picking in self:
            picking._get_notice_orders()[:1]._record_notices(
                'shipping', automatic=automatic, picking_id=picking.id, digest=picking._get_notice_digest(),
                contents="\n".join([*picking._word_shipped(), picking.carrier_tracking_ref or ''])[:2000])
        for order in self._get_notice_orders():
            order._portal_ensure_token()
        self.env.ref('sale_order_control.mail_template_shipping_notice').sudo().send_mail_batch(
            self.ids, email_layout_xmlid=LAYOUT)

    def _word_shipped(self):
        """Word what left, one entry per product, in the language of the context."""
        self.ensure_one()
        totals = {}
        for move in self._get_shipped_moves():
            key = move.product_id, move.product_uom
            totals[key] = totals.get(key, 0.0) + move.quantity
        return [f"{quantity:g} {unit.name} {product.with_env(self.env).display_name}"
                for (product, unit), quantity in totals.items()]

    def _get_shipped_day(self):
        """Return the day on which it left, as the calendar in the warehouse says, in the reader's words."""
        self.ensure_one()
        warehouse = self.sudo().picking_type_id.warehouse_id or self._get_notice_orders()[:1].warehouse_id
        return format_date(self.env, warehouse._get_promise_day(self.date_done)) if self.date_done else ''

    def _get_tracking_link(self):
        """Return the carrier's page about this shipment, where carriers are installed and have one."""
        self.ensure_one()
        return self.carrier_tracking_url if 'carrier_tracking_url' in self._fields else False

    # === BY ITSELF ===#

    def _queue_notices(self):
        """Let the job tell the customers of what has just left, where the company wants it."""
        due = self.filtered(lambda picking: picking.company_id.sudo().shipping_notice_auto
                            or picking.company_id.sudo().completion_notice_auto)
        if due:
            with control_acting(self.env):
                due.sudo().write({'notice_due': True})
            self.env.ref('sale_order_control.ir_cron_customer_notices')._trigger()

    @api.model
    def _get_due_domain(self):
        return [('notice_due', '=', True), ('state', '=', 'done')]

    def _tell_due(self):
        """Announce these transfers and the completion of their orders, as their companies want it."""
        with control_acting(self.env):
            self.write({'notice_due': False})
        self.flush_recordset()
        pickings = self._filter_announceable().filtered(lambda picking: picking.company_id.shipping_notice_auto)
        silent = self._get_notice_orders()._get_unreachable()
        pickings.filtered(lambda picking: not picking._get_notice_orders() & silent)._announce(automatic=True)
        complete = self._get_notice_orders().filtered(lambda order: order.company_id.completion_notice_auto)
        complete = complete._filter_to_complete()
        (complete - silent)._tell_completion(automatic=True)
        left = complete | pickings._get_notice_orders()
        (left & silent)._ask_to_tell(self.env._("Tell the customer that goods have left"))


class StockMove(models.Model):
    _inherit = 'stock.move'

    def _control_record_release(self, issues):
        result = super()._control_record_release(issues)
        if self._get_control_orders()._get_promise_controlled():
            self.picking_id._queue_notices()
        return result
