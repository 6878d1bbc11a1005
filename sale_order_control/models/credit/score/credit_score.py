from odoo import api, fields, models
from odoo.tools import float_repr, format_date, formatLang

from ...order.control_words import word_days, word_months
from .credit_factor import FACTOR_KINDS, MISSING_POLICIES
from .credit_grade import LIMIT_KINDS


class CreditScore(models.Model):
    """A fact: how a customer came to a score, a grade and a limit, with the figures seen. Never changed.

    Kept for each scoring, and for each time a grade was applied, set by hand, or fell back.
    """

    _name = 'credit.score'
    _inherit = ['credit.fact']
    _description = "Credit Score"
    _order = 'id desc'
    _rec_name = 'account_id'

    origin = fields.Selection(
        [('scored', "Scored"), ('applied', "Applied"), ('override', "Set by Hand"), ('override_end', "Fell Back")],
        string="What", required=True, readonly=True)
    scorecard_id = fields.Many2one('credit.scorecard', readonly=True, ondelete='restrict')
    score = fields.Float(digits=(5, 1), readonly=True)
    has_score = fields.Boolean(readonly=True, help="Tells a score of 0 from none.")
    band_share = fields.Float(readonly=True, help="How far up its band the score lies, 0 to 1.")
    former_grade_id = fields.Many2one('credit.grade', string="Grade Before", readonly=True, ondelete='restrict')
    grade_id = fields.Many2one('credit.grade', readonly=True, ondelete='restrict')
    limit_kind = fields.Selection(LIMIT_KINDS, readonly=True)
    limit_amount = fields.Monetary(string="Limit", readonly=True)
    monthly_revenue = fields.Monetary(readonly=True, help="Average net revenue of a month of the last year.")
    valid_until = fields.Date(readonly=True)
    blocking = fields.Char(readonly=True, help="The factor without which no grade is given.")
    line_ids = fields.One2many('credit.score.line', 'score_id', string="Factors", readonly=True)
    headline = fields.Char(string="Result", compute='_compute_explanation')
    explanation = fields.Text(compute='_compute_explanation')

    _account_idx = models.Index("(account_id, id DESC)")

    # === IN WORDS ===#

    @api.depends_context('lang')
    def _compute_explanation(self):
        for score in self:
            score.headline = score._word_result()
            score.explanation = " ".join(filter(None, [
                score.headline, *(line.explanation for line in score.line_ids), score._word_limit(), score.reason]))

    def _word_result(self):
        values = {'grade': self.grade_id.code, 'former': self.former_grade_id.code,
                  'score': float_repr(self.score, 1).removesuffix('.0')}
        if self.origin == 'scored':
            if self.blocking:
                return self.env._("No grade: nothing is known about “%s”.", self.blocking)
            if not self.has_score:
                return self.env._("No grade: nothing is known about the customer.")
            return self.env._("Grade %(grade)s: %(score)s points.", **values)
        if self.origin == 'applied':
            return self.env._("Grade %s applied.", self.grade_id.code)
        if not self.grade_id:
            return self.env._("The grade was taken away.")
        if self.origin == 'override':
            return self.env._("Grade %s set by hand.", self.grade_id.code)
        return self.env._("Back to grade %s.", self.grade_id.code)

    def _word_limit(self):
        if not self.grade_id or self.origin == 'override':
            return ""
        money = formatLang(self.env, self.limit_amount, currency_obj=self.currency_id)
        if self.limit_kind == 'none':
            return self.env._("Limit: none.")
        if self.limit_kind == 'zero':
            return self.env._("Limit: zero, prepaid only.")
        if self.grade_id.limit_formula == 'revenue' and self.origin == 'scored':
            return self.env._(
                "Limit: %(limit)s (%(rule)s; revenue of %(revenue)s a month).", limit=money,
                rule=self.grade_id.limit_summary,
                revenue=formatLang(self.env, self.monthly_revenue, currency_obj=self.currency_id))
        return self.env._("Limit: %s.", money)


