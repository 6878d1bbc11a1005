from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting, control_cause, control_memory
from ..account.credit_nightly import NightlyStep
from .credit_grade import APPLY_MODES, LIMIT_KINDS


class CreditAccount(models.Model):
    """Score, proposal and override of a customer's grade."""

    _inherit = 'credit.account'

    customer_since = fields.Date(
        help="Only where the customer was one before the books begin; else the first invoice or order counts.")
    external_rating = fields.Char(
        tracking=True, help="Rating of an agency or credit insurer, as the scorecard knows it: BB+, 2A3, ...")
    external_rating_date = fields.Date(string="Rated On")
    answer_ids = fields.One2many('credit.account.answer', 'account_id', string="Judgement by Hand")

    score_id = fields.Many2one(
        'credit.score', string="Last Scoring", readonly=True, copy=False, index='btree_not_null', ondelete='restrict')
    score = fields.Float(related='score_id.score')
    has_score = fields.Boolean(related='score_id.has_score')
    score_line_ids = fields.One2many(related='score_id.line_ids', string="What Counted")
    scored_on = fields.Date(related='score_id.date', string="Scored On")
    scored_grade_id = fields.Many2one(
        'credit.grade', readonly=True, copy=False, index='btree_not_null', ondelete='restrict')
    proposed_limit_kind = fields.Selection(LIMIT_KINDS, readonly=True, copy=False)
    proposed_limit = fields.Monetary(readonly=True, copy=False, help="By the formula of the scored grade.")
    score_valid_until = fields.Date(readonly=True, copy=False)
    review_date = fields.Date(string="Next Review", copy=False, index='btree_not_null',
                              help="The customer is scored again in the night after this day.")
    has_proposal = fields.Boolean(string="Proposal to Apply", compute='_compute_has_proposal', store=True)
    proposal = fields.Text(compute='_compute_proposal')
    limit_text = fields.Char(string="Limit in Words", compute='_compute_limit_texts')
    proposed_limit_text = fields.Char(string="Proposed Limit in Words", compute='_compute_limit_texts')
    is_review_due = fields.Boolean(compute='_compute_review', search='_search_is_review_due')
    is_score_outdated = fields.Boolean(compute='_compute_review', search='_search_is_score_outdated')

    apply_mode = fields.Selection(
        APPLY_MODES, string="Proposals of the Score", tracking=True, copy=False,
        help="Whether what the score proposes for this customer counts at once. Empty: as its grades, or else the "
             "scorecard, say.")

    override_grade_id = fields.Many2one(
        'credit.grade', string="Grade by Hand", readonly=True, copy=False, index='btree_not_null', ondelete='restrict')
    override_reason = fields.Text(readonly=True, copy=False)
    override_until = fields.Date(readonly=True, copy=False)
    override_user_id = fields.Many2one('res.users', string="Grade Set By", readonly=True, copy=False)
    override_former_grade_id = fields.Many2one(
        'credit.grade', string="Grade Before", readonly=True, copy=False, ondelete='restrict')
    override_sentence = fields.Char(compute='_compute_proposal')

    # === COMPUTE METHODS ===#

    @api.depends('grade_id', 'scored_grade_id', 'override_grade_id', 'proposed_limit_kind', 'proposed_limit',
                 'grade_limit_kind', 'grade_limit')
    def _compute_has_proposal(self):
        for account in self:
            account.has_proposal = bool(
                account.scored_grade_id and not account.override_grade_id and (
                    account.scored_grade_id != account.grade_id
                    or account.proposed_limit_kind != account.grade_limit_kind
                    or account.currency_id.compare_amounts(account.proposed_limit, account.grade_limit)))

    @api.depends('has_proposal', 'scored_grade_id', 'override_grade_id', 'override_until', 'override_reason')
    @api.depends_context('lang')
    def _compute_proposal(self):
        for account in self:
            account.proposal = account._word_proposal() if account.has_proposal else False
            account.override_sentence = account._get_override_sentence()

    @api.depends('limit_kind', 'credit_limit', 'currency_id', 'scored_grade_id', 'proposed_limit_kind',
                 'proposed_limit')
    @api.depends_context('lang')
    def _compute_limit_texts(self):
        for account in self:
            account.limit_text = account._word_amount(account.limit_kind, account.credit_limit)
            account.proposed_limit_text = account.scored_grade_id and account._word_amount(
                account.proposed_limit_kind, account.proposed_limit)

    def _word_proposal(self):
        """Say what applying the score would change, and nothing else."""
        words = {
            'grade': self.scored_grade_id.code, 'former': self.grade_id.code or self.env._("none"),
            'limit': self._word_amount(self.proposed_limit_kind, self.proposed_limit),
            'former_limit': self._word_amount(self.limit_kind, self.credit_limit)}
        other_limit = self._has_other_limit()
        if self.scored_grade_id == self.grade_id:
            if other_limit:
                return self.env._(
                    "Proposed: limit %(limit)s instead of %(former_limit)s, as grade %(grade)s gives.", **words)
            return self.env._(
                "Proposed: the limit of %(limit)s stays, and follows grade %(grade)s from now on.", **words)
        if other_limit:
            return self.env._(
                "Proposed: grade %(grade)s instead of %(former)s, limit %(limit)s instead of %(former_limit)s.",
                **words)
        return self.env._("Proposed: grade %(grade)s instead of %(former)s; the limit of %(limit)s stays.", **words)

    def _has_other_limit(self):
        """Whether the score proposes another limit than the customer has."""
        return self.proposed_limit_kind != self.limit_kind or self.proposed_limit_kind == 'amount' and bool(
            self.currency_id.compare_amounts(self.proposed_limit, self.credit_limit))

    def _word_amount(self, kind, amount):
        """Word a limit: an amount of money, “zero” or “none”."""
        if kind == 'amount':
            return self.currency_id.format(amount)
        return self.env._("zero") if kind == 'zero' else self.env._("none")

    @api.depends('review_date', 'score_valid_until')
    def _compute_review(self):
        today = self.env['sale.order']._get_control_today()
        for account in self:
            account.is_review_due = bool(account.review_date and account.review_date <= today)
            account.is_score_outdated = bool(account.score_valid_until and account.score_valid_until < today)

    def _search_is_review_due(self, operator, value):
        today = self.env['sale.order']._get_control_today()
        return self._search_flag('review_date', '<=', today, operator, value)

    def _search_is_score_outdated(self, operator, value):
        today = self.env['sale.order']._get_control_today()
        return self._search_flag('score_valid_until', '<', today, operator, value)

    @api.model
    def _search_flag(self, name, comparison, day, operator, values):
        """Return the domain of a yes or no that says whether a day was reached: a day that is not set is a no."""
        if operator != 'in':
            return NotImplemented
        reached = fields.Domain(name, comparison, day)
        missed = fields.Domain(name, '=', False) | fields.Domain(name, '>' if comparison == '<=' else '>=', day)
        return fields.Domain.OR([*([reached] if True in values else []), *([missed] if False in values else [])])

    def _get_band_share(self, grade):
        score = self.sudo().score_id
        return score.band_share if score.has_score and score.grade_id == grade else super()._get_band_share(grade)

    # === WRITES ===#

    @api.model
    def _get_act_fields(self):
        return super()._get_act_fields() | {
            'score_id', 'scored_grade_id', 'proposed_limit_kind', 'proposed_limit', 'score_valid_until', 'has_proposal',
            'override_grade_id', 'override_reason', 'override_until', 'override_user_id', 'override_former_grade_id',
        }

    def write(self, vals):
        by_hand = 'grade_id' in vals and not control_memory(self.env).acting
        former = {account: account.grade_id for account in self} if by_hand else {}
        result = super().write(vals)
        changed = self.filtered(lambda account: by_hand and account.grade_id != former[account])
        for grade, accounts in changed.grouped('grade_id').items():
            accounts._record_grade_by_hand(grade, former)
        return result

    def _record_grade_by_hand(self, grade, former):
        """Whoever writes a grade overrides what the scorecard says, for as long as nobody ends it."""
        today = self.env['sale.order']._get_control_today()
        self.env['credit.score']._record_facts([
            {**account._prepare_score_entry('override', today), 'grade_id': grade.id, 'user_id': self.env.uid,
             'former_grade_id': former[account].id}
            for account in self
        ])
        with control_acting(self.env):
            for account in self:
                scored = account.scored_grade_id
                account._set_override(
                    grade if scored and scored != grade else grade.browse(), self.env._("entered on the account"))

    def _set_override(self, grade, reason=False, until=False):
        self.write({
            'override_grade_id': grade.id,
            'override_reason': reason if grade else False,
            'override_until': until if grade else False,
            'override_user_id': self.env.uid if grade else False,
            'override_former_grade_id': self.grade_id.id if grade else False,
        })

    # === ACTS ===#

    def action_score(self):
        """Score these customers now.

        :raise AccessError: if the caller is no credit controller
        :raise UserError: if no scorecard is in use for them
        """
        self._check_controller()
        self.check_access('write')
        scores = self._score(self.env['sale.order']._get_control_today())
        if not scores:
            raise UserError(self.env._(
                "No scorecard is in use. A manager puts one in use under Configuration, Credit, Scorecards."))
        changes = len(scores.account_id.filtered('has_proposal'))
        message = self.env._("%(number)s customers scored, %(changes)s with a proposal to apply.",
                             number=len(scores), changes=changes)
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {
                'type': 'success', 'message': message, 'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'}},
        }

    def action_apply_score(self):
        """Give these customers the grade and the limit that their score proposes; a limit set by hand included.

        :raise AccessError: if the caller is no credit controller
        :raise UserError: if there is nothing to apply
        """
        self._check_controller()
        self.check_access('write')
        accounts = self.filtered('has_proposal')
        if not accounts:
            raise UserError(self.env._("There is no proposal to apply: grades and limits are as scored."))
        accounts._apply_scores(also_own_limits=True)
        return True

    def _is_applied_by_itself(self, card):
        """Whether the score of this customer counts without a controller.

        The customer's own setting goes first, then those of the grade it has and of the one proposed, the more
        careful of them, then the scorecard's.
        """
        self.ensure_one()
        grades = self.grade_id | self.scored_grade_id
        modes = {self.apply_mode or mode for mode in [False, *grades.mapped('apply_mode')]} - {False}
        return 'controller' not in modes if modes else card.is_automatic

    def _apply_scores(self, also_own_limits=False):
        """Apply the proposals of these accounts, overridden grades excepted.

        :param bool also_own_limits: whether limits that were set by hand give way too
        """
        today = self.env['sale.order']._get_control_today()
        accounts = self.filtered('has_proposal')
        followers = accounts if also_own_limits else accounts.filtered(lambda account: account._follows_grade())
        changed = accounts.filtered(lambda account: account.grade_id != account.scored_grade_id)
        # Somebody who may decide on credit, or the scorecard in their name, decides here: the acts check it.
        self.env['credit.score']._record_facts([
            {**account._prepare_score_entry('applied', today), 'grade_id': account.scored_grade_id.id,
             'limit_kind': account.proposed_limit_kind, 'limit_amount': account.proposed_limit,
             'user_id': self.env.uid, 'scorecard_id': account.score_id.scorecard_id.id}
            for account in changed | followers
        ])
        with control_acting(self.env), control_cause(self.env, self.env._("Proposed by the scorecard.")):
            for grade, theirs in changed.grouped('scored_grade_id').items():
                theirs.write({'grade_id': grade.id})
            followers._grant_limits({
                account: (account.proposed_limit_kind, account.proposed_limit) for account in followers})

    def action_override_grade(self, grade, reason, until=None):
        """Set the grade by hand, against the score, for a reason and a time.

        :param credit.grade grade: the grade, or its id
        :param str reason: why, kept with the grading
        :param until: last day; then the scored grade counts again, or the one before if there is none
        :raise AccessError: if the caller is no credit controller, or sells to the customer and makes its credit easier
        """
        self._check_decision(reason)
        today, until = self.env['sale.order']._get_control_today(), fields.Date.to_date(until)
        grade = self.env['credit.grade'].browse(grade if isinstance(grade, int) else grade.id).exists()
        if not grade or not grade.active:
            raise UserError(self.env._("Choose one of the grades in use."))
        if until and until < today:
            raise UserError(self.env._("The grade would end before it begins: choose today or a later day."))
        before = {account.id: account._get_ease() for account in self}
        self.env['credit.score']._record_facts([
            {**account._prepare_score_entry('override', today), 'grade_id': grade.id, 'reason': reason.strip(),
             'valid_until': until, 'user_id': self.env.uid}
            for account in self
        ])
        with control_acting(self.env), control_cause(self.env, reason.strip()):
            for account in self:
                account._set_override(grade, reason.strip(), until)
            self.write({'grade_id': grade.id})
        self._check_eased(before)
        return True

    def action_end_override(self):
        """Let the scored grade count again.

        :raise AccessError: if the caller is no credit controller
        """
        self._check_controller()
        self.check_access('write')
        self.filtered('override_grade_id')._end_override(self.env._("Ended by %s.", self.env.user.name))
        return True

    def _end_override(self, reason):
        """Fall back to the scored grade, or to the one before if the customer was never scored."""
        today = self.env['sale.order']._get_control_today()
        fallback = {account: account.scored_grade_id or account.override_former_grade_id for account in self}
        self.env['credit.score']._record_facts([
            {**account._prepare_score_entry('override_end', today), 'grade_id': fallback[account].id, 'reason': reason}
            for account in self
        ])
        with control_acting(self.env), control_cause(self.env, reason):
            for account in self:
                account._set_override(self.env['credit.grade'])
            for grade, accounts in self.grouped(fallback.get).items():
                accounts.write({'grade_id': grade.id})

    # === NIGHT ===#

    @api.model
    def _get_nightly_steps(self):
        return [
            *super()._get_nightly_steps(),
            NightlyStep('end_override', 10, self.env._("Grades set by hand that run out"), self._name,
                        '_get_expired_override_domain', '_nightly_end_override'),
            NightlyStep('score', 30, self.env._("Customers due for review"), self._name,
                        '_get_review_domain', '_score'),
        ]

    @api.model
    def _get_expired_override_domain(self, today):
        return [*self._get_nightly_company_domain(), ('override_grade_id', '!=', False), ('override_until', '<', today)]

    def _nightly_end_override(self, today):
        for until, accounts in self.grouped('override_until').items():
            accounts._end_override(self.env._("It was set by hand until %s.", format_date(self.env, until)))

    @api.model
    def _get_review_domain(self, today):
        cards = self.env['credit.scorecard'].sudo().search([('state', '=', 'in_use')])
        domain = [
            *self._get_nightly_company_domain(), '|', ('score_id', '=', False), ('review_date', '<=', today)]
        if all(cards.mapped('company_id')):
            domain += [('company_id', 'in', cards.company_id.ids)]
        return domain


