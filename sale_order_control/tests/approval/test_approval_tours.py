from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..order.tours import TourCase
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalTours(ApprovalCommon, TourCase):
    """Who asks, who decides, who decides for somebody else and who takes over, in the web client."""

    def test_the_maker_reads_why_corrects_submits_again_and_recalls(self):
        self._policy()
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_return("Fewer pieces please")
        order.order_line.product_uom_qty = 9
        self._walk(f'/odoo/action-sale.action_quotations/{order.id}', 'desk_maker', self.salesperson)
        self.assertEqual(
            order.sudo().approval_request_ids.sorted('id').mapped('state'), ['returned', 'recalled'])

    def test_the_approver_agrees_to_a_whole_list_and_reads_what_is_left(self):
        self._policy()
        orders = [self._submitted()[0] for _number in range(2)]
        self._policy(self._level(self.sales_manager, comment_required=True, name="In writing"), min_amount=5000.0)
        big, request = self._submitted(quantity=100)
        self._walk('/odoo/control-approvals?view_type=list', 'desk_batch', self.sales_manager)
        self.assertEqual({order.state for order in orders}, {'sale'})
        self.assertEqual((big.state, request.state), ('draft', 'pending'))

    def test_a_delegate_decides_in_the_place_of_who_is_away(self):
        self._policy(self._level(self.finance))
        self.env['sale.approval.delegation'].with_user(self.finance).create({
            'delegate_id': self.director.id, 'date_to': fields.Date.today() + timedelta(days=3)})
        order, request = self._submitted()
        self._walk('/odoo/control-approvals', 'desk_delegate', self.director)
        self.assertEqual((request.state, order.state), ('approved', 'sale'))
        agreed = request.task_ids.filtered(lambda task: task.state == 'agreed')
        self.assertEqual((agreed.user_id, agreed.on_behalf_of_id), (self.director, self.finance))

    def test_a_manager_takes_a_decision_over_with_a_reason(self):
        self._policy()
        order, request = self._submitted()
        manager = self._new_user('soc_control_manager', 'sale_order_control.group_manager')
        self._walk(f'/odoo/control-approval-requests/{request.id}', 'desk_manager', manager)
        self.assertEqual((request.state, order.state), ('approved', 'sale'))
        self.assertIn("The customer waits in the shop", request.timeline_html)


@tagged('post_install', '-at_install')
class TestApprovalPhone(ApprovalCommon, TourCase):
    """The same work on a narrow screen."""

    browser_size = '390x844'
    touch_enabled = True

    def test_an_approver_returns_a_request_on_a_phone(self):
        self._policy()
        order, request = self._submitted()
        self._walk('/odoo/control-approvals', 'desk_return', self.sales_manager)
        self.assertEqual((request.state, order.sudo().approval_state), ('returned', 'returned'))
        self.assertIn("Fewer pieces please", request.timeline_html)
