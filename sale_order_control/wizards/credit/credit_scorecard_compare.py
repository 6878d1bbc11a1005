from odoo import api, fields, models
from odoo.tools import float_repr

CHANGES = [
    ('better', "Better"),
    ('worse', "Worse"),
    ('limit', "Limit Only"),
    ('new', "First Grade"),
    ('lost', "Stays, No Score"),
    ('hand', "Set by Hand"),
    ('same', "Unchanged"),
]


class CreditScorecardCompare(models.TransientModel):
    """What a scorecard would change for each customer, today. Nothing of it counts until it is put in use."""

    _name = 'credit.scorecard.compare'
    _inherit = ['sale.control.wizard']
    _description = "Effect of a Credit Scorecard"

    scorecard_id = fields.Many2one('credit.scorecard', required=True, readonly=True, ondelete='cascade')
    scorecard_state = fields.Selection(related='scorecard_id.state')
    problems = fields.Text(related='scorecard_id.problems')
    line_ids = fields.One2many('credit.scorecard.compare.line', 'compare_id', string="All Customers", readonly=True)
    changed_line_ids = fields.One2many(
        'credit.scorecard.compare.line', 'compare_id', domain=[('change', 'not in', ('same', 'hand', 'lost'))],
        string="What Changes", readonly=True)
    summary = fields.Text(compute='_compute_summary')

    @api.depends('line_ids')
    def _compute_display_name(self):
        for compare in self:
            compare.display_name = self.env._("Effect of %s", compare.scorecard_id.display_name)

    @api.depends('line_ids')
    @api.depends_context('lang')
    def _compute_summary(self):
        for compare in self:
            lines = compare.line_ids
            changes = lines.mapped('change')
            numbers = {key: changes.count(key) for key, _label in CHANGES}
            sentences = [self.env._(
                "Of %(all)s customers %(better)s would get a better grade, %(worse)s a worse one and %(new)s their "
                "first one; of %(limit)s only the limit would change.", all=len(lines), **numbers)]
            if numbers['lost']:
                sentences.append(self.env._("%s could not be scored and keep their grade.", numbers['lost']))
            if numbers['hand']:
                sentences.append(self.env._("%s keep a grade that was set by hand.", numbers['hand']))
            for currency, theirs in lines.grouped('currency_id').items():
                sentences.append(self.env._(
                    "All limits together: %(old)s → %(new)s.",
                    old=currency.format(sum(theirs.mapped('old_limit'))),
                    new=currency.format(sum(theirs.mapped('new_limit')))))
            compare.summary = " ".join(sentences)

    def _fill(self):
        """Score the customers by the scorecard and by the one in use, and keep the difference in lines."""
        self.ensure_one()
        today = self.env['sale.order']._get_control_today()
        card = self.scorecard_id
        rows = []
        for company in card._get_companies():
            accounts = self.env['credit.account'].search([('company_id', '=', company.id)])
            used = card._get_for_company(company)
            rules, former = card._get_rules(), used._get_rules() if used else None
            keys = {factor.key for factor in rules.factors + (former.factors if former else ())}
            facts = accounts._read_score_facts(keys, company, today)
            new = accounts._propose(rules, company, today, card.currency_id, facts)
            old = accounts._propose(former, company, today, used.currency_id, facts) if former else {}
            rows += [self._prepare_line(account, old.get(account), new[account]) for account in accounts.sudo()]
        self.line_ids.unlink()
        self.env['credit.scorecard.compare.line'].create(rows)

    def _prepare_line(self, account, old, new):
        """Prepare the line of one customer.

        :param Proposal old: by the scorecard in use, or None
        :param Proposal new: by the scorecard looked at
        """
        grade, result = account.grade_id, new.result
        follows = account._follows_grade()
        new_grade = new.grade or grade
        kind, limit = (new.limit_kind, new.limit) if new.grade and follows else (
            account.limit_kind, account.credit_limit)
        change = self._get_change(account, new, kind, limit)
        if change == 'hand':
            new_grade, kind, limit = grade, account.limit_kind, account.credit_limit
        return {
            'compare_id': self.id,
            'account_id': account.id,
            'currency_id': account.currency_id.id,
            'old_score': self._word_score(old.result) if old else "",
            'new_score': self._word_score(result),
            'old_grade_id': grade.id,
            'new_grade_id': new_grade.id,
            'old_limit_kind': account.limit_kind,
            'old_limit': account.credit_limit,
            'new_limit_kind': kind,
            'new_limit': limit,
            'change': change,
            'cause': self._word_cause(old.result if old else None, result),
        }

    def _get_change(self, account, new, kind, limit):
        if account.override_grade_id:
            return 'hand'
        if not new.grade:
            return 'lost'
        former = account.grade_id
        if not former:
            return 'new'
        if former != new.grade:
            rank = [(grade.sequence, grade.code) for grade in (new.grade, former)]
            return 'better' if rank[0] < rank[1] else 'worse'
        same = kind == account.limit_kind and not account.currency_id.compare_amounts(limit, account.credit_limit)
        return 'same' if same else 'limit'

    def _word_score(self, result):
        return "" if result.score is None else float_repr(result.score, 1).removesuffix('.0')

    def _word_cause(self, old, new):
        """Name the factor that made the difference, or the one that costs most where there is none."""
        if new.blocking:
            return self.env._("%s: nothing known", new.blocking)
        # What a factor costs, not what it brings: a heavier factor takes weight, but no fault, from the others.
        after = new.get_losses()
        if not after:
            return self.env._("Nothing known about the customer")
        before = old.get_losses() if old else {}
        moves = {name: after.get(name, 0.0) - before.get(name, 0.0) for name in {**before, **after}}
        differs = before and old.score != new.score
        name = max(moves, key=lambda name: abs(moves[name])) if differs else None
        if name and abs(moves[name]) >= 0.05:
            return self.env._(
                "%(factor)s: costs %(after)s points instead of %(before)s", factor=name,
                after=float_repr(after.get(name, 0.0), 1), before=float_repr(before.get(name, 0.0), 1))
        name = max(after, key=after.get)
        points = next(line.points for line in new.lines if line.factor.name == name)
        if points == 100:
            return self.env._("Nothing speaks against the customer")
        return self.env._("Weakest: %(factor)s, %(points)s of 100", factor=name,
                          points=float_repr(points, 1).removesuffix('.0'))

    def action_put_in_use(self):
        """Let the scorecard count, as its own button does."""
        self.ensure_one()
        self.scorecard_id.action_put_in_use()
        return self.scorecard_id._open(self.scorecard_id)

    def action_back(self):
        """Go on editing the scorecard."""
        self.ensure_one()
        return self.scorecard_id._open(self.scorecard_id)

    def action_discard(self):
        """Throw the draft away."""
        self.ensure_one()
        return self.scorecard_id.action_discard()


