from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ...models.order.control_memory import control_scope, control_today
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalCumulative(ApprovalCommon):
    """Splitting an order leads round no level."""

    def test_an_order_split_in_two_is_asked_about(self):
        self._policy(min_amount=500.0, cumulative_days=30)
        first = self._create_order(3)
        first.action_submit()
        self.assertEqual(first.state, 'sale')
        self.assertFalse(self._codes(self._create_order(1)))
        second = self._create_order(3)
        self.assertTrue(self._codes(second))
        [message] = [issue.message for issue in second._get_control_issues('submit')[second.id] if issue.stops]
        self.assertIn("last 30 days", message)

    def test_a_contact_of_the_customer_counts_and_another_customer_does_not(self):
        self._policy(min_amount=500.0, cumulative_days=30)
        contact, other = self.env['res.partner'].create([
            {'name': "Contact", 'parent_id': self.customer.id}, {'name': "Other", 'is_company': True}])
        self._create_order(4).action_submit()
        self.assertTrue(self._codes(self._create_order(2, partner=contact)))
        self.assertFalse(self._codes(self._create_order(2, partner=other)))

    def _paid_by(self, quantity, payer, partner=None):
        order = self._create_order(quantity, partner=partner)
        order.partner_invoice_id = payer
        return order

    def test_halves_of_two_customers_for_one_payer_are_counted_together(self):
        self._policy(min_amount=500.0, cumulative_days=30)
        other, payer = self.env['res.partner'].create([
            {'name': "Sister", 'is_company': True}, {'name': "Holding", 'is_company': True}])
        first = self._paid_by(3, payer)
        first.action_submit()
        self.assertEqual(first.state, 'sale')
        second = self._paid_by(3, payer, other)
        self.assertTrue(self._codes(second))
        # The payer's own order counts with what it pays for others; what somebody else pays does not.
        self.assertTrue(self._codes(self._create_order(3, partner=payer)))
        second.partner_invoice_id = other
        self.assertFalse(self._codes(second))
        # Once, though the customer of both is the same as well.
        self.assertFalse(self._codes(self._paid_by(1, payer)))

    def test_halves_for_one_payer_that_are_judged_together_are_counted_together(self):
        self._policy(min_amount=500.0, cumulative_days=30)
        other = self.env['res.partner'].create({'name': "Sister", 'is_company': True})
        orders = self._create_order(3) | self._paid_by(3, self.customer, other)
        orders.action_submit()
        self.assertEqual(set(orders.mapped('approval_state')), {'pending'})

    def test_orders_that_are_submitted_together_or_wait_count_too(self):
        policy = self._policy(min_amount=500.0, cumulative_days=30)
        orders = self._create_order(3) | self._create_order(3)
        orders.action_submit()
        self.assertEqual(set(orders.mapped('approval_state')), {'pending'})
        self.assertTrue(self._codes(self._create_order(1)))
        policy.cumulative_days = 0
        self.assertFalse(self._codes(self._create_order(4)))

    def test_older_orders_do_not_count_whatever_date_is_written(self):
        self._policy(min_amount=500.0, cumulative_days=30)
        order = self._create_order(4)
        order.action_submit()
        order.sudo().date_order = '2020-01-01'
        self.assertTrue(self._codes(self._create_order(2)))
        later = self.env['sale.order']._get_control_today() + timedelta(days=32)
        with control_today(self.env, later):
            self.assertFalse(self._codes(self._create_order(2)))

    def test_what_a_branch_sold_counts_where_the_policy_is_the_groups(self):
        branch = self.env['res.company'].create({
            'name': "Branch", 'parent_id': self.company.id, 'control_approval': 'enforce'})
        users = self.salesperson | self.sales_manager
        users.company_ids |= branch
        self._policy(min_amount=500.0, cumulative_days=30)
        sold = self._create_order(3)
        sold.action_submit()
        self.assertEqual(sold.state, 'sale')
        sales = self.env['sale.order'].with_user(self.salesperson).with_context(
            allowed_company_ids=(self.company | branch).ids)
        half = sales.create({
            'partner_id': self.customer.id, 'company_id': branch.id, 'user_id': self.salesperson.id,
            'order_line': [Command.create({
                'product_id': self.product.id, 'product_uom_qty': 3, 'price_unit': 100.0})]})
        self.assertEqual(half.company_id, branch)
        self.assertTrue(self._codes(half))
        # Of two halves that are judged together, too.
        sold.sudo().action_cancel()
        self.assertFalse(self._codes(half))
        other = self._create_order(3).with_context(**sales.env.context)
        issues = (half | other)._get_control_issues('submit')
        self.assertTrue(all(any(issue.stops for issue in issues[order.id]) for order in half | other))
        # A policy of the branch counts the branch alone.
        self.env['sale.approval.policy'].search([]).active = False
        sold = self._create_order(4)
        sold.action_submit()
        self._policy(min_amount=500.0, cumulative_days=30, company_id=branch.id)
        self.assertFalse(self._codes(half))

    def test_twenty_orders_cost_the_queries_of_two(self):
        self._policy(min_amount=1e6, cumulative_days=30)
        counts = []
        for number in (2, 2, 20):
            orders = self.env['sale.order'].browse([self._create_order(1).id for _i in range(number)])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            with control_scope(self.env):
                orders._get_control_issues('submit')
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1] + 1, counts)


