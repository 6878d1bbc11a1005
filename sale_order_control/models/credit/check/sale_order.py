from odoo import api, fields, models

from ...order.control_issue import ControlStatus
from ...order.control_words import word_days

CREDIT_STATES = [
    ('none', "Not Checked"),
    ('ok', "Good"),
    ('watch', "Watch"),
    ('hold', "On Credit Hold"),
    ('released', "Released"),
]
# An order that a credit controller must look at comes right after a parked one; where approvers are
# asked already, their turn is the more urgent news.
HOLD_RANK = 10
HOLD_RANK_ASKED = 45


class SaleOrder(models.Model):
    """What an order carries and shows of credit."""

    _inherit = 'sale.order'

    credit_account_id = fields.Many2one(
        'credit.account', readonly=True, copy=False, index='btree_not_null',
        groups='base.group_user', help="The account of the invoiced customer, set with the first check.")
    credit_state = fields.Selection(
        CREDIT_STATES, string="Credit", default='none', readonly=True, copy=False, groups='base.group_user',
        help="What the last credit check, or a credit controller, said of the order.")
    credit_hold_effect = fields.Selection(
        [('approve', "Needs Approval"), ('block', "Blocked")], string="Hold Needs", readonly=True, copy=False,
        groups='base.group_user', help="Whether approvers were asked, or only a credit controller or a payment helps.")
    credit_hold_reason = fields.Text(string="Why on Hold", readonly=True, copy=False, groups='base.group_user')
    credit_hold_since = fields.Datetime(string="On Hold Since", readonly=True, copy=False, groups='base.group_user')
    credit_decision_ids = fields.One2many(
        'credit.decision', 'order_id', string="Credit Decisions", groups='base.group_user')

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {
            'credit_account_id', 'credit_state', 'credit_hold_effect', 'credit_hold_reason', 'credit_hold_since',
            'credit_decision_ids', 'credit_hold_reason_ids', 'credit_hold_amount', 'credit_clear_amount',
            'credit_handler_id',
        }

    # === BADGE AND PANEL ===#

    def _get_control_statuses(self):
        statuses = super()._get_control_statuses()
        for order in self._with_control('credit'):
            if order.credit_state == 'hold' and order.state in ('draft', 'sent'):
                asked = order.credit_hold_effect == 'approve'
                statuses[order.id].append(ControlStatus(
                    HOLD_RANK_ASKED if asked else HOLD_RANK, 'credit_hold', order._get_credit_next()))
        return statuses

    def _get_credit_next(self):
        """Word who acts next on the hold of an order."""
        self.ensure_one()
        if self.credit_hold_effect == 'approve':
            # Where approvers are asked already, the badge names them. Until then it is the maker's turn.
            return self.env._(
                "%s submits it for approval, or the credit controllers release it",
                self.user_id.name or self.env._("The salesperson"))
        if self.credit_clear_amount:
            return self.env._("The credit controllers release it, or the customer pays")
        return self.env._("The credit controllers release it")

    def _get_control_sections(self, issues):
        sections = super()._get_control_sections(issues)
        if not self._with_control('credit') or self.state == 'cancel':
            return sections
        checkpoint = 'submit' if self.state in ('draft', 'sent') else 'release'
        check = self._get_credit_checks(checkpoint)[self.id]
        found = issues.get('credit', ())
        who = self.env._("A credit controller can release it.") if any(issue.stops for issue in found) else ''
        section = self._prepare_control_section(
            'credit',
            self.env._("Credit"),
            found,
            '',
            tone='success' if check.grade or check.ceiling is not None else 'muted',
            who=who,
        )
        # The figures help whether or not something is wrong with them.
        section['summary'] = self._get_credit_summary(check)
        return [*sections, section]

    def _get_credit_summary(self, check):
        """Word the customer's credit in one line: grade, limit, used, available, overdue."""
        def money(amount):
            return self._format_credit(amount, check.currency)
        parts = [self.env._("Grade %s", check.grade.code)] if check.grade else []
        with_order = check.total
        if check.limit_kind == 'zero':
            parts.append(self.env._("Prepaid only, %s open with this order", money(with_order)))
        elif check.ceiling is not None:
            parts.append(self.env._(
                "%(used)s of %(limit)s used with this order, %(available)s left",
                used=money(with_order), limit=money(check.ceiling),
                available=money(max(0.0, check.ceiling - with_order))))
        else:
            parts.append(self.env._("No limit, %s open with this order", money(with_order)))
        if check.overdue_days:
            parts.append(self.env._(
                "%(amount)s overdue for %(days)s", amount=money(check.overdue_amount),
                days=word_days(self.env, check.overdue_days)))
        if check.release:
            parts.append(self.env._("released by %s", check.release.user_id.name))
        return " · ".join(parts)

    # === ACTION METHODS ===#

    def action_view_credit_account(self):
        """Open the credit account of the invoiced customer."""
        self.ensure_one()
        return self.credit_account_id._get_form_action()
