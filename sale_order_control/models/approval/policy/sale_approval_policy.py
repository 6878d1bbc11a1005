from ast import literal_eval
from dataclasses import dataclass

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain

# Triggers that judge orders only.
ORDER_TRIGGERS = (
    'max_discount', 'min_margin_percent', 'below_list_percent', 'below_cost', 'on_credit_issue',
    'on_long_terms', 'on_shortage', 'on_late_promise', 'on_free_goods')
# Fields of a rule that ask by themselves; without any, everything in scope is asked about.
TRIGGERS = ('min_amount', *ORDER_TRIGGERS)
# What limits the orders a policy looks at, besides its domain.
ORDER_SCOPE = (
    'sale_type_ids', 'team_ids', 'partner_tag_ids', 'class_ids', 'country_ids', 'product_categ_ids', 'customer_kind')
# Triggers that fire on findings of other rooms: field and kind of issue.
ISSUE_TRIGGERS = {'on_long_terms': 'long_terms', 'on_shortage': 'shortage', 'on_late_promise': 'late_promise'}


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """An active policy as a plain value: the gate reads it on every order, so it is cached.

    :ivar domain: text of the domain on the documents, ``[]`` for every one
    :ivar level_names: names of the levels in the order in which they decide
    :ivar is_readable: whether the domain can be read; one that cannot matches every document
    """

    id: int
    name: str
    company_id: int
    domain: str
    sale_type_ids: frozenset
    min_amount: float
    currency_id: int
    max_discount: float
    min_margin_percent: float
    below_list_percent: float
    below_cost: bool
    on_credit_issue: bool
    cumulative_days: int
    stop_here: bool
    date_from: object
    date_to: object
    level_names: tuple
    is_readable: bool = True
    on_long_terms: bool = False
    on_shortage: bool = False
    on_late_promise: bool = False
    late_promise_days: int = 0
    on_free_goods: bool = False
    team_ids: frozenset = frozenset()
    partner_tag_ids: frozenset = frozenset()
    class_ids: frozenset = frozenset()
    country_ids: frozenset = frozenset()
    product_categ_ids: frozenset = frozenset()
    customer_kind: str = ''
    new_customer_days: int = 0

    @property
    def is_unconditional(self):
        """Whether every order in scope needs the approval."""
        return not any(getattr(self, trigger) for trigger in TRIGGERS)

    @property
    def answers_issues(self):
        """Whether the policy says who agrees to what other controls found."""
        return self.on_credit_issue or any(getattr(self, trigger) for trigger in ISSUE_TRIGGERS)

    def is_valid_on(self, day):
        """Whether the policy counts on a day."""
        return (not self.date_from or self.date_from <= day) and (not self.date_to or day <= self.date_to)


