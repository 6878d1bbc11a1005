from odoo import api, models
from odoo.exceptions import UserError

from ...order.control_memory import control_acting, control_cause


class ResPartner(models.Model):
    """Who owes may become another: credit follows the customer that is invoiced."""

    _inherit = 'res.partner'

    def write(self, vals):
        if not {'parent_id', 'is_company'} & vals.keys():
            return super().write(vals)
        before = {partner: partner.commercial_partner_id for partner in self.sudo()}
        accounts = self._get_all_credit_accounts(self | self.browse(owner.id for owner in before.values()))
        limits = {account.id: (account.limit_kind, account._get_base()) for account in accounts}
        result = super().write(vals)
        if accounts:
            for partner, former in before.items():
                owner = partner.commercial_partner_id
                if owner != former and former == partner:
                    partner._join_customer(owner, accounts, limits)
                elif owner != former and owner == partner:
                    partner._leave_customer(former, accounts, limits)
        return result

    @api.model
    def _get_all_credit_accounts(self, partners):
        """Return the accounts of customers in all companies, archived ones included, in sudo."""
        return self.env['credit.account'].sudo().with_context(active_test=False).search(
            [('partner_id', 'in', partners.ids)])

    def _join_customer(self, owner, accounts, limits):
        """A customer became a contact of another: what was decided on it, and a hold, go along.

        The other one keeps its own grade and limit: from now on it owes. One that has no account takes this one
        with its limit; one on whose credit nobody decided anything takes grade and limit over.

        :param res.partner owner: the customer that it belongs to now
        :param dict limits: ``{account_id: (kind, amount)}`` before the change
        """
        self.ensure_one()
        wizard = self.env['base.partner.merge.automatic.wizard'].sudo()
        cause = self.env._("%(contact)s became a contact of %(customer)s.", contact=self.name, customer=owner.name)
        for account in accounts.filtered(lambda account: account.partner_id == self):
            own = self._get_all_credit_accounts(owner).filtered(
                lambda other, account=account: other.company_id == account.company_id)
            kind, amount = limits[account.id]
            words = account._word_merged_limit(kind, amount)
            grade, open_to_all = account.grade_id, not own._is_under_control(owner, account.company_id)
            keeper, company = own or account, account.company_id
            wizard._merge_into_credit_account(account if own else account.browse(), keeper, owner)
            with control_cause(self.env, cause):
                if open_to_all:
                    keeper._take_over(grade, kind, amount)
                elif not own:
                    keeper._set_limit(kind, amount)
                self.env['credit.limit.entry']._record(company, [{
                    'account_id': keeper.id, 'subject': 'customer', 'before': words, 'after': owner.name}])
            keeper._limit_changed(cause)

    def _leave_customer(self, former, accounts, limits):
        """A contact became a customer of its own: grade and hold of the former one go along, its limit does not.

        Credit was given to the former customer; giving it twice is somebody's decision.

        :param res.partner former: the customer that it belonged to
        """
        self.ensure_one()
        cause = self.env._(
            "%(contact)s became a customer of its own; it was a contact of %(customer)s.",
            contact=self.name, customer=former.name)
        for account in accounts.filtered(lambda account: account.partner_id == former):
            new = self.env['credit.account']._for_partners(self, account.company_id)
            kind = 'none' if limits[account.id][0] == 'none' else 'zero'
            with control_cause(self.env, cause):
                new._take_over(account.grade_id, kind, 0.0)
                self.env['credit.limit.entry']._record(account.company_id, [{
                    'account_id': new.id, 'subject': 'customer', 'before': former.name, 'after': self.name}])
            if account.is_held:
                with control_acting(self.env):
                    new.write({
                        'is_held': True, 'hold_reason': account.hold_reason, 'hold_since': account.hold_since,
                        'hold_user_id': account.hold_user_id.id,
                    })
                new._record_decision('hold', cause)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_credit_history(self):
        accounts = self._get_all_credit_accounts(self)
        # Whoever may delete the customer may delete its account, as long as nothing was decided on it.
        accounts.unlink()


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    @api.ondelete(at_uninstall=False)
    def _unlink_except_facts(self):
        """Keep what was decided on a customer.

        :raise UserError: naming the customers to archive instead
        """
        kept = self.browse()
        for model in ('credit.decision', 'credit.limit.entry', 'credit.limit.temporary', 'credit.guarantee'):
            groups = self.env[model].sudo()._read_group([('account_id', 'in', self.ids)], ['account_id'])
            kept |= kept.union(*(account for [account] in groups))
        if kept:
            raise UserError(self.env._(
                "These customers have a credit history, which is kept: %s. Archive them instead of deleting them.",
                ", ".join(kept.partner_id.mapped('name'))))

    def _word_merged_limit(self, kind, amount):
        """Word whose account it was, with its grade and a limit that it had."""
        self.ensure_one()
        return self.env._(
            "%(customer)s: grade %(grade)s, limit %(limit)s", customer=self.partner_id.name,
            grade=self.grade_id.code or "–", limit=self._word_limit(amount, kind == 'zero')[0])