class CreditScorecardCompareLine(models.TransientModel):
    """One customer in the comparison: score, grade and limit now and by the draft, and what made the difference."""

    _name = 'credit.scorecard.compare.line'
    _inherit = ['sale.control.wizard']
    _description = "Effect of a Credit Scorecard on a Customer"
    _order = 'change_rank, partner_name, id'

    compare_id = fields.Many2one('credit.scorecard.compare', required=True, index=True, ondelete='cascade')
    account_id = fields.Many2one('credit.account', string="Customer", required=True, ondelete='cascade')
    partner_name = fields.Char(related='account_id.partner_id.name', store=True)
    currency_id = fields.Many2one('res.currency')
    old_score = fields.Char(string="Score Now")
    new_score = fields.Char()
    old_grade_id = fields.Many2one('credit.grade', string="Grade Now")
    new_grade_id = fields.Many2one('credit.grade')
    old_limit_kind = fields.Char()
    old_limit = fields.Monetary(string="Limit Now")
    new_limit_kind = fields.Char()
    new_limit = fields.Monetary()
    old_limit_text = fields.Char(string="Limit", compute='_compute_limit_text')
    new_limit_text = fields.Char(string="Proposed Limit", compute='_compute_limit_text')
    change = fields.Selection(CHANGES)
    change_rank = fields.Integer(compute='_compute_change_rank', store=True)
    cause = fields.Char(string="What Made the Difference")

    @api.depends('change')
    def _compute_change_rank(self):
        ranks = {key: rank for rank, (key, _label) in enumerate([CHANGES[1], CHANGES[0], *CHANGES[2:]])}
        for line in self:
            line.change_rank = ranks.get(line.change, len(ranks))

    @api.depends('old_limit', 'new_limit', 'old_limit_kind', 'new_limit_kind')
    def _compute_limit_text(self):
        for line in self:
            line.old_limit_text = line.account_id._word_amount(line.old_limit_kind, line.old_limit)
            line.new_limit_text = line.account_id._word_amount(line.new_limit_kind, line.new_limit)


class CreditScorecard(models.Model):
    _inherit = 'credit.scorecard'

    def action_compare(self):
        """Show whom the scorecard would affect, without changing anything for anybody.

        :raise AccessError: if the caller is neither credit controller nor manager
        """
        self.ensure_one()
        self.env['credit.account']._check_controller()
        compare = self.env['credit.scorecard.compare'].create({'scorecard_id': self.id})
        compare._fill()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("What Would Change"),
            'res_model': compare._name,
            'view_mode': 'form',
            'res_id': compare.id,
        }
