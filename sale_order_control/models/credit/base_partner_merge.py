from odoo import api, models
from odoo.tools import SQL

from ..order.control_memory import control_acting, control_memory


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

        :param res.partner src_partners: contacts that go
        :param res.partner dst_partner: contact that stays; its commercial partner has the account
        """
        owner = dst_partner.commercial_partner_id
        # Whoever merges need not have a right on accounts: both of them are about the same customer.
        accounts = self.env['credit.account'].sudo().with_context(active_test=False).search(
            [('partner_id', 'in', (src_partners + owner).ids)], order='id')
        for company_accounts in accounts.grouped('company_id').values():
            own = company_accounts.filtered(lambda account: account.partner_id == owner)
            keeper = own or company_accounts[0]
            if company_accounts != own:
                self._merge_into_credit_account(company_accounts - keeper, keeper, owner)

    @api.model
    def _merge_into_credit_account(self, others, keeper, owner):
        (others | keeper)._serialise()
        names = ", ".join((others | keeper).partner_id.mapped('name'))
        held = (keeper | others).filtered('is_held')[:1]
        released = (keeper | others)._read_general_releases()
        hold = {name: held[name] for name in ('hold_reason', 'hold_since')}
        hold_user = held.hold_user_id
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
        if held or released:
            # A release was given for one of the customers: it says nothing of all of them together.
            keeper._record_decision('hold' if held else 'revoked', cause)


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def _read_general_releases(self):
        """Return the latest decision on each of these accounts as a whole that is a release."""
        in_force = self._read_credit_decisions(self.env['sale.order'])
        return [decision for decision in in_force.by_account.values() if decision.result == 'released']
