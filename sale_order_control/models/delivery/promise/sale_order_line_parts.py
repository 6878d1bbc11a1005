from datetime import timedelta

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..atp.atp_parts import spread_back


class SaleOrderLine(models.Model):
    """A promise in parts: what is checked of it, how it is worded, and the transfers that follow it."""

    _inherit = 'sale.order.line'

    def _check_promise_parts(self, dates, parts):
        """Refuse parts that are not the line: other days, other quantities.

        :raise UserError: naming the line
        """
        for line in self.filtered(lambda line: parts.get(line.id)):
            days = [day for day, _quantity in parts[line.id]]
            quantities = [quantity for _day, quantity in parts[line.id]]
            if days != sorted(set(days)) or days[-1] != dates[line.id] or days[0] < line._get_promise_today():
                raise UserError(self.env._(
                    "The parts of %(line)s (%(order)s) must be on days of their own, from today on, the last one on "
                    "the promised day.", line=line.product_id.display_name, order=line.order_id.display_name))
            total = sum(quantities)
            if min(quantities) <= 0 or line.product_uom_id.compare(total, line.product_uom_qty):
                raise UserError(self.env._(
                    "The parts of %(line)s (%(order)s) add up to %(total)s, but %(ordered)s are ordered.",
                    line=line.product_id.display_name, order=line.order_id.display_name,
                    total=f"{total:.10g}", ordered=f"{line.product_uom_qty:.10g}"))

    def _word_promised_day(self):
        """Write the promised day, or the parts with theirs, as in "4 on 03/12/2026, 6 on 03/26/2026"."""
        self.ensure_one()
        parts = self._get_promised_parts()
        if not parts:
            return format_date(self.env, self.promised_date)
        return ", ".join(
            self.env._("%(quantity)s on %(date)s", quantity=f"{quantity:.10g}", date=format_date(self.env, day))
            for day, quantity in parts)

    def _get_promised_words(self):
        """Return ``[(day, words)]``: the product, and how much of it where it is promised in parts."""
        self.ensure_one()
        name = self.product_id.display_name
        return [
            (day, self.env._("%(quantity)s of %(product)s", quantity=f"{quantity:.10g}", product=name))
            for day, quantity in self._get_promised_parts()] or [(self.promised_date, name)]

    def _find_missed_parts(self):
        """Filter the lines of which a part left later than it was promised, whatever became of the rest.

        Kits leave as their components, in any order: of them only the last day is judged.
        """
        lines = self.sudo().filtered('promise_parts')
        if not lines:
            return lines
        moves = self.env['stock.move'].sudo().search_fetch(
            lines._get_delivery_domain(), ['sale_line_id', 'product_id', 'date', 'quantity', 'product_uom'])
        by_line = moves.grouped('sale_line_id')
        return lines.filtered(
            lambda line: by_line.get(line, moves.browse()).product_id <= line.product_id
            and line._has_missed_part(by_line.get(line, moves.browse())))

    def _has_missed_part(self, moves):
        """Whether these deliveries of the line fell behind its parts on one of their days."""
        zone, transit = self._get_promise_warehouse(), timedelta(days=self._get_delivery_days().transit)
        arrivals = [
            (zone._get_promise_day(move.date) + transit,
             move.product_uom._compute_quantity(move.quantity, self.product_uom_id, round=False)) for move in moves]
        reached = 0.0
        for day, quantity in self._get_promised_parts():
            reached += quantity
            there = sum(amount for when, amount in arrivals if when <= day)
            if self.product_uom_id.compare(there, reached) < 0:
                return True
        return False

    # === TRANSFERS ===#

    def _get_part_moves(self):
        """Tell for which part's day each open move of the line is.

        :return: ``{day or None: moves}``; None where the line is not promised in parts
        """
        self.ensure_one()
        moves = self.move_ids.filtered(lambda move: move._is_on_the_way())
        due = self._get_open_parts(moves)
        if not due:
            return {None: moves}
        result, left = {}, due[0][1]
        for move in moves.sorted(lambda move: (move.date, move.id)):
            if left <= 1e-6 and len(due) > 1:
                due = due[1:]
                left = due[0][1]
            result[due[0][0]] = result.get(due[0][0], moves.browse()) | move
            left -= move.product_qty
        return result

    def _get_open_parts(self, moves):
        """Return ``[(day, quantity)]`` of the parts that these moves still have to bring, in the product's unit.

        Empty where the line is not promised in parts, or its moves are no single step: then the last day
        counts for all of them.
        """
        unit = self.product_id.uom_id
        parts = self._get_promised_parts(unit)
        if not parts or moves.product_id != self.product_id:
            return []
        moved = sum(moves.mapped('product_qty'))
        left = self.product_uom_id._compute_quantity(self.left_quantity, unit, round=False)
        return spread_back(parts, moved) if unit.compare(moved, left) <= 0 else []

    def _split_part_moves(self):
        """Give each later part a transfer of its own, with the day on which it is promised.

        What the warehouse has started to pick is left as it is.
        """
        for line in self.filtered('promise_parts'):
            moves = line.move_ids.filtered(lambda move: move._is_on_the_way())
            due = line._get_open_parts(moves)
            left = due.pop(0)[1] if due else 0.0
            for move in moves.sorted(lambda move: (move.date, move.id)) if due else ():
                while due and move.product_qty - left > 1e-6 and not move.picked and move.state != 'draft':
                    move = move._split_for_part(left)
                    left = due.pop(0)[1]
                left -= move.product_qty
                if left <= 1e-6 and due:
                    left = due.pop(0)[1]
