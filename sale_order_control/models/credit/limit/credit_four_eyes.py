from math import inf

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...order.control_memory import control_memory
from ..account.credit_account import LIMIT_CHANGES
from .credit_guarantee import FIGURES


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
        """Return how easy the customer's credit is: what it may owe by its base limit, its grade, and the groups
        whose shared limits bind it.
        """
        self.ensure_one()
        limits = {'none': inf, 'zero': 0.0}
        account = self.sudo()
        return limits.get(self.limit_kind, self.credit_limit), account.grade_id, account.pool_id._get_chain()

    @api.model
    def _get_ease_without_account(self, vals):
        """Return the same of a customer whose account is being made with these values."""
        root = (self.env['res.company'].browse(vals.get('company_id')) or self.env.company).sudo().root_id
        partner = self.env['res.partner'].sudo().browse(vals.get('partner_id')).with_company(root)
        return partner.credit_limit or inf, self.env['credit.grade'], self.env['credit.pool'].sudo()

    def _check_eased(self, before):
        """Refuse what made the credit of customers easier to somebody who sells to them.

        :param dict before: ``{account_id: what _get_ease returned}``
        :raise AccessError: see :meth:`_refuse_to_sellers`
        """
        eased = self.filtered(lambda account: account._is_easier_than(*before[account.id]))
        for company, accounts in eased.grouped('company_id').items():
            self._refuse_to_sellers(accounts.partner_id, company)

    def _is_easier_than(self, limit, grade, pools):
        now, given, shared = self._get_ease()
        # The best grade is the first; without any, the limit alone counts.
        better = grade and (not given or given.sequence < grade.sequence)
        return bool(better) or now > limit or bool(pools - shared)

    def action_apply_score(self):
        """Refuse a proposal that eases the credit to who sells to the customer, or judged a part of it by hand.

        :raise AccessError: while credit control is in force; nothing is applied then
        """
        before = {account.id: account._get_ease() for account in self}
        judged = self.filtered(lambda account: self.env.user in account.sudo().answer_ids.user_id)
        result = super().action_apply_score()
        self._check_eased(before)
        for account in judged.filtered(
                lambda account: account._is_easier_than(*before[account.id]) and self._asks_four_eyes(
                    account.company_id)):
            raise AccessError(self.env._(
                "Four eyes: the score of %s has your own judgement by hand in it. Somebody else must apply what it "
                "proposes.", account.partner_id.name))
        return result

    def action_end_override(self):
        """Refuse to end a stricter grade by hand to who sells to the customer.

        :raise AccessError: while credit control is in force; the grade stays then
        """
        before = {account.id: account._get_ease() for account in self}
        result = super().action_end_override()
        self._check_eased(before)
        return result

    @api.model
    def _asks_four_eyes(self, company):
        """Whether the rule holds for what is being written: not for what follows from an act of the add-on."""
        return (
            not control_memory(self.env).acting and self.env.user != self.env.ref('base.user_root')
            and company.sudo().control_credit == 'enforce')

    @api.model
    def _refuse_to_sellers(self, partners, company):
        """Refuse to ease the credit of customers to the salesperson, or the author, of an open order of theirs.

        Giving the order away helps nobody: who submitted it, or sold it when a decision on it was recorded, is known.

        :param res.partner partners: commercial partners
        :param res.company company: root company
        :raise AccessError: while credit control is in force
        """
        if not partners or not self._asks_four_eyes(company):
            return
        user = self.env.user
        order = self.env['sale.order'].sudo().search([
            ('partner_invoice_id.commercial_partner_id', 'in', partners.ids), ('company_id', 'child_of', company.ids),
            '|', '|', '|', ('user_id', '=', user.id), ('create_uid', '=', user.id),
            ('credit_decision_ids.salesperson_id', '=', user.id),
            ('credit_decision_ids', 'any', [('checkpoint', '=', 'submit'), ('user_id', '=', user.id)]),
            '|', ('state', 'in', ('draft', 'sent')),
            '&', ('state', '=', 'sale'), ('invoice_status', 'in', ('no', 'to invoice')),
        ], limit=1)
        if order:
            raise AccessError(self.env._(
                "Four eyes: %(order)s of %(customer)s is open, and you sell or entered it yourself. Make a limit "
                "request, or ask another credit controller to decide.",
                order=order.name, customer=order.partner_invoice_id.commercial_partner_id.name))


class CreditGuarantee(models.Model):
    """Who enters a guarantee does not let it count, and nor does who sells to the customer."""

    _inherit = 'credit.guarantee'

    entered_by = fields.Many2one(
        'res.users', readonly=True, copy=False, default=lambda self: self.env.uid,
        help="Who entered it, or changed its figures last: somebody else validates it.")

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([{**vals, 'entered_by': self.env.uid} for vals in vals_list])

    def write(self, vals):
        if FIGURES & vals.keys():
            vals = {**vals, 'entered_by': self.env.uid}
        else:
            vals = {name: value for name, value in vals.items() if name != 'entered_by'}
        return super().write(vals)

    def action_validate(self):
        """Refuse guarantees to who entered them, or changed their figures last, and to who sells to the customer.

        :raise AccessError: while credit control is in force; none of them is validated then
        """
        accounts = self.env['credit.account']
        for company, guarantees in self.grouped('company_id').items():
            if not accounts._asks_four_eyes(company):
                continue
            own = guarantees.filtered(lambda guarantee: self.env.user in (guarantee.create_uid, guarantee.entered_by))
            if own:
                raise AccessError(self.env._(
                    "Four eyes: somebody else must validate what you entered: %s.", ", ".join(own.mapped('name'))))
            accounts._refuse_to_sellers(guarantees.partner_id, company)
        return super().action_validate()


class CreditPool(models.Model):
    """Who sells to a member of a group does not make the shared limit easier."""

    _inherit = 'credit.pool'

    def write(self, vals):
        if not {'limit', 'parent_id', 'active'} & vals.keys():
            return super().write(vals)
        before = {pool.id: (pool.limit if pool.active else inf, pool._get_chain() - pool) for pool in self.sudo()}
        members = self._get_members()
        result = super().write(vals)
        eased = self.sudo().filtered(lambda pool: pool._is_easier_than(*before[pool.id]))
        members = members.filtered(lambda account: account.pool_id._get_ancestors() & eased)
        for company, accounts in members.grouped('company_id').items():
            accounts._refuse_to_sellers(accounts.partner_id, company)
        return result

    def _is_easier_than(self, limit, pools):
        return (self.limit if self.active else inf) > limit or bool(pools - self._get_chain())


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
