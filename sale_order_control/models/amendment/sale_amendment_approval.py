from odoo import models

from ..order.control_terms import ControlTerms


class SaleAmendment(models.Model):
    """Who must agree to a change, by the change itself and by what comes out of it."""

    _inherit = 'sale.amendment'

    # === WHOSE IT IS ===#

    def _get_approval_makers(self):
        return super()._get_approval_makers() | self.maker_ids | self.order_id.user_id

    def _get_approval_salesperson(self):
        return self.order_id.user_id or self.user_id

    # === WHAT THE ORDER SHOWS OF IT ===#

    def _prepare_order_section(self):
        """Word the section of the order's control panel: the change that waits, and for whom."""
        self.ensure_one()
        who = self.approval_summary or ""
        if self.state == 'approved':
            who = self.env._("The customer confirms it.") if self.customer_state == 'waiting' \
                else self.env._("%s applies it.", self.user_id.name)
        return self.order_id._prepare_control_section(
            'amendment', self.env._("Change"), (),
            self.env._("%s would change this order. Until it is applied, the order stays as it is.", self.name),
            tone='warning', who=who)

    # === WHAT IS JUDGED ===#

    def _get_approval_amount(self):
        size = self._get_change_size(self._get_line_changes(self._get_base_terms()))
        return max(abs(self.change_amount), size), self.currency_id

    def _get_approval_reasons(self, mode='enforce'):
        """Add to the policies about amendments those about orders that the result would meet."""
        reasons = super()._get_approval_reasons(mode)
        if mode != 'enforce':
            return reasons
        for amendment in self.sudo():
            asked = [issue for issue in amendment._get_rule_issues() if issue.effect == 'approve']
            if asked:
                reasons[amendment.id] = reasons.get(amendment.id, []) + asked
        return reasons

    def _prepare_approval_snapshot(self):
        return self._get_target_terms().to_json()

    def _get_approval_digest(self, snapshot):
        return ControlTerms.from_json(snapshot).digest

    def _prepare_approval_request(self, reasons, policy_ids):
        order, terms = self.order_id, self._get_target_terms()
        amounts = order._get_control_amounts({order.id: terms})[order.id]
        return {
            **super()._prepare_approval_request(reasons, policy_ids),
            'amount_untaxed': amounts.untaxed,
            'amount_total': amounts.total,
            'margin_percent': amounts.margin_percent,
            'discount': terms.discount,
        }

    def _prepare_approval_display(self):
        def money(amount):
            return self.currency_id.format(amount)
        labels = dict(self._fields['scope']._description_selection(self.env))
        asked_by = dict(self._fields['asked_by']._description_selection(self.env))
        facts = [
            (self.env._("Order"), self.order_id.name),
            (self.env._("Customer"), self.partner_id.display_name),
            (self.env._("What"), labels[self.scope]),
            (self.env._("Reason"), self.reason_id.name),
            (self.env._("Asked by"), asked_by.get(self.asked_by)),
            (self.env._("Explanation"), self.note),
            *((f"{change['subject']}, {change['label']}", f"{change['old_value']} → {change['new_value']}")
              for change in self._word_changes()),
            (self.env._("Untaxed amount"), f"{money(self.amount_before)} → {money(self.amount_after)}"),
            (self.env._("Margin"), f"{money(self.margin_before)} → {money(self.margin_after)}"),
            (self.env._("Since it was agreed to"), self._word_totals()),
        ]
        return {'facts': [(label, text) for label, text in facts if text]}

    # === WHAT FOLLOWS ===#

    def _approval_approved(self):
        return {amendment.id: amendment._go_on_after_approval() for amendment in self}

    def _approval_rejected(self):
        self._set({'state': 'refused'})

    def _approval_returned(self):
        self._set({'state': 'draft'})

    def _approval_withdrawn(self):
        self.filtered(lambda amendment: amendment.state in ('to_approve', 'approved'))._set({'state': 'draft'})

    def _word_worse_terms(self, aspects):
        return self.env._("The amendment was changed since it was asked for.")
