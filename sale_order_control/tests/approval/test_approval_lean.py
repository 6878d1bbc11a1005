from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from .common import ApprovalCommon

ACTIVITY_TYPE = 'sale_order_control.mail_activity_type_policy_review'


@tagged('post_install', '-at_install')
class TestApprovalLean(ApprovalCommon):
    """What policies and their steps did, who looks after them, and which of them are proposed to go."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._new_user('soc_boss', 'sale_order_control.group_manager')
        cls.auditor = cls._new_user('soc_auditor', 'sale_order_control.group_auditor')
        cls.company.resource_calendar_id = cls.env['resource.calendar'].create({
            'name': "Office", 'tz': 'UTC', 'attendance_ids': [
                Command.create({'name': str(day), 'dayofweek': str(day), 'hour_from': 9, 'hour_to': 17})
                for day in range(5)]})
        cls.policy = cls._policy(cls._level(cls.sales_manager, name="Sales"), name="Large")
        cls.other = cls._policy(cls._level(cls.finance, name="Finance"), name="Discount", max_discount=10)

    def _decided(self, *decisions, **values):
        """Submit an order per decision, decide on it, and return the orders."""
        orders = self.env['sale.order']
        for number, decision in enumerate(decisions):
            order = self._create_order(10 + number, **values)
            order.action_submit()
            request = self._request(order)
            if decision == 'agree':
                for task in request.task_ids:
                    request.with_user(task.user_id).action_agree()
            elif decision == 'return':
                request.with_user(self.sales_manager).action_return("Check the price.")
            elif decision == 'disagree':
                request.with_user(self.sales_manager).action_disagree("No.")
            orders |= order
        self.env.flush_all()
        return orders

    def _move(self, begin, end, *requests):
        """Write the times of requests that lie in the past."""
        for request in requests:
            self.env.cr.execute(
                "UPDATE sale_approval_request SET requested_on = %s, closed_on = %s WHERE id = %s",
                [begin, end, request.id])
        self.env.invalidate_all()

    def _as_manager(self, policy=None, **context):
        return (policy or self.policy).with_user(self.manager).with_context(**context)

    # === FIGURES ===#

    def test_a_policy_tells_what_it_stopped_changed_and_lost(self):
        agreed, returned, rejected, waiting = self._decided('agree', 'return', 'disagree', '')
        rejected._action_cancel()
        policy = self._as_manager()
        self.assertEqual((policy.figure_asked, policy.figure_decided, policy.figure_lost), (4, 3, 1))
        self.assertAlmostEqual(policy.figure_unchanged, 100 / 3)
        self.assertAlmostEqual(policy.figure_sent_back, 200 / 3)
        # Returned, corrected, submitted again and approved: released, but not unchanged.
        returned.order_line.price_unit = 90
        returned.action_submit()
        self._request(returned).with_user(self.sales_manager).action_agree()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(policy.figure_asked, 4)
        self.assertAlmostEqual(policy.figure_unchanged, 100 / 3)
        self.assertEqual(self._as_manager(self.other).figure_asked, 0)
        self.assertTrue(agreed.state == 'sale' and waiting.approval_state == 'pending')

    def test_waiting_is_counted_in_working_hours_of_the_period_alone(self):
        first, second = self._decided('agree', 'agree')
        today = fields.Date.today()
        friday = datetime.combine(today - timedelta(days=today.weekday() + 3), datetime.min.time())
        # Friday 15:00 to Monday 10:00.
        self._move(friday + timedelta(hours=15), friday + timedelta(days=3, hours=10), self._request(first))
        self._move('2020-06-01 09:00', '2020-06-01 12:00', self._request(second))
        policy = self._as_manager()
        self.assertEqual((policy.figure_asked, policy.figure_hours, policy.figure_hours_each), (1, 3.0, 3.0))
        self.assertEqual(self._as_manager(approval_days=1).figure_asked, 0)
        self.assertEqual(self._as_manager(approval_days="x' OR 1=1").figure_asked, 1)

    def test_the_list_costs_the_same_queries_for_many_policies_as_for_one(self):
        self._decided('agree', 'agree', '')
        policies = self.policy | self.other
        for number in range(6):
            policies |= self._policy(min_amount=100000 + number)
        names = ['figure_asked', 'figure_hours', 'figure_lost', 'figure_unchanged', 'retire_reason']

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            some.with_user(self.manager).read(names)
            some.level_ids.with_user(self.manager).read(['figure_decisions', 'figure_agreed', 'needless_reason'])
            return self.cr.sql_log_count - before

        count(policies)
        self.assertEqual(count(policies), count(self.policy | self.other))

    def test_managers_and_auditors_see_figures_nobody_else_does(self):
        self.assertEqual(self.policy.with_user(self.auditor).figure_asked, 0)
        for user in (self.salesperson, self.sales_manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.policy.with_user(user).read(['figure_asked'])

    # === RETIRE ===#

    def test_a_policy_that_changes_nothing_is_proposed_to_go_once_enough_speaks_for_it(self):
        self._decided(*['agree'] * 19)
        self.assertFalse(self._as_manager().retire_reason)
        with self.assertRaisesRegex(UserError, "not enough evidence"):
            self._as_manager().action_retire()
        self._decided('agree')
        self.env.invalidate_all()
        self.assertIn("100 % of 20 documents were released as they were", self._as_manager().retire_reason)
        self._as_manager().action_retire()
        self.assertFalse(self.policy.active)
        review = self.policy.review_ids
        self.assertEqual(
            (review.decision, review.user_id, review.asked, review.unchanged), ('retired', self.manager, 20, 100.0))
        self.assertIn("released as they were", review.reason)
        self.assertFalse(self._as_manager().retire_reason)

    def test_one_that_sends_back_or_answers_for_credit_stays(self):
        self._decided(*['agree'] * 20, 'return')
        self.assertFalse(self._as_manager().retire_reason)
        self.policy.on_credit_issue = True
        self.env.cr.execute("DELETE FROM sale_approval_task WHERE state = 'returned'")
        self.env.cr.execute("DELETE FROM sale_approval_request WHERE state = 'returned'")
        self.env.invalidate_all()
        self.assertFalse(self._as_manager().retire_reason)
        self.policy.on_credit_issue = False
        self.assertTrue(self._as_manager().retire_reason)

    def test_one_that_stopped_nothing_in_a_year_of_approvals_is_proposed_to_go(self):
        self._decided(*['agree'] * 20)
        self.assertFalse(self._as_manager(self.other).retire_reason)
        self.env.cr.execute(
            "UPDATE sale_approval_policy SET create_date = '2020-01-01' WHERE id = %s", [self.other.id])
        self.env.invalidate_all()
        self.assertIn("stopped nothing since", self._as_manager(self.other).retire_reason)

    def test_only_managers_retire_and_the_record_stays_as_it_is(self):
        self._decided(*['agree'] * 20)
        for user in (self.auditor, self.sales_manager, self.salesperson):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.policy.with_user(user).action_retire()
        self._as_manager().action_retire()
        review = self.policy.review_ids
        for attempt in (lambda: review.write({'reason': "x"}), review.unlink, lambda: review.copy()):
            with self.assertRaises(UserError):
                attempt()
        self.assertEqual(review.with_user(self.auditor).reason, review.reason)

    # === STEPS ===#

    def test_a_step_that_always_agrees_is_proposed_to_be_left_out(self):
        self._decided(*['agree'] * 20)
        sales = self.policy.level_ids.with_user(self.manager)
        self.assertEqual((sales.figure_decisions, sales.figure_agreed), (20, 100.0))
        self.assertIn("Agreed to all of 20", sales.needless_reason)
        self.assertFalse(self.other.level_ids.with_user(self.manager).needless_reason)
        self._decided('return')
        self.env.invalidate_all()
        self.assertFalse(sales.needless_reason)

    # === OWNER AND REVIEW ===#

    def test_every_policy_has_an_owner_who_is_asked_once_when_its_review_is_due(self):
        policy = self._policy(name="Fresh").with_user(self.manager)
        self.assertEqual(policy.owner_id, self.env.user)
        policy.write({'owner_id': self.manager.id, 'review_months': 6})
        due = policy.review_date
        self.assertGreater(due, fields.Date.today() + timedelta(days=150))
        remind = self.env['sale.approval.policy']._cron_remind_review
        for day, count in ((due - timedelta(days=1), 0), (due, 1), (due + timedelta(days=1), 1)):
            with self.subTest(day=day), control_today(self.env, day):
                remind()
                self.assertEqual(len(policy.activity_ids), count)
        self.assertEqual(policy.activity_ids.user_id, self.manager)
        with control_today(self.env, due):
            policy.action_reviewed("Still needed.")
        self.assertFalse(policy.activity_ids)
        self.assertGreater(policy.review_date, due)
        self.assertEqual((policy.review_ids.decision, policy.review_ids.reason), ('kept', "Still needed."))

    def test_a_manager_is_asked_when_the_owner_has_left_and_one_failure_stops_no_other(self):
        self.policy.write({'owner_id': self.outsider.id, 'review_date': fields.Date.today()})
        self.other.write({'owner_id': self.manager.id, 'review_date': fields.Date.today()})
        self.outsider.active = False
        remind = type(self.policy)._remind_review
        failing = self.other.id

        def fail_for_one(policy):
            if policy.id == failing:
                raise ValueError("No such luck.")
            return remind(policy)

        with patch.object(type(self.policy), '_remind_review', fail_for_one), self.assertLogs(level='ERROR'):
            self.env['sale.approval.policy']._cron_remind_review()
        self.assertTrue(self.policy.activity_ids.user_id.has_group('sale_order_control.group_manager'))
        self.assertFalse(self.other.activity_ids)
        self.env['sale.approval.policy']._cron_remind_review()
        self.assertEqual(self.other.activity_ids.user_id, self.manager)

    def test_the_owner_may_review_and_nobody_else_but_managers(self):
        self.policy.owner_id = self.salesperson
        self.policy.with_user(self.salesperson).action_reviewed()
        self.assertEqual(self.policy.review_ids.user_id, self.salesperson)
        for user in (self.other_salesperson, self.auditor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.policy.with_user(user).action_reviewed()
