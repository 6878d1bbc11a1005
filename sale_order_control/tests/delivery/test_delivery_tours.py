from odoo import Command, fields
from odoo.tests import new_test_user, tagged

from ..order.tours import TourCase
from .test_delivery_reply import ReplyCommon


@tagged('post_install', '-at_install')
class TestDeliveryTours(ReplyCommon, TourCase):
    """Customers in the browser: answering dates, signing for goods."""

    bundles = ('web.assets_frontend', 'web.assets_tests')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = new_test_user(
            cls.env, 'soc_buyer', groups='base.group_portal', company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)])
        cls.buyer.partner_id.parent_id = cls.customer

    def test_the_customer_asks_for_another_date(self):
        order = self._promised((self.product, 2.0))
        self._reply(order)
        self._walk(f'/my/orders/{order.id}', 'delivery_answer', self.buyer)
        self.assertEqual(order.order_line.wish_date, fields.Date.to_date('2099-03-01'))
        self.assertIn("Our hall is closed until then", order.activity_ids.note)

    def test_the_customer_signs_and_reports_damage(self):
        order = self._promised((self.product, 2.0))
        self._deliver(order)
        self.start_tour(order.get_portal_url(), 'sale_order_control_delivery_receipt', timeout=120)
        order.invalidate_recordset()
        self.assertEqual(order.receipt_ids.sorted('id').mapped('kind'), ['signed', 'damage'])
