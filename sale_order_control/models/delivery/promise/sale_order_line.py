from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..atp.atp_parts import cut_parts

LINE_PROMISE_STATES = [
    ('open', "To Promise"),
    ('promised', "Promised"),
    ('at_risk', "At Risk"),
    ('late', "Late"),
    ('done', "Delivered"),
]
WAITING_STATES = ('open', 'promised', 'at_risk', 'late')


class SaleOrderLine(models.Model):
    """What a line carries of its delivery: wanted, promised, delivered."""

    _inherit = 'sale.order.line'

    promised_date = fields.Date(
        copy=False, readonly=True, groups='base.group_user',
        help="The day that was promised to the customer. Delivery planners promise; every promise stays on record.")
    first_promised_date = fields.Date(
        string="First Promise", copy=False, readonly=True, groups='base.group_user')
    promised_quantity = fields.Float(
        digits='Product Unit', copy=False, readonly=True, groups='base.group_user',
        help="What the current promise covers, in the unit of the line.")
    promise_parts = fields.Json(
        copy=False, readonly=True, groups='base.group_user',
        help="Where it is promised in parts: day and quantity of each, in the unit of the line.")
    promise_revision = fields.Integer(
        string="Promises", copy=False, readonly=True, groups='base.group_user',
        help="How many dates were promised for the line so far.")
    promise_state = fields.Selection(
        LINE_PROMISE_STATES, string="Delivery", copy=False, readonly=True, groups='base.group_user',
        help="Empty while no promise is asked for: quotations, services, or the control is off.")
    delivered_date = fields.Date(
        string="Last Delivered On", copy=False, readonly=True, groups='base.group_user',
        help="The day on which goods of the line last left to the customer. Returns do not count.")
    promise_ids = fields.One2many(
        'sale.delivery.promise', 'order_line_id', string="Promise History", groups='base.group_user')
    wanted_date = fields.Date(
        string="Wanted", compute='_compute_wanted_date', groups='base.group_user',
        help="The line's requested date, or else the order's, or else the delivery date entered on the quotation.")
    _waiting_promise_idx = models.Index(
        "(promise_state, order_id) WHERE promise_state IN ('open', 'promised', 'at_risk', 'late')")
    _unmoved_idx = models.Index("(product_id) WHERE control_procurement_held")
    _quotation_product_idx = models.Index("(product_id) WHERE state IN ('draft', 'sent')")

    @api.depends(
        'requested_date', 'order_id.requested_date', 'order_id.commitment_date', 'order_id.promised_date',
        'promise_revision', 'first_requested_date')
    def _compute_wanted_date(self):
        for line in self:
            order = line.order_id
            day = line.requested_date or order.requested_date
            if not day and order.commitment_date and not order.promised_date and not line.promise_revision:
                # Nobody has promised it: what a salesperson entered there is what the customer wants.
                day = line._get_promise_warehouse()._get_promise_day(order.commitment_date)
            line.wanted_date = day or line.first_requested_date

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {
            'promised_date', 'first_promised_date', 'promised_quantity', 'promise_parts', 'promise_revision',
            'promise_state', 'delivered_date', 'promise_ids',
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_promised(self):
        if self.sudo().promise_ids:
            raise UserError(self.env._(
                "A line that was promised keeps its record and cannot be deleted. Set its quantity to 0 instead."))

    def _filter_deliverable(self):
        """Filter the lines that ask for goods: no services, notes, down payments or expenses."""
        return self.filtered(
            lambda line: not line.display_type and not line.is_downpayment and not line.is_expense
            and line.product_id.type == 'consu' and line.product_uom_qty > 0)

    def _get_promised_parts(self, unit=None):
        """Return ``((day, quantity), ...)`` where the line is promised in parts, earliest first; else nothing.

        :param unit: unit of measure of the quantities; the line's own by default
        """
        self.ensure_one()
        return tuple(
            (fields.Date.to_date(day),
             self.product_uom_id._compute_quantity(quantity, unit, round=False) if unit else quantity)
            for day, quantity in cut_parts(self.promise_parts or (), self.product_uom_qty))

    def _get_due_day(self, delivered):
        """Return the promised day of the next thing to deliver: of parts, the first that is not delivered.

        :param float delivered: what left in total, in the line's unit
        """
        self.ensure_one()
        reached = 0.0
        for day, quantity in self._get_promised_parts():
            reached += quantity
            if self.product_uom_id.compare(delivered, reached) < 0:
                return day
        return self.promised_date

    def _get_promise_deadline(self, part_day=None):
        """Return the UTC datetime by which what is left of the line should be with the customer.

        The promised day; before there is one, the wanted day, or else what Odoo expects by lead time.

        :param date part_day: day of the part in question, where the line is promised in parts
        """
        self.ensure_one()
        day = part_day or self.promised_date or self.wanted_date
        return self._get_promise_warehouse()._get_promise_moment(day) if day else self._expected_date()

    def _get_promise_departure(self, days=None, part_day=None):
        """Return the UTC datetime by which it should leave for that: earlier by the days on the way.

        :param days: what ``_get_delivery_days`` of the warehouse returned, for a caller with many lines
        :param date part_day: see :meth:`_get_promise_deadline`
        """
        self.ensure_one()
        day, warehouse = part_day or self.promised_date or self.wanted_date, self._get_promise_warehouse()
        if not day:
            return self._expected_date()
        return warehouse._get_promise_moment(self._get_delivery_days(days).leave_by(day))

    def _get_delivery_days(self, days=None):
        """Return the :class:`DeliveryDays` of the line's warehouse and delivery address."""
        self.ensure_one()
        country = self.order_id.partner_shipping_id.country_id
        return (days or self._get_promise_warehouse()._get_delivery_days())(country.id)

    def _get_promise_warehouse(self):
        """Return where these lines are delivered from: the order's warehouse, unless a route says another."""
        return self.warehouse_id | self.filtered(lambda line: not line.warehouse_id).order_id.warehouse_id

    def _prepare_procurement_values(self):
        values = super()._prepare_procurement_values()
        if self.sudo().promised_date:
            # Goods ordered on top follow the line's promise, not the order's last date.
            line = self.sudo()
            values['date_deadline'] = line._get_promise_deadline()
            values['date_planned'] = line._get_promise_departure() - timedelta(
                days=self.order_id.company_id.security_lead)
        return values
