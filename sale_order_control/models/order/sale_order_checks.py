from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

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
        wanted = [
            SQL("(%s, %s, %s, %s::timestamp, %s, %s)", order.id, order.partner_id.commercial_partner_id.id,
                order.company_id.id, order.date_order - timedelta(days=order.company_id.control_duplicate_days),
                line.product_id, line.quantity)
            for order in candidates for line in terms[order.id].lines if line.product_id]
        return {
            order_id: self._prepare_duplicate_issue(others)
            for order_id, others in self._find_same_orders(wanted).items()
        }

    @api.model
    def _find_same_orders(self, wanted):
        """Find what was ordered in the same quantity by the same customer, in one query for any number of lines.

        :param wanted: ``(order, customer, company, not before, product, quantity)`` as SQL, one per line
        :return: ``{order_id: {other order id: its number}}``, the latest first
        """
        if not wanted:
            return {}
        self.flush_model(['partner_id', 'company_id', 'date_order', 'state'])
        self.order_line.flush_model(['order_id', 'product_id', 'product_uom_qty'])
        self.env['res.partner'].flush_model(['commercial_partner_id'])
        found = defaultdict(dict)
        for order_id, other_id, name, _day in self.env.execute_query(SQL(
                """SELECT DISTINCT wanted.order_id, other.id, other.name, other.date_order
                     FROM (VALUES %s) wanted (order_id, customer_id, company_id, since, product_id, quantity)
                     JOIN res_partner party ON party.commercial_partner_id = wanted.customer_id
                     JOIN sale_order other ON other.partner_id = party.id AND other.company_id = wanted.company_id
                          AND other.date_order >= wanted.since AND other.state != 'cancel'
                          AND other.id != wanted.order_id
                     JOIN sale_order_line line ON line.order_id = other.id AND line.product_id = wanted.product_id
                          AND line.product_uom_qty = wanted.quantity::numeric
                 ORDER BY other.date_order DESC, other.id DESC""", SQL(", ").join(wanted))):
            found[order_id][other_id] = name
        return found

    def _prepare_duplicate_issue(self, others):
        return ControlIssue(
            code='order.duplicate',
            area='completeness',
            effect='warn',
            message=self.env._(
                "The customer ordered the same product in the same quantity a short time ago: %s.",
                ", ".join(list(others.values())[:5])),
            facts={'orders': list(others)},
            clears=self.env._("Ask the customer, and cancel one of them if it came twice."),
        )

    # === AMENDMENT ===#

    def _prepare_amendment_issue(self, aspects):
        """A change of a confirmed order past an amendment, where such changes are under control (OC-03)."""
        labels = self._get_terms_aspect_labels()
        names = ", ".join(labels[aspect] for aspect in aspects)
        return ControlIssue(
            code='amendment.change',
            area='amendment',
            effect='block',
            message=self.env._("A confirmed order is changed by an amendment only. This would change: %s.", names),
            facts={'aspects': aspects},
        )

    def _get_amended_aspects(self, before, after):
        """Name what differs between two snapshots, for the better or the worse.

        :return: list of keys of :meth:`_get_terms_aspect_labels`; empty where an amendment would have nothing to change
        """
        self.ensure_one()
        former = {line.key: line for line in before.lines}
        old, new = self._get_amendable_terms(before, former), self._get_amendable_terms(after, former)
        if old.digest == new.digest:
            return ['price'] if self._is_shipping_given_away(former, after) else []
        return list(dict.fromkeys(new.worse_aspects(old) + old.worse_aspects(new))) or ['amount']

    def _is_shipping_given_away(self, former, after):
        """Whether shipping costs that stay on the order are no longer charged.

        :param dict former: ``{key: LineTerms}`` before
        :param ControlTerms after: terms of this order
        """
        now = {line.key: line.amount for line in after.lines}
        shipping = self._get_shipping_product_ids({line.product_id for line in former.values()})
        left = self.env['sale.order.line'].sudo().browse(
            [key for key, line in former.items() if line.product_id in shipping and line.amount > 0]).exists()
        return any(now.get(line.id, 0.0) <= 0 for line in left)

    def _get_amendable_terms(self, terms, former):
        """Leave out what is no part of what was agreed with the customer about the goods.

        What rooms add has rules of its own. Shipping costs are charged by Odoo's delivery methods, also when goods
        leave: known by the product, which only a manager makes one of shipping, and only as long as they are charged.
        Costs that are invoiced on are added by Odoo as they arise, and taken back with their entries: known by the
        product's re-invoicing policy, and the line that is new or says so.

        :param ControlTerms terms: terms of this order
        :param former: keys of the lines before the change
        """
        products = {line.product_id for line in terms.lines}
        apart = self._get_shipping_product_ids(products)
        reinvoiced = set(self.env['product.product'].sudo().browse(products).filtered(
            lambda product: product.expense_policy in ('cost', 'sales_price')).ids)
        own = [line.key for line in terms.lines if line.product_id in reinvoiced]
        expenses = set(self.env['sale.order.line'].sudo().browse(own).exists().filtered('is_expense').ids)
        return replace(terms, conditions=(), lines=tuple(
            line for line in terms.lines if line.amount < 0 or not (
                line.product_id in apart or line.key in expenses
                or line.product_id in reinvoiced and line.key not in former)))

    @api.model
    def _get_shipping_product_ids(self, product_ids):
        """Return which of these products delivery methods charge for shipping; no goods are."""
        if 'delivery.carrier' not in self.env:
            return set()
        carriers = self.env['delivery.carrier'].sudo().with_context(active_test=False).search(
            [('product_id', 'in', list(product_ids)), ('product_id.type', '=', 'service')])
        return set(carriers.product_id.ids)

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
