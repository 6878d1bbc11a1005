import json

from odoo.tests import tagged

from ..order.tours import TourCase
from .common import AmendmentCommon
from .test_amendment_follow import SIGNATURE


@tagged('post_install', '-at_install')
class TestAmendmentBrowser(AmendmentCommon, TourCase):
    """A salesperson amends in the browser; a customer reads, signs and declines on a page of its own."""

    def test_a_salesperson_amends_a_quantity_of_a_partly_delivered_order_in_three_clicks(self):
        order = self._confirmed(10)
        self._deliver(order, 4)
        self._walk(f'/odoo/sales/{order.id}', 'amend_quantity', self.salesperson)
        self.assertEqual(order.order_line.product_uom_qty, 7.0)
        self.assertEqual(order.amendment_ids.state, 'applied')
        self.assertEqual(self._open_quantity(order), {self.product: 3.0})

    def test_the_customers_page(self):
        order = self._confirmed(10)
        amendment = self._amend(order, 12, needs_customer=True, note="They pay late, be careful")
        page = self.url_open(amendment.get_portal_url())
        self.assertIn("10.00", page.text)
        self.assertIn("12.00", page.text)
        for secret in ("be careful", "Margin", "Owed by", "Nobody need agree", self.salesperson.login):
            self.assertNotIn(secret, page.text)
        # Without the link it is nobody's page.
        foreign = self.url_open(f'/my/amendments/{amendment.id}?access_token=guess')
        self.assertNotIn(order.name, foreign.text)
        answer = self._sign(amendment, 'guess', "Ms Miller")
        self.assertIn('error', answer)
        self.assertEqual(amendment.customer_state, 'waiting')
        # What was shown is signed, not what became of it meanwhile.
        former = amendment._get_customer_fingerprint()
        amendment.action_take_back()
        amendment.line_ids.product_uom_qty = 13.0
        amendment.action_submit()
        answer = self._sign(amendment, amendment.access_token, "Ms Miller", former)
        self.assertIn("reload", answer['error'])
        self.assertIn(amendment._get_customer_fingerprint(), self.url_open(amendment.get_portal_url()).text)
        answer = self._sign(amendment, amendment.access_token, "Ms Miller")
        self.assertTrue(answer.get('force_refresh'), answer)
        self.env.invalidate_all()
        self.assertEqual((amendment.state, amendment.signed_by, order.order_line.product_uom_qty),
                         ('applied', "Ms Miller", 13.0))
        self.assertIn("your order is changed", self.url_open(amendment.get_portal_url()).text)
        self.assertIn('error', self._sign(amendment, amendment.access_token, "Ms Miller"))

    def _sign(self, amendment, token, name, seen=None):
        seen = seen or amendment.sudo()._get_customer_fingerprint()
        response = self.url_open(
            f'/my/amendments/{amendment.id}/accept', headers={'Content-Type': 'application/json'},
            data=json.dumps({'params': {'access_token': token, 'name': name, 'signature': SIGNATURE, 'seen': seen}}))
        return response.json()['result']
