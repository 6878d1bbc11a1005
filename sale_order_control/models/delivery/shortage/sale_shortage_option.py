from odoo import api, fields, models
from odoo.exceptions import ValidationError

SHORTAGE_KINDS = [
    ('wait', "Wait for All of It"),
    ('split', "Deliver in Parts"),
    ('substitute', "Deliver a Substitute"),
    ('expedite', "Bring Supply Forward"),
    ('compensation', "Wait, with a Compensation"),
    ('cancel', "Do Without the Rest"),
]


class SaleShortageOption(models.Model):
    """The shortage policy: what is done about a shortage, the first that works being proposed."""

    _name = 'sale.shortage.option'
    _description = "Shortage Policy"
    _order = 'sequence, id'
    _rec_name = 'kind'

    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Empty: all companies.")
    class_ids = fields.Many2many(
        'sale.control.class', string="Customer Classes", help="Empty: customers of every class.")
    kind = fields.Selection(SHORTAGE_KINDS, string="What Is Done", required=True)
    max_days = fields.Integer(
        string="Days at Most",
        help="All of it must be there at most so many days after the day it is due. 0: no limit.")
    min_percent = fields.Float(
        string="At Least in Time (%)", help="Parts only: so much of it must be there on the day it is due.")
    max_percent = fields.Float(
        string="At Most (%)", help="Compensation only: the biggest discount on the line. It is judged like any other.")
    max_freight = fields.Monetary(
        string="Freight at Most",
        help="Compensation only: freight that costs more is not waived. 0: no freight is waived.")
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id')
    needs_consent = fields.Boolean(
        string="Customer Agrees", default=True, help="It is done only when the customer has agreed, or was asked.")

    _max_days_positive = models.Constraint('CHECK (max_days >= 0)', "The days cannot be below zero.")
    _percent_range = models.Constraint(
        'CHECK (COALESCE(min_percent, 0) BETWEEN 0 AND 100 AND COALESCE(max_percent, 0) BETWEEN 0 AND 100)',
        "A percentage lies between 0 and 100.")
    _max_freight_positive = models.Constraint(
        'CHECK (COALESCE(max_freight, 0) >= 0)', "The freight that is waived cannot be below zero.")

    @api.depends('company_id')
    @api.depends_context('company')
    def _compute_currency_id(self):
        # An option of all companies means the currency of each.
        for option in self:
            option.currency_id = (option.company_id or self.env.company).currency_id

    @api.constrains('kind', 'max_percent')
    def _check_compensation(self):
        for option in self:
            if option.kind == 'compensation' and not option.max_percent:
                raise ValidationError(self.env._(
                    "Say how much a compensation may be at most: enter a percentage above zero."))

    @api.model
    def _get_options(self, order):
        """Return the options of an order's company in the order in which they are tried.

        :param order: a single order, with full rights
        """
        return self.sudo().search([('company_id', 'in', (False, order.company_id.id))]).filtered(
            lambda option: option._is_for(order))

    def _is_for(self, order):
        """Whether the option is for the customer of an order."""
        self.ensure_one()
        return not self.class_ids or order.control_class_id in self.class_ids
