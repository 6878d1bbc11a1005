from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError


class SaleAssignmentRule(models.Model):
    """Who gets an order that came in without a salesperson: the first rule that fits, then who has least to do."""

    _name = 'sale.assignment.rule'
    _inherit = ['sale.control.cached']
    _description = "Assignment Rule"
    _order = 'sequence, id'

    name = fields.Char(required=True, help="e.g. “Desks, west coast”.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Leave empty for all companies.")

    # Which orders.
    country_ids = fields.Many2many('res.country', string="Countries", help="Of the customer. Empty: any.")
    state_ids = fields.Many2many('res.country.state', string="States", help="Of the customer. Empty: any.")
    zip_from = fields.Char(string="Postal Codes From", help="Compared from the left: 10 to 19 includes 19999.")
    zip_to = fields.Char(string="To")
    sale_type_ids = fields.Many2many('sale.control.type', string="Sales Types")
    class_ids = fields.Many2many(
        'sale.control.class', string="Customer Classes", help="e.g. the most important customers, for who knows them.")
    category_ids = fields.Many2many(
        'product.category', string="Product Groups", help="One product of a group, or of a group below it, is enough.")

    # Who.
    user_ids = fields.Many2many(
        'res.users', string="Salespeople", domain="[('share', '=', False)]", help="Leave empty for the whole team.")
    team_id = fields.Many2one('crm.team', string="Sales Team")
    max_open = fields.Integer(
        string="Open Orders at Most",
        help="Who has so many quotations and undelivered orders gets no more by this rule. 0: no limit.")
    warning = fields.Char(compute='_compute_warning')
    assignment_ids = fields.One2many('sale.assignment', 'rule_id')
    assignment_count = fields.Integer(string="Assigned", compute='_compute_assignment_count')

    _max_open_positive = models.Constraint('CHECK (max_open >= 0)', "The limit of open orders cannot be negative.")

    # === COMPUTE METHODS ===#

    @api.depends('user_ids.active', 'team_id', 'company_id')
    def _compute_warning(self):
        for rule in self:
            company = rule.company_id or self.env.company
            rule.warning = not rule.sudo()._get_people(company) and self.env._(
                "Nobody can get orders by this rule in %(company)s: choose salespeople who use the system and work "
                "for this company. Orders go to the next rule.", company=company.name)

    def _compute_assignment_count(self):
        counts = dict(self.env['sale.assignment']._read_group([('rule_id', 'in', self.ids)], ['rule_id'], ['__count']))
        for rule in self:
            rule.assignment_count = counts.get(rule, 0)

    # === CONSTRAINTS ===#

    @api.constrains('user_ids', 'team_id')
    def _check_people(self):
        for rule in self:
            if not rule.user_ids and not rule.team_id:
                raise ValidationError(self.env._("“%s” has nobody to give orders to. Choose salespeople or a team.",
                                                 rule.name))

    @api.constrains('zip_from', 'zip_to')
    def _check_zip(self):
        for rule in self:
            if bool(rule.zip_from) != bool(rule.zip_to):
                raise ValidationError(self.env._("Enter the first and the last postal code of “%s”.", rule.name))

    # === ACTION METHODS ===#

    def action_view_assignments(self):
        """Open the orders that this rule gave to somebody."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.sale_assignment_action')
        return {**action, 'domain': [('rule_id', '=', self.id)], 'context': {}}

    # === MATCHING ===#

    @api.model
    @tools.ormcache('company_id')
    def _get_rule_ids(self, company_id):
        """Return the ids of the active rules of a company, in their order."""
        return tuple(self.sudo().search([('company_id', 'in', (False, company_id))]).ids)

    def _get_people(self, company):
        """Return who may get orders of a company by this rule."""
        self.ensure_one()
        people = self.user_ids or self.team_id.member_ids
        return people.filtered(lambda user: user.active and not user.share and company in user.company_ids)

    def _match(self, order):
        """Say why the rule fits an order.

        :return: list of the words that matched, or None if it does not fit
        """
        self.ensure_one()
        partner, words = order.partner_id, []
        for wanted, found in (
            (self.country_ids, partner.country_id), (self.state_ids, partner.state_id),
            (self.sale_type_ids, order.sale_type_id), (self.class_ids, order.control_class_id),
        ):
            if wanted and found not in wanted:
                return None
            words += wanted and [found.display_name] or []
        if self.zip_from:
            code = (partner.zip or "").strip().upper()
            first, last = self.zip_from.strip().upper(), self.zip_to.strip().upper()
            if not code or code[:len(first)] < first or code[:len(last)] > last:
                return None
            words.append(code)
        if self.category_ids:
            paths = tuple(self.category_ids.mapped('parent_path'))
            groups = order.order_line.product_id.categ_id.filtered(
                lambda group: (group.parent_path or '').startswith(paths))
            if not groups:
                return None
            words += groups.mapped('name')
        return words
