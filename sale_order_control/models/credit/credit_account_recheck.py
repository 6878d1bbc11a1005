import logging

import psycopg2

from odoo import models

from ..order.control_memory import control_memory, event_happened

_logger = logging.getLogger(__name__)


class CreditAccount(models.Model):
    """Holds end by themselves when their cause is gone."""

    _inherit = 'credit.account'

    def _recheck_holds(self, cause=None):
        """Ask the gate again for the customers' orders on hold; called when money came or a limit changed.

        Never fails: what brought the money in must not be undone by a rule.

        :param str cause: translated sentence saying what happened
        """
        if not self:
            return
        orders = self.env['sale.order'].sudo().search([
            ('credit_account_id', 'in', self.ids), ('credit_state', '=', 'hold'), ('state', 'in', ('draft', 'sent'))])
        orders._recheck_credit_hold(cause or self.env._("The customer's credit allows it now."))


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    def _recheck_credit_hold(self, cause):
        """Free those of these orders on hold that pass now, and confirm the parked ones among them.

        :param str cause: translated sentence told to the salesperson
        """
        if not self:
            return
        orders = self.sudo()
        control_memory(self.env).issues.clear()
        try:
            with self.env.cr.savepoint(), event_happened(self.env):
                orders._free_from_credit_hold(cause)
        except psycopg2.OperationalError:
            # A rival transaction was faster: the whole call is tried again.
            raise
        except Exception:
            _logger.exception("Credit holds of orders %s could not be checked again", orders.ids)

    def _free_from_credit_hold(self, cause):
        issues = self._get_control_issues('submit')
        checks = self._get_credit_checks('submit')
        passing = self.filtered(
            lambda order: not any(issue.area == 'credit' and issue.stops for issue in issues[order.id]))
        if not passing:
            return
        accounts = passing._get_credit_accounts(checks)
        rows, states = [], {}
        for order in passing:
            found = [issue for issue in issues[order.id] if issue.area == 'credit']
            row = order._prepare_credit_decision(accounts[order.id], 'submit', checks[order.id], found, False)
            rows.append({**row, 'checkpoint': 'recheck', 'reason': cause})
            states[order.id] = order._prepare_credit_state(accounts[order.id], checks[order.id], found)
        self.env['credit.decision'].sudo().create(rows)
        passing._write_credit_states(states)
        parked = passing.filtered('control_parked')
        for order in passing - parked:
            order._tell_salesperson(self.env._("No longer on credit hold. %s You can submit it again.", cause))
        parked._confirm_parked(cause)

    def _confirm_parked(self, cause):
        """Confirm orders whose customer had signed or paid while they were on hold."""
        # Together they may exceed what each of them respects alone: what does not pass stays parked.
        for order in self:
            order.with_context(send_email=True).action_confirm()
            if order.state == 'sale':
                order.activity_feedback(['sale_order_control.mail_activity_type_exception'], feedback=cause)
                order._tell_salesperson(
                    self.env._("Confirmed: the customer had signed or paid, and the hold is gone. %s", cause)
                )
            else:
                order._record_credit_checks('confirm', order._get_control_issues('confirm'))

    def _tell_salesperson(self, sentence):
        """Tell the salesperson once, by an internal note that notifies them."""
        self.ensure_one()
        user = self.user_id if self.user_id.active and self.user_id != self.env.user else self.env['res.users']
        self.message_post(
            body=sentence, partner_ids=user.partner_id.ids, subtype_xmlid='mail.mt_note', message_type='comment')
