from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ...replay import behaviour
from ...replay.reader import BookError, read_book
from .common import TINY_BOOK, with_row, write_book


@tagged('post_install', '-at_install')
class TestReplayReader(BaseCase):
    """Reading an order book: what is right goes in, what is wrong is named with file and line."""

    def _read_with(self, name, row):
        """Read the tiny book with one more row; return the book and the problems in words."""
        text, line = with_row(name, row)
        book, problems = read_book(write_book(type(self), **{name.replace('-', '_'): text}))
        self.assertTrue(all(problem.line == line for problem in problems if problem.file == f'{name}.csv'))
        return book, [str(problem) for problem in problems]

    def test_a_right_book_has_no_problems_and_its_totals_by_hand(self):
        book, problems = read_book(write_book(type(self)))
        self.assertEqual(problems, [])
        totals = book.totals
        # 100 + (150 + 30) + 12000 + 66.4335 + 800 + 600 + 500 + 400 + 110 + 130 + 170 + 190
        self.assertEqual((totals.orders, totals.lines), (12, 13))
        self.assertEqual(totals.net, Decimal('15246.43'))
        self.assertEqual(totals.net_by_line, Decimal('15246.43'))

    def test_net_amount_is_rounded_once_and_by_line_each(self):
        text, _line = with_row('order-details', "12,P2,9.99,7,0.05")
        book, _problems = read_book(write_book(type(self), order_details=text))
        self.assertEqual(book.totals.net, Decimal('15312.87'))
        self.assertEqual(book.totals.net_by_line, Decimal('15312.86'))

    def test_the_last_order_is_moved_to_today_and_everything_with_it(self):
        book, _problems = read_book(write_book(type(self)))
        moved = book.ending(date(2026, 6, 30))
        self.assertEqual(moved.last_day, date(2026, 6, 30))
        first, original = moved.orders[0], book.orders[0]
        for name in ('ordered', 'requested', 'shipped', 'paid'):
            self.assertEqual((getattr(first, name) - getattr(original, name)).days, 730)
        self.assertIsNone(moved.orders[-1].shipped)

    def test_a_row_with_too_few_columns_is_left_out(self):
        book, problems = self._read_with('orders', "13,HOME,1")
        self.assertEqual(problems, ["orders.csv, line 14: The row has 3 columns, the header has 7."])
        self.assertEqual(len(book.orders), 12)

    def test_an_order_of_an_unknown_customer_takes_its_lines_with_it(self):
        details, _line = with_row('order-details', "13,P1,100.00,1,0")
        orders, _line = with_row('orders', "13,NOBODY,1,2024-06-20,2024-06-25,,")
        book, problems = read_book(write_book(type(self), orders=orders, order_details=details))
        self.assertEqual([str(problem) for problem in problems], [
            "orders.csv, line 14: Customer NOBODY is unknown.",
            "order-details.csv, line 15: Order 13 was left out.",
        ])
        self.assertEqual(len(book.orders), 12)

    def test_unknown_product_order_and_employee_are_named(self):
        self.assertEqual(
            self._read_with('order-details', "12,P9,10.00,1,0")[1],
            ["order-details.csv, line 15: Product P9 is unknown."])
        self.assertEqual(
            self._read_with('order-details', "99,P1,10.00,1,0")[1],
            ["order-details.csv, line 15: Order 99 is unknown."])
        self.assertIn(
            "orders.csv, line 14: Employee 7 is unknown.",
            self._read_with('orders', "13,HOME,7,2024-06-20,2024-06-25,,")[1])

    def test_a_bad_date_is_left_out_with_the_way_to_write_it(self):
        _book, problems = self._read_with('orders', "13,HOME,1,20.06.2024,2024-06-25,,")
        self.assertEqual(problems, [
            "orders.csv, line 14: orderDate '20.06.2024' is not a date; write year-month-day, like 2026-01-31."])

    def test_a_time_of_day_behind_a_date_does_no_harm(self):
        text = TINY_BOOK['orders'].replace("2024-06-30,", "2024-06-30 00:00:00.000,")
        book, problems = read_book(write_book(type(self), orders=text))
        self.assertEqual((problems, book.last_day), ([], date(2024, 6, 30)))

    def test_bad_and_negative_numbers_are_left_out(self):
        for row, sentence in (
            ("12,P1,ten,1,0", "unitPrice 'ten' is not a number; write it like 1234.50."),
            ("12,P1,nan,1,0", "unitPrice 'nan' is not a number; write it like 1234.50."),
            ("12,P1,-1.00,1,0", "unitPrice -1.00 is negative."),
            ("12,P1,1.00,-3,0", "quantity -3 is negative."),
            ("12,P1,1.00,0,0", "quantity 0 is zero."),
            ("12,P1,1.00,,0", "quantity is empty."),
            ("12,P1,1.00,1,15", "discount 15 is not a share between 0 and 1; write 15 % as 0.15."),
            ("12,P1,x,-1,0", "unitPrice 'x' is not a number; write it like 1234.50; quantity -1 is negative."),
        ):
            with self.subTest(row=row):
                book, problems = self._read_with('order-details', row)
                self.assertEqual(problems, [f"order-details.csv, line 15: {sentence}"])
                self.assertEqual(book.totals.lines, 13)

    def test_a_second_row_with_the_same_id_is_left_out(self):
        _book, problems = self._read_with('customers', "HOME,Again,,,,,,")
        self.assertEqual(problems, ["customers.csv, line 5: customerID HOME was on line 2 already."])

    def test_an_order_without_lines_is_left_out(self):
        _book, problems = self._read_with('orders', "13,HOME,1,2024-06-20,2024-06-25,,")
        self.assertEqual(problems, ["orders.csv, line 14: Order 13 has no line that can be used."])

    def test_an_order_shipped_before_it_was_placed_is_left_out(self):
        _book, problems = self._read_with('orders', "13,HOME,1,2024-06-20,2024-06-25,2024-06-19,")
        self.assertEqual(problems, [
            "orders.csv, line 14: It was shipped on 2024-06-19, before it was ordered on 2024-06-20."])

    def test_an_unknown_category_is_a_remark_and_leaves_nothing_out(self):
        text, line = with_row('products', "P3,Chair,8,50.00,20.00")
        book, problems = read_book(write_book(type(self), products=text))
        self.assertEqual([(problem.line, problem.left_out) for problem in problems], [(line, False)])
        self.assertEqual(book.products['P3'].category, '')

    def test_a_line_number_is_right_behind_a_cell_of_several_lines(self):
        text = TINY_BOOK['customers'].rstrip() + "\nHOME,Again,,,,,,"
        text = text.replace("1 Main Street", '"1 Main Street\nBack Door"')
        _book, problems = read_book(write_book(type(self), customers=text))
        self.assertEqual([problem.line for problem in problems], [6])

    def test_semicolons_and_a_byte_order_mark_are_understood(self):
        folder = write_book(type(self))
        path = folder / 'order-details.csv'
        path.write_text('\ufeff' + path.read_text().replace(',', ';'), encoding='utf-8')
        self.assertEqual(read_book(folder)[0].totals.lines, 13)

    def test_a_missing_required_column_stops_with_its_name(self):
        with self.assertRaisesRegex(BookError, "orders.csv has no column customerID"):
            read_book(write_book(type(self), orders=TINY_BOOK['orders'].replace('customerID', 'client')))

    def test_a_missing_required_file_stops_and_optional_ones_may_be_missing(self):
        with self.assertRaisesRegex(BookError, "there is no products.csv"):
            read_book(write_book(type(self), products=None))
        orders = TINY_BOOK['orders'].replace(',1,2024', ',,2024').replace(',2,2024', ',,2024')
        book, problems = read_book(write_book(
            type(self), employees=None, categories=None, orders=orders,
            products=TINY_BOOK['products'].replace(',1,100', ',,100')))
        self.assertEqual((len(book.orders), problems), (12, []))

    def test_no_usable_order_is_an_error_that_says_why(self):
        with self.assertRaisesRegex(BookError, "Customer HOME is unknown"):
            read_book(write_book(type(self), customers="customerID,companyName\nX,Xylo"))


