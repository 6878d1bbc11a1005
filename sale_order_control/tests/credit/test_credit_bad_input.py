from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .score_common import ScoreCommon


@tagged('post_install', '-at_install')
class TestCreditBadInput(ScoreCommon):
    """What makes no sense is refused, or reported, by a sentence that says what is wrong and what to do."""

    def assertRefused(self, sentence, act):
        """Check what people read, also where the database refuses."""
        told = None
        try:
            with self.env.cr.savepoint(), mute_logger('odoo.sql_db'):
                act()
                self.env.flush_all()
        except UserError as error:
            told = str(error)
        except IntegrityError as error:
            failed = error
            model = next(each for each in self.env.registry.values() if each._table == error.diag.table_name)
            self.env.invalidate_all()
            told = self.env[model._name]._sql_error_to_message(failed)
        self.assertTrue(told, "It was not refused.")
        self.assertIn(sentence, told)

    def test_score_ranges_that_overlap_or_leave_a_gap(self):
        factor = self.card.factor_ids[0]
        factor.range_ids[1].value_from = factor.range_ids[2].value_from
        self.assertIn("Two ranges of factor “Average Days Late” overlap: both begin at 10.", self.card.problems)
        with self.assertRaisesRegex(UserError, "overlap"):
            self.card.with_user(self.manager).action_put_in_use()
        # Only where a range begins is entered, so that a gap can only be below the lowest grade.
        self.card.band_ids.filtered(lambda band: band.grade_id == self.poor).score_from = 15
        self.assertIn("Scores below 15 lead to no grade", self.card.problems)

    def test_a_weight_of_zero(self):
        for weight in (0, -1):
            self.assertRefused("A factor of weight 0 changes nothing: enter a weight above 0, or delete the factor.",
                               lambda weight=weight: self.card.factor_ids[0].write({'weight': weight}))

    def test_a_grade_without_effect(self):
        self.assertRefused("Grade Test Grade has no effect: it allows everything", lambda: self._grade('allow'))

    def test_negative_limits(self):
        account = self.account.with_user(self.controller)
        today = self.today
        for sentence, act in (
            ("cannot be negative", lambda: account.write({'credit_limit': -1})),
            ("cannot be negative", lambda: self.customer.with_user(self.controller).sudo().write({'credit_limit': -1})),
            ("The limits of a credit grade cannot be negative.", lambda: self._grade(limit_minimum=-1)),
            ("The amounts of a credit grade cannot be negative.", lambda: self._grade(max_order_amount=-1)),
            ("A temporary limit cannot be negative.", lambda: self.env['credit.limit.temporary'].with_user(
                self.controller).create({'account_id': account.id, 'amount': -1, 'reason': "Fair",
                                         'date_from': today, 'date_to': today})),
            ("A shared limit cannot be negative.", lambda: self.env['credit.pool'].with_user(self.controller).create(
                {'name': "Family", 'company_id': self.company.id, 'limit': -1})),
            ("A credit limit cannot be negative.", lambda: self.env['credit.limit.request'].with_user(
                self.salesperson).create({'partner_id': self.customer.id, 'company_id': self.company.id,
                                          'subject': 'base', 'amount': -1, 'reason': "Fair"})),
        ):
            with self.subTest(sentence):
                self.assertRefused(sentence, act)

    def test_a_temporary_limit_that_ends_before_it_starts(self):
        self.assertRefused("before it", lambda: self.env['credit.limit.temporary'].with_user(self.controller).create({
            'account_id': self.account.id, 'amount': 1, 'reason': "Fair", 'date_from': self.today + timedelta(days=5),
            'date_to': self.today + timedelta(days=4)}))

    def test_a_group_inside_itself(self):
        pools = self.env['credit.pool'].with_user(self.controller)
        outer = pools.create({'name': "Outer", 'company_id': self.company.id, 'limit': 10})
        inner = pools.create({'name': "Inner", 'company_id': self.company.id, 'limit': 5, 'parent_id': outer.id})
        innermost = pools.create({'name': "In", 'company_id': self.company.id, 'limit': 1, 'parent_id': inner.id})
        for parent in (outer, inner, innermost):
            self.assertRefused("A group cannot be part of itself, also not through other groups.",
                               lambda parent=parent: outer.write({'parent_id': parent.id}))
        self.assertRefused("cannot be part of itself", lambda: outer.write(
            {'child_ids': [Command.create({'name': "Loop", 'company_id': self.company.id, 'limit': 1,
                                           'child_ids': [Command.link(outer.id)]})]}))

    def test_a_currency_without_a_rate(self):
        currency = self.env['res.currency'].create({'name': 'XTS', 'symbol': "X"})
        currency.rate_ids.unlink()
        self.assertRefused("XTS has no exchange rate", lambda: self.env['credit.guarantee'].with_user(
            self.controller).create({'name': "G", 'account_id': self.account.id, 'value': 5,
                                     'currency_id': currency.id}))
        self.assertRefused("XTS has no exchange rate", lambda: self._grade(
            code='X', limit_formula='fixed', limit_amount=5, currency_id=currency.id))

    def test_a_factor_without_data_is_told(self):
        self._in_use(self._scorecard([self._factor('days_late', 1, (0, 100), (5, 0), missing='no_grade')]))
        score = self._score()
        self.assertFalse(score.grade_id)
        self.assertIn("No grade: nothing is known about “Average Days Late”.", score.explanation)

    def test_evidence_of_somebody_else_is_not_taken(self):
        foreign = self.env['ir.attachment'].create({'name': "salaries.pdf", 'raw': b"secret"})
        request = self.env['credit.limit.request'].with_user(self.salesperson)
        values = {'partner_id': self.customer.id, 'company_id': self.company.id, 'subject': 'base', 'amount': 10,
                  'reason': "Fair"}
        with self.assertRaises(AccessError):
            request.create({**values, 'attachment_ids': [Command.link(foreign.id)]})
        mine = self.env['ir.attachment'].with_user(self.salesperson).create({'name': "order.pdf", 'raw': b"mine"})
        made = request.create({**values, 'attachment_ids': [Command.link(mine.id)]})
        self.assertEqual((mine.sudo().res_model, mine.sudo().res_id), (made._name, made.id))
