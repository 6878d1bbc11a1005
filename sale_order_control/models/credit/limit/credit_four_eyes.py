from math import inf

from odoo import api, models
from odoo.exceptions import AccessError

from ...order.control_memory import control_memory
from ..account.credit_account import LIMIT_CHANGES


class CreditAccount(models.Model):
    """Four eyes: who sells to a customer does not make its credit easier as well."""

    _inherit = 'credit.account'

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        before = [self._get_ease_without_account(vals) for vals in vals_list]
        accounts = super().create(vals_list)
        for account, ease in zip(accounts, before, strict=True):
            account._check_eased({account.id: ease})
        return accounts

    def write(self, vals):
        judged = self.browse()
        if LIMIT_CHANGES & vals.keys() and not control_memory(self.env).acting:
            judged = self.filtered(lambda account: account.company_id.sudo().control_credit == 'enforce')
        before = {account.id: account._get_ease() for account in judged}
        result = super().write(vals)
        judged._check_eased(before)
        return result

    # === RULE ===#

    def _get_ease(self):
        """Return how easy the customer's credit is: what it may owe by its base limit, and its grade."""
        self.ensure_one()
        limits = {'none': inf, 'zero': 0.0}
        return limits.get(self.limit_kind, self.credit_limit), self.sudo().grade_id

    @api.model
    def _get_ease_without_account(self, vals):
        """Return the same of a customer whose account is being made with these values."""
        root = (self.env['res.company'].browse(vals.get('company_id')) or self.env.company).sudo().root_id
        partner = self.env['res.partner'].sudo().browse(vals.get('partner_id')).with_company(root)
        return partner.credit_limit or inf, self.env['credit.grade']

    def _check_eased(self, before):
        """Refuse what made the credit of customers easier to somebody who sells to them.

        :param dict before: ``{account_id: what _get_ease returned}``
        :raise AccessError: see :meth:`_refuse_to_sellers`
        """
        eased = self.filtered(lambda account: account._is_easier_than(*before[account.id]))
        for company, accounts in eased.grouped('company_id').items():
            self._refuse_to_sellers(accounts.partner_id, company)

    def _is_easier_than(self, limit, grade):
        now, given = self._get_ease()
        # The best grade is the first; without any, the limit alone counts.
        better = grade and (not given or given.sequence < grade.sequence)
        return bool(better) or now > limit

    @api.model
    def _asks_four_eyes(self, company):
        """Whether the rule holds for what is being written: not for what follows from an act of the add-on."""
        return (
            not control_memory(self.env).acting and self.env.user != self.env.ref('base.user_root')
            and company.sudo().control_credit == 'enforce')

    @api.model
    def _refuse_to_sellers(self, partners, company):
        """Refuse to ease the credit of customers to the salesperson, or the author, of an open order of theirs.

        :param res.partner partners: commercial partners
        :param res.company company: root company
        :raise AccessError: while credit control is in force
        """
        if not partners or not self._asks_four_eyes(company):
            return
        user = self.env.user
        order = self.env['sale.order'].sudo().search([
            ('partner_invoice_id.commercial_partner_id', 'in', partners.ids), ('company_id', 'child_of', company.ids),
            '|', ('user_id', '=', user.id), ('create_uid', '=', user.id),
            '|', ('state', 'in', ('draft', 'sent')),
            '&', ('state', '=', 'sale'), ('invoice_status', 'in', ('no', 'to invoice')),
        ], limit=1)
        if order:
            raise AccessError(self.env._(
                "Four eyes: %(order)s of %(customer)s is open, and you sell or entered it yourself. Make a limit "
                "request, or ask another credit controller to decide.",
                order=order.name, customer=order.partner_invoice_id.commercial_partner_id.name))


class ResPartner(models.Model):
    _inherit = 'res.partner'

    def _check_base_eased(self, root, before):
        """The same rule where the base amount is written on the customer.

        :param dict before: ``{partner_id: amount}``
        """
        accounts = self.env['credit.account']
        if not accounts._asks_four_eyes(root):
            return
        owners = self.sudo().filtered(lambda partner: partner.commercial_partner_id == partner).with_company(root)
        accounts = accounts._find(owners, root)
        zero = accounts.filtered('is_zero_limit').partner_id
        eased = owners.filtered(lambda partner: (partner.credit_limit or (0.0 if partner in zero else inf)) > (
            before[partner.id] or (0.0 if partner in zero else inf)))
        accounts._refuse_to_sellers(eased, root)
