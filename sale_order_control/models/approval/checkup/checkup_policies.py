from odoo import api, models

from ..policy.sale_approval_policy import ISSUE_TRIGGERS, ORDER_SCOPE, TRIGGERS
from .findings import Finding

# Triggers with a threshold: whether asking about a smaller figure asks about more.
THRESHOLDS = {'max_discount': True, 'below_list_percent': True, 'min_margin_percent': False}
SET_SCOPES = ('sale_type_ids', 'team_ids', 'partner_tag_ids', 'class_ids', 'country_ids')
CONTROL_OF_TRIGGER = {
    'on_long_terms': 'control_credit', 'on_shortage': 'control_promise', 'on_late_promise': 'control_promise'}


class SaleApprovalPolicy(models.Model):
    """The check-up of policies: which never ask, which add nobody, and what none of them looks at."""

    _inherit = 'sale.approval.policy'

    @api.model
    def _get_checks(self):
        return [
            *super()._get_checks(), self._check_validity, self._check_order_of_policies, self._check_sales_types,
            self._check_other_controls, self._check_currencies]

    # === EACH POLICY ===#

    @api.model
    def _check_validity(self, run):
        for policy in run.own:
            names = {'policy': policy.name}
            problem = policy._explain_domain()
            if problem:
                yield Finding('unreadable', policy, facts={**names, 'reason': problem})
            if policy.date_to and policy.date_to < run.today:
                yield Finding('expired', policy, facts={**names, 'end_date': str(policy.date_to)})
            rule = run.rules[policy.id]
            if rule.class_ids and rule.is_unconditional and rule.domain == '[]' and not any(
                    getattr(rule, name) for name in ORDER_SCOPE if name != 'class_ids'):
                classes = policy.with_context(active_test=False).class_ids
                yield Finding('class_alone', policy, facts={**names, 'classes': ", ".join(classes.mapped('name'))})
            types = policy.with_context(active_test=False).sale_type_ids
            if types and not any(kind.run_approval and kind.active for kind in types):
                yield Finding('idle_types', policy, facts={**names, 'types': ", ".join(types.mapped('name'))})

    # === POLICIES AMONG EACH OTHER ===#

    @api.model
    def _check_order_of_policies(self, run):
        """Compare every policy with the others of its kind, in memory."""
        above = self._get_categories_above(run)
        for number, later in enumerate(run.policies):
            if later not in run.own:
                continue
            rule = run.rules[later.id]
            if rule.date_to and rule.date_to < run.today:
                continue
            for position, other in enumerate(run.policies):
                first = run.rules[other.id]
                if other == later or other.res_model != later.res_model \
                        or not self._covers_rule(run, first, rule, above):
                    continue
                names = {'policy': later.name, 'other': other.name}
                if position < number and other.stop_here and not rule.answers_issues:
                    yield Finding('unreachable', later, facts=names)
                    break
                # Of two that say the same, the later one is too many.
                mutual = position > number and self._covers_rule(run, rule, first, above)
                if not mutual and self._get_level_keys(later) <= self._get_level_keys(other):
                    yield Finding('redundant', later, facts=names)
                    break

    @api.model
    def _get_categories_above(self, run):
        """Return ``{category_id: ids of it and of those above it}`` of all that policies name."""
        categories = run.policies.with_context(active_test=False).product_categ_ids
        return {
            category.id: frozenset(int(number) for number in category.parent_path.split('/') if number)
            for category in categories}

    @api.model
    def _covers_rule(self, run, wide, narrow, above):
        """Whether one policy asks about everything that another one asks about, as far as can be told for sure."""
        lasts = (not wide.date_from or wide.date_from <= max(run.today, narrow.date_from or run.today)) \
            and (not wide.date_to or bool(narrow.date_to and wide.date_to >= narrow.date_to))
        return lasts and self._covers_scope(wide, narrow, above) and (
            wide.is_unconditional or not narrow.is_unconditional and all(
                self._covers_trigger(run, wide, narrow, trigger) for trigger in TRIGGERS if getattr(narrow, trigger)))

    @api.model
    def _covers_scope(self, wide, narrow, above):
        for name in SET_SCOPES:
            if getattr(wide, name) and not (getattr(narrow, name) and getattr(narrow, name) <= getattr(wide, name)):
                return False
        categories = narrow.product_categ_ids
        if wide.product_categ_ids and not (
                categories and all(above[category] & wide.product_categ_ids for category in categories)):
            return False
        kinds = {'first': 1, 'recent': 1 + wide.new_customer_days}
        if wide.customer_kind and not (
                narrow.customer_kind and {'first': 1, 'recent': 1 + narrow.new_customer_days}[narrow.customer_kind]
                <= kinds[wide.customer_kind]):
            return False
        return wide.domain == '[]' or not wide.is_readable or (
            narrow.is_readable and self._parse_domain(wide.domain) == self._parse_domain(narrow.domain))

    @api.model
    def _covers_trigger(self, run, wide, narrow, trigger):
        """Whether one policy asks at least as early for a reason as another one that has it."""
        mine, theirs = getattr(wide, trigger), getattr(narrow, trigger)
        if not mine:
            return False
        if trigger == 'min_amount':
            currencies = self.env['res.currency']
            own, other = currencies.browse(wide.currency_id), currencies.browse(narrow.currency_id)
            mine = own._convert(mine, other, run.company, run.today) if own != other else mine
            return mine <= theirs and wide.cumulative_days >= narrow.cumulative_days
        if trigger == 'on_late_promise':
            return wide.late_promise_days <= narrow.late_promise_days
        if trigger in THRESHOLDS:
            return mine <= theirs if THRESHOLDS[trigger] else mine >= theirs
        return True

    @api.model
    def _get_level_keys(self, policy):
        """Return what each level asks of whom, to compare policies by it."""
        return {
            (level.approver_type, level.user_ids._ids, level.group_id.id, level.approver_field, level.quorum,
             level.quorum_number if level.quorum == 'number' else 0, level.distinct_persons, level.comment_required)
            for level in policy.level_ids}

    # === WHAT NO POLICY LOOKS AT ===#

    @api.model
    def _check_sales_types(self, run):
        rules = [rule for rule in run.rules.values() if rule.is_valid_on(run.today)]
        orders = set(run.policies.filtered(lambda policy: policy.res_model == 'sale.order').ids)
        rules = [rule for rule in rules if rule.id in orders]
        types = self.env['sale.control.type'].sudo().search(
            [('run_approval', '=', True), ('company_id', 'in', (False, *run.company.parent_ids.ids))])
        for kind in types:
            if rules and not any(not rule.sale_type_ids or kind.id in rule.sale_type_ids for rule in rules):
                yield Finding(
                    'uncovered_type', self.browse(), culprit=kind, facts={'type': kind.name}, about=str(kind.id))
        if rules and not any(rule.on_credit_issue for rule in rules):
            yield Finding('no_answer', self.browse())

    @api.model
    def _check_other_controls(self, run):
        for policy in run.own:
            for trigger in ISSUE_TRIGGERS:
                switch = CONTROL_OF_TRIGGER[trigger]
                if policy[trigger] and run.company[switch] == 'off':
                    yield Finding('control_off', policy, about=trigger, facts={
                        'policy': policy.name,
                        'trigger': self._fields[trigger]._description_string(self.env),
                        'control': run.company._fields[switch]._description_string(self.env)})

    @api.model
    def _check_currencies(self, run):
        """Amounts are compared in the policies' currencies, orders come in those of the pricelists."""
        own = run.company.currency_id
        pricelists = self.env['product.pricelist'].sudo().search(
            [('company_id', 'in', (False, *run.company.parent_ids.ids))])
        judged = run.policies.filtered('min_amount')
        foreign = (judged.currency_id | pricelists.currency_id) - own if judged else own.browse()
        rated = self.env['res.currency.rate'].sudo()._read_group(
            [('currency_id', 'in', foreign.ids), ('company_id', 'in', (False, run.company.root_id.id))],
            ['currency_id'])
        for currency in foreign - own.union(*(currency for [currency] in rated)):
            yield Finding('no_rate', self.browse(), culprit=currency, about=currency.name, facts={
                'currency': currency.name, 'own': own.name})
