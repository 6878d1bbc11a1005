from psycopg2 import IntegrityError

from odoo import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditSpecialInvoice(CreditCommon):
    """A special tax invoice is asked for on the order, and issued with its number on the invoice."""

    def _states(self, state):
        return self.env['sale.order'].with_user(self.salesperson).search([
            ('special_invoice_state', '=', state), ('partner_id', '=', self.customer.id)])

    def test_an_order_asks_for_what_its_customer_wants(self):
        plain = self._create_order()
        self.assertFalse(plain.special_invoice)
        self.customer.special_invoice = True
        order = self._create_order()
        self.assertTrue(order.special_invoice)
        self.assertEqual(order.special_invoice_date, order._get_control_today())
        contact = self.env['res.partner'].create({'name': "Buyer", 'parent_id': self.customer.id})
        self.assertTrue(self._create_order(partner=contact).special_invoice)
        plain.special_invoice = True
        self.assertTrue(plain.special_invoice_date)
        stranger = self.env['res.partner'].create({'name': "Stranger"})
        copy = plain.copy({'partner_id': stranger.id, 'partner_invoice_id': stranger.id})
        self.assertFalse(copy.special_invoice or copy.special_invoice_date)

    def test_missing_data_is_said_in_a_sentence_and_stops_nothing(self):
        self._switch(completeness='enforce')
        order = self._create_order()
        order.special_invoice = True
        [issue] = order._get_control_issues('submit')[order.id]
        self.assertEqual((issue.code, issue.effect), ('order.special_invoice', 'warn'))
        self.assertIn("tax ID, bank account", issue.message)
        self.customer.vat = '0477472701'
        self.customer.bank_ids = [Command.create({'acc_number': '123'})]
        order.invalidate_recordset()
        self.assertFalse(order.special_invoice_missing)
        self.assertFalse(order._get_control_issues('submit')[order.id])

    def test_the_number_reaches_the_invoice_with_who_and_when(self):
        order = self._create_order()
        order.special_invoice = True
        order.action_confirm()
        self.assertEqual(self._states('requested'), order)
        invoice = self._invoice(order)
        self.assertTrue(invoice.special_invoice)
        accountant = self._new_user('soc_acc', 'account.group_account_invoice')
        found = self.env['account.move'].with_user(accountant).search([
            ('special_invoice', '=', True), ('special_invoice_number', '=', False), ('state', '=', 'posted')])
        self.assertIn(invoice, found)
        with Form(invoice.with_user(accountant)) as form:
            form.special_invoice_number = " 04400111 "
        self.assertEqual((invoice.special_invoice_number, invoice.special_invoice_user_id), ("04400111", accountant))
        self.assertEqual(invoice.special_invoice_date, order._get_control_today())
        order.invalidate_recordset()
        self.assertEqual((order.special_invoice_state, order.special_invoice_numbers), ('issued', "04400111"))
        self.assertEqual(self._states('issued'), order)
        self.assertFalse(self._states('requested'))

    def test_a_number_is_issued_once_and_nobody_else_is_named(self):
        first, second = self._loose_invoice(10), self._loose_invoice(20)
        first.special_invoice_number = "A1"
        self.assertTrue(first.special_invoice)
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.env.cr.savepoint():
            second.special_invoice_number = "A1"
            second.flush_recordset()
        second.invalidate_recordset()
        second.write({'special_invoice_number': "A2", 'special_invoice_user_id': self.finance.id})
        self.assertEqual(second.special_invoice_user_id, self.env.user)
        second.special_invoice_number = False
        self.assertFalse(second.special_invoice_user_id or second.special_invoice_date)
        self.assertFalse(first.copy().special_invoice_number)

    def test_two_invoices_are_issued_when_both_are(self):
        order = self._create_order()
        order.special_invoice = True
        order.action_confirm()
        advance = self._down_payment(order, 30)
        final = self._invoice(order)
        advance.special_invoice_number = "B1"
        order.invalidate_recordset()
        self.assertEqual(order.special_invoice_state, 'requested')
        final.special_invoice_number = "B2"
        order.invalidate_recordset()
        self.assertEqual(order.special_invoice_state, 'issued')

    def test_the_invoice_prints_the_number(self):
        invoice = self._loose_invoice(10)
        invoice.special_invoice_number = "PRINTED-77"
        html, _kind = self.env['ir.actions.report']._render_qweb_html('account.report_invoice', invoice.ids)
        self.assertIn("PRINTED-77", html.decode())

    def test_the_portal_reads_nothing_of_it_on_orders(self):
        portal = self.env['res.users'].create({
            'name': "P", 'login': 'soc_p', 'group_ids': [Command.set(self.env.ref('base.group_portal').ids)]})
        for model in ('sale.order', 'res.partner'):
            names = self.env[model].with_user(portal).fields_get()
            self.assertFalse([name for name in names if name.startswith('special_invoice')])
