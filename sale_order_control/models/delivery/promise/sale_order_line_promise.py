from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting, control_recording

# Nobody promises a day so many years ahead: it is a slip of the pen.
FAR_YEARS = 10


class SaleOrderLine(models.Model):
    """Promising: what planners do, and what becomes of it."""

    _inherit = 'sale.order.line'

    # === ACTION METHODS ===#

    def action_promise_proposed(self):
        """Promise every selected line its proposed date, and list the others with reasons.

        :return: a client action that says what happened
        :raise AccessError: unless a delivery planner asks
        :raise UserError: with all reasons, if nothing could be promised
        """
        self._check_promise_rights()
        result = self._accept_proposals()
        result['params']['next'] = {'type': 'ir.actions.client', 'tag': 'soft_reload'}
        return result

    def action_promise_other(self):
        """Open the wizard that promises the selected lines another date."""
        self._check_promise_rights()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Promise Another Date"),
            'res_model': 'sale.delivery.promise.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_line_ids': self.ids},
        }

    def action_view_promises(self):
        """Open the ledger of the selected lines."""
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Promises"),
            'res_model': 'sale.delivery.promise',
            'view_mode': 'list,form',
            'domain': [('order_line_id', 'in', self.ids)],
        }

    def _check_promise_rights(self):
        """Only delivery planners promise, and only on lines they may read."""
        if not self.env.user.has_group('sale_order_control.group_delivery_planner'):
            raise AccessError(self.env._("Only delivery planners promise delivery dates."))
        self.check_access('read')

    # === CRUD METHODS ===#

    def write(self, vals):
        if 'product_uom_id' not in vals:
            return super().write(vals)
        former = {line: line.product_uom_id for line in self.sudo().filtered('promised_quantity')}
        result = super().write(vals)
        changed = self.sudo().filtered(lambda line: line in former and line.product_uom_id != former[line])
        with control_acting(self.env):
            for line in changed:
                line.write(line._convert_promise(former[line]))
        changed.order_id._refresh_promise_states()
        return result

    def _convert_promise(self, unit):
        """Return what was promised in another unit, in the line's: the promise stays what it was."""
        self.ensure_one()

        def convert(quantity):
            return unit._compute_quantity(quantity, self.product_uom_id, round=False)

        return {
            'promised_quantity': convert(self.promised_quantity),
            'promise_parts': [[day, convert(quantity)] for day, quantity in self.promise_parts or ()] or False,
        }

    # === PROMISING ===#

    def _promise(self, dates, reason=None, note=None, parts=None, automatic=False):
        """Promise dates: ledger, lines, orders and transfers follow, the salesperson is told once.

        Private: callers check who may. Any number of lines of any number of orders.

        :param dict dates: ``{line_id: date}`` for every line of ``self``
        :param sale.delivery.change.reason reason: why a date moves; mandatory where one does
        :param str note: free words for the record
        :param dict parts: ``{line_id: ((date, quantity), ...)}`` of lines promised in parts, the last on their date
        :param bool automatic: whether the system promises on behalf of the user
        :return: the lines that come too late for a policy: they wait for approval, the others are promised
        :raise UserError: if a line cannot be promised, with nothing written
        """
        lines, parts = self.sudo(), parts or {}
        lines._check_promise(dates, reason)
        lines._check_promise_parts(dates, parts)
        asked = lines._ask_for_later_dates(dates, reason, note, parts, automatic)
        if lines != asked:
            (lines - asked)._record_promises(dates, reason, note, parts, automatic)
        return asked

    def _record_promises(self, dates, reason, note, parts, automatic):
        """Write promises that may be made: see :meth:`_promise`."""
        lines = self.sudo()
        # Who has read supply before a rival promised from it starts again.
        lines._take_promise_turn()
        former = lines._get_former_dates()
        with control_acting(self.env):
            for line in lines:
                line.write({
                    'promised_date': dates[line.id],
                    'first_promised_date': line.first_promised_date or dates[line.id],
                    'promised_quantity': line.product_uom_qty,
                    'promise_parts': [
                        [fields.Date.to_string(day), quantity] for day, quantity in parts.get(line.id, ())] or False,
                    'promise_revision': line.promise_revision + 1,
                })
            # The lines' rows first: of two planners at the same instant, the second starts again and
            # sees the revision of the first.
            lines.flush_recordset()
            lines._get_open_promises().write({'state': 'superseded'})
            with control_recording(self.env):
                promises = self.env['sale.delivery.promise'].sudo().create([{
                    **line._prepare_promise_values(
                        former[line.id] != dates[line.id] and former[line.id] and reason, note),
                    'is_automatic': automatic,
                } for line in lines])
            promises._record_parts()
        orders = lines.order_id
        lines._split_part_moves()
        orders._refresh_promise_states()
        orders._apply_promise_dates()
        orders._report_promises(lines, former, reason)
        moved = lines.filtered(lambda line: former[line.id] and former[line.id] != line.promised_date)
        moved.order_id._control_event('promise_changed')
        lines.filtered(lambda line: not former[line.id]).order_id._control_event('promised')

    def _check_promise(self, dates, reason):
        waiting, former = self.order_id._get_promise_controlled(), self._get_former_dates()
        self._get_promise_warehouse()._check_promise_setup()
        for line in self:
            order = line.order_id
            if order not in waiting:
                raise UserError(self.env._(
                    "%s is not waiting for delivery dates: only confirmed orders under promise control are.",
                    order.display_name))
            if not line._filter_deliverable() or line.promise_state == 'done':
                raise UserError(self.env._(
                    "There is nothing left to deliver of %(line)s (%(order)s).",
                    line=line.product_id.display_name, order=order.display_name))
            date = dates[line.id]
            if not date or date < line._get_promise_today():
                raise UserError(self.env._(
                    "%(line)s (%(order)s) cannot be promised for a day in the past.",
                    line=line.product_id.display_name, order=order.display_name))
            if date.year > line._get_promise_today().year + FAR_YEARS:
                raise UserError(self.env._(
                    "%(line)s (%(order)s) would be promised for %(date)s: correct the year.",
                    line=line.product_id.display_name, order=order.display_name, date=format_date(self.env, date)))
            if line.confirmed_date and date < line.confirmed_date:
                raise UserError(self.env._(
                    "%(line)s (%(order)s) cannot be promised for a day before the order, which was confirmed on "
                    "%(confirmed)s.", line=line.product_id.display_name, order=order.display_name,
                    confirmed=format_date(self.env, line.confirmed_date)))
            if former[line.id] and former[line.id] != date and not reason:
                raise UserError(self.env._(
                    "%(line)s (%(order)s) was promised for %(date)s. Give the reason why it moves.",
                    line=line.product_id.display_name, order=order.display_name,
                    date=format_date(self.env, former[line.id])))

    def _get_former_dates(self):
        """Return ``{line_id: date promised last, or False}``.

        Also of lines that were reduced to nothing and wait again: taking the quantity away and putting it back moves
        no date without a reason.
        """
        former = {line.id: line.promised_date for line in self}
        waiting = self.filtered(lambda line: line.first_promised_date and not line.promised_date)
        if waiting:
            former.update((line_id, promise.promised_date) for line_id, promise in waiting._get_last_promises().items())
        return former

    def _prepare_promise_values(self, reason, note):
        self.ensure_one()
        return {
            'order_line_id': self.id,
            'order_id': self.order_id.id,
            'company_id': self.order_id.company_id.id,
            'product_id': self.product_id.id,
            'product_uom_id': self.product_uom_id.id,
            'revision': self.promise_revision,
            'quantity': self.promised_quantity,
            'requested_date': self.wanted_date,
            'first_promised_date': self.first_promised_date,
            'promised_date': self.promised_date,
            'transit_days': self._get_delivery_days().transit,
            'reason_id': reason.id if reason else False,
            'note': note,
            'user_id': self.env.uid,
            'state': 'confirmed',
        }

    def _get_open_promises(self):
        """Return the promises of these lines that are neither kept, broken, superseded nor withdrawn."""
        return self.env['sale.delivery.promise'].sudo().search([
            ('order_line_id', 'in', self.ids), ('state', '=', 'confirmed')])

    def _get_last_promises(self):
        """Return ``{line_id: last promise}`` of these lines, in one query."""
        promises = self.env['sale.delivery.promise'].sudo().search(
            [('order_line_id', 'in', self.filtered('promise_revision').ids)], order='revision')
        return {promise.order_line_id.id: promise for promise in promises}

    # === WHAT BECOMES OF IT ===#

    def _get_promise_states(self):
        """Tell where each line of confirmed orders under promise control stands.

        :return: ``{line_id: state or False}``
        """
        lines = self._filter_deliverable()
        delivered, counts = lines._get_delivered_quantities(), lines._get_transfer_counts()
        states, pending = dict.fromkeys(self.ids, False), self.browse()
        for line in lines:
            today = line._get_promise_today()
            opened, total = counts[line.id]
            compare = line.product_uom_id.compare
            if compare(delivered[line.id], line.product_uom_qty) >= 0 or total and not opened:
                states[line.id] = 'done'
            elif not line.promised_date or compare(line.promised_quantity, line.product_uom_qty) < 0:
                states[line.id] = 'open'
            elif line._get_due_day(delivered[line.id]) < today:
                states[line.id] = 'late'
            else:
                pending += line
        at_risk = pending._get_lines_at_risk()
        states.update((line.id, 'at_risk' if line in at_risk else 'promised') for line in pending)
        return states

    def _set_promise_states(self, states):
        """Write the states that changed and record how promises ended.

        :param dict states: ``{line_id: state or False}`` for every line of ``self``
        """
        changed = self.filtered(lambda line: (line.promise_state or False) != states[line.id])
        by_state = defaultdict(self.browse)
        for line in changed:
            by_state[states[line.id]] += line
        # What left while the control was off for a time was not noted then.
        by_state['done'].filtered(lambda line: not line.delivered_date)._record_delivery_dates()
        by_state['done']._record_outcomes()
        by_state[False]._withdraw_promises()
        with control_acting(self.env):
            for state, lines in by_state.items():
                lines.write({'promise_state': state})

    def _record_outcomes(self):
        """Close the open promises of lines of which nothing is left to deliver: kept or not, and by how much."""
        promises = self._get_open_promises()
        if not promises:
            return
        delivered, missed = self._get_delivered_quantities(), self._find_missed_parts()
        with control_acting(self.env):
            for promise in promises:
                line = promise.order_line_id
                outcome = promise._prepare_outcome(delivered[line.id], line.delivered_date)
                if line in missed:
                    outcome['state'] = 'broken'
                promise.write(outcome)

    def _withdraw_promises(self):
        """End the open promises of lines that nobody waits for any more; the ledger keeps them."""
        promises = self._get_open_promises() if self else self.env['sale.delivery.promise']
        with control_acting(self.env):
            promises.write({'state': 'withdrawn'})
            self.filtered('promised_date').write({
                'promised_date': False, 'promised_quantity': 0.0, 'promise_parts': False})
