from textwrap import shorten

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...order.control_memory import control_memory
from ..setup.sale_complaint_team import COMPLAINT_CHANNELS, COMPLAINT_SEVERITIES, COMPLAINT_TYPES

COMPLAINT_STATES = [
    ('received', "Received"),
    ('acknowledged', "Acknowledged"),
    ('investigating', "Investigating"),
    ('proposed', "Remedy Proposed"),
    ('approved', "Approved"),
    ('executing', "Executing"),
    ('verified', "Verified"),
    ('closed', "Closed"),
    ('rejected', "Rejected"),
    ('cancelled', "Cancelled"),
]
ENDED = ('closed', 'rejected', 'cancelled')
# They follow from the complaint's way and cannot be typed.
FOLLOWING = frozenset({
    'state', 'name', 'acknowledged_on', 'closed_on', 'reopened_count', 'responded_on', 'resolved_on',
    'resolution_hours', 'first_resolution_hours', 'earlier_hours', 'reopened_on', 'waiting_since', 'waited_hours',
    'waited_working_hours', 'response_due', 'resolution_due',
    'response_missed', 'resolution_missed', 'next_due', 'informed_ids', 'is_open', 'first_contact', 'cost',
})
# What the person who took the complaint may correct without being a handler.
INTAKE = frozenset({
    'subject', 'description', 'partner_id', 'contact_name', 'email_from', 'phone', 'order_id', 'line_ids',
    'picking_id', 'invoice_id', 'channel', 'received_on', 'complaint_type', 'category_id', 'severity', 'is_safety',
    'is_claim', 'claimed_amount', 'remedy_wanted', 'attachment_ids', 'message_follower_ids', 'activity_ids',
})

# What is still said of a complaint that ended: what it cost, what was learned, who talks about it.
AFTERWARDS = frozenset({
    'handling_cost', 'recovered_amount', 'prevention', 'recognition', 'customer_accepts', 'action_ids', 'access_token',
    'message_follower_ids', 'message_ids', 'activity_ids', 'rating_ids',
})
DOCUMENTS = ('order_id', 'picking_id', 'invoice_id')


