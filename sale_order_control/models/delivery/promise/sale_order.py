from odoo import api, fields, models

from ...order.control_memory import control_acting, control_memory
from .sale_order_line import WAITING_STATES

PROMISE_STATES = [
    ('none', "No Promise Needed"),
    ('open', "To Promise"),
    ('partial', "Partially Promised"),
    ('promised', "Promised"),
    ('at_risk', "At Risk"),
    ('late', "Late"),
    ('done', "Delivered"),
]


class SaleOrder(models.Model):
    """Where the delivery of an order stands, and what keeps that true."""

    _inherit = 'sale.order'

    promise_state = fields.Selection(
        PROMISE_STATES, string="Delivery Promise", default='none', copy=False, readonly=True,
        groups='base.group_user',
        help="At risk: stock and expected receipts do not cover what is due until the promised day. "
             "Late: a promised day has passed. Brought up to date with every event and every night.")
    promised_date = fields.Date(
        copy=False, readonly=True, groups='base.group_user',
        help="The last promised day of what is not delivered yet.")
    next_promised_date = fields.Date(
        copy=False, readonly=True, groups='base.group_user',
        help="The first promised day of what is not delivered yet.")
    promise_check_date = fields.Date(copy=False, readonly=True, groups='base.group_system')
    promise_ids = fields.One2many('sale.delivery.promise', 'order_id', string="Promises", groups='base.group_user')

    show_atp = fields.Boolean(compute='_compute_show_atp', groups='base.group_user')

    _promise_check_idx = models.Index(
        "(promise_check_date) WHERE promise_state IN ('open', 'partial', 'promised', 'at_risk', 'late')")
    _next_promise_idx = models.Index("(next_promised_date) WHERE state = 'sale' AND next_promised_date IS NOT NULL")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {
            'promise_state', 'promised_date', 'next_promised_date', 'promise_check_date', 'promise_ids'}

    @api.depends('state', 'company_id')
    def _compute_show_atp(self):
        for order in self:
            company = order.company_id
            order.show_atp = (
                order.state in ('draft', 'sent') and bool(company) and company._get_control_mode('promise') != 'off')

    def _get_promise_controlled(self):
        """Filter the confirmed orders under promise control (warn or enforce)."""
        orders = self.sudo().filtered(lambda order: order.state == 'sale')
        return orders._with_control('promise')._get_controlled()

    # === EVENTS ===#

    def _control_event(self, name):
        super()._control_event(name)
        if name == 'confirmed':
            self._get_promise_controlled()._open_promises()
        elif name == 'released':
            orders = self._get_promise_controlled()
            # A replay delivers on its own day, whatever the clock says.
            waiting = orders.order_line.filtered(lambda line: line.promise_state != 'done')
            waiting._record_delivery_dates(control_memory(self.env).today)
            orders._refresh_promise_states()

    def _control_terms_changed(self, before, after):
        super()._control_terms_changed(before, after)
        self._get_promise_controlled()._refresh_promise_states()

    def _action_cancel(self):
        # Before the transfers are cancelled: a promise of a cancelled order is withdrawn, not broken.
        waiting = self.sudo().filtered(lambda order: order.promise_state not in (False, 'none'))
        waiting._end_promises()
        return super()._action_cancel()

    def _open_promises(self):
        """Let the lines of freshly confirmed orders wait for a promise."""
        lines = self.order_line._filter_deliverable()
        if any(lines.mapped('qty_delivered')):
            self._refresh_promise_states()
            return
        with control_acting(self.env):
            lines.write({'promise_state': 'open'})
            lines.order_id.write({'promise_state': 'open'})

    def _end_promises(self):
        """Withdraw what is promised and not delivered."""
        lines = self.order_line.filtered(lambda line: line.promise_state in WAITING_STATES)
        lines._set_promise_states(dict.fromkeys(lines.ids, False))
        # Confirmed again it is another promise; a line reduced to nothing keeps what it was promised first.
        over = self.order_line.filtered(lambda line: line.first_promised_date and not line.promise_state)
        with control_acting(self.env):
            over.write({'first_promised_date': False})
            # Nor does the day that was promised stay as the order's delivery date.
            self.filtered(lambda order: order.state == 'sale' and order.promised_date and order.commitment_date).write(
                {'commitment_date': False})
            self.write({'promise_state': 'none', 'promised_date': False, 'next_promised_date': False})

    # === STATE ===#

    def _refresh_promise_states(self):
        """Bring the promise states of lines and orders up to date, writing only what changed."""
        orders = self.sudo()
        controlled = orders._get_promise_controlled()
        # While the control is switched off, promises rest: nothing is shown or judged, and nothing is lost.
        (orders - controlled).filtered(
            lambda order: order.state != 'sale' and order.promise_state not in (False, 'none'))._end_promises()
        lines = controlled.order_line
        lines._cut_promise_parts()
        lines._set_promise_states(lines._get_promise_states())
        before = {order.id: order.promise_state for order in controlled}
        moved = self.browse()
        with control_acting(self.env):
            for order in controlled:
                values = order._prepare_promise_state_values()
                values = {name: value for name, value in values.items() if (order[name] or False) != value}
                if values:
                    order.write(values)
                if values.get('promised_date'):
                    moved += order
        moved._apply_promise_dates()
        for state in ('at_risk', 'late'):
            controlled.filtered(
                lambda order, state=state: order.promise_state == state != before[order.id])._control_event(state)

    def _prepare_promise_state_values(self):
        """Sum up the lines: the most urgent state, and the last day promised of what is still open."""
        self.ensure_one()
        states = [line.promise_state for line in self.order_line if line.promise_state]
        waiting = self.order_line.filtered(lambda line: line.promise_state in ('promised', 'at_risk', 'late'))
        if not states:
            state = 'none'
        elif 'late' in states or 'at_risk' in states:
            state = 'late' if 'late' in states else 'at_risk'
        elif 'open' in states:
            state = 'open' if not waiting else 'partial'
        else:
            state = 'promised' if waiting else 'done'
        return {
            'promise_state': state,
            'promised_date': max(waiting.mapped('promised_date'), default=False),
            'next_promised_date': min((line._get_due_day(line.qty_delivered) for line in waiting), default=False),
        }
