from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, models
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
        return self._get_submit_result(confirmable, waiting, self - confirmable - waiting, refused, issues)

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

    def _get_submit_result(self, confirmed, waiting, left, refused, issues):
        """Tell the user in one message what happened to every order, and what is odd about those that went on.

        :param dict refused: ``{order_id: sentence}`` why orders could not be handed over
        :param dict issues: result of the gate at *submit*
        """
        told = (confirmed | waiting)._get_submit_warnings(issues)
        parts = []
        if confirmed:
            parts.append(self.env._("Confirmed: %s", ", ".join(confirmed.mapped('display_name'))))
        if waiting:
            parts.append(self.env._("Submitted for approval: %s", ", ".join(waiting.mapped('display_name'))))
        if left:
            parts.append(left._get_unsubmitted_refusal(left._get_control_issues('confirm'), refused))
        parts += told
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': "\n".join(parts),
                'type': 'warning' if left or told else 'success',
                'className': 'text-prewrap',
                'sticky': bool(left or told),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def _get_submit_warnings(self, issues):
        """Word what the rules tell about these orders without stopping them, a line per order and warning."""
        return [
            self.env._(
                "Please note for %(order)s: %(warning)s", order=order.display_name,
                warning=f"{issue.message} {issue.clears}".rstrip())
            for order in self for issue in issues[order.id] if issue.effect == 'warn'
        ]

    def action_confirm(self):
        """Confirm what passes the gate.

        Interactive callers are refused with all reasons. Where a payment, a signature or a sale at the
        counter has already happened, orders on hold are parked instead and the others confirmed.
        """
        controlled = self._get_controlled()
        if not controlled:
            return super().action_confirm()
        with control_scope(self.env) as memory:
            controlled._control_serialise('confirm')
            issues = controlled._get_control_issues('confirm')
            held = controlled._get_held(issues)
            parking = held if memory.happened or self.env.user.share else held._filter_settled_elsewhere()
            if held - parking:
                raise UserError((held - parking)._get_control_refusal(issues))
            orders = self - parking._control_park(issues)
            if not orders:
                return True
            with orders._control_confirming():
                result = super(SaleOrder, orders).action_confirm()
            (orders & controlled)._control_record_confirmation(issues)
        return result

    def _filter_settled_elsewhere(self):
        """Filter the orders whose goods or money changed hands already, at a counter or by a scheduled payment.

        Known by what is on record, not by the caller. A wrong record is no way round: it parks.
        """
        orders = self.sudo()
        if 'pos_order_line_ids' in self._fields:
            counter = orders.filtered(lambda order: any(
                sold.state not in ('draft', 'cancel')
                for sold in (order.pos_order_line_ids | order.order_line.pos_order_line_ids).order_id))
        else:
            counter = orders.browse()
        # A job processes a payment for which the customer chose to pay on delivery: nobody reads a refusal.
        if self.env.uid == SUPERUSER_ID:
            counter |= orders.filtered(lambda order: any(
                transaction.state in ('pending', 'authorized', 'done') for transaction in order.transaction_ids))
        return self.browse(counter.ids)

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

        :param str checkpoint: ``confirm``, or ``release`` where more leaves than was ordered
        """
        memory = control_memory(self.env)
        stale = [
            key for key in memory.issues
            if self and key[0] == checkpoint and (len(self) > 1 or key[1] != self.id)
        ]
        for key in stale:
            del memory.issues[key]

    def _control_touch(self):
        """Let whoever gives these orders another line meet whoever confirms them at the same instant.

        Both write the lines that are there, and the order where its amount changes. Another line without a price
        is a row that the confirmation does not see: a real update of the order's row makes them meet. It joins the
        update that most lines bring along anyway.
        """
        orders = self._get_controlled()
        # Past the ORM's write: this changes nothing that anybody relies on.
        self._fields['write_date'].write(orders, self.env.cr.now())

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
        orders._control_tell_entered()
        orders.filtered(lambda order: order.state == 'sale')._control_enter_sale()
        return orders

    def write(self, vals):
        self._control_refuse_protected(vals)
        entering = self._get_entering_sale(vals)
        former = {order.id: order.state for order in self} if 'state' in vals else {}
        self._check_leaving_sale(vals)
        watched = self if self._get_control_term_fields() & vals.keys() else self.browse()
        with control_scope(self.env), (watched - entering)._control_change():
            with (watched & entering)._control_rewriting():
                result = super().write(vals)
            entering._control_enter_sale()
            self._control_follow_state(former)
        return result

    def _control_tell_entered(self):
        """Tell who wants to know it that somebody entered orders; a cart of a website visitor is none yet."""
        if 'entered' not in self._get_asked_events():
            return
        entered = self
        if 'website_id' in self._fields:
            entered = self.sudo().filtered(lambda order: not order.website_id or order.state != 'draft')
        if entered:
            entered.with_env(self.env)._control_event('entered')

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
        every = orders
        orders = orders._get_controlled()._get_control_watched() if orders else orders
        before = orders._get_control_terms()
        confirmed = orders.filtered(lambda order: ask_before and order.state == 'sale')
        former = confirmed._get_control_issues('confirm')
        memory.changing.update(before)
        try:
            with every._control_rewriting() as (ended, earlier):
                yield
        finally:
            memory.changing.difference_update(before)
        orders |= every.browse(ended).exists()._get_control_watched()
        before.update(earlier)
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
        unamended = changed._get_unamended_issues(before, after)
        judged = worse | self.browse(unamended)
        if judged:
            issues = {order.id: unamended.get(order.id, ()) for order in judged}
            if worse:
                worse._control_serialise('confirm')
                for order_id, found in worse._get_change_issues(before, after).items():
                    issues[order_id] += found
            if judged._get_held(issues) and not control_memory(self.env).happened:
                raise UserError(judged._word_change_refusal(issues))
            judged._control_log('changed', issues, checkpoint='confirm')
            judged._get_held(issues)._control_report_exception(issues)
        if changed:
            changed._control_terms_changed(before, after)

    def _get_change_issues(self, before, after):
        """Judge worse terms of confirmed orders by what the change adds.

        :return: ``{order_id: (ControlIssue, ...)}`` with the issues that are new, or worse than before
        """
        former = control_memory(self.env).former
        asked = self.filtered(lambda order: order.id not in former)
        old = {**former, **asked._get_control_issues('confirm', {order.id: before[order.id] for order in asked})}
        new = self._get_control_issues('confirm', {order.id: after[order.id] for order in self})
        return {
            order.id: tuple(issue for issue in new[order.id] if issue.is_worse_than(old[order.id])) for order in self
        }

    def _get_unamended_issues(self, before, after):
        """Find the confirmed orders whose terms change past an amendment, where those are under control (OC-03).

        What rooms add to the terms has rules of its own, and is no part of what an amendment changes.

        :return: ``{order_id: (ControlIssue,)}`` of those orders only
        """
        amending = control_memory(self.env).amending
        issues = {}
        for order in self.filtered(lambda order: order.state == 'sale')._with_control('amendment'):
            aspects = order._get_amended_aspects(before[order.id], after[order.id]) if order.id not in amending else ()
            if aspects:
                issue = order._prepare_amendment_issue(aspects)
                enforced = order.company_id._get_control_mode('amendment') == 'enforce'
                issues[order.id] = (issue if enforced else issue.shadowed(),)
        return issues

    def _propose_control_change(self, line_values, reason_code, note):
        """Ask for a change of a confirmed order on behalf of another room, by the way that such changes take.

        Private: the caller has checked who acts. It runs with the current user's own rights.

        :param dict line_values: ``{line id: {field: value}}`` of ``product_uom_qty``, ``price_unit``, ``discount`` and
            ``requested_date``; what is not named stays
        :param str reason_code: why: ``supply``, ``need``, ``date``, ``price``, ``entry``
        :param str note: explanation for those who agree and for the history
        :return: the document that asks for the change, applied already where nobody need agree; None where changes
            have no document of their own, and nothing happened
        :raise UserError: if the change is impossible, with nothing changed
        """
        self.ensure_one()
        return None

    def _word_change_refusal(self, issues):
        """Word why the terms of confirmed orders stay as they are, and what to do instead."""
        if self._with_control('amendment'):
            way = self.env._("This change of a confirmed order is not allowed. Use “Amend” on the order.")
        else:
            way = self.env._(
                "This change of a confirmed order is not allowed. Cancel the order, set it to quotation and "
                "submit it again, or leave its terms as they are.")
        return f"{way}\n\n{self._get_control_refusal(issues)}"

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
