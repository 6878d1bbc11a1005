from odoo.tests import tagged

from ..order.tours import TourCase
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalToursTerms(ApprovalCommon, TourCase):
    """Terms that somebody changes so that it goes on, in the web client."""

    def test_an_approver_without_rights_on_orders_changes_the_terms_and_agrees(self):
        self._policy(self._level(self.finance, may_change_discount=True), max_discount=5.0)
        order, request = self._submitted(10, discount=20.0)
        self._walk('/odoo/control-approvals', 'terms_change', self.finance)
        self.assertEqual((request.state, order.state), ('approved', 'sale'))
        self.assertEqual(order.order_line.discount, 10.0)
        self.assertEqual(request.change_ids.user_id, self.finance)
        self._walk(f'/odoo/action-sale.action_quotations/{order.id}', 'terms_told', self.salesperson)

    def test_a_salesperson_makes_a_quotation_pass_and_nobody_is_asked(self):
        self._policy(max_discount=12.5)
        order = self._create_order(2, discount=20.0)
        self._walk(f'/odoo/action-sale.action_quotations/{order.id}', 'terms_pass', self.salesperson)
        self.assertEqual((order.state, order.order_line.discount), ('sale', 12.5))
        self.assertFalse(order.sudo().approval_request_ids)
