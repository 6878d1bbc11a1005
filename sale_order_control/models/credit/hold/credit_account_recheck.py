import logging

import psycopg2

from odoo import api, models

from ...order.control_memory import control_memory, event_happened
from ..account.credit_nightly import NightlyStep

_logger = logging.getLogger(__name__)

_QUEUE = 'sale_order_control.credit_recheck'


def queue_credit_recheck(env, kind, record_ids, cause):
    """Note that holds are to be looked at again when the transaction ends.

    The note is kept with the hooks of the transaction: what is rolled back is forgotten with it.

    :param str kind: ``accounts`` or ``orders``: whose ids these are
    :param str cause: translated sentence; several ones are told together
    """
    precommit = env.cr.precommit
    if _QUEUE not in precommit.data:
        precommit.data[_QUEUE] = {'accounts': {}, 'orders': {}}
        precommit.add(env['sale.order']._run_credit_rechecks)
    queue = precommit.data[_QUEUE][kind]
    for record_id in record_ids:
        queue.setdefault(record_id, {})[cause] = True


class CreditAccount(models.Model):
    """Holds end by themselves when their cause is gone."""

    _inherit = 'credit.account'

    @api.model
    def _get_nightly_steps(self):
        return super()._get_nightly_steps() + [
            NightlyStep('releases', 10, self.env._("Put back what a release no longer covers"), 'sale.order',
                        '_get_credit_releases_due', '_run_credit_releases_due'),
            NightlyStep('holds', 50, self.env._("Look again at orders on credit hold"), 'sale.order',
                        '_get_credit_holds_due', '_run_credit_holds_due'),
        ]

    def _recheck_holds(self, cause=None, later=False):
        """Ask the gate again for the customers' orders on hold.

        Never fails: what brought the money in must not be undone by a rule.

        :param str cause: translated sentence saying what happened
        :param bool later: for events of other departments, which come in groups and in the middle of
            something: look once, at the end of the transaction. A controller's own act is answered at once
        """
        if not self:
            return
        cause = cause or self.env._("The customer's credit allows it now.")
        if later:
            queue_credit_recheck(self.env, 'accounts', self.ids, cause)
            return
        self.env['sale.order'].sudo().search([
            ('credit_state', '=', 'hold'), ('state', '!=', 'cancel'), *self._get_order_domain(),
        ])._recheck_credit_hold(cause)

    def _get_order_domain(self):
        """Return the domain of the orders that these accounts may hold: invoiced, ordered or received by them."""
        owners = [('commercial_partner_id', 'in', self.sudo().partner_id.ids)]
        return [
            '|', ('credit_account_id', 'in', self._get_pool_members().ids),
            '&', ('company_id', 'child_of', self.sudo().company_id.ids),
            '|', ('partner_id', 'any', owners), ('partner_shipping_id', 'any', owners),
        ]

    @api.model
    def _get_nightly_order_domain(self):
        """Return the domain of orders of companies, branches included, whose credit control is switched on."""
        [(_field, _operator, company_ids)] = self._get_nightly_company_domain()
        return [('company_id', 'child_of', company_ids)]


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    def _run_credit_rechecks(self):
        """Look again at everything that was queued in the transaction, orders with the same causes together."""
        queue = self.env.cr.precommit.data.pop(_QUEUE, None) or {'accounts': {}, 'orders': {}}
        orders = self.env['sale.order'].sudo()
        causes = {order_id: dict(found) for order_id, found in queue['orders'].items()}
        accounts = self.env['credit.account'].sudo().browse(queue['accounts']).exists()
        # Who shares a limit is concerned by what the others pay.
        for pool, members in accounts.grouped('pool_id').items():
            held = orders.search_fetch([
                ('credit_account_id', 'in', members._get_pool_members().ids if pool else members.ids),
                ('credit_state', '=', 'hold'), ('state', '!=', 'cancel'),
            ], ['credit_account_id'])
            everything = {cause: True for account in members for cause in queue['accounts'][account.id]}
            for order in held:
                found = queue['accounts'].get(order.credit_account_id.id, everything)
                causes.setdefault(order.id, {}).update(found)
        groups = {}
        for order_id, found in causes.items():
            groups.setdefault(" ".join(found), []).append(order_id)
        for cause, order_ids in groups.items():
            orders.browse(order_ids).exists()._recheck_credit_hold(cause)

    def _recheck_credit_hold(self, cause):
        """Free those of these orders on hold that pass now, and confirm the parked ones among them.

        An order whose release no longer covers it goes back on hold. One order that cannot be
        judged keeps no other from being free.

        :param str cause: translated sentence told to the salesperson
        """
        if not self:
            return
        orders = self.sudo()
        control_memory(self.env).issues.clear()
        try:
            with self.env.cr.savepoint(), event_happened(self.env):
                orders._refresh_credit_states(cause)
        except psycopg2.OperationalError:
            # A rival transaction was faster: the whole call is tried again.
            raise
        except Exception:
            self.env.invalidate_all()
            if len(orders) == 1:
                _logger.exception("The credit hold of order %s could not be checked again", orders.id)
            else:
                for order in orders:
                    order._recheck_credit_hold(cause)

    def _refresh_credit_states(self, cause):
        """Bring what the orders show in line with what the gate says at their next checkpoint."""
        quotations = self.filtered(lambda order: order.state in ('draft', 'sent'))
        freed = quotations._refresh_credit_batch('submit', cause)
        freed |= (self - quotations).filtered(
            lambda order: order.state == 'sale')._refresh_credit_batch('release', cause)
        freed._end_credit_activities(cause)
        parked = freed.filtered(lambda order: order.control_parked and order in quotations)
        (freed - parked)._tell_freed(cause)
        parked._confirm_parked(cause)

    def _refresh_credit_batch(self, checkpoint, cause):
        """Judge these orders and show the outcome; record those that became free or held.

        :return: the orders that are free now
        """
        issues = self._get_control_issues(checkpoint)
        checks = self._get_credit_checks(checkpoint)
        accounts = self._get_credit_accounts(checks)
        rows, states, freed, stopped = [], {}, self.browse(), self.browse()
        for order in self:
            account, check = accounts[order.id], checks[order.id]
            found = [issue for issue in issues[order.id] if issue.area == 'credit']
            held, was_held = any(issue.stops for issue in found), order.credit_state == 'hold'
            states[order.id] = order._prepare_credit_state(account, check, found)
            if held != was_held:
                row = order._prepare_credit_decision(account, checkpoint, check, found, held)
                rows.append({**row, 'checkpoint': 'recheck', 'reason': cause})
                if held:
                    stopped += order
                else:
                    freed += order
        if rows:
            # Nobody may write decisions; they follow from what happened.
            self.env['credit.decision']._record_facts(rows)
        self._write_credit_states(states)
        for order in stopped:
            order._tell_salesperson(self.env._("On credit hold. %(cause)s %(reason)s", cause=cause,
                                               reason=order.credit_hold_reason))
        return freed

    def _tell_freed(self, cause):
        """Tell each salesperson once which orders are free; every order keeps the note."""
        quiet = control_memory(self.env).quiet
        for orders in self.sorted('id').grouped('user_id').values():
            for order in orders:
                again = self.env._("You can submit it again.") if order.state in ('draft', 'sent') else \
                    self.env._("The goods may leave.")
                others = ""
                if order == orders[:1] and len(orders) > 1 and not quiet:
                    others = self.env._(" The same is true of %s.", ", ".join(orders[1:].mapped('name')))
                order._tell_salesperson(
                    self.env._("No longer on credit hold. %(cause)s %(again)s", cause=cause, again=again) + others,
                    notify=order == orders[:1] and not quiet)

    def _notify_freed(self, cause):
        """Notify each salesperson by one note of all these orders, which have their own notes already."""
        for orders in self.sorted('id').grouped('user_id').values():
            orders[:1]._tell_salesperson(self.env._(
                "No longer on credit hold: %(orders)s. %(cause)s", orders=", ".join(orders.mapped('name')),
                cause=cause))

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

    # === AT NIGHT ===#

    @api.model
    def _get_credit_releases_due(self, today):
        """Return the domain of the orders that may go on by a release only: quotations, and goods not yet left."""
        return [
            *self.env['credit.account']._get_nightly_order_domain(), ('credit_state', '=', 'released'),
            '|', ('state', 'in', ('draft', 'sent')),
            '&', ('state', '=', 'sale'), ('delivery_status', 'in', ('pending', 'started', 'partial')),
        ]

    def _run_credit_releases_due(self, today):
        with event_happened(self.env):
            self._refresh_credit_states(self.env._("Its release has ended."))

    @api.model
    def _get_credit_holds_due(self, today):
        """Return the domain of all orders on hold."""
        return [
            *self.env['credit.account']._get_nightly_order_domain(), ('credit_state', '=', 'hold'),
            ('state', '!=', 'cancel'),
        ]

    def _run_credit_holds_due(self, today):
        with event_happened(self.env):
            self._refresh_credit_states(self.env._("The customer's credit allows it now."))

    # === TELLING ===#

    def _tell_salesperson(self, sentence, notify=True):
        """Write an internal note, and notify the salesperson by it.

        :param bool notify: False where they are told by another order's note already
        """
        self.ensure_one()
        user = self.user_id if self.user_id.active and self.user_id != self.env.user else self.env['res.users']
        self.message_post(
            body=sentence, partner_ids=user.partner_id.ids if notify else [], subtype_xmlid='mail.mt_note',
            message_type='comment')
