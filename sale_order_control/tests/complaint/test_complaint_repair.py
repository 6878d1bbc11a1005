from odoo.tests import tagged

from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintRepair(ComplaintCommon):
    """Needs Odoo's repair app: ``./dev test --install repair`` with this file."""

    def test_a_repair_is_ordered_and_found_from_the_remedy(self):
        if 'repair.order' not in self.env:
            self.skipTest("repair is not installed")
        complaint = self._complain(self._delivered_order(), quantity=2.0)
        complaint.write(self.judged)
        complaint.action_acknowledge()
        remedy = self.env['sale.complaint.remedy'].with_user(self.handler).create({
            'complaint_id': complaint.id, 'type_id': self.env.ref('sale_order_control.remedy_type_repair').id})
        self.assertEqual(remedy.line_ids.quantity, 2)
        remedy.action_submit()
        remedy.action_execute()
        [repairs] = remedy._get_results()
        self.assertEqual(
            (repairs._name, repairs.product_id, repairs.product_qty, repairs.partner_id, repairs.under_warranty),
            ('repair.order', self.product, 2, self.customer, True))
        self.assertIn("Two of ten arrived scratched", repairs.internal_notes)
        self.assertIn(repairs.name, remedy.outcome)