class SaleComplaint(models.Model):
    """What a customer complains about, from receipt to closing: who owns it, why it happened, what puts it right."""

    _name = 'sale.complaint'
    _description = "Complaint"
    _inherit = ['portal.mixin', 'rating.mixin', 'mail.thread', 'mail.activity.mixin']
    _order = 'received_on desc, id desc'
    _check_company_auto = True

    # === FIELDS ===#

    name = fields.Char(string="Number", readonly=True, copy=False, index=True)
    company_id = fields.Many2one(
        'res.company', compute='_compute_company_id', store=True, precompute=True, readonly=False, index=True,
        groups='base.group_user')
    currency_id = fields.Many2one(related='company_id.currency_id', groups='base.group_user')
    state = fields.Selection(
        COMPLAINT_STATES, string="Status", required=True, readonly=True, default='received', copy=False, index=True,
        tracking=True, group_expand=True)
    is_open = fields.Boolean(compute='_compute_is_open', store=True, precompute=True)
    received_on = fields.Datetime(
        string="Received", required=True, default=fields.Datetime.now, copy=False,
        help="When the customer told us; times to answer and to solve count from then, or from when it was reopened.")
    acknowledged_on = fields.Datetime(string="Acknowledged", readonly=True, copy=False)
    closed_on = fields.Datetime(string="Closed", readonly=True, copy=False)
    reopened_count = fields.Integer(string="Times Reopened", readonly=True, copy=False, groups='base.group_user')
    channel = fields.Selection(COMPLAINT_CHANNELS, required=True, default='phone', groups='base.group_user')

    partner_id = fields.Many2one(
        'res.partner', string="Customer", compute='_compute_partner_id', store=True, precompute=True, readonly=False,
        index=True, tracking=True, check_company=True, ondelete='restrict')
    commercial_partner_id = fields.Many2one(
        related='partner_id.commercial_partner_id', string="Company of the Customer", store=True, index=True)
    contact_name = fields.Char(string="Contact", help="Who told us.")
    email_from = fields.Char(string="Email")
    phone = fields.Char()
    order_id = fields.Many2one(
        'sale.order', index='btree_not_null', tracking=True, check_company=True, ondelete='restrict')
    line_ids = fields.One2many(
        'sale.complaint.line', 'complaint_id', string="Products", copy=True, groups='base.group_user')
    picking_id = fields.Many2one(
        'stock.picking', string="Transfer", check_company=True, index='btree_not_null', ondelete='restrict',
        groups='base.group_user')
    invoice_id = fields.Many2one(
        'account.move', check_company=True, index='btree_not_null', ondelete='restrict',
        groups='base.group_user')

    subject = fields.Char(
        compute='_compute_subject', store=True, precompute=True, readonly=False, help="What it is about, in one line.")
    description = fields.Text(help="What the customer says, in the customer's words.")
    attachment_ids = fields.Many2many(
        'ir.attachment', string="Photos and Documents", bypass_search_access=True, copy=False,
        groups='base.group_user')
    remedy_wanted = fields.Char(string="Customer Asks For", help="What would put it right for the customer.")

    complaint_type = fields.Selection(
        COMPLAINT_TYPES, string="Type", compute='_compute_from_category', store=True, precompute=True, readonly=False,
        tracking=True)
    category_id = fields.Many2one(
        'sale.complaint.category', domain="[('complaint_type', '=?', complaint_type)]", index='btree_not_null',
        ondelete='restrict', tracking=True, groups='base.group_user')
    guidance = fields.Text(related='category_id.guidance', groups='base.group_user')
    severity = fields.Selection(
        COMPLAINT_SEVERITIES, compute='_compute_from_category', store=True, precompute=True, readonly=False,
        tracking=True, groups='base.group_user')
    is_safety = fields.Boolean(
        string="Safety at Risk", tracking=True, groups='base.group_user',
        help="Somebody was hurt, or could be. Such a complaint is never minor.")
    is_claim = fields.Boolean(
        string="Compensation Claimed", tracking=True, groups='base.group_user',
        help="The customer asks for money beyond the goods. Managers are told at once.")
    claimed_amount = fields.Monetary(string="Claimed", groups='base.group_user')

    team_id = fields.Many2one(
        'sale.complaint.team', compute='_compute_team_id', store=True, precompute=True, readonly=False, index=True,
        check_company=True, ondelete='restrict', tracking=True, groups='base.group_user')
    user_id = fields.Many2one(
        'res.users', string="Person in Charge", compute='_compute_user_id', store=True, precompute=True,
        readonly=False, index=True, check_company=True, domain="[('share', '=', False)]", tracking=True,
        groups='base.group_user')
    investigator_ids = fields.Many2many(
        'res.users', 'sale_complaint_investigator_rel', string="Investigating Team",
        domain="[('share', '=', False)]", groups='base.group_user',
        help="People of other departments who help to find the cause: they may read the complaint.")
    action_ids = fields.One2many(
        'sale.complaint.action', 'complaint_id', groups='base.group_user')
    history_ids = fields.One2many(
        'sale.complaint.history', 'complaint_id', readonly=True, groups='base.group_user')

    cause_id = fields.Many2one(
        'sale.complaint.cause', index='btree_not_null', ondelete='restrict', tracking=True,
        groups='base.group_user')
    answer = fields.Text(
        groups='base.group_user', help="What the customer is told in the end. The customer reads it in the portal.")

    _open_team_idx = models.Index("(team_id, user_id) WHERE is_open")
    _claimed_positive = models.Constraint(
        'CHECK (claimed_amount >= 0)', "What the customer claims cannot be negative.")

    # === COMPUTE METHODS ===#

    @api.depends('state')
    def _compute_is_open(self):
        for complaint in self:
            complaint.is_open = complaint.state not in ENDED

    @api.depends('order_id')
    def _compute_company_id(self):
        for complaint in self:
            complaint.company_id = complaint.order_id.company_id or complaint.company_id or self.env.company

    @api.depends('order_id')
    def _compute_partner_id(self):
        for complaint in self:
            complaint.partner_id = complaint.partner_id or complaint.order_id.partner_id

    @api.depends('description')
    def _compute_subject(self):
        for complaint in self:
            first = next((line for line in (complaint.description or "").splitlines() if line.strip()), "").strip()
            complaint.subject = complaint.subject or shorten(first, 80, placeholder="…")

    @api.depends('category_id', 'is_safety')
    def _compute_from_category(self):
        for complaint in self:
            category = complaint.category_id
            complaint.complaint_type = category.complaint_type or complaint.complaint_type
            severity = complaint.severity or 'minor'
            if category and complaint._origin.category_id != category:
                severity = category.severity
            complaint.severity = 'major' if complaint.is_safety and severity == 'minor' else severity

    @api.depends('complaint_type', 'category_id', 'company_id')
    def _compute_team_id(self):
        for complaint in self:
            teams = self.env['sale.complaint.team']._find_teams(complaint.complaint_type, complaint.company_id)
            given = [
                team for team in (complaint.category_id.sudo().team_id, teams[:1], complaint.team_id.sudo())
                if team and team.company_id.id in (False, complaint.company_id.id)]
            complaint.team_id = given[0] if given else False

    @api.depends('team_id', 'company_id')
    def _compute_user_id(self):
        for complaint in self:
            team, company, user = complaint.team_id.sudo(), complaint.company_id.sudo(), complaint.user_id.sudo()
            members = (team.member_ids | team.user_id)._filter_complaint_people(company)
            if not user or company not in user.company_ids or members and user not in members:
                complaint.user_id = team._pick_member(company) if team else False

    @api.depends('name', 'subject')
    def _compute_display_name(self):
        for complaint in self:
            complaint.display_name = " ".join(filter(None, (complaint.name, complaint.subject))) \
                or self.env._("New Complaint")

    def _compute_access_url(self):
        super()._compute_access_url()
        for complaint in self:
            complaint.access_url = f'/my/complaints/{complaint.id}'

    # === CONSTRAINTS ===#

    @api.constrains('order_id', 'partner_id', 'invoice_id', 'picking_id')
    def _check_customer(self):
        for complaint in self.sudo():
            order = complaint.order_id
            parties = self._get_parties(order)
            if order and complaint.partner_id.commercial_partner_id not in parties.commercial_partner_id:
                raise ValidationError(self.env._(
                    "Order %(order)s is one of %(owner)s, not of %(customer)s. Choose an order of this customer, or "
                    "leave the order empty.", order=order.name, owner=order.partner_id.commercial_partner_id.name,
                    customer=complaint.partner_id.display_name or self.env._("an unknown customer")))
            for document in filter(None, (complaint.invoice_id, complaint.picking_id)):
                complaint._check_document_customer(document)

    @api.model
    def _get_parties(self, orders):
        return orders.partner_id | orders.partner_invoice_id | orders.partner_shipping_id

    def _check_document_customer(self, document):
        """Refuse an invoice or a transfer that is none of the customer's.

        :raise ValidationError: naming it
        """
        self.ensure_one()
        orders = document.sale_id if document._name == 'stock.picking' else document.line_ids.sale_line_ids.order_id
        owners = document.partner_id | self._get_parties(orders)
        parties = self.partner_id | self._get_parties(self.order_id)
        if owners and not owners.commercial_partner_id & parties.commercial_partner_id:
            raise ValidationError(self.env._(
                "%(document)s is one of %(owner)s, not of %(customer)s. Choose a document of this customer, or leave "
                "it empty.", document=document.display_name, owner=owners[0].commercial_partner_id.name,
                customer=self.partner_id.display_name or self.env._("an unknown customer")))

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        given = [{name: value for name, value in vals.items() if name not in FOLLOWING} for vals in vals_list]
        for vals in given:
            self._check_handling(vals.keys() - {'company_id', 'team_id', 'user_id'})
            self._check_documents(vals)
            vals['name'] = self.env['ir.sequence'].sudo().next_by_code(self._name)
        # Defaults do not choose them either.
        context = {
            key: value for key, value in self.env.context.items() if key.removeprefix('default_') not in FOLLOWING}
        clean = self.with_context(context)  # pylint: disable=context-overridden
        complaints = super(SaleComplaint, clean).create(given)
        complaints._own_attachments()
        complaints._complaint_opened()
        return complaints

    def write(self, vals):
        if not control_memory(self.env).acting:
            self._check_writable(vals)
        result = super().write(vals)
        if 'attachment_ids' in vals:
            self._own_attachments()
        return result

    def _check_writable(self, vals):
        """Refuse what follows from the complaint's way, and handling by others than handlers.

        :raise AccessError: naming the fields
        """
        touched = sorted(FOLLOWING & vals.keys())
        if touched:
            raise AccessError(self.env._(
                "These fields follow from what is done with the complaint and cannot be written: %s",
                ", ".join(touched)))
        self._check_handling(vals.keys())
        self._check_documents(vals)
        ended = self.filtered(lambda complaint: not complaint.is_open)
        if ended and not self.env.su and vals.keys() - AFTERWARDS:
            raise UserError(self.env._(
                "%s ended: reopen it, then correct it.", ", ".join(ended.mapped('name'))))

    @api.model
    def _check_handling(self, names):
        """Leave what is more than taking a complaint in to handlers.

        :raise AccessError: naming the fields
        """
        handling = sorted(names - INTAKE)
        if handling and not self.env.su and not self._is_handler():
            raise AccessError(self.env._(
                "Only complaint handlers change how a complaint is handled: %s", ", ".join(handling)))

    @api.model
    def _check_documents(self, vals):
        """Refuse documents that the caller cannot read, before anything is said about them.

        :raise AccessError: for the first of them
        """
        for name in DOCUMENTS:
            if vals.get(name):
                self.env[self._fields[name].comodel_name].browse(vals[name]).check_access('read')

    def _own_attachments(self):
        """Let whoever may read the complaint see its photos, which were uploaded before it was saved."""
        for complaint in self.sudo():
            loose = complaint.attachment_ids.filtered(
                lambda document: not document.res_id and document.create_uid == self.env.user)
            loose.write({'res_model': self._name, 'res_id': complaint.id})

    # === RIGHTS ===#

    @api.model
    def _is_handler(self):
        """Whether the current user handles complaints."""
        return self.env.user.has_group('sale_order_control.group_complaint_handler')

    def _check_handler(self):
        """Check that the caller may work on these complaints.

        :raise AccessError: if not
        """
        if not self._is_handler():
            raise AccessError(self.env._("Only complaint handlers may do this."))
        self.check_access('write')
