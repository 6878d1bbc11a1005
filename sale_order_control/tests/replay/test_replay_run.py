import csv
import io
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo import SUPERUSER_ID, fields
from odoo.tests import TransactionCase, tagged

from ...models.order.control_memory import control_memory
from ...replay import command, company, session, steps
from ...replay.clock import simulated_day
from ...replay.reader import read_book
from ...replay.report import build_report
from .common import with_row, write_book

TODAY = date(2024, 6, 30)


class SilentProgress:
    def show(self, done, note=''):
        """Show nothing."""

    def finish(self):
        """Show nothing."""


class ReplayCase(TransactionCase):

    @classmethod
    def _replay(cls, folder, policy='preset', limit=None):
        """Run the book in a folder; nothing is committed."""
        book, _problems = read_book(folder)
        book = book.first(limit)
        env = cls.env(user=SUPERUSER_ID)
        return session.replay(
            env, book, TODAY, policy, progress=lambda orders: SilentProgress(), commit=lambda: None)


@tagged('post_install', '-at_install')
class TestReplayRun(ReplayCase):
    """The tiny book from end to end under the preset; every figure was worked out by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mails = cls.env['mail.mail'].search_count([])
        cls.folder = write_book(cls)
        cls.outcome = cls._replay(cls.folder)
        cls.stories = {story.order.key: story for story in cls.outcome.stories}
        cls.report = build_report(cls.env, cls.outcome, [])
        cls.tables = cls.report.by_key

    def _order(self, key):
        return self.env['sale.order'].browse(self.stories[key].order_id)

    def _row(self, table, label):
        return next(row for row in self.tables[table].rows if row[0] == label)

    def test_every_order_runs_and_the_totals_are_those_of_the_files(self):
        self.assertEqual([story.failure for story in self.outcome.stories if story.failure], [])
        self.assertEqual(self.report.differences, [])
        self.assertFalse(self.report.is_incomplete)
        self.assertEqual([row[1:3] for row in self.tables['totals'].rows[:2]], [(12, 12), (13, 13)])

    def test_orders_without_issues_confirm_in_one_click_on_their_day(self):
        clicked = {key for key, story in self.stories.items() if story.one_click}
        self.assertEqual(clicked, {'1', '4', '5', '6', '9', '10', '11', '12'})
        self.assertEqual(self._row('confirmation', "confirmed in one click")[1:3], (8, 66.7))
        self.assertEqual(self._order('1').date_order.date(), date(2024, 6, 3))

    def test_a_high_discount_waits_one_working_day_for_the_sales_manager(self):
        story = self.stories['2']
        self.assertEqual([approval.approver for approval in story.approvals], ["Sales Manager"])
        self.assertEqual(story.confirmed, date(2024, 6, 4))

    def test_an_order_of_high_value_passes_two_levels_one_day_each(self):
        story = self.stories['3']
        self.assertEqual(
            [(approval.approver, approval.asked.day, approval.decided.day) for approval in story.approvals],
            [("Sales Manager", 3, 4), ("General Manager", 4, 5)])
        self.assertEqual(story.confirmed, date(2024, 6, 5))
        self.assertEqual(self.tables['approvals'].note, "1 order with 1 level, 1 order with 2 levels")
        requests = self._order('3').approval_request_ids
        self.assertEqual(requests.task_ids.filtered('decided_on').mapped('decided_on')[0].date(), date(2024, 6, 4))

    def test_a_payment_ends_a_credit_hold_and_the_order_goes_on(self):
        story = self.stories['8']
        [hold] = story.holds
        self.assertEqual(hold.codes, ('credit.limit',))
        self.assertEqual((hold.since.day, hold.until.day, hold.ended_by), (12, 20, 'payment'))
        self.assertEqual((story.confirmed, story.shipped), (date(2024, 6, 20), date(2024, 6, 20)))

    def test_without_a_payment_the_credit_controller_releases_after_ten_days(self):
        story = self.stories['7']
        [hold] = story.holds
        self.assertEqual((hold.since.day, hold.until.day, hold.ended_by), (10, 20, 'controller'))
        decision = self._order('7').credit_decision_ids.filtered(lambda decision: decision.result == 'released')
        self.assertEqual(decision.user_id.name, "Credit Controller")
        self.assertEqual(
            [row[:2] for row in self.tables['holds'].rows],
            [("released by payment", 1), ("released by Credit Controller", 1)])

    def test_a_late_delivery_counts_against_wish_and_first_promise_but_not_the_last(self):
        story = self.stories['4']
        self.assertEqual(
            (story.first_promise, story.promised, story.promises), (date(2024, 6, 10), date(2024, 6, 14), 2))
        # Ten orders left and one is due; orders 4 (4 days) and 9 (9 days) are late.
        self.assertEqual(self._row('punctuality', "requested date")[1:], (11, 9, 81.8, 2, 6.5, 9))
        self.assertEqual(self._row('punctuality', "first promise")[1:], (11, 9, 81.8, 2, 6.5, 9))
        self.assertEqual(self._row('punctuality', "last promise")[1:], (11, 10, 90.9, 1, 9, 9))

    def test_on_time_against_the_request_is_what_the_files_themselves_say(self):
        late = set()
        with open(self.folder / 'orders.csv', encoding='utf-8', newline='') as file:
            for row in csv.DictReader(file):
                left = row['shippedDate'] or TODAY.isoformat()
                if left > row['requiredDate']:
                    late.add(row['orderID'])
        self.assertEqual(late, {'4', '9'})
        rows = {row[0]: row[1:] for row in self.tables['requested'].rows}
        # Orders 7 and 8 were held and left later than in the book; both were on time in it.
        self.assertEqual(rows, {
            'on time': (9, 7, 7, "equal"), 'late': (2, 2, 2, "equal"), 'not due yet': (1, 1, 1, "equal")})
        self.assertIn("2 orders", self.tables['requested'].note)
        for key in self.stories:
            verdicts = set(self._order(key).order_line.mapped('on_time_requested'))
            self.assertEqual('late' in verdicts, key in late, key)

    def test_documents_carry_the_days_of_the_book(self):
        order = self._order('1')
        self.assertEqual(order.create_date.date(), date(2024, 6, 3))
        self.assertEqual(order.picking_ids.date_done.date(), date(2024, 6, 10))
        self.assertEqual(order.picking_ids.move_ids.date.date(), date(2024, 6, 10))
        invoice = order.invoice_ids
        self.assertEqual((invoice.state, invoice.payment_state), ('posted', 'paid'))
        self.assertEqual((invoice.invoice_date, invoice.invoice_date_due), (date(2024, 6, 10), date(2024, 7, 10)))
        self.assertEqual(invoice.matched_payment_ids.date, date(2024, 6, 25))

    def test_orders_end_where_the_book_leaves_them(self):
        states = Counter(story.state for story in self.outcome.stories)
        self.assertEqual(states, {'paid': 3, 'to be paid': 7, 'to deliver': 1, 'to deliver, late': 1})

    def test_the_salesperson_of_the_book_owns_the_order(self):
        self.assertEqual(self._order('1').user_id.name, "Jane Doe")
        self.assertEqual(self._order('3').create_uid.name, "Rick Roe")

    def test_customers_are_graded_in_the_end_and_it_says_why(self):
        gradings = {grading.customer: grading for grading in self.outcome.gradings}
        self.assertEqual(set(gradings), {order.customer for order in self.outcome.book.orders})
        for grading in gradings.values():
            self.assertIn(grading.scored, {'A', 'B', 'C', 'D'})
            self.assertTrue(grading.explanation.startswith(f"Grade {grading.scored}: {grading.score:g} points."))
        # The grades of the book stay in force: the scorecard proposes.
        self.assertEqual(
            {key: (grading.given, grading.limit) for key, grading in gradings.items()},
            {'HOME': ('B', 50000), 'ABRO': ('C', 1000), 'FARS': ('C', 1000)})
        rows = self.report.grades.rows
        self.assertEqual([row[2] for row in rows], sorted((row[2] for row in rows), reverse=True))
        self.assertEqual(sum(row[1] for row in self.tables['grades'].rows), len(gradings))

    def test_nothing_is_mailed(self):
        self.assertEqual(self.env['mail.mail'].search_count([]), self.mails)

    def test_the_clock_is_back_after_the_run(self):
        self.assertIsNone(control_memory(self.env).today)
        self.assertLess(abs(fields.Datetime.now() - datetime.now()), timedelta(minutes=1))


@tagged('post_install', '-at_install')
class TestReplayTrouble(ReplayCase):
    """What goes wrong with one order, a database or a policy."""

    def test_an_order_that_fails_is_named_and_the_others_go_on(self):
        enter = steps.Steps.enter

        def fail_for_one(self, story):
            if story.order.key == '1':
                raise ValueError("No such luck.")
            return enter(self, story)

        with patch.object(steps.Steps, 'enter', fail_for_one):
            outcome = self._replay(write_book(type(self)), policy='none')
        failed = {story.order.key: story.failure for story in outcome.stories if story.failure}
        self.assertEqual(failed, {'1': "enter on 2024-06-03: No such luck."})
        report = build_report(self.env, outcome, [])
        self.assertTrue(report.is_incomplete)
        self.assertEqual(report.by_key['failures'].rows, list(failed.items()))
        self.assertIn("The orders in Odoo are 11, in the files 12.", report.differences)
        # Without controls everything else went through at once.
        self.assertEqual(sum(story.one_click for story in outcome.stories), 11)
        self.assertFalse(any(story.holds or story.approvals or story.promises for story in outcome.stories))

    def test_a_quotation_is_dated_on_its_day_and_recent_orders_like_it_are_told(self):
        text, _line = with_row('orders', "13,FARS,1,2024-06-07,2024-06-30,,")
        details, _line = with_row('order-details', "13,P1,100.00,6,0")
        outcome = self._replay(write_book(type(self), orders=text, order_details=details), limit=7)
        [story] = [story for story in outcome.stories if story.order.key == '13']
        self.assertEqual(story.issues, {'credit.limit': 'approve', 'order.duplicate': 'warn'})
        # 1,200 over a limit of 1,000, and the tiny book ends before anybody pays or releases.
        order = self.env['sale.order'].browse(story.order_id)
        self.assertEqual((order.state, order.date_order.date()), ('draft', outcome.today))

    def test_a_database_with_orders_is_refused(self):
        self.env['sale.order'].create({'partner_id': self.env['res.partner'].create({'name': "Somebody"}).id})
        with self.assertRaisesRegex(session.ReplayError, "sales orders already"):
            session.check_database(self.env)

    def test_a_policy_file_of_ones_own_names_the_people_of_the_replay(self):
        book, _problems = read_book(write_book(type(self)))
        people = company.create_people(self.env, book)
        policy = write_book(type(self)) / 'policy.xml'
        policy.write_text("""<odoo>
            <record id="base.main_company" model="res.company"><field name="control_approval">warn</field></record>
            <record id="sale_order_replay.my_policy" model="sale.approval.policy">
                <field name="name">Mine</field>
                <field name="min_amount">700</field>
                <field name="level_ids" eval="[Command.create({
                    'name': 'Boss', 'user_ids': [Command.set([ref('sale_order_replay.general_manager')])]})]"/>
            </record>
        </odoo>""")
        company.apply_policy(self.env, policy, people)
        policies = self.env['sale.approval.policy'].search([('name', '=', "Mine")])
        self.assertEqual(policies.level_ids.user_ids, people.general_manager)
        self.assertEqual(self.env.ref('base.main_company').control_approval, 'warn')

    def test_a_policy_file_that_cannot_be_read_is_an_error_in_words(self):
        book, _problems = read_book(write_book(type(self)))
        people = company.create_people(self.env, book)
        policy = write_book(type(self)) / 'policy.xml'
        for text in ("<odoo><record", '<odoo><record id="x" model="no.such.model"/></odoo>'):
            policy.write_text(text)
            with self.subTest(text=text), self.assertRaisesRegex(company.PolicyError, "policy.xml cannot be used"):
                company.apply_policy(self.env, policy, people)

    def _main(self, folder, **options):
        """Run the command as far as it goes without a run; return exit status, output and errors."""
        output, errors = io.StringIO(), io.StringIO()
        defaults = {'folder': folder, 'check': False, 'policy': 'preset', 'limit': None, 'today': None, 'report': None}
        with redirect_stdout(output), redirect_stderr(errors):
            status = command.main(self.env, SimpleNamespace(**{**defaults, **options}))
        return status, output.getvalue(), errors.getvalue()

    def test_the_exit_status_says_whether_rows_were_left_out(self):
        self.assertEqual(self._main(write_book(type(self)), check=True), (
            0, "12 orders with 13 lines, net 15,246.43: can be replayed.\n", ""))
        text, _line = with_row('orders', "13,NOBODY,1,2024-06-20,2024-06-25,,")
        status, _output, errors = self._main(write_book(type(self), orders=text), check=True)
        self.assertEqual(
            (status, errors), (1, "orders.csv, line 14: Customer NOBODY is unknown.\n1 row was left out.\n"))

    def test_the_exit_status_says_that_there_was_nothing_to_run(self):
        status, _output, errors = self._main(write_book(type(self), orders=None))
        self.assertEqual(status, 2)
        self.assertIn("there is no orders.csv", errors)
        status, _output, errors = self._main(write_book(type(self)), policy='nowhere.xml')
        self.assertEqual((status, errors), (2, "There is no policy file nowhere.xml.\n"))

    def test_a_simulated_day_is_seen_by_rules_odoo_and_record_stamps(self):
        day = date(2020, 2, 29)
        with simulated_day(self.env, day):
            partner = self.env['res.partner'].create({'name': "Leap"})
            self.assertEqual(self.env['sale.order']._get_control_today(), day)
            self.assertEqual(fields.Date.context_today(partner), day)
            self.assertEqual(fields.Datetime.now().date(), day)
        self.assertEqual(partner.create_date.date(), day)
        self.assertNotEqual(fields.Date.today(), day)


@tagged('post_install', '-at_install')
class TestReplaySimulation(ReplayCase):
    """The policy simulation of the orders that were run says what the controls really asked."""

    def _assert_equal(self, outcome):
        [used] = [simulated for simulated in outcome.simulations if simulated.in_force]
        self.assertEqual(used.mismatches, [])
        self.assertEqual(
            {name: predicted for name, predicted, _real in used.rows},
            {name: real for name, _predicted, real in used.rows})
        asked = {story.name for story in outcome.stories if story.approvals}
        lines = used.simulation.line_ids.filtered(lambda line: line.side == 'before')
        self.assertEqual(set(lines.mapped('order_name')), asked)
        self.assertEqual(used.simulation.order_count, len(outcome.stories))
        table = build_report(self.env, outcome, []).by_key['simulation_in_force']
        self.assertEqual({row[3] for row in table.rows}, {"equal"})
        self.assertEqual(table.note, "The same persons were asked about every order.")
        return dict(row[:2] for row in table.rows)

    def test_domestic_standard_asks_what_its_simulation_says(self):
        outcome = self._replay(write_book(type(self)), policy='domestic')
        counts = self._assert_equal(outcome)
        self.assertEqual(counts["asked"], 2)
        self.assertEqual(counts["policy High value"], 1)
        [joint] = [simulated for simulated in outcome.simulations if not simulated.in_force]
        self.assertEqual((joint.key, joint.simulation.order_count), ('joint', 12))
        self.assertFalse(any(joint.simulation.policy_ids.mapped('active')))

    def test_joint_review_asks_what_its_simulation_says(self):
        outcome = self._replay(write_book(type(self)), policy='joint')
        counts = self._assert_equal(outcome)
        self.assertEqual(counts["level Legal"], 1)
        self.assertEqual(counts["level Purchasing"], 1)
        self.assertIn('simulation_domestic', build_report(self.env, outcome, []).by_key)
