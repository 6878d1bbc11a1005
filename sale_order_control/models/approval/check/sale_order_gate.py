from dataclasses import replace

from odoo import api, models
from odoo.tools.misc import formatLang

from ...order.control_memory import control_memory
from ...order.control_terms import ControlTerms
from ..policy.approval_figures import ApprovalFigures
from ..request.sale_approval_request import LIVE_STATES


class SaleOrder(models.Model):
    """The approval policies within the gate: who must agree, and what is agreed already."""

    _inherit = 'sale.order'

    def _settle_control_issues(self, checkpoint, issues, terms):
        issues = super()._settle_control_issues(checkpoint, issues, terms)
        # What is bought or made was judged by the policies when the order was confirmed or changed.
        judged = self._with_control('approval', checkpoint) if checkpoint != 'procure' else self.browse()
        scope = judged._get_order_rules(issues)
        approvals = self._get_approvals_in_force(terms)
        for order in self:
            issues[order.id] = self._drop_covered(issues[order.id], approvals.get(order.id))
        found = self._get_policy_issues(checkpoint, scope, issues, terms) if scope else {}
        for order in self:
            policies = found.get(order.id, [])
            answered = {code for issue in policies for code in issue.facts.get('answers', ())} \
                if order.company_id._get_control_mode('approval', checkpoint) == 'enforce' else ()
            issues[order.id] = [
                issue if issue.code in answered or issue.effect != 'approve' else order._mark_nobody(issue)
                for issue in issues[order.id]
            ] + self._drop_covered(policies, approvals.get(order.id), keep_answers=True)
        return issues

    # === COVERAGE ===#

    def _get_approvals_in_force(self, terms):
        """Return the approved requests whose terms the given ones do not exceed.

        Costs nothing for orders for which nobody ever asked.

        :param dict terms: ``{order_id: ControlTerms}``
        :return: ``{order_id: sale.approval.request}``
        """
        found = self._get_agreeing_requests()
        asked = self.filtered(lambda order: order.approval_state != 'none')
        if asked:
            requests = asked._get_approved_requests()
            for order_id, its in requests.grouped('res_id').items():
                found[order_id] = found.get(order_id, requests.browse()) | its
        in_force = {}
        for order in self.browse(found):
            in_force[order.id] = found[order.id].filtered(
                lambda request, order=order: request.company_id == order.company_id
                and not order._get_worse_than_approved(terms[order.id], request))
        return in_force

    def _get_approved_requests(self):
        """Return the approved requests of these orders, in sudo; the only one of an order may have just ended."""
        requests, closing = self.env['sale.approval.request'].sudo(), control_memory(self.env).closing
        ended = requests.browse(
            closing[self._name, order.id] for order in self if (self._name, order.id) in closing)
        only = ended.filtered(lambda request: not request.previous_id)
        others = set(self.ids) - set(only.mapped('res_id'))
        found = requests.search(
            [('res_model', '=', self._name), ('res_id', 'in', list(others)), ('state', '=', 'approved')]
        ) if others else requests
        return found | only.filtered(lambda request: request.state == 'approved')

    def _get_agreeing_requests(self):
        """Return approved requests about other documents whose approvers agreed to terms of these orders.

        Their snapshot is one of :class:`ControlTerms`.

        :return: ``{order_id: sale.approval.request}`` in sudo
        """
        return {}

    @api.model
    def _drop_covered(self, issues, approvals, keep_answers=False):
        """Leave out the issues that an approval in force covers.

        :param bool keep_answers: keep policies that answer for issues which are still open
        """
        return [
            issue for issue in issues
            if keep_answers and issue.facts.get('answers')
            or not any(approval._covers(issue) for approval in approvals or ())
        ]

    def _get_worse_than_approved(self, terms, request):
        """Name what is worse in these terms than in those somebody judged, beyond the tolerance.

        :param ControlTerms terms: terms to judge
        :param sale.approval.request request: pending or approved
        :return: list of aspects, see :meth:`ControlTerms.worse_aspects`; ``margin`` in addition
        """
        self.ensure_one()
        if terms.digest == request.digest:
            return []
        return self._get_worse_terms(terms, request._get_terms(), request.tolerance)

    def _get_worse_terms(self, terms, agreed, tolerance):
        """Name what is worse in some terms than in others.

        :param float tolerance: percent, of the margin percentage points, that do not count
        """
        self.ensure_one()
        aspects = terms.worse_aspects(agreed, tolerance)
        if 'payment_term' in aspects and not self._falls_due_later(terms, agreed):
            aspects.remove('payment_term')
        if terms.margin_percent < agreed.margin_percent - max(tolerance, 0.005):
            aspects.append('margin')
        return aspects

    def _falls_due_later(self, terms, agreed):
        """Whether at any day less would have been paid than under the agreed payment term."""
        amount = sum(line.amount for line in terms.lines)
        new, new_discount = self._get_due_schedule(terms.payment_term_id, amount)
        old, old_discount = self._get_due_schedule(agreed.payment_term_id, amount)
        return new_discount > old_discount or any(
            sum(part for due, part in new if due <= day) < sum(part for due, part in old if due <= day) - 0.005
            for day, _part in old
        )

    def _get_due_schedule(self, term_id, amount):
        """Return when which part of an amount falls due, and the early payment discount in percent."""
        self.ensure_one()
        today = self._get_control_today()
        term = self.env['account.payment.term'].sudo().browse(term_id or ())
        if not term or amount <= 0:
            return [(today, amount)], 0.0
        company = self.company_id
        due = term._compute_terms(
            date_ref=today, currency=self.currency_id, company=company, tax_amount=0, tax_amount_currency=0,
            sign=1, untaxed_amount=amount, untaxed_amount_currency=amount)
        schedule = [(line['date'], line['foreign_amount']) for line in due['line_ids']]
        return schedule, term.discount_percentage if term.early_discount else 0.0

    def _get_terms_aspect_labels(self):
        return {**super()._get_terms_aspect_labels(), 'margin': self.env._("margin")}

    # === POLICIES ===#

    def _get_policy_issues(self, checkpoint, rules, issues, terms):
        """Evaluate the approval policies.

        :param dict rules: result of :meth:`_get_order_rules`
        :param dict issues: what the other rooms found and no approval covers
        :return: ``{order_id: [ControlIssue, ...]}`` for the orders that need somebody's agreement
        """
        orders = self.browse(rules)
        if checkpoint == 'release':
            orders -= orders._get_passed_unchanged(terms)
        if not orders:
            return {}
        figures = orders._get_order_figures(terms, issues, rules)
        found = {
            order.id: order._judge_rules(rules[order.id], figures[order.id])
            for order in orders
        }
        if checkpoint in ('submit', 'release'):
            orders._mark_undecidable(checkpoint, found)
        return {order_id: matched for order_id, matched in found.items() if matched}

    def _get_order_rules(self, issues, candidates=None):
        """Find which policies look at which orders: company, sales type, condition.

        :param dict issues: what the other rooms found
        :param candidates: optional :class:`PolicyRule` values to look at instead of the policies in force
        :return: ``{order_id: [PolicyRule, ...]}`` for orders in the scope of any
        """
        scope = {}
        for order_id, rules in self._get_rules_in_scope(candidates).items():
            types = self.browse(order_id)._get_approval_types(issues[order_id])
            rules = [
                rule for rule in rules
                if types is not None and (not rule.sale_type_ids or rule.sale_type_ids & types)]
            if rules:
                scope[order_id] = rules
        return scope

    def _get_order_figures(self, terms, issues, rules):
        """Return what policies judge of these orders.

        :param dict rules: result of :meth:`_get_order_rules`; what no policy asks need not be worked out
        :return: ``{order_id: ApprovalFigures}``
        """
        amounts = self._get_control_amounts(terms)
        return {
            order.id: ApprovalFigures(
                amount=amounts[order.id].untaxed,
                currency_id=terms[order.id].currency_id,
                open_codes=tuple(issue.code for issue in issues[order.id] if issue.effect == 'approve'),
                terms=terms[order.id],
                margin_percent=amounts[order.id].margin_percent,
                issues=tuple(issues[order.id]),
            )
            for order in self
        }

    def _get_approval_types(self, issues):
        """Return the ids of the sales types that count for the order, or None if it runs no policy.

        A type chosen against the customer's usual one does not lead out of the usual one's policies.
        """
        self.ensure_one()
        types = self.sale_type_id
        for issue in issues:
            if issue.code == 'order.sales_type':
                types |= types.browse(issue.facts['usual'])
        type_ids = frozenset(types.ids)
        return type_ids if not types or type_ids & types._get_running_ids() else None

    def _judge_policy(self, rule, figures):
        found = super()._judge_policy(rule, figures)
        discount, margin = figures.terms.discount, figures.margin_percent
        if rule.max_discount and discount > rule.max_discount + 1e-6:
            found.append(self._prepare_policy_issue(
                rule, 'max_discount',
                self.env._(
                    "The discount of %(discount)s %% is above %(limit)s %% (policy “%(policy)s”).",
                    discount=self._format_percent(discount), limit=self._format_percent(rule.max_discount),
                    policy=rule.name),
                discount=discount, limit=rule.max_discount, figures=['discount']))
        # An order without value has no margin to judge: a return, a sample.
        if rule.min_margin_percent and figures.amount > 0 and margin < rule.min_margin_percent - 1e-6:
            found.append(self._prepare_policy_issue(
                rule, 'min_margin_percent',
                self.env._(
                    "The margin of %(margin)s %% is below %(limit)s %% (policy “%(policy)s”).",
                    margin=self._format_percent(margin), limit=self._format_percent(rule.min_margin_percent),
                    policy=rule.name),
                negative_margin=-margin, limit=rule.min_margin_percent, figures=['negative_margin']))
        if rule.on_credit_issue and figures.open_codes:
            found.append(self._prepare_policy_issue(
                rule, 'on_credit_issue',
                self.env._("Another control asks for somebody's agreement (policy “%s”).", rule.name),
                answers=list(figures.open_codes)))
        return found

    def _format_percent(self, value):
        return formatLang(self.env, value, digits=2)

    # === WHO CAN BE ASKED ===#

    def _mark_nobody(self, issue):
        """Mark an issue that needs agreement while no policy says whose, and say what a manager can do."""
        self.ensure_one()
        if issue.facts.get('nobody'):
            return issue
        if self.company_id._get_control_mode('approval') != 'enforce':
            remedy = self.env._("Nobody can be asked to approve it, because approval control is not in force.")
        else:
            remedy = self.env._(
                "Nobody is configured to approve it: a manager can add an approval policy “On Credit or Other Issue”.")
        return replace(issue, clears=f"{issue.clears} {remedy}".strip(), facts={**issue.facts, 'nobody': True})

    def _mark_undecidable(self, checkpoint, found):
        """Mark policies one of whose levels has too few approvers for the order, and say which.

        :param dict found: ``{order_id: [ControlIssue, ...]}``, changed in place
        """
        matched = self.filtered(lambda order: found[order.id])
        plans = matched._plan_approval({
            order.id: {issue.facts['policy'] for issue in found[order.id]} for order in matched})
        for order in matched:
            _levels, problems = plans[order.id]
            if not problems:
                if checkpoint == 'release':
                    found[order.id] = [
                        replace(issue, clears=self.env._("%s Use “Ask for Approval” on the order.", issue.clears))
                        for issue in found[order.id]
                    ]
                continue
            found[order.id] = [
                replace(issue, clears=problems[issue.facts['policy']], facts={**issue.facts, 'nobody': True})
                if issue.facts['policy'] in problems else issue
                for issue in found[order.id]
            ]

    # === WHAT PASSED ALREADY ===#

    def _keep_passed_terms(self):
        """Keep the terms with which these orders were confirmed, unless shadow mode let them through."""
        issues = self._get_control_issues('confirm')
        terms = self._get_control_terms()
        for order in self:
            if not any('approve' in (issue.effect, issue.would) for issue in issues[order.id]):
                order._write_approval({'approval_passed_terms': terms[order.id].to_json()})

    def _get_passed_unchanged(self, terms):
        """Filter the orders that were confirmed under control and have not got worse since.

        What passed at confirmation is not asked again when a rate moves or a policy is edited.
        """
        passed = self.browse()
        for order in self:
            if order.approval_passed_terms:
                agreed = ControlTerms.from_json(order.approval_passed_terms)
                if terms[order.id].digest == agreed.digest or not terms[order.id].worse_aspects(agreed):
                    passed |= order
        return passed

    def _get_control_watched(self):
        watched = super()._get_control_watched()
        return watched | self.filtered(lambda order: order.sudo().approval_state in LIVE_STATES)
