from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...order.control_memory import control_memory

PROMISE_STATES = [
    ('confirmed', "Promised"),
    ('superseded', "Superseded"),
    ('kept', "Kept"),
    ('broken', "Not Kept"),
    ('withdrawn', "Withdrawn"),
]

# What happens to a promise after it was made. Everything else of a row is said once and for all.
COURSE_FIELDS = frozenset({
    'state', 'actual_date', 'delivered_quantity', 'days_late', 'days_late_first', 'days_late_requested',
})


class SaleDeliveryPromise(models.Model):
    """Ledger of promises: one row per order line and revision.

    What was promised never changes: who, when, which date, for which quantity, why. Only the course of
    the promise is added by the system: *superseded* by the next revision, *withdrawn* because the order
    was cancelled or the line was reduced to nothing, *kept* (in full, not after the promised day) or
    *not kept* (late, or the rest was never delivered). What left arrives after the days on the way.
    """

    _name = 'sale.delivery.promise'
    _description = "Delivery Promise"
    _order = 'id desc'
    _rec_name = 'order_line_id'

    order_line_id = fields.Many2one(
        'sale.order.line', required=True, readonly=True, ondelete='restrict')
    order_id = fields.Many2one(
        'sale.order', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    partner_id = fields.Many2one('res.partner', string="Customer", related='order_id.partner_id')
    product_id = fields.Many2one('product.product', required=True, readonly=True)
    product_uom_id = fields.Many2one('uom.uom', string="Unit", required=True, readonly=True)
    revision = fields.Integer(required=True, readonly=True, help="1 is the first promise of the line.")
    quantity = fields.Float(
        digits='Product Unit', readonly=True, help="What was promised, in the unit of the order line.")
    requested_date = fields.Date(readonly=True, help="What the customer wanted when the promise was made.")
    first_promised_date = fields.Date(
        string="First Promise", readonly=True, help="The line's first promise since the order was confirmed.")
    promised_date = fields.Date(required=True, readonly=True)
    transit_days = fields.Integer(
        string="Days on the Way", readonly=True,
        help="So many days before the promised one the goods had to leave, as it was known when it was promised.")
    reason_id = fields.Many2one(
        'sale.delivery.change.reason', readonly=True, ondelete='restrict',
        help="Why the date moved away from the former promise.")
    note = fields.Char(readonly=True)
    user_id = fields.Many2one('res.users', string="Promised By", required=True, readonly=True)
    is_automatic = fields.Boolean(
        string="By the System", readonly=True,
        help="Promised by the system on behalf of the user who confirmed the order, or of the planner's settings.")
    part_ids = fields.One2many('sale.delivery.promise.part', 'promise_id', string="In Parts", readonly=True)
    state = fields.Selection(PROMISE_STATES, required=True, readonly=True, default='confirmed', index=True)
    actual_date = fields.Date(
        string="Delivered On", readonly=True, help="The day on which the last of it left. Returns do not count.")
    delivered_quantity = fields.Float(
        string="Delivered", digits='Product Unit', readonly=True,
        help="What left in total, in the unit of the order line. Returns are not deducted.")
    days_late = fields.Integer(
        string="Days after Promise", readonly=True, aggregator='avg', help="Negative when it left earlier.")
    days_late_first = fields.Integer(string="Days after First Promise", readonly=True, aggregator='avg')
    days_late_requested = fields.Integer(
        string="Days after Request", readonly=True, aggregator='avg', help="0 where no date was requested.")

    _revision_unique = models.UniqueIndex(
        '(order_line_id, revision)', "A revision of a promise exists only once.")
    _revision_positive = models.Constraint(
        'CHECK (revision > 0)', "The revision of a promise starts at 1.")

    @api.model_create_multi
    def create(self, vals_list):
        if not control_memory(self.env).recording:
            raise UserError(self.env._("A promise is made with the planner's actions, not written directly."))
        return super().create(vals_list)

    def write(self, vals):
        # Memory instead of a context key: only the add-on's own code can open it.
        if not (self.env.su and control_memory(self.env).acting and vals.keys() <= COURSE_FIELDS):
            raise UserError(self.env._("A promise cannot be rewritten. Promise again: both stay on record."))
        return super().write(vals)

    def unlink(self):
        raise UserError(self.env._("A promise cannot be deleted: it stays on record."))

    def _prepare_outcome(self, delivered, last_date):
        """Judge one open promise now that nothing is left to deliver.

        :param float delivered: what left in total, in the line's unit; returns not deducted
        :param date last_date: the day on which the last of it left, or False
        :return: values of the course fields
        """
        self.ensure_one()
        line = self.order_line_id
        promised = self.product_uom_id._compute_quantity(self.quantity, line.product_uom_id, round=False)
        in_full = line.product_uom_id.compare(delivered, min(promised, line.product_uom_qty)) >= 0

        arrival = last_date and last_date + timedelta(days=self.transit_days)

        def days_after(date):
            return (arrival - date).days if arrival and date else 0

        return {
            'state': 'kept' if in_full and arrival and arrival <= self.promised_date else 'broken',
            'actual_date': last_date,
            'delivered_quantity': line.product_uom_id._compute_quantity(delivered, self.product_uom_id, round=False),
            'days_late': days_after(self.promised_date),
            'days_late_first': days_after(self.first_promised_date),
            'days_late_requested': days_after(self.requested_date),
        }
