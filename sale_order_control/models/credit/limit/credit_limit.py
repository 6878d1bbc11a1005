"""The effective limit: what a customer may owe today, with all that adds to it or caps it."""

from odoo import api, models
from odoo.tools import SQL

from ...order.control_memory import control_memory
from ..account.credit_figures import get_rounding
from .credit_effective_limit import EffectiveLimit
from .credit_limit_sql import CREATE_LIMIT_FUNCTION, LIMITS
from .credit_pool_use import PoolUse

# Everything the statement reads, to be written to the database before it runs.
_READ_FIELDS = {
    'res.partner': ['credit_limit'],
    'res.company': ['currency_id'],
    'res.currency.rate': ['rate', 'name', 'company_id', 'currency_id'],
    'credit.account': ['partner_id', 'company_id', 'is_zero_limit', 'pool_id'],
    'credit.limit.temporary': ['account_id', 'amount', 'date_from', 'date_to', 'ended_on'],
    'credit.guarantee': ['account_id', 'value', 'percent', 'currency_id', 'date_from', 'date_to', 'state'],
}


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def init(self):
        super().init()
        self.env.cr.execute(CREATE_LIMIT_FUNCTION)

    @api.model
    def _get_effective_limits(self, accounts, today, positions=None):
        """Work out what customers may owe on a day; a constant number of queries for any number of them.

        :param credit.account accounts: accounts of any companies
        :param date today: day that validities are compared with
        :param dict positions: ``{commercial partner id: Position}`` if exposures were read already; they must
            contain the members of the groups (:meth:`_get_pool_members`)
        :return: ``{account_id: EffectiveLimit}``
        """
        result = {}
        rows = self._read_own_limits(accounts, today)
        for company, theirs in accounts.sudo().grouped('company_id').items():
            members = theirs._get_pool_members() if theirs.pool_id else self
            if members and positions is None:
                uses = PoolUse(members, self._read_positions(members.partner_id, company))
            else:
                uses = PoolUse(members, positions)
            rounded = get_rounding(company.currency_id)
            for account in theirs:
                room = uses.get_room(account) if members else None
                result[account.id] = self._prepare_effective_limit(rows[account.id], rounded, room)
        return result

    @api.model
    def _get_limits_by_owner(self, owners, company, accounts=None, positions=None):
        """Work out what commercial partners may owe today, also those that have no account yet.

        :param credit.account accounts: their accounts if they were read already
        :param dict positions: see :meth:`_get_effective_limits`
        :return: ``{partner_id: EffectiveLimit}``
        """
        root = company.sudo().root_id
        accounts = self._find(owners, root) if accounts is None else accounts
        limits = self._get_effective_limits(accounts, self.env['sale.order']._get_control_today(), positions)
        by_owner = {account.partner_id.id: limits[account.id] for account in accounts}
        without = owners.filtered(lambda owner: owner.id not in by_owner).sudo().with_company(root)
        without.fetch(['credit_limit'])
        for owner in without:
            base = root.currency_id.round(owner.credit_limit)
            kind = 'amount' if base > 0 else 'none'
            by_owner[owner.id] = EffectiveLimit(kind=kind, own_kind=kind, base=base, own=base, effective=base)
        return by_owner

    @api.model
    def _prepare_effective_limit(self, row, rounded, room):
        """Put a row of the statement and the room in a group together.

        :param tuple row: see ``LIMITS``
        :param rounded: function that rounds to the currency
        :param PoolRoom room: None for a customer of no group
        """
        _account_id, own_kind, base, temporary, until, guaranteed, own = row
        own = own and rounded(own)
        limit = {
            'kind': own_kind, 'own_kind': own_kind, 'base': base and rounded(base),
            'temporary': temporary and rounded(temporary), 'temporary_until': until,
            'guaranteed': guaranteed and rounded(guaranteed), 'own': own, 'effective': own,
        }
        if room:
            cap = rounded(max(0.0, room.limit - room.others))
            limit.update(pool=room.pool, pool_limit=room.limit, pool_available=rounded(room.limit - room.total))
            if own_kind == 'none':
                limit.update(kind='amount', effective=cap)
            elif own_kind == 'amount':
                limit['effective'] = min(limit['effective'], cap)
        return EffectiveLimit(**limit)

    @api.model
    def _read_own_limits(self, accounts, today):
        """Read the limits of accounts by themselves, without their groups: one statement.

        :return: ``{account_id: row of LIMITS}``
        """
        if not accounts:
            return {}
        for name, field_names in _READ_FIELDS.items():
            self.env[name].flush_model(field_names)
        companies = accounts.sudo().company_id
        rows = self.env.execute_query(SQL(
            LIMITS, accounts=list(accounts.ids), today=today, companies=list(companies.ids),
            defaults=[self._get_default_limit(company) for company in companies]))
        return {row[0]: row for row in rows}

    @api.model
    def _get_default_limit(self, company):
        """Return the credit limit of customers of a company that have none of their own."""
        partners = self.env['res.partner'].with_company(company)
        return partners._fields['credit_limit'].get_company_dependent_fallback(partners) or 0.0

    # === GROUPS ===#

    def _get_pool_members(self):
        """Return all accounts that share a limit with these ones, at any level, themselves included.

        Archived ones too: what they owe counts.
        """
        chain = self.sudo().pool_id._get_chain()
        if not chain:
            return self.sudo()
        return self.sudo() | self.sudo().with_context(active_test=False).search([('pool_id', 'child_of', chain.ids)])

    # === CHANGES ===#

    def _limit_changed(self, cause):
        """Look again at what depends on the limits of these accounts, which have just changed.

        :param str cause: translated sentence told to those whose orders become free
        """
        if self:
            control_memory(self.env).issues.clear()
            self.invalidate_recordset()
            # Where they came from is forgotten with it, and they would be read again one by one.
            self.browse(self.ids)._get_pool_members()._recheck_holds(cause)
