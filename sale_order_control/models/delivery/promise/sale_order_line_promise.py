from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting, control_memory, control_recording


class SaleOrderLine(models.Model):
    """Promising: what planners do, and what becomes of it."""

    _inherit = 'sale.order.line'

    # === ACTION METHODS ===#

    def action_promise_proposed(self):
        """Promise every selected line its proposed date; lines promised for another date are left out.

        :return: a client action that says what happened
        :raise AccessError: unless a delivery planner asks
        :raise UserError: if nothing could be promised
        """
        self._check_promise_rights()
        self.sudo().order_id.warehouse_id._check_promise_setup()
        self._take_promise_turn()
        proposals = self._get_promise_proposals()
        waiting = self.filtered(lambda line: line.promise_state == 'open' and line.id in proposals)
        # Moving a date needs a reason, which a mass action cannot know.
        moved = waiting.filtered(lambda line: line.promised_date and line.promised_date != proposals[line.id])
        accepted = waiting - moved
        if not accepted:
            raise UserError(self.env._(
                "There is nothing to promise here. Select lines that wait for a promise; to move a date, "
                "use “Promise Another Date” and give a reason."))
        asked = accepted._promise(
            {line.id: proposals[line.id] for line in accepted}, parts=accepted._get_agreed_proposals(proposals))
        left = len(self) - len(accepted)
        message = self.env._("Lines promised: %s.", len(accepted) - len(asked))
        if asked:
            message += " " + self.env._(
                "Lines that wait for approval, being later than a policy allows: %s.", len(asked))
        if left:
            message += " " + self.env._(
                "Left as they are, because promised already, delivered, or moved without a reason: %s.", left)
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': message,
                'type': 'warning' if left else 'success',
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

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
        former = {line.id: line.promised_date for line in lines}
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
        waiting = self.order_id._get_promise_controlled()
        self.order_id.warehouse_id._check_promise_setup()
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
            if not date or date < order.warehouse_id._get_promise_today():
                raise UserError(self.env._(
                    "%(line)s (%(order)s) cannot be promised for a day in the past.",
                    line=line.product_id.display_name, order=order.display_name))
            if line.confirmed_date and date < line.confirmed_date:
                raise UserError(self.env._(
                    "%(line)s (%(order)s) cannot be promised for a day before the order, which was confirmed on "
                    "%(confirmed)s.", line=line.product_id.display_name, order=order.display_name,
                    confirmed=format_date(self.env, line.confirmed_date)))
            if line.promised_date and line.promised_date != date and not reason:
                raise UserError(self.env._(
                    "%(line)s (%(order)s) was promised for %(date)s. Give the reason why it moves.",
                    line=line.product_id.display_name, order=order.display_name,
                    date=format_date(self.env, line.promised_date)))

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

    # === WHAT BECOMES OF IT ===#

    def _get_delivered_quantities(self):
        """Return ``{line_id: quantity}`` that left to customers, in the line's unit, returns not deducted.

        A transfer that takes returned goods to the customer again is no delivery of its own.
        """
        delivered = dict.fromkeys(self.ids, 0.0)
        groups = self.env['stock.move'].sudo()._read_group([
            ('sale_line_id', 'in', self.ids),
            ('state', '=', 'done'),
            ('location_dest_id.usage', '=', 'customer'),
            ('location_id.usage', '!=', 'customer'),
            ('origin_returned_move_id', '=', False),
        ], ['sale_line_id', 'product_uom'], ['quantity:sum'])
        for line, unit, quantity in groups:
            delivered[line.id] += unit._compute_quantity(quantity, line.product_uom_id, round=False)
        return delivered

    def _get_transfer_counts(self):
        """Return ``{line_id: (open, all)}``: how many moves towards the customer are open, and exist."""
        counts = defaultdict(lambda: (0, 0))
        groups = self.env['stock.move'].sudo()._read_group([
            ('sale_line_id', 'in', self.ids),
            ('location_id.usage', '!=', 'customer'),
            ('origin_returned_move_id', '=', False),
        ], ['sale_line_id', 'state'], ['__count'])
        for line, state, count in groups:
            opened, total = counts[line.id]
            counts[line.id] = (opened + (0 if state in ('done', 'cancel') else count), total + count)
        return counts

    def _get_promise_states(self):
        """Tell where each line of confirmed orders under promise control stands.

        :return: ``{line_id: state or False}``
        """
        lines = self._filter_deliverable()
        delivered, counts = lines._get_delivered_quantities(), lines._get_transfer_counts()
        states, pending = dict.fromkeys(self.ids, False), self.browse()
        for line in lines:
            today = line.order_id.warehouse_id._get_promise_today()
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
                'promised_date': False, 'first_promised_date': False, 'promised_quantity': 0.0,
                'promise_parts': False})

    def _record_delivery_dates(self):
        """Note on which days goods of these lines first and last left."""
        groups = self.env['stock.move'].sudo()._read_group([
            ('sale_line_id', 'in', self.ids),
            ('state', '=', 'done'),
            ('location_dest_id.usage', '=', 'customer'),
            ('location_id.usage', '!=', 'customer'),
            ('origin_returned_move_id', '=', False),
        ], ['sale_line_id'], ['date:min', 'date:max'])
        # A replay delivers on its own day, whatever the clock says.
        simulated = control_memory(self.env).today
        with control_acting(self.env):
            for line, *moments in groups:
                first, last = (
                    simulated or line.order_id.warehouse_id._get_promise_day(fields.Datetime.to_datetime(moment))
                    for moment in moments)
                line.write({'first_delivered_date': line.first_delivered_date or first, 'delivered_date': last})
