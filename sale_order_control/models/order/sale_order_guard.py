from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import UserError

from .control_memory import control_acting, control_memory, control_scope, event_happened
from .control_terms import ORDER_TERM_FIELDS


class SaleOrder(models.Model):
    """The state guard: every way into *sale*, and every change after it, meets the gate.

    Who calls does not matter, what happens does: the state becoming *sale*, or terms of a confirmed
    order getting worse.
    """

    _inherit = 'sale.order'

    # === SUBMIT AND CONFIRM ===#

    def action_submit(self):
        """Do what is possible with these quotations and explain the rest.

        An order without issues is confirmed; one that needs approval is submitted; one that is
        blocked stays as it is. One call handles any number of orders.

        :return: a client action that says what happened, or True
        :raise UserError: if nothing could be done, with all reasons
        """
        self.check_access('write')
        self._check_submittable()
        with control_scope(self.env):
            issues = self._get_control_issues('submit')
            blocked = self._get_blocked(issues)
            waiting = self._get_held(issues) - blocked
            clean = self - blocked - waiting
            noted = blocked._control_note_blocked(issues)
            if blocked == self and not noted:
                raise UserError(self._get_control_refusal(issues))
            refused = waiting._control_submit(issues)
            waiting -= self.browse(refused)
            if refused and not clean and not waiting and not noted:
                raise UserError(self._get_unsubmitted_refusal(issues, refused))
            # Together they may exceed what each of them respects alone.
            confirmable = clean - clean._get_held(clean._get_control_issues('confirm'))
            clean._control_log_told(issues)
            if confirmable:
                confirmable.action_confirm()
        return self._get_submit_result(confirmable, waiting, self - confirmable - waiting, refused)

    def _check_submittable(self):
        wrong = self.filtered(lambda order: order.state not in ('draft', 'sent'))
        if wrong:
            raise UserError(self.env._(
                "Only quotations can be submitted. Leave out: %s", ", ".join(wrong.mapped('display_name'))))

    def _get_blocked(self, issues):
        """Filter the orders that nobody's agreement helps as things stand."""
        return self.filtered(lambda order: any(issue.stops and not issue.askable for issue in issues[order.id]))

    def _control_note_blocked(self, issues):
        """Offer blocked orders to the rooms: one that works on holds takes note of its own.

        :param dict issues: result of the gate at *submit*
        :return: the orders that a room keeps on a work list; refusing them would lose that note
        """
        return self.browse()

    def _control_log_told(self, issues):
        """Record warnings that are asked at *submit* only; the confirmation records its own.

        :param dict issues: result of the gate at *submit*
        """
        again = self._get_control_issues('confirm')
        told = {
            order.id: tuple(issue for issue in issues[order.id] if issue not in again[order.id]) for order in self
        }
        self.filtered(lambda order: told[order.id])._control_log('checked', told, checkpoint='submit')

    def _control_submit(self, issues):
        """Hand orders that need somebody's agreement to the room that asks for it.

        :param dict issues: result of the gate at *submit*
        :return: ``{order_id: translated sentence}`` why orders could not be handed over; nothing happened to them
        """
        if self:
            self._control_log('submitted', issues, checkpoint='submit')
            self._control_event('submitted')
        return {}

    def _get_unsubmitted_refusal(self, issues, refused):
        """Word why orders stay as they are: what stops them, or why nobody could be asked."""
        blocked = self.filtered(lambda order: order.id not in refused)
        return "\n\n".join(part for part in (*refused.values(), blocked._get_control_refusal(issues)) if part)

    def _get_submit_result(self, confirmed, waiting, left, refused):
        """Tell the user in one message what happened to every order."""
        parts = []
        if confirmed:
            parts.append(self.env._("Confirmed: %s", ", ".join(confirmed.mapped('display_name'))))
        if waiting:
            parts.append(self.env._("Submitted for approval: %s", ", ".join(waiting.mapped('display_name'))))
        if left:
            parts.append(left._get_unsubmitted_refusal(left._get_control_issues('confirm'), refused))
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': "\n".join(parts),
                'type': 'warning' if left else 'success',
                'sticky': bool(left),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def action_confirm(self):
        """Confirm what passes the gate.

        Interactive callers are refused with all reasons. Where a payment or a signature has already
        happened, orders on hold are parked instead and the others confirmed.
        """
        controlled = self._get_controlled()
        if not controlled:
            return super().action_confirm()
        with control_scope(self.env) as memory:
            orders = self
            controlled._control_serialise('confirm')
            if memory.happened or self.env.user.share:
                issues = controlled._get_control_issues('confirm')
                orders -= controlled._get_held(issues)._control_park(issues)
                if not orders:
                    return True
            else:
                issues = controlled._control_require('confirm')
            with orders._control_confirming():
                result = super(SaleOrder, orders).action_confirm()
            (orders & controlled)._control_record_confirmation(issues)
        return result

    @contextmanager
    def _control_confirming(self):
        """Mark that these orders are serialised and judged: the write of their state is not a second confirmation."""
        memory = control_memory(self.env)
        before, memory.confirming = memory.confirming, memory.confirming | set(self.ids)
        try:
            yield
        finally:
            memory.confirming = before

    def _control_serialise(self, checkpoint):
        """Make rival transactions meet before these orders really pass a checkpoint; rooms extend.

        Called right before the evaluation that counts, never for a preview. What was evaluated for
        other orders, or for these one by one, says nothing of these together and is forgotten.

        :param str checkpoint: ``confirm``
        """
        memory = control_memory(self.env)
        stale = [
            key for key in memory.issues
            if self and key[0] == checkpoint and (len(self) > 1 or key[1] != self.id)
        ]
        for key in stale:
            del memory.issues[key]

    def _validate_order(self):
        # The customer has signed, or ordered for nothing: park rather than show a refusal.
        with event_happened(self.env):
            return super()._validate_order()

    def _control_park(self, issues):
        """Hold orders whose customer has already signed or paid, and tell the people concerned.

        :param dict issues: what holds them
        :return: the parked orders
        """
        newly = self.filtered(lambda order: not order.control_parked)
        with control_acting(self.env):
            newly.sudo().control_parked = True
        for order in newly.sudo():
            order.activity_schedule(
                'sale_order_control.mail_activity_type_exception',
                user_id=order._get_control_responsible().id,
                summary=self.env._("Signed or paid, but on hold"),
                note=order._get_control_note(issues[order.id]),
            )
        newly._control_log('parked', issues, checkpoint='confirm')
        newly._control_event('parked')
        return self

    def _get_control_responsible(self):
        """Return who looks after exceptions of the order: salesperson, team leader, then a manager."""
        self.ensure_one()
        managers = self.env.ref('sale_order_control.group_manager').sudo().all_user_ids
        candidates = self.user_id | self.team_id.user_id | managers
        candidates = candidates.filtered(lambda user: user.active and not user.share)
        return candidates[:1] or self.env.ref('base.user_admin')

    # === WRITES ===#

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._control_clean_values(vals) for vals in vals_list]
        orders = super(SaleOrder, self._control_clean_defaults()).create(vals_list)
        orders.filtered(lambda order: order.state == 'sale')._control_enter_sale()
        return orders

    def write(self, vals):
        self._control_refuse_protected(vals)
        entering = self._get_entering_sale(vals)
        former = {order.id: order.state for order in self} if 'state' in vals else {}
        self._check_leaving_sale(vals)
        watched = self if self._get_control_term_fields() & vals.keys() else self.browse()
        with control_scope(self.env), (watched - entering)._control_change():
            result = super().write(vals)
            entering._control_enter_sale()
            self._control_follow_state(former)
        return result

    @api.model
    def _get_control_term_fields(self):
        """Name the fields whose writing may change the terms; rooms add those of their conditions."""
        return ORDER_TERM_FIELDS

    @contextmanager
    def _control_change(self, ask_before=False):
        """Judge the change of terms that happens inside, once, by its outcome.

        :param bool ask_before: whether facts behind the terms change too, so that the gate must be asked before
        """
        memory = control_memory(self.env)
        orders = self.filtered(lambda order: order.id and order.id not in memory.changing)
        orders = orders._get_controlled()._get_control_watched() if orders else orders
        before = orders._get_control_terms()
        confirmed = orders.filtered(lambda order: ask_before and order.state == 'sale')
        former = confirmed._get_control_issues('confirm')
        memory.changing.update(before)
        try:
            yield
        finally:
            memory.changing.difference_update(before)
        if orders:
            memory.former, outer = former, memory.former
            try:
                orders.exists()._control_check_change(before)
            finally:
                memory.former = outer

    def _get_control_watched(self):
        """Filter the orders whose terms somebody relies on; rooms add theirs."""
        return self.filtered(lambda order: order.state == 'sale')

    def _control_check_change(self, before):
        """Refuse a change that makes a confirmed order worse than the rules allow.

        :param dict before: ``{order_id: ControlTerms}`` before the change
        :raise UserError: if a rule that is in force stops the new terms
        """
        after = self._get_control_terms()
        changed = self.filtered(lambda order: after[order.id].digest != before[order.id].digest)
        worse = changed.filtered(
            lambda order: order.state == 'sale' and after[order.id].worse_aspects(before[order.id]))
        if worse:
            worse._control_serialise('confirm')
            issues = worse._get_change_issues(before, after)
            if worse._get_held(issues) and not control_memory(self.env).happened:
                raise UserError(self.env._(
                    "This change of a confirmed order is not allowed. Cancel the order, set it to quotation and "
                    "submit it again, or leave its terms as they are.\n\n%s", worse._get_control_refusal(issues)))
            worse._control_log('changed', issues, checkpoint='confirm')
            worse._get_held(issues)._control_report_exception(issues)
        if changed:
            changed._control_terms_changed(before, after)

    def _get_change_issues(self, before, after):
        """Judge worse terms of confirmed orders: what the change adds, and the amendment switch itself.

        :return: ``{order_id: (ControlIssue, ...)}`` with the issues that are new, or worse than before
        """
        former = control_memory(self.env).former
        asked = self.filtered(lambda order: order.id not in former)
        old = {**former, **asked._get_control_issues('confirm', {order.id: before[order.id] for order in asked})}
        new = self._get_control_issues('confirm', {order.id: after[order.id] for order in self})
        issues = {
            order.id: tuple(issue for issue in new[order.id] if issue.is_worse_than(old[order.id])) for order in self
        }
        for order in self._with_control('amendment'):
            issue = order._prepare_amendment_issue(after[order.id].worse_aspects(before[order.id]))
            if order.company_id._get_control_mode('amendment') == 'warn':
                issue = issue.shadowed()
            issues[order.id] += (issue,)
        return issues

    def _control_report_exception(self, issues):
        """Tell the people concerned what happened although the rules were against it."""
        for order in self.sudo():
            order.activity_schedule(
                'sale_order_control.mail_activity_type_exception',
                user_id=order._get_control_responsible().id,
                summary=self.env._("Changed against the rules"),
                note=order._get_control_note(issues[order.id]),
            )

    def _control_terms_changed(self, before, after):
        """Tell the rooms that the terms of these orders are no longer what they were.

        :param dict before: ``{order_id: ControlTerms}``
        :param dict after: the same, now
        """
