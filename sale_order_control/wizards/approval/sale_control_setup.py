from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ...models.order.control_issue import SWITCHES
from ...models.order.res_company import CONTROL_MODES


class SaleControlSetup(models.TransientModel):
    """Puts a company under control in one step: preset policies, switches, go-live date."""

    _name = 'sale.control.setup'
    _description = "Set Up Order Control"

    # === FIELDS ===#

    company_id = fields.Many2one('res.company', required=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related='company_id.currency_id')
    preset = fields.Selection(
        [('domestic', "Domestic standard")], required=True, default='domestic',
        help="Sales manager, then finance for high discounts, low margins and credit, then the general manager for "
             "orders of high value.")

    sales_manager_ids = fields.Many2many(
        'res.users', 'sale_control_setup_sales_rel', string="Sales Managers",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]")
    finance_ids = fields.Many2many(
        'res.users', 'sale_control_setup_finance_rel',
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]")
    general_manager_ids = fields.Many2many(
        'res.users', 'sale_control_setup_general_rel', string="General Managers",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]")

    sales_amount = fields.Monetary(string="From This Amount", default=5000.0)
    sales_discount = fields.Float(string="Above This Discount %", default=20.0)
    finance_discount = fields.Float(string="Above This Discount % (Finance)", default=30.0)
    finance_margin = fields.Float(string="Below This Margin %", default=5.0)
    general_amount = fields.Monetary(string="From This Amount (General Manager)", default=10000.0)
    tolerance_percent = fields.Float(
        string="Tolerance %", default=2.0, help="By how much an approved order may get worse without asking again.")

    control_completeness = fields.Selection(CONTROL_MODES, string="Mandatory Data", required=True, default='warn')
    control_credit = fields.Selection(CONTROL_MODES, string="Credit", required=True, default='warn')
    control_approval = fields.Selection(CONTROL_MODES, string="Approval", required=True, default='enforce')
    control_promise = fields.Selection(CONTROL_MODES, string="Delivery Promise", required=True, default='warn')
    control_release = fields.Selection(CONTROL_MODES, string="Release of Goods", required=True, default='warn')
    control_amendment = fields.Selection(CONTROL_MODES, string="Amendment", required=True, default='warn')
    control_go_live = fields.Date(
        string="Go-Live Date", default=fields.Date.context_today,
        help="Quotations and orders created before this day keep the old handling.")
    is_branch = fields.Boolean(compute='_compute_is_branch')

    # === COMPUTE METHODS ===#

    @api.depends('company_id')
    def _compute_is_branch(self):
        for setup in self:
            setup.is_branch = bool(setup.company_id.sudo().parent_id)

    @api.model
    def default_get(self, fields):
        """Start from what the company has, so that a second run changes only what is changed on the screen."""
        values = super().default_get(fields)
        company = self.env['res.company'].browse(values.get('company_id') or self.env.company.id)
        current = self._get_current_values(company)
        return {**values, **{name: value for name, value in current.items() if name in fields}}

    @api.onchange('company_id')
    def _onchange_company_id(self):
        self.update(self._get_current_values(self.company_id))

    @api.model
    def _get_current_values(self, company):
        """Return what was set up before; empty for a company that never was."""
        policies = self._get_preset_policies(company)
        if not policies:
            return {}
        sales, finance, general = (policies.get(key) for key in ('sales', 'finance', 'general'))
        values = {switch: company.sudo()[switch] for switch in SWITCHES}
        values['control_go_live'] = company.sudo().control_go_live
        if sales:
            values.update(
                sales_amount=sales.min_amount, sales_discount=sales.max_discount,
                tolerance_percent=sales.tolerance_percent, sales_manager_ids=self._get_level_users(sales, 'sales'))
        if finance:
            values.update(
                finance_discount=finance.max_discount, finance_margin=finance.min_margin_percent,
                finance_ids=self._get_level_users(finance, 'finance'))
        if general:
            values.update(
                general_amount=general.min_amount, general_manager_ids=self._get_level_users(general, 'general'))
        return values

    @api.model
    def _get_level_users(self, policy, key):
        return [Command.set(policy.level_ids.filtered(lambda level: level.preset_key == key).user_ids.ids)]

    @api.model
    def _get_preset_policies(self, company):
        """Return ``{level key: policy}`` of the company's preset."""
        policies = self.env['sale.approval.policy'].with_context(active_test=False).search(
            [('company_id', '=', company.id), ('preset_key', '=like', 'domestic.%')])
        return {policy.preset_key.split('.')[1]: policy for policy in policies}

    # === ACTION METHODS ===#

    def action_apply(self):
        """Set up the company: for order control managers."""
        if not self.env.user.has_group('sale_order_control.group_manager'):
            raise AccessError(self.env._("Only an order control manager can set up order control."))
        policies = self._apply()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Approval Policies"),
            'res_model': 'sale.approval.policy',
            'view_mode': 'list,form',
            'domain': [('id', 'in', policies.ids)],
        }

    # === BUSINESS METHODS ===#

    def _apply(self):
        """Create or update the preset's policies and set the company's switches.

        Scripts create the wizard with the values they want and call this, any number of times::

            env['sale.control.setup'].create({
                'company_id': company.id,
                'sales_manager_ids': [Command.set(users.ids)],   # at least one user per level
                'finance_ids': [Command.set(users.ids)],
                'general_manager_ids': [Command.set(users.ids)], # empty: no level for high value
                'sales_amount': 5000.0, 'sales_discount': 20.0,  # 0 leaves a threshold out
                'finance_discount': 30.0, 'finance_margin': 5.0, 'general_amount': 10000.0,
                'control_approval': 'enforce', 'control_credit': 'enforce',  # the six switches
                'control_go_live': False,
            })._apply()

        Amounts are in the company's currency, without taxes. Policies that were made by hand stay as
        they are; a preset policy whose approvers or thresholds were left empty is archived.

        :return: the active ``sale.approval.policy`` records of the preset
        :raise UserError: if the sales or the finance level has no approver
        """
        self.ensure_one()
        if not self.sales_manager_ids or not self.finance_ids:
            raise UserError(self.env._("Choose at least one sales manager and one person in finance."))
        existing = self._get_preset_policies(self.company_id)
        policies = self.env['sale.approval.policy']
        for key, values in self._prepare_policies().items():
            policy = existing.get(key)
            if policy:
                policy.write({**values, 'level_ids': self._prepare_level_updates(policy, values['level_ids'])})
            else:
                policy = policies.create({**values, 'preset_key': f'domestic.{key}'})
            policies |= policy
        for policy in existing.values():
            if policy not in policies:
                policy.active = False
        self._switch_company()
        return policies

    def _prepare_policies(self):
        """Return ``{key: values}`` of the preset's policies."""
        sales = self._prepare_level('sales', self.env._("Sales manager"), 10, self.sales_manager_ids)
        finance = self._prepare_level('finance', self.env._("Finance"), 20, self.finance_ids)
        base = {
            'active': True,
            'company_id': self.company_id.id,
            'currency_id': self.company_id.currency_id.id,
            'tolerance_percent': self.tolerance_percent,
        }
        policies = {}
        if self.sales_amount or self.sales_discount:
            policies['sales'] = {
                **base, 'name': self.env._("Large order or high discount"), 'sequence': 10,
                'min_amount': self.sales_amount, 'max_discount': self.sales_discount, 'level_ids': [sales]}
        policies['finance'] = {
            **base, 'name': self.env._("Very high discount, low margin or credit"), 'sequence': 20,
            'max_discount': self.finance_discount, 'min_margin_percent': self.finance_margin,
            'on_credit_issue': True, 'level_ids': [sales, finance]}
        if self.general_manager_ids and self.general_amount:
            general = self._prepare_level('general', self.env._("General manager"), 30, self.general_manager_ids)
            policies['general'] = {
                **base, 'name': self.env._("High value"), 'sequence': 30,
                'min_amount': self.general_amount, 'level_ids': [sales, general]}
        return policies

    def _prepare_level(self, key, name, sequence, users):
        return Command.create({
            'preset_key': key, 'name': name, 'sequence': sequence, 'approver_type': 'users',
            'user_ids': [Command.set(users.ids)], 'quorum': 'any',
        })

    def _prepare_level_updates(self, policy, commands):
        """Turn the creation of levels into an update of those that are there; levels added by hand stay."""
        levels = {level.preset_key: level for level in policy.level_ids if level.preset_key}
        return [
            Command.update(levels[values['preset_key']].id, values) if values['preset_key'] in levels else command
            for command in commands for values in [command[2]]
        ]

    def _switch_company(self):
        values = {switch: self[switch] for switch in SWITCHES}
        if self.is_branch:
            # Branches follow their main company's credit control.
            del values['control_credit']
        values['control_go_live'] = self.control_go_live
        # Managers of order control need not be administrators of companies; nothing else is written.
        self.company_id.sudo().write(values)
