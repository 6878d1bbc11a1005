from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from odoo import api, models
from odoo.tools import float_round, format_date

from .credit_clearing import CreditClearing

# How many invoices a sentence names before it says "and n more".
NAMED = 3
CLEARABLE = ('credit.limit', 'credit.pool', 'credit.overdue', 'credit.order_max')


class SaleOrder(models.Model):
    """Every credit issue that stops says what would clear it: to the cent, by name and day."""

    _inherit = 'sale.order'

    def _explain_credit_issues(self, issues, checks):
        """Put into words what clears the credit issues of a batch; two statements per company at most.

        :param dict issues: ``{order_id: [ControlIssue, ...]}``, changed in place
        :param dict checks: ``{order_id: CreditCheck}``
        """
        stopped = self.filtered(
            lambda order: any(issue.stops and issue.code in CLEARABLE for issue in issues[order.id]))
        for company, orders in stopped.grouped(lambda order: order.company_id.root_id).items():
            payments = orders._get_credit_payments(checks, issues, company)
            needs = defaultdict(float)
            for order in orders:
                owner = checks[order.id].partner.id
                needs[owner] = max(needs[owner], *payments[order.id].values())
            items = self.env['credit.account']._read_open_items(needs, company)
            for order in orders:
                check = checks[order.id]
                issues[order.id] = [
                    order._explain_credit_issue(issue, check, payments[order.id], items[check.partner.id])
                    if issue.stops and issue.code in CLEARABLE else issue
                    for issue in issues[order.id]
                ]

    def _explain_credit_issue(self, issue, check, payments, items):
        self.ensure_one()
        reduction = {
            'credit.limit': check.excess,
            'credit.pool': check.pool_excess,
            'credit.order_max': check.currency.round(check.amount - check.max_order),
        }.get(issue.code, 0.0)
        clearing = CreditClearing(
            **self._prepare_clearing_payment(
                check, payments[issue.code], items, waits=issue.code in ('credit.limit', 'credit.pool')),
            **self._prepare_clearing_reduction(check, reduction))
        return replace(
            issue, facts={**issue.facts, 'clearing': clearing.to_json()},
            clears=self._word_credit_clearing(check, clearing))

    # === FIGURES ===#

    def _get_credit_payments(self, checks, issues, company):
        """Work out the least payment that clears each issue.

        :return: ``{order_id: {code: amount}}``, 0 where no payment helps
        """
        today = self._get_control_today()
        codes = {order.id: {issue.code for issue in issues[order.id] if issue.stops} for order in self}
        bounds = {
            checks[order.id].partner.id: today - timedelta(days=checks[order.id].grade.overdue_days)
            for order in self if 'credit.overdue' in codes[order.id]
        }
        too_old = self.env['credit.account']._read_too_old(bounds, company)
        payments = {}
        for order in self:
            check, payments[order.id] = checks[order.id], dict.fromkeys(CLEARABLE, 0.0)
            payments[order.id]['credit.limit'] = check.excess
            # What the customer owes may be less than what its group is over the limit.
            payments[order.id]['credit.pool'] = 0.0 if check.exceeds(check.pool_excess, check.total) \
                else check.pool_excess
            if 'credit.overdue' in codes[order.id]:
                # Either little enough is overdue, or nothing for too long.
                less = check.currency.round(check.overdue_amount - check.tolerated_overdue)
                older = too_old.get(check.partner.id, 0.0)
                payments[order.id]['credit.overdue'] = min(less, older) if older > 0 else less
        return payments

    def _prepare_clearing_payment(self, check, payment, items, waits):
        """Say which open items a payment settles.

        :param list items: open items of the customer, oldest first
        :param bool waits: whether being paid in time is all that is needed
        """
        covered, settled = 0.0, []
        for item in items:
            if check.exceeds(payment, covered):
                settled.append(replace(item, amount=min(item.amount, check.currency.round(payment - covered))))
                covered += item.amount
        in_advance = max(0.0, check.currency.round(payment - covered))
        today = self._get_control_today()
        timely = waits and settled and not in_advance and all(item.due and item.due >= today for item in settled)
        return {
            'payment': payment, 'items': tuple(settled), 'in_advance': in_advance,
            'due_date': settled[-1].due if timely else None,
        }

    def _prepare_clearing_reduction(self, check, reduction):
        """Say how much smaller the order would have to be, and which line alone could bring that."""
        self.ensure_one()
        if reduction <= 0 or not check.exceeds(check.amount, reduction):
            return {}
        today = self._get_control_today()
        wanted = check.currency._convert(reduction, self.currency_id, self.company_id, today, round=False)
        wanted = float_round(wanted, precision_rounding=self.currency_id.rounding, rounding_method='UP')
        lines = self.order_line.filtered(lambda line: not line.display_type)
        candidates = lines.filtered(lambda line: line.product_uom_qty > 0 and line.price_total >= wanted)
        found = candidates.sorted('price_total')[:1]
        if not found:
            return {'reduction': reduction}
        step = self._get_quantity_grid(found.product_uom_qty, found.product_uom_id)
        quantity = float_round(
            wanted * found.product_uom_qty / found.price_total, precision_rounding=step, rounding_method='UP')
        return {'reduction': reduction, 'line': (
            lines.ids.index(found.id) + 1, found.product_id.name or found.name,
            min(quantity, found.product_uom_qty), found.product_uom_id.name)}

    @api.model
    def _get_quantity_grid(self, quantity, uom):
        """Return the smallest step in which a quantity can be lowered: who orders whole pieces gives whole ones back.

        :param uom: unit in which it is ordered
        """
        rounding = uom.rounding or 1.0
        return 1.0 if float(quantity).is_integer() and rounding <= 1.0 else rounding

    def _get_credit_clear_amount(self, stopping):
        """Return the least payment that clears all these issues, or 0 if no payment does.

        :param list stopping: :class:`ControlIssue` of one order that stop it
        """
        payments = [issue.facts.get('clearing', {}).get('payment', 0.0) for issue in stopping]
        return max(payments) if payments and all(payments) else 0.0

    # === WORDS ===#

    def _word_credit_clearing(self, check, clearing):
        """Say in one or two sentences what clears an issue."""
        ways = []
        if clearing.payment:
            ways.append(self._word_clearing_payment(check, clearing))
        if clearing.reduction:
            ways.append(self._word_clearing_reduction(check, clearing))
        ways.append(self.env._("a credit controller releases it"))
        sentence = self.env._("Clears when %s.", self._join_ways(ways))
        if clearing.due_date:
            sentence = self.env._(
                "%(sentence)s It clears by itself on %(date)s if the customer pays in time.",
                sentence=sentence, date=format_date(self.env, clearing.due_date))
        return sentence

    def _join_ways(self, ways):
        if len(ways) == 1:
            return ways[0]
        return self.env._("%(ways)s, or %(last)s", ways=", ".join(ways[:-1]), last=ways[-1])

    def _word_clearing_payment(self, check, clearing):
        amount = self._format_credit(clearing.payment, check.currency)
        if not clearing.items:
            return self.env._("%s is paid in advance", amount)
        names = ", ".join(
            f"{item.name} ({self._format_credit(item.amount, check.currency)})" for item in clearing.items[:NAMED])
        if len(clearing.items) > NAMED:
            names = self.env._("%(names)s and %(count)s more", names=names, count=len(clearing.items) - NAMED)
        if clearing.in_advance:
            return self.env._(
                "%(amount)s is paid: %(names)s, and %(rest)s in advance", amount=amount, names=names,
                rest=self._format_credit(clearing.in_advance, check.currency))
        return self.env._("%(amount)s is paid: %(names)s", amount=amount, names=names)

    def _word_clearing_reduction(self, check, clearing):
        amount = self._format_credit(clearing.reduction, check.currency)
        if not clearing.line:
            return self.env._("the order is reduced by %s", amount)
        position, product, quantity, unit = clearing.line
        return self.env._(
            "the order is reduced by %(amount)s (for example %(quantity)g %(unit)s of line %(position)s, %(product)s)",
            amount=amount, quantity=quantity, unit=unit, position=position, product=product)
