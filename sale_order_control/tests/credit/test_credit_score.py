from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ...models.order.control_memory import control_today
from .score_common import ScoreCommon


@tagged('post_install', '-at_install')
class TestCreditScore(ScoreCommon):
    """From facts to score, grade and limit; figures worked out by hand."""

    def test_score_is_the_weighted_mean_and_explained_in_words(self):
        self._paid_late(12)
        self._in_use()
        score = self._score()
        # 12 days: 40 points, weight 30; customer for 1 month: 20 points, weight 10: (1200 + 200) / 40
        self.assertEqual((score.score, score.grade_id, score.limit_amount), (35.0, self.poor, 1000))
        self.assertEqual(
            score.explanation.replace('\xa0', ' '),
            "Grade G3: 35 points. Average 12 days late (40 of 100, weight 30). Customer for 1 month (20 of 100, "
            "weight 10). Limit: $ 1,000.00.")
        self.assertEqual(sum(score.line_ids.mapped('contribution')), 35)
        self.assertEqual(
            (self.account.score_valid_until, self.account.review_date),
            (self.today + relativedelta(months=12), self.today + relativedelta(months=3)))

    def test_a_proposal_waits_for_the_controller_and_then_holds_are_looked_at_again(self):
        self._paid_late(0)
        self._in_use()
        account = self._limit(100, self.poor)
        order = self._create_order(50)
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        score = self._score()
        self.assertEqual((score.score, account.grade_id, account.has_proposal), (80, self.poor, True))
        self.assertEqual(
            account.proposal.replace('\xa0', ' '),
            "Proposed: grade G1 instead of G3, limit $ 9,000.00 instead of $ 100.00.")
        account.with_user(self.controller).action_apply_score()
        self.assertEqual((account.grade_id, account.credit_limit, account.has_proposal), (self.good, 9000, False))
        self.assertNotEqual(order.credit_state, 'hold')
        self.assertEqual(account.score_ids.mapped('origin')[:2], ['applied', 'scored'])
        with self.assertRaisesRegex(UserError, "no proposal"):
            account.with_user(self.controller).action_apply_score()

    def test_automatic_gives_grade_and_limit_but_leaves_limits_set_by_hand(self):
        self._paid_late(0)
        other = self.env['res.partner'].create({'name': "Other"})
        self._paid_late(7, partner=other)
        self._in_use(is_automatic=True)
        own = self._limit(123, self.poor)
        accounts = own | self.accounts._for_partners(other, self.company)
        accounts.with_user(self.controller).action_score()
        # 7 days late: 80; tenure 20: (2400 + 200) / 40 = 65
        self.assertEqual(accounts.mapped('score'), [80, 65])
        self.assertEqual(accounts.grade_id, self.good | self.fair)
        self.assertEqual(accounts.mapped('credit_limit'), [123, 4000])
        self.assertEqual(accounts.mapped('has_proposal'), [True, False])

    def test_missing_data_follows_the_policy_of_the_factor(self):
        self._loose_invoice(10, due=self.today)
        results = {}
        for policy in ('zero', 'neutral', 'exclude', 'no_grade'):
            card = self._scorecard([
                self._factor('days_late', 30, (0, 100), (5, 0), missing=policy, neutral_points=60),
                self._factor('tenure', 10, (0, 20), (12, 100)),
            ])
            result = self.account._propose(card._get_rules(), self.company, self.today)[self.account]
            results[policy] = (result.result.score, result.grade)
        # (0 + 200) / 40; (1800 + 200) / 40; 200 / 10; none
        self.assertEqual(results, {
            'zero': (5, self.poor), 'neutral': (50, self.fair), 'exclude': (20, self.poor),
            'no_grade': (None, self.good.browse())})

    def test_who_cannot_be_scored_keeps_the_grade_and_is_told(self):
        self._in_use(self._scorecard([self._factor('days_late', 1, (0, 100), (5, 0), missing='no_grade')]))
        account = self._limit(500, self.fair)
        score = self._score()
        self.assertEqual(
            score.explanation,
            "No grade: nothing is known about “Average Days Late”. Average Days Late: nothing known (not counted).")
        self.assertEqual((account.grade_id, account.has_proposal, account.has_score), (self.fair, False, False))
        self.assertIn(account, self.accounts.search([('score_id', '!=', False), ('score_id.has_score', '=', False)]))
        self.assertEqual(account.review_date, self.today + relativedelta(months=1))

    def test_open_items_count_once_there_is_history(self):
        rules = self._scorecard([
            self._factor('overdue_share', 1, (0, 100), (50, 0)),
            self._factor('oldest_open', 1, (0, 100), (31, 0)),
            self._factor('dso', 1, (0, 100), (10, 50), (60, 0)),
        ])._get_rules()

        def values():
            result = self.account._propose(rules, self.company, self.today)[self.account].result
            return [line.value for line in result.lines]

        self.assertEqual(values(), [None, None, None])
        self._loose_invoice(300, due=self.today - relativedelta(days=40))
        self._loose_invoice(100, due=self.today)
        # 300 of 400 overdue, for 40 days; all that was sold in 40 days is unpaid: 400 / 400 x 40
        self.assertEqual(values(), [75, 40, 40])

    def test_days_sales_outstanding_as_in_the_published_example(self):
        due = self.today - relativedelta(years=3)
        self._loose_invoice(1, due=due)
        self._paid_late(0, 100001)
        self._loose_invoice(49999, due=self.today)
        rules = self._scorecard([self._factor('dso', 1, (0, 100), (10, 50))])._get_rules()
        [line] = self.account._propose(rules, self.company, self.today)[self.account].result.lines
        year = (self.today - (self.today - relativedelta(months=12))).days
        # Open 50,000 of credit sales of 150,000: a third of a year, 121.67 days of 365.
        self.assertAlmostEqual(line.value, 50000 / 150000 * year, 1)

    def test_ratings_and_answers_by_hand(self):
        card = self._in_use(self._scorecard([
            {'kind': 'external', 'name': "Rating", 'weight': 1, 'range_ids': [
                Command.create({'answer': "AAA, AA", 'points': 100}), Command.create({'answer': "B", 'points': 30})]},
            {'kind': 'manual', 'name': "Reputation", 'weight': 1, 'range_ids': [
                Command.create({'answer': "Known", 'points': 80}),
                Command.create({'answer': "Doubtful", 'points': 0})]},
        ]))
        account = self.account.with_user(self.controller)
        account.external_rating = "aa"
        reputation = card.factor_ids[1]
        with Form(account) as form, form.answer_ids.new() as line:
            line.factor_id = reputation
            line.range_id = reputation.range_ids[0]
        score = self._score()
        self.assertEqual(score.score, 90)
        self.assertEqual(
            score.line_ids.mapped('explanation'),
            ["External rating aa (100 of 100, weight 1).", "Reputation: Known (80 of 100, weight 1)."])
        self.assertEqual(account.answer_ids.user_id, self.controller)
        # The next version of the scorecard knows the answer as well.
        draft = card.browse(card.with_user(self.manager).action_change()['res_id'])
        draft.with_user(self.manager).action_put_in_use()
        self.assertEqual(self._score().score, 90)
        account.external_rating = "C-"
        self.assertEqual(self._score().score, 80)
        with self.assertRaisesRegex(UserError, "is no answer to"):
            account.answer_ids.range_id = card.factor_ids[0].range_ids[0]

    def test_justified_complaints_come_from_whoever_keeps_them(self):
        self._paid_late(0)
        rules = self._scorecard([self._factor('complaints', 1, (0, 100), (1, 40))])._get_rules()

        def line():
            return self.account._propose(rules, self.company, self.today)[self.account].result.lines[0]

        with patch.object(type(self.accounts), '_get_complaint_facts', lambda *args: None):
            self.assertTrue(line().is_missing, "Nobody keeps complaints.")
        with patch.object(type(self.accounts), '_get_complaint_facts', lambda *args: {}):
            self.assertEqual((line().value, line().points), (0, 100))
        with patch.object(type(self.accounts), '_get_complaint_facts', lambda *args: {self.customer.id: 2}):
            self.assertEqual((line().value, line().points), (2, 40))

    def test_limit_by_score_lies_between_the_ends_of_the_band(self):
        self.fair.write({
            'limit_formula': 'score', 'limit_amount': 0, 'limit_minimum': 1000, 'limit_maximum': 8000,
            'limit_rounding': 0})
        self._paid_late(7)
        self._in_use()
        # 65 lies 25 of 35 points up the band from 40 to 75: 1,000 + 7,000 x 25 / 35
        self.assertEqual(self._score().limit_amount, 6000)

    def test_scoring_costs_the_same_statements_for_two_and_for_twenty(self):
        partners = self.env['res.partner'].create([{'name': f"Customer {n}"} for n in range(22)])
        for partner in partners[:4]:
            self._paid_late(3, partner=partner)
        standard = self.env.ref('sale_order_control.credit_scorecard_standard')
        standard.with_user(self.manager).action_put_in_use()
        accounts = self.accounts._for_partners(partners, self.company)
        accounts[:2]._score(self.today)
        counts = []
        for some in (accounts[:2], accounts[2:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._score(self.today)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        # Rows are written a hundred at a time.
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
        self.assertLess(counts[1], 40)


@tagged('post_install', '-at_install')
class TestCreditGradeByHand(ScoreCommon):
    """Grades set by hand, the night, and who may."""

    def _override(self, grade, until=None, user=None):
        self.account.with_user(user or self.controller).action_override_grade(grade, "New owner", until)

    def test_a_grade_by_hand_runs_out_and_the_scored_one_counts_again(self):
        self._paid_late(12)
        self._in_use(is_automatic=True)
        self._score()
        self.assertEqual(self.account.grade_id, self.poor)
        self._override(self.good, self.today)
        self.assertEqual((self.account.grade_id, self.account.credit_limit), (self.good, 9000))
        self.assertIn("New owner", self.account.override_sentence)
        # Scoring again does not undo what somebody decided.
        self._score()
        self.assertEqual((self.account.grade_id, self.account.has_proposal), (self.good, False))
        self._run_nightly()
        self.assertEqual(self.account.grade_id, self.good)
        with control_today(self.env, self.today + relativedelta(days=1)):
            self._run_nightly()
        self.assertEqual((self.account.grade_id, self.account.credit_limit), (self.poor, 1000))
        self.assertFalse(self.account.override_grade_id)
        self.assertEqual(self.account.score_ids[0].headline, "Back to grade G3.")

    def test_without_a_score_the_grade_before_comes_back(self):
        self._limit(None, self.fair)
        self._override(self.good)
        self.account.with_user(self.controller).action_end_override()
        self.assertEqual(self.account.grade_id, self.fair)

    def test_a_grade_written_against_the_score_is_one_by_hand(self):
        self._paid_late(12)
        self._in_use(is_automatic=True)
        self._score()
        self.account.with_user(self.controller).grade_id = self.good
        self.assertEqual((self.account.override_grade_id, self.account.override_user_id), (self.good, self.controller))
        self._score()
        self.assertEqual(self.account.grade_id, self.good)
        self.account.with_user(self.controller).grade_id = self.poor
        self.assertFalse(self.account.override_grade_id)

    def test_what_is_refused(self):
        for grade, reason, until, sentence in (
            (self.good, " ", None, "Say why"),
            (self.good, "x", self.today - relativedelta(days=1), "end before it begins"),
            (self.good.browse(), "x", None, "Choose one of the grades"),
        ):
            with self.assertRaisesRegex(UserError, sentence):
                self.account.with_user(self.controller).action_override_grade(grade, reason, until)
        with self.assertRaisesRegex(UserError, "No scorecard is in use"):
            self.account.with_user(self.controller).action_score()

    def test_nobody_else_scores_grades_or_writes_what_follows_from_it(self):
        self._paid_late(12)
        self._in_use()
        self._score()
        for user in (self.salesperson, self.env.ref('base.user_root')):
            account = self.account.with_user(user)
            for act in (account.action_score, account.action_apply_score, account.action_end_override,
                        lambda account=account: account.action_override_grade(self.good, "x"),
                        self.card.with_user(user).action_compare):
                with self.assertRaises(AccessError):
                    act()
        account = self.account.with_user(self.controller)
        for values in ({'score_id': False}, {'scored_grade_id': self.good.id}, {'override_until': False},
                       {'proposed_limit': 5}, {'grade_limit': 5}, {'score_valid_until': False}):
            with self.assertRaises(AccessError):
                account.write(values)
        score = self.account.score_id
        for record in (score, score.line_ids[0]):
            with self.assertRaisesRegex(UserError, "fact"):
                record.write({'points': 1} if 'points' in record else {'score': 1})
            with self.assertRaisesRegex(UserError, "fact"):
                record.unlink()
            with self.assertRaises(UserError):
                record.with_user(self.manager).create({'account_id': self.account.id})
        # Whoever sells reads why.
        self.assertIn("Average 12 days late", self.account.with_user(self.salesperson).explanation)
        with self.assertRaises(AccessError):
            self.account.with_user(self.env.ref('base.public_user')).read(['score'])

    def test_the_night_scores_who_is_due_and_nobody_else(self):
        self._paid_late(12)
        self._in_use()
        self._run_nightly()
        [first] = self.account.score_ids
        with control_today(self.env, self.today + relativedelta(months=1)):
            self._run_nightly()
        self.assertEqual(self.account.score_ids, first)
        with control_today(self.env, self.today + relativedelta(months=3)):
            self.assertIn(self.account, self.accounts.search([('is_review_due', '=', True)]))
            self._run_nightly()
            self._run_nightly()
        self.assertEqual(len(self.account.score_ids), 2)

    def test_the_night_scores_nobody_while_credit_control_is_off(self):
        self._paid_late(12)
        self._in_use()
        self._switch(credit='off')
        self._run_nightly()
        self.assertFalse(self.account.score_ids)

    def test_customers_of_another_company_stay_apart(self):
        other = self.env['res.company'].create({'name': "Elsewhere", 'control_credit': 'enforce'})
        account = self.accounts._for_partners(self.customer, other)
        self._paid_late(12)
        self._in_use()
        self._run_nightly()
        self.assertTrue(self.account.score_ids)
        self.assertFalse(account.score_ids)
        with self.assertRaises(AccessError):
            account.with_user(self.controller).action_score()
