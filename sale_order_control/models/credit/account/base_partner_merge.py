from odoo import api, models
from odoo.tools import SQL

from ...order.control_memory import control_acting, control_cause, control_memory
from ..score.credit_grade import UNGRADED_EFFECTS

# From mild to strict.
STRICTNESS = ('allow', 'warn', 'approve', 'block')


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Customers that become one have one credit account, which remembers what was decided on each."""

    _inherit = 'base.partner.merge.automatic.wizard'

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        # Afterwards Odoo would delete the second account of a customer, or fail on its decisions.
        self._merge_credit_accounts(src_partners.sudo(), dst_partner.sudo())
        return super()._update_foreign_keys(src_partners, dst_partner)

    @api.model
    def _merge_credit_accounts(self, src_partners, dst_partner):
        """Leave one account per company to the customer that stays: its own, else the oldest one.

        The stricter grade, the lower limit and any hold count for the customer that stays: nobody decided on
        both together yet. The journal says what each had.

        :param res.partner src_partners: contacts that go
        :param res.partner dst_partner: contact that stays; its commercial partner has the account
        """
        owner = dst_partner.commercial_partner_id
        self._open_limited_accounts(src_partners + owner)
        # Whoever merges need not have a right on accounts: both of them are about the same customer.
        accounts = self.env['credit.account'].sudo().with_context(active_test=False).search(
            [('partner_id', 'in', (src_partners + owner).ids)], order='id')
        for company, company_accounts in accounts.grouped('company_id').items():
            own = company_accounts.filtered(lambda account: account.partner_id == owner)
            keeper = own or company_accounts[0]
            kind, amount = company_accounts._choose_strictest_limit()
            grade = company_accounts._choose_strictest_grade()
            words = company_accounts._word_merged()
            if company_accounts != own:
                self._merge_into_credit_account(company_accounts - keeper, keeper, owner)
            cause = self.env._(
                "Contacts were merged (%s): the stricter grade and the lower limit count.", "; ".join(words.values()))
            with control_cause(self.env, cause):
                keeper._take_over(grade, kind, amount)
            # Odoo copies what is empty on the one that stays: both must say the same.
            dst_partner._set_base(dict.fromkeys(src_partners + dst_partner + owner, amount), company)

    @api.model
    def _open_limited_accounts(self, partners):
        """Make the accounts of customers with a limit that are missing, so that they are part of the rule."""
        companies = self.env['res.company'].sudo().search([('parent_id', '=', False), ('control_credit', '!=', 'off')])
        for company in companies:
            default = self.env['credit.account']._get_default_limit(company)
            limited = partners.filtered(
                lambda partner, company=company, default=default:
                partner == partner.commercial_partner_id
                and company.currency_id.compare_amounts(partner.with_company(company).credit_limit, default))
            if limited:
                self.env['credit.account']._for_partners(limited, company)

    @api.model
    def _merge_into_credit_account(self, others, keeper, owner):
        """Point all that is about some accounts to the one that stays, and that one to its customer.

        :param credit.account others: accounts that go
        :param credit.account keeper: account that stays
        :param res.partner owner: commercial partner that it is of from now on
        """
        (others | keeper)._serialise()
        names = ", ".join((others | keeper).partner_id.mapped('name'))
        held = (keeper | others).filtered('is_held')[:1]
        released = (keeper | others)._read_general_releases()
        hold = {name: held[name] for name in ('hold_reason', 'hold_since')}
        hold_user, group = held.hold_user_id, (keeper | others).pool_id[:1]
        others.temporary_ids._end_by_merge(self.env._("Contacts were merged: %s", names))
        self.env.flush_all()
        if others:
            # Decisions are facts that nobody changes. Here not the fact changes but the account that
            # it is about, which ceases to exist: this is the one place that points them elsewhere.
            self._update_foreign_keys_generic('credit.account', others, keeper)
            self._update_reference_fields_generic('credit.account', others, keeper)
            self.env.invalidate_all()
            others.unlink()
        # An account stays with its customer; but this customer goes, or became the contact of another.
        self.env.execute_query(SQL(
            "UPDATE credit_account SET partner_id = %s WHERE id = %s RETURNING id", owner.id, keeper.id))
        self.env.invalidate_all()
        memory = control_memory(self.env)
        memory.issues.clear()
        memory.facts.clear()
        if not others:
            return
        cause = self.env._("Contacts were merged: %s", names)
        if held:
            with control_acting(self.env):
                keeper.write({'is_held': True, **hold, 'hold_user_id': hold_user.id})
        if group and not keeper.pool_id:
            with control_acting(self.env), control_cause(self.env, cause):
                keeper.pool_id = group
        if held or released:
            # A release was given for one of the customers: it says nothing of all of them together.
            keeper._record_decision('hold' if held else 'revoked', cause)


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def _read_general_releases(self):
        """Return the latest decision on each of these accounts as a whole that is a release."""
        in_force = self._read_credit_decisions(self.env['sale.order'])
        return [decision for decision in in_force.by_account.values() if decision.result == 'released']

    def _choose_strictest_limit(self):
        """Return the lowest of the base limits of these accounts: ``(kind, amount)``."""
        limits = [(account.limit_kind, account._get_base()) for account in self]
        return min(limits, key=lambda limit: float('inf') if limit[0] == 'none' else limit[1])

    def _choose_strictest_grade(self):
        """Return the grade of these accounts that stops most; an account without grade counts as one without."""
        def rank(account):
            effects = [
                STRICTNESS.index(account.grade_id._get_effect(checkpoint))
                for checkpoint in UNGRADED_EFFECTS
            ]
            return effects, account.grade_id.sequence
        return max(self, key=rank).grade_id

    def _word_merged(self):
        """Word grade and limit of these accounts for the journal: ``{account_id: words}``."""
        return {account.id: account._word_merged_limit(account.limit_kind, account._get_base()) for account in self}

    def _take_over(self, grade, kind, amount):
        """Set grade and limit that follow from a merge of customers or a request that was agreed to."""
        self.ensure_one()
        if self.grade_id != grade:
            with control_acting(self.env):
                # Along with a kind of limit, the grade brings no limit of its own.
                self.write({
                    'grade_id': grade.id, 'limit_kind': kind,
                    **({'credit_limit': amount} if kind == 'amount' else {})})
        else:
            self._set_limit(kind, amount)


class CreditLimitTemporary(models.Model):
    _inherit = 'credit.limit.temporary'

    def _end_by_merge(self, reason):
        """End what was given to a customer that ceases to exist: it says nothing of both together."""
        current = self.filtered(lambda limit: limit.state != 'ended')
        if current:
            with control_acting(self.env):
                current.write({'ended_on': self._get_today(), 'end_reason': reason})
            current._journal(lambda limit: limit.end_reason, is_ended=True)
