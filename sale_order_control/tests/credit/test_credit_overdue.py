from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from ...models.order.control_memory import control_today
from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditOverdue(CreditCommon):
    """Who is late, by how much, and what they promised."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        cls.accountant = cls._new_user('soc_acc', 'account.group_account_manager')

    def _late(self):
        return self.account.search([('is_overdue', '=', True), ('id', '=', self.account.id)])

    def test_the_list_finds_what_the_account_shows(self):
        self._loose_invoice(300, due=self.today)
        self.assertFalse(self._late())
        with control_today(self.env, self.today + timedelta(days=1)):
            self.assertEqual(self._late(), self.account)
            self.account.invalidate_recordset()
            self.assertTrue(self.account.is_overdue)
            self.assertNotIn(self.account, self.account.search([('is_overdue', '=', False)]))

    def test_what_is_paid_credited_or_disputed_is_not_late(self):
        invoice = self._loose_invoice(300, due=self.today - timedelta(days=9))
        self.assertTrue(self._late())
        payment = self.env['account.payment'].create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': self.customer.id, 'amount': 300,
            'journal_id': self.env['account.journal'].search(
                [('type', '=', 'bank'), ('company_id', '=', self.company.id)], limit=1).id})
        payment.action_post()
        self.assertFalse(self._late())
        payment.action_draft()
        self.assertTrue(self._late())
        self._credit_note(invoice)
        self.assertFalse(self._late())

    def test_a_promise_that_passes_is_broken_while_something_is_late(self):
        invoice = self._loose_invoice(300, due=self.today - timedelta(days=9))
        self.account.with_user(self.controller).write({
            'payment_promise_date': self.today, 'payment_promise_amount': 300})
        broken = [('payment_promise_broken', '=', True), ('id', '=', self.account.id)]
        self.assertFalse(self.account.search(broken))
        with control_today(self.env, self.today + timedelta(days=1)):
            self.account.invalidate_recordset()
            self.assertTrue(self.account.payment_promise_broken)
            self.assertEqual(self.account.search(broken), self.account)
            self._pay(invoice)
            self.assertFalse(self.account.search(broken))

    def _night(self, days):
        with control_today(self.env, self.today + timedelta(days=days)):
            self._run_nightly()
        self.account.invalidate_recordset()
        return self.account.with_context(active_test=True).activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(
                'sale_order_control.mail_activity_type_payment_promise'))

    def test_who_collects_is_told_once_of_each_broken_promise(self):
        invoice = self._loose_invoice(300, due=self.today - timedelta(days=9))
        account = self.account.with_user(self.controller)
        account.write({'payment_promise_date': self.today, 'payment_promise_amount': 200,
                       'payment_promise_note': "Ms Sand pays on Friday."})
        self.assertFalse(self._night(0))
        activity = self._night(1)
        self.assertIn("200.00 were promised for", activity.summary)
        self.assertIn("300.00 overdue, the oldest for 10 days. Ms Sand pays on Friday.", activity.note)
        self.assertIn(activity.user_id, self.accounts._get_controllers(self.company))
        # Not again: neither while it is open nor after it is done; nor does anybody silence it beforehand.
        self.assertEqual(self._night(2), activity)
        activity.action_feedback()
        self.assertFalse(self._night(3))
        with self.assertRaises(AccessError):
            account.payment_promise_told = True
        # A new promise is a new question, put to who collects from this customer.
        self.account.collector_id = self.accountant
        account.payment_promise_date = self.today + timedelta(days=4)
        self.assertFalse(self._night(4))
        activity = self._night(5)
        self.assertEqual(activity.user_id, self.accountant)
        # It ends by itself once nothing is overdue.
        self._pay(invoice)
        self.assertFalse(self._night(6))
        self.assertFalse(activity.active)

    def test_a_promise_made_anew_ends_what_was_asked_and_off_is_silent(self):
        self._loose_invoice(300, due=self.today - timedelta(days=9))
        account = self.account.with_user(self.controller)
        account.payment_promise_date = self.today
        self._switch(credit='off')
        self.assertFalse(self._night(1))
        self._switch(credit='enforce')
        activity = self._night(2)
        self.assertIn("Payment was promised for", activity.summary)
        account.payment_promise_date = self.today + timedelta(days=9)
        self.assertFalse(activity.active)

    def _listed(self, user):
        """Open the overdue invoices as a user, and see what the list holds."""
        action = self.account.with_user(user).action_view_overdue_invoices()
        return self.env['account.move'].with_user(user).search(action['domain'])

    def test_the_invoices_behind_the_figure_are_listed_and_no_others(self):
        invoicer = self._new_user('soc_invoicer', 'account.group_account_invoice')
        halves = self.env['account.payment.term'].create({'name': "Halves", 'line_ids': [
            Command.create({'value': 'percent', 'value_amount': 50, 'nb_days': 0}),
            Command.create({'value': 'percent', 'value_amount': 50, 'nb_days': 60})]})
        late = self._loose_invoice(
            300, due=self.today - timedelta(days=9), invoice_payment_term_id=halves.id, invoice_date_due=False)
        self.assertGreater(late.invoice_date_due, self.today)
        disputed = self._loose_invoice(70, due=self.today - timedelta(days=9))
        self._loose_invoice(20, due=self.today)
        disputed.with_user(self.controller).sudo(False).action_credit_dispute("Wrong goods")
        self.account.invalidate_recordset()
        self.assertEqual(self.account.overdue_amount, 150)
        for user in (invoicer, self.accountant):
            self.assertEqual(self._listed(user), late)
        disputed.credit_dispute_ids.with_user(self.controller).action_close("They were right after all")
        self._pay(late, 150)
        self.account.invalidate_recordset()
        self.assertEqual((self.account.overdue_amount, self._listed(invoicer)), (70, disputed))

    def test_controllers_note_promises_and_salespeople_do_not(self):
        view = self.env.ref('sale_order_control.credit_overdue_view_list')
        with Form(self.account.with_user(self.controller), view) as line:
            line.payment_promise_note = "Ms Sand pays on Friday"
        self.assertEqual(self.account.payment_promise_note, "Ms Sand pays on Friday")
        with self.assertRaises(AccessError):
            self.account.with_user(self.salesperson).payment_promise_note = "Never"