@tagged('post_install', '-at_install')
class TestReplayBehaviour(BaseCase):
    """What a book does not say is assumed the same way every time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.book, _problems = read_book(write_book(cls))

    def test_a_weekend_is_no_working_day(self):
        self.assertEqual(behaviour.next_working_day(date(2024, 6, 7)), date(2024, 6, 10))
        self.assertEqual(behaviour.next_working_day(date(2024, 6, 3)), date(2024, 6, 4))

    def test_payment_habits_cover_all_customers_and_never_change(self):
        habits = [behaviour.payment_delay(f'C{number}') for number in range(400)]
        self.assertEqual(habits, [behaviour.payment_delay(f'C{number}') for number in range(400)])
        self.assertEqual(set(habits), {0, 10, 25, 45})
        self.assertGreater(habits.count(0), 200)

    def test_the_limit_of_the_book_counts_before_the_derived_one(self):
        self.assertEqual(behaviour.credit_limits(self.book)['HOME'], 50000)
        text = TINY_BOOK['customers'].replace(',50000', ',').replace(',1000', ',')
        book, _problems = read_book(write_book(type(self), customers=text))
        # Biggest order 12,000 x 1.5; four months of 13,000 in less than one month: 4 x 12,946.43.
        self.assertEqual(behaviour.credit_limits(book)['HOME'], 52000)
        # 1.5 x 600 and 4 x 1,100, up to the next 500.
        self.assertEqual(behaviour.credit_limits(book)['FARS'], 4500)

    def test_lead_time_is_what_four_of_five_shipped_orders_kept(self):
        # Days from order to shipment: 2 2 2 7 7 7 9 9 10 10
        self.assertEqual(behaviour.lead_days(self.book), 10)

    def test_cost_is_the_books_own_or_a_share_of_the_average_price(self):
        self.assertEqual(behaviour.unit_costs(self.book)['P1'], Decimal('40.00'))
        text = TINY_BOOK['products'].replace(',40.00', ',')
        book, _problems = read_book(write_book(type(self), products=text))
        self.assertEqual(behaviour.unit_costs(book)['P1'], Decimal('60.00'))
