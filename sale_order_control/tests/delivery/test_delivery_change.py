from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryChange(DeliveryCommon):
    """A much later date is promised only after somebody agreed, where a policy says so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(approval='enforce')
        cls.boss = cls._new_user('soc_delivery_boss', 'sale_order_control.group_approver')
        cls.policy = cls.env['sale.approval.policy'].create({
            'name': "More than five days later", 'company_id': cls.company.id, 'res_model': 'sale.delivery.change',
            'domain': "[('days_later', '>', 5)]",
            'level_ids': [Command.create({
                'name': "Head of logistics", 'approver_type': 'users', 'user_ids': [Command.set(cls.boss.ids)]})],
        })

    def _moved(self, days, order=None):
        """An order promised for the day after tomorrow whose planner wants so many days later."""
        if not order:
            order = self._confirm_order((self.product, 1.0))
            self._promise(order.order_line, 2)
        self._promise(order.order_line, 2 + days, self.reason)
        return order

    def _waiting(self, order):
        return order.delivery_change_ids.filtered(lambda change: change.state == 'asked')

    def _answer(self, change, agree=True):
        request = change.approval_request_ids.filtered(lambda request: request.state == 'pending')
        request = request.with_user(self.boss)
        return request.action_agree() if agree else request.action_disagree("The customer will not wait.")

    def test_within_the_tolerance_the_planner_promises_alone(self):
        order = self._moved(5)
        self.assertEqual(order.order_line.promised_date, self._day(7))
        self.assertFalse(order.delivery_change_ids)

    def test_beyond_it_the_old_promise_stays_until_somebody_agreed(self):
        order = self._moved(6)
        line, change = order.order_line, self._waiting(order)
        self.assertEqual((line.promised_date, line.asked_date), (self._day(2), self._day(8)))
        self.assertEqual((change.days_later, change.user_id, change.approval_state), (6, self.planner, 'pending'))
        self._answer(change)
        self.assertEqual((line.promised_date, line.asked_date, change.state), (self._day(8), False, 'applied'))
        promise = self._ledger(order)[-1]
        self.assertEqual((promise.user_id, promise.reason_id, promise.revision), (self.planner, self.reason, 2))

    def test_the_customer_hears_only_of_what_was_agreed_to(self):
        order = self._confirm_order((self.product, 1.0))
        self._promise(order.order_line, 2)
        order.with_user(self.salesperson).action_reply_dates()
        self._moved(6, order)
        self.assertEqual(order.order_line.reply_state, 'asked')
        self._answer(self._waiting(order))
        self.assertEqual(order.order_line.reply_state, 'to_tell')

    def test_small_steps_add_up(self):
        order = self._moved(4)
        self._moved(7, order)
        self.assertEqual(order.order_line.promised_date, self._day(6))
        self.assertEqual(self._waiting(order).days_later, 7)

    def test_the_first_promise_is_compared_with_the_wanted_day(self):
        order = self._confirm_order((self.product, 1.0, 1))
        self._promise(order.order_line, 10)
        self.assertFalse(order.order_line.promised_date)
        self.assertEqual(self._waiting(order).days_later, 9)

    def test_nobody_is_asked_about_an_earlier_day_or_when_nothing_was_wanted(self):
        order = self._confirm_order((self.product, 1.0))
        self._promise(order.order_line, 30)
        self._promise(order.order_line, 20, self.reason)
        self.assertEqual(order.order_line.promised_date, self._day(20))
        self.assertFalse(order.delivery_change_ids)

    def test_lines_that_are_not_late_do_not_wait(self):
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0, 14))
        self._promise(order.order_line[0], 2)
        self._promise(order.order_line, 14, self.reason)
        self.assertEqual(order.order_line.mapped('promised_date'), [self._day(2), self._day(14)])
        self.assertEqual(self._waiting(order).line_ids.order_line_id, order.order_line[0])

    def test_refused_the_promise_stays(self):
        order = self._moved(9)
        change = self._waiting(order)
        self._answer(change, agree=False)
        self.assertEqual((order.order_line.promised_date, change.state), (self._day(2), 'refused'))

    def test_another_promise_meanwhile_takes_the_question_back(self):
        order = self._moved(9)
        change = self._waiting(order)
        request = change.approval_request_ids
        self._promise(order.order_line, 3, self.reason)
        self.assertEqual((change.state, request.state), ('withdrawn', 'void'))
        with self.assertRaises(UserError):
            request.with_user(self.boss).action_agree()
        self.assertEqual(order.order_line.promised_date, self._day(3))

    def test_what_can_no_longer_be_promised_is_said_and_the_agreement_is_kept(self):
        order = self._moved(9)
        change = self._waiting(order)
        self._deliver(order)
        self._answer(change)
        self.assertEqual((change.state, change.approval_state), ('withdrawn', 'approved'))
        self.assertIn("nothing left to deliver", change.obstacle)

    def test_the_same_question_is_asked_once(self):
        order = self._moved(9)
        change = self._waiting(order)
        self._moved(9, order)
        self.assertEqual((self._waiting(order), len(change.approval_request_ids)), (change, 1))

    def test_parts_are_promised_as_they_were_agreed_to(self):
        order = self._confirm_order((self.product, 10.0))
        line = order.order_line
        self._promise(line, 2)
        parts = {line.id: ((self._day(3), 4.0), (self._day(12), 6.0))}
        line.with_user(self.planner)._promise({line.id: self._day(12)}, self.reason, None, parts)
        self.assertEqual(line.promised_date, self._day(2))
        self._answer(self._waiting(order))
        self.assertEqual(line.promised_date, self._day(12))
        self.assertEqual(self._ledger(order)[-1].part_ids.mapped('quantity'), [4.0, 6.0])

    def test_a_cancelled_order_waits_for_nothing(self):
        order = self._moved(9)
        change = self._waiting(order)
        order._action_cancel()
        self.assertEqual((change.state, change.approval_request_ids.state), ('withdrawn', 'void'))

    def test_the_planner_takes_it_back(self):
        order = self._moved(9)
        change = self._waiting(order)
        with self.assertRaises(UserError):
            change.with_user(self.boss).sudo(False).approval_request_ids.action_recall()
        change.with_user(self.planner).action_recall()
        self.assertEqual((change.state, order.order_line.promised_date), ('withdrawn', self._day(2)))

    def test_the_planner_never_agrees_alone(self):
        self.policy.level_ids.user_ids = self.planner | self.boss
        change = self._waiting(self._moved(9))
        request = change.approval_request_ids
        self.assertNotIn(self.planner, request.task_ids.user_id)
        with self.assertRaises(UserError):
            request.with_user(self.planner).action_agree()

    def test_it_is_not_written_from_outside(self):
        order = self._moved(9)
        change = self._waiting(order)
        for user in (self.planner, self.salesperson, self.env.ref('base.user_admin')):
            for values in ({'state': 'applied'}, {'user_id': self.boss.id}, {'approval_state': 'approved'}):
                with self.subTest(user=user.login, values=values), self.assertRaises(AccessError):
                    change.with_user(user).write(values)
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                change.line_ids.with_user(user).write({'promised_date': self._day(3)})
        with self.assertRaises(AccessError):
            self.env['sale.delivery.change'].create({'order_id': order.id, 'user_id': self.planner.id})

    def test_the_list_of_proposals_asks_too_and_says_so(self):
        self.env.company.security_lead = 0
        order = self._confirm_order((self.scarce, 1.0, 1))
        self._receive(self.scarce, 5.0, 12)
        action = order.order_line.with_user(self.planner).action_promise_proposed()
        self.assertFalse(order.order_line.promised_date)
        self.assertIn("waits for approval", action['params']['message'])

    def test_silent_without_policy_and_while_approval_is_off(self):
        self._switch(approval='off')
        order = self._moved(9)
        self.assertEqual(order.order_line.promised_date, self._day(11))
        self._switch(approval='enforce')
        self.policy.active = False
        self._moved(20, order)
        self.assertEqual(order.order_line.promised_date, self._day(22))
        self.assertFalse(order.delivery_change_ids)

    def test_a_salesperson_reads_the_changes_of_own_orders_only(self):
        change = self._waiting(self._moved(9))
        other = self._new_user('soc_delivery_other', 'sales_team.group_sale_salesman')
        self.assertTrue(change.with_user(self.salesperson).line_ids.product_id)
        for record in (change, change.line_ids):
            with self.assertRaises(AccessError):
                record.with_user(other).read(['promised_date' if record != change else 'note'])
