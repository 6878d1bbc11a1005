from datetime import timedelta

from odoo import api, fields, models

from ...order.control_memory import control_acting
from ..promise.sale_order_line import WAITING_STATES
from .delivery_verdict import VERDICTS, Course, judge

# Of which day each verdict speaks: suffix of the fields, and what the day is called.
MEASURES = ('requested', 'first', 'promised')


class SaleOrderLine(models.Model):
    """Facts about the delivery of a line: recorded when something happens, so that reports only read."""

    _inherit = 'sale.order.line'

    confirmed_date = fields.Date(
        string="Confirmed On", copy=False, readonly=True, groups='base.group_user',
        help="The day from which delivery of the line is reckoned: its order was confirmed, or the line was added.")
    first_requested_date = fields.Date(
        string="First Requested", copy=False, readonly=True, groups='base.group_user',
        help="What the customer wanted when the order was confirmed, or as soon as it was known. Later wishes do not "
             "change what punctuality is measured against.")
    due_date = fields.Date(
        string="Due", copy=False, readonly=True, groups='base.group_user',
        help="The promised day; before there is one, the requested one, or else what the lead time says.")
    ship_by_date = fields.Date(
        string="Ship By", copy=False, readonly=True, groups='base.group_user',
        help="The last day on which it can leave to be there when it is due.")
    first_delivered_date = fields.Date(
        string="First Delivered On", copy=False, readonly=True, groups='base.group_user',
        help="The day on which goods of the line first left to the customer.")
    delivery_closed = fields.Boolean(
        string="Closed", copy=False, readonly=True, groups='base.group_user',
        help="Nothing is left to deliver: all of it left, or the rest was dropped.")
    on_time_requested = fields.Selection(
        VERDICTS, string="Against Request", copy=False, readonly=True, groups='base.group_user',
        help="Whether all of it arrived not after the day first requested. Empty: nothing to measure yet.")
    on_time_first = fields.Selection(
        VERDICTS, string="Against First Promise", copy=False, readonly=True, groups='base.group_user')
    on_time_promised = fields.Selection(
        VERDICTS, string="Against Promise", copy=False, readonly=True, groups='base.group_user')
    days_late_requested = fields.Integer(
        string="Days after Request", copy=False, readonly=True, groups='base.group_user',
        help="Negative when it arrived earlier. Of what is still open: so far.")
    days_late_first = fields.Integer(
        string="Days after First Promise", copy=False, readonly=True, groups='base.group_user')
    days_late_promised = fields.Integer(
        string="Days after Promise", copy=False, readonly=True, groups='base.group_user')
    delivery_cause_id = fields.Many2one(
        'sale.delivery.change.reason', string="Cause", copy=False, readonly=True, ondelete='restrict',
        groups='base.group_user', help="Why the promise moved last, or why the line is late or was cancelled.")

    _due_idx = models.Index("(due_date) WHERE due_date IS NOT NULL")
    _ship_by_idx = models.Index(
        "(ship_by_date) WHERE promise_state IN ('open', 'promised', 'at_risk', 'late')")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {
            'confirmed_date', 'first_requested_date', 'due_date', 'ship_by_date', 'first_delivered_date',
            'delivery_closed', 'delivery_cause_id',
            *(f'on_time_{name}' for name in MEASURES), *(f'days_late_{name}' for name in MEASURES),
        }

    # === RECORDING ===#

    def _record_delivery_facts(self, dated=True):
        """Bring the facts of these lines up to date, writing only what changed; in sudo, for any number of lines.

        :param bool dated: whether to work out by when they must leave; a confirmation leaves that to the promise, or
            to the night
        """
        lines = self.sudo().filtered(lambda line: line.promise_state or line.due_date)
        today = {warehouse: warehouse._get_promise_today() for warehouse in lines._get_promise_warehouse()}
        dates = {line: line._prepare_due_dates(today.get(line._get_promise_warehouse())) for line in lines}
        measured = lines.filtered(lambda line: line._is_measured(dates[line], today.get(line._get_promise_warehouse())))
        promises = measured._get_last_promises()
        delivered = measured.filtered('delivered_date')._get_delivered_quantities()
        ways = {}
        with control_acting(self.env):
            for line, values in dates.items():
                moved = values['due_date'] != line.due_date or not line.ship_by_date
                if dated and moved and line.promise_state in WAITING_STATES:
                    values['ship_by_date'] = line._get_known_days(ways).leave_by(values['due_date'])
                values.update(line._prepare_verdicts(
                    promises.get(line.id), delivered.get(line.id, 0.0), values['first_requested_date'],
                    today.get(line._get_promise_warehouse()), ways) if line in measured else line._prepare_no_verdict())
                changed = {name: value for name, value in values.items() if (line[name] or False) != (value or False)}
                if changed:
                    line.write(changed)

    def _prepare_due_dates(self, today):
        """Say when the line is due, and from when on it is reckoned."""
        self.ensure_one()
        # What somebody enters once goods have left is no wish any more.
        requested = self.first_requested_date or not self.first_delivered_date and self.wanted_date
        due = self.promised_date or requested or self.due_date
        if not due:
            due = self._get_promise_warehouse()._get_promise_day(self._expected_date())
        return {
            'confirmed_date': self.confirmed_date or today,
            'first_requested_date': requested,
            'due_date': due,
        }

    def _get_known_days(self, ways):
        """Return the line's :class:`DeliveryDays`, reading each warehouse once.

        :param dict ways: what warehouses said before, filled as needed
        """
        warehouse = self._get_promise_warehouse()
        if warehouse not in ways:
            ways[warehouse] = warehouse._get_delivery_days()
        return self._get_delivery_days(ways[warehouse])

    def _is_measured(self, dates, today):
        """Whether there is anything to say yet: it is over, or one of its days has passed."""
        self.ensure_one()
        if self.promise_state == 'done' or self._is_cancelled_undelivered():
            return True
        targets = (dates['first_requested_date'], self.first_promised_date, self.promised_date)
        return any(target and target < today for target in targets)

    def _is_cancelled_undelivered(self):
        self.ensure_one()
        return self.order_id.state == 'cancel' and self.promise_state != 'done'

    def _prepare_verdicts(self, promise, delivered, requested, today, ways):
        """Measure the line against its three days.

        :param sale.delivery.promise promise: its last promise, or None
        :param float delivered: what left in total, in the line's unit; returns not deducted
        """
        self.ensure_one()
        cancelled = self._is_cancelled_undelivered()
        if promise and not self.promised_date and not cancelled:
            # Of an earlier life of the order: it was cancelled and confirmed again.
            promise = None
        transit = 0
        if self.delivered_date:
            transit = promise.transit_days if promise else self._get_known_days(ways).transit
        course = Course(
            closed=self.promise_state == 'done',
            in_full=self.product_uom_id.compare(delivered, self.product_uom_qty) >= 0,
            arrival=self.delivered_date and self.delivered_date + timedelta(days=transit) or None,
            cancelled=cancelled,
            by_customer=self.delivery_cause_id.kind == 'customer',
        )
        targets = {
            'requested': requested,
            'first': promise and promise.first_promised_date,
            'promised': promise and (self.promised_date or promise.promised_date),
        }
        values = {'delivery_closed': course.closed or cancelled}
        for name in MEASURES:
            values[f'on_time_{name}'], values[f'days_late_{name}'] = judge(course, targets[name] or None, today)
        return values

    @api.model
    def _prepare_no_verdict(self):
        return {
            'delivery_closed': False,
            **dict.fromkeys((f'on_time_{name}' for name in MEASURES), False),
            **dict.fromkeys((f'days_late_{name}' for name in MEASURES), 0),
        }

    # === CAUSE ===#

    def action_give_cause(self):
        """Open the form in which a planner says why these lines are late, not in full or cancelled."""
        self._check_promise_rights()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Give the Cause"),
            'res_model': 'sale.delivery.cause.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_line_ids': self.ids},
        }

    def _record_promises(self, dates, reason, *details):
        former = self.sudo()._get_former_dates()
        moved = self.sudo().filtered(lambda line: former[line.id] and former[line.id] != dates[line.id])
        result = super()._record_promises(dates, reason, *details)
        if reason and moved:
            moved._set_delivery_cause(reason)
        return result

    def _set_delivery_cause(self, reason):
        """Note why these lines are late, moved or cancelled; private: callers check who says so.

        :param sale.delivery.change.reason reason: the cause
        """
        with control_acting(self.env):
            self.sudo().write({'delivery_cause_id': reason.id})
        self._record_delivery_facts()

    def _forget_earlier_facts(self):
        """Begin anew where an order is confirmed again after it was cancelled."""
        again = self.filtered(lambda line: line.due_date and not line.promise_state)
        if again:
            names = ('delivery_cause_id', 'confirmed_date', 'first_requested_date', 'due_date', 'ship_by_date')
            with control_acting(self.env):
                again.write(dict.fromkeys(names, False))
