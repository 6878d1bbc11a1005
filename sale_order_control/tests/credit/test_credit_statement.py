from datetime import date

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditStatement(CreditCommon):
    """Statements of account: figures that match the books, documents once, and what the customer said."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._limit(None, cls._grade(settlement_mode='monthly'))
        cls.statements = cls.env['credit.statement'].with_user(cls.controller)

    def _statement(self, start, end):
        return self.statements.create({'account_id': self.account.id, 'date_from': start, 'date_to': end})

    def _invoice_on(self, day, amount):
        return self._loose_invoice(amount, due=day)

    def _pay_on(self, invoice, day, amount):
        wizard = self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids).create({'amount': amount, 'payment_date': day})
        return wizard._create_payments()

    # === FIGURES ===#

    def test_a_statement_goes_from_the_balance_before_to_the_one_of_the_books(self):
        old = self._invoice_on(date(2025, 4, 20), 500)
        self._pay_on(old, date(2025, 5, 5), 200)
        new = self._invoice_on(date(2025, 5, 10), 1000)
        note = self._credit_note(new, post=False)
        note.write({'invoice_date': date(2025, 5, 12), 'date': date(2025, 5, 12)})
        note.invoice_line_ids.price_unit = 100
        note.action_post()
        self._invoice_on(date(2025, 6, 1), 7)
        statement = self._statement(date(2025, 5, 1), date(2025, 5, 31))
        self.assertEqual(
            (statement.opening, statement.invoiced, statement.credited, statement.paid, statement.closing),
            (500, 1000, 100, 200, 1200))
        self.assertEqual(statement.difference, 0)
        self.assertEqual(statement.line_ids.mapped('kind'), ['payment', 'invoice', 'credit_note'])
        self.assertEqual(sum(statement.line_ids.mapped('amount')), 700)

    def test_a_document_is_on_one_statement_only_and_late_ones_come_on_the_next(self):
        self._invoice_on(date(2025, 5, 10), 1000)
        may = self._statement(date(2025, 5, 1), date(2025, 5, 31))
        may.action_mark_sent()
        self._invoice_on(date(2025, 5, 30), 40)
        may.invalidate_recordset(['difference'])
        self.assertEqual(may.difference, 40)
        before_all = self._invoice_on(date(2025, 6, 10), 100)
        june = self._statement(date(2025, 6, 1), date(2025, 6, 30))
        self.assertEqual((june.opening, june.invoiced, june.closing, june.difference), (1000, 140, 1140, 0))
        self.assertFalse(june.line_ids.move_id & may.line_ids.move_id)
        self.assertIn(before_all, june.line_ids.move_id)

    def test_contacts_and_branches_are_included_and_others_are_not(self):
        contact = self.env['res.partner'].create({'name': "Buyer", 'parent_id': self.customer.id})
        stranger = self.env['res.partner'].create({'name': "Stranger", 'is_company': True})
        self._loose_invoice(10, due=date(2025, 5, 3), partner=contact)
        self._loose_invoice(99, due=date(2025, 5, 3), partner=stranger)
        self._invoice_on(date(2025, 5, 4), 5).button_draft()
        statement = self._statement(date(2025, 5, 1), date(2025, 5, 31))
        self.assertEqual((statement.invoiced, statement.closing), (10, 10))

    def test_orders_show_what_was_delivered_and_invoiced(self):
        order = self._confirmed(10, self.delivered_product)
        self._deliver(order, 4)
        invoice = self._invoice(order)
        today = fields.Date.today()
        statement = self._statement(today.replace(day=1), today)
        self.assertEqual([(row.name, row.delivered, row.invoiced) for row in statement.order_ids],
                         [(order.name, 400, 400)])
        self.assertEqual(statement.line_ids.filtered(lambda line: line.move_id == invoice).orders, order.name)

    # === CYCLE ===#

    def test_the_cycle_ends_on_the_agreed_day(self):
        for day, today, expected in (
            (0, date(2025, 6, 15), (date(2025, 5, 1), date(2025, 5, 31))),
            (0, date(2025, 5, 31), (date(2025, 4, 1), date(2025, 4, 30))),
            (25, date(2025, 6, 26), (date(2025, 5, 26), date(2025, 6, 25))),
            (25, date(2025, 6, 25), (date(2025, 4, 26), date(2025, 5, 25))),
            (31, date(2025, 3, 1), (date(2025, 2, 1), date(2025, 2, 28))),
            (30, date(2025, 3, 15), (date(2025, 1, 31), date(2025, 2, 28))),
        ):
            self.account.settlement_day = day
            self.assertEqual(self.account._get_last_cycle(today), expected, (day, today))
        with self.assertRaises(ValidationError):
            self.account.settlement_day = 32

    def test_the_night_makes_one_statement_per_monthly_account_and_cycle(self):
        other = self._limit(None, partner=self.env['res.partner'].create({'name': "Other", 'is_company': True}))
        due = self.env['credit.account'].search(self.accounts._get_statements_due(date(2025, 6, 3)))
        self.assertIn(self.account, due)
        self.assertNotIn(other, due)
        self.account.sudo()._run_statements_due(date(2025, 6, 3))
        self.account.sudo()._run_statements_due(date(2025, 6, 4))
        made = self.env['credit.statement'].search([('account_id', '=', self.account.id)])
        self.assertEqual((len(made), made.date_from, made.state), (1, date(2025, 5, 1), 'draft'))
        self.account.settlement_day = 10
        self.account.sudo()._run_statements_due(date(2025, 6, 12))
        made = self.env['credit.statement'].search([('account_id', '=', self.account.id)])
        self.assertEqual(made.mapped('date_from'), [date(2025, 6, 1), date(2025, 5, 1)])
        self._switch(credit='off')
        self.assertNotIn(self.account, self.env['credit.account'].search(
            self.accounts._get_statements_due(date(2025, 7, 3))))

    def test_the_button_makes_the_latest_one(self):
        with control_today(self.env, date(2025, 6, 3)):
            self.account.with_user(self.controller).action_make_statement()
            self.account.with_user(self.controller).action_make_statement()
        self.assertEqual(self.account.sudo().statement_ids.date_to, date(2025, 5, 31))

    def test_a_cycle_of_fifty_customers_costs_the_queries_of_one(self):
        partners = self.env['res.partner'].create([{'name': f"Monthly {n}", 'is_company': True} for n in range(50)])
        accounts = self.accounts._for_partners(partners, self.company)
        for partner in partners:
            self._loose_invoice(10, due=date(2025, 5, 3), partner=partner)
        order = self._confirmed(10, self.delivered_product)
        self._deliver(order, 4)
        counts = []
        # The second run in a month goes on from a statement that there is.
        for some, today in ((accounts[:1], date(2025, 6, 3)), (accounts[:1], date(2025, 7, 3)),
                            (accounts[1:], date(2025, 6, 3)), (accounts[1:], date(2025, 7, 3))):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            made = some._make_statements(today)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(set(made.mapped('closing')), {10})
        self.assertLessEqual(counts[2], counts[0] + 2, counts)
        self.assertLessEqual(counts[3], counts[1] + 2, counts)
        made = accounts.statement_ids.with_user(self.controller)
        made.invalidate_recordset(['difference'])
        before = self.env.cr.sql_log_count
        self.assertEqual(set(made.mapped('difference')), {0})
        self.assertLess(self.env.cr.sql_log_count - before, 10)

    def test_two_statements_of_one_customer_made_together_go_on_from_each_other(self):
        self._invoice_on(date(2025, 5, 10), 1000)
        self._invoice_on(date(2025, 6, 10), 100)
        june, may = self.statements.create([
            {'account_id': self.account.id, 'date_from': start, 'date_to': end}
            for start, end in ((date(2025, 6, 1), date(2025, 6, 30)), (date(2025, 5, 1), date(2025, 5, 31)))])
        self.assertEqual([(each.opening, each.closing) for each in (may, june)], [(0, 1000), (1000, 1100)])

    # === SENDING AND ANSWERS ===#

    def test_sending_and_the_answer_keep_who_and_when(self):
        self._invoice_on(date(2025, 5, 10), 1000)
        statement = self._statement(date(2025, 5, 1), date(2025, 5, 31))
        with control_today(self.env, date(2025, 6, 2)):
            statement.action_send()
        self.assertEqual((statement.state, statement.sent_on, statement.sent_user_id),
                         ('sent', date(2025, 6, 2), self.controller))
        self.assertIn(self.customer, self.env['mail.mail'].sudo().search(
            [('model', '=', 'credit.statement'), ('res_id', '=', statement.id)]).recipient_ids)
        with self.assertRaisesRegex(UserError, "what the customer disputes"):
            statement.action_answer(False, "Dana")
        wizard = self.env['credit.statement.answer'].with_user(self.controller).with_context(
            active_model='credit.statement', active_ids=statement.ids).create(
            {'is_agreed': 'disputed', 'by': "Dana", 'note': "A payment is missing"})
        wizard.action_record()
        self.assertEqual((statement.state, statement.answer_note), ('disputed', "A payment is missing"))
        statement.action_answer(True, "Dana Miller")
        self.assertEqual((statement.state, statement.answered_by, statement.answer_user_id),
                         ('agreed', "Dana Miller", self.controller))
        for act in (statement.action_cancel, statement.action_draft, statement.unlink, statement.action_refresh):
            with self.assertRaises(UserError):
                act()

    def test_a_statement_that_differs_from_the_books_is_not_sent(self):
        statement = self._statement(date(2025, 5, 1), date(2025, 5, 31))
        self._invoice_on(date(2025, 5, 10), 1000)
        with self.assertRaisesRegex(UserError, "Make Again"):
            statement.action_mark_sent()
        statement.action_refresh()
        self.assertEqual((statement.closing, statement.difference), (1000, 0))
        self.customer.email = False
        with self.assertRaisesRegex(UserError, "no mail address"):
            statement.action_send()

    def test_the_statement_prints(self):
        self._invoice_on(date(2025, 5, 10), 1234.56)
        statement = self._statement(date(2025, 5, 1), date(2025, 5, 31))
        html, _kind = self.env['ir.actions.report'].with_user(self.controller)._render_qweb_html(
            'sale_order_control.report_credit_statement', statement.ids)
        self.assertIn("1,234.56", html.decode())

    # === RIGHTS AND BAD INPUT ===#

    def test_only_finance_handles_statements_and_nobody_writes_their_content(self):
        statement = self._statement(date(2025, 5, 1), date(2025, 5, 31))
        for act in (
            lambda: statement.with_user(self.salesperson).read(['closing']),
            lambda: statement.with_user(self.salesperson).action_send(),
            lambda: statement.write({'state': 'agreed'}),
            lambda: statement.write({'opening': 5}),
            lambda: statement.sudo().write({'line_ids': [fields.Command.clear()]}),
            lambda: self.statements.create(
                {'account_id': self.account.id, 'date_from': '2024-01-01', 'date_to': '2024-01-31', 'state': 'agreed'}),
            lambda: self.env['credit.statement.line'].with_user(self.controller).create(
                {'statement_id': statement.id, 'kind': 'payment', 'date': '2025-05-01', 'name': "x", 'amount': -5}),
        ):
            with self.assertRaises(AccessError):
                act()
        made = self.statements.with_context(default_state='agreed', default_opening=7).create(
            {'account_id': self.account.id, 'date_from': '2024-01-01', 'date_to': '2024-01-31'})
        self.assertEqual((made.state, made.opening), ('draft', 0))

    def test_cycles_do_not_overlap_and_a_cancelled_one_frees_its_documents(self):
        self._invoice_on(date(2025, 5, 10), 1000)
        may = self._statement(date(2025, 5, 1), date(2025, 5, 31))
        with self.assertRaisesRegex(ValidationError, "already"), self.env.cr.savepoint():
            self._statement(date(2025, 5, 20), date(2025, 6, 19))
        may.action_cancel()
        again = self._statement(date(2025, 5, 1), date(2025, 5, 31))
        self.assertEqual(again.invoiced, 1000)
        self._statement(date(2025, 6, 1), date(2025, 6, 30))
        with self.assertRaisesRegex(UserError, "later statement"):
            again.action_cancel()

    def test_statements_of_other_companies_are_not_read(self):
        other = self.env['res.company'].create({'name': "Other"})
        account = self.accounts._for_partners(self.customer, other)
        statement = self.env['credit.statement'].sudo().create(
            {'account_id': account.id, 'date_from': '2025-05-01', 'date_to': '2025-05-31'})
        with self.assertRaises(AccessError):
            statement.with_user(self.controller).read(['closing'])
