from datetime import datetime
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ...models.order.control_memory import control_today
from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryPromise(DeliveryCommon):
    """From confirmed to promised: queue, ledger, dates of order and transfers."""

    def test_confirmed_order_waits_for_a_promise(self):
        order = self._confirm_order()
        self.assertEqual(order.promise_state, 'open')
        self.assertEqual(order.order_line.promise_state, 'open')
        self.assertEqual(order.with_user(self.salesperson).control_status, 'to_promise')
        self.assertIn("planner", order.with_user(self.salesperson).control_next)

    def test_nothing_waits_while_the_control_is_off(self):
        self._switch(promise='off')
        order = self._confirm_order()
        self.assertEqual(order.promise_state, 'none')
        self.assertFalse(order.order_line.promise_state)
        order.with_user(self.salesperson).commitment_date = datetime(2030, 1, 5, 8)
        self._deliver(order)
        self.assertEqual(order.order_line.qty_delivered, 1)

    def test_services_do_not_wait_for_a_promise(self):
        service = self.env['product.product'].create({'name': "Advice", 'type': 'service'})
        order = self._confirm_order((service, 1.0))
        self.assertEqual(order.promise_state, 'none')

    def test_order_confirmed_past_the_button_waits_too(self):
        order = self._create_order()
        order.write({'state': 'sale'})
        self.assertEqual(order.sudo().promise_state, 'open')

    def test_planner_promises_proposals_of_several_orders_at_once(self):
        first = self._confirm_order((self.product, 1.0, 4), (self.product, 2.0))
        second = self._confirm_order((self.product, 3.0, 6))
        lines = (first + second).order_line
        lines.with_user(self.planner).action_promise_proposed()
        self.assertEqual(lines.mapped('promised_date'), [self._day(4), self.today, self._day(6)])
        self.assertEqual((first + second).mapped('promise_state'), ['promised', 'promised'])
        self.assertEqual(first.promised_date, self._day(4))
        self.assertEqual(self._ledger(first).mapped('revision'), [1, 1])
        self.assertEqual(self._ledger(first).user_id, self.planner)

    def test_part_of_the_lines_promised(self):
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0))
        self._promise(order.order_line[0], 3)
        self.assertEqual(order.promise_state, 'partial')

    def test_each_promise_stays_on_record(self):
        order = self._confirm_order((self.product, 1.0, 2))
        self._promise(order.order_line, 3)
        self._promise(order.order_line, 8, self.reason)
        ledger = self._ledger(order)
        self.assertEqual(ledger.mapped('revision'), [1, 2])
        self.assertEqual(ledger.mapped('state'), ['superseded', 'confirmed'])
        self.assertEqual(ledger.mapped('promised_date'), [self._day(3), self._day(8)])
        self.assertEqual(ledger.mapped('requested_date'), [self._day(2), self._day(2)])
        self.assertEqual(ledger[1].reason_id, self.reason)
        self.assertFalse(ledger[0].reason_id)
        self.assertEqual(order.order_line.first_promised_date, self._day(3))
        self.assertEqual(order.order_line.promised_date, self._day(8))

    def test_moving_a_promise_needs_a_reason(self):
        order = self._confirm_order()
        self._promise(order.order_line, 3)
        with self.assertRaisesRegex(UserError, "Give the reason"):
            self._promise(order.order_line, 5)
        self.assertEqual(order.order_line.promised_date, self._day(3))

    def test_repeating_a_promise_needs_no_reason(self):
        order = self._confirm_order()
        self._promise(order.order_line, 3)
        self._promise(order.order_line, 3)
        self.assertEqual(self._ledger(order).mapped('state'), ['superseded', 'confirmed'])

    def test_a_day_in_the_past_cannot_be_promised(self):
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0))
        with self.assertRaisesRegex(UserError, "in the past"):
            self._promise(order.order_line, -1)
        self.assertFalse(self._ledger(order))
        self.assertEqual(order.promise_state, 'open')

    def test_a_quotation_cannot_be_promised(self):
        order = self._create_order().sudo()
        with self.assertRaisesRegex(UserError, "not waiting for delivery dates"):
            order.order_line._promise({order.order_line.id: self._day(3)})

    def test_wizard_warns_of_a_date_later_than_wanted(self):
        order = self._confirm_order((self.product, 1.0, 2))
        form = Form(self.env['sale.delivery.promise.wizard'].with_user(self.planner).with_context(
            default_line_ids=order.order_line.ids))
        form.promised_date = self._day(2)
        self.assertFalse(form.warning)
        form.promised_date = self._day(5)
        self.assertIn("3 days earlier", form.warning)
        self.assertFalse(form.reason_needed)
        form.save().action_apply()
        self.assertEqual(order.order_line.promised_date, self._day(5))

    def test_mass_action_leaves_promises_that_would_move(self):
        self._stock(self.scarce, 5)
        order = self._confirm_order((self.scarce, 5.0))
        self._promise(order.order_line, 3)
        with self.assertRaisesRegex(UserError, "promised for .* already: to move it, give a reason"):
            order.order_line.with_user(self.planner).action_promise_proposed()

    def test_more_ordered_than_promised_waits_again(self):
        order = self._confirm_order()
        self._promise(order.order_line, 3)
        order.order_line.product_uom_qty = 4
        self.assertEqual(order.promise_state, 'open')

    # === DATES ===#

    def test_each_line_keeps_its_own_date_on_its_transfer(self):
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0))
        first, second = order.order_line
        self._promise(first, 3)
        self._promise(second, 9)
        noon = '%s 12:00:00'
        self.assertEqual(order.commitment_date, fields.Datetime.to_datetime(noon % self._day(9)))
        for line, days in ((first, 3), (second, 9)):
            moment = fields.Datetime.to_datetime(noon % self._day(days))
            self.assertEqual(line.move_ids.date_deadline, moment)
            self.assertEqual(line.move_ids.date, moment)

    def test_transfers_are_scheduled_ahead_by_the_security_lead(self):
        self.company.security_lead = 2
        order = self._confirm_order()
        self._promise(order.order_line, 9)
        move = order.order_line.move_ids
        self.assertEqual((move.date_deadline.date(), move.date.date()), (self._day(9), self._day(7)))

    def test_goods_ordered_on_top_follow_the_promise_of_their_line(self):
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0))
        first, second = order.order_line
        self._promise(first, 3)
        self._promise(second, 9)
        first.product_uom_qty = 5
        self.assertEqual(set(first.move_ids.mapped(lambda move: move.date_deadline.date())), {self._day(3)})

    def test_header_follows_the_last_date_that_is_still_open(self):
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0))
        self._promise(order.order_line[0], 9)
        self._promise(order.order_line[1], 3)
        self._deliver(order, 1.0, 0.0)
        self.assertEqual(order.promised_date, self._day(3))

    def test_today_is_the_day_in_the_warehouse_whoever_asks(self):
        western, eastern = 'Pacific/Honolulu', 'Pacific/Kiritimati'  # a day apart, or nearly two
        self.planner.tz = eastern
        warehouse = self.env['stock.warehouse'].search([('company_id', '=', self.company.id)], limit=1)
        warehouse.partner_id.tz = western
        asked = warehouse.with_user(self.planner)
        today = self.env['sale.order'].with_user(self.planner)._get_control_today()
        self.assertLess(asked._get_promise_today(), today)
        self.assertEqual(asked.with_context(tz=eastern)._get_promise_today(), warehouse._get_promise_today())

    def test_promised_day_is_the_day_in_the_warehouse(self):
        self.warehouse.partner_id.tz = 'Asia/Tokyo'
        order = self._confirm_order()
        day = fields.Date.to_date('2030-03-03')
        # 2 March 23:30 in London is 3 March in Tokyo.
        self.assertEqual(self.warehouse._get_promise_day(datetime(2030, 3, 2, 23, 30)), day)
        self.assertEqual(self.warehouse._get_promise_moment(day), datetime(2030, 3, 3, 3, 0))
        order.order_line._promise({order.order_line.id: day})
        self.assertEqual(order.commitment_date, datetime(2030, 3, 3, 3, 0))
        self.assertEqual(order.order_line.move_ids.date_deadline, datetime(2030, 3, 3, 3, 0))
        self.assertEqual(order.promised_date, day)

    def test_receipt_late_in_the_evening_counts_on_the_day_of_the_warehouse(self):
        self.warehouse.partner_id.tz = 'Asia/Tokyo'
        today = self.warehouse._get_promise_today()
        move = self._receive(self.scarce, 5, 6)
        move.date = fields.Datetime.to_datetime(self._day(6)).replace(hour=20)
        line = self._create_order(5, product_id=self.scarce.id).sudo().order_line
        self.assertEqual((line.proposed_date - today).days, (self._day(7) - today).days)

    # === TELLING ===#

    def test_salesperson_is_told_once_per_order(self):
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0))
        before = order.message_ids
        order.order_line.with_user(self.planner).action_promise_proposed()
        message = order.message_ids - before
        self.assertEqual(len(message), 1)
        self.assertEqual(message.notified_partner_ids, self.salesperson.partner_id)
        self.assertTrue(message.subtype_id.internal)

    def test_portal_names_the_day_and_nothing_else(self):
        order = self._confirm_order()
        self.assertEqual(order._get_portal_promises(), [])
        self._promise(order.order_line, 3)
        [sentence] = order._get_portal_promises()
        self.assertTrue(sentence.startswith("Delivery planned for"))
        order.sale_type_id = self.env.ref('sale_order_control.sale_type_export')
        [sentence] = order._get_portal_promises()
        self.assertTrue(sentence.startswith("Shipping planned for"))

    def test_panel_says_in_words_where_the_delivery_stands(self):
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0))
        self._promise(order.order_line[0], 3)
        [section] = [part for part in order.control_panel if part['area'] == 'promise']
        self.assertIn("Open lines promised: 1 of 2", section['summary'])
        self.assertEqual(section['tone'], 'info')

    def test_panel_of_a_quotation_claims_no_date_for_goods_that_nothing_brings(self):
        def word(product):
            order = self.env['sale.order'].with_user(self.salesperson).create({
                'partner_id': self.customer.id,
                'user_id': self.salesperson.id,
                'requested_date': self._day(4),
                'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': 2.0})],
            })
            [section] = [part for part in order.control_panel if part['area'] == 'promise']
            return section['summary'], section['tone']

        self.assertEqual(word(self.product), ("The requested dates can be kept.", 'success'))
        self.assertEqual(
            word(self.scarce), ("Scarce Product: Short by 2, nothing known brings it.", 'warning'))

    # === COST ===#

    def test_promising_thirty_lines_costs_as_many_queries_as_three(self):
        def promise(lines):
            order = self._confirm_order(*[(self.product, 1.0, 3 + number % 2) for number in range(lines)])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            order.order_line.with_user(self.planner).action_promise_proposed()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        promise(3)
        self.assertLessEqual(promise(30), promise(3) + 3)

    def test_confirming_thirty_lines_under_promise_control_costs_no_more_than_three(self):
        def extra(lines, mode):
            self._switch(promise=mode)
            order = self.env['sale.order'].create({
                'partner_id': self.customer.id,
                'order_line': [Command.create({'product_id': self.product.id}) for _number in range(lines)],
            })
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            order.action_confirm()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        for mode in ('off', 'enforce'):
            extra(3, mode)
        growth = [extra(lines, 'enforce') - extra(lines, 'warn') for lines in (3, 30)]
        self.assertLessEqual(growth[1], growth[0] + 1)

    # === NIGHT ===#

    def _run_cron(self, limit=200):
        with patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=60.0) as commit:
            self.env['sale.order']._cron_refresh_promise_states(limit=limit)
        return commit

    def test_night_finds_late_and_threatened_promises(self):
        self._stock(self.scarce, 5)
        late, threatened, safe = (
            self._confirm_order((product, 5.0)) for product in (self.product, self.scarce, self.product))
        self._promise(late.order_line, 2)
        self._promise(threatened.order_line, 9)
        self._promise(safe.order_line, 9)
        threatened.order_line.move_ids._do_unreserve()
        self.env['stock.quant']._update_available_quantity(self.scarce, self.warehouse.lot_stock_id, -3)
        with control_today(self.env, self._day(3)):
            self._run_cron()
        self.assertEqual((late + threatened + safe).mapped('promise_state'), ['late', 'at_risk', 'promised'])
        self.assertEqual(late.order_line.promise_state, 'late')

    def test_receipt_before_the_promised_day_makes_it_safe_again(self):
        order = self._confirm_order((self.scarce, 5.0))
        self._promise(order.order_line, 9)
        self.assertEqual(order.promise_state, 'at_risk')
        self._receive(self.scarce, 5, 8)
        self._run_cron()
        self.assertEqual(order.promise_state, 'promised')

    def test_interrupted_night_goes_on_where_it_stopped(self):
        orders = self.env['sale.order'].concat(*[self._confirm_order() for _number in range(3)])
        self._promise(orders.order_line, 2)
        with control_today(self.env, self._day(3)):
            with patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=0):
                self.env['sale.order']._cron_refresh_promise_states(limit=1)
            self.assertEqual(orders.mapped('promise_state').count('late'), 1)
            commit = self._run_cron(limit=1)
        self.assertEqual(orders.mapped('promise_state'), ['late'] * 3)
        self.assertEqual(commit.call_count, 2)

    def test_one_failing_order_does_not_stop_the_others(self):
        orders = self.env['sale.order'].concat(*[self._confirm_order() for _number in range(3)])
        self._promise(orders.order_line, 2)
        refresh = type(orders)._refresh_promise_states

        def fail(records):
            if orders[1] in records:
                raise ValueError("broken order")
            return refresh(records)

        with control_today(self.env, self._day(3)), \
                patch.object(type(orders), '_refresh_promise_states', fail), \
                self.assertLogs(type(orders)._cron_refresh_promise_states.__module__, 'ERROR') as logs:
            self._run_cron()
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(orders.mapped('promise_state'), ['late', 'promised', 'late'])
