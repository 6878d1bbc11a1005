from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import float_repr

from ...order.control_memory import control_acting, control_memory
from ...order.control_words import word_months
from .credit_scorecard_rules import Band, ScoreRules

MANAGER_GROUP = 'sale_order_control.group_manager'


class CreditScorecard(models.Model):
    """How the facts about a customer become a score, and the score a grade.

    A scorecard in use is never edited: a change is a new version, compared with the one in use before it takes
    its place. So every score says for good by which rules it came about.
    """

    _name = 'credit.scorecard'
    _description = "Credit Scorecard"
    _inherit = ['mail.thread']
    _order = 'state desc, name, version desc, id desc'

    name = fields.Char(required=True, translate=True)
    version = fields.Integer(default=1, readonly=True, copy=False)
    state = fields.Selection(
        [('draft', "Draft"), ('in_use', "In Use"), ('retired', "Replaced")],
        default='draft', required=True, readonly=True, copy=False, tracking=True)
    company_id = fields.Many2one(
        'res.company', domain="[('parent_id', '=', False)]",
        help="Leave empty to use it for every company that has no scorecard of its own.")
    currency_id = fields.Many2one(
        'res.currency', required=True, default=lambda self: self.env.company.currency_id,
        help="Currency of the amounts in the ranges. Figures in other currencies are converted at the day's rate.")
    is_automatic = fields.Boolean(
        string="Apply Automatically", tracking=True,
        help="New grades, and limits that follow the grade, count as soon as a customer is scored. Else they are "
             "proposed, and a credit controller applies them.")
    validity_months = fields.Integer(
        string="Valid For (Months)", default=12, help="A score counts so long; after that it is shown as out of date.")
    review_months = fields.Integer(
        string="Review Every (Months)", default=3, help="Customers are scored again after so many months, at night.")
    factor_ids = fields.One2many('credit.factor', 'scorecard_id', string="Factors", copy=True)
    band_ids = fields.One2many('credit.scorecard.band', 'scorecard_id', string="Grades", copy=True)
    replaces_id = fields.Many2one('credit.scorecard', string="New Version Of", readonly=True, copy=False)
    problems = fields.Text(compute='_compute_problems', help="What is to be set right before it can be used.")
    score_count = fields.Integer(compute='_compute_score_count')

    _in_use_unique = models.UniqueIndex(
        "(COALESCE(company_id, 0)) WHERE state = 'in_use'", "A company uses one scorecard at a time.")
    _months_positive = models.Constraint(
        'CHECK (validity_months > 0 AND review_months > 0)',
        "A score is valid for one month at least, and reviewed after one month at least.")

    # === COMPUTE METHODS ===#

    def _compute_display_name(self):
        for card in self:
            card.display_name = self.env._("%(name)s (version %(version)s)", name=card.name, version=card.version)

    @api.depends(
        'factor_ids.weight', 'factor_ids.kind', 'factor_ids.name', 'factor_ids.range_ids.value_from',
        'factor_ids.range_ids.points', 'factor_ids.range_ids.answer', 'band_ids.score_from', 'band_ids.grade_id',
        'band_ids.grade_id.active', 'band_ids.grade_id.sequence')
    def _compute_problems(self):
        for card in self:
            card.problems = "\n".join(card._get_problems())

    def _compute_score_count(self):
        groups = self.env['credit.score']._read_group(
            [('scorecard_id', 'in', self.ids)], ['scorecard_id'], ['__count'])
        counts = {card.id: count for card, count in groups}
        for card in self:
            card.score_count = counts.get(card._origin.id, 0)

    # === CONSTRAINTS ===#

    @api.constrains('company_id', 'validity_months', 'review_months')
    def _check_scorecard(self):
        for card in self:
            if card.company_id.parent_id:
                raise ValidationError(self.env._(
                    "Credit is given by the main company: choose %(root)s for scorecard %(card)s, not its branch.",
                    root=card.company_id.root_id.name, card=card.name))
            if card.review_months > card.validity_months:
                raise ValidationError(self.env._(
                    "Scores of %(card)s would run out before they are reviewed: they are valid for %(validity)s and "
                    "reviewed after %(review)s.", card=card.name, validity=word_months(self.env, card.validity_months),
                    review=word_months(self.env, card.review_months)))

    def _get_problems(self):
        """Say what keeps the scorecard from being used.

        :return: list of whole sentences
        """
        self.ensure_one()
        problems = []
        if not self.factor_ids:
            problems.append(self.env._("There is no factor: nothing would be scored."))
        kinds = [factor.kind for factor in self.factor_ids if factor.kind != 'manual']
        names = [factor.name for factor in self.factor_ids]
        if len(set(kinds)) < len(kinds):
            problems.append(self.env._("A kind of factor appears twice and would count double. Keep one of each kind."))
        if len(set(names)) < len(names):
            problems.append(self.env._("Two factors have the same name. Give each one a name of its own."))
        for factor in self.factor_ids:
            problems += factor._get_problems()
        return problems + self._get_band_problems()

    def _get_band_problems(self):
        bands = self.band_ids.sorted('score_from')
        if not bands:
            return [self.env._("There is no grade: say from which score on customers get which grade.")]
        problems = []
        if bands[0].score_from > 0:
            problems.append(self.env._(
                "Scores below %s lead to no grade. Let the lowest grade begin at 0.",
                float_repr(bands[0].score_from, 0)))
        for lower, upper in zip(bands, bands[1:], strict=False):
            if lower.score_from == upper.score_from:
                problems.append(self.env._(
                    "Grades %(one)s and %(other)s both begin at %(score)s. Let each begin at a score of its own.",
                    one=lower.grade_id.code, other=upper.grade_id.code, score=float_repr(lower.score_from, 0)))
            elif lower.grade_id == upper.grade_id:
                problems.append(self.env._("Grade %s appears twice. Keep one of them.", lower.grade_id.code))
            elif (lower.grade_id.sequence, lower.grade_id.code) < (upper.grade_id.sequence, upper.grade_id.code):
                problems.append(self.env._(
                    "A higher score would lead to a worse grade: %(high)s from %(score)s on, above %(low)s.",
                    high=upper.grade_id.code, score=float_repr(upper.score_from, 0), low=lower.grade_id.code))
        problems += [
            self.env._("Grade %s is archived and cannot be given.", band.grade_id.code)
            for band in bands if not band.grade_id.active
        ]
        return problems + [
            self.env._("Grade %(grade)s belongs to %(company)s only.", grade=band.grade_id.code,
                       company=band.grade_id.company_id.name)
            for band in bands if band.grade_id.company_id and band.grade_id.company_id != self.company_id
        ]

    # === CRUD METHODS ===#

    @api.model
    def default_get(self, fields):
        # What the buttons set cannot be smuggled in as a default either.
        values = super().default_get(fields)
        own = {'state': 'draft', 'version': 1, 'replaces_id': False}
        return {**values, **{name: own[name] for name in own if name in values}}

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_acts(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_acts(vals)
        if set(vals) - {'is_automatic', 'name', 'message_follower_ids', 'message_main_attachment_id'}:
            self._check_draft()
        return super().write(vals)

    def _refuse_acts(self, vals):
        if {'state', 'version', 'replaces_id'} & vals.keys() and not control_memory(self.env).acting:
            raise AccessError(self.env._("A scorecard is put in use or changed by the buttons on its form only."))

    def _check_draft(self):
        """Refuse to change rules by which customers were scored."""
        if control_memory(self.env).acting:
            return
        for card in self:
            if card.state != 'draft':
                raise UserError(self.env._(
                    "Customers were scored by %s. Choose “Change” on the scorecard that is in use: you draw up a new "
                    "version, and see whom it affects before it counts.", card.display_name))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_draft()

    # === BUSINESS METHODS ===#

    @api.model
    def _get_for_company(self, company):
        """Return the scorecard in use for a root company: its own, else the shared one, else none."""
        cards = self.sudo().search([('state', '=', 'in_use'), ('company_id', 'in', (False, company.id))])
        return cards.filtered('company_id')[:1] or cards[:1]

    def _get_rules(self):
        """Return the scorecard as plain values: :class:`ScoreRules`."""
        self.ensure_one()
        bands = self.band_ids.sorted('score_from')
        ends = [*bands[1:].mapped('score_from'), 100.0]
        return ScoreRules(
            tuple(factor._get_rule() for factor in self.factor_ids),
            tuple(
                Band(band.grade_id.id, band.score_from, max(end, band.score_from + 0.1))
                for band, end in zip(bands, ends, strict=True)))

    def _get_companies(self):
        """Return the root companies that this scorecard is or would be used for."""
        self.ensure_one()
        if self.company_id:
            return self.company_id
        roots = self.env.companies.sudo().root_id
        own = self.sudo().search([('state', '=', 'in_use'), ('company_id', 'in', roots.ids)]).company_id
        return roots - own

    def _check_manager(self):
        if not self.env.user.has_group(MANAGER_GROUP):
            raise AccessError(self.env._("Only a manager of the order control changes scorecards."))
        self.check_access('write')

    # === ACTION METHODS ===#

    def action_put_in_use(self):
        """Let the scorecard count; the one in use before is kept, with its scores, and counts no more.

        Every customer is then due for a review, which the next night does, or “Score Now”.

        :raise UserError: if something is missing or contradictory
        """
        self.ensure_one()
        self._check_manager()
        if self.state != 'draft':
            raise UserError(self.env._("%s is no draft: choose “Change” to draw up a new version.", self.display_name))
        if self.problems:
            raise UserError(self.problems)
        former = self.search([('state', '=', 'in_use'), ('company_id', '=', self.company_id.id)])
        with control_acting(self.env):
            former.state = 'retired'
            former.flush_recordset()
            self.state = 'in_use'
        for company in self._get_companies():
            self.env['credit.account']._make_due(company)
        return True

    def action_change(self):
        """Draw up a new version, to be compared with this one before it takes its place."""
        self.ensure_one()
        self._check_manager()
        draft = self.search([('state', '=', 'draft'), ('replaces_id', '=', self.id)], limit=1)
        if not draft:
            with control_acting(self.env):
                draft = self.copy({'name': self.name})
                draft.write({'version': self.version + 1, 'replaces_id': self.id})
        return self._open(draft)

    def action_discard(self):
        """Throw a draft away and go back to the version it was to replace."""
        self.ensure_one()
        self._check_manager()
        self._check_draft()
        former = self.replaces_id
        self.unlink()
        if former:
            return self._open(former)
        return self.env['ir.actions.act_window']._for_xml_id('sale_order_control.credit_scorecard_action')

    def _open(self, card):
        return {
            'type': 'ir.actions.act_window',
            'res_model': self._name,
            'view_mode': 'form',
            'res_id': card.id,
        }

    def action_score_all(self):
        """Score every customer of the companies that use this scorecard, now."""
        self.ensure_one()
        if self.state != 'in_use':
            raise UserError(self.env._("Put the scorecard in use first. To see what it would do, compare it."))
        accounts = self.env['credit.account'].search([('company_id', 'in', self._get_companies().ids)])
        return accounts.action_score()

    def action_view_scores(self):
        """Open the scores that this scorecard gave."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.credit_score_action')
        return {**action, 'domain': [('scorecard_id', '=', self.id)]}


class CreditScorecardBand(models.Model):
    """From which score on customers get a grade; up to where the next better one begins."""

    _name = 'credit.scorecard.band'
    _description = "Grade by Score"
    _inherit = ['credit.scorecard.part']
    _order = 'score_from desc, id'
    _rec_name = 'grade_id'

    scorecard_id = fields.Many2one('credit.scorecard', required=True, index=True, ondelete='cascade')
    score_from = fields.Float(string="From Score", digits=(5, 1), help="Scores run from 0 to 100.")
    score_to = fields.Float(string="Below", digits=(5, 1), compute='_compute_score_to')
    grade_id = fields.Many2one('credit.grade', required=True, ondelete='restrict')

    _score_range = models.Constraint(
        'CHECK (score_from >= 0 AND score_from < 100)',
        "A score lies between 0 and 100: let the grade begin at 0 or above, and below 100.")

    @api.depends('score_from', 'scorecard_id.band_ids.score_from')
    def _compute_score_to(self):
        for band in self:
            above = [other.score_from for other in band.scorecard_id.band_ids if other.score_from > band.score_from]
            band.score_to = min(above, default=100.0)
