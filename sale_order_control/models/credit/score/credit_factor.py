from odoo import api, fields, models
from odoo.tools import float_repr

from .credit_scorecard_rules import FactorRule

FACTOR_KINDS = [
    ('days_late', "Average Days Late"),
    ('overdue_share', "Overdue Share (%)"),
    ('oldest_open', "Oldest Open Item (Days Overdue)"),
    ('tenure', "Customer For (Months)"),
    ('revenue', "Revenue"),
    ('dso', "Days Sales Outstanding"),
    ('returned_share', "Returned Share (%)"),
    ('complaints', "Justified Complaints"),
    ('external', "External Rating"),
    ('manual', "Judgement by Hand"),
]
# Factors that have answers instead of values, and those that look back over a period.
ANSWER_KINDS = ('external', 'manual')
PERIOD_KINDS = ('days_late', 'revenue', 'dso', 'returned_share', 'complaints')
MISSING_POLICIES = [
    ('zero', "Counts as 0"),
    ('neutral', "Counts as Neutral"),
    ('exclude', "Left Out"),
    ('no_grade', "No Grade Without It"),
]


class CreditScorecardPart(models.AbstractModel):
    """A part of a scorecard: frozen with it."""

    _name = 'credit.scorecard.part'
    _description = "Part of a Credit Scorecard"

    def _get_scorecards(self):
        return self.scorecard_id

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._get_scorecards()._check_draft()
        return parts

    def write(self, vals):
        self._get_scorecards()._check_draft()
        result = super().write(vals)
        # It may have been moved to another scorecard.
        self._get_scorecards()._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._get_scorecards()._check_draft()


class CreditFactor(models.Model):
    """One thing that a scorecard looks at, what it is worth, and how values become points."""

    _name = 'credit.factor'
    _description = "Credit Factor"
    _inherit = ['credit.scorecard.part']
    _order = 'sequence, id'

    scorecard_id = fields.Many2one('credit.scorecard', required=True, index=True, ondelete='cascade')
    sequence = fields.Integer(default=10)
    kind = fields.Selection(FACTOR_KINDS, required=True, default='days_late')
    name = fields.Char(
        compute='_compute_name', inverse='_inverse_name', search='_search_name',
        help="What it is called in explanations; by default what it measures, in the language of the reader.")
    own_name = fields.Char(translate=True, help="Empty: the factor is called what it measures.")
    description = fields.Text(compute='_compute_description')
    weight = fields.Float(
        required=True, default=10.0, digits=(6, 1),
        help="How much the factor counts beside the others. Weights need not add up to 100.")
    months = fields.Integer(
        string="Look Back (Months)", default=12, help="How far back documents count, for factors of a period.")
    missing = fields.Selection(
        MISSING_POLICIES, string="Without Data", required=True, default='exclude',
        help="What happens when nothing is known, as of a new customer. Left out: the other factors decide alone. "
             "No grade: the customer gets no score until something is known.")
    neutral_points = fields.Float(digits=(5, 1), default=50.0, help="Points that stand for “nothing known”.")
    range_ids = fields.One2many('credit.factor.range', 'factor_id', string="Points", copy=True)
    range_summary = fields.Char(string="Points by Value", compute='_compute_range_summary')
    share = fields.Float(string="Share (%)", compute='_compute_share', digits=(5, 1))

    _weight_positive = models.Constraint(
        'CHECK (weight > 0)', "A factor of weight 0 changes nothing: enter a weight above 0, or delete the factor.")
    _months_positive = models.Constraint('CHECK (months > 0)', "A factor looks back over one month at least.")
    _neutral_range = models.Constraint(
        'CHECK (neutral_points >= 0 AND neutral_points <= 100)', "Neutral points lie between 0 and 100.")

    @api.depends('kind', 'own_name')
    @api.depends_context('lang')
    def _compute_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for factor in self:
            factor.name = factor.own_name or kinds.get(factor.kind)

    def _inverse_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for factor in self:
            factor.own_name = factor.name not in (kinds.get(factor.kind), factor._get_plain_kind()) and factor.name

    @api.model
    def _search_name(self, operator, value):
        if operator not in ('ilike', 'in'):
            return NotImplemented
        kinds = [
            kind for kind, label in self._fields['kind']._description_selection(self.env)
            if (value.lower() in label.lower() if operator == 'ilike' else label in value)]
        return fields.Domain('own_name', operator, value) | (
            fields.Domain('own_name', '=', False) & fields.Domain('kind', 'in', kinds))

    def _get_plain_kind(self):
        """Return what the factor measures in the language of the source: what records keep."""
        return dict(FACTOR_KINDS).get(self.kind)

    @api.depends('kind')
    def _compute_description(self):
        for factor in self:
            factor.description = factor._get_description()

    def _get_description(self):
        """Say what the factor measures, and by which formula."""
        return {
            'days_late': self.env._(
                "How many days after the due date invoices were paid in the period, on average, weighted by amount. "
                "Paid early counts as on time."),
            'overdue_share': self.env._("Share of the unpaid invoices that is overdue, payments on account deducted."),
            'oldest_open': self.env._("Days since the oldest unpaid invoice was due; 0 when nothing is overdue."),
            'tenure': self.env._(
                "Whole months since the first invoice or confirmed order, or since the day entered on the account."),
            'revenue': self.env._("Net revenue of the period: invoices less credit notes, without taxes."),
            'dso': self.env._(
                "Unpaid invoices ÷ sales of the period including taxes × days of the period; for a new customer the "
                "days since the first sale. The usual formula, as Dynamics 365 Finance uses it."),
            'returned_share': self.env._(
                "Of the value ordered in the period and delivered, the share that came back."),
            'complaints': self.env._("Number of complaints of the period that were justified."),
            'external': self.env._(
                "The rating of an agency or insurer, entered on the account. Several ratings of equal worth are "
                "separated by commas."),
            'manual': self.env._("A question that a credit controller answers on the account, e.g. reputation."),
        }.get(self.kind, "")

    @api.depends('range_ids.value_from', 'range_ids.points', 'range_ids.answer', 'kind')
    def _compute_range_summary(self):
        for factor in self:
            factor.range_summary = " · ".join(
                f"{line._get_label()} → {float_repr(line.points, 1).removesuffix('.0')}"
                for line in factor._get_ranges())

    @api.depends('weight', 'scorecard_id.factor_ids.weight')
    def _compute_share(self):
        for factor in self:
            total = sum(factor.scorecard_id.factor_ids.mapped('weight'))
            factor.share = 100 * factor.weight / total if total else 0.0

    def _get_ranges(self):
        return self.range_ids.sorted(lambda line: (line.value_from, line.sequence) if (
            self.kind not in ANSWER_KINDS) else (line.sequence, line.value_from))

    def _get_problems(self):
        """Say what is missing or contradictory in the ranges, in whole sentences."""
        self.ensure_one()
        if not self.range_ids:
            return [self.env._("Factor “%s” has no points: say which value is worth how much.", self.name)]
        if self.kind in ANSWER_KINDS:
            answers = [answer for line in self.range_ids for answer in line._get_answers()]
            if any(not line._get_answers() for line in self.range_ids):
                return [self.env._(
                    "Factor “%s” has points without an answer. Enter the answer they are for.", self.name)]
            doubles = sorted({answer for answer in answers if answers.count(answer) > 1})
            return [
                self.env._("Factor “%(factor)s” gives points for “%(answer)s” twice.", factor=self.name, answer=answer)
                for answer in doubles
            ]
        starts = self.range_ids.mapped('value_from')
        doubles = sorted({start for start in starts if starts.count(start) > 1})
        if doubles:
            return [self.env._(
                "Two ranges of factor “%(factor)s” overlap: both begin at %(value)s.", factor=self.name,
                value=float_repr(doubles[0], 1).removesuffix('.0'))]
        if len(set(self.range_ids.mapped('points'))) == 1:
            return [self.env._(
                "Factor “%s” gives every customer the same points and so tells nobody apart.", self.name)]
        return []

    def _get_rule(self):
        """Return the factor as plain values."""
        self.ensure_one()
        has_answers = self.kind in ANSWER_KINDS
        return FactorRule(
            id=self.id, name=self.name, kind=self.kind, months=self.months if self.kind in PERIOD_KINDS else 0,
            weight=self.weight, missing=self.missing, neutral_points=self.neutral_points,
            steps=() if has_answers else tuple((line.value_from, line.points) for line in self._get_ranges()),
            answers={
                answer: line.points for line in self.range_ids for answer in line._get_answers()
            } if has_answers else {})


