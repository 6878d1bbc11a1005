from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from ...models.order.control_memory import control_today, event_happened
from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditOutlook(CreditCommon):
    """Salespeople learn of credit while they type; customers are offered a neutral payment at most."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._limit(1000, cls._grade('block', overdue_days=10))
        cls.invoice = cls._loose_invoice(200, due=fields.Date.today() - timedelta(days=3))

    def test_the_line_follows_what_is_typed_before_it_is_saved(self):
        self._create_order(5)
        with Form(self.env['sale.order'].with_user(self.salesperson)) as form:
            form.partner_id = self.customer
            with form.order_line.new() as line:
                line.product_id = self.product
                line.product_uom_qty = 4
            text = form.credit_outlook
            for words in ("Grade T", "200.00", "1,000.00", "800.00", "available now", "400.00", "after this order",
                          "-100.00", "after all 2 open quotations", "overdue for 3 days"):
                self.assertIn(words, text.replace("\xa0", ""))
            self.assertEqual(text.count("text-danger"), 2)
        order = form.record
        # 800 - 400 - 500; saved, the order is not counted twice.
        outlook = order._get_credit_outlooks()[order.id]
        self.assertEqual((outlook.available, outlook.after, outlook.after_all), (800, 400, -100))

    def test_foreign_quotations_count_at_todays_rate_and_confirmed_ones_are_exposure(self):
        self._confirmed(3)
        order = self._create_order(1)
        outlook = order._get_credit_outlooks()[order.id]
        self.assertEqual((outlook.available, outlook.after, outlook.other_count), (500, 400, 0))

    def test_quotations_that_are_no_longer_valid_do_not_count(self):
        today = fields.Date.today()
        expired, last_day = self._create_order(2), self._create_order(3)
        expired.validity_date, last_day.validity_date = today - timedelta(days=1), today
        order = self._create_order(1)
        self.assertEqual(order._get_credit_outlooks()[order.id].others, 300)
        with control_today(self.env, today + timedelta(days=1)):
            self.assertEqual(order._get_credit_outlooks()[order.id].others, 0)

    def test_without_control_nothing_is_said(self):
        self._switch(credit='off')
        self.assertFalse(self._create_order(1).credit_outlook)

    def test_lists_do_not_pay_for_it(self):
        arch = self.env['sale.order'].get_view(self.env.ref('sale.view_quotation_tree').id, 'list')['arch']
        self.assertNotIn('credit_outlook', arch)
        orders = self.env['sale.order'].union(*[self._create_order(1) for _n in range(10)])
        counts = []
        for some in (orders[:1], orders[:1], orders):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.sudo().mapped('credit_outlook')
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1] + 1, counts)

    # === PORTAL ===#

    def _parked(self, quantity=9):
        order = self._create_order(quantity)
        order.require_payment = False
        with event_happened(self.env):
            order.sudo().action_confirm()
        self.assertTrue(order.control_parked)
        return order

    def test_customers_are_offered_nothing_unless_the_company_says_so(self):
        order = self._parked()
        self.assertIsNone(order._get_portal_payment_offer())
        self.company.credit_portal_offer = True
        # 200 open and 900 for this order are 100 over.
        self.assertEqual(order._get_portal_payment_offer()['amount'], 100)

    def test_paying_the_offer_lets_the_order_go_on_by_itself(self):
        self.company.credit_portal_offer = True
        order = self._parked()
        offer = order._get_portal_payment_offer()
        self.assertIn('payment_amount=100.0', offer['url'])
        self._pay(self.invoice, offer['amount'])
        self.assertEqual((order.state, order.control_parked), ('sale', False))
        self.assertIsNone(order._get_portal_payment_offer())

    def test_an_order_that_asks_for_an_advance_offers_no_less_than_that(self):
        self.company.credit_portal_offer = True
        order = self._parked()
        order.write({'require_payment': True, 'prepayment_percent': 0.5})
        self.assertEqual(order._get_portal_payment_offer()['amount'], 450)

    def test_more_than_the_order_costs_is_paid_on_the_invoices(self):
        self.company.credit_portal_offer = True
        self._loose_invoice(2000)
        self.assertEqual(self._parked(1)._get_portal_payment_offer(), {'amount': 1300, 'url': '/my/invoices'})

    def test_the_portal_user_cannot_ask_over_rpc(self):
        portal = new_test_user(self.env, 'soc_payer', groups='base.group_portal')
        portal.partner_id.parent_id = self.customer
        order = self._parked()
        order.sudo().partner_id = portal.partner_id
        for name in ('credit_outlook', 'credit_clear_amount', 'credit_hold_reason_ids', 'credit_hold_cost'):
            with self.assertRaises(AccessError):
                order.with_user(portal).read([name])
        for model in ('credit.document', 'credit.document.type', 'credit.hold.reason'):
            with self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])

    def test_no_offer_where_a_payment_does_not_help(self):
        self.company.credit_portal_offer = True
        order = self._parked()
        self.account.with_user(self.controller).action_hold("Court case")
        self.assertIsNone(order._get_portal_payment_offer())

    def test_the_page_says_the_amount_and_nothing_else(self):
        self.company.credit_portal_offer = True
        order = self._parked()
        page = self.env['ir.qweb']._render(
            'sale_order_control.sale_order_portal_payment_offer_box',
            {'sale_order': order.sudo(), 'payment_offer': order._get_portal_payment_offer()})
        page = str(page)
        self.assertIn("100.00", page)
        for word in ("credit", "limit", "overdue", "hold", "grade", "1,000.00", "1,100.00"):
            self.assertNotIn(word, page.lower())
