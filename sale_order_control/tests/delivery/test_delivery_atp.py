from datetime import date, timedelta

from odoo import Command
from odoo.tests import BaseCase, tagged

from ...models.delivery.atp.atp import Balance, Demand, Part, ScheduleLine, Supply, get_ready_day
from ...models.delivery.atp.atp_plan import plan
from .common import DeliveryCommon

TODAY = date(2026, 3, 2)


def day(number):
    return TODAY + timedelta(days=number)


@tagged('post_install', '-at_install')
class TestDeliveryAtpArithmetic(BaseCase):
    """Schedules worked out by hand; no database."""

    def _balance(self, on_hand=0.0, receipts=(), issues=()):
        balance = Balance(TODAY, on_hand)
        for when, quantity in receipts:
            balance.add_supply(Supply(day(when), quantity))
        for when, quantity in issues:
            balance.add_issue(day(when), quantity)
        return balance

    def _demand(self, key, quantity, **values):
        return Demand(key, 1, quantity, (Part(1),), **values)

    def _schedule(self, balance, quantity, lead_days=7):
        lines = plan([self._demand('line', quantity, lead_days=lead_days)], {(1, 1): balance}, TODAY)['line']
        return [((line.date - TODAY).days, line.quantity, line.source) for line in lines]

    def test_stock_is_available_today(self):
        self.assertEqual(self._schedule(self._balance(10), 4), [(0, 4, 'stock')])

    def test_what_others_take_later_is_not_available_now(self):
        # 10 today, 8 are due on day 5: only 2 are free until 6 more come on day 9.
        balance = self._balance(10, receipts=[(9, 6)], issues=[(5, 8)])
        self.assertEqual([(when - TODAY).days for when, _quantity in balance.available()], [0, 5, 9])
        self.assertEqual([quantity for _when, quantity in balance.available()], [2, 2, 8])
        self.assertEqual(self._schedule(balance, 5), [(0, 2, 'stock'), (9, 3, 'incoming')])

    def test_the_dip_after_a_recovery_counts_too(self):
        # 10 today, -6 on day 3 (4), +6 on day 4 (10), -9 on day 8 (1): never more than 1 is free.
        balance = self._balance(10, receipts=[(4, 6)], issues=[(3, 6), (8, 9)])
        self.assertEqual([quantity for _when, quantity in balance.available()], [1, 1, 1, 1])

    def test_what_is_never_negative_is_promised_by_lead_time(self):
        balance = self._balance(2, issues=[(1, 5)])
        self.assertEqual([quantity for _when, quantity in balance.available()], [0, 0])
        self.assertEqual(self._schedule(balance, 3), [(7, 3, 'lead_time')])

    def test_the_rest_follows_the_last_known_receipt_even_past_the_lead_time(self):
        balance = self._balance(0, receipts=[(10, 2)])
        self.assertEqual(self._schedule(balance, 3), [(10, 2, 'incoming'), (10, 1, 'lead_time')])

    def test_overdue_supply_comes_tomorrow_and_overdue_demand_is_taken_today(self):
        balance = self._balance(5, receipts=[(-3, 4)], issues=[(-2, 5)])
        self.assertEqual(self._schedule(balance, 4), [(1, 4, 'incoming')])

    def test_the_second_demand_gets_what_the_first_leaves(self):
        balances = {(1, 1): self._balance(10, receipts=[(6, 5)])}
        first, second = self._demand('a', 8, lead_days=20), self._demand('b', 6, lead_days=20)
        schedules = plan([first, second], balances, TODAY)
        self.assertEqual(schedules['a'], [ScheduleLine(TODAY, 8, 'stock')])
        self.assertEqual(schedules['b'], [ScheduleLine(TODAY, 2, 'stock'), ScheduleLine(day(6), 4, 'incoming')])
        self.assertEqual(get_ready_day(second, schedules['b']), day(6))

    def test_a_promise_is_served_before_an_older_wish(self):
        balances = {(1, 1): self._balance(5)}
        wish, promise = self._demand('wish', 5, lead_days=9), self._demand('promise', 5, promised=day(4))
        schedules = plan([wish, promise], balances, TODAY)
        self.assertEqual(schedules['promise'], [ScheduleLine(TODAY, 5, 'stock')])
        self.assertEqual(schedules['wish'], [ScheduleLine(day(9), 5, 'lead_time')])

    def test_a_wish_for_later_is_kept_for_later(self):
        balances = {(1, 1): self._balance(5)}
        demand = self._demand('a', 5, wanted=day(10))
        self.assertEqual(get_ready_day(demand, plan([demand], balances, TODAY)['a']), day(10))

    def test_goods_without_stock_keeping_only_know_the_lead_time(self):
        demand = Demand('a', 1, 5, lead_days=3)
        self.assertEqual(plan([demand], {}, TODAY)['a'], [ScheduleLine(day(3), 5, 'lead_time')])


