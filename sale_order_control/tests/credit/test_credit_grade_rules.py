from datetime import date, datetime
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ...models.credit.hold import credit_grade_recheck
from ...models.order.control_memory import control_today
from .common import CreditCommon
from .score_common import ScoreCommon


@tagged('post_install', '-at_install')
class TestCreditGradeRules(CreditCommon):
    """A grade's rules change: its customers feel it at once, many of them in chunks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.grade = cls._grade('block', limit_formula='fixed', limit_amount=1000)
        cls.customers = cls.env['res.partner'].create([
            {'name': f"Graded {number}", 'is_company': True} for number in range(3)])
        cls.graded = cls.accounts._for_partners(cls.customers, cls.company)
        cls.graded.with_user(cls.controller).write({'grade_id': cls.grade.id})
        cls.orders = cls.env['sale.order'].union(*[
            cls._create_order(12, partner=customer) for customer in cls.customers])
        cls.orders.with_user(cls.salesperson).action_submit()

    def _notified(self):
        notes = self.orders.message_ids.filtered(lambda message: "No longer on credit hold" in (message.body or ""))
        return notes.filtered('partner_ids')

    def test_a_higher_limit_of_the_grade_frees_its_customers_and_tells_their_salesperson_once(self):
        self.assertEqual(set(self.orders.mapped('credit_state')), {'hold'})
        self.grade.limit_amount = 2000
        self.assertEqual(self.graded.mapped('credit_limit'), [2000] * 3)
        self.assertEqual(set(self.orders.mapped('credit_state')), {'ok'})
        self.assertEqual(self._notified().partner_ids, self.salesperson.partner_id)
        self.assertEqual(len(self._notified()), 1)
        entry = self.env['credit.limit.entry'].search([('account_id', '=', self.graded[0].id)], limit=1)
        self.assertEqual((entry.amount_before, entry.amount_after, entry.reason), (
            1000, 2000, "The rules of credit grade T were changed."))

    def test_a_milder_effect_and_a_bigger_order_allowed_free_too(self):
        self.grade.write({'submit_effect': 'warn', 'confirm_effect': 'warn'})
        self.assertEqual(set(self.orders.mapped('credit_state')), {'watch'})

    def test_a_limit_set_by_hand_stays(self):
        self.graded[0].with_user(self.controller).credit_limit = 1100
        self.grade.limit_amount = 2000
        self.assertEqual(self.graded.mapped('credit_limit'), [1100, 2000, 2000])
        self.assertEqual(self.orders.mapped('credit_state'), ['hold', 'ok', 'ok'])

    def test_a_limit_taken_away_by_hand_stays_away(self):
        self.graded[0].with_user(self.controller).limit_kind = 'none'
        self.grade.limit_amount = 2000
        self.assertEqual(self.graded.mapped('limit_kind'), ['none', 'amount', 'amount'])

    def test_a_new_name_or_colour_looks_at_nobody(self):
        with patch.object(type(self.accounts), '_follow_grade_rules', side_effect=AssertionError("not asked")):
            self.grade.write({'name': "Another Name", 'color': 3, 'overdue_days': self.grade.overdue_days})

    def test_nothing_happens_while_control_is_off(self):
        self._switch(credit='off')
        self.grade.limit_amount = 2000
        self.assertEqual(self.graded.mapped('credit_limit'), [1000] * 3)

    def test_many_customers_are_left_to_the_nightly_job_which_starts_at_once(self):
        self._run_nightly()
        triggers = self.env['ir.cron.trigger']
        cron = self.env.ref('sale_order_control.ir_cron_credit_nightly')
        before = triggers.search_count([('cron_id', '=', cron.id)])
        with patch.object(credit_grade_recheck, 'AT_ONCE', 2):
            self.grade.limit_amount = 2000
        self.assertEqual(self.graded.mapped('credit_limit'), [1000] * 3)
        self.assertTrue(self.grade.rules_changed)
        self.assertEqual(triggers.search_count([('cron_id', '=', cron.id)]), before + 1)
        self._run_nightly(limit=2, commit=0)
        self.assertEqual(sorted(self.graded.mapped('credit_limit')), [1000, 2000, 2000])
        self.assertTrue(self.grade.rules_changed)
        self._run_nightly(limit=2)
        self.assertEqual(self.graded.mapped('credit_limit'), [2000] * 3)
        self.assertEqual(set(self.orders.mapped('credit_state')), {'ok'})
        self.assertFalse(self.grade.rules_changed)

    def test_each_person_is_told_once_however_many_chunks_it_takes(self):
        self.orders[2].sudo().user_id = self.other_salesperson
        before = self.orders.message_ids
        with patch.object(credit_grade_recheck, 'AT_ONCE', 1):
            self.grade.limit_amount = 2000
        for _chunk in range(3):
            self._run_nightly(limit=1)
        self.assertEqual(set(self.orders.mapped('credit_state')), {'ok'})
        notes = (self.orders.message_ids - before).filtered(lambda note: "No longer on credit hold" in str(note.body))
        told = notes.filtered('partner_ids')
        self.assertEqual(
            sorted(told.partner_ids.ids), sorted((self.salesperson | self.other_salesperson).partner_id.ids))
        self.assertEqual(len(told), 2)
        self.assertIn(self.orders[1].name, told.filtered(
            lambda note: note.partner_ids == self.salesperson.partner_id).body)
        self.assertEqual({note.res_id for note in notes - told}, set(self.orders.ids), "each keeps its own note")

    def test_following_costs_hardly_more_for_twenty_customers_than_for_three(self):
        partners = self.env['res.partner'].create([{'name': f"More {n}", 'is_company': True} for n in range(20)])
        more = self.accounts._for_partners(partners, self.company)
        more.with_user(self.controller).write({'grade_id': self.grade.id})
        counts = []
        for accounts, amount in ((more[:3], 3000), (more[:3], 4000), (more, 5000)):
            self.grade.with_context(tracking_disable=True).rules_changed = False
            self.env.cr.execute("UPDATE credit_grade SET limit_amount = %s WHERE id = %s", [amount, self.grade.id])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            accounts._follow_grade_rules("Changed.")
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(set(accounts.mapped('credit_limit')), {amount})
        self.assertLessEqual(counts[2], counts[1], counts)

    def test_only_customers_with_orders_on_hold_count_where_limits_stay(self):
        with patch.object(credit_grade_recheck, 'AT_ONCE', 1):
            self.orders[:2].with_user(self.salesperson).action_cancel()
            self.grade.write({'submit_effect': 'warn', 'confirm_effect': 'warn'})
        self.assertFalse(self.grade.rules_changed)
        self.assertEqual(self.orders[2].credit_state, 'watch')

    def test_a_hold_in_replay_begins_on_the_day_of_the_replay_and_keeps_the_time_of_day(self):
        order = self._create_order(50, partner=self.customers[0])
        with control_today(self.env, date(2024, 2, 29)):
            order.action_submit()
        since = order.sudo().credit_hold_since
        self.assertEqual(since.date(), date(2024, 2, 29))
        now = datetime.combine(since.date(), fields.Datetime.now().time())
        self.assertLess(abs((now - since).total_seconds()), 60)


@tagged('post_install', '-at_install')
class TestCreditProposalWords(ScoreCommon):
    """What a proposal says, and which customers a list of reviews finds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._in_use()
        cls.account.customer_since = '2010-01-01'
        cls.account.with_user(cls.controller).action_score()
        cls.account.with_user(cls.controller).action_apply_score()

    def test_a_proposal_about_the_limit_alone_names_no_other_grade(self):
        self.assertEqual(self.account.grade_id, self.good)
        self.account.with_user(self.controller).credit_limit = 500
        self.good.limit_amount = 8000
        self.assertTrue(self.account.has_proposal)
        self.assertEqual(
            self.account.proposal.replace("\N{NO-BREAK SPACE}", " "),
            "Proposed: limit $ 8,000.00 instead of $ 500.00, as grade G1 gives.")

    def test_a_proposal_that_only_says_who_sets_the_limit_says_so(self):
        self.account.with_user(self.controller).credit_limit = 8000
        self.good.limit_amount = 8000
        self.assertIn("the limit of $\N{NO-BREAK SPACE}8,000.00 stays, and follows grade G1", self.account.proposal)

    def test_the_list_of_reviews_answers_every_question(self):
        self.account.review_date = self.today
        other = self.accounts._for_partners(self.env['res.partner'].create({'name': "Unscored"}), self.company)
        both = self.account | other
        for name in ('is_review_due', 'is_score_outdated'):
            for domain in ([(name, '=', True)], [(name, '=', False)], [(name, '!=', True)],
                           [(name, 'in', [True, False])], [(name, 'not in', [True, False])], [(name, 'in', [False])]):
                with self.subTest(domain=domain):
                    found = self.accounts.search([('id', 'in', both.ids), *domain])
                    self.assertEqual(found, both.filtered_domain(domain))

    def test_a_factor_is_called_what_it_measures_in_the_language_of_the_reader(self):
        factor = self.card.factor_ids[0]
        self.assertEqual((factor.name, factor.own_name), ("Average Days Late", False))
        factor = self.card.copy().factor_ids[0]
        factor.name = "Punctuality"
        self.assertEqual((factor.name, factor.own_name), ("Punctuality", "Punctuality"))
        factor.name = "Average Days Late"
        self.assertFalse(factor.own_name)
        self.env['res.lang']._activate_lang('zh_CN')
        self.env.ref('sale_order_control.selection__credit_factor__kind__days_late').with_context(
            lang='zh_CN').name = "平均逾期天数"
        line = self.account.score_id.line_ids.filtered(lambda line: line.kind == 'days_late')
        self.assertEqual(line.name, "Average Days Late")
        for record in (factor, line):
            reader = record.with_context(lang='zh_CN')
            self.assertEqual(reader.name if record == factor else reader._word_name(), "平均逾期天数")
