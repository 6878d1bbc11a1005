from odoo import api, fields, models
from odoo.exceptions import ValidationError

EFFECTS = [
    ('allow', "Allow"),
    ('warn', "Warn"),
    ('approve', "Needs Approval"),
    ('block', "Block"),
]
LIMIT_KINDS = [
    ('none', "No Limit"),
    ('zero', "Zero: Prepaid Only"),
    ('amount', "Limited Amount"),
]
APPLY_MODES = [
    ('automatic', "Count at Once"),
    ('controller', "Need a Controller"),
]
# What an account without a grade gets: it is judged by its limit alone.
UNGRADED_EFFECTS = {'submit': 'approve', 'confirm': 'approve', 'release': 'block'}


class CreditGrade(models.Model):
    """What the company lets customers of one creditworthiness do."""

    _name = 'credit.grade'
    _description = "Credit Grade"
    _order = 'sequence, code, id'
    _rec_names_search = ['name', 'code']

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, size=8, help="Short name shown in lists: A, B, C...")
    sequence = fields.Integer(default=10, help="The best grade first.")
    active = fields.Boolean(default=True)
    color = fields.Integer()
    company_id = fields.Many2one('res.company', help="Leave empty to share between companies.")
    currency_id = fields.Many2one(
        'res.currency', required=True, default=lambda self: self.env.company.currency_id,
        help="Currency of the amounts below. For a customer of a company with another currency they are "
             "converted at the day's rate.")

    max_order_amount = fields.Monetary(
        string="Maximum Order", help="Biggest single order including taxes. 0 means that orders of any size pass.")
    overdue_days = fields.Integer(
        string="Tolerated Days Overdue",
        help="Overdue invoices stop orders only when the oldest is overdue for longer than this and the overdue "
             "amount is above the tolerated one.")
    overdue_amount = fields.Monetary(
        string="Tolerated Overdue Amount", help="Overdue amounts up to this one never stop an order.")
    watch_percent = fields.Float(
        string="Watch Threshold (%)", default=80.0,
        help="From this share of the limit on, the salesperson is warned. 0 switches the warning off.")

    apply_mode = fields.Selection(
        APPLY_MODES, string="Proposals of the Score",
        help="Whether a score that proposes to give or to leave this grade counts at once, or waits until a credit "
             "controller applies it. Empty: as the scorecard says.")

    submit_effect = fields.Selection(
        EFFECTS, string="On Submission", required=True, default='approve',
        help="What an excess, an overdue invoice or too big an order does to a quotation that is submitted.")
    confirm_effect = fields.Selection(
        EFFECTS, string="On Confirmation", required=True, default='approve',
        help="The same when the order is confirmed, or a confirmed order grows.")
    release_effect = fields.Selection(
        EFFECTS, string="On Delivery", required=True, default='block',
        help="The same when goods are about to leave. What was agreed at confirmation does not stop the goods "
             "again, unless it became worse.")

    _code_unique = models.UniqueIndex(
        "(code, COALESCE(company_id, 0)) WHERE active", "Two grades of a company cannot have the same code.")
    _amounts_positive = models.Constraint(
        'CHECK (max_order_amount >= 0 AND overdue_amount >= 0)',
        "The amounts of a credit grade cannot be negative.")
    _overdue_days_positive = models.Constraint(
        'CHECK (overdue_days >= 0)', "The tolerated days overdue cannot be negative.")
    _watch_percent_range = models.Constraint(
        'CHECK (watch_percent >= 0 AND watch_percent <= 100)',
        "The watch threshold is a share of the limit: between 0 and 100 %.")

    @api.constrains('submit_effect', 'confirm_effect', 'release_effect', 'watch_percent')
    def _check_effect(self):
        for grade in self:
            effects = {grade.submit_effect, grade.confirm_effect, grade.release_effect}
            if effects == {'allow'} and not grade.watch_percent:
                raise ValidationError(self.env._(
                    "Grade %s has no effect: it allows everything at every step and warns of nothing. Let it warn, ask "
                    "for approval or block at one step at least, or enter a watch threshold.", grade.name))

    @api.constrains('company_id', 'currency_id')
    def _check_currency(self):
        for grade in self:
            company = grade.company_id
            if company and grade.currency_id != company.currency_id:
                raise ValidationError(self.env._(
                    "The amounts of grade %(grade)s must be in %(currency)s, the currency of %(company)s. A grade "
                    "shared between companies may use any currency.",
                    grade=grade.name, currency=company.currency_id.name, company=company.name))
            if grade._has_unknown_rate():
                raise ValidationError(self.env._(
                    "%(currency)s has no exchange rate, so the amounts of grade %(grade)s cannot be compared with what "
                    "customers owe. Enter a rate of %(currency)s first, or choose another currency.",
                    currency=grade.currency_id.name, grade=grade.name))
            if company.parent_id:
                raise ValidationError(self.env._(
                    "Credit is given by the main company: choose %(root)s for grade %(grade)s instead of its branch.",
                    root=company.root_id.name, grade=grade.name))

    def _has_unknown_rate(self):
        """Whether the amounts could not be converted: a company's own currency may do without a rate."""
        currency = self.currency_id.sudo()
        return not currency.rate_ids and not self.env['res.company'].sudo().search_count(
            [('currency_id', '=', currency.id)], limit=1)

    def _get_effect(self, checkpoint):
        """Return what a credit issue does at a checkpoint; an empty record stands for "no grade".

        :param str checkpoint: ``submit``, ``confirm`` or ``release``
        :return: ``allow``, ``warn``, ``approve`` or ``block``
        """
        return self[f'{checkpoint}_effect'] if self else UNGRADED_EFFECTS[checkpoint]

    def _convert(self, amount, currency, company, date):
        """Convert an amount of the grade into the currency of an account."""
        return self.currency_id._convert(amount, currency, company, date) if self else 0.0

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.env['credit.account'].sudo().search_count([('grade_id', 'in', self.ids)], limit=1):
            raise ValidationError(self.env._("A grade that customers have cannot be deleted. Archive it instead."))
