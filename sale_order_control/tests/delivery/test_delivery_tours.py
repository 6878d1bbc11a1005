from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from .test_delivery_reply import ReplyCommon


@tagged('post_install', '-at_install')
class TestDeliveryTours(ReplyCommon, HttpCase):
    """Customers in the browser: answering dates, signing for goods."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        buyer = new_test_user(
            cls.env, 'soc_buyer', groups='base.group_portal', password='soc_buyer', company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)])
        buyer.partner_id.parent_id = cls.customer
        # Compiled by the first page otherwise, for which a slow machine has no patience.
        for bundle in ('web.assets_frontend', 'web.assets_tests'):
            cls.env['ir.qweb']._get_asset_bundle(bundle, css=False, js=True).js()
            cls.env['ir.qweb']._get_asset_bundle(bundle, css=True, js=False).css()

    def test_the_customer_asks_for_another_date(self):
        order = self._promised((self.product, 2.0))
        self._reply(order)
        self.start_tour(
            f'/my/orders/{order.id}', 'sale_order_control_delivery_answer', login='soc_buyer', timeout=120)
        order.invalidate_recordset()
        self.assertEqual(order.order_line.wish_date, fields.Date.to_date('2099-03-01'))
        self.assertIn("Our hall is closed until then", order.activity_ids.note)

    def test_the_customer_signs_and_reports_damage(self):
        order = self._promised((self.product, 2.0))
        self._deliver(order)
        self.start_tour(order.get_portal_url(), 'sale_order_control_delivery_receipt', timeout=120)
        order.invalidate_recordset()
        self.assertEqual(order.receipt_ids.sorted('id').mapped('kind'), ['signed', 'damage'])
