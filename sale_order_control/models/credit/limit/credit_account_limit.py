from odoo import api, models
from odoo.exceptions import AccessError, ValidationError

from ...order.control_memory import control_acting, control_memory
from ..account.credit_account import CONTROLLER_GROUP, LIMIT_CHANGES


class CreditAccount(models.Model):
    """Who may set grade, limit and group, and how the limit is stored."""

    _inherit = 'credit.account'

    # === WHO MAY ===#

    @api.model
    def _get_controllers(self, company):
        """Return the credit controllers who work in a company: people, no robot, the longest-serving first."""
        users = self.env['res.users'].sudo().search([
            ('all_group_ids', 'in', self.env.ref(CONTROLLER_GROUP).id), ('share', '=', False),
            ('company_ids', 'in', company.ids), ('id', '!=', self.env.ref('base.user_root').id)], order='id')
        # Who administers everything is asked when nobody else is there.
        administrator = self.env.ref('base.user_admin')
        return (users - administrator) | (users & administrator)

    def _check_amount_given(self, vals):
        if vals.get('limit_kind') == 'amount' and not self.credit_limit:
            raise ValidationError(self.env._(
                "Enter the credit limit of %s, or choose “No Limit” or “Zero: Prepaid Only”.", self.partner_id.name))

    @api.model
    def _check_limit_writer(self, vals, company):
        """Refuse what decides a customer's credit to everybody but a credit controller while control is in force.

        Whatever rights the call was given: automation rules and imports run with all of them. What the
        add-on's own acts set was checked where they were asked for.

        :raise AccessError: naming what to do instead
        """
        names = LIMIT_CHANGES & vals.keys()
        in_force = company.sudo().root_id.control_credit == 'enforce'
        if names and in_force and not control_memory(self.env).acting and not self._is_controller():
            raise AccessError(self.env._(
                "Credit control is in force: only a credit controller changes grade, limit, group and agreed "
                "settlement of a customer. Ask for another grade or limit with a limit change request."))

    def _get_change_cause(self, vals):
        """Return why a write changes limits: the running cause, or the reason given along with it."""
        reason = (vals.get('change_reason') or "").strip()
        running = control_memory(self.env).cause
        return running or (reason or self.env._("Changed by hand, no reason given."), None)

    def _journal_created(self, vals_list):
        given = self.browse(
            account.id for account, vals in zip(self, vals_list, strict=True) if LIMIT_CHANGES & vals.keys())
        nothing = dict.fromkeys(given.ids, ("", 0.0))
        given._journal('grade', nothing, given._word_grades())
        given._journal('group', nothing, given._word_groups())

    # === LIMIT ===#

    def _set_limit(self, kind, amount):
        """Set what the customer may owe; the amount is stored on the customer.

        :param str kind: ``none``, ``zero`` or ``amount``
        :param float amount: in the currency of the root company; counts for ``amount`` only
        :raise ValidationError: for a negative limit, or an amount of 0 where one is asked for
        """
        self.ensure_one()
        self._store_limits({self: (kind, amount)})
        self._limit_changed(self.env._("The credit limit was changed."))

    def _store_limits(self, limits):
        """Store and journal what customers may owe; what follows from it is looked at by the caller.

        :param dict limits: ``{account: (kind, amount)}``
        :return: the accounts
        """
        for account, (kind, amount) in limits.items():
            account._check_limit(kind, amount)
        accounts = self.browse(account.id for account in limits)
        before = accounts._word_limits()
        with control_acting(self.env):
            for is_zero, some in accounts.grouped(lambda account: limits[account][0] == 'zero').items():
                some.filtered(lambda account, is_zero=is_zero: account.is_zero_limit != is_zero).write(
                    {'is_zero_limit': is_zero})
        for company, some in accounts.grouped('company_id').items():
            # The limit is the customer's own field; who may set it was checked where it was asked for.
            some.partner_id._set_base({
                account.partner_id: limits[account][1] if limits[account][0] == 'amount' else 0.0
                for account in some}, company)
        accounts.invalidate_recordset(['credit_limit', 'limit_kind'])
        accounts._journal('limit', before, accounts._word_limits())
        return accounts

    def _check_limit(self, kind, amount):
        if amount < 0:
            raise ValidationError(self.env._("The credit limit of %s cannot be negative.", self.partner_id.name))
        if kind == 'amount' and not amount:
            raise ValidationError(self.env._(
                "Enter the credit limit of %s, or choose “No Limit” or “Zero: Prepaid Only”.", self.partner_id.name))

    def _clear_zero_limit(self):
        """An amount on the customer ends "zero limit": taking it away later means no limit."""
        zero = self.filtered(lambda account: account.is_zero_limit and account.credit_limit > 0)
        if zero:
            with control_acting(self.env):
                zero.is_zero_limit = False