class CreditScoreLine(models.Model):
    """What one factor saw and was worth in a score."""

    _name = 'credit.score.line'
    _inherit = ['sale.control.fact']
    _description = "Credit Score Factor"
    _order = 'sequence, id'
    _rec_name = 'name'

    score_id = fields.Many2one('credit.score', required=True, readonly=True, index=True, ondelete='restrict')
    currency_id = fields.Many2one('res.currency', readonly=True)
    sequence = fields.Integer(readonly=True)
    name = fields.Char(string="Factor", readonly=True)
    kind = fields.Selection(FACTOR_KINDS, readonly=True)
    months = fields.Integer(readonly=True)
    value = fields.Float(readonly=True, digits=(16, 1))
    answer = fields.Char(readonly=True)
    is_missing = fields.Boolean(string="No Data", readonly=True)
    missing = fields.Selection(MISSING_POLICIES, readonly=True)
    points = fields.Float(readonly=True, digits=(5, 1))
    weight = fields.Float(readonly=True, digits=(6, 1))
    contribution = fields.Float(
        string="Brings", readonly=True, digits=(5, 1), help="Points of the score that come from this factor.")
    finding = fields.Char(compute='_compute_explanation')
    explanation = fields.Char(compute='_compute_explanation')

    @api.depends_context('lang')
    def _compute_explanation(self):
        for line in self:
            line.finding = line._word_finding()
            line.explanation = line._word_line()

    def _word_name(self):
        """Return the name of the factor: in the reader's language, unless somebody gave it one of its own."""
        given = self.name == dict(FACTOR_KINDS).get(self.kind)
        kinds = self.env['credit.factor']._fields['kind']._description_selection(self.env)
        return dict(kinds)[self.kind] if given else self.name

    def _word_finding(self):
        """Say what was found, without a judgement."""
        if self.is_missing:
            return self.env._("%s: nothing known", self._word_name())
        value = f"{self.value:,.1f}".removesuffix('.0')
        days, months = word_days(self.env, self.value, value), word_months(self.env, self.months)
        if self.kind == 'oldest_open' and not self.value:
            return self.env._("Nothing overdue")
        return {
            'days_late': self.env._("Average %s late", days),
            'overdue_share': self.env._("%s %% of what is unpaid is overdue", value),
            'oldest_open': self.env._("Oldest open invoice %s overdue", days),
            'tenure': self.env._("Customer for %s", word_months(self.env, self.value, value)),
            'revenue': self.env._(
                "Revenue of %(amount)s in %(months)s", months=months,
                amount=formatLang(self.env, self.value, currency_obj=self.currency_id)),
            'dso': self.env._("Sales outstanding for %s", days),
            'returned_share': self.env._("%s %% of what was delivered came back", value),
            'complaints': self.env._("1 justified complaint in %s", months) if self.value == 1 else self.env._(
                "%(number)s justified complaints in %(months)s", number=value, months=months),
            'external': self.env._("External rating %s", self.answer),
            'manual': f"{self.name}: {self.answer}",
        }[self.kind]

    def _word_line(self):
        points, weight = (float_repr(number, 1).removesuffix('.0') for number in (self.points, self.weight))
        if self.is_missing and self.missing in ('exclude', 'no_grade'):
            return self.env._("%(finding)s (not counted).", finding=self.finding)
        return self.env._(
            "%(finding)s (%(points)s of 100, weight %(weight)s).", finding=self.finding, points=points, weight=weight)


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    score_ids = fields.One2many('credit.score', 'account_id', string="Scores", readonly=True)
    explanation = fields.Text(string="Why This Grade", compute='_compute_explanation')

    @api.depends('score_id')
    @api.depends_context('lang')
    def _compute_explanation(self):
        for account in self:
            account.explanation = account.score_id.explanation

    def action_view_scores(self):
        """Open how the customer was graded over time."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.credit_score_action')
        return {
            **action,
            'name': self.env._("Grading of %s", self.partner_id.display_name),
            'domain': [('account_id', '=', self.id)],
        }

    def _get_override_sentence(self):
        """Say who set the grade by hand, why and until when; empty if it was not."""
        self.ensure_one()
        if not self.override_grade_id:
            return ""
        values = {'grade': self.override_grade_id.code, 'user': self.override_user_id.name,
                  'reason': (self.override_reason or "").rstrip(".")}
        if self.override_until:
            return self.env._(
                "Grade %(grade)s was set by %(user)s until %(date)s: %(reason)s.",
                date=format_date(self.env, self.override_until), **values)
        return self.env._("Grade %(grade)s was set by %(user)s: %(reason)s.", **values)
