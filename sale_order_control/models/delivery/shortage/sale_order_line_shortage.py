from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...order.control_fix import round_down
from ...order.control_words import word_days
from ..atp.atp import get_ready_day
from ..atp.atp_shortage import find_shortage
from .shortage_choice import ShortageChoice

SHORTAGE_STATES = [
    ('offered', "Customer Is Asked"),
    ('agreed', "Customer Agrees"),
]


class SaleOrderLine(models.Model):
    """What a line is short of, and the ways out of it."""

    _inherit = 'sale.order.line'

    shortage_state = fields.Selection(
        SHORTAGE_STATES, string="Shortage Answer", copy=False, readonly=True, groups='base.group_user',
        help="Where the customer is asked about a shortage: whether the answer is still to come, or to be carried out.")
    agreed_parts = fields.Json(
        copy=False, readonly=True, groups='base.group_user',
        help="Parts the customer agreed to while it was a quotation: proposed once the order is confirmed.")
    shortage_resolution_ids = fields.One2many(
        'sale.shortage.resolution', 'order_line_id', string="Shortage Resolutions", groups='base.group_user')

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'shortage_state', 'agreed_parts', 'shortage_resolution_ids'}

    # === ACTION METHODS ===#

    def action_resolve_shortage(self):
        """Open the ways out of the line's shortage.

        :raise UserError: if the line is not short of anything
        """
        self.ensure_one()
        self.check_access('read')
        if self.id not in self._get_shortages():
            raise UserError(self.env._(
                "%(product)s is not short of anything: all of it can be there on the day it is due.",
                product=self.product_id.display_name))
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Shortage of %s", self.product_id.display_name),
            'res_model': 'sale.shortage.wizard',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_line_id': self.id},
        }

    # === WHAT IS MISSING ===#

    def _get_shortages(self):
        """Tell what these lines lack on the day they are due; nothing while the company promises no dates.

        :return: ``{line_id: Shortage}`` of the lines that lack something, quantities in the line's unit; what is there
            is rounded down to whole units where whole units are ordered
        """
        asking = self.filtered(lambda line: line._is_atp_shown() and line.state in ('draft', 'sent', 'sale'))
        demands, schedules = asking._plan_atp()
        result = {}
        for line in asking.filtered(lambda line: line.id in demands):
            shortage = find_shortage(demands[line.id], schedules[line.id], line._get_promise_today())
            if shortage:
                result[line.id] = line._round_shortage(shortage)
        return result

    def _round_shortage(self, shortage):
        unit = self.sudo().product_id.uom_id
        quantity = unit._compute_quantity(shortage.quantity, self.product_uom_id, round=False)
        there = unit._compute_quantity(shortage.there, self.product_uom_id, round=False)
        grid = 1.0 if quantity == int(quantity) else self.product_uom_id.rounding or 0.01
        return replace(shortage, quantity=quantity, there=max(0.0, round_down(there, grid)))

    # === WAYS OUT ===#

    def _get_shortage_choices(self, shortage):
        """Word every way out that the shortage policy knows, in its order, each once.

        Of several options of one kind the first that works counts, or else the last.

        :param Shortage shortage: of the line, in its unit
        :return: list of :class:`ShortageChoice`; the first that works is the system's proposal
        """
        self.ensure_one()
        found = {}
        for option in self.env['sale.shortage.option']._get_options(self.sudo().order_id):
            known = found.get(option.kind)
            if known and known.works:
                continue
            choice = getattr(self, f'_get_{option.kind}_choice')(shortage, option)
            found.pop(option.kind, None)
            found[option.kind] = replace(choice, needs_consent=option.needs_consent)
        return list(found.values())

    def _word_shortage_quantity(self, quantity):
        return f"{quantity:.10g} {self.product_uom_id.name}"

    def _get_late_refusal(self, shortage, option):
        """Say why waiting is no way out, or nothing."""
        if not shortage.ready:
            return self.env._("Nothing known says when the rest is there.")
        if option.max_days and shortage.days > option.max_days:
            return self.env._(
                "All of it is there after %(days)s, the policy allows %(allowed)s.",
                days=word_days(self.env, shortage.days), allowed=word_days(self.env, option.max_days))
        return ""

    def _get_wait_choice(self, shortage, option):
        refusal = self._get_late_refusal(shortage, option)
        if refusal:
            return ShortageChoice('wait', False, refusal)
        values = {
            'quantity': self._word_shortage_quantity(shortage.quantity),
            'date': format_date(self.env, shortage.ready), 'days': word_days(self.env, shortage.days),
        }
        return ShortageChoice(
            'wait', True, self.env._("%(quantity)s on %(date)s, %(days)s after the day it is due.", **values),
            self.env._("All of it (%(quantity)s) on %(date)s.", **values),
            date=shortage.ready, quantity=self.product_uom_qty)

    def _get_split_choice(self, shortage, option):
        refusal = self._get_late_refusal(shortage, option)
        share = 100 * shortage.there / shortage.quantity
        if not refusal and shortage.there <= 0:
            refusal = self.env._("Nothing is there on the day it is due.")
        elif not refusal and share < option.min_percent:
            refusal = self.env._(
                "%(share)s %% is there on the day it is due, the policy wants %(wanted)s %%.",
                share=f"{share:.0f}", wanted=f"{option.min_percent:.0f}")
        if refusal:
            return ShortageChoice('split', False, refusal)
        parts = ((shortage.due, shortage.there), (shortage.ready, shortage.missing))
        words = ", ".join(
            self.env._("%(quantity)s on %(date)s", quantity=self._word_shortage_quantity(quantity),
                       date=format_date(self.env, day))
            for day, quantity in parts)
        return ShortageChoice(
            'split', True, self.env._("%s: another delivery, with its freight.", words),
            self.env._("In two deliveries: %s.", words),
            date=shortage.ready, parts=parts, quantity=self.product_uom_qty)

    def _get_expedite_choice(self, shortage, option):
        user = self._get_expedite_user()
        deadline = self._get_expedite_deadline()
        return ShortageChoice(
            'expedite', True, self.env._(
                "%(user)s is asked to bring %(quantity)s forward, and answers by %(date)s. The shortage stays until "
                "then.",
                user=user.name, quantity=self._word_shortage_quantity(shortage.missing),
                date=format_date(self.env, deadline)),
            self.env._("We try to get the rest earlier."), quantity=self.product_uom_qty)

    def _get_compensation_choice(self, shortage, option):
        refusal = self._get_late_refusal(shortage, option)
        if refusal:
            return ShortageChoice('compensation', False, refusal)
        currency = option.company_id.currency_id or self.order_id.company_id.currency_id
        freight = option.max_freight if self._get_freight_lines() else 0.0
        values = {
            'quantity': self._word_shortage_quantity(shortage.quantity),
            'date': format_date(self.env, shortage.ready), 'percent': f"{option.max_percent:.10g}",
            'freight': currency.format(freight),
        }
        text = self.env._(
            "%(quantity)s on %(date)s, and up to %(percent)s %% off the line, or its freight of up to %(freight)s.",
            **values) if freight else self.env._(
            "%(quantity)s on %(date)s, and up to %(percent)s %% off the line.", **values)
        return ShortageChoice(
            'compensation', True, text,
            self.env._("All of it (%(quantity)s) on %(date)s, with a compensation.", **values),
            date=shortage.ready, quantity=self.product_uom_qty, percent=option.max_percent, freight=freight)

    def _get_cancel_choice(self, shortage, option):
        left = shortage.there + (self.product_uom_qty - self.left_quantity if self.state == 'sale' else 0.0)
        values = {
            'quantity': self._word_shortage_quantity(left),
            'ordered': self._word_shortage_quantity(self.product_uom_qty),
            'date': format_date(self.env, shortage.due),
        }
        return ShortageChoice(
            'cancel', True,
            self.env._("Only %(quantity)s instead of %(ordered)s, by %(date)s.", **values) if left
            else self.env._("None of the %(ordered)s, because nothing is there by %(date)s.", **values),
            self.env._("%(quantity)s instead of %(ordered)s, by %(date)s; the rest is not delivered.", **values),
            date=shortage.due, quantity=left)

    # === PROMISING WHAT WAS AGREED ===#

    def _get_agreed_proposals(self, proposals):
        """Return the parts customers agreed to, where they can still be kept and the proposal is the last of them.

        :param dict proposals: ``{line_id: date}``
        :return: ``{line_id: ((date, quantity), ...)}``
        """
        asking = self.filtered(lambda line: line.sudo().agreed_parts and line.id in proposals)
        demands, schedules = asking._plan_atp() if asking else ({}, {})
        result = {}
        for line in asking.filtered(lambda line: line.id in demands):
            parts = tuple((fields.Date.to_date(day), quantity) for day, quantity in line.sudo().agreed_parts)
            fits = not line.product_uom_id.compare(sum(quantity for _day, quantity in parts), line.product_uom_qty)
            kept = replace(demands[line.id], promises=tuple(
                (day, line.product_uom_id._compute_quantity(quantity, line.sudo().product_id.uom_id, round=False))
                for day, quantity in parts))
            ready = get_ready_day(kept, schedules[line.id])
            if fits and parts[-1][0] == proposals[line.id] >= ready and not find_shortage(
                    kept, schedules[line.id], line._get_promise_today()):
                result[line.id] = parts
        return result
