from dataclasses import replace

from odoo import fields, models
from odoo.tools import format_list
from odoo.tools.misc import format_date

from ...order.control_memory import control_memory
from ..policy.sale_approval_policy import ISSUE_TRIGGERS


class SaleOrder(models.Model):
    """The typed conditions of policies: teams, tags, countries, categories, new customers, findings of other rooms.

    They look at what is judged (:class:`ControlTerms`), never at a field of the order alone that its maker could
    write to escape: of several values that describe the order, any one is enough.
    """

    _inherit = 'sale.order'

    # === WHAT IS ASKED ===#

    def _get_asked_issue_kinds(self):
        asked = super()._get_asked_issue_kinds()
        policies = self.env['sale.approval.policy']
        for company, orders in self.grouped('company_id').items():
            if company._get_control_mode('approval') == 'off':
                continue
            rules = policies._get_rules(tuple(company.parent_ids.ids))
            kinds = {kind for rule in rules for trigger, kind in ISSUE_TRIGGERS.items() if getattr(rule, trigger)}
            for order in orders:
                asked[order.id] |= kinds
        return asked

    # === FACTS ===#

    def _get_order_figures(self, terms, issues, rules):
        figures = super()._get_order_figures(terms, issues, rules)
        for name, collect in self._get_condition_collectors().items():
            asked = self.filtered(lambda order, name=name: any(getattr(rule, name) for rule in rules[order.id]))
            for order_id, fact in (collect(asked, terms) if asked else {}).items():
                figures[order_id] = replace(figures[order_id], facts={**figures[order_id].facts, name: fact})
        return figures

    def _get_condition_collectors(self):
        """Return ``{attribute of PolicyRule: method(orders, terms) -> {order_id: fact}}``.

        A fact is looked up only for orders that a policy with the condition looks at.
        """
        return {
            'team_ids': lambda orders, terms: orders._get_judged_teams(),
            'partner_tag_ids': lambda orders, terms: orders._get_judged_tags(terms),
            'class_ids': lambda orders, terms: orders._get_judged_classes(terms),
            'country_ids': lambda orders, terms: orders._get_judged_countries(terms),
            'product_categ_ids': lambda orders, terms: orders._get_judged_categories(terms),
            'customer_kind': lambda orders, terms: orders._get_first_orders(terms),
        }

    def _get_judged_teams(self):
        """Return ``{order_id: crm.team}``: written on the order, and of those who sell and who entered it."""
        return {
            order.id: order.team_id | order.user_id.crm_team_ids | order.create_uid.crm_team_ids
            for order in self.sudo()
        }

    def _get_judged_partners(self, terms):
        """Return ``{order_id: res.partner}``: customer and payer, with the companies they belong to."""
        found = {
            order.id: self._browse_partners(
                terms[order.id].partner_id, terms[order.id].partner_invoice_id, terms[order.id].payer_id)
            for order in self
        }
        everybody = self._browse_partners(*(partner_id for own in found.values() for partner_id in own._ids))
        found = {order_id: own.with_prefetch(everybody._prefetch_ids) for order_id, own in found.items()}
        companies = everybody.commercial_partner_id
        return {
            order_id: (own | own.commercial_partner_id).with_prefetch((everybody | companies)._prefetch_ids)
            for order_id, own in found.items()
        }

    def _browse_partners(self, *partner_ids):
        return self.env['res.partner'].sudo().browse(dict.fromkeys(filter(None, partner_ids)))

    def _get_judged_tags(self, terms):
        # A tag that was archived is still one that a policy names.
        return {
            order_id: partners.with_context(active_test=False).category_id
            for order_id, partners in self._get_judged_partners(terms).items()
        }

    def _get_judged_classes(self, terms):
        """Return ``{order_id: sale.control.class}`` of customer and payer; of orders of the past, their class then."""
        classes = self.env['sale.control.class'].sudo()
        past = control_memory(self.env).past
        partners = self._get_judged_partners(terms)
        return {
            order.id: past and order.control_class_id or classes.union(*(
                customer._get_control_class(order.company_id)
                for customer in partners[order.id].commercial_partner_id))
            for order in self.sudo()
        }

    def _get_judged_countries(self, terms):
        deliveries = self._browse_partners(*(terms[order.id].partner_shipping_id for order in self))
        return {
            order_id: own.country_id
            | self._browse_partners(terms[order_id].partner_shipping_id).with_prefetch(deliveries._ids).country_id
            for order_id, own in self._get_judged_partners(terms).items()
        }

    def _get_judged_categories(self, terms):
        """Return ``{order_id: ids of the categories of its products and of those above them}``."""
        products = self.env['product.product'].sudo().browse(
            {line.product_id for order in self for line in terms[order.id].lines if line.product_id})
        above = {
            product.id: [int(number) for number in (product.categ_id.parent_path or '').split('/') if number]
            for product in products
        }
        return {
            order.id: frozenset(
                category for line in terms[order.id].lines if line.quantity > 0
                for category in above.get(line.product_id, ()))
            for order in self
        }

    def _get_first_orders(self, terms):
        """Return since when each order's customer, and who pays it, are customers: of the two, the later day.

        That is the day on which the first confirmed order was entered that they ordered or were to pay. The order
        itself does not count. The day of entry does, because nobody can write it. One of them who never was on a
        confirmed order makes it one of a new customer.

        :return: ``{order_id: date or None}``
        """
        parties = self._get_judged_parties(terms)
        everybody = list(set().union(*parties.values()))
        rows = self.env['sale.order'].sudo()._read_group(
            [
                '|', ('partner_id', 'child_of', everybody), ('partner_invoice_id', 'child_of', everybody),
                ('company_id', 'in', self.company_id.ids), ('state', '=', 'sale'), ('id', 'not in', self.ids),
            ],
            ['partner_id', 'partner_invoice_id', 'company_id'], ['create_date:min'])
        days = {}
        others = [(order.partner_id, order.partner_invoice_id, order.company_id, order.create_date)
                  for order in self.sudo() if order.state == 'sale']
        for partner, payer, company, first in rows + others:
            for party in (partner | payer).commercial_partner_id:
                days.setdefault((party.id, company.id), []).append(first)
        return {order.id: order._get_first_day(parties[order.id], days) for order in self.sudo()}

    def _get_first_day(self, parties, days):
        """Return the latest of the days on which these companies became customers, None if one of them is new.

        :param parties: ids of commercial partners
        :param dict days: ``{(commercial partner id, company id): [entered on, ...]}`` of confirmed orders, with this
        """
        self.ensure_one()
        firsts = []
        for party in parties:
            own = list(days.get((party, self.company_id.id), ()))
            if self.state == 'sale' and self.create_date in own:
                own.remove(self.create_date)
            firsts.append(min(own, default=None))
        if not firsts or None in firsts:
            return None
        return fields.Datetime.context_timestamp(self, max(firsts)).date()

    # === SCOPE ===#

    def _match_scope(self, rule, figures):
        phrases = super()._match_scope(rule, figures)
        matched = [
            self._match_records(
                rule.team_ids, 'team_ids', figures, lambda names: self.env._("sales team %s", names)),
            self._match_records(
                rule.partner_tag_ids, 'partner_tag_ids', figures, lambda names: self.env._("customer tag %s", names)),
            self._match_records(
                rule.class_ids, 'class_ids', figures, lambda names: self.env._("customer class %s", names)),
            self._match_records(
                rule.country_ids, 'country_ids', figures, lambda names: self.env._("country %s", names)),
            self._match_categories(rule, figures),
            self._match_customer_kind(rule, figures),
        ]
        if None in matched:
            return None
        return phrases + [phrase for phrase in matched if phrase]

    def _match_records(self, wanted, name, figures, word):
        """Compare what a policy names with what describes the order.

        :param word: gives the phrase for a list of names in quotation marks
        :return: a phrase naming what matches, empty if the policy names nothing, None if nothing matches
        """
        if not wanted:
            return ""
        found = figures.facts[name].filtered(lambda record: record.id in wanted)
        return word(self._quote_names(found)) if found else None

    def _quote_names(self, records):
        return format_list(self.env, [self.env._("“%s”", name) for name in records.mapped('display_name')])

    def _match_categories(self, rule, figures):
        if not rule.product_categ_ids:
            return ""
        found = rule.product_categ_ids & figures.facts['product_categ_ids']
        categories = self.env['product.category'].sudo().browse(sorted(found))
        return self.env._("product category %s", self._quote_names(categories)) if found else None

    def _match_customer_kind(self, rule, figures):
        if not rule.customer_kind:
            return ""
        first = figures.facts['customer_kind']
        if first is None:
            return self.env._("new customer, no confirmed order yet")
        age = (self._get_control_today() - first).days
        if rule.customer_kind == 'recent' and age < rule.new_customer_days:
            return self.env._(
                "new customer, first order on %(date)s, not %(days)s days ago yet",
                date=format_date(self.env, first), days=rule.new_customer_days)
        return None

    # === WHAT OTHER CONTROLS FOUND ===#

    def _judge_policy(self, rule, figures):
        found = super()._judge_policy(rule, figures)
        kinds = self._get_control_issue_kinds()
        for trigger, kind in ISSUE_TRIGGERS.items():
            issues = [issue for issue in figures.issues if kinds.get(issue.code) == kind]
            if trigger == 'on_late_promise':
                issues = [issue for issue in issues if issue.facts['days_late'] > rule.late_promise_days]
            if issues and getattr(rule, trigger):
                found.append(self._prepare_found_issue(rule, trigger, issues))
        return found

    def _prepare_found_issue(self, rule, trigger, issues):
        """Word that a policy asks because of what other controls found, with the worst of their figures."""
        figures = {}
        for issue in issues:
            for name, number in issue.figures.items():
                figures[name] = max(number, figures.get(name, number))
        reasons = {
            'on_long_terms': self.env._("The terms are longer than the grade allows (policy “%s”).", rule.name),
            'on_shortage': self.env._("There are not enough goods (policy “%s”).", rule.name),
            'on_late_promise': self.env._("It cannot be delivered in time (policy “%s”).", rule.name),
        }
        # What needs agreement by itself is told beside it; a warning is told here only.
        told = " ".join(issue.message for issue in issues if issue.effect != 'approve')
        return self._prepare_policy_issue(
            rule, trigger, f"{reasons[trigger]} {told}".strip(),
            answers=[issue.code for issue in issues if issue.effect == 'approve'],
            limit=rule.late_promise_days if trigger == 'on_late_promise' else 0, **figures, figures=list(figures))
