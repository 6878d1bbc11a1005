from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_memory


class SaleOrder(models.Model):
    """What a credit controller does with orders on hold: release, refuse, check again, hand over."""

    _inherit = 'sale.order'

    # === WHO DECIDES ON WHAT ===#

    def _check_credit_decider(self, reason):
        """Check who decides, that a reason is given, and on which of these orders a decision is possible.

        :return: ``(orders to decide on, {order: sentence saying why not})``
        :raise AccessError: for everybody but a credit controller, and if all orders are the caller's own
        :raise UserError: without a reason, or if nothing can be decided
        """
        self.env['credit.account']._check_controller()
        self.check_access('read')
        if not (reason or "").strip():
            raise UserError(self.env._("Say why: the reason is kept with the decision."))
        refused, own = {}, self._filter_own_sales()
        for order in self.sudo():
            if order in own:
                refused[order] = self.env._("Four eyes: somebody else must decide on your own order %s.", order.name)
            elif order.state == 'cancel':
                refused[order] = self.env._("%s is cancelled and needs no credit decision.", order.name)
            elif not order._with_control('credit'):
                refused[order] = self.env._("%s is not under credit control.", order.name)
        able = self.sudo().filtered(lambda order: order not in refused)
        if not able:
            raise (AccessError if self and own == self else UserError)("\n".join(refused.values()) or self.env._(
                "Choose the orders to decide on."))
        return able, refused

    def _filter_own_sales(self):
        """Filter the orders that the user sells, made or submitted, or sold when a decision on them was recorded."""
        user, orders = self.env.user, self.sudo()
        recorded = self.env['credit.decision'].sudo().search([
            ('order_id', 'in', self.ids), '|', ('salesperson_id', '=', user.id),
            '&', ('checkpoint', '=', 'submit'), ('user_id', '=', user.id)]).order_id
        return orders.filtered(lambda order: user in (order.user_id, order.create_uid) or order in recorded)

    def _get_verdict_result(self, refused, done=None):
        """Tell what became of each order of a batch; True if the one order asked about is done.

        :param dict refused: ``{order: sentence}`` of those left as they were
        :param dict done: ``{order: sentence}`` of the others
        """
        done = {order: sentence for order, sentence in (done or {}).items() if order not in refused}
        if not refused and len(done) <= 1:
            return True
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'title': self.env._("Some were left as they were") if refused and done else self.env._(
                    "Left as they were") if refused else self.env._("Done"),
                'message': "\n".join([*done.values(), *refused.values()]),
                'type': 'warning' if refused else 'success',
                'className': 'text-prewrap',
                'sticky': True,
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    # === RELEASE AND REFUSE ===#

    def action_credit_release(self, reason, amount=None, until=None, amounts=None):
        """Let orders pass the credit rules, as a credit controller; of a batch what can be decided on.

        :param str reason: why, kept with the decision
        :param float amount: order total up to which the release holds, in the currency of the main
            company; by default what the order is now
        :param until: last day of the release; without end by default
        :param dict amounts: ``{order id: amount}`` for orders of a batch whose cap is another than ``amount``
        :return: True, or a notification that names what was done with each order
        """
        orders, refused = self._check_credit_decider(reason)
        today, until = self._get_control_today(), fields.Date.to_date(until)
        # Over RPC the keys of a dictionary are text.
        amounts = {int(order_id): cap for order_id, cap in (amounts or {}).items()}
        caps = {order: amounts.get(order.id, amount) for order in orders}
        if any(cap is not None and cap <= 0 for cap in caps.values()):
            raise UserError(self.env._("The amount up to which an order is released must be above zero."))
        if until and until < today:
            raise UserError(self.env._("The release would end before it begins: choose today or a later day."))
        accounts = orders._record_verdict('released', reason, until=until, caps=caps)
        self.env['sale.order'].browse(orders.ids)._control_log(
            'credit', message=self.env._("Released: %s", reason.strip()))
        held = orders.filtered(lambda order: order.credit_state == 'hold')
        (orders - held)._mark_credit_released(accounts)
        held._recheck_credit_hold(
            self.env._("%(user)s released it: %(reason)s.", user=self.env.user.name, reason=reason.strip().rstrip("."))
        )
        for order in held.filtered(lambda order: order.credit_state == 'hold'):
            refused[order] = order._word_still_held()
        return self._get_verdict_result(refused, orders._word_released())

    def _word_still_held(self):
        return self.env._("%(order)s is still on hold. %(reason)s", order=self.name, reason=self.credit_hold_reason)

    def _word_released(self):
        """Say up to which amount each order is released."""
        if len(self) == 1:
            return {self: ""}
        decisions = self.credit_account_id._read_credit_decisions(self).by_order
        return {
            order: self.env._("%(order)s is released up to %(amount)s.", order=order.name, amount=self._format_credit(
                decisions[order.id].amount, decisions[order.id].currency_id))
            for order in self}

    def _record_verdict(self, result, reason, until=None, caps=None):
        """Record what a controller decided on each order.

        :param dict caps: ``{order: amount}`` up to which a release holds; None for what the order adds now
        :return: ``{order_id: credit.account}``
        """
        checks = self._get_credit_checks('submit')
        accounts = self._get_credit_accounts(checks)
        rows = []
        for order in self:
            check = checks[order.id]
            values = {'order_amount': check.amount, 'excess': check.excess, 'figures': check.to_json()}
            if result == 'released':
                values.update(until=until, amount=max(0.0, check.amount) if caps[order] is None else caps[order])
            rows.append(accounts[order.id]._prepare_decision(
                result, order_id=order.id, reason=reason.strip(), user_id=self.env.uid, **values))
        # Nobody may write decisions; they follow from acts that check who acts.
        self.env['credit.decision']._record_facts(rows)
        control_memory(self.env).issues.clear()
        return accounts

    def _mark_credit_released(self, accounts):
        self._write_credit_states({
            order.id: {'credit_account_id': accounts[order.id].id, 'credit_state': 'released'} for order in self})

    def action_credit_reject(self, reason):
        """Refuse credit for orders, as a credit controller: an earlier release of them ends.

        A refused order stays on hold, whatever is paid, until a controller releases it.

        :param str reason: why, kept with the decision and told to the salesperson
        :return: True, or a notification that names the orders left out and why
        """
        orders, refused = self._check_credit_decider(reason)
        reason = reason.strip()
        orders._record_verdict('rejected', reason)
        self.env['sale.order'].browse(orders.ids)._control_log(
            'credit', message=self.env._("Credit refused: %s", reason))
        quotations = orders.filtered(lambda order: order.state in ('draft', 'sent'))
        quotations._show_credit_refusal('submit')
        (orders - quotations)._show_credit_refusal('release')
        orders._end_credit_activities(self.env._("Credit refused: %s", reason))
        for order in orders:
            order._tell_salesperson(self.env._("Credit refused: %s", reason))
        return self._get_verdict_result(refused, {
            order: self.env._("%s: credit is refused.", order.name) for order in orders})

    def _show_credit_refusal(self, checkpoint):
        """Show a refusal on the orders, with what else is wrong with their credit."""
        issues = self._get_control_issues(checkpoint)
        checks = self._get_credit_checks(checkpoint)
        accounts = self._get_credit_accounts(checks)
        states = {}
        for order in self:
            refusal = order._prepare_credit_refusal_issue(checks[order.id])
            others = [
                issue for issue in issues[order.id]
                if issue.area == 'credit' and issue.stops and issue.code != refusal.code]
            states[order.id] = order._prepare_credit_state(
                accounts[order.id], checks[order.id], [refusal, *others])
        self._write_credit_states(states)

    def action_credit_recheck(self):
        """Ask the gate again for orders on credit hold; those that pass now are free.

        :return: a notification that names what is still on hold and why, or that all are free
        """
        self.check_access(
            'write' if not self.env.user.has_group('sale_order_control.group_credit_controller') else 'read'
        )
        orders = self.sudo()
        orders._recheck_credit_hold(self.env._("Checked again by %s.", self.env.user.name))
        held = orders.filtered(lambda order: order.credit_state == 'hold')
        return self._get_verdict_result({order: order._word_still_held() for order in held}, {
            order: self.env._("%s is not on credit hold.", order.name) for order in orders - held})

    # === HAND OVER ===#

    def action_credit_take(self):
        """Take charge of orders on hold, as a credit controller."""
        return self.action_credit_hand_over(self.env.user)

    def action_credit_hand_over(self, user, note=None):
        """Let a credit controller look after orders on hold; they find it among their activities.

        :param res.users user: who looks after them from now on
        :param str note: what they should know
        :return: True, or a notification that names the orders left out and why
        :raise AccessError: if the caller is no credit controller
        :raise UserError: if the other one is none
        """
        self.env['credit.account']._check_controller()
        self.check_access('read')
        user = self.env['res.users'].browse(user) if isinstance(user, int) else user
        if not user.sudo().active or not user.sudo().has_group('sale_order_control.group_credit_controller'):
            raise UserError(self.env._("%s is no credit controller and could not decide.", user.sudo().name))
        held = self.sudo().filtered(lambda order: order.credit_state == 'hold')
        refused = {
            order: self.env._("%s is not on credit hold.", order.name) for order in self.sudo() - held
        } | {
            order: self.env._("%(user)s cannot work in %(company)s, the company of %(order)s.",
                              user=user.sudo().name, company=order.company_id.name, order=order.name)
            for order in held if order.company_id not in user.sudo().company_ids
        }
        orders = held.filtered(lambda order: order not in refused)
        if not orders:
            raise UserError("\n".join(refused.values()))
        orders._end_credit_activities(self.env._("%s looks after it now.", user.sudo().name))
        orders._write_credit_states({order.id: {'credit_handler_id': user.id} for order in orders})
        for order in orders:
            order.activity_schedule(
                'sale_order_control.mail_activity_type_credit_hold', user_id=user.id, note=note or False,
                summary=self.env._("Decide on the credit of %s", order.credit_account_id.partner_id.name))
        return self._get_verdict_result(refused, {
            order: self.env._("%(user)s looks after %(order)s.", user=user.sudo().name, order=order.name)
            for order in orders})

    def _end_credit_activities(self, feedback):
        """Close what controllers were asked to do about a hold that is over.

        :param str feedback: translated sentence kept with the activities
        """
        if self:
            # Whoever's activities they are: the reason for them is gone.
            self.sudo().activity_feedback(
                ['sale_order_control.mail_activity_type_credit_hold'], feedback=feedback)
