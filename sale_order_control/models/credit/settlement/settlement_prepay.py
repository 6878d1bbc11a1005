"""Prepayment: nothing is bought, made or shipped before what was agreed is paid."""

from odoo import api, fields, models
from odoo.tools import float_round

from ...order.control_issue import ControlIssue
from ..hold.credit_clearing import CreditClearing

ADVANCE_STATES = [
    ('waiting', "Payment Awaited"),
    ('paid', "Paid in Advance"),
]


class CreditGrade(models.Model):
    _inherit = 'credit.grade'

    prepay_before_confirm = fields.Boolean(
        string="Paid Before Confirmation",
        help="Orders are not even confirmed before the part in advance is paid. Otherwise they are confirmed, and "
             "their supply and delivery wait for the payment.")


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    advance_state = fields.Selection(
        ADVANCE_STATES, string="Advance", readonly=True, copy=False, groups='base.group_user',
        help="Whether what the customer pays in advance for this confirmed order has come.")
    advance_required = fields.Monetary(
        string="To Pay in Advance", compute='_compute_advance', compute_sudo=True, groups='base.group_user')
    advance_received = fields.Monetary(
        string="Paid So Far", compute='_compute_advance', compute_sudo=True, groups='base.group_user')
    advance_missing = fields.Monetary(
        string="Still to Pay in Advance", compute='_compute_advance', compute_sudo=True, groups='base.group_user')

    _advance_state_idx = models.Index("(partner_invoice_id) WHERE advance_state IS NOT NULL")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'advance_state'}

    @api.depends('settlement_mode', 'settlement_percent', 'amount_total', 'advance_state')
    def _compute_advance(self):
        prepaid = self.filtered(lambda order: order.id and order.settlement_mode == 'prepay')
        received = prepaid._origin._get_advance_received()
        for order in self:
            required = order._get_advance_required(order.settlement_percent) if order in prepaid else 0.0
            order.advance_required = required
            order.advance_received = received.get(order._origin.id, 0.0)
            order.advance_missing = max(0.0, required - order.advance_received)

    def _get_advance_required(self, percent, total=None):
        """Return what is paid in advance of a total, rounded in the currency of the order.

        :param float percent: share in percent
        :param float total: total with taxes; the order's own by default
        """
        self.ensure_one()
        total = self.amount_total if total is None else total
        return self.currency_id.round(max(0.0, total) * min(percent, 100.0) / 100)

    # === RULE ===#

    def _get_procure_judged(self):
        prepaid = self.sudo().filtered(lambda order: order.settlement_mode == 'prepay')
        return super()._get_procure_judged() | prepaid._get_controlled()._with_control('credit', 'procure')

    def _collect_control_issues(self, checkpoint, terms):
        issues = super()._collect_control_issues(checkpoint, terms)
        judged = self._with_control('credit', checkpoint)
        for order_id, issue in judged._get_advance_issues(checkpoint, terms).items():
            issues[order_id].append(issue)
        return issues

    def _get_advance_issues(self, checkpoint, terms):
        """Say how much is still to be paid in advance, where the checkpoint waits for it.

        :return: ``{order_id: ControlIssue}``
        """
        percents = self._get_advance_percents(checkpoint, terms)
        orders = self.browse(percents)
        if not orders:
            return {}
        totals = orders._get_control_amounts(terms)
        received = orders._get_advance_received()
        missing = {}
        for order in orders.sudo():
            required = order._get_advance_required(percents[order.id], totals[order.id].total)
            lack = order.currency_id.round(required - received[order.id])
            if order.currency_id.compare_amounts(lack, 0.0) > 0:
                missing[order] = required, min(lack, required)
        loose = self.browse().union(*missing)._get_loose_amounts() if missing else {}
        found = {
            order.id: order._prepare_advance_issue(required, received[order.id], lack, loose.get(order.id, 0.0))
            for order, (required, lack) in missing.items()}
        return self.browse(found)._drop_released_advances(found) if found else found

    def _get_advance_percents(self, checkpoint, terms):
        """Return the share to be paid in advance of the orders that wait for it at a checkpoint."""
        percents = {order.id: self._read_settlement(terms[order.id]) for order in self}
        early = checkpoint in ('submit', 'confirm')
        prepaid = self.filtered(lambda order: percents[order.id][0] == 'prepay')
        if early and prepaid:
            prepaid = prepaid._filter_paid_before_confirmation()
        return {order.id: percents[order.id][1] for order in prepaid}

    def _filter_paid_before_confirmation(self):
        """Filter the orders whose customer's grade asks for the advance before the order is confirmed."""
        accounts = self._get_settlement_accounts()
        return self.filtered(
            lambda order: order.id in accounts and accounts[order.id].grade_id.prepay_before_confirm)

    def _get_payment_reference(self):
        """Return what the customer names when paying: the reference of the order, else its number."""
        self.ensure_one()
        return self.reference or self.name

    def _prepare_advance_issue(self, required, received, missing, loose):
        """Prepare the issue of an order that waits for its money.

        :param float missing: still to be paid in advance, in the currency of the order
        :param float loose: what the customer paid and counts for no order, in the currency of the main company
        """
        self.ensure_one()

        def money(amount):
            return self._format_credit(amount, self.currency_id)
        company = self.company_id.root_id
        payment = float_round(
            self.currency_id._convert(missing, company.currency_id, company, self._get_control_today(), round=False),
            precision_rounding=company.currency_id.rounding, rounding_method='UP')
        return ControlIssue(
            code='credit.prepayment',
            area='credit',
            effect='block',
            message=self.env._(
                "%(missing)s of %(required)s is still to be paid in advance; payment reference %(reference)s.",
                missing=money(missing), required=money(required), reference=self._get_payment_reference()),
            clears=" ".join(filter(None, (
                self._word_advance_clearing(money(missing)), self._word_loose_payments(loose, company)))),
            facts={
                'currency': self.currency_id.name, 'required': required, 'received': received, 'missing': missing,
                'figures': ['missing'], 'clearing': CreditClearing(payment=payment, in_advance=payment).to_json(),
            },
        )

    def _word_advance_clearing(self, missing):
        """Say what clears the missing advance.

        :param str missing: formatted amount
        """
        if self.state == 'sale':
            return self.env._(
                "Goes on by itself when %s is paid, or when a credit controller releases the order.", missing)
        return self.env._(
            "Clears when %(amount)s is paid online, by a transfer that names %(reference)s, or by a payment that is "
            "assigned to the order, or when a credit controller releases it.",
            amount=missing, reference=self._get_payment_reference())

    def _word_loose_payments(self, loose, company):
        """Say what to do where money is there and nobody said for which order it came."""
        if loose <= 0:
            return ""
        return self.env._(
            "%(amount)s that %(customer)s paid counts for no order: if it came for this one, a credit controller or "
            "somebody who invoices says so with “Assign Payment”.",
            amount=self._format_credit(loose, company.currency_id),
            customer=self.partner_invoice_id.commercial_partner_id.name)

    # === RELEASE ===#

    def _drop_released_advances(self, found):
        """Leave out what a credit controller released a confirmed order for, up to the amount they saw missing."""
        accounts = self._get_settlement_accounts()
        used = self.env['credit.account'].sudo().union(*accounts.values())
        decisions = used._read_credit_decisions(self)
        today = self._get_control_today()
        kept = {}
        for order in self.sudo():
            account, missing = accounts.get(order.id), found[order.id].facts['missing']
            amount = order.currency_id._convert(missing, account.currency_id, account.company_id, today) \
                if account else 0.0
            release = decisions.get_release(account, order, amount, amount, today) if account else None
            seen = release.figures.get('settlement', {}) if release and release.order_id else {}
            if order.currency_id.compare_amounts(missing, seen.get('missing', 0.0)) > 0:
                kept[order.id] = found[order.id]
        return kept

    def _get_settlement_figures(self, account):
        figures = super()._get_settlement_figures(account)
        # A quotation was released from paying in advance only where somebody had asked for the money before.
        asked = self.advance_state == 'waiting' if self.state == 'sale' else account.grade_id.prepay_before_confirm
        if asked:
            figures['missing'] = self.advance_missing
        return figures

    def action_credit_release(self, reason, amount=None, until=None, amounts=None):
        """Launch as well what confirmed orders have not got yet, where the release lets them go on unpaid."""
        result = super().action_credit_release(reason, amount=amount, until=until, amounts=amounts)
        self._control_resume_procurement()
        return result

    # === PANEL ===#

    def _get_credit_summary(self, check):
        summary = super()._get_credit_summary(check)
        order = self.sudo()
        if order.settlement_mode != 'prepay':
            return summary
        return " · ".join((summary, self.env._(
            "%(received)s of %(required)s paid in advance",
            received=self._format_credit(order.advance_received, order.currency_id),
            required=self._format_credit(order.advance_required, order.currency_id))))

    # === PORTAL ===#

    def _get_portal_advance(self):
        """Return what the customer reads about paying in advance, or an empty dict.

        :return: dict ``amount, reference``: formatted amount still to be paid, and what to name
        """
        self.ensure_one()
        order = self.sudo()
        if order.advance_state != 'waiting' or order.state != 'sale' or not order.advance_missing:
            return {}
        return {
            'amount': order._format_credit(order.advance_missing, order.currency_id),
            'reference': order._get_payment_reference(),
        }
