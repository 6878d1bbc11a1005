import logging
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting, control_memory
from .sale_order_line import WAITING_STATES

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """Dates that follow a promise, and the nightly look at them."""

    _inherit = 'sale.order'

    # === ONLY PLANNERS PROMISE ===#

    def write(self, vals):
        outside = self.browse()
        if 'commitment_date' in vals and not control_memory(self.env).acting:
            outside = self._check_commitment_date(fields.Datetime.to_datetime(vals['commitment_date']) or False)
        result = super().write(vals)
        if outside and not vals['commitment_date']:
            # Odoo has just set all transfers to the expected date: a promise does not vanish like that.
            outside._apply_promise_dates()
        return result

    def _check_commitment_date(self, moment):
        """Refuse that anybody but a planner's promise sets the delivery date of a confirmed order.

        :param datetime moment: what is about to be written, or False
        :return: the orders concerned, where the control only warns
        :raise UserError: where it is in force
        """
        orders = self.filtered(lambda order: order.state == 'sale' and order.commitment_date != moment)
        orders = orders._get_promise_controlled() if orders else orders
        if not orders:
            return orders
        message = self.env._(
            "The delivery date of a confirmed order is promised by a delivery planner: ask for another date there.")
        if any(order.company_id._get_control_mode('promise') == 'enforce' for order in orders):
            raise UserError(message)
        orders._control_log('promise', message=message)
        return orders

    # === ODOO'S OWN DATES ===#

    def _apply_promise_dates(self):
        """Set the order's delivery date to the last open promise and each line's transfers to the line's own.

        Odoo pushes the order's one date to the deadline of all transfers, and to nothing else: deadline
        and scheduled date are set here per line.
        """
        for order in self.sudo():
            moment = order.warehouse_id._get_promise_moment(order.promised_date) if order.promised_date else False
            if moment and order.commitment_date != moment:
                with control_acting(self.env):
                    order.write({'commitment_date': moment})
        groups = defaultdict(self.env['stock.move'].sudo().browse)
        warehouses = self.sudo().order_line._get_promise_warehouse()
        ways = {warehouse: warehouse._get_delivery_days() for warehouse in warehouses}
        for line in self.sudo().order_line.filtered(lambda line: line.promise_state in WAITING_STATES):
            way = ways.get(line._get_promise_warehouse())
            for part_day, moves in line._get_part_moves().items():
                deadline = line._get_promise_deadline(part_day)
                departure = line._get_promise_departure(way, part_day)
                for move in moves:
                    days = line.company_id.security_lead + (move.rule_id.delay or 0)
                    groups[deadline, departure - timedelta(days=days)] |= move
        for (deadline, scheduled), moves in groups.items():
            moves.write({'date_deadline': deadline, 'date': scheduled})

    def _report_promises(self, lines, former, reason=None):
        """Tell the salesperson once per order what was promised, and log it.

        :param lines: the lines just promised
        :param dict former: ``{line_id: date before, or False}``
        :param reason: why dates moved
        """
        for order in self.sudo():
            sentences = [
                order._word_promise(line, former[line.id]) for line in lines if line.order_id == order]
            message = " ".join(sentences)
            if reason:
                message += " " + self.env._("Reason: %s.", reason.name)
            # Told on the order; no copy to the one who did it.
            order.message_post(
                body=message, subtype_xmlid='mail.mt_note',
                partner_ids=(order.user_id - self.env.user).filtered('active').partner_id.ids)
            order._control_log('promise', message=message)

    def _word_promise(self, line, former):
        values = {'product': line.product_id.display_name, 'date': line._word_promised_day()}
        if former and former != line.promised_date:
            return self.env._(
                "%(product)s: promised for %(date)s instead of %(former)s.",
                former=format_date(self.env, former), **values)
        return self.env._("%(product)s: promised for %(date)s.", **values)

    # === NIGHTLY ===#

    @api.model
    def _cron_refresh_promise_states(self, limit=200):
        """Find what became late or at risk since yesterday.

        Each order is looked at once a day: an interrupted run goes on where it stopped. An order that
        fails is reported in the log and left out; the others go on.

        :param int limit: orders per transaction
        """
        today = self._get_control_today()
        domain = [
            ('promise_state', 'in', ('open', 'partial', 'promised', 'at_risk', 'late')),
            '|', ('promise_check_date', '=', False), ('promise_check_date', '<', today),
        ]
        remaining, cron = self.search_count(domain), self.env['ir.cron']
        failed = set()
        while orders := self.search([*domain, ('id', 'not in', list(failed))], limit=limit, order='id'):
            failed |= orders._refresh_chunk(today)
            remaining = max(0, remaining - len(orders))
            if not cron._commit_progress(len(orders), remaining=remaining):
                break

    def _refresh_chunk(self, today):
        """Refresh one chunk; if it fails, order by order.

        :return: ids of the orders that failed
        """
        try:
            with self.env.cr.savepoint():
                self._refresh_checked(today)
            return set()
        except Exception:
            # One order of the chunk is to blame: find it, and let the others pass.
            self.env.invalidate_all()
        failed = set()
        for order in self:
            try:
                with self.env.cr.savepoint():
                    order._refresh_checked(today)
            except Exception:
                self.env.invalidate_all()
                failed.add(order.id)
                _logger.exception("The delivery promise of order %s could not be checked.", order.id)
        return failed

    def _refresh_checked(self, today):
        self._refresh_promise_states()
        with control_acting(self.env):
            self.sudo().write({'promise_check_date': today})
