from dataclasses import replace

from odoo import api, models
from odoo.tools.misc import formatLang

from ...order.control_issue import ControlIssue

POLICY_CODE = 'approval.'


class SaleApprovalMixin(models.AbstractModel):
    """Which policies look at a document, and what they say."""

    _inherit = 'sale.approval.mixin'

    def _get_approval_reasons(self, mode='enforce'):
        """Tell why somebody must agree to these documents, as far as approval is in force.

        :param str mode: of the companies whose documents are looked at; *warn* tells what would be asked
        :return: ``{document_id: [ControlIssue, ...]}`` for the documents that need it
        """
        documents = self.sudo().filtered(
            lambda document: document._get_approval_company()._get_control_mode(self._approval_area) == mode)
        scope = documents._get_rules_in_scope()
        figures = documents.browse(scope)._get_approval_figures()
        found = {
            document.id: document._judge_rules(scope[document.id], figures[document.id])
            for document in documents.browse(scope)
        }
        return {document_id: reasons for document_id, reasons in found.items() if reasons}

    def _get_rules_in_scope(self, candidates=None):
        """Find which policies look at which documents: company, kind of document, condition.

        :param candidates: optional :class:`PolicyRule` values to look at instead of the policies in force
        :return: ``{document_id: [PolicyRule, ...]}`` for documents in the scope of any
        """
        scope = {}
        policies = self.env['sale.approval.policy']
        today = self.env['sale.order']._get_control_today()
        for company, documents in self.grouped(lambda document: document._get_approval_company()).items():
            if candidates is None:
                rules = policies._get_rules(tuple(company.parent_ids.ids), self._name) if company else ()
            else:
                rules = [rule for rule in candidates if rule.company_id in company.parent_ids._ids]
            rules = [rule for rule in rules if rule.is_valid_on(today)]
            # A condition means the same whoever asks: nothing of the caller's context counts.
            context = {'allowed_company_ids': company.ids}
            plain = documents.with_context(context) if rules else documents  # pylint: disable=context-overridden
            for rule in rules:
                for document_id in plain._filter_by_condition(rule)._ids:
                    scope.setdefault(document_id, []).append(rule)
        return scope

    def _filter_by_condition(self, rule):
        """Filter the documents that match a policy's condition; one that cannot be read matches everything."""
        if rule.domain == '[]' or not rule.is_readable:
            return self
        try:
            return self.filtered_domain(self.env['sale.approval.policy']._parse_domain(rule.domain))
        except (ValueError, KeyError, TypeError, SyntaxError):
            # A field of the condition is gone, with the app it came from: rather ask than let pass.
            return self

    def _judge_policy(self, rule, figures):
        """Apply one policy to one document.

        :param PolicyRule rule: policy in whose scope the document is
        :param ApprovalFigures figures: what is judged
        :return: list of :class:`ControlIssue`, one per trigger that fired
        """
        self.ensure_one()
        if rule.is_unconditional:
            return [self._prepare_policy_issue(
                rule, 'always', self.env._("Approval is always needed here (policy “%s”).", rule.name))]
        return self._judge_amount(rule, figures) if rule.min_amount else []

    def _judge_rules(self, rules, figures):
        """Apply policies in their order, until one that matches says that no other one is asked.

        A policy that answers for issues of other controls is asked all the same: nobody else could agree to them.

        :return: list of :class:`ControlIssue`
        """
        found, stopped = [], False
        for rule in rules:
            scope = self._match_scope(rule, figures)
            if scope is None or stopped and not rule.answers_issues:
                continue
            issues = [self._explain_scope(issue, scope) for issue in self._judge_policy(rule, figures)]
            found += issues
            stopped = stopped or bool(issues) and rule.stop_here
        return found

    def _match_scope(self, rule, figures):
        """Tell whether a policy looks at the document, by what its typed conditions say.

        :return: list of translated phrases naming what matched, or None if something does not
        """
        if rule.is_readable:
            return []
        return [self.env._("the condition of the policy cannot be read any more and counts as met")]

    @api.model
    def _explain_scope(self, issue, scope):
        """Add to a reason which conditions of its policy matched."""
        if not scope:
            return issue
        return replace(
            issue, facts={**issue.facts, 'scope': list(scope)},
            message=self.env._("%(reason)s It applies because of: %(scope)s.",
                               reason=issue.message, scope="; ".join(scope)))

    def _get_judged_amount(self, rule, figures):
        """Return what a policy's amount is compared with, in the document's currency."""
        return figures.amount

    def _judge_amount(self, rule, figures):
        currency = self.env['res.currency'].browse(figures.currency_id)
        limit_currency = self.env['res.currency'].browse(rule.currency_id)
        amount, company = self._get_judged_amount(rule, figures), self._get_approval_company()
        days = self._get_approval_rate_days() if currency != limit_currency else [None]
        converted = max(currency._convert(amount, limit_currency, company, day) for day in days)
        if limit_currency.compare_amounts(converted, rule.min_amount) < 0:
            return []
        words = {
            'amount': formatLang(self.env, converted, currency_obj=limit_currency),
            'limit': formatLang(self.env, rule.min_amount, currency_obj=limit_currency),
            'policy': rule.name,
        }
        if rule.cumulative_days:
            message = self.env._(
                "The amount of %(amount)s with what was ordered in the last %(days)s days reaches %(limit)s (policy "
                "“%(policy)s”).", days=rule.cumulative_days, **words)
        else:
            message = self.env._("The amount of %(amount)s reaches %(limit)s (policy “%(policy)s”).", **words)
        # The figure that an approval bounds is in the document's currency: a moving rate makes nothing worse.
        return [self._prepare_policy_issue(
            rule, 'min_amount', message,
            amount=figures.amount, currency=currency.name, converted=converted, limit=rule.min_amount,
            limit_currency=limit_currency.name, figures=['amount'])]

    def _prepare_policy_issue(self, rule, trigger, message, **facts):
        clears = self.env._("Cleared by the approval of: %s.", ", ".join(dict.fromkeys(rule.level_names)))
        return ControlIssue(
            code=f'{POLICY_CODE}{rule.id}.{trigger}',
            area='approval',
            effect='approve',
            message=message,
            facts={'policy': rule.id, 'levels': list(rule.level_names), **facts},
            clears=clears,
        )

    def _plan_approval(self, policy_ids, requester=None):
        """Work out who would decide on these documents, level by level.

        :param dict policy_ids: ``{document_id: ids of the policies that matched}``
        :param res.users requester: who submits; left out besides the makers
        :return: ``{document_id: ([PlannedLevel, ...] in the order of deciding, {policy_id: what is wrong})}``
        """
        policies, levels = self.env['sale.approval.policy'], self.env['sale.approval.level']
        plans = {}
        for document in self.sudo():
            excluded = document._get_approval_makers()
            excluded |= requester or excluded.browse()
            problems, planned = {}, {}
            matched = sorted(policy_ids[document.id], key=lambda one: (policies._get_handling(one).sequence, one))
            matched_levels = levels._search_of(policies.browse(matched))
            # Stable: levels of the policy that comes first win among equal sequences.
            for level in matched_levels.sorted(lambda level: level._get_rule(level.id).sequence):
                plan = level._plan(document, excluded)
                if len(plan.user_ids) < plan.needed or not plan.user_ids:
                    problems.setdefault(level._get_rule(level.id).policy_id, level._explain_shortage(plan))
                # Two policies that ask the same persons ask once, as early as the first of them.
                planned.setdefault(plan.key, plan)
            plans[document.id] = (list(planned.values()), problems)
        return plans
