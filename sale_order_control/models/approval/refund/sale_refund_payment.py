from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...order.control_memory import control_acting, control_memory

# Payments in these states count for nothing: the request may be paid again.
GONE = ('canceled', 'rejected')


class SaleRefundRequest(models.Model):
    """Finance records what was approved, once."""

    _inherit = 'sale.refund.request'

    def action_pay(self):
        """Create the outgoing payment, in draft: for accounting or a credit controller who did not ask.

        :return: the payment's form, for those who may read it
        :raise AccessError: for others
        :raise UserError: if the request is not approved, was paid already, or there is no longer as much money
        """
        self.ensure_one()
        self.check_access('read')
        if not self._is_payer():
            raise AccessError(self.env._("Accounting or a credit controller records the payment."))
        if self.env.user in self.sudo()._get_approval_makers():
            raise AccessError(self.env._("Four eyes: somebody else must pay what you asked for."))
        self._lock_orders()
        request = self.sudo()
        request.invalidate_recordset(['state', 'payment_ids'])
        if request.state != 'approved' or request._get_live_payment():
            raise UserError(self.env._("%s does not wait for its payment.", request.name))
        request._check_amounts()
        # A credit controller need not have rights in accounting: what is paid was approved.
        payments = self.env['account.payment'].sudo().with_company(request.company_id)
        with control_acting(self.env):
            payment = payments.create(request._prepare_payment())
        request._set_state('recorded')
        request.activity_unlink(['sale_order_control.mail_activity_type_refund'])
        request._message_log(body=self.env._("The payment was recorded by %s.", self.env.user.name))
        if not payment.with_user(self.env.user).has_access('read'):
            return True
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'account.payment',
            'res_id': payment.id,
            'view_mode': 'form',
        }

    def _prepare_payment(self):
        """Prepare the outgoing payment: from the first bank of the company, which accounting may exchange."""
        self.ensure_one()
        journal = self.env['account.journal'].sudo().search([
            *self.env['account.journal']._check_company_domain(self.company_id),
            ('type', 'in', ('bank', 'cash')), ('outbound_payment_method_line_ids', '!=', False),
        ], order='type, sequence, id', limit=1)
        if not journal:
            raise UserError(self.env._(
                "%s has no bank journal that can pay. Set one up in accounting.", self.company_id.name))
        return {
            'refund_request_id': self.id,
            'payment_type': 'outbound',
            'partner_type': 'customer',
            'partner_id': self.partner_id.id,
            'partner_bank_id': self.partner_bank_id.id,
            'amount': self.amount,
            'currency_id': self.currency_id.id,
            'date': self.env['sale.order']._get_control_today(),
            'journal_id': journal.id,
            'memo': self.env._("Refund %(request)s of %(order)s", request=self.name, order=self.order_id.name),
        }

    def _get_live_payment(self):
        self.ensure_one()
        return self.payment_ids.filtered(lambda payment: payment.state not in GONE)

    def _has_gone_out(self):
        """Whether the money left the order: then what was received says so, and the request no longer must."""
        self.ensure_one()
        return any(payment.move_id.state == 'posted' for payment in self._get_live_payment())

    def _reopen_unpaid(self):
        """Let requests wait for their payment again whose payment was cancelled."""
        self.filtered(
            lambda request: request.state == 'recorded' and not request._get_live_payment())._set_state('approved')

    def action_view_payments(self):
        """Open the payment, for those who may read it."""
        self.ensure_one()
        self.env['account.payment'].check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Payment of %s", self.name),
            'res_model': 'account.payment',
            'view_mode': 'list,form',
            'domain': [('refund_request_id', '=', self.id)],
        }


class AccountPayment(models.Model):
    """An outgoing payment that was approved as a refund is exactly what was approved."""

    _inherit = 'account.payment'

    refund_request_id = fields.Many2one(
        'sale.refund.request', readonly=True, copy=False, index='btree_not_null', ondelete='restrict',
        groups='base.group_user')

    _refund_once = models.UniqueIndex(
        "(refund_request_id) WHERE refund_request_id IS NOT NULL AND state NOT IN ('canceled', 'rejected')",
        "A refund request is paid once.")

    @api.constrains(
        'refund_request_id', 'amount', 'currency_id', 'partner_id', 'payment_type', 'partner_type', 'partner_bank_id')
    def _check_refund(self):
        for payment in self.sudo():
            request = payment.refund_request_id
            if request and (
                payment.payment_type != 'outbound' or payment.partner_type != 'customer'
                or payment.partner_id != request.partner_id or payment.currency_id != request.currency_id
                or request.currency_id.compare_amounts(payment.amount, request.amount)
            ):
                raise ValidationError(self.env._(
                    "This payment was approved as refund %(request)s: %(amount)s to %(customer)s, and nothing else.",
                    request=request.name, amount=request.currency_id.format(request.amount),
                    customer=request.partner_id.name))
            if request:
                payment._check_refund_account(request)

    def _check_refund_account(self, request):
        """Hold the account that was approved; where none was named, it is one of the customer's own.

        :raise ValidationError: naming the account, or the customer
        """
        self.ensure_one()
        approved, chosen = request.partner_bank_id, self.partner_bank_id
        if approved and chosen != approved:
            raise ValidationError(self.env._(
                "Refund %(request)s was approved to account %(account)s: the payment goes there and nowhere else.",
                request=request.name, account=approved.acc_number))
        if chosen and chosen.partner_id.commercial_partner_id != request.partner_id.commercial_partner_id:
            raise ValidationError(self.env._(
                "Account %(account)s does not belong to %(customer)s, who gets refund %(request)s.",
                account=chosen.acc_number, customer=request.partner_id.name, request=request.name))

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get('refund_request_id') for vals in vals_list):
            self._refuse_refund_link()
        return super().create(vals_list)

    def write(self, vals):
        if 'refund_request_id' in vals:
            self._refuse_refund_link()
        result = super().write(vals)
        if vals.get('state') in GONE:
            self.sudo().refund_request_id._reopen_unpaid()
        return result

    def _refuse_refund_link(self):
        if not control_memory(self.env).acting:
            raise AccessError(self.env._("A refund is paid from its request: the link cannot be written."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_refund(self):
        if any(payment.refund_request_id for payment in self.sudo()):
            raise UserError(self.env._(
                "The payment of a refund request is not deleted. Cancel it: the request then waits for its payment "
                "again."))


class AccountMove(models.Model):
    _inherit = 'account.move'

    def _post(self, soft=True):
        posted = super()._post(soft)
        # Whoever posts it, from wherever: the order's money has gone back.
        for payment in posted.sudo().origin_payment_id.filtered('refund_request_id'):
            items = payment.move_id.line_ids.filtered(
                lambda item: item.account_id.account_type == 'asset_receivable')
            payment.refund_request_id.order_id._control_money_returned(items)
        return posted