@tagged('post_install', '-at_install')
class TestApprovalScopeOfPolicies(ApprovalCommon):

    def _levels(self, order):
        order.action_submit()
        return set(self._request(order).task_ids.user_id.mapped('login'))

    def test_a_policy_counts_from_its_first_to_its_last_day(self):
        today = self.env['sale.order']._get_control_today()
        self._policy(date_from=today + timedelta(days=1), date_to=today + timedelta(days=2))
        order = self._create_order(10)
        for days, asks in ((0, False), (1, True), (2, True), (3, False)):
            with self.subTest(days=days), control_today(self.env, today + timedelta(days=days)):
                self.assertEqual(bool(self._codes(order)), asks)

    def test_no_later_policy_is_asked_where_one_says_so_and_matches(self):
        first = self._policy(
            self._level(self.sales_manager), name="First", sequence=1, max_discount=10.0, stop_here=True)
        self._policy(self._level(self.finance), name="Second", sequence=2)
        self.assertEqual(self._levels(self._create_order(10, discount=20)), {'soc_manager'})
        self.assertEqual(self._levels(self._create_order(10)), {'soc_finance'})
        first.stop_here = False
        self.assertEqual(self._levels(self._create_order(10, discount=20)), {'soc_manager', 'soc_finance'})

    def test_issues_of_other_controls_find_their_policy_all_the_same(self):
        self._policy(self._level(self.sales_manager), name="First", sequence=1, stop_here=True)
        self._policy(self._level(self.finance), name="Issues", sequence=2, on_credit_issue=True)
        order = self._create_order(10)
        order.sale_type_id = self.env.ref('sale_order_control.sale_type_internal')
        self.assertEqual(self._levels(order), {'soc_manager', 'soc_finance'})


@tagged('post_install', '-at_install')
class TestApprovalSheet(ApprovalCommon):

    def test_the_sheet_calls_nobody_approver_who_did_not_agree(self):
        self._policy(self._level(self.sales_manager, 10, name="Sales"), self._level(self.finance, 20, name="Finance"))
        _order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree("Usual terms")
        request.with_user(self.sales_manager).action_withdraw()
        request.with_user(self.sales_manager).action_agree("Asked again")
        request.with_user(self.finance).action_forward(self.director)
        rows = request._get_sheet_rows()
        self.assertEqual(
            [(row['step'], row['name']) for row in rows], [
                ("Prepared", self.salesperson.name), ("Withdrawn", self.sales_manager.name),
                ("Agreed", self.sales_manager.name), ("Passed on", self.finance.name),
                ("Decides now", f"{self.director.name} on behalf of {self.finance.name}")])
        request.with_user(self.director).action_disagree("Too cheap")
        self.assertEqual(request._get_sheet_rows()[-1]['step'], "Disagreed")
        html = self.env['ir.actions.report'].with_user(self.finance)._render_qweb_html(
            'sale_order_control.report_approval_sheet', request.ids)[0].decode()
        for text in ("Approval Sheet", "Usual terms", "Controlled Customer", "Disagreed", self.salesperson.name):
            self.assertIn(text, html)

    def test_the_sheet_keeps_a_return_to_an_earlier_level_and_leaves_out_what_it_undid(self):
        self._policy(self._level(self.sales_manager, 10), self._level(self.finance, 20))
        _order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        request.with_user(self.finance).action_return("Look again", level=1)
        self.assertEqual(
            [row['step'] for row in request._get_sheet_rows()],
            ["Prepared", "Returned", "Decides now", "Decides later"])

    def test_who_cannot_read_the_request_cannot_print_it(self):
        self._policy()
        _order, request = self._submitted()
        with self.assertRaises(AccessError):
            request.with_user(self.outsider)._get_sheet_rows()
