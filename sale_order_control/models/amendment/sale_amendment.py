from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..order.control_memory import control_acting, control_memory
from ..order.control_terms import ControlTerms

AMENDMENT_STATES = [
    ('draft', "Draft"),
    ('to_approve', "Waiting for Approval"),
    ('approved', "Approved"),
    ('applied', "Applied"),
    ('refused', "Refused"),
    ('cancelled', "Cancelled"),
    ('stale', "Outdated"),
]
# In the middle of their way: what they touch is spoken for.
OPEN_STATES = ('to_approve', 'approved')
SCOPES = [
    ('change', "Change the Order"),
    ('rest', "Cancel the Rest"),
    ('order', "Cancel the Order"),
]
ASKED_BY = [
    ('customer', "Customer"),
    ('sales', "Sales"),
    ('supply', "Purchasing or Production"),
    ('warehouse', "Warehouse"),
    ('finance', "Finance"),
]
# What may change besides the lines, in the order in which it is shown.
HEADER_FIELDS = ('partner_shipping_id', 'partner_invoice_id', 'payment_term_id', 'requested_date')
# What the user types, as long as the amendment is a draft.
TYPED_FIELDS = frozenset({
    *HEADER_FIELDS, 'scope', 'reason_id', 'asked_by', 'note', 'line_ids', 'order_id', 'needs_customer'})
# They follow from the order, from submission and decisions.
FOLLOWING = frozenset({
    'name', 'state', 'user_id', 'company_id', 'partner_id', 'base_revision', 'base_terms', 'applied_revision',
    'applied_on', 'applied_by_id', 'submitted_on', 'obstacle', 'maker_ids'})


