from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_acting, control_memory
from ...order.control_terms import ControlTerms

CONTRACT_STATES = [
    ('draft', "To Verify"),
    ('verified', "Verified"),
    ('cancelled', "Cancelled"),
]
# They follow from what was recorded and verified.
FOLLOWING = frozenset({
    'state', 'snapshot', 'editor_ids', 'verified_by_id', 'verified_on', 'company_id', 'partner_id', 'currency_id'})
# Who may verify a contract that somebody else recorded.
VERIFIERS = (
    'sales_team.group_sale_salesman_all_leads', 'sale_order_control.group_credit_controller',
    'sale_order_control.group_manager')


class SaleOrderContract(models.Model):
    """The contract behind an order: prepared from its terms, signed, and verified by a second person."""

    _name = 'sale.order.contract'
    _description = "Sales Contract"
    _inherit = ['mail.thread']
    _order = 'id desc'

    # === FIELDS ===#

    name = fields.Char(string="Number", required=True, copy=False, help="The number written on the contract.")
    order_id = fields.Many2one('sale.order', required=True, index=True, ondelete='restrict', copy=False)
    company_id = fields.Many2one(related='order_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(related='order_id.partner_id.commercial_partner_id', string="Customer", store=True)
    currency_id = fields.Many2one(related='order_id.currency_id', store=True)
    amount_total = fields.Monetary(string="Amount", help="What the contract says, taxes included.")
    payment_term_id = fields.Many2one('account.payment.term', string="Payment Terms")
    valid_from = fields.Date()
    valid_until = fields.Date(help="The last day on which an order may be based on the contract.")
    warranty_months = fields.Integer(string="Warranty (Months)")
    warranty_terms = fields.Text()
    delivery_terms = fields.Text()
    signed_by = fields.Char(string="Signed by the Customer", help="Who signed for the customer.")
    signed_on = fields.Date()
    attachment_ids = fields.Many2many('ir.attachment', string="Signed File", copy=False)
    is_signed = fields.Boolean(string="Signed", compute='_compute_is_signed', compute_sudo=True)
    state = fields.Selection(CONTRACT_STATES, default='draft', required=True, readonly=True, copy=False, tracking=True)
    snapshot = fields.Json(readonly=True, copy=False, help="The terms of the order from which it was prepared.")
    editor_ids = fields.Many2many(
        'res.users', 'sale_order_contract_editor_rel', string="Recorded By", readonly=True, copy=False,
        help="Everybody who wrote on it: none of them verifies it.")
    verified_by_id = fields.Many2one('res.users', readonly=True, copy=False)
    verified_on = fields.Datetime(readonly=True, copy=False)
    differences = fields.Char(compute='_compute_differences', compute_sudo=True)
    can_verify = fields.Boolean(compute='_compute_can_verify')

    _number_unique = models.Constraint(
        'UNIQUE (company_id, name)', "This contract number is taken: every contract has a number of its own.")
    _one_per_order = models.UniqueIndex(
        "(order_id) WHERE state != 'cancelled'", "The order has a contract already. Cancel that one first.")
    _dates_in_order = models.Constraint(
        'CHECK (valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until)',
        "A contract must not end before it begins.")
    _warranty_positive = models.Constraint('CHECK (warranty_months >= 0)', "The warranty cannot be negative.")

    # === COMPUTE METHODS ===#

    @api.depends(
        'attachment_ids', 'order_id.signature', 'order_id.acceptance_ids', 'order_id.amount_total',
        'order_id.payment_term_id')
    def _compute_is_signed(self):
        signed = self.order_id._origin._filter_signed_as_is()
        for contract in self:
            contract.is_signed = bool(contract.attachment_ids) or contract.order_id._origin in signed

    @api.depends('order_id.amount_total', 'order_id.payment_term_id', 'amount_total', 'payment_term_id', 'snapshot')
    def _compute_differences(self):
        terms = self.order_id._origin._get_control_terms()
        for contract in self:
            order = contract.order_id._origin
            contract.differences = ", ".join(contract._get_differences(terms[order.id])) if order else False

    @api.depends('state')
    @api.depends_context('uid')
    def _compute_can_verify(self):
        for contract in self:
            contract.can_verify = contract.state == 'draft' and contract._may_verify()

    # === CRUD METHODS ===#

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        order = self.env['sale.order'].browse(values.get('order_id') or ())
        if order:
            values.update(amount_total=order.amount_total, payment_term_id=order.payment_term_id.id)
        return values

    @api.model_create_multi
    def create(self, vals_list):
        given = [{name: value for name, value in vals.items() if name not in FOLLOWING} for vals in vals_list]
        contracts = super().create(given)
        contracts.order_id.check_access('write')
        contracts._take_terms()
        contracts._own_files()
        return contracts

    def write(self, vals):
        if not control_memory(self.env).acting and vals.keys() - {
                'message_ids', 'message_follower_ids', 'message_main_attachment_id'}:
            touched = sorted(FOLLOWING & vals.keys())
            if touched:
                raise AccessError(self.env._(
                    "These fields follow from what is recorded and verified and cannot be written: %s",
                    ", ".join(touched)))
            if any(contract.state != 'draft' for contract in self):
                raise UserError(self.env._("A verified contract is kept as it is. Cancel it and record the new one."))
            vals = {**vals, 'editor_ids': [Command.link(self.env.uid)]}
        result = super().write(vals)
        if 'order_id' in vals:
            self.order_id.check_access('write')
            self._take_terms()
        if 'attachment_ids' in vals:
            self._own_files()
        return result

    def _own_files(self):
        for contract in self.sudo():
            loose = contract.attachment_ids.filtered(
                lambda document: not document.res_id and document.create_uid == self.env.user)
            loose.write({'res_model': self._name, 'res_id': contract.id})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(contract.state == 'verified' for contract in self):
            raise UserError(self.env._("A verified contract is kept and cannot be deleted. Cancel it instead."))

    # === ACTION METHODS ===#

    def action_take_terms(self):
        """Prepare the contract from the order's terms of now, amount and payment terms included."""
        self.check_access('write')
        for contract in self:
            order = contract.order_id
            contract.write({'amount_total': order.amount_total, 'payment_term_id': order.payment_term_id.id})
        self._take_terms()
        return True

    def action_verify(self):
        """Say that the signed contract is in order and matches: for somebody who did not record it.

        :raise AccessError: for the salesperson, who recorded it and who is no verifier
        :raise UserError: if it is not signed, has run out or differs from the order
        """
        self.check_access('read')
        for contract in self.sudo():
            if not contract.with_env(self.env)._may_verify():
                raise AccessError(self.env._(
                    "Four eyes: a sales or credit manager who neither made the order nor wrote on %s verifies it.",
                    contract.name))
            if contract.state != 'draft':
                raise UserError(self.env._("%s does not wait to be verified.", contract.name))
            problem = contract._get_problem(contract.order_id._prepare_control_terms())
            if problem and problem[0] != 'unverified':
                raise UserError(" ".join(problem[1:]))
            with control_acting(self.env):
                contract.write({
                    'state': 'verified', 'verified_by_id': self.env.uid, 'verified_on': fields.Datetime.now()})
        return True

    def action_cancel(self):
        """Take a contract out of use: who recorded it as long as it is not verified, else who may verify it."""
        self.check_access('read')
        for contract in self:
            mine = contract.state == 'draft' and self.env.user in contract.editor_ids
            if not mine and not contract._is_verifier():
                raise AccessError(self.env._("Only a sales or credit manager cancels the contract %s.", contract.name))
        with control_acting(self.env):
            self.sudo().write({'state': 'cancelled'})
        # Another one may be recorded right away: the order has one at a time.
        self.flush_recordset(['state'])
        return True

    # === BUSINESS METHODS ===#

    def _take_terms(self):
        """Keep the terms from which the contract is prepared, and who prepared it."""
        for contract in self.sudo():
            with control_acting(self.env):
                contract.write({
                    'snapshot': contract.order_id._prepare_control_terms().to_json(),
                    'editor_ids': [Command.link(self.env.uid)]})

    @api.model
    def _is_verifier(self):
        return any(self.env.user.has_group(group) for group in VERIFIERS)

    def _may_verify(self):
        """Whether the current user is a second person of some weight: wrote nothing on it, nor made the order."""
        self.ensure_one()
        contract = self.sudo()
        makers = contract.editor_ids | contract.create_uid | contract.order_id._get_approval_makers()
        return self._is_verifier() and self.env.user not in makers and self.company_id in self.env.user.company_ids

    def _get_differences(self, terms):
        """Name in what the contract and terms of its order differ.

        :param ControlTerms terms: terms of the order
        :return: list of translated names
        """
        self.ensure_one()
        order = self.order_id
        agreed = ControlTerms.from_json(self.snapshot) if self.snapshot else terms
        aspects = dict.fromkeys(
            terms.worse_aspects(agreed) + agreed.worse_aspects(terms)) if terms.digest != agreed.digest else {}
        total = order._get_control_amounts({order.id: terms})[order.id].total
        if self.currency_id.compare_amounts(total, self.amount_total):
            aspects['amount'] = None
        if self.payment_term_id.id != (terms.payment_term_id or False):
            aspects['payment_term'] = None
        labels = order._get_terms_aspect_labels()
        return [labels.get(aspect, aspect) for aspect in aspects]

    def _get_problem(self, terms):
        """Return what is wrong with the contract: ``(key, sentence, what clears it)``, or None."""
        self.ensure_one()
        today = self.env['sale.order']._get_control_today()
        if not self.is_signed:
            return ('unsigned', self.env._("The contract %s is not signed.", self.name),
                    self.env._("Attach the signed file to it, or let the customer sign on the web page."))
        if self.valid_until and self.valid_until < today or self.valid_from and self.valid_from > today:
            return ('expired', self.env._("The contract %s is not valid today.", self.name),
                    self.env._("Record the contract that is valid now."))
        differences = self._get_differences(terms)
        if differences:
            return ('differs', self.env._(
                "The order differs from its contract %(contract)s: %(differences)s.", contract=self.name,
                differences=", ".join(differences)),
                self.env._("Bring the order back to the contract, or record the new contract."))
        if self.state != 'verified':
            return ('unverified', self.env._("Nobody has verified the contract %s yet.", self.name),
                    self.env._("A sales or credit manager who did not record it verifies it."))
        return None
