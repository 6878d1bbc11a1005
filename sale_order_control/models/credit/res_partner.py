from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from .credit_account import CONTROLLER_GROUP
from .credit_effective_limit import EffectiveLimit
from .credit_grade import LIMIT_KINDS

READERS = 'sale_order_control.group_user,sale_order_control.group_credit_controller,sale_order_control.group_auditor'
LIMIT_FIELDS = frozenset({'credit_limit', 'use_partner_credit_limit'})
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
    credit_currency_id = fields.Many2one('res.currency', compute='_compute_credit_account', groups=READERS)
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

    @api.depends('commercial_partner_id')
    @api.depends_context('company', 'uid')
    def _compute_credit_account(self):
        root = self.env.company.sudo().root_id
        accounts = {
            account.partner_id.id: account
            for account in self.env['credit.account']._find(self._origin.commercial_partner_id, root)
        }
        can_edit = self.env.user.has_group(CONTROLLER_GROUP)
        for partner in self:
            owner = partner._origin.commercial_partner_id
            account = accounts.get(owner.id, self.env['credit.account'])
            limit = owner.sudo().with_company(root).credit_limit
            partner.credit_account_id = account.id
            partner.credit_grade_id = account.grade_id.id
            partner.credit_currency_id = root.currency_id
            partner.credit_limit_amount = limit
            partner.credit_limit_kind = 'amount' if limit > 0 else 'zero' if account.is_zero_limit else 'none'
            partner.credit_control_active = root.control_credit != 'off'
            partner.credit_can_edit = can_edit and (not owner or owner == partner._origin)

    @api.depends('commercial_partner_id')
    @api.depends_context('company')
    def _compute_credit_position(self):
        root = self.env.company.sudo().root_id
        today = self.env['sale.order']._get_control_today()
        accounts = self.env['credit.account'].sudo()
        owners = self._origin.sudo().commercial_partner_id
        found = accounts._find(owners, root)
        positions = accounts._read_positions(owners | found._get_pool_members().partner_id, root)
        limits = accounts._get_limits_by_owner(owners, root, found, positions)
        for partner in self:
            owner = partner._origin.commercial_partner_id
            position, limit = positions[owner.id], limits.get(owner.id, EffectiveLimit())
            account, available = partner.credit_account_id.sudo(), limit.get_available(position.total)
            partner.credit_exposure = position.total
            partner.credit_effective_kind = limit.kind
            partner.credit_effective_limit = limit.effective
            partner.credit_available = available
            partner.credit_overdue_amount = position.overdue_amount
            partner.credit_overdue_days = position.overdue_days(today)
            watched = available < 0 or partner.credit_overdue_days > account.grade_id.overdue_days
            partner.credit_state = 'hold' if account.is_held else 'watch' if watched else 'open'

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

    # === THE BASE AMOUNT ===#

    @api.model_create_multi
    def create(self, vals_list):
        root = self._get_credit_root(set().union(*vals_list))
        partners = super().create(vals_list)
        if root:
            default = self._fields['credit_limit'].get_company_dependent_fallback(partners.with_company(root))
            for partner, vals in zip(partners, vals_list, strict=True):
                if partner._is_new_base(vals, root, default):
                    partner._check_base_writer(root)
        return partners

    def write(self, vals):
        root = self._get_credit_root(vals)
        if not root:
            result = super().write(vals)
            if ACCOUNT_FIELDS & vals.keys():
                # They show the account, which nothing here depends on.
                self.invalidate_recordset(ACCOUNT_FIELDS | {'credit_account_id', 'credit_available', 'credit_state'})
            return result
        before = {partner.id: partner.with_company(root).credit_limit for partner in self.sudo()}
        # The base amount is the root company's: a branch has none of its own.
        result = super(ResPartner, self.with_company(root) if set(vals) <= LIMIT_FIELDS else self).write(vals)
        changed = self.filtered(lambda partner: partner._is_new_base(vals, root, before[partner.id]))
        if changed:
            changed._check_base_writer(root)
            changed._journal_base(root, before)
        return result

    @api.model
    def _get_credit_root(self, names):
        """Return the root company if writing these fields sets a base amount that is under control."""
        if not LIMIT_FIELDS & set(names):
            return self.env['res.company']
        root = self.env.company.sudo().root_id
        return root if root.control_credit != 'off' else root.browse()

    def _is_new_base(self, vals, root, before):
        """Whether the base amount of this partner became another than before, and than its parent's."""
        if not LIMIT_FIELDS & vals.keys():
            return False
        partner = self.sudo().with_company(root)
        amount = partner.credit_limit
        known = {before}
        if partner.commercial_partner_id != partner:
            known.add(partner.commercial_partner_id.credit_limit)
        return all(root.currency_id.compare_amounts(amount, value) for value in known)

    def _check_base_writer(self, root):
        """Refuse everybody but a credit controller while credit control is in force."""
        partner = self.sudo().with_company(root)
        if any(each.credit_limit < 0 for each in partner):
            raise ValidationError(self.env._("A credit limit cannot be negative."))
        if root.control_credit == 'enforce' and not self.env.user.has_group(CONTROLLER_GROUP):
            raise AccessError(self.env._(
                "Credit control is in force: only a credit controller changes the credit limit of %s.",
                ", ".join(self.mapped('display_name'))))

    def _journal_base(self, root, before):
        """Note the change on the credit accounts, and look again at what was on hold."""
        accounts = self.env['credit.account']._find(self, root)
        notes = defaultdict(str)
        for account in accounts:
            amount = account.partner_id.with_company(root).credit_limit
            notes[account.id] = self.env._(
                "Credit limit: %(before)s → %(after)s",
                before=account.currency_id.format(before[account.partner_id.id]),
                after=account.currency_id.format(amount),
            )
        if accounts:
            accounts._message_log_batch(bodies=notes)
            accounts.invalidate_recordset(['credit_limit', 'limit_kind'])
            accounts._clear_zero_limit()
            accounts._recheck_holds(self.env._("The credit limit was changed."))

    # === ACTION METHODS ===#

    def action_view_credit_account(self):
        """Open the credit account of the customer; a credit controller's click makes it if it is missing."""
        self.ensure_one()
        account = self.credit_account_id
        if not account:
            self.env['credit.account']._check_controller()
            account = self._get_credit_account()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Credit Account"),
            'res_model': 'credit.account',
            'view_mode': 'form',
            'res_id': account.id,
        }
