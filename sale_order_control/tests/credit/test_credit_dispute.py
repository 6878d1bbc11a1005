from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditDispute(CreditCommon):
    """A disputed invoice is owed but not overdue."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.late = fields.Date.today() - timedelta(days=40)
        cls.invoice = cls._loose_invoice(1000, due=cls.late)

    def _figures(self):
        self.account.invalidate_recordset()
        return self.account.exposure, self.account.overdue_amount, self.account.disputed_amount

    def _dispute(self, reason="Two chairs are broken"):
        self.invoice.with_user(self.controller).action_credit_dispute(reason)
        return self.invoice.credit_dispute_ids

    def test_a_disputed_invoice_counts_in_exposure_but_is_not_overdue(self):
        self._loose_invoice(200, due=self.late + timedelta(days=20))
        self.assertEqual(self._figures(), (1200, 1200, 0))
        dispute = self._dispute()
        self.assertEqual(self._figures(), (1200, 200, 1000))
        self.assertEqual(self.account.overdue_days, 20)
        # Odoo goes on calling it overdue.
        self.assertEqual(self.customer.sudo().credit, 1200)
        dispute.with_user(self.controller).action_close("All chairs are fine")
        self.assertEqual(self._figures(), (1200, 1200, 0))
        self.assertEqual(
            (dispute.closed_user_id, dispute.outcome, self.invoice.credit_dispute_reason),
            (self.controller, "All chairs are fine", False))

    def test_what_was_paid_without_saying_for_what_covers_the_undisputed_debt(self):
        # 1000 disputed, 200 and 300 late, 250 came in: 250 are still late, of the second invoice.
        self._loose_invoice(200, due=self.late)
        self._loose_invoice(300, due=self.late + timedelta(days=10))
        self._dispute()
        self._loose_invoice(250, move_type='out_refund')
        self.assertEqual(self._figures(), (1250, 250, 1000))
        self.assertEqual(self.account.overdue_days, 30)

    def test_of_a_part_that_is_disputed_only_this_part_is_not_overdue(self):
        controller = self.invoice.with_user(self.controller)
        for wrong in (-1, 1000.01):
            with self.assertRaisesRegex(UserError, "no more of it"):
                controller.action_credit_dispute("Two chairs", wrong)
        controller.action_credit_dispute("Two chairs are broken", 200)
        dispute = self.invoice.credit_dispute_ids
        self.assertEqual(self._figures(), (1000, 800, 200))
        self.assertEqual((self.account.overdue_days, dispute.disputed_amount, self.invoice.credit_dispute_amount),
                         (40, 200, 200))
        overdue = [('id', '=', self.account.id), ('is_overdue', '=', True)]
        self.assertEqual(self.env['credit.account'].search(overdue), self.account)
        invoices = self.env['account.move']
        self.assertEqual(invoices.search(self.account._get_overdue_domain()), self.invoice)
        # What came in without saying for what covers what is not disputed: at first in part, then all of it.
        self._loose_invoice(300, move_type='out_refund')
        self.assertEqual((self._figures(), self.account.overdue_days), ((700, 500, 200), 40))
        self._loose_invoice(500, move_type='out_refund')
        self.assertEqual((self._figures(), self.account.overdue_days), ((200, 0, 200), 0))
        self.assertFalse(self.env['credit.account'].search(overdue))
        dispute.with_user(self.controller).action_close("All chairs are fine")
        self.assertEqual(self._figures(), (200, 200, 0))
        with self.assertRaisesRegex(UserError, "one by one"):
            (controller | self._loose_invoice(1)).action_credit_dispute("Two chairs", 200)

    def test_a_part_of_an_invoice_in_instalments_is_shared_by_them(self):
        self._pay(self.invoice)
        halves = self.env['account.payment.term'].create({'name': "Halves", 'line_ids': [
            Command.create({'value': 'percent', 'value_amount': 50, 'nb_days': days}) for days in (0, 90)]})
        invoice = self._loose_invoice(1000, post=False)
        invoice.write({'invoice_payment_term_id': halves.id, 'invoice_date': self.late})
        invoice.action_post()
        self.assertEqual(self._figures(), (1000, 500, 0))
        invoice.with_user(self.controller).sudo(False).action_credit_dispute("Two chairs are broken", 200)
        self.assertEqual(self._figures(), (1000, 400, 200))

    def test_a_dispute_lets_an_order_pass_that_only_the_overdue_debt_stopped(self):
        self._limit(5000, self._grade(overdue_days=10))
        order = self._create_order(1)
        with self.assertRaisesRegex(UserError, "overdue"):
            order.action_confirm()
        self._dispute()
        order.action_confirm()
        self.assertEqual(order.state, 'sale')

    def test_only_a_credit_controller_disputes_and_closes(self):
        for user in (self.salesperson, self.finance, self.sales_manager):
            with self.assertRaises(AccessError):
                self.invoice.with_user(user).action_credit_dispute("I want to sell")
        dispute = self._dispute()
        with self.assertRaises(AccessError):
            dispute.with_user(self.salesperson).action_close("I want to sell")

    def test_a_dispute_is_written_by_nobody(self):
        disputes = self.env['credit.dispute']
        values = {
            'move_id': self.invoice.id, 'partner_id': self.customer.id, 'company_id': self.company.id,
            'reason': "x", 'opened_on': self.late, 'user_id': self.controller.id}
        for user in (self.controller, self.salesperson):
            with self.assertRaises(AccessError):
                disputes.with_user(user).create(values)
        with self.assertRaises(AccessError):
            disputes.sudo().create(values)
        dispute = self._dispute()
        with self.assertRaises(AccessError):
            dispute.sudo().closed_on = self.late
        with self.assertRaises(AccessError):
            self.invoice.sudo().write({'credit_dispute_ids': [(1, dispute.id, {'reason': "y"})]})
        with self.assertRaises(UserError):
            dispute.sudo().unlink()

    def test_only_unpaid_posted_customer_invoices_are_disputed_and_once(self):
        controller = self.invoice.with_user(self.controller)
        draft = self._loose_invoice(10, post=False)
        with self.assertRaisesRegex(UserError, "posted customer invoices"):
            draft.with_user(self.controller).action_credit_dispute("No")
        with self.assertRaisesRegex(UserError, "objects"):
            controller.action_credit_dispute(" ")
        dispute = self._dispute()
        with self.assertRaisesRegex(UserError, "Disputed already"):
            controller.action_credit_dispute("Again")
        dispute.with_user(self.controller).action_close("Settled")
        with self.assertRaisesRegex(UserError, "Closed already"):
            dispute.with_user(self.controller).action_close("Settled")
        self._dispute("Another matter")
        self.assertEqual(len(self.invoice.credit_dispute_ids), 2)
        self._credit_note(self.invoice)
        other = self._loose_invoice(10)
        self._pay(other)
        with self.assertRaisesRegex(UserError, "left to pay"):
            other.with_user(self.controller).action_credit_dispute("Paid already")

    def test_the_wizard_opens_and_closes(self):
        wizards = self.env['credit.dispute.wizard'].with_user(self.controller)
        context = {'active_model': 'account.move', 'active_ids': self.invoice.ids}
        wizards.with_context(**context).create({'reason': "Wrong price"}).action_apply()
        self.assertEqual(self.invoice.credit_dispute_reason, "Wrong price")
        wizards.with_context(**context, default_closing=True).create({'reason': "Right price"}).action_apply()
        self.assertFalse(self.invoice.credit_dispute_reason)

    def test_a_controller_reads_customer_invoices_and_no_other_entries(self):
        bill = self.env['account.move'].create({'move_type': 'in_invoice', 'partner_id': self.customer.id})
        self.invoice.with_user(self.controller).read(['name', 'credit_dispute_reason'])
        with self.assertRaises(AccessError):
            bill.with_user(self.controller).read(['name'])
        with self.assertRaises(AccessError):
            self.invoice.with_user(self.controller).write({'ref': "x"})

    def test_an_auditor_without_a_right_on_the_books_reads_disputes(self):
        auditor = self._new_user('soc_auditor', 'sale_order_control.group_auditor')
        [shown] = self._dispute().with_user(auditor).read(['display_name', 'amount_residual', 'disputed_amount'])
        self.assertEqual(shown['display_name'], self.invoice.display_name)
        self.assertEqual((shown['amount_residual'], shown['disputed_amount']), (1000, 1000))
        with self.assertRaises(AccessError):
            self.invoice.with_user(auditor).read(['name'])
