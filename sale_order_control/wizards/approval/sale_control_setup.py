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
        help="Which chain of approvals to set up. The others stay as they are: several can be in force together.")
    preset_help = fields.Char(compute='_compute_preset_help')
    existing = fields.Char(
        string="Set Up Already", compute='_compute_existing', help="Preset policies that are in force.")

    sales_manager_ids = fields.Many2many(
        'res.users', 'sale_control_setup_sales_rel', string="Sales Managers",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]")
    finance_ids = fields.Many2many(
        'res.users', 'sale_control_setup_finance_rel',
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]")
    supply_ids = fields.Many2many(
        'res.users', 'sale_control_setup_supply_rel', string="Supply Chain",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Decide on orders for which neither stock nor expected receipts are enough. Needs promise control.")
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
    decide_hours = fields.Float(
        string="Hours to Decide", default=8.0,
        help="Working hours for a whole request, shared over the levels that follow each other. 0: no limit.")
    export_free = fields.Boolean(
        string="Export Needs No Approval", default=True,
        help="Orders of customers abroad go on without approval: their sales type runs none.")

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

    @api.depends('preset')
    def _compute_preset_help(self):
        texts = self._get_preset_texts()
        for setup in self:
            setup.preset_help = texts.get(setup.preset)

    @api.model
    def _get_preset_texts(self):
        """Return ``{preset: what it does in one sentence}``."""
        return {'domestic': self.env._(
            "Sales manager, then finance for high discounts, low margins, long terms and credit, then supply chain "
            "where goods are short, then the general manager for orders of high value.")}

    @api.depends('company_id')
    def _compute_existing(self):
        labels = dict(self._fields['preset']._description_selection(self.env))
        for setup in self:
            policies = self.env['sale.approval.policy'].search(
                [('company_id', '=', setup.company_id.id), ('preset_key', '!=', False)])
            presets = dict.fromkeys(policy.preset_key.partition('.')[0] for policy in policies)
            setup.existing = ", ".join(labels[preset] for preset in presets if preset in labels)

    @api.model
    def default_get(self, fields):
        """Start from what the company has, so that a second run changes only what is changed on the screen."""
        values = super().default_get(fields)
        company = self.env['res.company'].browse(values.get('company_id') or self.env.company.id)
        current = self._get_current_values(company, values.get('preset'))
        return {**values, **{name: value for name, value in current.items() if name in fields}}

    @api.onchange('company_id', 'preset')
    def _onchange_company_id(self):
        self.update(self._get_current_values(self.company_id, self.preset))

    @api.model
    def _get_current_values(self, company, preset):
        """Return what was set up before, of the chosen preset first; empty for a company that never was."""
        policies = self._get_preset_policies(company)
        if not policies:
            return {}
        values = {switch: company.sudo()[switch] for switch in SWITCHES}
        values['control_go_live'] = company.sudo().control_go_live
        values['export_free'] = not any(self._get_export_types(company).mapped('run_approval'))
        for name, (key, field) in self._get_shown_fields().items():
            if key in policies:
                values[name] = policies[key][field]
        own = [policy for key, policy in policies.items()
               if policy.active and key.startswith(f'{preset}.')]
        values.update(self._get_current_hours(own))
        for name, places in self._get_shown_levels().items():
            own_first = sorted(places, key=lambda place: not place[0].startswith(f'{preset}.'))
            users = [
                level.user_ids for key, level_key in own_first if key in policies
                for level in policies[key].level_ids if level.preset_key == level_key]
            if users:
                values[name] = [Command.set(users[0].ids)]
        return values

    @api.model
    def _get_current_hours(self, policies):
        """Return the hours that the set-up shared over these policies last, not what was changed by hand since."""
        levels = [level for policy in policies for level in policy.level_ids if level.preset_key]
        shares = {
            level.deadline_hours for level in levels
            if (level.preset_values or {}).get('deadline_hours') == round(level.deadline_hours, 6)}
        stages = {level.sequence for level in levels}
        return {'decide_hours': round(max(shares) * len(stages), 2)} if shares else {}

    @api.model
    def _get_shown_fields(self):
        """Return ``{field of the wizard: (key of the policy, its field)}``: thresholds as they are."""
        return {
            'sales_amount': ('domestic.sales', 'min_amount'),
            'sales_discount': ('domestic.sales', 'max_discount'),
            'tolerance_percent': ('domestic.sales', 'tolerance_percent'),
            'finance_discount': ('domestic.finance', 'max_discount'),
            'finance_margin': ('domestic.finance', 'min_margin_percent'),
            'general_amount': ('domestic.general', 'min_amount'),
        }

    @api.model
    def _get_shown_levels(self):
        """Return ``{field of the wizard: [(key of the policy, key of the level), ...]}``: approvers as they are."""
        return {
            'sales_manager_ids': [('domestic.sales', 'sales')],
            'finance_ids': [('domestic.finance', 'finance')],
            'supply_ids': [('domestic.supply', 'supply')],
            'general_manager_ids': [('domestic.general', 'general')],
        }

    @api.model
    def _get_preset_policies(self, company):
        """Return ``{key: policy}`` of all presets of the company."""
        policies = self.env['sale.approval.policy'].with_context(active_test=False).search(
            [('company_id', '=', company.id), ('preset_key', '!=', False)])
        return policies.grouped('preset_key')

    @api.model
    def _get_export_types(self, company):
        return self.env['sale.control.type'].search(
            [('scope', '=', 'export'), ('company_id', 'in', (False, company.id))])

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
                'supply_ids': [Command.set(users.ids)],          # empty: no level for shortages
                'general_manager_ids': [Command.set(users.ids)], # empty: no level for high value
                'sales_amount': 5000.0, 'sales_discount': 20.0,  # 0 leaves a threshold out
                'finance_discount': 30.0, 'finance_margin': 5.0, 'general_amount': 10000.0,
                'control_approval': 'enforce', 'control_credit': 'enforce',  # the six switches
                'control_go_live': False,
            })._apply()

        Amounts are in the company's currency, without taxes. Policies that were made by hand stay as they are, and
        so does what somebody changed by hand in a preset's policy, unless the wizard shows it. A preset policy
        whose approvers or thresholds were left empty is archived. Policies of other presets are not touched.

        :return: the active ``sale.approval.policy`` records of the preset
        :raise UserError: if a level that the preset needs has no approver
        """
        self.ensure_one()
        missing = [name for name in self._get_required_people() if not self[name]]
        if missing:
            raise UserError(self.env._(
                "Choose at least one person for: %s",
                ", ".join(self._fields[name]._description_string(self.env) for name in missing)))
        policies = self._apply_policies()
        self._switch_company()
        return policies.filtered('active')

    def _apply_policies(self):
        """Create or update the policies of the preset, and rest those it does not need."""
        existing = self._get_preset_policies(self.company_id)
        policies = self.env['sale.approval.policy']
        prepared = self._prepare_policies()
        self._share_hours([level for _values, levels in prepared.values() for level in levels.values()])
        for key, (values, levels) in prepared.items():
            values = {**self._prepare_policy_base(), **values}
            policy = existing.get(key)
            if policy:
                policy._update_preset(
                    values, levels,
                    {field for own, field in self._get_shown_fields().values() if own == key},
                    {level for places in self._get_shown_levels().values() for own, level in places if own == key})
            else:
                policy = policies._create_preset(key, values, levels)
            policies |= policy
        for key, policy in existing.items():
            if key.startswith(f'{self.preset}.') and policy not in policies:
                policy._rest_preset()
        return policies

    def _share_hours(self, levels):
        """Give each level its part of the time: those that decide at the same time have the same hours.

        :param list levels: values of all levels of the preset, completed here
        """
        stages = {level['sequence'] for level in levels}
        for level in levels:
            level['deadline_hours'] = round(self.decide_hours / len(stages), 6)

    def _prepare_policy_base(self):
        return {
            'active': True,
            'company_id': self.company_id.id,
            'currency_id': self.company_id.currency_id.id,
            'tolerance_percent': self.tolerance_percent,
        }

    def _get_required_people(self):
        """Name the fields with the approvers that the chosen preset cannot do without."""
        return ('sales_manager_ids', 'finance_ids') if self.preset == 'domestic' else ()

    def _prepare_policies(self):
        """Return ``{key: (values, {key of a level: values})}`` of the chosen preset's policies."""
        if self.preset != 'domestic':
            return {}
        sales = {'sales': self._prepare_level(self.env._("Sales manager"), 10, self.sales_manager_ids)}
        finance = {'finance': self._prepare_level(self.env._("Finance"), 20, self.finance_ids)}
        policies = {}
        if self.sales_amount or self.sales_discount:
            policies['domestic.sales'] = ({
                'name': self.env._("Large order or high discount"), 'sequence': 10,
                'min_amount': self.sales_amount, 'max_discount': self.sales_discount}, sales)
        policies['domestic.finance'] = ({
            'name': self.env._("Very high discount, low margin, long terms or credit"), 'sequence': 20,
            'max_discount': self.finance_discount, 'min_margin_percent': self.finance_margin,
            'on_credit_issue': True, 'on_long_terms': True}, {**sales, **finance})
        if self.supply_ids:
            policies['domestic.supply'] = (
                {'name': self.env._("Not enough goods"), 'sequence': 25, 'on_shortage': True},
                {'supply': self._prepare_level(self.env._("Supply chain"), 25, self.supply_ids)})
        if self.general_manager_ids and self.general_amount:
            policies['domestic.general'] = (
                {'name': self.env._("High value"), 'sequence': 30, 'min_amount': self.general_amount},
                {**sales, 'general': self._prepare_level(
                    self.env._("General manager"), 30, self.general_manager_ids)})
        return policies

    def _prepare_level(self, name, sequence, users, **values):
        return {
            'name': name, 'sequence': sequence, 'approver_type': 'users', 'user_ids': sorted(users.ids),
            'quorum': 'any', **values}

    def _switch_company(self):
        export_types = self._get_export_types(self.company_id)
        export_types.filtered(lambda kind: kind.run_approval == self.export_free).run_approval = not self.export_free
        values = {switch: self[switch] for switch in SWITCHES}
        if self.is_branch:
            # Branches follow their main company's credit control.
            del values['control_credit']
        values['control_go_live'] = self.control_go_live
        # Managers of order control need not be administrators of companies; nothing else is written.
        self.company_id.sudo().write(values)
