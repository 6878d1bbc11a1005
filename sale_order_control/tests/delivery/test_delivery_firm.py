from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...controllers.delivery.portal import _is_id
from ...models.order.control_memory import control_today
from .test_delivery_reply import ReplyCommon


@tagged('post_install', '-at_install')
class TestDeliveryFirm(ReplyCommon):
    """What was promised is neither lost nor doubled by what happens around it."""

    def _propose(self, lines):
        return lines.with_user(self.planner).action_promise_proposed()

    def _give_back(self, picking, quantity):
        wizard = self.env['stock.return.picking'].create({'picking_id': picking.id})
        wizard.product_return_moves.quantity = quantity
        return wizard

    def _receive_back(self, picking):
        picking.move_ids.picked = True
        picking.button_validate()

    # === PROPOSALS ===#

    def test_what_nothing_known_brings_is_neither_proposed_nor_promised(self):
        line = self._confirm_order((self.scarce, 5.0)).order_line
        self.assertFalse(line.proposed_date)
        with self.assertRaisesRegex(UserError, "nothing known brings it"):
            self._propose(line)
        self.assertFalse(line.promised_date)

    def test_who_came_first_is_told_the_same_whoever_else_is_asked(self):
        self._receive(self.scarce, 10, 5)
        first, second = (self._confirm_order((self.scarce, 10.0)).order_line for _number in range(2))
        together = (first | second)._get_atp_outlooks()
        for line, day in ((first, self._day(5)), (second, False)):
            self.assertEqual((together[line.id]['earliest'], line._get_atp_outlooks()[line.id]['earliest']), (day, day))
        self._propose(first)
        self.assertEqual(first.promised_date, self._day(5))

    def test_a_line_that_waits_does_not_threaten_a_promise(self):
        self._receive(self.scarce, 10, 5)
        promised = self._promised((self.scarce, 10.0), days=5)
        self._confirm_order((self.scarce, 1.0))
        promised._refresh_promise_states()
        self.assertEqual(promised.promise_state, 'promised')

    def test_an_answer_that_would_break_another_promise_is_not_simply_accepted(self):
        self._receive(self.scarce, 10, 5)
        self._receive(self.scarce, 10, 20)
        kept = self._promised((self.scarce, 10.0), days=5)
        line = self._confirm_order((self.scarce, 10.0)).order_line
        request = self.env['sale.date.request'].with_user(self.planner)._ask(line, 'other', self.sales_manager, "")
        request.with_user(self.sales_manager)._answer(self._day(4), 10.0, "")
        with self.assertRaisesRegex(UserError, f"promises of {kept.name} would fail"):
            self._propose(line)
        self.assertEqual(kept.promise_state, 'promised')

    def test_orders_that_are_not_controlled_do_not_hold_up_the_others(self):
        old, new = (self._confirm_order((self.product, 1.0, 4)) for _number in range(2))
        self.env.cr.execute("UPDATE sale_order SET create_date = '2020-01-01' WHERE id = %s", [old.id])
        old.invalidate_recordset()
        self.company.control_go_live = '2020-06-01'
        message = self._propose((old | new).order_line)['params']['message']
        self.assertEqual((new.order_line.promised_date, old.order_line.promised_date), (self._day(4), False))
        self.assertIn(f"{old.name}, {self.product.display_name}: its company does not control", message)

    def test_whoever_promises_takes_a_turn(self):
        order = self._promised()
        self.env.cr.execute("SELECT turn FROM sale_delivery_turn WHERE product_id = %s", [self.product.id])
        [before] = self.env.cr.fetchone()
        self._promise(order.order_line, 6, self.reason)
        self.env.cr.execute("SELECT turn FROM sale_delivery_turn WHERE product_id = %s", [self.product.id])
        self.assertGreater(self.env.cr.fetchone()[0], before)

    # === NOTHING IS LOST ===#

    def test_a_quantity_taken_away_and_put_back_loses_no_promise(self):
        order = self._promised((self.product, 5.0), days=5)
        line = order.order_line
        for quantity in (0.0, 5.0):
            line.with_user(self.salesperson).product_uom_qty = quantity
        self.assertEqual((line.promise_state, line.promised_date), ('open', False))
        with self.assertRaisesRegex(UserError, "Give the reason"):
            self._promise(line, 30)
        with self.assertRaisesRegex(UserError, "it was promised for"):
            self._propose(line)
        self._promise(line, 30, self.reason)
        last = self._ledger(order)[-1]
        self.assertEqual((last.first_promised_date, last.reason_id), (self._day(5), self.reason))
        self.assertEqual(line._get_days_later(self._day(30)), 25)

    def test_a_night_without_the_control_loses_no_promise(self):
        order = self._promised(days=5)
        self._switch(promise='off')
        self._run_night(1, 'sale.order', '_cron_refresh_promise_states')
        self.assertFalse(order._get_portal_promises())
        self._switch(promise='enforce')
        self._run_night(2, 'sale.order', '_cron_refresh_promise_states')
        self.assertEqual((order.promise_state, self._ledger(order).state), ('promised', 'confirmed'))

    def test_another_unit_changes_what_the_promise_covers(self):
        order = self._promised((self.product, 6.0), days=5)
        dozen = self.env.ref('uom.product_uom_dozen')
        order.order_line.product_uom_id = dozen
        self.assertEqual((order.order_line.promised_quantity, order.order_line.promise_state), (0.5, 'open'))

    def test_what_was_added_leaves_only_with_a_promise(self):
        order = self._promised((self.product, 5.0), days=5)
        order.with_user(self.salesperson).order_line.product_uom_qty = 9
        with self.assertRaisesRegex(UserError, "No delivery date has been promised"):
            self._deliver(order, 9.0)
        self._deliver(order, 5.0)
        self.assertEqual(order.order_line.qty_delivered, 5)

    def test_the_orders_date_follows_what_is_still_promised(self):
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0))
        self._promise(order.order_line[0], 20)
        self._promise(order.order_line[1], 5)
        order.order_line[0].product_uom_qty = 0
        self.assertEqual(order.promised_date, self._day(5))
        self.assertEqual(order.commitment_date, self.warehouse._get_promise_moment(self._day(5)))

    def test_a_delivery_date_on_a_quotation_is_a_wish_and_no_promise(self):
        moment = self.warehouse._get_promise_moment
        order = self._confirm_order((self.product, 1.0), commitment_date=moment(self._day(4)))
        line = order.order_line
        self.assertFalse(order.commitment_date)
        self.assertEqual((line.wanted_date, line.first_requested_date), (self._day(4), self._day(4)))
        self._propose(line)
        self.assertEqual(order.commitment_date, moment(self._day(4)))
        order._action_cancel()
        self.assertFalse(order.commitment_date)

    def test_a_day_entered_after_the_delivery_makes_nothing_punctual(self):
        order = self._promised(days=3)
        self._deliver(order)
        order.order_line.requested_date = self._day(10)
        self.assertEqual((order.order_line.first_requested_date, order.order_line.on_time_requested), (False, False))

    def test_a_slip_of_the_pen_is_no_promise(self):
        with self.assertRaisesRegex(UserError, "correct the year"):
            self._promise(self._confirm_order().order_line, 365 * 50)

    # === ORDERING LESS ===#

    def _open_moves(self, order):
        return order.picking_ids.move_ids.filtered(lambda move: move.state not in ('done', 'cancel')).sorted('date')

    def test_less_of_a_line_beside_a_promised_one_is_less_to_deliver(self):
        order = self._confirm_order((self.product, 1.0), (self.scarce, 10.0, 3))
        self._promise(order.order_line[0], 20)
        order.with_user(self.salesperson).order_line[1].product_uom_qty = 6
        self.assertEqual(self._open_moves(order).filtered(
            lambda move: move.product_id == self.scarce).mapped('product_uom_qty'), [6])
        self.assertEqual(order.picking_ids.picking_type_id, self.warehouse.out_type_id)
        self._promise(order.order_line[1], 5)
        self._open_moves(order).date_deadline = self.warehouse._get_promise_moment(self._day(9))
        order.with_user(self.salesperson).order_line[1].product_uom_qty = 2
        self.assertEqual(sum(self._open_moves(order).mapped('product_uom_qty')), 3)

    def test_less_of_a_line_in_parts_takes_the_last_part_first(self):
        order = self._confirm_order((self.product, 10.0))
        line = order.order_line
        parts = ((self._day(5), 4.0), (self._day(14), 6.0))
        line.with_user(self.planner)._promise({line.id: self._day(14)}, parts={line.id: parts})
        self.assertEqual(self._open_moves(order).mapped('product_uom_qty'), [4, 6])
        line.with_user(self.salesperson).product_uom_qty = 8
        self.assertEqual(self._open_moves(order).mapped('product_uom_qty'), [4, 4])
        line.with_user(self.salesperson).product_uom_qty = 3
        self.assertEqual(self._open_moves(order).mapped('product_uom_qty'), [3])
        self.assertEqual(
            (line.promised_date, line.promised_quantity, line.promise_state), (self._day(5), 3, 'promised'))
        self.assertEqual(order.commitment_date, self.warehouse._get_promise_moment(self._day(5)))
        self.assertEqual(order.picking_ids.picking_type_id, self.warehouse.out_type_id)

    # === WHAT CAME BACK ===#

    def test_an_exchange_is_no_delivery_of_its_own(self):
        order = self._promised((self.product, 5.0), days=5)
        moves = self._deliver(order)
        back = self._give_back(moves.picking_id, 5.0)
        self._receive_back(self.env['stock.picking'].browse(back.action_create_exchanges()['res_id']))
        [exchange] = order.order_line.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))
        self.assertTrue(exchange.is_exchange)
        with self.assertRaises(AccessError):
            exchange.is_exchange = False
        with control_today(self.env, self._day(20)):
            self._deliver(order)
        line = order.order_line
        self.assertEqual((line.delivered_date, line.on_time_promised), (self.today, 'on_time'))
        self.assertEqual(line._get_delivered_quantities()[line.id], 5)

    def test_who_wants_less_needs_no_goods_in_exchange(self):
        order = self._promised((self.product, 5.0), days=5)
        back = self._give_back(self._deliver(order).picking_id, 5.0)
        self._receive_back(self.env['stock.picking'].browse(back.action_create_exchanges()['res_id']))
        exchange = self._open_moves(order)
        self.assertTrue(exchange.is_exchange)
        order.with_user(self.salesperson).order_line.product_uom_qty = 0
        self.assertEqual(exchange.state, 'cancel')
        self.assertFalse(self._open_moves(order))

    def test_what_came_back_is_not_owed_once_more(self):
        self._stock(self.scarce, 10)
        order = self._promised((self.scarce, 10.0), days=5)
        moves = self._deliver(order, 6.0)
        back = self._give_back(moves.filtered(lambda move: move.state == 'done').picking_id, 2.0)
        picking = self.env['stock.picking'].browse(back.action_create_returns()['res_id'])
        self._receive_back(picking)
        self._stock(self.scarce, -2)
        order._refresh_promise_states()
        self.assertEqual((order.order_line.qty_delivered, order.order_line.left_quantity), (4, 4))
        self.assertEqual((order.promise_state, order.order_line.shortage_summary), ('promised', False))

    def test_what_came_back_moves_no_part_of_a_promise(self):
        self._stock(self.scarce, 10)
        line = self._confirm_order((self.scarce, 10.0)).order_line
        parts = ((self._day(5), 8.0), (self._day(14), 2.0))
        line.with_user(self.planner)._promise({line.id: self._day(14)}, parts={line.id: parts})
        self._deliver(line.order_id, 6.0, 0.0)
        [left] = line.move_ids.filtered(lambda move: move.state == 'done').picking_id
        back = self._give_back(left, 2.0).action_create_returns()
        self._receive_back(self.env['stock.picking'].browse(back['res_id']))
        line.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))._do_unreserve()
        self._receive(self.scarce, 2, 10)
        # 6 are there; 2 leave by day 5, 2 come on day 10 and leave on day 14: 4 can go at any time, and not one more.
        for quantity, day in ((4.0, self.today), (5.0, False)):
            other = self.env['sale.order'].create({
                'partner_id': self.customer.id, 'order_line': [Command.create({
                    'product_id': self.scarce.id, 'product_uom_qty': quantity})]}).order_line
            self.assertEqual(other.earliest_date, day)

    # === ANOTHER WAREHOUSE ===#

    def test_a_line_from_another_warehouse_has_the_days_of_that_warehouse(self):
        far = self.env['stock.warehouse'].create({
            'name': "Far Away", 'code': 'FAR', 'company_id': self.company.id, 'partner_id': self.env[
                'res.partner'].create({'name': "Far Away", 'tz': 'UTC'}).id})
        self.env['sale.delivery.transit'].create({'warehouse_id': far.id, 'days': 10})
        far.delivery_route_id.sale_selectable = True
        line = self._confirm_order((self.product, 1.0)).order_line
        self.env['stock.quant']._update_available_quantity(self.scarce, far.lot_stock_id, 5)
        order = self._confirm_order(order_line=[Command.create({
            'product_id': self.scarce.id, 'product_uom_qty': 5.0,
            'route_ids': [Command.set(far.delivery_route_id.ids)]})])
        other = order.order_line
        self.assertEqual((order.warehouse_id, other._get_promise_warehouse()), (self.warehouse, far))
        self.assertEqual((line.proposed_date, other.proposed_date), (self.today, self._day(10)))
        self._promise(line | other, 12)
        self.assertEqual([self._ledger(mine.order_id).transit_days for mine in (line, other)], [0, 10])
        self.assertEqual([mine.ship_by_date for mine in (line, other)], [self._day(12), self._day(2)])
        self.assertEqual([mine.move_ids.date.date() for mine in (line, other)], [self._day(12), self._day(2)])
        with control_today(self.env, self._day(4)):
            self._deliver(order)
            self._deliver(line.order_id)
        self.assertEqual((line.on_time_promised, other.on_time_promised), ('on_time', 'late'))

    def test_targets_are_counted_in_the_days_of_the_warehouse(self):
        order = self._confirm_order((self.product, 1.0))
        line, missed = order.order_line, [('is_target_missed', '=', True), ('order_id', '=', order.id)]
        before = line.target_days_left
        eastern = self.today + timedelta(days=1)
        with patch.object(type(self.warehouse), '_get_promise_today', lambda warehouse: eastern):
            line.invalidate_recordset()
            self.assertEqual(line.target_days_left, before - 1)
        with patch.object(type(self.warehouse), '_get_promise_today', lambda warehouse: line.target_date):
            self.assertFalse(line.search(missed))
        with patch.object(
                type(self.warehouse), '_get_promise_today', lambda warehouse: line.target_date + timedelta(days=1)):
            self.assertEqual(line.search(missed), line)

    # === TELLING ===#

    def test_a_confirmation_is_sent_again_by_itself_when_it_changes(self):
        self.company.order_confirmation_auto = True
        order = self._promised(days=5)
        self._run_job()
        self._promise(order.order_line, 9, self.reason)
        self._run_job()
        self._run_job()
        self.assertEqual(len(self._mails(order, "rder confirmation")), 2)
        self.assertEqual((order.confirmation_state, order.reply_state), ('sent', 'asked'))

    def test_shipments_to_customers_without_mail_become_an_activity(self):
        self.company.write({'shipping_notice_auto': True, 'completion_notice_auto': True})
        order = self._promised()
        self.customer.email = False
        self._deliver(order)
        self._run_job()
        self.assertIn("goods have left", order.activity_ids.mapped('summary')[0])
        self.assertFalse(self._notices(order))

    def test_a_cancelled_order_takes_its_date_requests_back(self):
        order = self._confirm_order((self.scarce, 5.0))
        request = self.env['sale.date.request'].with_user(self.planner)._ask(
            order.order_line, 'other', self.sales_manager, "")
        order._action_cancel()
        self.assertEqual((request.sudo().state, request.sudo().activity_ids.ids), ('withdrawn', []))

    def test_a_visitor_names_records_by_plain_numbers(self):
        self.assertEqual([_is_id(text) for text in ('7', '', '²', '٣', '9' * 30)], [True, False, False, False, False])
