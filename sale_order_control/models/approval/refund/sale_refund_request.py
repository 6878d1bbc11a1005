from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ...order.control_memory import control_acting, control_memory

REFUND_STATES = [
    ('draft', "Draft"),
    ('asked', "Waiting"),
    ('approved', "To Pay"),
    ('recorded', "Payment Recorded"),
    ('refused', "Refused"),
    ('cancelled', "Cancelled"),
]
# They follow from the order, from submission, decisions and payments.
FOLLOWING = frozenset({'state', 'user_id', 'name', 'payment_ids', 'partner_id', 'company_id', 'currency_id'})
# Requests whose money is spoken for, as long as it has not gone out.
CLAIMING = ('asked', 'approved', 'recorded')


class SaleRefundRequest(models.Model):
    """Somebody asks to pay money of an order back: approvers decide, finance records the payment once."""

    _name = 'sale.refund.request'
    _description = "Refund Request"
    _inherit = ['sale.approval.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'id desc'
    _approval_terms = ('order_id', 'partner_id', 'amount', 'partner_bank_id', 'reason')

    # === FIELDS ===#

    name = fields.Char(string="Number", readonly=True, copy=False)
    order_id = fields.Many2one(
        'sale.order', required=True, index=True, ondelete='restrict', copy=False,
        help="The order that the customer paid for and does not get, or not all of it.")
    company_id = fields.Many2one(related='order_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='order_id.currency_id', store=True)
    partner_id = fields.Many2one(
        'res.partner', string="Customer", compute='_compute_partner_id', store=True, index=True,
        help="The company that paid: money goes back to where it came from.")
    user_id = fields.Many2one(
        'res.users', string="Asked By", required=True, readonly=True, copy=False, default=lambda self: self.env.uid)
    amount = fields.Monetary(help="What is paid back, taxes included.")
    refundable_amount = fields.Monetary(
        string="Can Be Paid Back", compute='_compute_refundable_amount', compute_sudo=True,
        help="What was paid for the order and is neither delivered or invoiced nor asked back already.")
    partner_bank_id = fields.Many2one(
        'res.partner.bank', string="Bank Account", domain="[('partner_id', '=', partner_id)]", ondelete='restrict',
        help="Where the customer wants the money.")
    reason = fields.Text(required=True, help="Why the money goes back. Approvers and finance read it.")
    attachment_ids = fields.Many2many('ir.attachment', string="Evidence", copy=False)
    state = fields.Selection(REFUND_STATES, default='draft', required=True, readonly=True, copy=False, tracking=True)
    payment_ids = fields.One2many('account.payment', 'refund_request_id', string="Payments", readonly=True)
    can_pay = fields.Boolean(compute='_compute_can_pay')

    _amount_positive = models.Constraint('CHECK (amount >= 0)', "What is paid back cannot be negative.")

    # === COMPUTE METHODS ===#

    @api.depends('order_id')
    def _compute_partner_id(self):
        for request in self:
            request.partner_id = request.order_id.partner_invoice_id.commercial_partner_id

    @api.depends('order_id', 'state')
    def _compute_refundable_amount(self):
        amounts = self.order_id._get_refundable_amounts(self._origin)
        for request in self:
            request.refundable_amount = amounts.get(request.order_id.id, 0.0)

    @api.depends('state')
    @api.depends_context('uid')
    def _compute_can_pay(self):
        pays = self._is_payer()
        for request in self:
            request.can_pay = pays and request.state == 'approved' and \
                self.env.user not in request.sudo()._get_approval_makers()

    @api.constrains('partner_bank_id', 'partner_id')
    def _check_bank(self):
        for request in self.sudo():
            owner = request.partner_bank_id.partner_id.commercial_partner_id
            if owner and owner != request.partner_id:
                raise ValidationError(self.env._(
                    "The bank account %(account)s does not belong to %(customer)s.",
                    account=request.partner_bank_id.acc_number, customer=request.partner_id.name))

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        given = [{name: value for name, value in vals.items() if name not in FOLLOWING} for vals in vals_list]
        for vals in given:
            vals['name'] = self.env['ir.sequence'].sudo().next_by_code(self._name)
        requests = super().create(given)
        requests.order_id.check_access('write')
        requests._own_evidence()
        return requests

    def write(self, vals):
        if not control_memory(self.env).acting:
            touched = sorted(FOLLOWING & vals.keys())
            if touched:
                raise AccessError(self.env._(
                    "These fields follow from submission, decisions and payments and cannot be written: %s",
                    ", ".join(touched)))
            fixed = self.filtered(lambda request: request.state != 'draft')
            if fixed and vals.keys() & {*self._approval_terms, 'attachment_ids'}:
                raise UserError(self.env._(
                    "What was asked for cannot be changed any more: %s. Recall the request, or make a new one.",
                    ", ".join(fixed.mapped('name'))))
        result = super().write(vals)
        if 'order_id' in vals:
            self.order_id.check_access('write')
        if 'attachment_ids' in vals:
            self._own_evidence()
        return result

    def _own_evidence(self):
        """Let whoever may read the request read its evidence, which was uploaded before it was saved."""
        for request in self.sudo():
            loose = request.attachment_ids.filtered(
                lambda document: not document.res_id and document.create_uid == self.env.user)
            loose.write({'res_model': self._name, 'res_id': request.id})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(request.state not in ('draft', 'cancelled') or request.approval_request_ids for request in self.sudo()):
            raise UserError(self.env._(
                "A request that was submitted is kept and cannot be deleted. Cancel it instead."))

    # === ACTION METHODS ===#

    def action_submit(self):
        """Ask for the money: by policy where one matches; finance pays in any case as a second person.

        :raise UserError: if it is no draft, says no amount, or asks for more than there is
        """
        self.check_access('write')
        if any(request.state != 'draft' for request in self):
            raise UserError(self.env._("Only drafts are submitted."))
        self._lock_orders()
        self._check_amounts()
        self._set_state('asked')
        for request in self:
            free = request._submit_for_approval(request.reason)
            free.sudo()._approval_approved()
        return True

    def action_cancel(self):
        """Give requests up for which nothing was paid yet."""
        self.check_access('write')
        if any(request.state not in ('draft', 'refused', 'asked', 'approved') for request in self):
            raise UserError(self.env._("A payment was recorded already: cancel that payment first."))
        if not self._is_payer() and any(request.user_id != self.env.user for request in self):
            raise AccessError(self.env._("Only the person who asked, or finance, cancels a refund request."))
        self.sudo()._void_requests(lambda env: env._("The refund request was cancelled."))
        self._set_state('cancelled')
        self.sudo().activity_unlink(['sale_order_control.mail_activity_type_refund'])
        return True

    # === CHECKS ===#

    def _lock_orders(self):
        """Let rivals for the same money meet by a real update: the later one is tried again and sees the earlier."""
        self.env.flush_all()
        self.env.cr.execute(SQL(
            """UPDATE sale_order SET refund_turn = COALESCE(refund_turn, 0) + 1
                WHERE id IN (SELECT id FROM sale_order WHERE id IN %s ORDER BY id FOR UPDATE)""",
            self.order_id._ids or (0,)))

    def _check_amounts(self):
        """Check that there is as much money as these requests ask for, all of them together.

        :raise UserError: naming what can be paid back
        """
        self.invalidate_recordset(['refundable_amount'])
        for order, requests in self.sudo().grouped('order_id').items():
            available = order._get_refundable_amounts(requests)[order.id]
            wanted = sum(requests.mapped('amount'))
            if any(order.currency_id.compare_amounts(request.amount, 0.0) <= 0 for request in requests):
                raise UserError(self.env._("Enter the amount that is paid back."))
            if order.currency_id.compare_amounts(wanted, available) > 0:
                raise UserError(self.env._(
                    "%(amount)s cannot be paid back: of what was paid for %(order)s, %(available)s is neither used nor "
                    "asked back already. A payment counts once it names the order, or is assigned to it.",
                    amount=order.currency_id.format(wanted), order=order.name,
                    available=order.currency_id.format(max(0.0, available))))

    def _set_state(self, state):
        with control_acting(self.env):
            self.sudo().write({'state': state})

    @api.model
    def _is_payer(self):
        """Whether the current user records payments: accounting, or a credit controller."""
        user = self.env.user
        return user.has_group('account.group_account_invoice') or \
            user.has_group('sale_order_control.group_credit_controller')

    # === APPROVAL ===#

    def _get_approval_makers(self):
        return super()._get_approval_makers() | self.order_id.user_id

    def _get_approval_amount(self):
        return self.amount, self.currency_id

    def _approval_approved(self):
        self._set_state('approved')
        for request in self.sudo():
            payer = request._get_payers()[:1]
            if payer:
                request.activity_schedule(
                    'sale_order_control.mail_activity_type_refund', user_id=payer.id,
                    summary=self.env._("Record the payment of %s", request.name),
                    note=self.env._("%(amount)s to %(customer)s: %(reason)s", customer=request.partner_id.name,
                                    amount=request.currency_id.format(request.amount), reason=request.reason))
        return {request.id: self.env._("Finance records the payment.") for request in self}

    def _get_payers(self):
        """Return who may record the payment, those of accounting first."""
        self.ensure_one()
        groups = ('account.group_account_invoice', 'sale_order_control.group_credit_controller')
        users = self.env['res.users'].sudo().union(*(self.env.ref(group).all_user_ids for group in groups))
        return (users - self._get_approval_makers()).filtered(
            lambda user: self.env['sale.approval.level']._is_approver(user, self.company_id))

    def _approval_rejected(self):
        self._set_state('refused')

    def _approval_returned(self):
        self._set_state('draft')

    def _approval_withdrawn(self):
        self.filtered(lambda request: request.state in ('asked', 'approved'))._set_state('draft')
