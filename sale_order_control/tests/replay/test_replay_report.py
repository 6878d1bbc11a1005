import csv
import io
from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ...replay import report
from ...replay.book import Order, OrderLine
from ...replay.console import Progress
from ...replay.facts import Approval, Story
from ...replay.grading import Grading
from ...replay.writer import align, print_report, write_report
from .common import write_book

TODAY = date(2024, 6, 30)


def story(key, amount, **values):
    """Return the story of an order of one line, entered on the first of June."""
    line = OrderLine(key, 'P1', Decimal(amount), Decimal(1))
    order = Order(key, 'HOME', date(2024, 6, 1), requested=values.pop('requested', None), lines=(line,))
    return Story(order, submitted=date(2024, 6, 1), **values)


@tagged('post_install', '-at_install')
class TestReplayReport(BaseCase):
    """The report adds up what happened, no more and no less."""

    def test_shares_and_amounts_of_what_was_confirmed(self):
        rows = report.tabulate_confirmation([
            story('1', 100, one_click=True, confirmed=date(2024, 6, 1)),
            story('2', 50, confirmed=date(2024, 6, 3)),
            story('3', 25),
            story('4', 25),
        ]).rows
        self.assertEqual(rows, [
            ("confirmed in one click", 1, 25.0, Decimal('100.00')),
            ("confirmed later", 1, 25.0, Decimal('50.00')),
            ("not confirmed", 2, 50.0, Decimal('50.00')),
        ])

    def test_an_issue_counts_once_per_order_with_its_effect(self):
        rows = report.tabulate_issues([
            story('1', 10, issues={'credit.limit': 'approve', 'order.duplicate': 'warn'}),
            story('2', 20, issues={'credit.limit': 'approve', 'approval.7.min_amount': 'approve'}),
        ], {7: "Big orders"}).rows
        self.assertEqual(rows, [
            ('credit.limit', "", 'approve', 2, 100.0, Decimal('30.00')),
            ('approval.7.min_amount', "Big orders", 'approve', 1, 50.0, Decimal('20.00')),
            ('order.duplicate', "", 'warn', 1, 50.0, Decimal('10.00')),
        ])

    def test_waiting_time_is_averaged_per_level_and_approver(self):
        first, second = story('1', 10), story('2', 10)
        first.approvals = [
            Approval("Sales", "Ann", date(2024, 6, 1), date(2024, 6, 2)),
            Approval("Finance", "Bob", date(2024, 6, 2), date(2024, 6, 4), agreed=False)]
        second.approvals = [Approval("Sales", "Ann", date(2024, 6, 1), date(2024, 6, 5))]
        table = report.tabulate_approvals([first, second])
        self.assertEqual(table.rows, [("Sales", "Ann", 2, 2, 2.5), ("Finance", "Bob", 1, 0, 2)])
        self.assertEqual(table.note, "1 order with 1 level, 1 order with 2 levels")

    def test_a_hold_that_lasts_is_counted_until_today(self):
        held = story('1', 10)
        held.hold(['credit.limit'], date(2024, 6, 10))
        held.hold(['credit.overdue'], date(2024, 6, 12))
        table = report.tabulate_holds([held], TODAY)
        self.assertEqual(table.rows, [("still held", 1, Decimal('10.00'), 20, 20)])
        self.assertEqual(table.note, "Reasons: credit.limit 1.")

    def test_what_is_not_due_yet_is_neither_late_nor_on_time(self):
        late_outside = story(
            '1', 10, requested=date(2024, 6, 10), confirmed=date(2024, 6, 1), shipped=date(2024, 6, 15))
        late_inside = story('2', 10, requested=date(2024, 6, 20), confirmed=date(2024, 6, 1))
        not_due = story('3', 10, requested=date(2024, 7, 20), confirmed=date(2024, 6, 1))
        rows = report.tabulate_punctuality([late_outside, late_inside, not_due], TODAY).rows
        self.assertEqual(rows[0], ("requested date", 2, 0, 0.0, 2, 7.5, 10))
        self.assertEqual(rows[1], ("first promise", 0, 0, 0.0, 0, 0, 0))

    def test_the_csv_files_hold_every_figure_and_every_order(self):
        stories = [story('1', 100, one_click=True, confirmed=date(2024, 6, 1), state='paid')]
        tables = [report.tabulate_confirmation(stories), report.tabulate_states(stories)]
        full = report.Report("Replay", tables, report.tabulate_orders(stories, TODAY), [], False)
        summary, orders = write_report(full, write_book(type(self)) / 'report.csv')
        with open(summary, encoding='utf-8', newline='') as handle:
            rows = list(csv.reader(handle))
        self.assertIn(['confirmation', "confirmed in one click", "net amount", '100.00'], rows)
        self.assertIn(['states', 'paid', 'orders', '1'], rows)
        with open(orders, encoding='utf-8', newline='') as handle:
            [row] = list(csv.DictReader(handle))
        self.assertEqual((row['order'], row['customer'], row['one_click'], row['state']), ('1', 'HOME', 'yes', 'paid'))
        self.assertEqual(orders.name, 'report-orders.csv')

    def test_the_terminal_shows_tables_aligned_and_differences_last(self):
        stories = [story('1', 1234)]
        full = report.Report(
            "Replay", [report.tabulate_confirmation(stories)], report.tabulate_orders(stories, TODAY),
            ["Totals differ."], True)
        stream = io.StringIO()
        print_report(full, stream)
        self.assertIn("not confirmed                1    100.0    1,234.00", stream.getvalue())
        self.assertTrue(stream.getvalue().endswith("DIFFERENT: Totals differ.\n"))

    def test_customers_are_listed_by_score_with_the_reasons_in_a_file_of_their_own(self):
        gradings = [
            Grading('HOME', "Home", 'B', 71.0, 'A', 500.0, None, "Nothing (5)", "Grade A: 71 points. And so on."),
            Grading('AWAY', "Away", 'C', None, "", None, None, "No grade", "No grade: nothing is known.")]
        full = report.Report(
            "Replay", [report.tabulate_grade_changes(gradings)], report.tabulate_orders([], TODAY), [], False,
            report.tabulate_grades(gradings))
        self.assertEqual(full.tables[0].rows, [("B → A", 1, 71.0), ("C → no score", 1, 0.0)])
        stream = io.StringIO()
        print_report(full, stream)
        self.assertIn("HOME      Home", stream.getvalue())
        self.assertNotIn("And so on", stream.getvalue())
        paths = write_report(full, write_book(type(self)) / 'report.csv')
        with open(paths[2], encoding='utf-8', newline='') as handle:
            first, second = csv.DictReader(handle)
        self.assertEqual((paths[2].name, first['why']), ('report-grades.csv', "Grade A: 71 points. And so on."))
        self.assertEqual((second['score'], second['limit'], second['proposed limit']), ('', 'none', ''))
        self.assertEqual((first['limit'], first['proposed limit']), ('500.0', 'none'))

    def test_an_empty_table_says_so(self):
        self.assertEqual(align(("a", "b"), []), ["(none)"])

    def test_progress_off_a_terminal_is_a_line_every_tenth(self):
        stream = io.StringIO()
        progress = Progress(20, "orders", stream)
        for number in range(1, 21):
            progress.show(number)
        self.assertEqual(len(stream.getvalue().splitlines()), 11)
        self.assertIn("20/20 orders", stream.getvalue())
