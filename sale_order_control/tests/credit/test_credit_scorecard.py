from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .score_common import ScoreCommon


@tagged('post_install', '-at_install')
class TestCreditScorecard(ScoreCommon):
    """Setting up a scorecard: what is refused, what is frozen, who may."""

    def _problem(self, card=None):
        return (card or self.card).problems

    def test_the_shipped_scorecard_is_a_draft_that_could_be_put_in_use(self):
        card = self.env.ref('sale_order_control.credit_scorecard_standard')
        self.assertEqual((card.state, card.problems), ('draft', ""))
        self.assertFalse(self.env['credit.scorecard']._get_for_company(self.company))

    def test_overlapping_ranges_are_named(self):
        self.card.factor_ids[0].range_ids[1].value_from = 10
        self.assertEqual(
            self._problem(), "Two ranges of factor “Average Days Late” overlap: both begin at 10.")
        with self.assertRaisesRegex(UserError, "both begin at 10"):
            self.card.with_user(self.manager).action_put_in_use()

    def test_gaps_between_grades_are_named(self):
        self.card.band_ids.filtered(lambda band: band.grade_id == self.poor).score_from = 15
        self.assertIn("Scores below 15 lead to no grade", self._problem())

    def test_overlapping_or_upside_down_grades_are_named(self):
        bands = self.card.band_ids
        bands.filtered(lambda band: band.grade_id == self.good).score_from = 40
        self.assertIn("both begin at 40", self._problem())
        bands.filtered(lambda band: band.grade_id == self.good).score_from = 20
        self.assertIn("A higher score would lead to a worse grade: G2 from 40 on", self._problem())

    def test_weights_of_zero_and_impossible_points_are_refused(self):
        factor = self.card.factor_ids[0]
        for record, values in (
            (factor, {'weight': 0}), (factor, {'weight': -5}), (factor, {'months': 0}),
            (factor.range_ids[0], {'points': 101}), (factor.range_ids[0], {'points': -1}),
            (self.card.band_ids[0], {'score_from': 100}), (self.card, {'review_months': 0}),
        ):
            with self.subTest(**values), self.assertRaises(IntegrityError), self.env.cr.savepoint(), \
                    mute_logger('odoo.sql_db'):
                record.write(values)
                self.env.flush_all()
        with self.assertRaisesRegex(ValidationError, "run out before they are reviewed"):
            self.card.write({'validity_months': 2, 'review_months': 3})

    def test_what_is_missing_is_named(self):
        self.card.factor_ids[0].range_ids.unlink()
        self.assertIn("“Average Days Late” has no points", self._problem())
        empty = self._scorecard(name="Empty", factor_ids=False, band_ids=False)
        self.assertIn("There is no factor", self._problem(empty))
        self.assertIn("There is no grade", self._problem(empty))
        self.good.active = False
        self.assertIn("Grade G1 is archived", self._problem())

    def test_a_factor_that_tells_nobody_apart_or_counts_double_is_named(self):
        self.card.write({'factor_ids': [Command.create(self._factor('tenure', 5, (0, 50), (3, 50), name="Again"))]})
        self.assertIn("gives every customer the same points", self._problem())
        self.assertIn("appears twice and would count double", self._problem())

    def test_a_scorecard_in_use_is_frozen_and_changed_by_a_new_version(self):
        card = self._in_use()
        for change in (
            lambda: card.factor_ids[0].write({'weight': 90}),
            lambda: card.factor_ids[0].range_ids[0].write({'points': 1}),
            lambda: card.factor_ids[0].range_ids[0].unlink(),
            lambda: card.band_ids[0].write({'score_from': 90}),
            lambda: card.write({'factor_ids': [Command.clear()]}),
            lambda: card.write({'review_months': 1}),
            lambda: self.env['credit.factor.range'].create({'factor_id': card.factor_ids[0].id, 'points': 3}),
            card.unlink,
        ):
            with self.assertRaisesRegex(UserError, "new version"), self.env.cr.savepoint():
                change()
        draft = self.env['credit.scorecard'].browse(card.with_user(self.manager).action_change()['res_id'])
        self.assertEqual((draft.state, draft.version, draft.replaces_id), ('draft', 2, card))
        self.assertEqual(draft.factor_ids.range_ids.mapped('points'), card.factor_ids.range_ids.mapped('points'))
        # A second click goes on with the same draft.
        self.assertEqual(card.with_user(self.manager).action_change()['res_id'], draft.id)
        draft.factor_ids[0].weight = 90
        draft.with_user(self.manager).action_put_in_use()
        self.assertEqual((card.state, draft.state), ('retired', 'in_use'))
        self.assertEqual(card.factor_ids[0].weight, 30)

    def test_a_draft_can_be_discarded(self):
        card = self._in_use()
        draft = self.env['credit.scorecard'].browse(card.with_user(self.manager).action_change()['res_id'])
        action = draft.with_user(self.manager).action_discard()
        self.assertEqual((draft.exists(), action['res_id']), (draft.browse(), card.id))
        with self.assertRaises(UserError):
            card.with_user(self.manager).action_discard()

    def test_only_the_buttons_put_a_scorecard_in_use(self):
        with self.assertRaisesRegex(AccessError, "buttons"):
            self.card.with_user(self.manager).write({'state': 'in_use'})
        with self.assertRaisesRegex(AccessError, "buttons"):
            self._scorecard(state='in_use')
        smuggled = self.env['credit.scorecard'].with_context(default_state='in_use').create({'name': "Smuggled"})
        self.assertEqual(smuggled.state, 'draft')
        for user in (self.controller, self.salesperson):
            for act in ('action_put_in_use', 'action_change', 'action_discard'):
                with self.assertRaises(AccessError):
                    getattr(self.card.with_user(user), act)()
        with self.assertRaises(AccessError):
            self.card.factor_ids[0].with_user(self.controller).write({'weight': 1})

    def test_a_company_uses_one_scorecard_and_its_own_before_the_shared_one(self):
        shared = self._in_use(self._scorecard(company_id=False, name="Shared"))
        cards = self.env['credit.scorecard']
        self.assertEqual(cards._get_for_company(self.company), shared)
        own = self._in_use()
        self.assertEqual(cards._get_for_company(self.company), own)
        second = self._in_use(self._scorecard(name="Second"))
        self.assertEqual((cards._get_for_company(self.company), own.state), (second, 'retired'))
