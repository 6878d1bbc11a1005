from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, tagged

from ...models.delivery.lateness.delivery_verdict import Course, judge
from ...models.order.control_memory import control_today
from .common import DeliveryCommon

DAY = date(2026, 3, 10)


@tagged('post_install', '-at_install')
class TestDeliveryVerdict(BaseCase):
    """Each way in which a line can end, measured against one day."""

    def _judge(self, target=DAY, today=date(2026, 3, 31), **course):
        return judge(Course(**course), target, today)

    def test_in_full_and_not_after_the_day_is_on_time(self):
        self.assertEqual(self._judge(closed=True, in_full=True, arrival=DAY), ('on_time', 0))
        self.assertEqual(self._judge(closed=True, in_full=True, arrival=date(2026, 3, 8)), ('on_time', -2))

    def test_in_full_after_the_day_is_late(self):
        self.assertEqual(self._judge(closed=True, in_full=True, arrival=date(2026, 3, 13)), ('late', 3))

    def test_less_than_ordered_is_not_on_time_though_it_came_early(self):
        self.assertEqual(self._judge(closed=True, in_full=False, arrival=date(2026, 3, 8)), ('short', -2))

    def test_cancelled_is_not_on_time(self):
        self.assertEqual(self._judge(cancelled=True), ('cancelled', 0))

    def test_cancelled_by_the_customer_is_left_out(self):
        self.assertEqual(self._judge(cancelled=True, by_customer=True), (False, 0))

    def test_what_the_customer_did_not_want_any_more_is_measured_by_what_arrived(self):
        self.assertEqual(
            self._judge(closed=True, in_full=False, by_customer=True, arrival=date(2026, 3, 9)), ('on_time', -1))

    def test_open_is_late_once_the_day_has_passed(self):
        self.assertEqual(self._judge(today=DAY), (False, 0))
        self.assertEqual(self._judge(today=date(2026, 3, 12)), ('late', 2))

    def test_without_a_day_there_is_nothing_to_measure(self):
        self.assertEqual(self._judge(target=None, closed=True, in_full=True, arrival=DAY), (False, 0))


