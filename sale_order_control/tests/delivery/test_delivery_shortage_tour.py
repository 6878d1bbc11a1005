from odoo.tests import HttpCase, tagged

from .test_delivery_shortage import ShortageCommon


@tagged('post_install', '-at_install')
class TestDeliveryShortageTour(ShortageCommon, HttpCase):
    """Shortages in the browser, each person with no other right than their own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in (cls.salesperson, cls.planner):
            user.password = user.login
        # Compiled by the first page otherwise, for which a slow machine has no patience.
        for bundle in ('web.assets_web', 'web.assets_tests'):
            cls.env['ir.qweb']._get_asset_bundle(bundle, css=False, js=True).js()
            cls.env['ir.qweb']._get_asset_bundle(bundle, css=True, js=False).css()

    def _tour(self, path, tour, user):
        self.start_tour(path, f'sale_order_control_shortage_{tour}', login=user.login, timeout=120)

    def test_the_salesperson_resolves_a_shortage_while_quoting(self):
        line = self._quote()
        self._tour(f'/odoo/sales/{line.order_id.id}', 'resolve', self.salesperson)
        line.invalidate_recordset()
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
        self._tour('/odoo/delivery-promises', 'displace', self.planner)
        (first | second).invalidate_recordset()
        self.assertEqual(second.promised_date, self.today)
        self.assertEqual((first.promised_date, first.promise_state), (self._day(14), 'promised'))
