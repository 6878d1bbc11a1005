from odoo.tests import tagged

from ..order.tours import TourCase
from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintTour(ComplaintCommon, TourCase):
    """A complaint in the browser, each person with no other right than their own."""

    def test_a_call_is_worked_to_its_closing_and_the_manager_sees_the_pareto(self):
        self.env['res.partner'].create({'name': "Controlled Supplier", 'is_company': True})
        order = self._delivered_order()
        self._walk('/odoo', 'complaint_handle', self.handler)
        complaint = self.env['sale.complaint'].search([('order_id', '=', order.id)])
        self.assertEqual(
            (complaint.state, complaint.user_id, complaint.line_ids.quantity, complaint.justified, complaint.channel),
            ('closed', self.handler, 2, 'partly', 'phone'))
        self._walk('/odoo', 'complaint_pareto', self.sales_manager)
