from odoo import api, models
from odoo.exceptions import AccessError, ValidationError

from ...order.control_memory import control_acting, control_cause, control_memory

LIMIT_FIELDS = frozenset({'credit_limit', 'use_partner_credit_limit'})


class ResPartner(models.Model):
    """Odoo's own credit limit is the base amount: whoever changes it, on any path, is checked and journalled."""

    _inherit = 'res.partner'

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        root = self.env.company.sudo().root_id
        if root.control_credit == 'off':
            return partners
        # By outcome: a default in the context, or one that the user stored, sets it as well.
        default = self.env['credit.account']._get_default_limit(root)
        limited = partners.filtered(lambda partner: partner._has_new_base(root, default))
        if limited:
            limited._check_base_writer(root)
            limited._journal_base(root, dict.fromkeys(limited.ids, default))
        return partners

    def write(self, vals):
        root = self._get_credit_root(vals)
        if not root:
            return super().write(vals)
        before = {partner.id: partner.with_company(root).credit_limit for partner in self.sudo()}
        # The base amount is the root company's: a branch has none of its own.
        result = super(ResPartner, self.with_company(root) if set(vals) <= LIMIT_FIELDS else self).write(vals)
        changed = self.filtered(lambda partner: partner._has_new_base(root, before[partner.id]))
        if changed:
            changed._check_base_writer(root)
            changed._check_base_eased(root, before)
            changed._journal_base(root, before)
        return result

    @api.model
    def _get_credit_root(self, names):
        """Return the root company if writing these fields sets a base amount that is under control."""
        if not LIMIT_FIELDS & set(names):
            return self.env['res.company']
        root = self.env.company.sudo().root_id
        return root if root.control_credit != 'off' else root.browse()

    def _has_new_base(self, root, before):
        """Whether the base amount of this partner became another than before, and than its parent's."""
        partner = self.sudo().with_company(root)
        amount = partner.credit_limit
        known = {before}
        if partner.commercial_partner_id != partner:
            known.add(partner.commercial_partner_id.credit_limit)
        return all(root.currency_id.compare_amounts(amount, value) for value in known)

    def _check_base_writer(self, root):
        """Refuse everybody but a credit controller while credit control is in force.

        Also the system's own user and scheduled jobs: a limit is somebody's decision. What the add-on itself
        sets follows from an act that checked who acts.
        """
        partner = self.sudo().with_company(root)
        if any(each.credit_limit < 0 for each in partner):
            raise ValidationError(self.env._("A credit limit cannot be negative."))
        memory = control_memory(self.env)
        if root.control_credit == 'enforce' and not memory.acting and not self.env['credit.account']._is_controller():
            raise AccessError(self.env._(
                "Credit control is in force: only a credit controller changes the credit limit of %s. Ask for it "
                "with a limit change request.", ", ".join(self.mapped('display_name'))))

    def _journal_base(self, root, before):
        """Journal the change on the credit accounts, and look again at what was on hold.

        :param dict before: ``{partner_id: amount}``
        """
        if control_memory(self.env).acting:
            # The add-on's own change: who makes it journals it with its cause.
            return
        owners = self.sudo().filtered(lambda partner: partner.commercial_partner_id == partner)
        if not owners:
            return
        accounts = self.env['credit.account']._for_partners(owners, root)
        accounts.invalidate_recordset(['credit_limit', 'limit_kind'])
        words = {
            account.id: account._word_limit(before[account.partner_id.id], account.is_zero_limit)
            for account in accounts
        }
        accounts._clear_zero_limit()
        cause = control_memory(self.env).cause or (self.env._("Changed on the customer."), None)
        with control_cause(self.env, *cause):
            accounts._journal('limit', words, accounts._word_limits())
        accounts._recheck_holds(self.env._("The credit limit was changed."))

    def _set_base(self, amounts, root):
        """Store base amounts that follow from an act which checked who acts.

        :param dict amounts: ``{partner: amount}`` in the currency of the root company
        """
        for partner, amount in amounts.items():
            owner = partner.sudo().with_company(root)
            if root.currency_id.compare_amounts(owner.credit_limit, amount):
                with control_acting(self.env):
                    owner.credit_limit = amount
