from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.order.control_memory import control_today, event_happened
from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditHolds(CreditCommon):
    """The work list of holds: all reasons, who looks after them, what a batch leaves out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls._limit(1000, cls._grade('block', overdue_days=10, max_order_amount=2000))

    def _held(self, quantity=15, **options):
        order = self._create_order(quantity, **options)
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        return order

    def test_all_reasons_are_named_not_only_the_first(self):
        self._loose_invoice(100, due=self.today - timedelta(days=30))
        order = self._held(25)
        reason = self.env.ref
        self.assertEqual(order.sudo().credit_hold_reason_ids, (
            reason('sale_order_control.credit_hold_reason_limit')
            | reason('sale_order_control.credit_hold_reason_overdue')
            | reason('sale_order_control.credit_hold_reason_order_max')))
        # Nobody can pay an order smaller.
        self.assertEqual(order.sudo().credit_clear_amount, 0)

    def test_a_rule_without_a_reason_of_its_own_is_still_listed(self):
        reasons = self.env['credit.hold.reason']
        self.assertEqual(reasons.browse(reasons._get_ids(['credit.limit.sub'])).code, 'credit.limit')
        self.assertEqual(reasons.browse(reasons._get_ids(['credit.invented'])).code, 'credit.other')

    def test_every_rule_has_its_own_reason_and_advice(self):
        reasons = self.env['credit.hold.reason']
        for code in ('refused', 'hold', 'overdue', 'limit', 'pool', 'order_max', 'prepayment', 'settlement', 'terms',
                     'document', 'rate', 'payer'):
            with self.subTest(code=code):
                reason = reasons.browse(reasons._get_ids([f'credit.{code}']))
                self.assertEqual(reason.code, f'credit.{code}')
                self.assertTrue(reason.advice)

    def test_what_a_hold_costs_is_amount_times_days_at_the_yearly_rate(self):
        self.company.credit_hold_rate = 7.3
        order = self._held(15)
        with control_today(self.env, self.today + timedelta(days=10)):
            order.invalidate_recordset(['credit_hold_cost', 'credit_hold_days'])
            # 1500 * 10 * 7.3 % / 365
            self.assertEqual((order.credit_hold_days, order.credit_hold_cost), (10, 3.0))

    def test_handing_over_moves_the_activity_and_ends_with_the_hold(self):
        other = self._new_user('soc_controller2', 'sale_order_control.group_credit_controller')
        order = self._held()
        order.with_user(self.controller).action_credit_take()
        self.assertEqual(order.sudo().credit_handler_id, self.controller)
        order.with_user(self.controller).action_credit_hand_over(other, note="They call back")
        self.assertEqual(order.sudo().credit_handler_id, other)
        self.assertEqual(order.sudo().activity_ids.user_id, other)
        with self.assertRaisesRegex(UserError, "no credit controller"):
            order.with_user(self.controller).action_credit_hand_over(self.salesperson)
        for user in (self.salesperson, self.finance, self.env.ref('base.user_root')):
            with self.assertRaises(AccessError):
                order.with_user(user).action_credit_hand_over(other)
        order.with_user(other).action_credit_release("They paid in cash")
        self.assertEqual((order.sudo().activity_ids.ids, order.sudo().credit_handler_id.id), ([], False))

    def test_a_batch_does_what_it_can_and_names_the_rest(self):
        self.controller.sudo().group_ids += self.env.ref('sales_team.group_sale_salesman')
        mine, theirs = self._held(user=self.controller), self._held()
        result = (mine | theirs).with_user(self.controller).action_credit_release("Season")
        self.assertEqual((mine.credit_state, theirs.credit_state), ('hold', 'released'))
        self.assertIn(mine.name, result['params']['message'])
        self.assertNotIn(f"{theirs.name} is still", result['params']['message'])
        result = theirs.with_user(self.controller).action_credit_release("Too little", amount=10)
        self.assertTrue(result)

    def test_a_refused_order_waits_for_a_controller_whatever_is_paid(self):
        invoice = self._loose_invoice(700)
        order = self._held(5)
        order.with_user(self.controller).action_credit_reject("Court case")
        self._pay(invoice)
        self.assertEqual(order.credit_state, 'hold')
        self.assertIn("Court case", order.credit_hold_reason)
        order.with_user(self.controller).action_credit_release("Settled")
        self.assertEqual(order.credit_state, 'released')

    # === EVENTS ===#

    def test_several_events_in_one_transaction_are_told_once(self):
        first, second = self._loose_invoice(600), self._loose_invoice(600)
        orders = self._held(5) | self._held(4)
        before = orders.message_ids
        for invoice in (first, second):
            self.env['account.payment.register'].with_context(
                active_model='account.move', active_ids=invoice.ids).create({})._create_payments()
        self.assertEqual(set(orders.mapped('credit_state')), {'hold'})
        self._end_transaction()
        self.assertEqual(set(orders.mapped('credit_state')), {'ok'})
        told = orders.message_ids - before
        self.assertEqual(len(told.filtered('partner_ids')), 1)
        self.assertIn(orders[1].name, told.filtered('partner_ids').body)

    def test_a_cancelled_order_makes_room_for_the_one_on_hold(self):
        confirmed = self._confirmed(8)
        order = self._held(5)
        confirmed.sudo()._action_cancel()
        self._end_transaction()
        self.assertEqual(order.credit_state, 'ok')

    def test_a_smaller_order_frees_itself_and_a_smaller_confirmed_one_frees_others(self):
        order = self._held(15)
        order.order_line.product_uom_qty = 10
        self._end_transaction()
        self.assertEqual(order.credit_state, 'ok')
        confirmed = self._confirmed(8)
        other = self._held(5)
        confirmed.order_line.product_uom_qty = 5
        self._end_transaction()
        self.assertEqual(other.credit_state, 'ok')

    def test_a_quotation_that_credit_never_looked_at_is_not_judged_by_a_change(self):
        order = self._create_order(1)
        order.order_line.product_uom_qty = 90
        self._end_transaction()
        self.assertEqual(order.credit_state, 'none')

    def test_a_released_quotation_that_outgrows_its_release_is_on_hold_again(self):
        order = self._held(15)
        order.with_user(self.controller).action_credit_release("This much")
        order.order_line.product_uom_qty = 16
        self._end_transaction()
        self.assertEqual(order.credit_state, 'hold')

    def test_a_release_that_ends_puts_the_hold_back_where_goods_have_not_left(self):
        self._switch(release='enforce')
        order = self._held(15)
        order.with_user(self.controller).action_credit_release("Until tomorrow", until=self.today + timedelta(days=1))
        order.action_submit()
        self.assertEqual((order.state, order.credit_state), ('sale', 'released'))
        for days, state in ((1, 'released'), (2, 'hold')):
            with control_today(self.env, self.today + timedelta(days=days)):
                due = order.search(order._get_credit_releases_due(self.today)) & order
                due.sudo()._run_credit_releases_due(self.today)
            self.assertEqual(order.credit_state, state, days)
        with control_today(self.env, self.today + timedelta(days=2)), self.assertRaisesRegex(UserError, "1,500.00"):
            self._deliver(order, 15)
        invoice = self._loose_invoice(100)
        self.assertEqual(order.search(order._get_credit_holds_due(self.today)) & order, order)
        order.with_user(self.controller).action_credit_release("For good")
        self.assertEqual(order.credit_state, 'released')
        self._pay(invoice)
        self._deliver(order, 15)

    # === GROWTH ===#

    def test_a_confirmed_order_that_grows_within_the_limit_leaves_a_decision(self):
        order = self._create_order(5)
        order.action_submit()
        before = order.sudo().credit_decision_ids
        order.order_line.product_uom_qty = 9
        decision = order.sudo().credit_decision_ids - before
        self.assertEqual((decision.checkpoint, decision.result), ('growth', 'passed'))
        self.assertEqual(decision.figures['with_order'], 900)
        # A smaller one is no decision.
        order.order_line.product_uom_qty = 8
        self.assertEqual(order.sudo().credit_decision_ids - before, decision)

    def test_what_was_refused_to_grow_is_recorded_although_nothing_changed(self):
        order = self._create_order(5)
        order.action_submit()
        self.env.cr.postrollback.clear()
        with self.assertRaises(UserError):
            order.order_line.price_unit = 300
        self.assertEqual(order.amount_total, 500)
        with self.enter_registry_test_mode():
            self.env.cr.postrollback.run()
        self.env.invalidate_all()
        decision = order.sudo().credit_decision_ids.sorted('id')[-1]
        self.assertEqual((decision.checkpoint, decision.result, decision.excess), ('growth', 'held', 500))

    def test_goods_that_were_stopped_are_on_the_work_list(self):
        self._switch(release='enforce')
        order = self._confirmed(5)
        self.account.with_user(self.controller).action_hold("Insolvent")
        self.env.cr.postrollback.clear()
        with self.assertRaisesRegex(UserError, "Insolvent"):
            self._deliver(order, 5)
        with self.enter_registry_test_mode():
            self.env.cr.postrollback.run()
        self.env.invalidate_all()
        self.assertEqual(order.credit_state, 'hold')
        self.assertIn("Insolvent", order.credit_hold_reason)
        self.account.with_user(self.controller).action_release("It was another company")
        self.assertEqual(order.credit_state, 'ok')

    def test_a_parked_order_is_marked_on_the_work_list(self):
        order = self._create_order(15)
        with event_happened(self.env):
            order.sudo().action_confirm()
        self.assertEqual((order.control_parked, order.credit_state), (True, 'hold'))
        held = order.with_user(self.controller).search([('credit_state', '=', 'hold'), ('control_parked', '=', True)])
        self.assertIn(order, held)
