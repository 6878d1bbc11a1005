from collections import defaultdict
from datetime import timedelta

from odoo import api, models

from .control_issue import ControlIssue


class SaleOrder(models.Model):
    """The hub's own rules: mandatory data, sales type, duplicates, changes after confirmation."""

    _inherit = 'sale.order'

    def _collect_control_issues(self, checkpoint, terms):
        issues = super()._collect_control_issues(checkpoint, terms)
        if checkpoint not in ('submit', 'confirm'):
            return issues
        complete = self._with_control('completeness', checkpoint)
        for order in complete:
            issues[order.id] += order._get_missing_data_issues()
        # A duplicate is told while it can still be withdrawn, not at every later look.
        if checkpoint == 'submit':
            for order_id, issue in complete._get_duplicate_issues(terms).items():
                issues[order_id].append(issue)
        for order in self._with_control('approval', checkpoint):
            issues[order.id] += order._get_sales_type_issues()
        return issues

    # === MANDATORY DATA ===#

    def _get_missing_data_issues(self):
        """Check the mandatory data of one order (OE-02).

        :return: list of :class:`ControlIssue`, one per rule, naming the lines concerned
        """
        self.ensure_one()
        issues = []
        rules = self.env['sale.control.requirement']._get_rules()
        for rule_id, company_id, subject, field_name, type_ids, effect in rules:
            if company_id and company_id != self.company_id.id or type_ids and self.sale_type_id.id not in type_ids:
                continue
            missing = self._get_control_subject(subject).filtered(lambda record, name=field_name: not record[name])
            if missing:
                issues.append(self._prepare_missing_data_issue(rule_id, subject, effect, missing))
        return issues

    def _get_control_subject(self, subject):
        """Return the records that a mandatory-data rule looks at."""
        if subject == 'line':
            return self.order_line.filtered(lambda line: not line.display_type and line.product_uom_qty)
        return {
            'order': self,
            'customer': self.partner_id,
            'invoice_address': self.partner_invoice_id,
            'delivery_address': self.partner_shipping_id,
        }[subject]

    def _prepare_missing_data_issue(self, rule_id, subject, effect, missing):
        rule = self.env['sale.control.requirement'].browse(rule_id)
        message = rule.name
        if subject == 'line':
            message = self.env._(
                "%(sentence)s (%(lines)s)", sentence=rule.name,
                lines=", ".join(missing.product_id.mapped('display_name')))
        return ControlIssue(
            code=f'completeness.{rule_id}',
            area='completeness',
            effect=effect,
            message=message,
            facts={'records': missing.ids, 'field': rule.field_id.name},
            clears=self.env._("Fill in “%s”.", rule.field_id.field_description),
        )

    # === SALES TYPE ===#

    def _get_sales_type_issues(self):
        """A sales type other than the customer's own needs approval (AP-20)."""
        self.ensure_one()
        usual = self._get_default_sale_type()
        if not usual or self.sale_type_id == usual:
            return []
        chosen = self.sale_type_id.name or self.env._("none")
        return [ControlIssue(
            code='order.sales_type',
            area='approval',
            effect='approve',
            message=self.env._(
                "The sales type is “%(chosen)s”, but this customer's orders are “%(usual)s”.",
                chosen=chosen, usual=usual.name),
            facts={'chosen': self.sale_type_id.id, 'usual': usual.id},
            clears=self.env._("Choose the sales type “%s”.", usual.name),
        )]

    # === DUPLICATES ===#

    def _get_duplicate_issues(self, terms):
        """Find orders that ask for the same as another recent one of the customer (OE-10).

        :param dict terms: ``{order_id: ControlTerms}``
        :return: ``{order_id: ControlIssue}`` for the orders that look like a duplicate
        """
        candidates = self.filtered(lambda order: order.company_id.control_duplicate_days and terms[order.id].lines)
        if not candidates:
            return {}
        others = candidates._search_recent_orders()
        by_customer = defaultdict(list)
        for order in others:
            by_customer[order.company_id, order.partner_id.commercial_partner_id].append(order)
        issues = {}
        for order in candidates:
            wanted = {(line.product_id, line.quantity) for line in terms[order.id].lines}
            oldest = order.date_order - timedelta(days=order.company_id.control_duplicate_days)
            same = self.browse(
                other.id for other in by_customer[order.company_id, order.partner_id.commercial_partner_id]
                if other != order and other.date_order >= oldest
                and wanted & {(line.product_id.id, line.product_uom_qty) for line in other.order_line}
            )
            if same:
                issues[order.id] = order._prepare_duplicate_issue(same)
        return issues

    def _search_recent_orders(self):
        """Return the other open orders of the same customers in the longest warning period."""
        days = max(self.company_id.mapped('control_duplicate_days'))
        return self.search([
            ('company_id', 'in', self.company_id.ids),
            ('partner_id', 'child_of', self.partner_id.commercial_partner_id.ids),
            ('date_order', '>=', min(self.mapped('date_order')) - timedelta(days=days)),
            ('state', '!=', 'cancel'),
        ])

    def _prepare_duplicate_issue(self, same):
        return ControlIssue(
            code='order.duplicate',
            area='completeness',
            effect='warn',
            message=self.env._(
                "The customer ordered the same product in the same quantity a short time ago: %s.",
                ", ".join(same[:5].mapped('display_name'))),
            facts={'orders': same.ids},
            clears=self.env._("Ask the customer, and cancel one of them if it came twice."),
        )

    # === AMENDMENT ===#

    def _prepare_amendment_issue(self, aspects):
        """A worse change of a confirmed order, where such changes are under control (OC-03)."""
        labels = self._get_terms_aspect_labels()
        names = ", ".join(labels[aspect] for aspect in aspects)
        return ControlIssue(
            code='amendment.change',
            area='amendment',
            effect='block',
            message=self.env._("The terms of a confirmed order would get worse for the company: %s.", names),
            facts={'aspects': aspects},
        )

    @api.model
    def _get_terms_aspect_labels(self):
        """Return ``{aspect: translated label}`` for what :meth:`ControlTerms.worse_aspects` names."""
        return {
            'customer': self.env._("customer or address"),
            'currency': self.env._("currency"),
            'payment_term': self.env._("payment terms"),
            'date': self.env._("requested date"),
            'product': self.env._("product"),
            'quantity': self.env._("quantity"),
            'price': self.env._("price or discount"),
            'amount': self.env._("amount"),
        }
