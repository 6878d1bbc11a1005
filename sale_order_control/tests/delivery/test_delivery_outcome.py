from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryOutcome(DeliveryCommon):
    """What becomes of a promise: kept, late, partly delivered, returned, dropped, cancelled."""

    def _promised(self, *lines, days=5):
        order = self._confirm_order(*lines)
        self._promise(order.order_line, days)
        return order

    def test_goods_do_not_leave_without_a_promise(self):
        order = self._confirm_order()
        with self.assertRaisesRegex(UserError, "No delivery date has been promised"):
            self._deliver(order)
        self.assertEqual(order.order_line.qty_delivered, 0)

    def test_line_without_promise_does_not_hold_the_others(self):
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0))
        self._promise(order.order_line[0], 3)
        self._deliver(order, 1.0, 0.0)
        self.assertEqual(order.order_line.mapped('qty_delivered'), [1, 0])
        self.assertEqual(order.promise_state, 'open')
        with self.assertRaisesRegex(UserError, "No delivery date"):
            self._deliver(order)

    def test_release_only_warns_while_one_of_the_controls_does(self):
        order = self._confirm_order()
        self._switch(release='warn')
        self._deliver(order)
        self.assertEqual(order.order_line.qty_delivered, 1)
        log = order.control_log_ids.filtered(lambda row: row.code == 'promise.missing')
        self.assertEqual((log.effect, log.would), ('warn', 'block'))

    def test_kept_promise_is_recorded_without_changing_it(self):
        order = self._promised((self.product, 3.0, 2), days=5)
        with control_today(self.env, self._day(4)):
            self._deliver(order)
        promise = self._ledger(order)
        self.assertEqual(promise.state, 'kept')
        self.assertEqual((promise.actual_date, promise.promised_date), (self._day(4), self._day(5)))
        self.assertEqual((promise.days_late, promise.days_late_requested, promise.days_late_first), (-1, 2, -1))
        self.assertEqual(order.promise_state, 'done')
        self.assertFalse(order.promised_date)
        self.assertEqual(order.order_line.promised_date, self._day(5))

    def test_late_delivery_is_measured_against_first_and_current_promise(self):
        order = self._promised((self.product, 3.0), days=2)
        self._promise(order.order_line, 4, self.reason)
        with control_today(self.env, self._day(6)):
            self._deliver(order)
        first, current = self._ledger(order)
        self.assertEqual((first.state, current.state), ('superseded', 'broken'))
        self.assertEqual((current.days_late, current.days_late_first), (2, 4))

    def test_partial_delivery_keeps_the_promise_open_until_the_last_of_it(self):
        order = self._promised((self.product, 10.0), days=5)
        with control_today(self.env, self._day(3)):
            self._deliver(order, 4.0)
        self.assertEqual(order.promise_state, 'promised')
        self.assertEqual(self._ledger(order).state, 'confirmed')
        self.assertEqual(order.order_line.delivered_date, self._day(3))
        with control_today(self.env, self._day(7)):
            self._deliver(order)
        promise = self._ledger(order)
        self.assertEqual((promise.state, promise.delivered_quantity, promise.days_late), ('broken', 10, 2))

    def test_backorder_keeps_the_date_of_its_line(self):
        order = self._promised((self.product, 10.0), (self.product, 2.0), days=5)
        self._promise(order.order_line[1], 8, self.reason)
        self._deliver(order, 4.0, 0.0)
        backorder = order.order_line[0].move_ids.filtered(lambda move: move.state != 'done')
        self.assertEqual(backorder.date_deadline.date(), self._day(5))

    def test_dropped_backorder_breaks_the_promise(self):
        order = self._promised((self.product, 10.0), days=5)
        self._deliver(order, 4.0)
        open_moves = order.order_line.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))
        open_moves.picking_id.action_cancel()
        promise = self._ledger(order)
        self.assertEqual((promise.state, promise.delivered_quantity), ('broken', 4))
        self.assertEqual(order.promise_state, 'done')

    def test_delivery_without_backorder_breaks_the_promise(self):
        order = self._promised((self.product, 10.0), days=5)
        self._deliver(order, 4.0, backorder=False)
        self.assertEqual(self._ledger(order).state, 'broken')

    def test_ordering_less_in_time_keeps_the_promise(self):
        order = self._promised((self.product, 10.0), days=5)
        self._deliver(order, 4.0)
        order.order_line.product_uom_qty = 4
        self.assertEqual(self._ledger(order).state, 'kept')
        self.assertEqual(order.promise_state, 'done')

    def test_return_does_not_undo_a_kept_promise(self):
        order = self._promised((self.product, 3.0), days=5)
        moves = self._deliver(order)
        wizard = self.env['stock.return.picking'].create({'picking_id': moves.picking_id.id})
        wizard.product_return_moves.quantity = 3
        returned = self.env['stock.picking'].browse(wizard.action_create_returns()['res_id'])
        returned.move_ids.write({'quantity': 3, 'picked': True})
        returned.button_validate()
        self.assertEqual(returned.state, 'done')
        self.assertEqual(order.order_line.qty_delivered, 0)
        self.assertEqual(order.promise_state, 'done')
        self.assertEqual(self._ledger(order).state, 'kept')
        self.assertEqual(order.order_line._get_delivered_quantities(), {order.order_line.id: 3})

    def test_half_returned_before_the_rest_is_delivered_counts_what_left(self):
        order = self._promised((self.product, 4.0), days=5)
        moves = self._deliver(order, 2.0)
        wizard = self.env['stock.return.picking'].create({'picking_id': moves.picking_id.id})
        wizard.product_return_moves.quantity = 1
        returned = self.env['stock.picking'].browse(wizard.action_create_returns()['res_id'])
        returned.move_ids.write({'quantity': 1, 'picked': True})
        returned.button_validate()
        self.assertEqual(order.promise_state, 'promised')

    def test_cancelled_order_withdraws_its_promises(self):
        order = self._promised((self.product, 3.0), days=5)
        order._action_cancel()
        self.assertEqual(self._ledger(order).state, 'withdrawn')
        self.assertEqual(order.promise_state, 'none')
        self.assertFalse(order.order_line.promised_date)
        self.assertEqual(order.order_line.promise_revision, 1)

    def test_order_confirmed_again_starts_with_a_new_promise_and_the_old_record(self):
        order = self._promised((self.product, 3.0), days=5)
        order._action_cancel()
        order.action_draft()
        order.action_confirm()
        self.assertEqual(order.promise_state, 'open')
        self._promise(order.order_line, 7)
        self.assertEqual(self._ledger(order).mapped('state'), ['withdrawn', 'confirmed'])
        self.assertEqual(self._ledger(order).mapped('revision'), [1, 2])
        self.assertEqual(order.order_line.first_promised_date, self._day(7))

    def test_copy_inherits_no_promise(self):
        order = self._promised((self.product, 3.0), days=5)
        copy = order.copy()
        self.assertEqual(copy.promise_state, 'none')
        self.assertFalse(copy.order_line.promised_date)
        self.assertFalse(copy.order_line.promise_revision)

    def test_cancelled_transfer_breaks_the_promise(self):
        order = self._promised((self.product, 3.0), days=5)
        order.order_line.move_ids.picking_id.action_cancel()
        self.assertEqual(self._ledger(order).state, 'broken')
        self.assertFalse(self._ledger(order).actual_date)

    def test_two_steps_are_delivered_when_the_second_is_done(self):
        self.warehouse.delivery_steps = 'pick_ship'
        order = self._promised((self.product, 2.0), days=5)
        self._deliver(order)
        self.assertEqual(order.promise_state, 'promised')
        self._deliver(order)
        self.assertEqual(order.promise_state, 'done')
        self.assertEqual(self._ledger(order).state, 'kept')

    def test_three_steps_and_two_deliveries_keep_each_piece_and_each_day(self):
        self.warehouse.delivery_steps = 'pick_pack_ship'
        self._stock(self.scarce, 12)
        order = self._promised((self.scarce, 10.0), days=5)
        line = order.order_line
        other = self._confirm_order((self.scarce, 1.0)).order_line
        for _step in ('pick', 'pack', 'ship'):
            self.assertEqual((line.promise_state, line.delivered_date), ('promised', False))
            self.assertEqual([part.quantity for part in line._get_atp_schedule()[line.id]], [10])
            open_moves = line.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))
            self.assertEqual(sum(open_moves.mapped('product_qty')), 10)
            deadline = self.warehouse._get_promise_moment(self._day(5))
            self.assertEqual(set(open_moves.mapped('date_deadline')), {deadline})
            with control_today(self.env, self._day(2)):
                self._step(open_moves, 4.0)
        self.assertEqual((line.promise_state, line.first_delivered_date), ('promised', self._day(2)))
        self.assertFalse(line.on_time_promised)
        self.assertEqual([part.quantity for part in line._get_atp_schedule()[line.id]], [6])
        self.assertEqual(
            [(part.date, part.quantity) for part in other._get_atp_schedule()[other.id]], [(self.today, 1)])
        with control_today(self.env, self._day(7)):
            for _step in ('pick', 'pack', 'ship'):
                self.assertNotEqual(line.promise_state, 'done')
                self._deliver(order)
        self.assertEqual((line.promise_state, line.delivered_date), ('done', self._day(7)))
        self.assertEqual((line.on_time_promised, line.days_late_promised), ('late', 2))
        self.assertEqual((self._ledger(order).state, self._ledger(order).delivered_quantity), ('broken', 10))

    def test_what_is_dropped_at_the_first_of_three_steps_is_not_in_full(self):
        self.warehouse.delivery_steps = 'pick_pack_ship'
        self._stock(self.scarce, 10)
        order = self._promised((self.scarce, 10.0), days=5)
        self._deliver(order, 4.0, backorder=False)
        self.assertEqual(order.order_line.promise_state, 'promised')
        self._deliver(order)
        self._deliver(order)
        self.assertEqual((order.order_line.promise_state, order.order_line.on_time_promised), ('done', 'short'))

    def _step(self, moves, quantity):
        """Take the first open move one step further, for this quantity."""
        moves._action_assign()
        move = moves.filtered(lambda move: move.quantity >= quantity).sorted('id')[-1]
        move.quantity, move.picked = quantity, True
        move.picking_id.with_context(skip_backorder=True).button_validate()

    def test_order_with_a_promise_cannot_lose_the_line(self):
        order = self._promised((self.product, 3.0), (self.product, 1.0), days=5)
        order._action_cancel()
        order.action_draft()
        with self.assertRaisesRegex(UserError, "keeps its record"):
            order.write({'order_line': [Command.delete(order.order_line[0].id)]})