@tagged('post_install', '-at_install')
class TestDeliveryAtp(DeliveryCommon):
    """The same from real stock, receipts and demand."""

    def _draft(self, *lines):
        return self.env['sale.order'].create({
            'partner_id': self.customer.id,
            'order_line': [
                Command.create({'product_id': product.id, 'product_uom_qty': quantity, **values})
                for product, quantity, values in lines
            ],
        })

    def test_schedule_reads_stock_receipts_and_demand(self):
        self._stock(self.scarce, 10)
        self._issue(self.scarce, 8, 5)
        self._receive(self.scarce, 6, 9)
        line = self._draft((self.scarce, 5, {})).order_line
        self.assertEqual(line._get_atp_schedule(), {line.id: [
            ScheduleLine(self.today, 2, 'stock'), ScheduleLine(self._day(9), 3, 'incoming')]})
        self.assertEqual(line.proposed_date, self._day(9))

    def test_schedule_speaks_the_unit_of_the_line(self):
        self._stock(self.scarce, 24)
        dozen = self.env.ref('uom.product_uom_dozen')
        line = self._draft((self.scarce, 3, {'product_uom_id': dozen.id, 'customer_lead': 4})).order_line
        schedule = line._get_atp_schedule()[line.id]
        self.assertEqual(
            [(part.date, part.source) for part in schedule], [(self.today, 'stock'), (self._day(4), 'lead_time')])
        self.assertAlmostEqual(schedule[0].quantity, 2)
        self.assertAlmostEqual(schedule[1].quantity, 1)

    def test_own_reservation_does_not_count_against_the_line(self):
        self._stock(self.scarce, 5)
        order = self._confirm_order((self.scarce, 5.0))
        self.assertEqual(order.order_line.proposed_date, self.today)

    def test_another_confirmed_order_counts_against_a_quotation(self):
        self._stock(self.scarce, 5)
        self._confirm_order((self.scarce, 5.0))
        line = self._draft((self.scarce, 1, {'customer_lead': 6})).order_line
        self.assertEqual(line.proposed_date, self._day(6))

    def test_services_and_delivered_lines_have_no_schedule(self):
        service = self.env['product.product'].create({'name': "Advice", 'type': 'service'})
        line = self._draft((service, 1, {})).order_line
        self.assertEqual(line._get_atp_schedule(), {})
        self.assertFalse(line.proposed_date)

    def test_wanted_date_is_proposed_when_it_can_be_kept(self):
        self._stock(self.scarce, 5)
        line = self._draft((self.scarce, 5, {'requested_date': self._day(12)})).order_line
        self.assertEqual(line.proposed_date, self._day(12))

    def test_order_date_counts_for_lines_without_one(self):
        self._stock(self.scarce, 5)
        order = self._draft((self.scarce, 5, {}))
        order.requested_date = self._day(3)
        self.assertEqual(order.order_line.wanted_date, self._day(3))
        self.assertEqual(order.order_line.proposed_date, self._day(3))

    def test_thirty_lines_cost_as_many_queries_as_one(self):
        products = self.env['product.product']
        for number in range(30):
            products |= self._new_product(f"Flat {number}", 10.0, 5.0, stock=5.0)
        one = self._draft((products[0], 1, {})).order_line
        many = self._draft(*[(product, 1, {}) for product in products]).order_line
        self.env.flush_all()

        def count(lines):
            self.env.invalidate_all()
            lines = self.env['sale.order.line'].browse(lines.ids)
            before = self.env.cr.sql_log_count
            lines._get_atp_schedule()
            return self.env.cr.sql_log_count - before

        count(one)
        self.assertLessEqual(count(many), count(one) + 2)

    def test_warning_when_the_customer_wants_it_too_early(self):
        self._receive(self.scarce, 5, 9)
        order = self._draft((self.scarce, 5, {'requested_date': self._day(7)}))
        issues = [issue for issue in order._get_control_issues('submit')[order.id] if issue.area == 'promise']
        self.assertEqual([issue.code for issue in issues], ['promise.requested_early'])
        self.assertEqual(issues[0].effect, 'warn')
        self.assertEqual(issues[0].figures, {'days_late': 2})
        self.assertIn("2 days after the requested date", issues[0].message)

    def test_no_warning_when_the_wish_can_be_kept(self):
        self._receive(self.scarce, 5, 9)
        order = self._draft((self.scarce, 5, {'requested_date': self._day(9)}))
        self.assertFalse(order._get_control_issues('submit')[order.id])
