from odoo import models

from ...order.control_issue import ControlIssue


class SaleOrder(models.Model):
    """Without an exchange rate nobody knows what an order adds, or others owe: Odoo would take one unit for one."""

    _inherit = 'sale.order'

    def _collect_control_issues(self, checkpoint, terms):
        issues = super()._collect_control_issues(checkpoint, terms)
        if checkpoint not in ('submit', 'confirm'):
            return issues
        for order in self._with_control('credit', checkpoint)._filter_unrated(terms):
            others = [issue for issue in issues[order.id] if issue.code != 'credit.rate']
            issues[order.id] = [*others, order._prepare_rate_issue(terms[order.id].currency_id)]
        return issues

    def _filter_unrated(self, terms):
        """Filter the orders in a currency that has no rate; one query, and none for orders in the company's own.

        :param dict terms: ``{order_id: ControlTerms}``
        """
        homes = {order.id: order.sudo().company_id.root_id.currency_id.id for order in self}
        foreign = self.filtered(lambda order: terms[order.id].currency_id != homes[order.id])
        if not foreign:
            return foreign
        groups = self.env['res.currency.rate'].sudo()._read_group(
            [('currency_id', 'in', [terms[order.id].currency_id for order in foreign])], ['currency_id', 'company_id'])
        rated = {(currency.id, company.id) for currency, company in groups}
        return foreign.filtered(lambda order: not rated & {
            (terms[order.id].currency_id, company_id) for company_id in (False, order.sudo().company_id.root_id.id)})

    def _prepare_rate_issue(self, currency_id):
        self.ensure_one()
        currency = self.env['res.currency'].browse(currency_id)
        return ControlIssue(
            code='credit.rate', area='credit', effect='block',
            message=self.env._(
                "%(currency)s has no exchange rate, so what the order adds to the customer's credit is not known in "
                "%(home)s.", currency=currency.name, home=self.sudo().company_id.root_id.currency_id.name),
            clears=self.env._("Clears when a rate of %s is entered.", currency.name),
            facts={'currency': currency.name})

    def _prepare_credit_rate_issue(self, check):
        """Say that what is open of the customer, or of its group, is not known.

        :param CreditCheck check: figures with a currency that has no rate
        """
        return self._prepare_credit_issue(
            'rate', check, 'block',
            self.env._(
                "Orders in %(currency)s are open that count for the limit of %(customer)s. %(currency)s has no "
                "exchange rate, so what is owed is not known in %(home)s.", currency=check.unrated.name,
                customer=check.partner.name, home=check.currency.name),
            self.env._("Clears when a rate of %s is entered.", check.unrated.name))
