from odoo.tests import HttpCase, tagged

from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryScreens(DeliveryCommon, HttpCase):
    """What planner and customer are shown."""

    def test_planner_opens_the_queue(self):
        order = self._confirm_order((self.product, 2.0, 4))
        action = self.env.ref('sale_order_control.sale_order_line_action_promise').with_user(self.planner)
        lines = self.env['sale.order.line'].with_user(self.planner)
        view = lines.get_view(action.sudo().view_id.id, 'list')
        self.assertIn('action_promise_proposed', view['arch'])
        names = ('order_partner_id', 'product_id', 'wanted_date', 'proposed_date', 'promised_date', 'promise_state')
        rows = lines.web_search_read([('order_id', '=', order.id)], {name: {} for name in names})['records']
        self.assertEqual(rows[0]['promise_state'], 'open')
        self.assertEqual(rows[0]['proposed_date'], self._day(4))

    def test_customer_reads_the_planned_day_and_no_internals(self):
        order = self._confirm_order((self.product, 2.0))
        before = self.url_open(order.get_portal_url()).text
        self.assertNotIn("Delivery planned for", before)
        self._promise(order.order_line, 4)
        [sentence] = order._get_portal_promises()
        page = self.url_open(order.get_portal_url()).text
        self.assertIn(sentence, page)
        self.assertNotIn("Delivery Date:", page)
        for word in (self.planner.name, "To Promise", "At Risk"):
            self.assertNotIn(word, page)
