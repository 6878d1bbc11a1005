from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ...order.control_memory import control_cause, control_memory
from ..limit.credit_effective_limit import EffectiveLimit
from ..score.credit_grade import LIMIT_KINDS
from .credit_figures import get_rounding, set_figures

CONTROLLER_GROUP = 'sale_order_control.group_credit_controller'
SETTLEMENT_CHANGES = frozenset({'settlement_mode', 'prepayment_percent'})
LIMIT_CHANGES = SETTLEMENT_CHANGES | {'grade_id', 'limit_kind', 'credit_limit', 'pool_id'}


class CreditAccount(models.Model):
    """What one customer may owe one company (its branches included), and whether it may go on."""

    _name = 'credit.account'
    _description = "Credit Account"
    _inherit = ['credit.owned', 'mail.thread', 'mail.activity.mixin']
    _order = 'partner_id, id'
    _rec_name = 'partner_id'
    _check_company_auto = True

    # === FIELDS ===#

    partner_id = fields.Many2one(help="The customer that is invoiced; its contacts count with it.")
    company_id = fields.Many2one(ondelete='cascade')
    currency_id = fields.Many2one(related='company_id.currency_id')
    active = fields.Boolean(default=True)
    grade_id = fields.Many2one(
        'credit.grade', string="Credit Grade", tracking=True, index='btree_not_null', ondelete='restrict',
        domain="[('company_id', 'in', (False, company_id))]",
        help="What the customer may do. Without a grade the limit alone counts: an excess needs approval on "
             "submission and confirmation, and blocks the delivery of what was not agreed.")
    is_zero_limit = fields.Boolean(
        copy=False, help="Tells a limit of zero from no limit; the amount itself is on the customer."
    )
    limit_kind = fields.Selection(
        LIMIT_KINDS, compute='_compute_limit', inverse='_inverse_limit_kind', compute_sudo=True,
        help="“No Limit” checks no amount, “Zero” lets nothing pass that is not paid in advance.")
    credit_limit = fields.Monetary(
        compute='_compute_limit', inverse='_inverse_credit_limit', compute_sudo=True,
        help="The same figure as the credit limit on the customer, in the currency of the main company.")
    change_reason = fields.Char(
        string="Reason of the Change", store=False, copy=False,
        help="Why grade, limit or group are changed: kept in the limit journal.")
    is_held = fields.Boolean(string="On Hold", readonly=True, copy=False, tracking=True)
    hold_reason = fields.Text(readonly=True, copy=False)
    hold_user_id = fields.Many2one('res.users', string="Held By", readonly=True, copy=False)
    hold_since = fields.Datetime(readonly=True, copy=False)
    # Only ever raised by one, so that two confirmations meet in the database; says nothing in itself.
    serial = fields.Integer(readonly=True, copy=False, default=0)

    exposure = fields.Monetary(
        compute='_compute_position', compute_sudo=True,
        help="What the customer would owe if everything open were delivered and invoiced.")
    receivable = fields.Monetary(string="Unpaid Invoices", compute='_compute_position', compute_sudo=True)
    draft_invoiced = fields.Monetary(string="Draft Invoices", compute='_compute_position', compute_sudo=True)
    to_invoice = fields.Monetary(string="Delivered, Not Invoiced", compute='_compute_position', compute_sudo=True)
    to_deliver = fields.Monetary(string="Ordered, Not Delivered", compute='_compute_position', compute_sudo=True)
    effective_kind = fields.Selection(
        LIMIT_KINDS, string="Effective Limit Kind", compute='_compute_position', compute_sudo=True)
    effective_limit = fields.Monetary(
        compute='_compute_position', compute_sudo=True,
        help="What the customer may owe today: the temporary limit, or else the base one, plus guarantees, capped by "
             "what the shared limit of its group leaves.")
    available = fields.Monetary(
        compute='_compute_position', compute_sudo=True,
        help="Effective limit less exposure; negative when over the limit.")
    used_percent = fields.Float(string="Used (%)", compute='_compute_position', compute_sudo=True)
    overdue_amount = fields.Monetary(
        compute='_compute_position', compute_sudo=True, help="Overdue and not covered by payments or credit notes.")
    overdue_days = fields.Integer(
        compute='_compute_position', compute_sudo=True, help="Days since the oldest uncovered invoice was due.")
    disputed_amount = fields.Monetary(
        string="Disputed", compute='_compute_position', compute_sudo=True,
        help="Unpaid on invoices that the customer objects to: owed, but not called overdue.")
    waiting_amount = fields.Monetary(
        string="Prepaid, Not Paid Yet", compute='_compute_position', compute_sudo=True,
        help="Orders that are paid in full before they leave and wait for their money: they use none of the limit.")
    state = fields.Selection(
        [('open', "Open"), ('watch', "Watch"), ('hold', "On Hold")],
        compute='_compute_position', compute_sudo=True,
        help="Hold: put on hold by a credit controller. Watch: overdue, over the limit, or close to it.")
    decision_ids = fields.One2many('credit.decision', 'account_id', string="Decisions")
    held_order_count = fields.Integer(compute='_compute_held_order_count', compute_sudo=True)

    _partner_company_unique = models.Constraint(
        'UNIQUE (partner_id, company_id)', "A customer has one credit account per company.")

    # === COMPUTE METHODS ===#

    @api.depends('partner_id', 'company_id', 'is_zero_limit')
    def _compute_limit(self):
        for company, accounts in self.grouped('company_id').items():
            for account in accounts:
                account.credit_limit = account.partner_id.with_company(company).credit_limit
                account.limit_kind = account._get_limit_kind()

    def _get_limit_kind(self):
        return 'amount' if self.credit_limit > 0 else 'zero' if self.is_zero_limit else 'none'

    def _inverse_credit_limit(self):
        for account in self:
            without = 'zero' if account.is_zero_limit else 'none'
            account._set_limit('amount' if account.credit_limit else without, account.credit_limit)

    def _inverse_limit_kind(self):
        for account in self:
            # An amount that is written together with its kind arrives by its own inverse.
            if account.limit_kind != 'amount':
                account._set_limit(account.limit_kind, 0.0)

    @api.depends('partner_id', 'company_id', 'grade_id', 'is_held', 'is_zero_limit')
    def _compute_position(self):
        today = self.env['sale.order']._get_control_today()
        for company, accounts in self.grouped(lambda account: account.company_id or self.env.company.root_id).items():
            owners = accounts.partner_id | accounts._origin._get_pool_members().partner_id
            positions = self._read_positions(owners, company)
            limits = self._get_limits_by_owner(accounts.partner_id, company, accounts._origin, positions)
            rows = []
            for account in accounts:
                position = positions[account.partner_id.id]
                limit = limits.get(account.partner_id.id, EffectiveLimit())
                exposure, total = position.exposure, position.exposure.total
                days = position.overdue_days(today)
                rows.append((
                    total, exposure.receivable, exposure.draft_invoiced, exposure.to_invoice, exposure.to_deliver,
                    position.overdue_amount, days, position.disputed_amount, position.waiting_amount,
                    limit.kind, limit.effective, limit.get_available(total), limit.get_used_percent(total),
                    account._judge_state(limit, total, days, company.currency_id)))
            set_figures(accounts, (
                'exposure', 'receivable', 'draft_invoiced', 'to_invoice', 'to_deliver', 'overdue_amount',
                'overdue_days', 'disputed_amount', 'waiting_amount', 'effective_kind', 'effective_limit', 'available',
                'used_percent', 'state'), rows, company.currency_id)

    def _judge_state(self, limit, exposure, overdue_days, currency):
        """Say in one word whether the customer may go on; also of one that has no account yet.

        :param EffectiveLimit limit: of today
        :param float exposure: what the customer would owe, in the currency of the root company
        :param int overdue_days: days since the oldest uncovered invoice was due
        :return: key of ``state``
        """
        if self.is_held:
            return 'hold'
        grade, available = self.grade_id, limit.get_available(exposure)
        over = available < 0 and get_rounding(currency)(available) < 0
        near = grade.watch_percent and limit.get_used_percent(exposure) >= grade.watch_percent
        return 'watch' if over or near or overdue_days > grade.overdue_days else 'open'

    def _compute_held_order_count(self):
        groups = self.env['sale.order']._read_group(
            [('credit_account_id', 'in', self.ids), ('credit_state', '=', 'hold')], ['credit_account_id'], ['__count'])
        counts = {account.id: count for account, count in groups}
        for account in self:
            account.held_order_count = counts.get(account.id, 0)

    # === CONSTRAINTS ===#

    @api.constrains('company_id', 'grade_id')
    def _check_grade_company(self):
        for account in self:
            if account.grade_id.company_id and account.grade_id.company_id != account.company_id:
                raise ValidationError(self.env._(
                    "Grade %(grade)s belongs to another company than the account.", grade=account.grade_id.name))

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_acts(vals)
            # What comes as a default of the caller counts as given.
            given = {**dict.fromkeys(name for name in LIMIT_CHANGES if f'default_{name}' in self.env.context), **vals}
            self._check_limit_writer(given, self.env['res.company'].browse(vals.get('company_id')) or self.env.company)
        accounts, graded = super().create(vals_list), self.browse()
        accounts._journal_created(vals_list)
        for account, vals in zip(accounts, vals_list, strict=True):
            account._check_amount_given(vals)
            if vals.get('grade_id') and not {'limit_kind', 'credit_limit'} & vals.keys():
                graded |= account
        graded._follow_grade()
        return accounts

    def write(self, vals):
        self._refuse_acts(vals)
        if {'partner_id', 'company_id'} & vals.keys():
            raise UserError(self.env._("A credit account stays with its customer and company."))
        if not LIMIT_CHANGES & vals.keys():
            return super().write(vals)
        for company in self.sudo().company_id:
            self._check_limit_writer(vals, company)
        with control_cause(self.env, *self._get_change_cause(vals)):
            words = self._word_grades(), self._word_groups()
            grouped = self._get_pool_members() if 'pool_id' in vals else self.browse()
            result = super().write(vals)
            self._journal('grade', words[0], self._word_grades())
            self._journal('group', words[1], self._word_groups())
            self._follow_change(vals, grouped)
        return result

    def _follow_change(self, vals, grouped):
        """Do what follows from a new grade, limit or group.

        :param dict vals: what was written
        :param credit.account grouped: members of the group before
        """
        for account in self:
            account._check_amount_given(vals)
        if 'grade_id' in vals and not {'limit_kind', 'credit_limit'} & vals.keys():
            self._follow_grade()
        if 'pool_id' in vals:
            (self | grouped)._limit_changed(self.env._("The customer's group was changed."))
        elif 'grade_id' in vals:
            self._limit_changed(self.env._("The credit grade was changed."))

    @api.model
    def _get_act_fields(self):
        """Name the fields that acts set, never a form or a caller."""
        return {'is_held', 'hold_reason', 'hold_user_id', 'hold_since', 'serial', 'is_zero_limit'}

    @api.model
    def default_get(self, fields):
        # An act's field cannot be smuggled in as a default either.
        return super().default_get([name for name in fields if name not in self._get_act_fields()])

    def _refuse_acts(self, vals):
        touched = sorted(self._get_act_fields() & vals.keys())
        if touched and not control_memory(self.env).acting:
            raise AccessError(self.env._(
                "These fields follow from holds, releases and limits and cannot be written: %s", ", ".join(touched)))

    # === BUSINESS METHODS ===#

    @api.model
    def _for_partners(self, partners, company):
        """Return the accounts of customers, creating the missing ones.

        Two transactions may ask for the same account at the same instant: one inserts it, the
        other finds it or is asked by the database to try again.

        :param res.partner partners: customers or their contacts
        :param res.company company: any company of the tree; the account is of its root
        :return: accounts in sudo, in the order of the commercial partners
        """
        root = company.sudo().root_id
        owners = partners.sudo().commercial_partner_id
        found = self._find(owners, root)
        missing = owners - found.partner_id
        if missing:
            self.flush_model(['partner_id', 'company_id'])
            self.env.execute_query(SQL(
                """INSERT INTO credit_account
                          (partner_id, company_id, active, serial, create_uid, create_date, write_uid, write_date)
                   SELECT id, %(company)s, TRUE, 0, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                     FROM res_partner WHERE id IN %(partners)s ORDER BY id
                   ON CONFLICT (partner_id, company_id) DO NOTHING RETURNING id""",
                company=root.id, uid=self.env.uid, partners=tuple(missing.ids)))
            control_memory(self.env).facts.pop(self._get_find_key(owners, root), None)
            found = self._find(owners, root)
        return found

    @api.model
    def _find(self, owners, root):
        """Return the existing accounts of commercial partners, archived ones included, in sudo.

        While a scope of the gate is open they are looked up once.
        """
        memory, key = control_memory(self.env), self._get_find_key(owners, root)
        if key in memory.facts:
            return self.sudo().browse(memory.facts[key])
        accounts = self.sudo().with_context(active_test=False).search_fetch(
            [('partner_id', 'in', owners.ids), ('company_id', '=', root.id)],
            ['partner_id', 'company_id', 'grade_id', 'is_zero_limit', 'pool_id', 'is_held', 'hold_reason',
             'settlement_mode', 'prepayment_percent'],
            order='id',
        )
        if memory.scopes:
            memory.facts[key] = accounts._ids
        return accounts

    @api.model
    def _get_find_key(self, owners, root):
        return 'credit accounts', root.id, tuple(sorted(owners._ids))

    @api.model
    def _is_controller(self):
        """Whether the user is a credit controller; the system's own user is not: a person decides on credit."""
        return self.env.user.has_group(CONTROLLER_GROUP) and self.env.user != self.env.ref('base.user_root')

    def _check_controller(self):
        """Refuse everybody who is no credit controller, whatever rights the call was given.

        :raise AccessError: also for the system's own user
        """
        if not self._is_controller():
            raise AccessError(self.env._("Only a credit controller decides on a customer's credit."))

    def _serialise(self):
        """Make rivals that grow the same exposure wait and try again: a real update, in id order."""
        if self:
            self.env.execute_query(SQL(
                """WITH mine AS (SELECT id FROM credit_account WHERE id IN %s ORDER BY id FOR NO KEY UPDATE)
                   UPDATE credit_account account SET serial = serial + 1 FROM mine WHERE mine.id = account.id
                   RETURNING account.id""", tuple(self.ids)))

    # === ACTION METHODS ===#

    def _get_form_action(self):
        """Return the action that opens this account."""
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Credit Account"),
            'res_model': 'credit.account',
            'view_mode': 'form',
            'res_id': self.id,
        }

    def action_view_decisions(self):
        """Open what was decided about the customer's credit."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Credit Decisions of %s", self.partner_id.display_name),
            'res_model': 'credit.decision',
            'view_mode': 'list,form',
            'domain': [('account_id', '=', self.id)],
        }

    def action_view_held_orders(self):
        """Open the customer's orders on credit hold."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.action_credit_hold')
        return {**action, 'domain': [('credit_account_id', '=', self.id), ('credit_state', '=', 'hold')]}