class SaleAmendment(models.Model):
    """The only way to change a confirmed order: asked for, judged and applied as a whole, against one base."""

    _name = 'sale.amendment'
    _description = "Amendment"
    _inherit = ['sale.approval.mixin', 'portal.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'id desc'
    # Amendment control asks its policies itself, also where no approval of quotations is in force.
    _approval_area = 'amendment'

    # === FIELDS ===#

    name = fields.Char(string="Number", readonly=True, copy=False)
    order_id = fields.Many2one('sale.order', required=True, index=True, ondelete='restrict', copy=False)
    company_id = fields.Many2one(related='order_id.company_id', store=True, index=True)
    currency_id = fields.Many2one(related='order_id.currency_id', store=True)
    partner_id = fields.Many2one(related='order_id.partner_id', string="Customer", store=True, index=True)
    salesperson_id = fields.Many2one(related='order_id.user_id', string="Salesperson", store=True)
    user_id = fields.Many2one(
        'res.users', string="Entered By", required=True, readonly=True, copy=False, default=lambda self: self.env.uid)
    state = fields.Selection(
        AMENDMENT_STATES, default='draft', required=True, readonly=True, copy=False, tracking=True, index=True)
    scope = fields.Selection(SCOPES, string="Kind of Change", required=True, default='change')
    reason_id = fields.Many2one(
        'sale.amendment.reason', ondelete='restrict', default=lambda self: self._get_usual_reason())
    asked_by = fields.Selection(ASKED_BY, default='customer', help="Who wants the order to be changed.")
    note = fields.Text(string="Explanation", help="Approvers read it, and it is kept with the history of the order.")

    partner_shipping_id = fields.Many2one('res.partner', string="Delivery Address", check_company=True)
    partner_invoice_id = fields.Many2one('res.partner', string="Invoice Address", check_company=True)
    payment_term_id = fields.Many2one('account.payment.term', string="Payment Terms", check_company=True)
    requested_date = fields.Date()
    line_ids = fields.One2many('sale.amendment.line', 'amendment_id', string="Lines")
    maker_ids = fields.Many2many(
        'res.users', 'sale_amendment_maker_rel', 'amendment_id', 'user_id', string="Made By", readonly=True, copy=False,
        help="Whoever typed something of it: they do not approve it.")

    base_revision = fields.Integer(
        string="Drawn From Revision", readonly=True, copy=False, help="The revision of the order that it changes.")
    base_terms = fields.Json(readonly=True, copy=False)
    is_outdated = fields.Boolean(compute='_compute_is_outdated')
    applied_revision = fields.Integer(string="New Revision", readonly=True, copy=False)
    submitted_on = fields.Datetime(readonly=True, copy=False)
    applied_on = fields.Datetime(readonly=True, copy=False)
    applied_by_id = fields.Many2one('res.users', readonly=True, copy=False, ondelete='restrict')
    obstacle = fields.Text(
        string="Not Applied Because", readonly=True, copy=False, help="It was agreed to, but could not be applied.")

    # === DEFAULTS AND COMPUTE METHODS ===#

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        order = self.env['sale.order'].browse(values.get('order_id') or ())
        if not order:
            return values
        order.check_access('write')
        if 'line_ids' in fields:
            values['line_ids'] = [
                Command.create(line._prepare_amendment_line()) for line in order._get_amendable_lines()]
        if 'base_revision' in fields:
            values['base_revision'] = order.sudo().amendment_revision
        header = order._prepare_amendment_header()
        return {**values, **{name: value for name, value in header.items() if name in fields}}

    @api.model
    def _get_usual_reason(self):
        return self.env['sale.amendment.reason'].search([], limit=1)

    @api.depends('name', 'order_id')
    def _compute_display_name(self):
        for amendment in self:
            amendment.display_name = f"{amendment.name} ({amendment.order_id.name})" if amendment.name \
                else self.env._("Amendment of %s", amendment.order_id.name or "")

    @api.depends('base_revision', 'state')
    def _compute_is_outdated(self):
        for amendment in self:
            now = amendment.order_id.sudo().amendment_revision
            amendment.is_outdated = bool(amendment.id) and amendment.state == 'draft' and amendment.base_revision != now

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for amendment in self:
            amendment.access_url = f'/my/amendments/{amendment.id}'
        return result

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        following = self._get_following_fields()
        given = [{name: value for name, value in vals.items() if name not in following} for vals in vals_list]
        unwanted = {f'default_{name}' for name in following}
        context = {key: value for key, value in self.env.context.items() if key not in unwanted}
        clean = self.with_context(context)  # pylint: disable=context-overridden
        for vals in given:
            order = self.env['sale.order'].browse(vals.get('order_id') or context.get('default_order_id') or ())
            order.check_access('write')
            # What is not named stays what it is.
            vals.update({
                name: value for name, value in order._prepare_amendment_header().items() if name not in vals
            } if order else {})
            vals['name'] = self.env['ir.sequence'].sudo().next_by_code(self._name)
        amendments = super(SaleAmendment, clean).create(given).with_env(self.env)
        amendments.order_id.check_access('write')
        amendments._draw_from_order()
        for amendment, vals in zip(amendments, vals_list, strict=True):
            amendment._draw_from_revision(vals.get('base_revision'))
        return amendments

    def write(self, vals):
        if not control_memory(self.env).acting:
            touched = sorted(self._get_following_fields() & vals.keys())
            if touched:
                raise AccessError(self.env._(
                    "These fields follow from the order, from submission and decisions and cannot be written: %s",
                    ", ".join(touched)))
            if TYPED_FIELDS & vals.keys():
                self._check_draft()
            if 'order_id' in vals and any(amendment.order_id.id != vals['order_id'] for amendment in self):
                raise UserError(self.env._("An amendment stays with its order. Make a new one."))
            if TYPED_FIELDS & vals.keys():
                self.order_id.check_access('write')
                self._add_maker()
        return super().write(vals)

    def _add_maker(self):
        """Remember who types something of these amendments: they do not approve it."""
        self.sudo().filtered(lambda amendment: self.env.user not in amendment.maker_ids)._set(
            {'maker_ids': [Command.link(self.env.uid)]})

    @api.model
    def _get_following_fields(self):
        """Name the fields that only the amendment's own acts write."""
        return FOLLOWING

    @api.model
    def _get_undefaulted_fields(self):
        return super()._get_undefaulted_fields() | self._get_following_fields()

    def _check_draft(self):
        """Refuse changes of what was submitted.

        :raise UserError: naming the amendments
        """
        fixed = self.filtered(lambda amendment: amendment.state != 'draft')
        if fixed:
            raise UserError(self.env._(
                "What was submitted cannot be changed any more: %s. Take it back first, or make a new amendment.",
                ", ".join(fixed.mapped('name'))))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(amendment.state != 'draft' or amendment.submitted_on for amendment in self):
            raise UserError(self.env._("An amendment that was submitted is kept. Cancel it instead."))

    def onchange(self, values, field_names, fields_spec):
        self.check_access('read')
        self._check_form_order(values)
        return super().onchange(values, field_names, fields_spec)

    @api.model
    def _check_form_order(self, values):
        """Check a form that is not saved yet: it shows the order's figures, for those who may change it only.

        :param dict values: what the form holds
        :raise AccessError: if the user may not change the order
        """
        order_id = values.get('order_id') or self.env.context.get('default_order_id')
        order_id = order_id.get('id') if isinstance(order_id, dict) else order_id
        self.env['sale.order'].browse(order_id or ()).check_access('write')

    def _set(self, values):
        """Write fields that follow from acts which check who acts."""
        if self:
            with control_acting(self.env):
                self.sudo().write(values)

    # === ACTION METHODS ===#

    def action_view_order(self):
        """Open the order."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'sale.order', 'view_mode': 'form', 'res_id': self.order_id.id}

    def action_open_form(self):
        """Open the whole form: for what the short one over the order does not show."""
        self.ensure_one()
        return self._get_form_action()

    def _get_form_action(self):
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Amend %s", self.order_id.name),
            'res_model': self._name,
            'view_mode': 'form',
            'views': [(self.env.ref('sale_order_control.sale_amendment_view_form').id, 'form')],
            'res_id': self.id,
        }

    # === THE BASE ===#

    def _draw_from_order(self):
        """Take the order as it is now for the base of these drafts."""
        terms = self.order_id._get_control_terms()
        for amendment in self:
            order = amendment.order_id.sudo()
            amendment._set({'base_revision': order.amendment_revision, 'base_terms': terms[order.id].to_json()})

    def _draw_from_revision(self, number):
        """Take the revision that the user's form showed for the base: what others changed since is no change of his.

        :param int number: the revision, if the form says; one that is not on record changes nothing
        """
        self.ensure_one()
        if not isinstance(number, int) or isinstance(number, bool) or number == self.base_revision:
            return
        seen = self.order_id.sudo().revision_ids.filtered(lambda revision: revision.number == number and revision.terms)
        if seen:
            self._set({'base_revision': number, 'base_terms': seen[-1].terms})

    def _get_base_terms(self):
        """Return the :class:`ControlTerms` that the amendment starts from; of one not saved yet, the order's."""
        self.ensure_one()
        drawn = self if self.id else self._origin
        if drawn.base_terms:
            return ControlTerms.from_json(drawn.base_terms)
        order = self.order_id._origin
        if not self.id:
            # Made of values alone, by whatever form: also where it is computed in sudo.
            order.sudo(False).check_access('write')
        return order._get_control_terms()[order.id]

    # === WHOSE IT IS ===#

    def _check_may_amend(self):
        """Check that the user may change the orders of these amendments.

        :raise AccessError: if not
        """
        self.check_access('write')
        self.order_id.check_access('write')
