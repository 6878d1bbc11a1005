from copy import deepcopy
from dataclasses import dataclass, replace

from odoo import models
from odoo.tools import format_date

from ...order.control_words import word_days
from ..atp.atp_displace import find_displaced
from ..atp.atp_repromise import STRATEGIES, find_unsound
from ..atp.atp_shortage import find_shortage
from ..promise.sale_order_line import WAITING_STATES
from .shortage_choice import ShortageChoice


@dataclass
class Displacement:
    """What serving some lines before all others does.

    :ivar lines: ``{line: new date}`` of the promises of others that slip
    :ivar ready: ``{line id: date}`` on which those served first can be there
    :ivar freed: lines whose reserved goods they take
    """

    lines: dict
    ready: dict
    freed: object


class SaleOrderLine(models.Model):
    """Serving a line before others: whose promises slip, asked before anything is written."""

    _inherit = 'sale.order.line'

    def _get_displaced(self, dates):
        """Tell whose promises slip if these lines are served first, for days that supply does not give them.

        Nothing is written. Everybody whose goods are the same, from the same warehouse, is looked at, with full rights:
        it does not depend on whose orders the asker may read. Goods that are reserved for others, and not picked, are
        taken only where free ones do not do: first from those who may lose, last from those who get first, and of
        equals from who is promised last.

        :param dict dates: ``{line_id: date}``
        :rtype: Displacement
        """
        lines = self.sudo().filtered(lambda line: dates.get(line.id))
        others = lines._get_rivals()
        asks = [line._prepare_ask() for line in lines | others]
        result = Displacement({}, {}, others.browse())
        for today, demands, balances in self.env['sale.delivery.atp']._read(asks, (lines | others).ids):
            first = {line.id: max(dates[line.id], today) for line in lines if line.id in demands}
            reserved = others.filtered(lambda line, mine=demands: line.id in mine)._get_reserved_in_turn()
            for number in range(len(reserved) + 1):
                freed = reserved[:number]
                found, there = find_displaced(
                    list(demands.values()), first, deepcopy(balances), today, set(freed.ids))
                if all(there[key] <= day for key, day in first.items()):
                    break
            else:
                # Nobody's goods help: then nobody has to give them.
                freed = reserved.browse()
                found, _there = find_displaced(list(demands.values()), first, balances, today)
            result.ready.update(there)
            result.lines.update((others.browse(key), day) for key, (_former, day) in found.items())
            result.freed |= freed
        return result

    def _find_unsound(self, dates, doubtful):
        """Tell which of these lines would make promises of others fail if all are promised these days.

        What is worked out from known supply never does. A lead time brings goods that nobody has ordered yet, and an
        answer may speak of goods that others are promised: until they are on their way, the shelf serves them.

        :param dict dates: ``{line_id: date}``
        :param doubtful: ids of the lines whose day rests on a lead time or on an answer
        :return: ``{line_id: lines that would fail}``, in full rights
        """
        lines = self.sudo().filtered(lambda line: line.id in dates)
        others = lines.filtered(lambda line: line.id in doubtful)._get_rivals() - lines if doubtful else lines.browse()
        others = others.filtered('promised_date')
        asks, found = [line._prepare_ask() for line in lines | others], {}
        reads = self.env['sale.delivery.atp']._read(asks, (lines | others).ids, promised_only=True) if others or len(
            lines) > 1 and doubtful else ()
        for today, demands, balances in reads:
            mine = {key: day for key, day in dates.items() if key in demands}
            found.update(find_unsound(list(demands.values()), mine, doubtful, balances, today))
        return {line_id: lines.browse(harmed) for line_id, harmed in found.items()}

    def _get_reserved_in_turn(self):
        """Return the lines with reserved goods that nobody has picked yet, who gives way first being the first."""
        reserved = self.filtered(lambda line: any(
            move.quantity and not move.picked for move in line.move_ids if move._is_on_the_way()))
        return reserved.sorted(lambda line: (
            bool(line.promised_date), -STRATEGIES.index(line._get_promise_strategy()),
            -line.promised_date.toordinal() if line.promised_date else 0, -line.id))

    def _get_rivals(self, products=None):
        """Return the open lines of confirmed orders that may want the same goods from the same warehouses.

        Those that nothing is promised for have nothing to lose, but hold goods back as well.

        :param product.product products: the goods, if not those of these lines
        """
        domain = [
            ('state', '=', 'sale'), ('promise_state', 'in', WAITING_STATES), ('id', 'not in', self.ids),
            ('warehouse_id', 'in', self.warehouse_id.ids)]
        if 'mrp.bom' not in self.env:   # of kits, components are what is short
            domain.append(('product_id', 'in', (products or self.product_id).ids))
        lines = self.sudo().search(domain)
        return lines._filter_deliverable().filtered(lambda line: line._is_anything_left())

    def _word_displaced(self, displaced):
        """Word whose promises slip, one sentence each.

        :param dict displaced: ``{line: new date}``
        """
        return [
            self.env._(
                "%(order)s, %(customer)s, %(product)s: %(new)s instead of %(former)s, %(days)s later.",
                order=line.order_id.name, customer=line.order_id.partner_id.display_name,
                product=line.product_id.display_name, new=format_date(self.env, day),
                former=format_date(self.env, line.promised_date),
                days=word_days(self.env, (day - line.promised_date).days))
            for line, day in sorted(displaced.items(), key=lambda entry: (-(entry[1] - entry[0].promised_date).days,
                                                                          entry[0].id))]

    def _promise_before_others(self, dates, reason, note, move_others=False):
        """Promise days that make other promises slip, and put on record whose.

        Private: callers check who may.

        :param dict dates: ``{line_id: date}``
        :param reason: the ``sale.delivery.change.reason``; mandatory where anybody else slips
        :param bool move_others: whether the others are promised their new days at once
        :return: the lines that slip
        """
        self._take_promise_turn()
        displacement = self._get_displaced(dates)
        displaced = displacement.lines
        others = self.sudo().browse().union(*displaced)
        if displaced:
            self._record_displaced(displaced, dates, note or reason.name)
        self._promise(dates, reason, note)
        self._take_reserved(displacement.freed)
        if move_others and others:
            others._promise({line.id: day for line, day in displaced.items()}, reason, note)
        # Who keeps the old day, waiting for approval for example, is at risk from now on.
        others.order_id._refresh_promise_states()
        return others

    def _take_reserved(self, others):
        """Reserve for these lines what was reserved for others, and for them what is left."""
        if not others:
            return
        theirs = others.move_ids.filtered(lambda move: move._is_on_the_way() and move.quantity and not move.picked)
        theirs._do_unreserve()
        self.sudo().move_ids.filtered(lambda move: move._is_on_the_way())._action_assign()
        theirs._action_assign()

    def _record_displaced(self, displaced, dates, reason):
        """Record for each line that goes before others whose promises slip, and what supply would give it."""
        words = " ".join(self._word_displaced(displaced))
        demands, schedules = self._plan_atp()
        for line in self.filtered(lambda line: line.id in demands):
            wanted = replace(demands[line.id], promised=dates[line.id], promises=())
            shortage = find_shortage(wanted, schedules[line.id], line._get_promise_today())
            if shortage:
                choice = ShortageChoice('displace', True, words, date=dates[line.id], quantity=line.product_uom_qty)
                line._record_resolution(line._prepare_resolution_values(
                    choice, line._round_shortage(shortage), {'reason': reason}), 'applied')
