from dataclasses import replace
from datetime import datetime
from math import ceil, inf

from odoo import api, fields, models
from odoo.tools import format_date

from .atp import get_ready_day
from .atp_reader import Ask
from .atp_shortage import find_shortage


class SaleOrderLine(models.Model):
    """When what is left of a line can be there, what that leans on, and how sure it is."""

    _inherit = 'sale.order.line'

    proposed_date = fields.Date(
        string="Proposal", compute='_compute_atp', groups='base.group_user',
        help="The wanted date where it can be kept, otherwise the earliest safe date: stock and expected "
             "receipts less what others are waiting for, or else the lead time.")
    earliest_date = fields.Date(
        string="Earliest", compute='_compute_atp', groups='base.group_user',
        help="The first day on which all of it can be there without making another promise fail. Empty: nothing known "
             "brings all of it, and no lead time says how long that takes.")
    atp_confidence = fields.Char(
        string="Confidence", compute='_compute_atp', groups='base.group_user',
        help="How often the suppliers and operations it leans on were in time for the proposed day, over the last "
             "twelve months; the least punctual counts. Empty: too little is known.")
    atp_summary = fields.Char(
        string="Leans On", compute='_compute_atp', groups='base.group_user',
        help="What the proposal leans on: stock, expected receipts, or the lead time alone.")

    shortage_summary = fields.Char(
        string="Shortage", compute='_compute_atp', groups='base.group_user',
        help="What is not there on the promised day, or else on the wanted one, and until when.")

    @api.depends(
        'product_id', 'product_uom_qty', 'product_uom_id', 'qty_delivered', 'requested_date', 'customer_lead',
        'warehouse_id', 'route_ids', 'promised_date', 'order_id.requested_date', 'order_id.warehouse_id',
        'order_id.partner_shipping_id.country_id')
    def _compute_atp(self):
        asking = self.filtered(lambda line: line._is_atp_shown())
        outlooks = asking._get_atp_outlooks()
        for line in self:
            outlook = outlooks.get(line.id, {})
            line.proposed_date = outlook.get('proposed', False)
            line.earliest_date = outlook.get('earliest', False)
            line.atp_confidence = outlook.get('confidence', False)
            line.atp_summary = outlook.get('summary', False)
            line.shortage_summary = outlook.get('shortage', False)

    def _is_atp_shown(self):
        """Whether dates are worked out for the line at all: not while the company promises none."""
        self.ensure_one()
        return self.order_id.company_id._get_control_mode('promise') != 'off' if self.order_id.company_id else False

    # === SCHEDULE ===#

    def _get_atp_schedule(self):
        """Tell when which part of what is left to deliver can be there, as early as possible.

        Read with full rights: what can be promised must not depend on which stock the asker may see.

        :return: ``{line_id: [ScheduleLine(date, quantity, source), ...]}`` for the lines that ask for
            goods; quantities in the line's unit, together what is left to deliver. Each also says what it
            leans on (``pegs``) and how sure that is (``confidence``)
        """
        demands, schedules = self._plan_atp()
        reliability = self._get_reliability(schedules)
        result = {}
        for line in self.filtered(lambda line: line.id in schedules).sudo():
            unit, days = line.product_id.uom_id, demands[line.id].days
            result[line.id] = [
                replace(
                    part, quantity=unit._compute_quantity(part.quantity, line.product_uom_id, round=False),
                    confidence=reliability.get_confidence([part], days.needed(part.date)))
                for part in schedules[line.id]
            ]
        return result

    def _get_atp_outlooks(self):
        """Word the schedule of each line for screens.

        Proposed is the wanted day if it can be kept, else the earliest safe one; nothing where nobody knows.

        :return: ``{line_id: {'proposed': date or False, 'earliest': date or False, 'confidence': '92 %' or
            False, 'summary': str, 'doubtful': whether no known supply is behind it, 'shortage': str or False}}``
        """
        demands, schedules = self._plan_atp()
        reliability = self._get_reliability(schedules)
        result = {}
        for line in self.filtered(lambda line: line.id in schedules):
            demand, schedule = demands[line.id], schedules[line.id]
            proposed = get_ready_day(demand, schedule)
            share = reliability.get_confidence(schedule, demand.days.needed(proposed))
            # Without any lead time, the day of what nothing covers is a formality: not one to tell a customer.
            told = demand.knows_lead() or all(part.source != 'lead_time' for part in schedule)
            result[line.id] = {
                'proposed': proposed if told else False,
                'earliest': max(part.date for part in schedule) if told else False,
                'confidence': False if share is None else f"{round(100 * share)} %",
                'summary': line._word_schedule(schedule, told),
                'doubtful': any(part.source == 'lead_time' for part in schedule),
                'shortage': line._word_shortage(find_shortage(demand, schedule, line._get_promise_today())),
            }
        return result

    def _word_shortage(self, shortage):
        """Say what is missing and until when, or False if nothing is.

        :param Shortage shortage: in the product's unit, or None
        """
        if not shortage:
            return False
        values = {'quantity': self._format_atp_quantity(shortage.missing)}
        if not shortage.ready:
            return self.env._("Short by %(quantity)s, nothing known brings it", **values)
        return self.env._(
            "Short by %(quantity)s until %(date)s", date=format_date(self.env, shortage.ready), **values)

    def _get_promise_today(self):
        """Return today as the calendar in the line's warehouse says."""
        self.ensure_one()
        return self.sudo()._get_promise_warehouse()._get_promise_today()

    def _word_schedule(self, schedule, lead_known):
        """Say in one sentence what a schedule leans on; nothing a salesperson may not know.

        :param bool lead_known: whether a lead time says when the rest comes
        """
        self.ensure_one()
        words = []
        for part in schedule:
            names = ", ".join(dict.fromkeys(peg.name for peg in part.pegs if peg.name))
            values = {
                'quantity': self._format_atp_quantity(part.quantity),
                'date': format_date(self.env, part.date),
                'names': names,
            }
            if part.source == 'stock':
                words.append(self.env._("%(quantity)s from stock", **values))
            elif part.source == 'lead_time' and not lead_known:
                words.append(self.env._("%(quantity)s that nothing known covers", **values))
            elif part.source == 'lead_time':
                words.append(self.env._("%(quantity)s by lead time alone, %(date)s", **values))
            elif names:
                words.append(self.env._("%(quantity)s with %(names)s, %(date)s", **values))
            else:
                words.append(self.env._("%(quantity)s with an expected receipt, %(date)s", **values))
        return "; ".join(words)

    def _format_atp_quantity(self, quantity):
        """Write a quantity of the product's unit in the line's unit, without needless digits."""
        unit = self.sudo().product_id.uom_id
        return f"{unit._compute_quantity(quantity, self.product_uom_id, round=False):.10g}"

    # === ASKING ===#

    def _plan_atp(self):
        """Plan these lines, and with them what wants the same goods and comes first: the other lines of a quotation,
        confirmed lines that wait for a promise as well.

        :return: ``({line_id: Demand}, {line_id: [ScheduleLine, ...]})``, quantities in the products' units
        """
        lines = self.sudo()
        lines |= lines.order_id.filtered(lambda order: order.state in ('draft', 'sent')).order_line
        lines |= lines._get_rival_lines()
        lines = lines._filter_deliverable().filtered(lambda line: line._is_anything_left())
        lines = lines.sorted(lambda line: (
            line.order_id.date_order or datetime.max, line.order_id._origin.id or inf,
            line.sequence, line._origin.id or inf))
        return self.env['sale.delivery.atp']._schedule(
            [line._prepare_ask() for line in lines], lines._origin.ids)

    def _get_rival_lines(self):
        """Return the confirmed lines that wait for a promise of the same goods, where one of these does.

        First come, first served: what one of them is told must not depend on who else is asked at the same time.
        """
        waiting = self.filtered(lambda line: line.promise_state == 'open')
        if not waiting:
            return waiting
        return self.search([
            ('promise_state', '=', 'open'), ('state', '=', 'sale'), ('product_id', 'in', waiting.product_id.ids),
            ('id', 'not in', self._origin.ids), ('warehouse_id', 'in', waiting._get_promise_warehouse().ids)])

    def _prepare_ask(self):
        """Return the :class:`Ask` of what is left to deliver of the line."""
        self.ensure_one()
        product, order = self.product_id, self.order_id
        return Ask(
            key=self.id,
            product=product,
            warehouse=self._get_promise_warehouse(),
            quantity=self.product_uom_id._compute_quantity(self.left_quantity, product.uom_id, round=False),
            country=order.partner_shipping_id.country_id,
            routes=self.route_ids,
            wanted=self.wanted_date or None,
            promised=self.promised_date or None,
            promises=self._get_promised_parts(product.uom_id),
            lead_days=max(0, ceil(self.customer_lead or product.sale_delay or 0)),
            line_id=self._origin.id,
        )

    def _get_reliability(self, schedules):
        """Read the lateness history of all that schedules lean on."""
        keys = {peg.history for lines in schedules.values() for part in lines for peg in part.pegs}
        return self.env['sale.delivery.atp']._read_reliability(
            keys - {None}, self.env['sale.order']._get_control_today())

    # === AT RISK ===#

    def _get_lines_at_risk(self):
        """Filter promised lines whose day is threatened: it is earlier than what it leans on.

        A line is safe when all of it is reserved or on its way for it in time, or when stock and receipts up
        to its day cover everything that is due until then, itself included.
        """
        lines = self.sudo().filtered(lambda line: line.promised_date and line._is_anything_left())
        uncovered = self.env['sale.delivery.atp']._get_uncovered([line._prepare_ask() for line in lines], lines.ids)
        return lines.filtered(lambda line: line.id in uncovered)