@tagged('post_install', '-at_install')
class TestDeliveryFacts(DeliveryCommon):
    """Facts stand on the line when something has happened; the report only reads them."""

    def _report(self, order):
        self.env.flush_all()
        return self.env['sale.delivery.report'].search([('order_id', '=', order.id)])

    def test_three_days_are_measured_side_by_side(self):
        order = self._confirm_order((self.product, 3.0, 3))
        self._promise(order.order_line, 5)
        self._promise(order.order_line, 8, self.reason)
        with control_today(self.env, self._day(7)):
            self._deliver(order)
        line = order.order_line
        self.assertEqual(
            (line.on_time_requested, line.on_time_first, line.on_time_promised), ('late', 'late', 'on_time'))
        self.assertEqual(
            (line.days_late_requested, line.days_late_first, line.days_late_promised), (4, 2, -1))
        self.assertTrue(line.delivery_closed)
        self.assertEqual((line.first_delivered_date, line.delivered_date), (self._day(7), self._day(7)))
        self.assertEqual(line.delivery_cause_id, self.reason)
        row = self._report(order)
        self.assertEqual((row.share_requested, row.share_first, row.share_promised), (0, 0, 1))
        self.assertEqual((row.cause_kind, row.promises, row.warehouse_id), ('supplier', 2, order.warehouse_id))

    def test_first_and_last_day_of_delivery_are_kept_apart(self):
        order = self._confirm_order((self.product, 10.0, 5))
        self._promise(order.order_line, 5)
        with control_today(self.env, self._day(2)):
            self._deliver(order, 4.0)
        line = order.order_line
        self.assertEqual((line.first_delivered_date, line.delivery_closed, line.on_time_promised),
                         (self._day(2), False, False))
        with control_today(self.env, self._day(9)):
            self._deliver(order)
        self.assertEqual((line.first_delivered_date, line.delivered_date), (self._day(2), self._day(9)))
        self.assertEqual((line.on_time_promised, line.days_late_promised), ('late', 4))

    def test_a_later_wish_does_not_make_it_punctual(self):
        order = self._confirm_order((self.product, 3.0, 3))
        self._promise(order.order_line, 5)
        order.order_line.requested_date = self._day(9)
        with control_today(self.env, self._day(5)):
            self._deliver(order)
        self.assertEqual(order.order_line.first_requested_date, self._day(3))
        self.assertEqual(order.order_line.on_time_requested, 'late')

    def test_the_night_makes_open_lines_late(self):
        order = self._confirm_order((self.product, 3.0, 3))
        self._promise(order.order_line, 5)
        self._run_night(4, 'sale.order', '_cron_refresh_promise_states')
        line = order.order_line
        self.assertEqual((line.on_time_requested, line.days_late_requested, line.on_time_promised), ('late', 1, False))
        self._run_night(6, 'sale.order', '_cron_refresh_promise_states')
        self.assertEqual((line.on_time_promised, line.days_late_promised, line.days_late_requested), ('late', 1, 3))

    def test_dropped_rest_is_not_in_full(self):
        order = self._confirm_order((self.product, 10.0, 5))
        self._promise(order.order_line, 5)
        self._deliver(order, 4.0, backorder=False)
        self.assertEqual(order.order_line.on_time_promised, 'short')
        self.assertEqual(self._report(order).share_promised, 0)

    def test_ordering_less_in_time_is_on_time(self):
        order = self._confirm_order((self.product, 10.0, 5))
        self._promise(order.order_line, 5)
        self._deliver(order, 4.0)
        order.order_line.product_uom_qty = 4
        self.assertEqual(order.order_line.on_time_promised, 'on_time')

    def test_returned_goods_do_not_undo_a_punctual_delivery(self):
        order = self._confirm_order((self.product, 3.0, 5))
        self._promise(order.order_line, 5)
        moves = self._deliver(order)
        wizard = self.env['stock.return.picking'].create({'picking_id': moves.picking_id.id})
        wizard.product_return_moves.quantity = 3
        returned = self.env['stock.picking'].browse(wizard.action_create_returns()['res_id'])
        returned.move_ids.write({'quantity': 3, 'picked': True})
        returned.button_validate()
        order._refresh_promise_states()
        self.assertEqual((order.order_line.on_time_promised, order.order_line.delivery_closed), ('on_time', True))

    def test_cancelled_order_counts_until_the_customer_is_named_as_the_cause(self):
        order = self._confirm_order((self.product, 3.0, 3))
        self._promise(order.order_line, 5)
        order._action_cancel()
        line = order.order_line
        self.assertEqual((line.on_time_requested, line.on_time_promised, line.delivery_closed),
                         ('cancelled', 'cancelled', True))
        row = self._report(order)
        self.assertEqual((row.promised_date, row.share_promised, row.state), (self._day(5), 0, 'cancel'))
        wizard = self.env['sale.delivery.cause.wizard'].with_user(self.planner).create({
            'line_ids': line.ids, 'reason_id': self.env.ref('sale_order_control.change_reason_customer_wish').id})
        wizard.action_apply()
        self.assertEqual((line.on_time_requested, line.on_time_promised), (False, False))
        self.env.invalidate_all()
        groups = self.env['sale.delivery.report']._read_group(
            [('order_id', '=', order.id)], [], ['share_promised:avg', '__count'])
        self.assertEqual(groups, [(0.0, 1)])
        self.assertIn("Customer wants another date", order.control_log_ids[0].message)

    def test_cancelled_and_confirmed_again_is_measured_anew(self):
        order = self._confirm_order((self.product, 3.0, 3))
        self._promise(order.order_line, 5)
        order._action_cancel()
        order.action_draft()
        order.order_line.requested_date = self._day(8)
        order.action_confirm()
        line = order.order_line
        self.assertEqual((line.first_requested_date, line.delivery_closed, line.on_time_promised),
                         (self._day(8), False, False))

    def test_state_written_past_the_button_ends_promises_all_the_same(self):
        order = self._confirm_order((self.product, 3.0, 3))
        self._promise(order.order_line, 5)
        order.with_user(self.salesperson).write({'state': 'cancel'})
        self.assertEqual(self._ledger(order).state, 'withdrawn')
        self.assertEqual((order.promise_state, order.order_line.on_time_promised), ('none', 'cancelled'))

    def test_lines_without_a_promise_say_so_as_well_in_shadow_mode(self):
        self._switch(promise='warn')
        order = self._confirm_order((self.product, 3.0, 3))
        with control_today(self.env, self._day(4)):
            self._deliver(order)
        line = order.order_line
        self.assertEqual((line.delivery_closed, line.delivered_date, line.on_time_requested, line.on_time_promised),
                         (True, self._day(4), 'late', False))

    def test_nothing_is_recorded_while_the_control_is_off(self):
        self._switch(promise='off')
        order = self._confirm_order((self.product, 3.0, 3))
        self._deliver(order)
        line = order.order_line
        self.assertFalse(line.due_date or line.delivery_closed or line.first_delivered_date or line.confirmed_date)
        self.assertFalse(self._report(order))

    def test_deliveries_from_before_the_control_are_recorded_afterwards(self):
        self._switch(promise='off')
        late, half, dropped = (self._confirm_order((self.product, 5.0, 3)) for _number in range(3))
        moment = self.warehouse._get_promise_moment
        agreed = self._confirm_order((self.product, 5.0), commitment_date=moment(self._day(9)))
        self._deliver(half, 2.0)
        self._deliver(dropped, 2.0, backorder=False)
        self._deliver(late | agreed)
        orders = late | half | dropped | agreed
        done = orders.order_line.move_ids.filtered(lambda move: move.state == 'done')
        done.date = moment(self._day(4))
        self._run_night(6, 'sale.order.line', '_cron_record_history')
        self.assertFalse(any(orders.order_line.mapped('due_date')), "nothing while it is off")
        self._switch(promise='enforce')
        self.company.control_go_live = self._day(5)
        self._run_night(6, 'sale.order.line', '_cron_record_history', limit=1)
        lines = (late | dropped | agreed).order_line
        self.assertEqual(lines.mapped('on_time_requested'), ['late', 'short', 'on_time'])
        self.assertEqual(lines.mapped('days_late_requested'), [1, 1, -5])
        self.assertEqual(lines.mapped('delivered_date'), [self._day(4)] * 3)
        self.assertEqual(lines.mapped('first_requested_date'), [self._day(3), self._day(3), self._day(9)])
        self.assertFalse(any(lines.mapped('on_time_promised')))
        self.assertEqual(self._report(late).share_requested, 0)
        self.assertEqual(set(orders.mapped('promise_state')), {'none'})
        self.assertFalse(half.order_line.due_date, "it is not finished")
        self._deliver(half)
        self._run_night(6, 'sale.order.line', '_cron_record_history')
        self.assertTrue(half.order_line.delivery_closed)

    def test_facts_cannot_be_written_defaulted_or_copied(self):
        order = self._confirm_order((self.product, 3.0, 3))
        line = order.order_line.with_user(self.salesperson)
        for name, value in (
            ('on_time_promised', 'on_time'), ('days_late_first', -9), ('delivery_closed', True),
            ('first_requested_date', '2030-01-01'), ('ship_by_date', '2030-01-01'), ('due_date', False),
            ('delivery_cause_id', self.reason.id), ('confirmed_date', '2020-01-01'),
        ):
            with self.assertRaises(AccessError):
                line.write({name: value})
            with self.assertRaises(AccessError):
                line.sudo().write({name: value})
        self.assertFalse(order.copy().order_line.due_date)
        with self.assertRaises(AccessError):
            self.env['sale.delivery.cause.wizard'].with_user(self.salesperson).create({'line_ids': line.ids})

    def test_salesperson_reads_facts_of_own_orders_and_auditor_of_all(self):
        order = self._confirm_order((self.product, 3.0, 3))
        self.env.flush_all()
        rows = self.env['sale.delivery.report']
        domain = [('order_id', '=', order.id)]
        auditor = self._new_user('soc_facts_auditor', 'sale_order_control.group_auditor')
        for user, found in ((self.salesperson, 1), (self.other_salesperson, 0), (self.planner, 1), (auditor, 1)):
            self.assertEqual(rows.with_user(user).search_count(domain), found, user.login)
        with self.assertRaises(UserError):
            rows.with_user(self.planner).search(domain).write({'quantity': 0})

    def test_thirty_lines_cost_as_many_queries_as_three(self):
        few = self._confirm_order(*[(self.product, 1.0, 3)] * 3)
        many = self._confirm_order(*[(self.product, 1.0, 3)] * 30)
        for order in (few, many):
            self._promise(order.order_line, 4)
        counts = []
        with control_today(self.env, self._day(6)):
            for order in (few, many):
                self.env.invalidate_all()
                order.order_line.mapped('product_id.uom_id')
                before = self.cr.sql_log_count
                order._refresh_promise_states()
                self.env.flush_all()
                counts.append(self.cr.sql_log_count - before)
        self.assertEqual(many.order_line[-1].on_time_promised, 'late')
        self.assertLessEqual(counts[1], counts[0] + 1)
