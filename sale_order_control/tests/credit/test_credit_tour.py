from odoo import Command
from odoo.tests import new_test_user, tagged

from ...models.order.control_memory import event_happened
from ..order.tours import TourCase
from .common import CreditCommon

# What no customer may read on the page of an order.
INTERNALS = ("over the limit", "credit hold", "overdue", "grade t", "1,000.00", "1,100.00", "controller")


@tagged('post_install', '-at_install')
class TestCreditTour(CreditCommon, TourCase):
    """Credit in the browser: who sells, who decides and who pays, each with no other right than their own."""

    bundles = (*TourCase.bundles, 'web.assets_frontend')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._limit(1000, cls._grade('block', overdue_days=10))
        cls._loose_invoice(200)

    def test_the_salesperson_reads_credit_while_typing_and_submits(self):
        self._limit(250)
        self._walk('/odoo/control-quotations/new', 'credit_typing', self.salesperson)
        order = self.env['sale.order'].search([('partner_id', '=', self.customer.id)])
        self.assertEqual((order.state, order.credit_state), ('draft', 'hold'))

    def test_the_controller_finds_reads_and_releases_up_to_an_amount(self):
        order = self._create_order(9)
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        self._walk('/odoo/action-sale_order_control.action_credit_hold', 'credit_release', self.controller)
        self.assertEqual(order.credit_state, 'released')
        decision = order.sudo().credit_decision_ids.filtered(lambda each: each.result == 'released')
        self.assertEqual((decision.amount, decision.user_id, decision.reason),
                         (1500, self.controller, "Payment promised for Friday"))

    def test_the_customer_pays_a_neutral_amount_and_the_order_goes_on(self):
        self.company.credit_portal_offer = True
        payer = new_test_user(self.env, 'soc_payer', groups='base.group_portal', password='soc_payer')
        payer.partner_id.parent_id = self.customer
        order = self._create_order(9)
        order.require_payment = False
        order.sudo().partner_id = payer.partner_id
        with event_happened(self.env):
            order.sudo().action_confirm()
        provider = self._provider()
        self.authenticate(payer.login, payer.login)
        page = self.url_open(order.get_portal_url()).text.lower()
        self.assertIn('payment_offer', page)
        for word in INTERNALS:
            self.assertNotIn(word, page)
        self._walk(order.get_portal_url(), 'credit_pay', payer)
        self._pay_online(order, payer, provider)
        self.assertEqual((order.state, order.control_parked), ('sale', False))
        self._walk(order.get_portal_url(), 'credit_paid', payer)

    def _provider(self):
        form = self.env['ir.ui.view'].create({
            'name': "Form", 'type': 'qweb', 'arch': '<form action="/payment/status" method="get"/>'})
        method = self.env.ref('payment.payment_method_unknown')
        provider = self.env['payment.provider'].create({
            'name': "Provider of the Test", 'code': 'none', 'state': 'test', 'is_published': True,
            'company_id': self.company.id, 'payment_method_ids': [Command.set(method.ids)],
            'redirect_form_view_id': form.id,
        })
        method.active = True
        return provider

    def _pay_online(self, order, payer, provider):
        """Let the provider confirm the payment of the offer; Odoo books it as an advance of the customer."""
        def book(transaction, **_values):
            payment = self.env['account.payment'].sudo().create({
                'partner_id': self.customer.id, 'amount': transaction.amount, 'payment_type': 'inbound',
                'partner_type': 'customer', 'currency_id': transaction.currency_id.id,
            })
            payment.action_post()
            transaction.payment_id = payment
            return payment
        self.patch(self.registry['payment.transaction'], '_create_payment', book)
        transaction = self.env['payment.transaction'].sudo().create({
            'provider_id': provider.id, 'payment_method_id': provider.payment_method_ids.id, 'amount': 100,
            'currency_id': order.currency_id.id, 'partner_id': payer.partner_id.id, 'reference': "Paid online",
            'operation': 'online_redirect', 'sale_order_ids': [Command.set(order.ids)],
        })
        transaction._set_done()
        transaction._post_process()
        self._end_transaction()
        order.invalidate_recordset()