class CreditAccountAnswer(models.Model):
    """A credit controller's judgement of one customer: the answer to a question of the scorecard."""

    _name = 'credit.account.answer'
    _description = "Credit Judgement"
    _order = 'factor_id, id'
    _rec_name = 'factor_id'

    account_id = fields.Many2one('credit.account', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='account_id.company_id')
    factor_id = fields.Many2one(
        'credit.factor', string="Question", required=True, ondelete='cascade',
        domain="[('kind', '=', 'manual'), ('scorecard_id.state', '=', 'in_use')]")
    range_id = fields.Many2one(
        'credit.factor.range', string="Answer", required=True, ondelete='cascade',
        domain="[('factor_id', '=', factor_id)]")
    user_id = fields.Many2one('res.users', string="By", readonly=True, default=lambda self: self.env.uid)
    date = fields.Date(readonly=True, default=lambda self: self.env['sale.order']._get_control_today())

    _question_unique = models.Constraint('UNIQUE (account_id, factor_id)', "Each question is answered once.")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.pop('user_id', None)
            vals.pop('date', None)
        return super().create(vals_list)

    def write(self, vals):
        if 'account_id' in vals:
            raise AccessError(self.env._("An answer stays with its customer."))
        vals = {
            **vals, 'user_id': self.env.uid, 'date': self.env['sale.order']._get_control_today()}
        return super().write(vals)

    @api.constrains('factor_id', 'range_id')
    def _check_answer(self):
        for answer in self:
            if answer.range_id.factor_id != answer.factor_id:
                raise UserError(self.env._("“%(answer)s” is no answer to “%(question)s”.",
                                           answer=answer.range_id.answer, question=answer.factor_id.name))
