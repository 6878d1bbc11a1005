from odoo import api, fields, models
from odoo.exceptions import UserError

from ..order.control_memory import control_memory
from ..order.control_moments import ControlMoment


class SaleOrder(models.Model):
    """What happens to a confirmed order past its amendments, and what is remembered of it either way."""

    _inherit = 'sale.order'

    @api.model
    def _get_control_moments(self):
        return super()._get_control_moments() + [
            ControlMoment('amended', self.env._("Changed or cancelled by an amendment"))]

    def _get_amending_ids(self):
        """Return ``{order_id: amendment_id}`` of what is being applied in the running call."""
        return {key: value for key, value in control_memory(self.env).amending.items() if value}

    # === CANCELLING ===#

    def _action_cancel(self):
        # Told before transfers are touched, which the user may have no right to.
        self._check_cancelling()
        return super()._action_cancel()

    def _check_leaving_sale(self, vals):
        result = super()._check_leaving_sale(vals)
        self._check_moving(vals)
        if vals.get('state') == 'cancel':
            issues = self._check_cancelling()
            orders = self.browse(issues)
            if orders:
                orders._control_log('changed', issues, checkpoint='confirm')
                orders._get_held(issues)._control_report_exception(issues)
        return result

    def _check_moving(self, vals):
        """Refuse to move confirmed orders to another company, where their terms would change unseen.

        :raise UserError: naming what would change
        """
        if 'company_id' not in vals:
            return
        moved = self.filtered(
            lambda order: order.state == 'sale' and order.company_id.id != vals['company_id'])
        moved = moved._with_control('amendment')._get_controlled() if moved else moved
        moved = moved.filtered(lambda order: order.company_id._get_control_mode('amendment') == 'enforce')
        if moved:
            issues = {order.id: (order._prepare_amendment_issue(['company']),) for order in moved}
            raise UserError(moved._word_change_refusal(issues))

    def _check_cancelling(self):
        """Refuse to cancel confirmed orders past an amendment, where amendments are in force.

        :return: ``{order_id: (ControlIssue,)}`` of the orders that are cancelled past one all the same
        :raise UserError: naming the orders
        """
        memory = control_memory(self.env)
        orders = self.filtered(lambda order: order.state == 'sale' and order.id not in memory.amending)
        orders = orders._with_control('amendment')._get_controlled() if orders else orders
        enforced = orders.filtered(lambda order: order.company_id._get_control_mode('amendment') == 'enforce')
        if enforced and not memory.happened:
            raise UserError(self.env._(
                "A confirmed order is cancelled by an amendment, which shows what follows from it. Use “Amend” on: %s",
                ", ".join(enforced.mapped('display_name'))))
        issues = {order.id: order._prepare_amendment_issue(['cancel']) for order in orders}
        return {
            order.id: (issues[order.id] if order in enforced else issues[order.id].shadowed(),) for order in orders}

    def _get_terms_aspect_labels(self):
        return {
            **super()._get_terms_aspect_labels(), 'cancel': self.env._("the order is cancelled"),
            'company': self.env._("company")}

    def _control_event(self, name):
        super()._control_event(name)
        if name == 'reopened':
            # What was agreed to of the confirmed order says nothing of the quotation that it is again.
            self.sudo().amendment_ids._void_requests(lambda env: env._("The order was set to quotation again."))
        elif name == 'confirmed':
            for order in self.filtered('amendment_revision')._with_control('amendment'):
                order._take_amendment_turn()
                order._record_revision(None, self.env._("Confirmed again."), is_agreed=True)

    # === REVISIONS ===#

    def _control_terms_changed(self, before, after):
        super()._control_terms_changed(before, after)
        memory = control_memory(self.env)
        past = self.filtered(lambda order: order.state == 'sale' and not memory.amending.get(order.id))
        for order in past._with_control('amendment'):
            changes = order._compare_lines(before[order.id], after[order.id])
            words = order._word_terms_changes(before[order.id], after[order.id], changes)
            if words:
                order._take_amendment_turn()
                order._record_revision(before[order.id], "\n".join(
                    f"{change['subject']}: {change['label']} {change['old_value']} → {change['new_value']}"
                    for change in words), is_past=order.id not in memory.amending and bool(
                        order._get_amended_aspects(before[order.id], after[order.id])))

    def _take_amendment_turn(self):
        """Count a revision: a real update of the order's row, so that rivals meet."""
        self.env['sale.amendment']._take_turn(self.sudo())

    def _compare_lines(self, before, after):
        """Return ``[(old, new), ...]`` of the lines that differ between two terms."""
        old, new = ({line.key: line for line in terms.lines} for terms in (before, after))
        return [
            (old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)]

    def _record_revision(self, before, summary, amendment=None, **values):
        """Put on record what the order became; the first time also what it was.

        :param ControlTerms before: the order before the change; not asked for where revisions exist
        :param str summary: what changed, in words
        :param amendment: the ``sale.amendment`` that changed it, if one did
        :param values: ``is_agreed`` where everybody concerned saw the order without an amendment, ``is_past`` where
            it was changed past one
        """
        self.ensure_one()
        order = self.sudo()
        revisions = self.env['sale.order.revision'].sudo()
        rows = []
        if not revisions.search_count([('order_id', '=', order.id)], limit=1):
            rows.append({
                **order._prepare_revision(before), 'number': max(0, order.amendment_revision - 1),
                'user_id': (order.user_id or order.create_uid).id, 'date': order.date_order, 'is_agreed': True,
                'summary': self.env._("As it was before the first amendment.")})
        after = order._get_control_terms()[order.id] if order.state != 'cancel' else None
        rows.append({
            **order._prepare_revision(after), 'number': order.amendment_revision, 'user_id': self.env.uid,
            'date': fields.Datetime.now(), 'summary': summary, 'amendment_id': amendment.id if amendment else False,
            'is_agreed': bool(amendment) and amendment.approval_state == 'approved', **values})
        return revisions._record_facts(rows)

    def _prepare_revision(self, terms):
        """Return what is recorded of an order under some terms; without terms it is cancelled."""
        amounts = self._get_control_amounts({self.id: terms})[self.id] if terms else None
        return {
            'order_id': self.id,
            'company_id': self.company_id.id,
            'currency_id': self.currency_id.id,
            'terms': terms.to_json() if terms else False,
            'amount_untaxed': amounts.untaxed if amounts else 0.0,
            'amount_total': amounts.total if amounts else 0.0,
        }
