from odoo import fields, models
from odoo.exceptions import UserError

from ...order.control_memory import control_acting, control_memory


class CreditAccount(models.Model):
    """Holds and releases of a customer as a whole, by hand."""

    _inherit = 'credit.account'

    def _check_decision(self, reason):
        """Check who decides, and that a reason is given."""
        self._check_controller()
        self.check_access('write')
        if not (reason or "").strip():
            raise UserError(self.env._("Say why: the reason is kept with the decision."))

    def action_hold(self, reason):
        """Put customers on hold: nothing of theirs is confirmed or delivered until somebody releases it.

        Ends every release that was given before.

        :param str reason: why, shown to the salespeople
        :raise AccessError: if the caller is no credit controller
        """
        self._check_decision(reason)
        now = self.env['sale.order']._get_control_now()
        with control_acting(self.env):
            self.write({
                'is_held': True, 'hold_reason': reason.strip(), 'hold_user_id': self.env.uid, 'hold_since': now,
            })
        self._record_decision('hold', reason)
        return True

    def action_release(self, reason, amount=None, until=None):
        """Lift the hold of customers, and let them pass the credit rules up to an amount and a day.

        Without amount and day the hold is lifted and nothing else; with a day only, what is open
        now, orders on hold included, is let pass.

        :param str reason: why, kept with the decision
        :param float amount: exposure up to which their orders pass, in the currency of the account
        :param until: last day of the release; without end by default
        :raise AccessError: if the caller is no credit controller
        :raise AccessError: also if somebody lifts the hold of a customer to whom they sell
        :raise UserError: if there is nothing to release
        """
        self._check_decision(reason)
        until = fields.Date.to_date(until)
        if amount is not None and amount <= 0:
            raise UserError(self.env._("The amount up to which a customer is released must be above zero."))
        if until and until < self.env['sale.order']._get_control_today():
            raise UserError(self.env._("The release would end before it begins: choose today or a later day."))
        free = self.filtered(lambda account: not account.is_held)
        for company, held in (self - free).grouped('company_id').items():
            self._refuse_to_sellers(held.partner_id, company)
        if free and amount is None and not until:
            raise UserError(self.env._(
                "%s is not on hold. Enter an amount or a last day to let the customer pass in spite of the rules.",
                ", ".join(free.partner_id.mapped('name'))))
        with control_acting(self.env):
            self.filtered('is_held').write({
                'is_held': False, 'hold_reason': False, 'hold_user_id': False, 'hold_since': False,
            })
        for account in self:
            cap = amount
            if cap is None and until:
                cap = max(0.0, account.exposure + account._get_held_amount())
            account._record_decision('released', reason, amount=cap or 0.0, until=until)
        self._recheck_holds(
            self.env._("%(user)s released the customer: %(reason)s", user=self.env.user.name, reason=reason.strip())
        )
        return True

    def _record_decision(self, result, reason, **values):
        # Nobody may write decisions; they follow from acts that check who acts.
        self.env['credit.decision']._record_facts([
            account._prepare_decision(
                result, reason=reason.strip(), user_id=self.env.uid,
                figures={
                    'receivable': account.receivable, 'draft_invoiced': account.draft_invoiced,
                    'to_invoice': account.to_invoice, 'to_deliver': account.to_deliver, 'total': account.exposure,
                    'limit_kind': account.limit_kind, 'limit': account.credit_limit,
                    'overdue_amount': account.overdue_amount, 'overdue_days': account.overdue_days,
                }, **values)
            for account in self
        ])
        control_memory(self.env).issues.clear()

    def _get_held_amount(self):
        """Return what the quotations on hold would add, in the currency of the account."""
        self.ensure_one()
        orders = self.env['sale.order'].sudo().search([
            ('credit_account_id', '=', self.id), ('credit_state', '=', 'hold'), ('state', 'in', ('draft', 'sent'))])
        return sum(check.counted for check in orders._get_credit_checks('submit').values() if check.grows)
