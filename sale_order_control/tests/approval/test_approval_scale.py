from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalScale(ApprovalCommon):
    """What a batch or a list costs does not grow with its length."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._policy(cls._level(cls.sales_manager | cls.finance), name="Large", tolerance_percent=5)
        cls._policy(
            cls._level(cls.sales_manager | cls.finance), cls._level(cls.director, 20), name="Discount", max_discount=5)

    @contextmanager
    def _without_mail(self):
        """Messages are counted in a row of their own."""
        requests = self.registry['sale.approval.request']
        with patch.object(requests, '_send_notice', lambda *args: None):
            yield

    def _orders(self, count):
        orders = self.env['sale.order'].with_user(self.salesperson).create([
            {
                'partner_id': self.customer.id,
                'user_id': self.salesperson.id,
                'order_line': [(0, 0, {'product_id': self.product.id, 'product_uom_qty': 10, 'discount': 10})],
            } for _number in range(count)
        ])
        self.env.flush_all()
        self.env.invalidate_all()
        return orders

    def _count(self, orders, call):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        call(orders)
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def test_submitting_80_orders_costs_at_most_40_queries(self):
        with self._without_mail():
            self._count(self._orders(2), lambda orders: orders.action_submit())
            few = self._count(self._orders(5), lambda orders: orders.action_submit())
            many = self._count(self._orders(80), lambda orders: orders.action_submit())
        # Odoo inserts and updates rows by the hundred: that alone may grow.
        self.assertLessEqual(many, few + 5, f"5 orders: {few} queries, 80 orders: {many}")
        self.assertLessEqual(many, 40)

    def test_submitting_sends_one_message_per_approver(self):
        orders = self._orders(10)
        before = self.env['mail.message'].search_count([])
        orders.action_submit()
        self.assertEqual(self.env['mail.message'].search_count([]) - before, 2)
        self.assertEqual(orders.sudo().approval_request_ids.activity_ids.user_id, self.sales_manager | self.finance)

    def test_the_list_costs_the_same_for_80_orders_as_for_one(self):
        with self._without_mail():
            orders = self._orders(80)
            orders.action_submit()

        def read(some):
            some.sudo()._get_pending_approvers()

        self._count(orders[:1], read)
        one = self._count(orders[:1], lambda some: some.mapped('control_status'))
        many = self._count(orders, lambda some: some.mapped('control_status'))
        self.assertEqual(one, many)
        orders.mapped('approval_state')
        before = self.cr.sql_log_count
        orders.sudo()._get_pending_approvers()
        self.assertLessEqual(self.cr.sql_log_count - before, 2)

    def test_agreeing_costs_the_same_for_many_requests_until_orders_confirm(self):
        with self._without_mail(), patch.object(self.registry['sale.order'], '_approval_approved', lambda orders: {}):
            few, many = self._orders(5), self._orders(40)
            (few | many).action_submit()

            def agree(orders):
                orders.sudo().approval_request_ids.with_env(self.env(user=self.sales_manager)).action_agree()

            self._count(self._orders(1), lambda orders: orders.action_submit())
            few_queries = self._count(few, agree)
            many_queries = self._count(many, agree)
        self.assertLessEqual(many_queries, few_queries + 3, f"5: {few_queries}, 40: {many_queries}")

    def test_a_clean_order_costs_no_query_for_requests(self):
        order = self._create_order(1)
        order.action_submit()
        with patch.object(self.registry['sale.approval.request'], 'search', side_effect=AssertionError):
            another = self._create_order(1)
            another.action_submit()
        self.assertEqual(another.state, 'sale')
