from odoo.tests import tagged

from .score_common import ScoreCommon


@tagged('post_install', '-at_install')
class TestCreditCompare(ScoreCommon):
    """What a change of the scorecard would do, before anything counts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prompt, cls.late, cls.kept = cls.env['res.partner'].create(
            [{'name': name} for name in ("Prompt", "Late", "Kept")])
        for partner, days in ((cls.prompt, 0), (cls.late, 12), (cls.kept, 12)):
            cls._paid_late(days, partner=partner)
        cls._in_use(is_automatic=True)
        cls.theirs = cls.accounts._for_partners(cls.prompt | cls.late | cls.kept, cls.company)
        cls.theirs.with_user(cls.controller).action_score()
        kept = cls.theirs.filtered(lambda account: account.partner_id == cls.kept)
        kept.with_user(cls.controller).action_override_grade(cls.good, "Guaranteed by the parent")
        cls.draft = cls.card.browse(cls.card.with_user(cls.manager).action_change()['res_id'])

    def _compare(self, card=None, user=None):
        action = (card or self.draft).with_user(user or self.manager).action_compare()
        return self.env[action['res_model']].browse(action['res_id'])

    def _line(self, compare, partner):
        return compare.line_ids.filtered(lambda line: line.account_id.partner_id == partner)

    def test_a_draft_that_changes_nothing_changes_nobody(self):
        compare = self._compare()
        self.assertFalse(compare.changed_line_ids.filtered(lambda line: line.account_id in self.theirs))
        self.assertEqual(self._line(compare, self.late).change, 'same')

    def test_a_weight_a_range_and_a_band_show_whom_they_affect_and_write_nothing(self):
        late = self.draft.factor_ids.filtered(lambda factor: factor.kind == 'days_late')
        late.range_ids.filtered(lambda line: line.value_from == 10).points = 80
        self.draft.band_ids.filtered(lambda band: band.grade_id == self.good).score_from = 90
        scores = self.env['credit.score'].search_count([])
        compare = self._compare()
        self.env.flush_all()
        line = self._line(compare, self.late)
        # 12 days late: 80 x 30 instead of 40 x 30: 65 instead of 35
        self.assertEqual((line.old_score, line.new_score, line.change), ("35", "65", 'better'))
        self.assertEqual((line.old_grade_id, line.new_grade_id), (self.poor, self.fair))
        self.assertEqual((line.old_limit, line.new_limit), (1000, 4000))
        self.assertEqual(line.cause, "Average Days Late: costs 15.0 points instead of 45.0")
        line = self._line(compare, self.prompt)
        self.assertEqual((line.old_grade_id, line.new_grade_id, line.change), (self.good, self.fair, 'worse'))
        self.assertEqual(line.cause, "Weakest: Customer For (Months), 20 of 100")
        self.assertEqual(self._line(compare, self.kept).change, 'hand')
        self.assertIn("1 a worse one", compare.summary)
        self.assertEqual(self.env['credit.score'].search_count([]), scores)
        self.assertEqual([account.grade_id.code for account in self.theirs], ['G1', 'G3', 'G1'])
        self.assertEqual(self.card.state, 'in_use')

    def test_a_heavier_factor_is_named_and_not_those_it_takes_weight_from(self):
        self.draft.factor_ids.filtered(lambda factor: factor.kind == 'tenure').weight = 90
        line = self._line(self._compare(), self.prompt)
        # Prompt: 100 x 30 + 20 x 90 over 120; the tenure cost 20 of 100 points and costs 60 now.
        self.assertEqual(
            (line.new_score, line.cause), ("40", "Customer For (Months): costs 60.0 points instead of 20.0"))

    def test_where_the_score_stays_no_factor_is_said_to_make_a_difference(self):
        ranges = {factor.kind: factor.range_ids for factor in self.draft.factor_ids}
        ranges['days_late'].filtered(lambda line: line.value_from == 10).points = 30
        ranges['tenure'].filtered(lambda line: line.value_from == 0).points = 50
        line = self._line(self._compare(), self.late)
        # 30 x 30 + 50 x 10 over 40, as 40 x 30 + 20 x 10 before.
        self.assertEqual((line.old_score, line.new_score), ("35", "35"))
        self.assertEqual(line.cause, "Weakest: Average Days Late, 30 of 100")

    def test_applying_makes_everybody_due_and_discarding_leaves_no_trace(self):
        compare = self._compare()
        compare.with_user(self.manager).action_put_in_use()
        self.assertEqual((self.card.state, self.draft.state), ('retired', 'in_use'))
        self.assertTrue(all(self.theirs.mapped('is_review_due')))
        draft = self.draft.browse(self.draft.with_user(self.manager).action_change()['res_id'])
        compare = self._compare(draft)
        compare.with_user(self.manager).action_discard()
        self.assertFalse(draft.exists())
        self.assertEqual(self.draft.state, 'in_use')

    def test_comparing_costs_the_same_statements_for_more_customers(self):
        self._compare()
        counts = []
        for number in (1, 20):
            self.accounts._for_partners(self.env['res.partner'].create(
                [{'name': f"More {number} {n}"} for n in range(number)]), self.company)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._compare()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
