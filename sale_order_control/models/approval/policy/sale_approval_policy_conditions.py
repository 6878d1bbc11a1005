from dataclasses import replace

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from .sale_approval_policy import ISSUE_TRIGGERS

CUSTOMER_KINDS = [
    ('first', "Without a confirmed order yet"),
    ('recent', "Whose first confirmed order is recent"),
]


class SaleApprovalPolicy(models.Model):
    """Conditions that need no domain: which orders a policy looks at, and what other controls find."""

    _inherit = 'sale.approval.policy'

    # === FIELDS ===#

    team_ids = fields.Many2many(
        'crm.team', string="Sales Teams", ondelete='restrict',
        help="The order's team, or a team of its salesperson or of who entered it. Leave empty for every team.")
    partner_tag_ids = fields.Many2many(
        'res.partner.category', string="Customer Tags", ondelete='restrict',
        help="A tag of the customer, of its company or of who is invoiced. While a policy names a tag, only a manager "
             "of order control can take it off a contact. Leave empty for every customer.")
    class_ids = fields.Many2many(
        'sale.control.class', string="Customer Classes", ondelete='restrict',
        help="The class of the customer or of who is invoiced. A class says who is served first: use it to ask about "
             "other figures of some customers, not to ask about all that they order. Leave empty for every class.")
    country_ids = fields.Many2many(
        'res.country', string="Customer Countries", ondelete='restrict',
        help="The country of the customer, of who is invoiced or of the delivery address. Leave empty for every "
             "country.")
    product_categ_ids = fields.Many2many(
        'product.category', string="Product Categories", ondelete='restrict',
        help="At least one line sells a product of such a category, or of one below it. Leave empty for all products.")
    customer_kind = fields.Selection(
        CUSTOMER_KINDS, string="Only New Customers",
        help="A customer is a company with all its contacts. Leave empty for every customer.")
    new_customer_days = fields.Integer(
        string="First Order Within Days", default=90,
        help="A customer counts as new until so many days after its first confirmed order was entered.")
    on_long_terms = fields.Boolean(
        string="Terms Longer Than the Grade Allows",
        help="Approval is needed when credit control finds that the payment terms let the customer wait longer than "
             "its grade allows.")
    on_shortage = fields.Boolean(
        string="Not Enough Goods",
        help="Approval is needed when neither stock nor expected receipts cover a line. Needs promise control.")
    on_late_promise = fields.Boolean(
        string="Cannot Be Delivered in Time",
        help="Approval is needed when goods can be delivered only after the date that the customer asked for. Needs "
             "promise control.")
    late_promise_days = fields.Integer(
        string="Later by More Than Days", help="Days of delay that need no approval.")
    on_free_goods = fields.Boolean(
        string="Goods for Free",
        help="Approval is needed when something that has a price or a cost is sold for less than one percent of it. "
             "Rewards of promotions, delivery costs and the heads of combos do not count.")

    _days_positive = models.Constraint(
        'CHECK (late_promise_days >= 0 AND new_customer_days >= 0)', "The number of days cannot be negative.")

    # === CONSTRAINT METHODS ===#

    @api.constrains('customer_kind', 'new_customer_days')
    def _check_customer_kind(self):
        for policy in self:
            if policy.customer_kind == 'recent' and not policy.new_customer_days:
                raise ValidationError(self.env._(
                    "Policy “%s” looks at new customers: say for how many days after the first order a customer is "
                    "new, or choose customers without a confirmed order.", policy.name))

    # === BUSINESS METHODS ===#

    def _prepare_rule(self):
        rule = super()._prepare_rule()
        # What is archived since is still what the policy names.
        self = self.with_context(active_test=False)
        return replace(
            rule,
            **{name: self[name] for name in ISSUE_TRIGGERS},
            late_promise_days=self.late_promise_days,
            on_free_goods=self.on_free_goods,
            team_ids=frozenset(self.team_ids.ids),
            partner_tag_ids=frozenset(self.partner_tag_ids.ids),
            class_ids=frozenset(self.class_ids.ids),
            country_ids=frozenset(self.country_ids.ids),
            product_categ_ids=frozenset(self.product_categ_ids.ids),
            customer_kind=self.customer_kind or '',
            new_customer_days=self.new_customer_days,
        )

    @api.model
    @tools.ormcache()
    def _get_judged_tag_ids(self):
        """Return the ids of the customer tags that an active policy of any company names."""
        policies = self.sudo().with_context(active_test=False).search(
            [('active', '=', True), ('partner_tag_ids', '!=', False)])
        return frozenset(policies.partner_tag_ids.ids)
