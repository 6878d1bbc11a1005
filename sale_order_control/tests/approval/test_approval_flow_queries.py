from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from ...models.order.control_issue import SWITCHES
from .common import ApprovalCommon

# Who is told what: activities, messages, and taking them back.
NOTICES = [
    ('sale.approval.task', '_notify_approvers'),
    ('sale.approval.request', '_dismiss_approvers'),
    ('sale.approval.request', '_tell_makers'),
    ('sale.order', '_close_acceptance_activities'),
]


@tagged('post_install', '-at_install')
class TestApprovalFlowQueries(ApprovalCommon):
    """What control costs in questions to the database, beside the confirmation of an order without any control.

    Each act begins with nothing in memory, as a request does, and ends as a commit begins. Messages are counted by
    themselves.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Changes are tracked, as in a request.
        cls.env = cls.env(context={**cls.env.context, 'tracking_disable': False, 'mail_notrack': False})
        cls.customers = cls.customer.union(
            *(cls.customer.copy({'name': f"Customer {number}"}) for number in range(39)))
        cls.env['credit.account']._for_partners(cls.customers, cls.company).sudo().grade_id = \
            cls.env['credit.grade'].search([], limit=1)
        cls.products = cls.product.browse().union(
            *(cls._new_product(f"Product {number}", 10.0, 5.0) for number in range(5)))
        cls._policy(
            cls._level(cls.sales_manager), cls._level(cls.finance, 20, deadline_hours=4), name="Discount",
            max_discount=5)
        cls._switch(**{switch.removeprefix('control_'): 'off' for switch in SWITCHES})

    def setUp(self):
        super().setUp()
        self._measure(self._order(), 'action_confirm')
        self.bare = self._measure(self._order(), 'action_confirm')
        self._switch(**{switch.removeprefix('control_'): 'enforce' for switch in SWITCHES})
        self._measure(self._order(), 'action_confirm')

    def _order(self, count=1, lines=5, **line):
        return self.env['sale.order'].with_user(self.salesperson).create([
            {
                'partner_id': self.customers[number % len(self.customers)].id,
                'order_line': [
                    Command.create({'product_id': product.id, 'product_uom_qty': 1, **line})
                    for product in self.products[:lines]],
            } for number in range(count)])

    def _measure(self, records, method):
        self.env.cr.flush()
        self.env.invalidate_all()
        records.env.user.fetch(['name'])
        before = self.cr.sql_log_count
        getattr(records, method)()
        self.env.cr.flush()
        return self.cr.sql_log_count - before

    @contextmanager
    def _without_notices(self):
        with ExitStack() as stack:
            for model, method in NOTICES:
                stack.enter_context(patch.object(self.registry[model], method, lambda *args: None))
            yield

    def _go_through(self):
        """Submit, agree at two levels, confirm by the last agreement."""
        order = self._order(discount=10.0)
        count = self._measure(order, 'action_submit')
        request = self._request(order)
        for user in (self.sales_manager, self.finance):
            count += self._measure(request.with_user(user), 'action_agree')
        self.assertEqual(order.state, 'sale')
        return count

    def test_confirming_a_clean_order_costs_at_most_ten_questions_more(self):
        count = self._measure(self._order(), 'action_confirm')
        self.assertLessEqual(count, self.bare + 10)

    def test_what_control_adds_to_a_confirmation_does_not_grow_with_lines_or_policies(self):
        few = self._measure(self._order(lines=1), 'action_confirm')
        for number in range(5):
            self._policy(name=f"More {number}", min_amount=1e6 + number)
        again = self._measure(self._order(lines=1), 'action_confirm')
        again = self._measure(self._order(lines=1), 'action_confirm')
        self.assertLessEqual(again, few)
        self._switch(**{switch.removeprefix('control_'): 'off' for switch in SWITCHES})
        self._measure(self._order(lines=1), 'action_confirm')
        bare_one = self._measure(self._order(lines=1), 'action_confirm')
        self.assertLessEqual(again, bare_one + 10)

    def test_submitting_two_agreements_and_confirming(self):
        with self._without_notices():
            self._go_through()
            count = self._go_through()
        # Three requests that each read who asks, the order and what is judged anew.
        self.assertLessEqual(count, self.bare + 47, f"{count} beside {self.bare}")

    def test_notices_are_what_is_left(self):
        with self._without_notices():
            self._go_through()
            quiet = self._go_through()
        count = self._go_through()
        count = self._go_through()
        # Two calls and one result, each an activity opened or closed and a message that is queued, not sent.
        self.assertLessEqual(count - quiet, 3 * 24, f"{count} beside {quiet}")

    def test_submitting_80_orders_without_notices(self):
        with self._without_notices():
            self._measure(self._order(2, discount=10.0), 'action_submit')
            count = self._measure(self._order(80, discount=10.0), 'action_submit')
        self.assertLessEqual(count, 40)

    def test_the_list_of_80_orders_with_badge_and_next_actor(self):
        orders = self._order(80)
        self.env.flush_all()

        def read(names):
            self.env.invalidate_all()
            orders.env.user.fetch(['name'])
            before = self.cr.sql_log_count
            orders.read(names)
            return self.cr.sql_log_count - before
        names = ['name', 'partner_id', 'state', 'amount_total']
        read(names)
        plain = read(names)
        read([*names, 'control_status', 'control_next'])
        self.assertLessEqual(read([*names, 'control_status', 'control_next']), plain + 3)
