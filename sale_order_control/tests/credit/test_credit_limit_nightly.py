from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.order.control_memory import control_today
from .test_credit_limit import CreditLimitCommon


@tagged('post_install', '-at_install')
class TestCreditLimitNightly(CreditLimitCommon):
    """Ends of validity, warnings before them, history, and what is behind each figure."""

    def _night(self, days=0):
        with control_today(self.env, self._day(days)):
            for step in sorted(self.accounts._get_nightly_steps(), key=lambda step: step.sequence):
                if step.key in ('limit_end', 'guarantee_end', 'limit_warning', 'credit_history'):
                    model = self.env[step.model].sudo()
                    getattr(model.search(getattr(model, step.due)(self._day(days))), step.run)(self._day(days))
        self.env.flush_all()
        self.env.invalidate_all()

    # === VALIDITY ===#

    def test_the_night_ends_what_is_over_once(self):
        self._limit(100)
        self._temporary(50, end=1)
        guarantee = self._guarantee(10, end=1)
        self._night(1)
        self.assertEqual(guarantee.state, 'valid')
        for _again in range(2):
            self._night(2)
        self.assertEqual(guarantee.state, 'ended')
        ended = self.account.entry_ids.filtered(lambda entry: "last day is past" in entry.reason)
        self.assertEqual(ended.mapped(lambda entry: (entry.subject, entry.amount_before)),
                         [('guarantee', 10), ('temporary', 50)])

    def test_a_higher_base_frees_when_a_lower_temporary_limit_is_over(self):
        self._limit(1000, self._grade('block'))
        self._temporary(50, end=0)
        order = self._create_order(5)
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        self._night(1)
        self.assertEqual(order.credit_state, 'ok')

    def test_a_controller_is_warned_once_per_customer_of_all_that_ends_soon(self):
        self.company.credit_warn_days = 5
        self._temporary(50, end=4)
        self._guarantee(10, end=3)
        self._guarantee(77, end=9)
        for _again in range(2):
            self._night()
        [activity] = self.account.activity_ids
        self.assertEqual(activity.date_deadline, self._day(3))
        self.assertIn("50.00", activity.summary)
        self.assertIn("Guarantee G-1: 100 % of", activity.summary)
        self.assertNotIn("77.00", activity.summary)
        self.assertIn(activity.user_id, self.accounts._get_controllers(self.company))
        self._night(5)
        self.assertEqual(len(self.account.activity_ids), 2)

    def test_a_warning_that_reaches_nobody_fails_and_is_given_when_somebody_is_there(self):
        self.company.credit_warn_days = 5
        temporary, guarantee = self._temporary(50, end=4), self._guarantee(10, end=3)
        nobody = self.env['res.users']
        with patch.object(type(self.accounts), '_get_controllers', return_value=nobody), \
                mute_logger('odoo.addons.sale_order_control.models.order.control_job'):
            self._run_nightly()
        step = self.env['credit.nightly.step'].search([('key', '=', 'limit_warning')])
        self.assertEqual(step.failed_count, 1)
        self.assertIn("no credit controller", step.failures)
        self.assertFalse(temporary.is_warned or guarantee.is_warned)
        self._night()
        self.assertEqual(len(self.account.activity_ids), 1)
        self.assertTrue(temporary.is_warned and guarantee.is_warned)

    def test_companies_without_credit_control_are_left_alone(self):
        self._temporary(50, end=0)
        self._switch(credit='off')
        count = len(self.account.entry_ids)
        self._night(3)
        self.assertEqual(len(self.account.entry_ids), count)
        self.assertFalse(self.account.activity_ids)
        self.assertFalse(self.env['credit.history'].search([('account_id', '=', self.account.id)]))

    # === HISTORY ===#

    def test_a_row_is_kept_only_when_something_changed(self):
        self._limit(100)
        self._night()
        self._night()
        self._night(1)
        rows = self.env['credit.history'].search([('account_id', '=', self.account.id)])
        self.assertEqual(rows.mapped('date'), [self.today])
        self._loose_invoice(30)
        self._night(2)
        grade = self._grade()
        self.account.with_user(self.controller).grade_id = grade
        self._night(3)
        rows = self.env['credit.history'].search([('account_id', '=', self.account.id)], order='date')
        self.assertEqual(rows.mapped('exposure'), [0, 30, 30])
        self.assertEqual((rows[-1].grade_id, rows[-1].limit), (grade, 100))
        figures = self.env['credit.history.figure'].with_user(self.salesperson)._read_group(
            [('account_id', '=', self.account.id)], ['date:day', 'figure'], ['amount:max'])
        self.assertEqual([amount for day, figure, amount in figures if figure == 'exposure'], [0, 30, 30])
        self.assertEqual([amount for day, figure, amount in figures if figure == 'limit'], [100, 100, 100])
        for act in (lambda: rows.write({'limit': 5}), rows.unlink):
            with self.assertRaises(UserError):
                act()

    def test_history_of_two_hundred_customers_costs_the_queries_of_one(self):
        partners = self.env['res.partner'].create([{'name': f"C{n}"} for n in range(100)])
        accounts = self.accounts._for_partners(partners, self.company)
        grade = self._grade()
        accounts.with_user(self.controller).write({'grade_id': grade.id})
        counts = []
        for some in (accounts[:1], accounts[1:2], accounts[2:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._run_history(self.today)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1] + 2, counts)

    # === BEHIND THE FIGURES ===#

    def test_the_documents_behind_each_part_add_up_to_it(self):
        order = self._confirmed(10)
        self._deliver(order, 4)
        self._confirmed(3, self.delivered_product)
        self._pay(self._down_payment(self._confirmed(5), 200))
        self._loose_invoice(70)
        self._loose_invoice(20, post=False)
        self._loose_invoice(15, move_type='out_refund')
        account = self.account.with_user(self.salesperson)
        self.assertTrue(all((account.receivable, account.draft_invoiced, account.to_invoice, account.to_deliver)))
        total = 0
        for part in ('receivable', 'draft_invoiced', 'to_invoice', 'to_deliver'):
            action = account.with_context(credit_part=part).action_view_exposure()
            lines = self.env['credit.exposure.line'].with_user(self.salesperson).search(action['domain'])
            self.assertAlmostEqual(sum(lines.mapped('amount')), account[part], 2, part)
            total += sum(lines.mapped('amount'))
        self.assertAlmostEqual(total, account.exposure, 2)
        lines = self.env['credit.exposure.line'].with_user(self.salesperson).search(
            account.action_view_exposure()['domain'])
        self.assertIn(order, lines.order_id)
        mine = lines.filtered(lambda line: line.order_id == order)[:1]
        self.assertEqual(mine.action_open()['res_id'], order.id)
        invoice = lines.filtered(lambda line: line.part == 'receivable')[:1]
        with self.assertRaisesRegex(AccessError, "in accounting"):
            invoice.action_open()
        with self.assertRaises(AccessError):
            lines.with_user(self.controller).read(['amount'])

    def test_the_limit_is_told_in_words(self):
        self._limit(1000)
        self.assertEqual(self.account.limit_explanation, "$\xa01,000.00")
        self._guarantee(500, 50)
        self._temporary(400, end=1)
        self._pool(600)
        words = self.account.with_user(self.salesperson).limit_explanation
        for part in ("$\xa0600.00 today", "$\xa0400.00 until", "instead of $\xa01,000.00", "plus $\xa0250.00",
                     "Family has $\xa0600.00 left"):
            self.assertIn(part, words)
        self.assertIn("$\xa0600.00 of $\xa0600.00 left", self.account.state_explanation)