class CreditFactorRange(models.Model):
    """From which value on a factor is worth how many points; up to where the next range begins.

    Only where a range begins is entered, so that ranges can leave no gap.
    """

    _name = 'credit.factor.range'
    _description = "Points of a Credit Factor"
    _inherit = ['credit.scorecard.part']
    _order = 'sequence, value_from, id'
    _rec_name = 'answer'

    factor_id = fields.Many2one('credit.factor', required=True, index=True, ondelete='cascade')
    sequence = fields.Integer(default=10)
    kind = fields.Selection(related='factor_id.kind')
    value_from = fields.Float(string="From", digits=(16, 1), help="Values below the first range belong to it as well.")
    value_to = fields.Char(string="Below", compute='_compute_value_to')
    answer = fields.Char(help="The answer, or ratings separated by commas.")
    points = fields.Float(required=True, digits=(5, 1), help="0 is the worst, 100 the best.")

    _points_range = models.Constraint(
        'CHECK (points >= 0 AND points <= 100)', "Points lie between 0 (worst) and 100 (best).")

    def _get_scorecards(self):
        return self.factor_id.scorecard_id

    @api.depends('value_from', 'factor_id.range_ids.value_from')
    def _compute_value_to(self):
        for line in self:
            end = line._get_end()
            line.value_to = "" if end is None else float_repr(end, 1).removesuffix('.0')

    def _get_end(self):
        above = [other.value_from for other in self.factor_id.range_ids if other.value_from > self.value_from]
        return min(above, default=None)

    def _get_answers(self):
        """Return the answers that have these points, in lower case."""
        if self.kind == 'external':
            return [answer.strip().lower() for answer in (self.answer or "").split(',') if answer.strip()]
        return [self.answer.strip().lower()] if (self.answer or "").strip() else []

    def _get_label(self):
        if self.kind in ANSWER_KINDS:
            return self.answer or ""
        end, start = self._get_end(), f"{self.value_from:,.1f}".removesuffix('.0')
        if end is None:
            return self.env._("from %s", start)
        return self.env._("%(start)s to %(end)s", start=start, end=f"{end:,.1f}".removesuffix('.0'))
