from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...order.control_memory import control_acting, control_memory

GUARANTEE_TYPES = [
    ('insurance', "Credit Insurance"),
    ('bank', "Bank Guarantee"),
    ('letter', "Letter of Credit"),
    ('deposit', "Deposit"),
    ('parent', "Guarantee of the Parent Company"),
    ('other', "Other"),
]
# What was agreed to with the guarantee; another figure is another guarantee.
FIGURES = frozenset({'account_id', 'value', 'percent', 'currency_id', 'date_from', 'date_to', 'guarantee_type'})


class CreditGuarantee(models.Model):
    """Somebody answers for a customer: a share of the value is added to the limit while it is valid."""

    _name = 'credit.guarantee'
    _description = "Credit Guarantee"
    _inherit = ['credit.evidence', 'mail.thread']
    _order = 'date_from desc, id desc'

    name = fields.Char(string="Reference", required=True, help="Number of the policy, letter or contract.")
    account_id = fields.Many2one(
        'credit.account', string="Credit Account", required=True, index=True, ondelete='restrict')
    partner_id = fields.Many2one(related='account_id.partner_id', string="Customer")
    company_id = fields.Many2one(related='account_id.company_id')
    account_currency_id = fields.Many2one(related='account_id.currency_id', string="Currency of the Limit")
    guarantee_type = fields.Selection(GUARANTEE_TYPES, string="Type", required=True, default='insurance')
    issuer_id = fields.Many2one('res.partner', help="Who pays if the customer does not.")
    value = fields.Monetary(required=True)
    percent = fields.Float(
        string="Counts With (%)", default=100.0, required=True,
        help="Share of the value that is added to the limit: what the issuer covers, less your own caution.")
    currency_id = fields.Many2one(
        'res.currency', required=True, default=lambda self: self.env.company.root_id.currency_id)
    date_from = fields.Date(string="From", required=True, default=lambda self: self._get_today())
    date_to = fields.Date(string="Until", help="Last day; empty means without end.")
    state = fields.Selection(
        [('draft', "Draft"), ('valid', "Valid"), ('ended', "Ended")], default='draft', required=True, readonly=True,
        copy=False, tracking=True)
    attachment_ids = fields.Many2many(
        groups='sale_order_control.group_credit_controller,sale_order_control.group_auditor')
    counted_amount = fields.Monetary(
        string="Adds to the Limit", compute='_compute_counted_amount', currency_field='account_currency_id',
        compute_sudo=True, help="Today, in the currency of the main company.")

    _value_positive = models.Constraint('CHECK (value > 0)', "The value of a guarantee must be above zero.")
    _percent_range = models.Constraint(
        'CHECK (percent > 0 AND percent <= 100)', "A guarantee counts with more than 0 and at most 100 % of its value.")
    _dates_order = models.Constraint(
        'CHECK (date_to IS NULL OR date_to >= date_from)',
        "A guarantee cannot end before it starts. Choose a later last day.")
    _valid_idx = models.Index("(account_id) WHERE state = 'valid'")

    @api.model
    def _get_today(self):
        return self.env['sale.order']._get_control_today()

    @api.depends('value', 'percent', 'currency_id', 'date_from', 'date_to', 'state')
    def _compute_counted_amount(self):
        today = self._get_today()
        rated = self._get_rated_currencies()
        for guarantee in self:
            counts = guarantee.state == 'valid' and guarantee._is_in_validity(today)
            if counts and guarantee.currency_id in rated[guarantee.company_id]:
                counted = guarantee.value * guarantee.percent / 100
                guarantee.counted_amount = guarantee.currency_id._convert(
                    counted, guarantee.account_currency_id, guarantee.company_id, today)
            else:
                guarantee.counted_amount = 0.0

    def _is_in_validity(self, today):
        return bool(self.date_from) and self.date_from <= today and (not self.date_to or self.date_to >= today)

    def _get_rated_currencies(self):
        """Tell which of the guarantees' currencies can be converted: ``{company: currencies}``."""
        groups = self.env['res.currency.rate'].sudo()._read_group(
            [('currency_id', 'in', self.currency_id.ids), ('company_id', 'in', [False, *self.company_id.ids])],
            ['company_id'], ['currency_id:recordset'])
        rated = dict(groups)
        shared = rated.get(self.env['res.company'], self.env['res.currency'])
        return {
            company: company.currency_id | shared | rated.get(company, self.env['res.currency'])
            for company in self.company_id
        }

    @api.constrains('currency_id', 'account_id')
    def _check_rate(self):
        rated = self._get_rated_currencies()
        for guarantee in self:
            if guarantee.currency_id not in rated[guarantee.company_id]:
                raise ValidationError(self.env._(
                    "%(currency)s has no exchange rate, so the guarantee %(name)s cannot be added to a limit in "
                    "%(home)s. Enter a rate of %(currency)s first.",
                    currency=guarantee.currency_id.name, name=guarantee.name, home=guarantee.account_currency_id.name))

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        if not control_memory(self.env).acting:
            self.env['credit.account']._check_controller()
            for vals in vals_list:
                vals['state'] = 'draft'
        return super().create(vals_list)

    def write(self, vals):
        if not control_memory(self.env).acting:
            self.env['credit.account']._check_controller()
            if 'state' in vals:
                raise AccessError(self.env._("Use “Validate” and “End” to change the state of a guarantee."))
            fixed = self.filtered(lambda guarantee: guarantee.state != 'draft')
            if FIGURES & vals.keys() and fixed:
                raise UserError(self.env._(
                    "The figures of a guarantee that was validated cannot be changed: %s. End it, and enter a new one.",
                    ", ".join(fixed.mapped('name'))))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(guarantee.state != 'draft' for guarantee in self):
            raise UserError(self.env._("A guarantee that was validated is kept. End it instead of deleting it."))

    # === ACTION METHODS ===#

    def action_validate(self):
        """Let drafts count from their first day on.

        :raise AccessError: if the caller is no credit controller
        """
        self._set_state('draft', 'valid')
        self._journal(self.env._("The guarantee was validated."))
        self.account_id._limit_changed(self.env._("A guarantee came in."))
        return True

    def action_end(self):
        """Let guarantees count no longer, from now on.

        :raise AccessError: if the caller is no credit controller
        """
        self._set_state('valid', 'ended')
        self._journal(self.env._("The guarantee was ended."), is_ended=True)
        self.account_id._limit_changed(self.env._("A guarantee was ended."))
        return True

    def _set_state(self, before, after):
        self.env['credit.account']._check_controller()
        self.check_access('write')
        if any(guarantee.state != before for guarantee in self):
            raise UserError(self.env._("Only drafts are validated, and only valid guarantees are ended."))
        with control_acting(self.env):
            self.write({'state': after})


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    guarantee_ids = fields.One2many('credit.guarantee', 'account_id', string="Guarantees")
