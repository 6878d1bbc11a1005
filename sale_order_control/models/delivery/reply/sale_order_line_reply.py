from odoo import api, fields, models

from ...order.control_memory import control_acting
from ..promise.sale_order_line import WAITING_STATES
from .sale_delivery_answer import ANSWERS, OPEN_ANSWERS


class SaleOrderLine(models.Model):
    """What the customer knows of a line's date, and what the customer said to it."""

    _inherit = 'sale.order.line'

    reply_state = fields.Selection(
        [('to_tell', "To Be Told"), ('asked', "Unanswered"), *ANSWERS],
        string="Customer's Answer", copy=False, readonly=True, groups='base.group_user',
        help="Whether the customer was told the promised date, and what the answer is.")
    replied_date = fields.Date(
        string="Date Told", copy=False, readonly=True, groups='base.group_user',
        help="The promised day that the customer was told last.")
    replied_quantity = fields.Float(
        digits='Product Unit', copy=False, readonly=True, groups='base.group_user')
    replied_parts = fields.Json(copy=False, readonly=True, groups='base.group_user')
    replied_on = fields.Date(string="Told On", copy=False, readonly=True, groups='base.group_user')
    reminded_on = fields.Date(copy=False, readonly=True, groups='base.group_user')
    wish_date = fields.Date(
        string="Asked For", copy=False, readonly=True, groups='base.group_user',
        help="The day the customer asked for when told the promised one. It changes no term of the order: a planner "
             "promises it, or does not.")
    ship_date = fields.Date(
        string="Planned Ship Date", compute='_compute_ship_date', groups='base.group_user',
        help="The day on which the goods have to leave to be there on the promised day: customers abroad are told it.")
    _reply_idx = models.Index("(reply_state, order_id) WHERE reply_state IN ('to_tell', 'asked')")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {
            'reply_state', 'replied_date', 'replied_quantity', 'replied_parts', 'replied_on', 'reminded_on',
            'wish_date',
        }

    @api.depends('promised_date')
    def _compute_ship_date(self):
        days = self.filtered('promised_date')._origin.sudo()._get_ship_dates()
        for line in self:
            line.ship_date = days.get(line._origin.id, False)

    # === FOLLOWING THE PROMISE ===#

    def _record_promises(self, dates, reason, note, parts, automatic):
        result = super()._record_promises(dates, reason, note, parts, automatic)
        lines = self.sudo()
        answered = lines.filtered(lambda line: line.reply_state in OPEN_ANSWERS)
        changed = lines.filtered(lambda line: line._is_news())
        with control_acting(self.env):
            changed.write({'reply_state': 'to_tell'})
        answered.order_id._close_answer_activities()
        changed.order_id._queue_notices()
        return result

    def _convert_promise(self, unit):
        return {
            **super()._convert_promise(unit),
            'replied_quantity': unit._compute_quantity(self.replied_quantity, self.product_uom_id, round=False),
            'replied_parts': [
                [day, unit._compute_quantity(quantity, self.product_uom_id, round=False)]
                for day, quantity in self.replied_parts or ()] or False,
        }

    def _is_news(self):
        """Whether the customer does not know what is promised now: other days, or for more than was told."""
        self.ensure_one()
        days = self.promised_date, self.promise_parts or False
        return days != (self.replied_date, self.replied_parts or False) or self.product_uom_id.compare(
            self.promised_quantity, self.replied_quantity) > 0

    def _prepare_promise_values(self, reason, note):
        values = super()._prepare_promise_values(reason, note)
        values['ship_date'] = self._get_delivery_days().leave_by(self.promised_date)
        return values

    def _set_promise_states(self, states):
        result = super()._set_promise_states(states)
        told = self.filtered('reply_state')
        over = told.filtered(lambda line: states[line.id] == 'done' and line.reply_state in ('to_tell', 'asked'))
        ended = told.filtered(lambda line: not states[line.id])
        with control_acting(self.env):
            over.write({'reply_state': False})
            # Promised again one day, it is news again.
            ended.write({
                'reply_state': False, 'replied_date': False, 'replied_quantity': 0.0, 'replied_parts': False,
                'replied_on': False, 'reminded_on': False, 'wish_date': False})
        return result

    # === TELLING ===#

    def action_reply_dates(self):
        """Tell the customers of the selected lines the dates of their orders that they do not know yet."""
        self.check_access('read')
        return self.order_id.action_reply_dates()

    def _filter_tellable(self, *states):
        """Filter the lines with a promise that still counts and of which the customer's knowledge is one of these."""
        return self.filtered(
            lambda line: line.reply_state in states and line.promised_date and line.promise_state in WAITING_STATES)

    def _get_ship_dates(self):
        """Return ``{line_id: date}``: the day on which what is promised has to leave, as the promise recorded it."""
        days = {line.id: line.promised_date for line in self}
        for promise in self._get_open_promises():
            days[promise.order_line_id.id] = promise.ship_date or promise.promised_date
        return days

    def _get_customer_parts(self, leaves):
        """Return the days that customers are told, with what comes then.

        :param bool leaves: whether they are told the day of leaving instead of arrival
        :return: ``{line: [(day, words), ...]}``
        """
        promises = self._get_open_promises().grouped('order_line_id') if leaves else {}
        result = {}
        for line in self:
            ships = promises[line]._get_ship_days() if line in promises else {}
            result[line] = [(ships.get(day, day), words) for day, words in line._get_promised_words()]
        return result

    def _mark_told(self):
        """Note that the customer knows what is promised now; private: callers record how.

        Before anything is sent: of two who tell the same at once, the second starts again and finds it told.
        """
        today = self.env['sale.order']._get_control_today()
        with control_acting(self.env):
            for line in self:
                line.write({
                    'reply_state': 'asked',
                    'replied_date': line.promised_date,
                    'replied_quantity': line.promised_quantity,
                    'replied_parts': line.promise_parts,
                    'replied_on': today,
                    'reminded_on': False,
                })
        self.flush_recordset()
