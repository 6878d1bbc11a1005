from odoo import api, fields, models

from ..limit.credit_effective_limit import EffectiveLimit
from ..score.credit_grade import LIMIT_KINDS
from .credit_account import CONTROLLER_GROUP
from .credit_figures import set_figures

READERS = 'sale_order_control.group_user,sale_order_control.group_credit_controller,sale_order_control.group_auditor'
ACCOUNT_FIELDS = frozenset({'credit_grade_id', 'credit_limit_kind', 'credit_limit_amount'})


class ResPartner(models.Model):
    """What the salesperson reads of a customer's credit, without access to accounting."""

    _inherit = 'res.partner'

    credit_account_id = fields.Many2one(
        'credit.account', compute='_compute_credit_account', groups=READERS)
    credit_grade_id = fields.Many2one(
        'credit.grade', compute='_compute_credit_account', inverse='_inverse_credit_grade',
        groups=READERS, help="What the customer may do. Credit controllers set it.")
    credit_limit_kind = fields.Selection(
        LIMIT_KINDS,
        string="Limit",
        compute='_compute_credit_account',
        inverse='_inverse_credit_limit_kind',
        groups=READERS,
    )
    credit_limit_amount = fields.Monetary(
        string="Limit Amount",
        compute='_compute_credit_account',
        inverse='_inverse_credit_limit_amount',
        groups=READERS,
        currency_field='credit_currency_id',
        help="Odoo's own credit limit, in the currency of the main company.",
    )
    credit_currency_id = fields.Many2one('res.currency', compute='_compute_credit_currency', groups=READERS)
    credit_exposure = fields.Monetary(
        string="Used", compute='_compute_credit_position', groups=READERS, currency_field='credit_currency_id')
    credit_effective_kind = fields.Selection(
        LIMIT_KINDS, string="Effective Limit Kind", compute='_compute_credit_position', groups=READERS)
    credit_effective_limit = fields.Monetary(
        string="Effective Limit", compute='_compute_credit_position', groups=READERS,
        currency_field='credit_currency_id',
        help="What the customer may owe today, with temporary limits, guarantees and the limit of its group.")
    credit_available = fields.Monetary(
        string="Available", compute='_compute_credit_position', groups=READERS, currency_field='credit_currency_id')
    credit_overdue_amount = fields.Monetary(
        string="Overdue", compute='_compute_credit_position', groups=READERS, currency_field='credit_currency_id')
    credit_overdue_days = fields.Integer(string="Days Overdue", compute='_compute_credit_position', groups=READERS)
    credit_state = fields.Selection(
        [('open', "Open"), ('watch', "Watch"), ('hold', "On Hold")],
        compute='_compute_credit_position', groups=READERS)
    credit_control_active = fields.Boolean(compute='_compute_credit_account', groups=READERS)
    credit_can_edit = fields.Boolean(compute='_compute_credit_account', groups=READERS)

    # === COMPUTE METHODS ===#

    @api.depends_context('company')
    def _compute_credit_currency(self):
        self.credit_currency_id = self.env.company.sudo().root_id.currency_id

    @api.depends('commercial_partner_id')
    @api.depends_context('company', 'uid')
    def _compute_credit_account(self):
        root = self.env.company.sudo().root_id
        owners = self._origin.commercial_partner_id.sudo().with_company(root)
        owners.fetch(['credit_limit'])
        limits = {owner.id: owner.credit_limit for owner in owners}
        accounts = {account.partner_id.id: account for account in self.env['credit.account']._find(owners, root)}
        can_edit = self.env.user.has_group(CONTROLLER_GROUP)
        for partner in self:
            owner = partner._origin.commercial_partner_id
            account = accounts.get(owner.id, self.env['credit.account'])
            limit = limits.get(owner.id, 0.0)
            partner.credit_account_id = account.id
            partner.credit_grade_id = account.grade_id.id
            partner.credit_limit_amount = limit
            partner.credit_limit_kind = 'amount' if limit > 0 else 'zero' if account.is_zero_limit else 'none'
            partner.credit_can_edit = can_edit and (not owner or owner == partner._origin)
        self.credit_control_active = root.control_credit != 'off'

    @api.depends('commercial_partner_id')
    @api.depends_context('company')
    def _compute_credit_position(self):
        root = self.env.company.sudo().root_id
        today = self.env['sale.order']._get_control_today()
        accounts = self.env['credit.account'].sudo()
        contacts = self._origin.sudo()
        contacts.fetch(['commercial_partner_id'])
        owners = contacts.commercial_partner_id
        found = accounts._find(owners, root)
        positions = accounts._read_positions(owners | found._get_pool_members().partner_id, root)
        limits = accounts._get_limits_by_owner(owners, root, found, positions)
        by_owner = {account.partner_id.id: account for account in found}
        rows = []
        for partner in self:
            owner_id = partner._origin.commercial_partner_id.id
            position, limit = positions[owner_id], limits.get(owner_id, EffectiveLimit())
            account, days, total = by_owner.get(owner_id, accounts), position.overdue_days(today), position.total
            rows.append((
                total, limit.kind, limit.effective, limit.get_available(total), position.overdue_amount, days,
                account._judge_state(limit, total, days, root.currency_id)))
        set_figures(self, (
            'credit_exposure', 'credit_effective_kind', 'credit_effective_limit', 'credit_available',
            'credit_overdue_amount', 'credit_overdue_days', 'credit_state'), rows, root.currency_id)

    def _inverse_credit_grade(self):
        self.env['credit.account']._check_controller()
        for partner in self:
            partner._get_credit_account().grade_id = partner.credit_grade_id

    def _inverse_credit_limit_kind(self):
        self.env['credit.account']._check_controller()
        for partner in self:
            # An amount that is written together with its kind arrives by its own inverse.
            if partner.credit_limit_kind != 'amount' or not partner.credit_limit_amount:
                partner._get_credit_account().limit_kind = partner.credit_limit_kind

    def _inverse_credit_limit_amount(self):
        self.env['credit.account']._check_controller()
        for partner in self:
            partner._get_credit_account().credit_limit = partner.credit_limit_amount

    def _get_credit_account(self):
        """Return the customer's account with the rights of the user, made if it is missing."""
        account = self.env['credit.account']._for_partners(self, self.env.company)
        return account.with_env(self.env)

    def write(self, vals):
        result = super().write(vals)
        if ACCOUNT_FIELDS & vals.keys():
            # They show the account, which nothing here depends on.
            self.invalidate_recordset(ACCOUNT_FIELDS | {'credit_account_id', 'credit_available', 'credit_state'})
        return result

    # === ACTION METHODS ===#

    def action_view_credit_account(self):
        """Open the credit account of the customer; a credit controller's click makes it if it is missing."""
        self.ensure_one()
        account = self.credit_account_id
        if not account:
            self.env['credit.account']._check_controller()
            account = self._get_credit_account()
        return account._get_form_action()
