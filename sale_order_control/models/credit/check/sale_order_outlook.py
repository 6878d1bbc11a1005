from collections import defaultdict
from dataclasses import dataclass

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import formatLang

from ...order.control_words import word_days
from ..account.res_partner import READERS


@dataclass(frozen=True, slots=True)
class CreditOutlook:
    """Where a quotation would take the customer's credit, in the currency of the root company.

    :ivar partner: invoiced commercial partner
    :ivar currency: currency of the root company
    :ivar grade: ``credit.grade``; empty without one
    :ivar limit: :class:`EffectiveLimit` of the customer
    :ivar position: :class:`Position` of the customer, without any quotation
    :ivar amount: what this quotation would add, as it is on the screen: nothing if all of it is paid before it leaves
    :ivar others: what the customer's other open quotations would add
    :ivar other_count: how many those are
    :ivar prepaid: whether all of this quotation is paid before it leaves
    """

    partner: object
    currency: object
    grade: object
    limit: object
    position: object
    amount: float
    others: float
    other_count: int
    prepaid: bool = False

    @property
    def available(self):
        """What is left of the limit now."""
        return self.limit.get_available(self.position.total)

    @property
    def after(self):
        """What this quotation would leave."""
        return self.currency.round(self.available - max(0.0, self.amount))

    @property
    def after_all(self):
        """What all open quotations together would leave."""
        return self.currency.round(self.after - self.others)


class SaleOrder(models.Model):
    """An early word on credit, while a quotation is being typed."""

    _inherit = 'sale.order'

    credit_outlook = fields.Html(
        compute='_compute_credit_outlook', compute_sudo=True, sanitize=False, groups=READERS,
        help="What is left of the customer's limit now, after this quotation, and after all open quotations.")

    @api.depends('partner_invoice_id', 'amount_total', 'currency_id', 'company_id', 'state', 'settlement_mode',
                 'settlement_percent')
    def _compute_credit_outlook(self):
        outlooks = self._get_credit_outlooks()
        for order in self:
            outlook = outlooks.get(order.id)
            order.credit_outlook = order._word_credit_outlook(outlook) if outlook else False

    def _get_credit_outlooks(self):
        """Work out the outlook of quotations as they are on the screen, saved or not.

        :return: ``{order.id: CreditOutlook}`` for the quotations under credit control
        """
        outlooks = {}
        quotations = self.filtered(
            lambda order: order.state in ('draft', 'sent') and order.partner_invoice_id and order.company_id)
        saved = quotations._origin._get_controlled()
        for company, orders in quotations.grouped(lambda order: order.company_id.root_id).items():
            if company.sudo().control_credit == 'off':
                continue
            orders = orders.filtered(lambda order: not order._origin or order._origin in saved)
            outlooks.update(orders.sudo()._get_company_credit_outlooks(company.sudo()))
        return outlooks

    def _get_company_credit_outlooks(self, company):
        owners = self.partner_invoice_id.commercial_partner_id._origin
        accounts = self.env['credit.account']._find(owners, company)
        limits = accounts._get_limits_by_owner(owners, company)
        positions = accounts._read_positions(owners, company)
        grades = {account.partner_id.id: account.grade_id for account in accounts}
        quotations = self._read_open_quotations(owners, company)
        today = self._get_control_today()
        outlooks = {}
        for order in self:
            owner = order.partner_invoice_id.commercial_partner_id._origin
            others = {key: amount for key, amount in quotations[owner.id].items() if key != order._origin.id}
            prepaid = order._is_prepaid_in_full()
            total = order.currency_id._convert(order.amount_total, company.currency_id, company, today)
            outlooks[order.id] = CreditOutlook(
                partner=owner, currency=company.currency_id, grade=grades.get(owner.id, self.env['credit.grade']),
                limit=limits[owner.id], position=positions[owner.id],
                amount=0.0 if prepaid else total, others=sum(others.values()), other_count=len(others), prepaid=prepaid)
        return outlooks

    @api.model
    def _read_open_quotations(self, owners, company):
        """Read what the open quotations of customers would add.

        Those paid in full before they leave add nothing, and nor do those that are no longer valid.

        :return: ``defaultdict {commercial_partner_id: {order_id: amount}}`` in the company's currency
        """
        today, amounts = self._get_control_today(), defaultdict(dict)
        found = self.sudo().search_fetch([
            ('partner_invoice_id', 'child_of', owners.ids), ('state', 'in', ('draft', 'sent')),
            ('company_id', 'child_of', company.id), ('amount_total', '>', 0),
            '|', ('validity_date', '=', False), ('validity_date', '>=', today),
        ], ['partner_invoice_id', 'amount_total', 'currency_id', 'company_id', 'settlement_mode', 'settlement_percent'])
        for order in found.filtered(lambda order: not order._is_prepaid_in_full()):
            owner = order.partner_invoice_id.commercial_partner_id
            amounts[owner.id][order.id] = order.currency_id._convert(
                order.amount_total, company.currency_id, company, today)
        return amounts

    # === WORDS ===#

    def _word_credit_outlook(self, outlook):
        """Say the outlook in one line of words and colours."""
        def money(amount):
            return formatLang(self.env, amount, currency_obj=outlook.currency)

        def coloured(amount, template):
            tone = 'danger' if amount < 0 else 'success'
            return Markup('<span class="text-%s">%s</span>') % (tone, template % money(amount))
        parts = [self.env._("Grade %s", outlook.grade.code)] if outlook.grade else []
        if outlook.limit.kind == 'none':
            parts.append(self.env._("No credit limit, %s open", money(outlook.position.total)))
        elif outlook.limit.kind == 'zero':
            parts.append(self.env._("No credit: prepaid only, %s open", money(outlook.position.total)))
        else:
            parts.append(self.env._(
                "%(used)s of %(limit)s used", used=money(outlook.position.total),
                limit=money(outlook.limit.effective)))
        if outlook.limit.kind != 'none':
            parts.append(coloured(outlook.available, self.env._("%s available now")))
            if not outlook.prepaid:
                parts.append(coloured(outlook.after, self.env._("%s after this order")))
            if outlook.other_count:
                parts.append(coloured(
                    outlook.after_all, self.env._("%%s after all %s open quotations", outlook.other_count + 1)))
        if outlook.prepaid:
            parts.append(self.env._("this order is paid in full before it leaves and uses no credit"))
        if outlook.position.overdue_amount:
            days = outlook.position.overdue_days(self._get_control_today())
            parts.append(Markup('<span class="text-danger">%s</span>') % self.env._(
                "%(amount)s overdue for %(days)s", amount=money(outlook.position.overdue_amount),
                days=word_days(self.env, days)))
        return Markup(" · ").join(parts)

    def _get_credit_banner(self):
        """Word Odoo's banner on a quotation, saved or not, by the same figures as the outlook."""
        self.ensure_one()
        outlook = self._get_credit_outlooks().get(self.id)
        if not outlook or outlook.limit.kind == 'none' or outlook.amount <= 0:
            return ''
        order = self._origin
        if order and order._get_credit_checks('submit')[order.id].release:
            return ''
        return self.env['account.move']._word_credit_banner(
            outlook.partner, outlook.currency.round(outlook.position.total + outlook.amount),
            outlook.limit.effective, outlook.currency)
