from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from ..order.tours import TourCase
from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryQueue(DeliveryCommon):
    """What the planner sees first, and accepting all proposals at once."""

    def _counts(self, user=None):
        lines = self.env['sale.order.line'].with_user(user or self.planner)
        return {counter['filter']: counter['count'] for counter in lines.get_promise_counters()}

    def _accept(self, lines):
        return self.env['sale.order.line'].with_user(self.planner).action_accept_proposals([('id', 'in', lines.ids)])

    def test_counters_say_how_many_lines_wait_for_what(self):
        before = self._counts()
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0), (self.product, 3.0))
        self._promise(order.order_line[:2], 2)
        with control_today(self.env, self._day(3)):
            order._refresh_promise_states()
        after = self._counts()
        self.assertEqual({name: after[name] - before[name] for name in before if after[name] != before[name]},
                         {'to_promise': 1, 'late': 2})
        self.assertEqual(self._counts(self.other_salesperson)['late'], 0)

    def test_all_proposals_are_accepted_and_the_rest_is_listed_with_reasons(self):
        order = self._confirm_order((self.product, 1.0, 4), (self.scarce, 2.0, 4), (self.product, 3.0))
        self._promise(order.order_line[2], 6)
        result = self._accept(order.order_line)
        self.assertEqual(order.order_line.mapped('promised_date'), [self._day(4), False, self._day(6)])
        message = result['params']['message']
        self.assertIn("Lines promised: 1", message)
        self.assertIn(f"{order.name}, Scarce Product: nothing known brings it", message)
        self.assertIn("already: to move it, give a reason", message)
        self.assertTrue(result['params']['sticky'])

    def test_a_warehouse_without_a_stock_location_leaves_only_its_own_lines(self):
        other = self.env['stock.warehouse'].create({'name': "Broken", 'code': "BRK"})
        order = self._confirm_order((self.product, 1.0, 4))
        broken = self._confirm_order((self.product, 1.0, 4), warehouse_id=other.id)
        self.env.flush_all()
        self.env.cr.execute("UPDATE stock_location SET active = FALSE WHERE id = %s", [other.lot_stock_id.id])
        self.env.invalidate_all()
        result = self._accept((order | broken).order_line)
        self.assertEqual((order | broken).order_line.mapped('promised_date'), [self._day(4), False])
        self.assertIn("has no stock location", result['params']['message'])

    def test_where_nothing_can_be_promised_all_reasons_are_given(self):
        order = self._confirm_order((self.scarce, 2.0, 4))
        with self.assertRaisesRegex(UserError, "ask production or purchasing"):
            self._accept(order.order_line)
        self.assertFalse(self._ledger(order))

    def test_only_planners_accept(self):
        order = self._confirm_order((self.product, 1.0, 4))
        for user in (self.salesperson, self.sales_manager, self.finance):
            with self.assertRaises(AccessError):
                order.order_line.with_user(user).action_accept_proposals([])
        self.assertFalse(self._ledger(order))
        with self.assertRaises(AccessError):
            order.with_user(self.salesperson).action_promise_dates()
        action = order.with_user(self.planner).action_promise_dates()
        self.assertEqual(self.env['sale.order.line'].search(action['domain']), order.order_line)

    def test_target_is_three_working_days_after_the_confirmation(self):
        order = self._confirm_order((self.product, 1.0))
        line = order.order_line
        is_open = self.company._get_working_day_test()
        target, left = line.confirmed_date, 3
        while left:
            target = date.fromordinal(target.toordinal() + 1)
            left -= is_open(target)
        self.assertEqual((line.target_date, line.is_target_missed), (target, False))
        for day, missed in ((target, False), (date.fromordinal(target.toordinal() + 1), True)):
            with control_today(self.env, day):
                line.invalidate_recordset(['is_target_missed', 'target_date', 'target_days_left'])
                self.assertEqual(line.is_target_missed, missed)
                found = self.env['sale.order.line'].search([('is_target_missed', '=', True)])
                self.assertEqual(line in found, missed)
        self.company.promise_target_days = 0
        line.invalidate_recordset(['target_date', 'is_target_missed'])
        self.assertFalse(line.target_date)

    def test_working_days_are_counted_both_ways(self):
        self.company.resource_calendar_id.tz = 'UTC'
        thursday = date(2026, 5, 7)
        self.assertEqual(self.company._add_working_days(thursday, 3), date(2026, 5, 12))
        self.assertEqual(self.company._add_working_days(date(2026, 5, 11), -3), date(2026, 5, 6))

    def test_a_promise_before_the_order_or_the_present_day_is_refused(self):
        order = self._confirm_order((self.product, 1.0))
        with self.assertRaisesRegex(UserError, "a day in the past"):
            self._promise(order.order_line, -1)
        with control_today(self.env, self._day(-10)), self.assertRaisesRegex(UserError, "before the order"):
            self._promise(order.order_line, -5)
        self.assertFalse(self._ledger(order))

    def test_no_more_is_promised_than_ordered(self):
        order = self._confirm_order((self.product, 3.0))
        self._promise(order.order_line, 4)
        self.assertEqual(self._ledger(order).quantity, 3)
        with self.assertRaises(UserError):
            order.order_line.with_user(self.planner).write({'promised_quantity': 9})

    def test_shipping_days_without_a_working_hour_are_refused(self):
        calendar = self.env['resource.calendar'].create({'name': "Never", 'attendance_ids': []})
        calendar.attendance_ids.unlink()
        with self.assertRaisesRegex(ValidationError, "has no working hour"):
            self.warehouse.promise_calendar_id = calendar

    def test_the_queue_costs_the_same_queries_for_three_lines_as_for_thirty(self):
        names = ('order_partner_id', 'proposed_date', 'atp_summary', 'target_days_left', 'date_request_summary',
                 'price_subtotal', 'is_target_missed')
        counts = []
        for number in (3, 30):
            order = self._confirm_order(*[(self.product, 1.0, 3)] * number)
            lines = self.env['sale.order.line'].with_user(self.planner).browse(order.order_line.ids)
            for warm in range(2):
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                lines.web_read({name: {} for name in names})
                if warm:
                    counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1)


@tagged('post_install', '-at_install')
class TestDeliveryTour(DeliveryCommon, TourCase):
    """Planner and warehouse in the web client."""

    def test_planner_accepts_everything_from_the_keyboard(self):
        order = self._confirm_order((self.product, 2.0, 4), (self.scarce, 1.0, 4))
        self._walk('/odoo/delivery-promises', 'queue', self.planner)
        self.assertEqual(order.order_line.mapped('promised_date'), [self._day(4), False])

    def test_warehouse_reads_why_a_transfer_is_held_and_who_clears_it(self):
        keeper = self._new_user('soc_keeper', 'stock.group_stock_user')
        order = self._confirm_order((self.product, 2.0, 4))
        self._walk(f'/odoo/action-stock.action_picking_tree_all/{order.picking_ids.id}', 'held', keeper)
        self.assertNotEqual(order.picking_ids.state, 'done')
