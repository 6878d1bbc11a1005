from dataclasses import dataclass

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_repr, float_round, formatLang

LIMIT_FORMULAS = [
    ('none', "No Limit"),
    ('zero', "Zero: Prepaid Only"),
    ('fixed', "Fixed Amount"),
    ('revenue', "Multiple of Average Monthly Revenue"),
    ('score', "Proposed by Score"),
]


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """What the limit of one customer is worked out from.

    :ivar monthly_revenue: average net revenue of a month, in the currency of the account
    :ivar band_share: how far up the score lies in the band of the grade, 0 to 1; None without a score
    """

    monthly_revenue: float = 0.0
    band_share: float | None = None


class CreditGrade(models.Model):
    """How a grade works out the limit of its customers."""

    _inherit = 'credit.grade'

    limit_formula = fields.Selection(
        LIMIT_FORMULAS, required=True, default='none',
        help="How the limit of a customer of this grade is worked out. It is given to customers who have no limit of "
             "their own; one that was set by hand stays until somebody applies the proposal.")
    limit_amount = fields.Monetary(string="Limit", help="The limit of every customer of this grade.")
    limit_months = fields.Float(
        string="Months of Revenue", digits=(6, 1), default=2.0,
        help="The limit is so many times the customer's average monthly revenue without taxes.")
    limit_minimum = fields.Monetary(
        string="At Least", help="A smaller result is raised to this amount. By score: the limit at the lower end of "
                                "the grade's score band.")
    limit_maximum = fields.Monetary(
        string="At Most", help="A bigger result is cut to this amount; 0 means any. By score: the limit at the upper "
                               "end of the grade's score band.")
    limit_rounding = fields.Monetary(
        string="Rounded Down To", default=100, help="The result is rounded down to a multiple of this amount.")
    limit_summary = fields.Char(string="Limit Rule", compute='_compute_limit_summary')

    _limits_positive = models.Constraint(
        'CHECK (limit_amount >= 0 AND limit_minimum >= 0 AND limit_maximum >= 0 AND limit_rounding >= 0 '
        'AND limit_months >= 0)',
        "The limits of a credit grade cannot be negative.")

    @api.depends(
        'limit_formula', 'limit_amount', 'limit_months', 'limit_minimum', 'limit_maximum', 'currency_id')
    def _compute_limit_summary(self):
        formulas = dict(self._fields['limit_formula']._description_selection(self.env))
        for grade in self:
            grade.limit_summary = grade._word_formula() or formulas.get(grade.limit_formula)

    def _word_formula(self):
        def money(amount):
            return formatLang(self.env, amount, currency_obj=self.currency_id)
        if self.limit_formula == 'fixed':
            return money(self.limit_amount)
        if self.limit_formula == 'score':
            return self.env._(
                "%(low)s to %(high)s by score", low=money(self.limit_minimum), high=money(self.limit_maximum))
        if self.limit_formula != 'revenue':
            return ""
        bounds = {
            'months': float_repr(self.limit_months, 1).removesuffix('.0'), 'low': money(self.limit_minimum),
            'high': money(self.limit_maximum)}
        if self.limit_maximum:
            return self.env._("%(months)s × monthly revenue, %(low)s to %(high)s", **bounds)
        if self.limit_minimum:
            return self.env._("%(months)s × monthly revenue, at least %(low)s", **bounds)
        return self.env._("%(months)s × monthly revenue", **bounds)

    @api.constrains(
        'limit_formula', 'limit_amount', 'limit_months', 'limit_minimum', 'limit_maximum')
    def _check_limit_formula(self):
        for grade in self:
            formula, name = grade.limit_formula, grade.name
            if formula == 'fixed' and not grade.limit_amount:
                raise ValidationError(self.env._(
                    "Grade %s gives a fixed limit of 0. Enter an amount, or choose “No Limit” or “Zero: Prepaid Only”.",
                    name))
            if formula != 'fixed' and grade.limit_amount:
                raise ValidationError(self.env._(
                    "Grade %s has a limit amount that does not count. Choose “Fixed Amount”, or set it to 0.", name))
            if formula == 'revenue' and not grade.limit_months:
                raise ValidationError(self.env._(
                    "Grade %s gives no month of revenue as limit. Enter the number of months, for example 2.", name))
            if formula in ('revenue', 'score') and 0 < grade.limit_maximum < grade.limit_minimum:
                raise ValidationError(self.env._(
                    "The limits of grade %s cannot be at least more than they are at most.", name))
            if formula == 'score' and grade.limit_maximum <= grade.limit_minimum:
                raise ValidationError(self.env._(
                    "Grade %s proposes the limit by score: enter a higher amount for the upper end of its score band.",
                    name))

    def _get_limit(self, facts, currency, company, date):
        """Work out the limit of a customer of this grade.

        :param LimitFacts facts: what is known of the customer
        :param currency: currency of the account
        :param date: day of the rate at which the amounts of the grade are converted
        :return: ``(kind, amount)``; kind as in ``credit.account.limit_kind``. A result of 0 is a limit of zero
        """
        self.ensure_one()
        if self.limit_formula in ('none', 'zero'):
            return self.limit_formula, 0.0
        if self.limit_formula == 'fixed':
            return 'amount', self._convert(self.limit_amount, currency, company, date)
        minimum = self._convert(self.limit_minimum, currency, company, date)
        maximum = self._convert(self.limit_maximum, currency, company, date)
        if self.limit_formula == 'revenue':
            amount = self.limit_months * facts.monthly_revenue
        else:
            amount = minimum + (maximum - minimum) * (facts.band_share or 0.0)
        rounding = self._convert(self.limit_rounding, currency, company, date)
        if rounding:
            amount = float_round(amount, precision_rounding=rounding, rounding_method='DOWN')
        amount = max(amount, minimum)
        amount = currency.round(min(amount, maximum) if maximum else amount)
        return ('amount', amount) if amount > 0 else ('zero', 0.0)
