from odoo import fields, models

PEOPLE = "[('share', '=', False), ('company_ids', 'in', company_id)]"


class SaleControlSetup(models.TransientModel):
    """Further chains: joint review, first and second review, help of another department."""

    _inherit = 'sale.control.setup'

    # === FIELDS ===#

    preset = fields.Selection(
        selection_add=[
            ('joint', "Joint review"),
            ('review', "First and second review"),
            ('help', "Help of another department"),
        ],
        ondelete={'joint': 'cascade', 'review': 'cascade', 'help': 'cascade'})
    purchasing_ids = fields.Many2many('res.users', 'sale_control_setup_purchasing_rel', domain=PEOPLE)
    technical_ids = fields.Many2many(
        'res.users', 'sale_control_setup_technical_rel', string="Technical Department", domain=PEOPLE)
    legal_ids = fields.Many2many('res.users', 'sale_control_setup_legal_rel', domain=PEOPLE)
    joint_amount = fields.Monetary(
        string="Reviewed From This Amount", default=5000.0, help="0: every order is reviewed jointly.")
    reviewer_ids = fields.Many2many(
        'res.users', 'sale_control_setup_reviewer_rel', string="First Reviewers", domain=PEOPLE,
        help="Check data, availability and prices of every order.")
    review_amount = fields.Monetary(
        string="First Review From This Amount", default=0.0, help="0: every order is looked at.")
    review_discount = fields.Float(string="Second Review Above This Discount %", default=20.0)
    review_margin = fields.Float(string="Second Review Below This Margin %", default=5.0)
    department_ids = fields.Many2many(
        'res.users', 'sale_control_setup_department_rel', string="Persons of the Department", domain=PEOPLE)
    department_categ_ids = fields.Many2many(
        'product.category', string="Products That Need It",
        help="Orders with such products are put to the department, besides those with special requirements.")

    # === WHAT IS THERE ===#

    def _get_preset_texts(self):
        return {
            **super()._get_preset_texts(),
            'joint': self.env._(
                "Sales, purchasing, technical department and finance give their opinion in writing at the same time, "
                "then legal, then the general manager decides."),
            'review': self.env._(
                "A first reviewer checks every order; the sales manager decides on exceptions: discount, margin, "
                "terms, credit, shortage, late date."),
            'help': self.env._(
                "Orders with special requirements, or of certain products, are put to another department, which gives "
                "its opinion in writing before the sales manager decides."),
        }

    def _get_shown_fields(self):
        return {
            **super()._get_shown_fields(),
            'joint_amount': ('joint.review', 'min_amount'),
            'review_amount': ('review.first', 'min_amount'),
            'review_discount': ('review.second', 'max_discount'),
            'review_margin': ('review.second', 'min_margin_percent'),
        }

    def _get_current_values(self, company, preset):
        values = super()._get_current_values(company, preset)
        products = self._get_preset_policies(company).get('help.products')
        if products and products.active:
            values['department_categ_ids'] = [fields.Command.set(products.product_categ_ids.ids)]
        return values

    def _get_shown_levels(self):
        places = {
            'sales_manager_ids': [('joint.review', 'sales'), ('review.second', 'sales'), ('help.department', 'sales')],
            'finance_ids': [('joint.review', 'finance')],
            'general_manager_ids': [('joint.review', 'director')],
            'purchasing_ids': [('joint.review', 'purchasing')],
            'technical_ids': [('joint.review', 'technical')],
            'legal_ids': [('joint.review', 'legal')],
            'reviewer_ids': [('review.first', 'reviewer')],
            'department_ids': [('help.department', 'department')],
        }
        known = super()._get_shown_levels()
        return {**known, **{name: known.get(name, []) + own for name, own in places.items()}}

    def _get_required_people(self):
        return {
            'joint': ('sales_manager_ids', 'purchasing_ids', 'technical_ids', 'finance_ids', 'legal_ids',
                      'general_manager_ids'),
            'review': ('reviewer_ids', 'sales_manager_ids'),
            'help': ('department_ids', 'sales_manager_ids'),
        }.get(self.preset) or super()._get_required_people()

    # === WHAT IS SET UP ===#

    def _prepare_policies(self):
        prepare = {
            'joint': self._prepare_joint_policies,
            'review': self._prepare_review_policies,
            'help': self._prepare_help_policies,
        }.get(self.preset)
        return prepare() if prepare else super()._prepare_policies()

    def _prepare_opinion(self, name, users, sequence=10):
        return self._prepare_level(name, sequence, users, comment_required=True)

    def _prepare_joint_policies(self):
        finance = {'finance': self._prepare_opinion(self.env._("Finance"), self.finance_ids)}
        return {
            'joint.review': (
                {'name': self.env._("Joint review"), 'sequence': 40, 'min_amount': self.joint_amount},
                {
                    'sales': self._prepare_opinion(self.env._("Sales"), self.sales_manager_ids),
                    'purchasing': self._prepare_opinion(self.env._("Purchasing"), self.purchasing_ids),
                    'technical': self._prepare_opinion(self.env._("Technical department"), self.technical_ids),
                    **finance,
                    'legal': self._prepare_opinion(self.env._("Legal"), self.legal_ids, 20),
                    'director': self._prepare_level(self.env._("Director"), 30, self.general_manager_ids),
                }),
            # Somebody must be able to agree to an order over its limit that is too small for the review.
            'joint.credit': (
                {'name': self.env._("Credit, long terms or another issue"), 'sequence': 41, 'on_credit_issue': True,
                 'on_long_terms': True},
                finance),
        }

    def _prepare_review_policies(self):
        first = {'reviewer': self._prepare_level(self.env._("First review"), 10, self.reviewer_ids)}
        return {
            'review.first': (
                {'name': self.env._("First review"), 'sequence': 50, 'min_amount': self.review_amount}, first),
            'review.second': (
                {
                    'name': self.env._("Second review of exceptions"), 'sequence': 51,
                    'max_discount': self.review_discount, 'min_margin_percent': self.review_margin,
                    'on_credit_issue': True, 'on_long_terms': True, 'on_shortage': True, 'on_late_promise': True,
                },
                {**first, 'sales': self._prepare_level(
                    self.env._("Second review"), 20, self.sales_manager_ids, distinct_persons=True)}),
        }

    def _prepare_help_policies(self):
        levels = {
            'department': self._prepare_opinion(self.env._("Other department"), self.department_ids),
            'sales': self._prepare_level(self.env._("Sales manager"), 20, self.sales_manager_ids),
        }
        policies = {'help.department': (
            {'name': self.env._("Special requirements"), 'sequence': 60,
             'domain': "[('special_requirement', '!=', False)]"}, levels)}
        if self.department_categ_ids:
            policies['help.products'] = (
                {'name': self.env._("Products that need another department"), 'sequence': 61,
                 'product_categ_ids': sorted(self.department_categ_ids.ids)}, levels)
        return policies
