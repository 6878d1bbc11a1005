from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalDelegationCircle(ApprovalCommon):
    """Delegations never send a task round in a circle, whatever they are limited to and however they came about."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls._level(cls.finance))
        cls.other_policy = cls._policy(cls._level(cls.finance), name="Other", max_discount=50)

    def _delegate(self, user, delegate, start=0, days=3, policies=None):
        day = self.env['sale.order']._get_control_today() + timedelta(days=start)
        return self.env['sale.approval.delegation'].create({
            'user_id': user.id, 'delegate_id': delegate.id, 'date_from': day, 'date_to': day + timedelta(days=days),
            'policy_ids': [Command.set(policies.ids if policies else [])]})

    def _pretend_at_once(self, *delegations):
        """What two transactions at the same instant leave behind: neither saw the other."""
        today = self.env['sale.order']._get_control_today()
        self.env.flush_all()
        self.cr.execute(
            "UPDATE sale_approval_delegation SET date_from = %s, date_to = %s WHERE id IN %s",
            (today, today + timedelta(days=3), tuple(one.id for one in delegations)))
        self.env.invalidate_all()

    def test_a_circle_behind_another_delegation_is_refused(self):
        self._delegate(self.director, self.finance)
        self._delegate(self.director, self.controller, start=1, policies=self.policy)
        with self.assertRaisesRegex(ValidationError, "circle"):
            self._delegate(self.finance, self.director)
        self._delegate(self.controller, self.sales_manager)
        with self.assertRaisesRegex(ValidationError, "circle"):
            self._delegate(self.sales_manager, self.director, start=2, policies=self.policy)

    def test_delegations_that_never_meet_are_no_circle(self):
        back = self._delegate(self.director, self.finance, policies=self.policy)
        self._delegate(self.finance, self.director, policies=self.other_policy)
        self._delegate(self.finance, self.director, start=10)
        # Widening one makes it a circle.
        with self.assertRaisesRegex(ValidationError, "circle"):
            back.policy_ids = False

    def test_a_circle_made_at_the_same_instant_ends_with_a_task(self):
        self._pretend_at_once(
            self._delegate(self.finance, self.director), self._delegate(self.director, self.finance, start=10))
        _order, request = self._submitted()
        self.assertEqual(self._tasks(request)[self.director], 'pending')
        number = len(request.task_ids)
        # The job does not send it to and fro either.
        with patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=1):
            self.env['sale.approval.task']._cron_chase()
        self.assertEqual(len(request.task_ids), number)
        request.with_user(self.director).action_agree()
        self.assertEqual(request.state, 'approved')

    def test_who_is_back_gets_the_task_again_when_the_delegate_leaves(self):
        self._delegate(self.finance, self.director, days=1)
        self._delegate(self.director, self.finance, start=2)
        _order, request = self._submitted()
        self.assertEqual(self._tasks(request)[self.director], 'pending')
        later = self.env['sale.order']._get_control_today() + timedelta(days=2)
        with control_today(self.env, later), \
                patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=1):
            self.env['sale.approval.task']._cron_chase()
        waiting = request.task_ids.filtered(lambda task: task.state == 'pending')
        self.assertEqual(waiting.user_id, self.finance)