class SaleApprovalPolicy(models.Model):
    _name = 'sale.approval.policy'
    _inherit = ['sale.control.cached']
    _description = "Approval Policy"
    _order = 'sequence, id'
    _check_company_auto = True

    # === FIELDS ===#

    name = fields.Char(required=True, help="Shown to the salesperson and to the approvers as the reason.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', required=True, default=lambda self: self.env.company, index=True,
        help="The policy counts for this company and its branches.")
    res_model = fields.Selection(
        selection='_selection_res_model', string="About", required=True, default='sale.order',
        help="The kind of document that needs the approval.")
    domain = fields.Char(
        string="Which Documents", default='[]',
        help="Only documents that match are in scope. Leave empty for all of the company.")
    sale_type_ids = fields.Many2many(
        'sale.control.type', string="Sales Types", help="Leave empty for every sales type that runs approval.")
    currency_id = fields.Many2one(
        'res.currency', required=True, default=lambda self: self.env.company.currency_id,
        help="Currency of the amount below. Amounts in other currencies are converted at the rate of the order's date, "
             "or of today where that comes to more.")
    min_amount = fields.Monetary(
        string="Amount From", help="Amount without taxes from which approval is needed. 0: the amount does not matter.")
    cumulative_days = fields.Integer(
        string="Count Orders of the Last Days",
        help="The amount is counted together with the customer's other orders of so many days, confirmed or waiting "
             "for approval, so that splitting an order does not help. 0: each order by itself.")
    max_discount = fields.Float(
        string="Discount Above %", digits='Discount',
        help="Approval is needed when a line's effective discount is higher. 0: the discount does not matter.")
    min_margin_percent = fields.Float(
        string="Margin Below %", digits=(16, 2),
        help="Approval is needed when the order's margin is lower. 0: the margin does not matter.")
    below_list_percent = fields.Float(
        string="Below List Price by More Than %", digits='Discount',
        help="Approval is needed when a price, after all discounts, is lower than what the customer's own pricelist "
             "asks (else the product's sales price) on the day the order was entered. A pricelist chosen on the order "
             "does not count. 0: list prices do not matter.")
    below_cost = fields.Boolean(help="Approval is needed when a price, after all discounts, is lower than the cost.")
    on_credit_issue = fields.Boolean(
        string="On Credit or Other Issue",
        help="Approval is needed when another control, usually credit, says that somebody must agree: an order "
             "over the limit, overdue invoices, a sales type chosen by hand. Without such a policy, nobody can "
             "agree to these issues and the orders stay on hold.")
    tolerance_percent = fields.Float(
        string="Tolerance %", digits=(16, 2),
        help="By how much an approved order may get worse before it must be approved again: percent of amounts, "
             "quantities, prices and discounts, percentage points of the margin.")
    date_from = fields.Date(string="Valid From", help="Orders submitted before this day are not asked about.")
    date_to = fields.Date(string="Valid Until")
    stop_here = fields.Boolean(
        string="Ask No Later Policy",
        help="When this policy asks for approval, those after it are not asked any more. Policies for issues of other "
             "controls always are.")
    expire_days = fields.Integer(
        string="Clears Itself After Days", default=7,
        help="Calendar days after which a request that nobody finished deciding is cleared: the document goes back to "
             "its maker, who is told, as managers are. Warned one day before. 0: it waits for ever.")
    level_ids = fields.One2many('sale.approval.level', 'policy_id', string="Levels", copy=True)

    _amount_positive = models.Constraint(
        'CHECK (min_amount >= 0)', "The amount from which approval is needed cannot be negative.")
    _discount_range = models.Constraint(
        'CHECK (max_discount >= 0 AND max_discount <= 100)', "The discount must be between 0 and 100 %.")
    _margin_range = models.Constraint(
        'CHECK (min_margin_percent <= 100)', "The margin cannot be above 100 %.")
    _below_list_range = models.Constraint(
        'CHECK (below_list_percent >= 0 AND below_list_percent <= 100)', "Below list price: between 0 and 100 %.")
    _tolerance_range = models.Constraint(
        'CHECK (tolerance_percent >= 0 AND tolerance_percent <= 100)', "The tolerance must be between 0 and 100 %.")
    _cumulative_positive = models.Constraint('CHECK (cumulative_days >= 0)', "The number of days cannot be negative.")
    _dates_in_order = models.Constraint(
        'CHECK (date_from IS NULL OR date_to IS NULL OR date_from <= date_to)',
        "A policy must not end before it begins.")
    _expire_positive = models.Constraint('CHECK (expire_days >= 0)', "The number of days cannot be negative.")

    # === CONSTRAINT METHODS ===#

    @api.constrains('name', 'active', 'level_ids')
    def _check_levels(self):
        for policy in self:
            if policy.active and not policy.level_ids:
                raise ValidationError(self.env._(
                    "The policy “%s” has no level: add at least one level that says who approves.", policy.name))

    @api.constrains('domain', 'res_model')
    def _check_domain(self):
        for policy in self:
            problem = policy._explain_domain()
            if problem:
                raise ValidationError(self.env._(
                    "The condition of policy “%(policy)s” cannot be used: %(reason)s",
                    policy=policy.name, reason=problem))

    @api.constrains('res_model', *ORDER_TRIGGERS, *ORDER_SCOPE)
    def _check_triggers(self):
        for policy in self.filtered(lambda policy: policy.res_model != 'sale.order'):
            wrong = [name for name in (*ORDER_TRIGGERS, *ORDER_SCOPE) if policy[name]]
            if wrong:
                raise ValidationError(self.env._(
                    "The policy “%(policy)s” is not about orders: take away %(fields)s.", policy=policy.name,
                    fields=", ".join(f"“{self._fields[name]._description_string(self.env)}”" for name in wrong)))

    # === SELECTION METHODS ===#

    @api.model
    def _selection_res_model(self):
        """List the approvable models: whatever inherits the mixin."""
        return [
            (name, self.env['ir.model']._get(name).name)
            for name, model in sorted(self.env.registry.items())
            if not model._abstract and hasattr(model, '_submit_for_approval')
        ]

    # === BUSINESS METHODS ===#

    @api.model
    def _parse_domain(self, text):
        """Read the text of a condition; only constants are understood, never code."""
        return Domain(literal_eval(text or '[]'))

    def _explain_domain(self):
        """Say why the condition cannot be used; empty if it can.

        It could when it was saved; a field is gone when the app is that it came from.
        """
        self.ensure_one()
        if self.res_model not in self.env:
            return self.env._("there is no document of the kind “%s” any more.", self.res_model)
        try:
            self._parse_domain(self.domain).validate(self.env[self.res_model])
        except Exception as error:
            # Whatever is wrong with a typed condition, the person who typed it must read why.
            return self._explain_path() or str(error)
        return ""

    def _explain_path(self):
        """Name the first field of the condition that does not exist; empty if all do."""
        for path in self._get_condition_paths():
            model = self.env[self.res_model]
            for name in path.split('.'):
                field = model._fields.get(name)
                if field is None:
                    return self.env._(
                        "there is no field “%(field)s” in %(model)s (“%(path)s”).",
                        field=name, model=self.env['ir.model'].sudo()._get(model._name).name, path=path)
                model = self.env[field.comodel_name] if field.relational else model.browse()
        return ""

    def _get_condition_paths(self):
        """Return the field paths of the condition, as typed; those inside ``any`` follow their field."""
        try:
            return list(dict.fromkeys(self._walk_condition(literal_eval(self.domain or '[]'))))
        except (ValueError, SyntaxError, TypeError):
            return []

    @api.model
    def _walk_condition(self, items, prefix=''):
        for item in items:
            if isinstance(item, (list, tuple)) and len(item) == 3 and isinstance(item[0], str):
                yield prefix + item[0]
                if item[1] in ('any', 'not any') and isinstance(item[2], (list, tuple)):
                    yield from self._walk_condition(item[2], f'{prefix}{item[0]}.')

    @api.model
    @tools.ormcache('company_ids', 'res_model')
    def _get_rules(self, company_ids, res_model='sale.order'):
        """Return the active policies of a company and its parents, in their order.

        :param tuple company_ids: the company and its parents
        :param str res_model: kind of document
        :return: tuple of :class:`PolicyRule`
        """
        policies = self.sudo().with_context(active_test=True).search(
            [('company_id', 'in', company_ids), ('res_model', '=', res_model)])
        return tuple(policy._prepare_rule() for policy in policies)

    def _prepare_rule(self):
        self.ensure_one()
        return PolicyRule(
            id=self.id,
            name=self.name,
            company_id=self.company_id.id,
            domain=self.domain or '[]',
            sale_type_ids=frozenset(self.sale_type_ids.ids),
            min_amount=self.min_amount,
            currency_id=self.currency_id.id,
            max_discount=self.max_discount,
            min_margin_percent=self.min_margin_percent,
            below_list_percent=self.below_list_percent,
            below_cost=self.below_cost,
            on_credit_issue=self.on_credit_issue,
            cumulative_days=self.cumulative_days if self.res_model == 'sale.order' else 0,
            stop_here=self.stop_here,
            date_from=self.date_from,
            date_to=self.date_to,
            level_names=tuple(self.level_ids.mapped('name')),
            is_readable=not self._explain_domain(),
        )
