from odoo.tests import tagged

from ..order.tours import TourCase
from .test_delivery_shortage import ShortageCommon


@tagged('post_install', '-at_install')
class TestDeliveryShortageTour(ShortageCommon, TourCase):
    """Shortages in the browser, each person with no other right than their own."""

    def test_the_salesperson_resolves_a_shortage_while_quoting(self):
        line = self._quote()
        self._walk(f'/odoo/sales/{line.order_id.id}', 'shortage_resolve', self.salesperson)
        self.assertEqual(line.requested_date, self._day(14))
        record = self.env['sale.shortage.resolution'].search([('order_id', '=', line.order_id.id)])
        self.assertEqual((record.kind, record.user_id, record.consent_by),
                         ('wait', self.salesperson, "Ms Miller, by phone"))

    def test_the_planner_serves_one_before_another_and_sees_who_slips(self):
        patient = self.customer.copy({'name': "Patient Customer"})
        urgent = self.customer.copy({'name': "Urgent Customer"})
        first = self._confirm_order((self.scarce, 30.0, 5), partner_id=patient.id)
        self._promise(first.order_line, 5)
        first.order_line.move_ids._do_unreserve()
        second = self._confirm_order((self.scarce, 20.0, 1), partner_id=urgent.id)
        second.order_line.move_ids._do_unreserve()
        self._walk('/odoo/delivery-promises', 'shortage_displace', self.planner)
        self.assertEqual(second.promised_date, self.today)
        self.assertEqual((first.promised_date, first.promise_state), (self._day(14), 'promised'))
