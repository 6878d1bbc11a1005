from collections import defaultdict

from odoo import models
from odoo.tools import format_date, formatLang

from ...order.control_issue import ControlIssue
from ...order.control_memory import control_memory
from ...order.control_words import word_days
from ..limit.credit_pool_use import PoolUse
from ..settlement.settlement_grade import get_looseness
from .credit_check import CreditCheck


class SaleOrder(models.Model):
    """The credit rules of the gate."""

    _inherit = 'sale.order'

    def _collect_control_issues(self, checkpoint, terms):
        issues = super()._collect_control_issues(checkpoint, terms)
        if checkpoint not in ('submit', 'confirm', 'release'):
            return issues
        judged = self._with_control('credit', checkpoint)
        checks = judged._get_credit_checks(checkpoint, terms)
        found = {order.id: order._get_credit_issues(checkpoint, checks[order.id]) for order in judged}
        judged._explain_credit_issues(found, checks)
        for order_id, credit_issues in found.items():
            issues[order_id] += credit_issues
        return issues

    # === FIGURES ===#

    def _get_credit_checks(self, checkpoint, terms=None):
        """Work out the credit figures of a batch: at *confirm* its orders add up, else each counts alone.

        Reads only: the account of a new customer is made when its order is confirmed.

        :param dict terms: ``{order_id: ControlTerms}``; the orders' own by default
        :return: ``{order_id: CreditCheck}``, remembered while a scope of the gate is open
        """
        orders = self.sudo()
        terms = terms or orders._get_control_terms()
        checks = {}
        for company, batch in orders.grouped(lambda order: order.company_id.root_id).items():
            checks.update(batch._get_company_credit_checks(company, checkpoint, terms))
        memory = control_memory(self.env)
        if memory.scopes:
            memory.facts.update({('credit', checkpoint, order_id): check for order_id, check in checks.items()})
        return checks

    def _get_company_credit_checks(self, company, checkpoint, terms):
        payers = self._get_credit_owners(terms)
        owners = self.env['res.partner'].union(*(payers[terms[order.id].partner_invoice_id] for order in self))
        known = self.env['credit.account']._find(owners.union(*payers.values()), company)
        accounts = known.filtered(lambda account: account.partner_id in owners)
        by_owner = {account.partner_id.id: account for account in known}
        members = accounts._get_pool_members()
        positions = accounts._read_positions(owners | members.partner_id, company, self)
        limits = accounts._get_limits_by_owner(owners, company, accounts, positions)
        uses = PoolUse(members, positions)
        amounts = self._get_credit_amounts(company, terms, positions, payers)
        decisions = known._read_credit_decisions(self)
        waiting = self._get_credit_waiting(company, terms, positions, payers, amounts, decisions)
        running, checks, beyond = defaultdict(float), {}, self._get_credit_beyond(company, terms, payers)
        for order in self.sorted('id'):
            owner = payers[terms[order.id].partner_invoice_id]
            account = by_owner.get(owner.id, accounts.browse())
            # At confirm and release nothing of the batch is in the figures yet; alone, everything else is.
            others = positions[owner.id].exposure.total + running[owner.id]
            if checkpoint != 'confirm':
                others = positions[owner.id].total - (positions[owner.id].orders or {}).get(order.id, 0.0)
                others += beyond[owner.id] - beyond.get(order, 0.0)
            looseness = get_looseness(*order._read_settlement(terms[order.id]))
            check = order._prepare_credit_check(
                account, company, positions[owner.id], others, amounts[order.id], decisions, looseness, partner=owner,
                **order._get_credit_parties(terms[order.id], payers, by_owner, decisions, amounts[order.id], looseness),
                limit_kind=limits[owner.id].own_kind, limit=limits[owner.id].own,
                prepaid=order.id in waiting, waiting=waiting.get(order.id, 0.0), beyond=beyond.get(order, 0.0),
                room=uses.get_room(account),
                unrated=self.env['res.currency'].browse(positions[owner.id].unrated or uses.get_unrated(account)))
            checks[order.id] = check
            if checkpoint == 'confirm' and order._counts_for_next(check):
                running[owner.id] += check.counted
                uses.use(account, positions[owner.id].exposure.total + running[owner.id])
        return checks

    def _get_credit_beyond(self, company, terms, payers):
        """Return what leaves right now beyond these orders, which is in no figure yet.

        :return: ``{order: amount, id of the owner: amount of all its orders}`` in the currency of the root company
        """
        facts, beyond = control_memory(self.env).facts, defaultdict(float)
        for order in self:
            amount = facts.get(('credit over', order.id))
            if amount:
                beyond[order] = order.currency_id._convert(
                    amount, company.currency_id, company, self._get_control_today())
                beyond[payers[terms[order.id].partner_invoice_id].id] += beyond[order]
        return beyond

    def _counts_for_next(self, check):
        """Whether the next order of the batch must reckon with this one: not if it is blocked for good."""
        mode = self.company_id._get_control_mode('credit', 'confirm')
        return mode != 'enforce' or not any(
            issue.effect == 'block' for issue in self._get_credit_issues('confirm', check))

    def _get_credit_amounts(self, company, terms, positions, payers):
        """Work out what each order adds to the exposure, in the currency of the root company.

        A quotation adds its total, which includes what was delivered while it was confirmed before. A
        confirmed order adds what is open of it, and what its terms change in its total.

        :return: ``{order_id: amount}``
        """
        today = self._get_control_today()
        totals = self._get_control_amounts(terms)
        facts = control_memory(self.env).facts
        amounts = {}
        for order in self:
            currency = self.env['res.currency'].browse(terms[order.id].currency_id)
            # What leaves right now beyond the order is owed as well.
            added = totals[order.id].total + facts.get(('credit over', order.id), 0.0)
            total = currency._convert(added, company.currency_id, company, today)
            if order.state == 'sale':
                now = order.currency_id._convert(order.amount_total, company.currency_id, company, today)
                owner = order.partner_invoice_id.commercial_partner_id
                # Invoiced to somebody else than the terms say: to them the whole order is new.
                if owner == payers[terms[order.id].partner_invoice_id]:
                    position = positions[owner.id]
                    total += (position.orders or {}).get(order.id, 0.0) + (position.waiting or {}).get(order.id, 0.0)
                    total -= now
            amounts[order.id] = company.currency_id.round(total)
        return amounts

    def _prepare_credit_check(
            self, account, company, position, others, amount, decisions, looseness, **figures):
        self.ensure_one()
        today, currency, grade = self._get_control_today(), company.currency_id, account.grade_id
        return CreditCheck(
            **figures, account=account, grade=grade, currency=currency,
            exposure=position.exposure, others=currency.round(others), amount=amount,
            overdue_amount=position.overdue_amount, overdue_days=position.overdue_days(today),
            accepted=decisions.get_accepted(account, today),
            release=decisions.get_release(
                account, self, currency.round(others + amount - figures['waiting']), amount, today, looseness),
            refusal=decisions.get_refusal(self),
            refused_before=decisions.get_refusal_of_another(account, self),
            max_order=grade._convert(grade.max_order_amount, currency, company, today),
            tolerated_overdue=grade._convert(grade.overdue_amount, currency, company, today),
        )

    # === RULES ===#

    def _get_credit_issues(self, checkpoint, check):
        """Judge one order by its figures.

        :param CreditCheck check: figures of the order at the checkpoint
        :return: list of :class:`ControlIssue`
        """
        self.ensure_one()
        leaves = checkpoint == 'release'
        if not (check.grows or leaves):
            return []
        # Who released who is invoiced said nothing of somebody else who gets the goods.
        issues = [self._prepare_credit_hold_issue(check)] if check.holds else []
        if check.release:
            return issues
        issues += self._get_credit_refusal_issues(checkpoint, check)
        if check.unrated and not leaves and check.ceiling is not None:
            issues.append(self._prepare_credit_rate_issue(check))
        if check.is_passed_on and not leaves:
            issues.append(self._prepare_credit_payer_issue(check, check.customer))
        effect = check.grade._get_effect(checkpoint)
        if effect != 'allow':
            # Who pays all of it first needs no credit: supply and delivery wait for the payment.
            if check.pool_excess and check.needs_credit and not (leaves and check.is_pool_excess_agreed()):
                issues.append(self._prepare_credit_pool_issue(check, effect))
            if check.excess and check.needs_credit and not (leaves and check.is_excess_agreed()):
                issues.append(self._prepare_credit_limit_issue(check, effect))
            if check.is_overdue and not (leaves and check.is_overdue_agreed()):
                issues.append(self._prepare_credit_overdue_issue(check, effect))
            if not leaves and check.max_order and check.exceeds(check.amount, check.max_order):
                issues.append(self._prepare_credit_order_max_issue(check, effect))
        threshold = check.grade.watch_percent
        near = threshold and not check.excess and not check.pool_excess and check.used_percent >= threshold
        if near and check.needs_credit and not leaves:
            issues.append(self._prepare_credit_watch_issue(check))
        return issues

    def _get_credit_refusal_issues(self, checkpoint, check):
        """Say that credit was refused: for this order, or for another one of the customer before."""
        if check.refusal:
            return [self._prepare_credit_refusal_issue(check)]
        if check.refused_before and checkpoint != 'release':
            return [self._prepare_credit_refused_before_issue(check)]
        return []

    def _format_credit(self, amount, currency):
        return formatLang(self.env, amount, currency_obj=currency)

    def _prepare_credit_issue(self, code, check, effect, message, clears='', figures=(), **facts):
        return ControlIssue(
            code=f'credit.{code}',
            area='credit',
            effect=effect,
            message=message,
            clears=clears,
            facts={
                'currency': check.currency.name,
                'exposure': check.others,
                'limit': check.limit,
                'order_amount': check.amount,
                **facts,
                'figures': list(figures),
            },
        )

    def _prepare_credit_hold_issue(self, check):
        # Somebody decided: no grade and no approval makes it less than a stop.
        return self._prepare_credit_issue(
            'hold', check, 'block',
            " ".join(
                self.env._("%(customer)s is on credit hold: %(reason)s.", customer=account.partner_id.name,
                           reason=(account.hold_reason or "").rstrip("."))
                for account in check.holds),
            self.env._("Clears when a credit controller releases the customer or this order."),
            # An order that was confirmed before the hold must not grow in its shadow.
            figures=['order_amount'])

    def _prepare_credit_refusal_issue(self, check):
        refusal = check.refusal
        return self._prepare_credit_issue(
            'refused', check, 'block',
            self.env._("Credit for this order was refused by %(user)s: %(reason)s.", user=refusal.user_id.name,
                       reason=(refusal.reason or "").rstrip(".")),
            self.env._("Clears when a credit controller releases it."))

    def _prepare_credit_refused_before_issue(self, check):
        # Another order is another question: who judges it knows of the answer to the first one.
        refusal = check.refused_before
        return self._prepare_credit_issue(
            'refused_before', check, 'warn',
            self.env._(
                "Credit for %(order)s of the same customer was refused by %(user)s on %(day)s: %(reason)s.",
                order=refusal.order_id.name, user=refusal.user_id.name, day=format_date(self.env, refusal.date),
                reason=(refusal.reason or "").rstrip(".")))

    def _prepare_credit_limit_issue(self, check, effect):
        def money(amount):
            return self._format_credit(amount, check.currency)
        grade = self.env._(" (grade %s)", check.grade.code) if check.grade else ""
        if check.limit_kind == 'zero':
            message = self.env._(
                "%(customer)s%(grade)s gets no credit: %(excess)s would be owed, %(order)s of it for this order.",
                customer=check.partner.name, grade=grade, excess=money(check.excess), order=money(check.amount))
        else:
            message = self.env._(
                "%(customer)s would owe %(total)s, which is %(excess)s over the limit of %(limit)s%(grade)s: "
                "%(others)s is open, and this order is %(order)s.",
                customer=check.partner.name, total=money(check.total), excess=money(check.excess),
                limit=money(check.limit), grade=grade, others=money(check.others), order=money(check.amount))
        return self._prepare_credit_issue(
            'limit', check, effect, message, figures=['excess'], excess=check.excess)

    def _prepare_credit_pool_issue(self, check, effect):
        def money(amount):
            return self._format_credit(amount, check.currency)
        return self._prepare_credit_issue(
            'pool', check, effect,
            self.env._(
                "The group %(group)s of %(customer)s would owe %(total)s, which is %(excess)s over its shared limit of "
                "%(limit)s: the other customers of the group use %(others)s, and this order is %(order)s.",
                group=check.room.pool.name, customer=check.partner.name, total=money(check.pool_total),
                excess=money(check.pool_excess), limit=money(check.room.limit), others=money(check.room.others),
                order=money(check.amount)),
            self.env._(
                "Clears when customers of the group pay %s, or a credit controller releases it.",
                money(check.pool_excess)),
            figures=['pool_excess'], pool_excess=check.pool_excess)

    def _prepare_credit_overdue_issue(self, check, effect):
        return self._prepare_credit_issue(
            'overdue',
            check,
            effect,
            self.env._(
                "%(customer)s is %(days)s overdue with %(amount)s (grade %(grade)s tolerates %(tolerated_days)s or "
                "%(tolerated)s).",
                customer=check.partner.name,
                days=word_days(self.env, check.overdue_days),
                amount=self._format_credit(check.overdue_amount, check.currency),
                grade=check.grade.code,
                tolerated_days=word_days(self.env, check.grade.overdue_days),
                tolerated=self._format_credit(check.tolerated_overdue, check.currency),
            ),
            # The days go on by themselves: who agreed to the debt agreed to it getting older, but
            # not to a bigger order on top of it.
            figures=['overdue_amount', 'order_amount'],
            overdue_amount=check.overdue_amount,
            overdue_days=check.overdue_days,
        )

    def _prepare_credit_order_max_issue(self, check, effect):
        return self._prepare_credit_issue(
            'order_max', check, effect,
            self.env._(
                "The order of %(amount)s is above the maximum of %(maximum)s for one order of grade %(grade)s.",
                amount=self._format_credit(check.amount, check.currency),
                maximum=self._format_credit(check.max_order, check.currency), grade=check.grade.code),
            figures=['order_amount'])

    def _prepare_credit_watch_issue(self, check):
        return self._prepare_credit_issue(
            'watch', check, 'warn',
            self.env._(
                "With this order %(customer)s uses %(percent)s %% of the limit of %(limit)s.",
                customer=check.partner.name, percent=round(check.used_percent),
                limit=self._format_credit(check.limit, check.currency)))

    # === RACE ===#

    def _control_serialise(self, checkpoint):
        super()._control_serialise(checkpoint)
        if checkpoint not in ('confirm', 'release'):
            return
        # What leaves beyond an order grows the exposure, however small the order.
        orders = self.sudo().filtered(
            lambda order: (order.amount_total > 0 or checkpoint == 'release') and order.company_id
            and order.company_id._get_control_mode('credit', checkpoint) == 'enforce')
        accounts = self.env['credit.account']
        for company, batch in orders.grouped(lambda order: order.company_id.root_id).items():
            accounts |= accounts._for_partners(batch.partner_invoice_id, company)
            # Nor may others be put on hold meanwhile who get the goods.
            others = (batch.partner_id | batch.partner_shipping_id).commercial_partner_id - accounts.partner_id
            if others:
                accounts |= accounts._find(others, company)
        accounts._serialise()
