from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...order.control_memory import control_memory
from .sale_complaint_remedy_type import REMEDY_KINDS

REMEDY_STATES = [
    ('draft', "Draft"),
    ('asked', "Waiting for Approval"),
    ('offered', "Waiting for the Customer"),
    ('ready', "To Carry Out"),
    ('done', "Done"),
    ('refused', "Refused"),
    ('declined', "Declined by the Customer"),
    ('cancelled', "Cancelled"),
]
# They follow from submission, decisions, the customer's answer and what was made.
FOLLOWING = frozenset({
    'name', 'state', 'outcome', 'answered_by', 'answered_on', 'answer_comment', 'discount_order_id', 'result_model',
    'result_ids', 'done_on', 'done_by_id',
})
# Remedies in these states have a claim on the goods they are about.
CLAIMING = ('asked', 'offered', 'ready', 'done')
# Kinds that are about goods, and kinds whose amount somebody types.
GOODS_KINDS = ('return', 'replacement', 'exchange', 'credit', 'repair')
AMOUNT_KINDS = ('discount', 'compensation')


class SaleComplaintRemedy(models.Model):
    """What puts a complaint right: agreed to by whom a policy names and by the customer, then done exactly once."""

    _name = 'sale.complaint.remedy'
    _description = "Complaint Remedy"
    _inherit = ['sale.approval.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'complaint_id desc, id'
    _check_company_auto = True
    _approval_terms = ('complaint_id', 'type_id', 'amount', 'percent', 'line_ids', 'reason')

    # === FIELDS ===#

    name = fields.Char(string="Number", readonly=True, copy=False)
    complaint_id = fields.Many2one('sale.complaint', required=True, index=True, ondelete='restrict', copy=False)
    company_id = fields.Many2one(related='complaint_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(related='complaint_id.partner_id', string="Customer", store=True, index=True)
    order_id = fields.Many2one(related='complaint_id.order_id', string="Order")
    user_id = fields.Many2one(
        'res.users', string="Proposed By", required=True, readonly=True, copy=False, default=lambda self: self.env.uid)
    offered_type_ids = fields.Many2many('sale.complaint.remedy.type', compute='_compute_offered_type_ids')
    type_id = fields.Many2one(
        'sale.complaint.remedy.type', string="Remedy", required=True, ondelete='restrict',
        domain="[('id', 'in', offered_type_ids)]",
        help="What is offered depends on who is responsible for the problem.")
    kind = fields.Selection(REMEDY_KINDS, string="What Is Done", compute='_compute_kind', store=True)
    ask_customer = fields.Boolean(
        string="Ask the Customer", compute='_compute_ask_customer', store=True, readonly=False,
        help="The customer accepts or declines in the portal before anything is done.")
    line_ids = fields.One2many(
        'sale.complaint.remedy.line', 'remedy_id', string="Goods", compute='_compute_line_ids', store=True,
        readonly=False, copy=True)
    percent = fields.Float(
        string="Share of the Price %", default=100.0, digits='Discount',
        help="How much of the price is credited. Below 100 the customer keeps the goods for less.")
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id', store=True)
    amount = fields.Monetary(
        compute='_compute_amount', store=True, readonly=False,
        help="What it is worth for the customer, taxes included. Policies about remedies compare this amount.")
    reason = fields.Text(help="Why this remedy. Approvers read it, customers do not.")
    customer_note = fields.Text(
        string="Words to the Customer", help="What the customer reads about it in the portal and in the message.")
    state = fields.Selection(REMEDY_STATES, default='draft', required=True, readonly=True, copy=False, tracking=True)

    answered_by = fields.Char(string="Customer's Answer By", readonly=True, copy=False)
    answered_on = fields.Datetime(string="Answered", readonly=True, copy=False)
    answer_comment = fields.Text(string="Customer's Words", readonly=True, copy=False)
    outcome = fields.Text(readonly=True, copy=False, help="What was made of it.")
    done_on = fields.Datetime(string="Carried Out", readonly=True, copy=False)
    done_by_id = fields.Many2one('res.users', string="Carried Out By", readonly=True, copy=False)
    is_handler = fields.Boolean(compute='_compute_is_handler')

    _amount_positive = models.Constraint('CHECK (amount >= 0)', "A remedy cannot be worth less than nothing.")
    _percent_range = models.Constraint(
        'CHECK (percent > 0 AND percent <= 100)', "The share of the price lies above 0 and is 100 % at most.")

    # === COMPUTE METHODS ===#

    @api.depends('complaint_id.responsible_party')
    def _compute_offered_type_ids(self):
        types = self.env['sale.complaint.remedy.type']
        for remedy in self:
            remedy.offered_type_ids = types._get_offered(remedy.complaint_id.sudo().responsible_party)

    @api.depends('type_id')
    def _compute_kind(self):
        for remedy in self:
            remedy.kind = remedy.type_id.kind

    @api.depends('type_id')
    def _compute_ask_customer(self):
        for remedy in self:
            remedy.ask_customer = remedy.type_id.ask_customer

    @api.depends('complaint_id.order_id')
    def _compute_currency_id(self):
        for remedy in self:
            complaint = remedy.complaint_id.sudo()
            remedy.currency_id = complaint.order_id.currency_id or complaint.company_id.currency_id

    @api.depends('complaint_id', 'type_id')
    def _compute_line_ids(self):
        for remedy in self:
            if remedy.kind not in GOODS_KINDS:
                remedy.line_ids = [Command.clear()]
            elif not remedy.line_ids:
                remedy.line_ids = remedy._propose_lines()

    def _propose_lines(self):
        """Propose what the complaint is about, as far as it is not put right already."""
        self.ensure_one()
        lines = self.complaint_id.sudo().line_ids.filtered('order_line_id')
        most = self._get_most(lines.order_line_id)
        commands = []
        for line in lines:
            quantity = min(line._get_order_quantity(), most.get(line.order_line_id.id, 0.0))
            if line.order_line_id.product_uom_id.compare(quantity, 0.0) > 0:
                commands.append(Command.create({'complaint_line_id': line.id, 'quantity': quantity}))
        return commands

    @api.depends('kind', 'percent', 'line_ids.quantity', 'line_ids.complaint_line_id')
    def _compute_amount(self):
        for remedy in self:
            if remedy.kind in GOODS_KINDS:
                share = remedy.percent / 100 if remedy.kind == 'credit' else 1.0
                value = sum(line._get_value() for line in remedy.line_ids) * share
                remedy.amount = remedy.currency_id.round(value) if remedy.currency_id else value
            elif remedy.kind == 'explanation':
                remedy.amount = 0.0

    @api.depends_context('uid')
    def _compute_is_handler(self):
        self.is_handler = self.env['sale.complaint']._is_handler()

    @api.depends('name', 'type_id')
    def _compute_display_name(self):
        for remedy in self:
            remedy.display_name = " ".join(filter(None, (remedy.name, remedy.type_id.name)))

    # === CONSTRAINTS ===#

    @api.constrains('type_id', 'complaint_id')
    def _check_offered(self):
        for remedy in self.sudo().filtered(lambda one: one.state == 'draft'):
            if remedy.type_id not in remedy.offered_type_ids:
                raise ValidationError(self.env._(
                    "“%(remedy)s” is not offered here: the remedies that are depend on who is responsible.",
                    remedy=remedy.type_id.name))

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        self.env['sale.complaint']._check_handler()
        given = [{name: value for name, value in vals.items() if name not in FOLLOWING} for vals in vals_list]
        for vals in given:
            vals.update(
                state='draft', user_id=self.env.uid,
                name=self.env['ir.sequence'].sudo().next_by_code(self._name))
        remedies = super().create(given)
        remedies.complaint_id._check_handler()
        return remedies

    def write(self, vals):
        if not control_memory(self.env).acting:
            touched = sorted((FOLLOWING | {'complaint_id', 'user_id'}) & vals.keys())
            if touched:
                raise AccessError(self.env._(
                    "These fields follow from submission, decisions and answers and cannot be written: %s",
                    ", ".join(touched)))
            fixed = self.filtered(lambda remedy: remedy.state != 'draft')
            if fixed and vals.keys() & {*self._approval_terms, 'ask_customer', 'customer_note'}:
                raise UserError(self.env._(
                    "%s was proposed and cannot be changed any more. Cancel it and propose another one.",
                    ", ".join(fixed.mapped('name'))))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(remedy.state != 'draft' or remedy.approval_request_ids for remedy in self.sudo()):
            raise UserError(self.env._("A remedy that was proposed is kept and cannot be deleted. Cancel it instead."))
