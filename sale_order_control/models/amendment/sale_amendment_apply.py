import logging
from dataclasses import replace

import psycopg2

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..order.control_memory import control_acting, control_amending, control_cause
from .sale_amendment import HEADER_FIELDS

_logger = logging.getLogger(__name__)


class SaleAmendment(models.Model):
    """Submitting, and applying as a whole or not at all."""

    _inherit = 'sale.amendment'

    # === ACTION METHODS ===#

    def action_submit(self):
        """Ask for the change; where nobody need agree, it is applied at once.

        :return: a client action that says what happened
        :raise UserError: if nothing changes, it is impossible or outdated, or another amendment touches the same
        """
        self._check_may_amend()
        for amendment in self:
            amendment._check_submittable()
        for amendment in self:
            amendment._refresh_figures()
            # As they are shown now: what they were stays readable when the order has moved on.
            amendment._set({
                'state': 'to_approve', 'submitted_on': fields.Datetime.now(), 'obstacle': False,
                'impact_seen': amendment._render_impact()})
            free = amendment._submit_for_approval(amendment.note)
            if free:
                free._go_on()
        return self._get_submit_result()

    def _check_submittable(self):
        self.ensure_one()
        if self.state != 'draft':
            raise UserError(self.env._("Only drafts are submitted."))
        if not self.reason_id:
            raise UserError(self.env._("Choose the reason of the change."))
        if self.scope == 'order' and not (self.note or "").strip():
            raise UserError(self.env._("Explain why the order is cancelled."))
        if self._is_nothing_changed():
            raise UserError(self.env._("Nothing would change. Enter what becomes other on the order."))
        obstacles = self._get_obstacles()
        if obstacles:
            raise UserError("\n".join(obstacles))
        outdated = self._get_outdated()
        if outdated:
            raise UserError(self._word_outdated(outdated))
        rivals = self._get_rivals()
        if rivals:
            raise UserError(self.env._(
                "%s is on its way and touches the same lines: wait for it, or take it back first.",
                ", ".join(rivals.mapped('name'))))
        blocking = [issue for issue in self._get_rule_issues() if issue.stops and not issue.askable]
        if blocking:
            raise UserError("\n".join(f"{issue.message} {issue.clears}".rstrip() for issue in blocking))

    def action_take_back(self):
        """Turn amendments that are on their way into drafts again: for the person who asked."""
        self._check_may_amend()
        if any(amendment.state not in ('to_approve', 'approved') for amendment in self):
            raise UserError(self.env._("Only an amendment that is on its way is taken back."))
        asked = self.filtered(lambda amendment: amendment.approval_state == 'pending')
        if asked:
            asked.action_recall()
        rest = (self - asked).sudo()
        rest._void_requests(lambda env: env._("The amendment was taken back."))
        rest._set({'state': 'draft', 'obstacle': False})
        return True

    def action_cancel(self):
        """Give amendments up; they stay on record."""
        self._check_may_amend()
        if any(amendment.state in ('applied', 'cancelled') for amendment in self):
            raise UserError(self.env._("What was applied or given up already cannot be cancelled."))
        self.sudo()._void_requests(lambda env: env._("The amendment was cancelled."))
        self._set({'state': 'cancelled'})
        return True

    def action_rebase(self):
        """Draw the amendment anew from the order as it is now, keeping what it changes, and open it as a draft."""
        self._check_may_amend()
        for amendment in self:
            if amendment.state not in ('draft', 'stale', 'approved'):
                raise UserError(self.env._("Only a draft or an outdated amendment is drawn anew."))
            amendment._rebase()
        return True

    def action_apply(self):
        """Apply what was agreed to and could not be applied at the time.

        :raise UserError: if it was not agreed to, or still cannot be applied
        """
        self._check_may_amend()
        for amendment in self:
            if not amendment._is_agreed():
                raise UserError(self.env._("Only what was agreed to is applied."))
            amendment._go_on()
        return self._get_submit_result()

    def _is_agreed(self):
        """Whether nobody need agree any more; what was answered before a draft was corrected does not count."""
        self.ensure_one()
        return self.state == 'approved' and self.approval_state not in ('pending', 'rejected')

    def _get_submit_result(self):
        """Tell what happened, and show the order anew."""
        applied = self.filtered(lambda amendment: amendment.state == 'applied')
        parts = []
        if applied:
            parts.append(self.env._("Applied: %s", ", ".join(applied.mapped('display_name'))))
        for amendment in self - applied:
            waiting = amendment.approval_summary if amendment.approval_state == 'pending' else ""
            parts.append(self.env._("%(amendment)s is on its way. %(who)s", amendment=amendment.display_name,
                                    who=waiting or "").strip())
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': "\n".join(parts),
                'type': 'success' if applied == self else 'info',
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }

    # === GOING ON ===#

    def _go_on(self):
        """Apply what nobody need agree to any more.

        :raise UserError: if it cannot be applied
        """
        self.ensure_one()
        self._set({'state': 'approved'})
        self.sudo()._apply()

    def _go_on_after_approval(self):
        """Apply after the last agreement; what is in the way is kept on the amendment and told to its maker.

        :return: translated sentence
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._go_on()
        except psycopg2.OperationalError:
            # A rival transaction was faster: the whole call is tried again.
            raise
        except UserError as refusal:
            self.env.invalidate_all()
            state = 'stale' if self._get_outdated() else 'approved'
            self._set({'state': state, 'obstacle': str(refusal)})
            return self.env._("It was agreed to, but not applied: %s", str(refusal))
        except Exception:
            # Whatever an app does wrong with the new order, it must not undo the decision.
            self.env.invalidate_all()
            _logger.exception("Amendment %s could not be applied", self.id)
            obstacle = self.env._("An app reported an error. An administrator finds it in the server's log.")
            self._set({'state': 'approved', 'obstacle': obstacle})
            return obstacle
        return self.env._("The order is changed.")

    def _word_outdated(self, names):
        return self.env._(
            "%(order)s was changed meanwhile where this amendment changes it: %(names)s. Draw it anew from the order "
            "and look at it again.", order=self.order_id.name, names=", ".join(names))

    # === APPLYING ===#

    def _apply(self):
        """Change the order, all of it or nothing: in sudo, in the name of who entered the amendment.

        :raise UserError: if it is outdated, impossible, or a rule stops what comes out of it
        """
        self.ensure_one()
        if not self._is_agreed():
            raise AccessError(self.env._("Only what was agreed to is applied."))
        with self.env.cr.savepoint(), control_cause(self.env, self.display_name, self):
            order = self._get_order_of_author()
            self._take_turn(order)
            self._check_applicable()
            before = order._get_control_terms()[order.id]
            target = self._get_target_terms(before)
            summary = self._summarise_changes()
            with control_amending(self.env, order, self):
                if self.scope == 'order':
                    order._action_cancel()
                else:
                    self._write_order(order, before)
                    self._check_outcome(order, target)
                order._control_event('amended')
            self._record_applied(order, before, summary)

    def _get_order_of_author(self):
        """Return the order with full rights, as its author changes it: nothing of the caller's context counts."""
        context = {'lang': self.user_id.lang, 'tz': self.user_id.tz, 'allowed_company_ids': self.company_id.ids}
        order = self.order_id.with_user(self.user_id if self.user_id.active else self.env.user)
        return order.with_context(context).sudo()  # pylint: disable=context-overridden

    @api.model
    def _take_turn(self, order):
        """Let rivals for the same order meet by a real update: the later one starts again and sees the earlier."""
        with control_acting(self.env):
            order.amendment_revision += 1
        order.flush_recordset(['amendment_revision'])

    def _check_applicable(self):
        outdated = self._get_outdated()
        if outdated:
            raise UserError(self._word_outdated(outdated))
        obstacles = self._get_obstacles()
        if obstacles:
            raise UserError("\n".join(obstacles))
        unseen = self._get_unseen_reasons()
        if unseen:
            raise UserError("\n".join([
                self.env._("By now somebody must agree to this: take it back and submit it again."), *unseen]))

    def _get_unseen_reasons(self):
        """Say why somebody must agree by now who was not asked: what others changed since counts together with it.

        :return: list of translated sentences
        """
        request = self._get_latest_requests().get(self.id)
        seen = request.covered or {} if request and request.state == 'approved' else {}
        return [issue.message for issue in self._get_approval_reasons().get(self.id, ()) if issue.code not in seen]

    def _check_outcome(self, order, target):
        """Check that the order became what was agreed to, nothing else.

        What rooms add follows from the rest, as the settlement follows another payer: their rules judge it.

        :raise UserError: if an app made something else of it
        """
        became = order._get_control_terms()[order.id]
        if replace(became, conditions=()).digest != replace(target, conditions=()).digest:
            raise UserError(self.env._(
                "Nothing was changed, because %s would not have become what was agreed to: an app or an automation "
                "rule changes it on the way.", order.name))

    def _write_order(self, order, base):
        """Write the changes in one go, so that Odoo's own mechanisms and the rules see them together.

        :param ControlTerms base: the order as it is now
        """
        changes = self._get_line_changes(base)
        header = self._get_header_changes(base)
        self._withdraw_invoices(order, changes, header)
        values = {name: value or False for name, value in header.items() if name in HEADER_FIELDS}
        commands = [self._prepare_line_command(old, new, row) for old, new, row in changes]
        if commands:
            values['order_line'] = commands
        locked, fiscal_position = order.locked, order.fiscal_position_id
        left = {picking: picking.partner_id for picking in order.picking_ids if picking.state == 'done'}
        if locked:
            order.locked = False
        order.with_context(update_delivery_shipping_partner=True).write(values)
        for picking, partner in left.items():
            # Odoo gives the new address to what has arrived at the former one, too.
            if picking.partner_id != partner:
                picking.partner_id = partner
        if order.fiscal_position_id != fiscal_position:
            order._recompute_taxes()
        if locked:
            order.locked = True

    def _prepare_line_command(self, old, new, row):
        values = {
            'product_uom_qty': new.quantity if new else 0.0,
            # Odoo would compute both anew from another quantity: what was agreed to stays.
            'price_unit': (new or old).price_unit,
            'discount': (new or old).discount,
            'requested_date': (new or old).requested_date or False,
        }
        if old:
            return Command.update(old.key, values)
        return Command.create({
            **values, 'product_id': new.product_id, 'product_uom_id': new.uom_id, 'name': row.name,
            'sequence': row.sequence})

    def _record_applied(self, order, before, summary):
        """Put on record what the order became, and close the amendment."""
        self._set({
            'state': 'applied', 'applied_on': fields.Datetime.now(), 'applied_by_id': self.env.uid,
            'applied_revision': order.amendment_revision, 'obstacle': False})
        order._record_revision(before, summary, self)
        order._control_log('amended', message=self.env._(
            "%(amendment)s: %(changes)s", amendment=self.name, changes=summary.replace("\n", "; ")))

    # === DRAWN ANEW ===#

    def _rebase(self):
        """Take the order as it is now for the base: what the amendment changes stays, the rest follows the order."""
        self.ensure_one()
        base, drawn = self._get_base_terms(), self._get_base_lines()
        changes = {old.key for old, _new, _row in self._get_line_changes(base) if old}
        header = self._get_header_changes(base)
        self.sudo()._void_requests(lambda env: env._("The amendment was drawn anew from the order."))
        self._set({'state': 'draft', 'obstacle': False})
        lines = {line.id: line for line in self.order_id.sudo()._get_amendable_lines()}
        with control_acting(self.env):
            for row in self.sudo().line_ids.filtered('order_line_id'):
                line = lines.pop(row.order_line_id.id, None)
                if line is None:
                    row.unlink()
                elif line.id not in changes:
                    row.write(line._prepare_amendment_line())
                else:
                    row.write(row._prepare_followed_values(drawn[line.id], line))
            self.sudo().write({
                'line_ids': [Command.create(line._prepare_amendment_line()) for line in lines.values()],
                **{name: value for name, value in self.order_id.sudo()._prepare_amendment_header().items()
                   if name not in header}})
        self._draw_from_order()
