from unittest.mock import patch

from odoo.tests import tagged

from ...models.approval.request.approval_memory import approval_deciding
from .common import ApprovalCommon

LIST_FIELDS = (
    'document_name', 'partner_name', 'amount_untaxed', 'reason_text', 'level_summary', 'requester_id', 'waiting_since',
    'decide_by', 'is_overdue', 'can_decide', 'state')


@tagged('post_install', '-at_install')
class TestApprovalDeskScale(ApprovalCommon):
    """What approvers open costs the same with one thing waiting as with a thousand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls._level(cls.sales_manager))
        cls.order, cls.request = cls._submitted()

    def _wait(self, count):
        """Let so many more requests wait for the sales manager, activities included."""
        with approval_deciding(self.env):
            requests = self.env['sale.approval.request'].sudo().with_context(tracking_disable=True).create([
                {**self.request.sudo().copy_data()[0], 'name': f"AR/T{number}", 'res_id': self.order.id}
                for number in range(count)])
            task = self.request.sudo().task_ids
            self.env['sale.approval.task'].sudo().create([
                {**task.copy_data()[0], 'request_id': request.id, 'state': 'pending'} for request in requests])
        with patch.object(self.registry['sale.approval.request'], '_send_notice', lambda *args: None):
            requests.task_ids._call_approvers(timed=False)
        self.env.flush_all()
        return requests

    def _count(self, call):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        call()
        return self.cr.sql_log_count - before

    def test_the_systray_costs_the_same_with_1000_waiting_and_uses_an_index(self):
        user = self.sales_manager.with_user(self.sales_manager)

        def systray():
            [group] = [
                one for one in user._get_activity_groups() if one.get('model') == 'sale.approval.request']
            return group['total_count']

        systray()
        few = self._count(systray)
        # Odoo's systray shows no more than a thousand.
        self._wait(999)
        many = self._count(systray)
        self.assertEqual(systray(), 1000)
        self.assertLessEqual(many, few + 1, f"1: {few} queries, 1000: {many}")
        self.env.cr.execute("ANALYZE sale_approval_task")
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute(
            "EXPLAIN SELECT count(*) FROM sale_approval_task WHERE user_id = %s AND state = 'pending'",
            (self.sales_manager.id,))
        self.assertIn('_open_by_user', "\n".join(row[0] for row in self.env.cr.fetchall()))

    def test_my_approvals_cost_the_same_for_80_as_for_one(self):
        requests = self.env['sale.approval.request'].with_user(self.sales_manager)
        domain = [('state', '=', 'pending'), ('task_ids', 'any', [
            ('user_id', '=', self.sales_manager.id), ('state', '=', 'pending')])]
        specification = {name: {} for name in LIST_FIELDS}

        def read():
            requests.web_search_read(domain, specification, limit=80)

        read()
        one = self._count(read)
        # With a full page Odoo counts all of them, which is a query more, whatever the page shows.
        self._wait(78)
        self.assertEqual(requests.search_count(domain), 79)
        many = self._count(read)
        self.assertEqual(many, one, f"1: {one} queries, 79: {many}")

    def test_the_screen_of_a_request_costs_a_fixed_number_of_queries(self):
        def read():
            self.request.with_user(self.sales_manager).read([
                'reason_html', 'change_html', 'level_html', 'timeline_html', 'snapshot_html', 'can_decide',
                'can_withdraw', 'can_take_over', 'can_open', 'waiting_since'])

        read()
        self.assertLessEqual(self._count(read), 30)

    def test_submitting_and_deciding_one_order_cost_few_queries(self):
        with patch.object(self.registry['sale.approval.request'], '_send_notice', lambda *args: None):
            self._submitted()
            order = self._create_order(10)
            submitting = self._count(lambda: (order.action_submit(), self.env.flush_all()))
            self.policy.sudo().write({'level_ids': [self._level(self.finance, 20)]})
            warm = [self._submitted()[1] for _number in range(2)]
            warm[0].with_user(self.sales_manager).action_agree()
            deciding = self._count(lambda: (
                warm[1].with_user(self.sales_manager).action_agree(), self.env.flush_all()))
        self.assertLessEqual(submitting, 60)
        self.assertLessEqual(deciding, 40)
