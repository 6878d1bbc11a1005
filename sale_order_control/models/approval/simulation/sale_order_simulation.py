from collections import defaultdict
from dataclasses import dataclass, field

from odoo import models

from ...order.control_memory import control_memory, control_past


@dataclass
class Judgement:
    """What a set of policies would have asked about one order.

    :ivar policy_ids: policies that matched, at any of the order's submissions
    :ivar levels: list of ``PlannedLevel`` in the order of deciding
    :ivar undecidable: whether a level has too few approvers for it
    """

    policy_ids: set = field(default_factory=set)
    levels: list = field(default_factory=list)
    undecidable: bool = False
    requester_id: int = 0


class SaleOrder(models.Model):
    """Judging orders of the past by policies that need not be in force. Writes nothing."""

    _inherit = 'sale.order'

    def _simulate_policies(self, policies, situations):
        """Judge every situation of these orders by sets of policies, whatever the company's switches say.

        :param dict policies: ``{name of the set: (PolicyRule, ...)}``
        :param dict situations: result of :meth:`_get_past_situations`
        :return: ``{name of the set: {order_id: Judgement}}`` for the orders that need somebody's agreement
        """
        orders = self.sudo()
        found = {name: defaultdict(Judgement) for name in policies}
        for number in range(max(map(len, situations.values()), default=0)):
            # The rules judge each order once at a time: those asked several times take several rounds.
            present = [own[number] for own in situations.values() if len(own) > number and not own[number].blocked]
            days = defaultdict(list)
            for situation in present:
                days[situation.day].append(situation)
            for day, some in days.items():
                with control_past(self.env, day):
                    orders._judge_situations(policies, {situation.order_id: situation for situation in some}, found)
        for judgements in found.values():
            orders._plan_judgements(judgements)
        return found

    def _judge_situations(self, policies, situations, found):
        """Judge one situation per order, all of one day; add to what was found."""
        orders = self.browse(situations).with_prefetch(self._prefetch_ids)
        terms = {order_id: situation.terms for order_id, situation in situations.items()}
        issues = {order_id: list(situation.issues) for order_id, situation in situations.items()}
        scopes = {name: orders._get_order_rules(issues, rules) for name, rules in policies.items()}
        rules = defaultdict(list)
        for scope in scopes.values():
            for order_id, own in scope.items():
                rules[order_id] += own
        orders = orders.filtered(lambda order: order.id in rules)
        figures = orders._get_order_figures(terms, issues, rules)
        for name, scope in scopes.items():
            for order in orders.filtered(lambda order, scope=scope: order.id in scope):
                matched = order._judge_rules(scope[order.id], figures[order.id])
                if matched:
                    judgement = found[name][order.id]
                    judgement.policy_ids |= {issue.facts['policy'] for issue in matched}
                    judgement.requester_id = judgement.requester_id or situations[order.id].requester_id

    def _plan_judgements(self, judgements):
        """Work out who would decide on the orders that policies matched."""
        requesters = defaultdict(list)
        for order_id, judgement in judgements.items():
            requesters[judgement.requester_id].append(order_id)
        for requester_id, order_ids in requesters.items():
            plans = self.browse(order_ids).with_prefetch(self._prefetch_ids)._plan_approval(
                {order_id: judgements[order_id].policy_ids for order_id in order_ids},
                requester=self.env['res.users'].browse(requester_id or ()))
            for order_id, (levels, problems) in plans.items():
                judgements[order_id].levels = levels
                judgements[order_id].undecidable = bool(problems) or not levels

    def _get_first_orders(self, terms):
        found = super()._get_first_orders(terms)
        if control_memory(self.env).past:
            # Who ordered for the first time later was a new customer then.
            today = self._get_control_today()
            found = {order_id: day if day and day <= today else None for order_id, day in found.items()}
        return found
