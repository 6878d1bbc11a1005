from datetime import date, datetime
from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintLearning(ComplaintCommon):
    """What complaints teach: where they come from, how many of a million, what they say of the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._delivered_order()
        cls.settled = {**cls.judged, 'cause_id': cls.cause.id, 'answer': "Sorry"}

    def test_a_complaint_counts_once_however_many_products_it_is_about(self):
        other = self._new_product("Other Product", 50.0, 20.0)
        wide = self._complain(self.order, severity='minor', line_ids=[
            Command.create({'order_line_id': self.order.order_line.id, 'quantity': 2}),
            Command.create({'product_id': other.id, 'quantity': 1})])
        wide.handling_cost = 30
        wide.action_settle(self.settled)
        slow = self._complain(self.order, severity='minor', line_ids=[], handling_cost=10)
        slow.action_acknowledge()
        slow.write({**self.settled, 'recurrence_note': "x"})
        slow.action_close()
        slow.rating_ids = self.env['rating.rating'].create({
            'res_model_id': self.env['ir.model']._get_id('sale.complaint'), 'res_id': slow.id, 'rating': 3,
            'consumed': True, 'partner_id': self.customer.id})
        self._complain(self.order, severity='minor', quantity=1).action_cancel("Entered twice")
        self.env.flush_all()
        report = self.env['sale.complaint.report'].with_user(self.handler)
        mine = [('partner_id', '=', self.customer.id)]
        [[number, cost, first]] = report._read_group(mine, [], ['share:sum', 'cost:sum', 'first_contact_rate:avg'])
        self.assertEqual((number, cost, first), (2, 40, 0.5))
        [rates] = report._read_group(
            mine, [], [f'{name}:avg' for name in (
                'satisfaction', 'solved_rate', 'on_time_rate', 'justified_rate', 'reopened_rate')])
        self.assertEqual(rates, (3, 1, 1, 1, 0))
        causes = report._read_group(mine, ['cause_id', 'main_cause_id'], ['share:sum'])
        self.assertEqual(causes, [(self.cause, self.cause.parent_id, 2)])
        products = {product: share for product, share in report._read_group(mine, ['product_id'], ['share:sum'])}
        self.assertEqual(products[self.product], 0.5)
        self.assertEqual(report.search([*mine, ('product_id', '=', other.id)]).salesperson_id, self.salesperson)
        with self.assertRaises(AccessError):
            report.with_user(self.planner).search([])

    def test_the_register_of_order_problems_says_how_each_is_fixed(self):
        for name in ('late', 'wrong_goods', 'wrong_data', 'no_answer', 'defective'):
            category = self.env.ref(f'sale_order_control.complaint_category_{name}')
            complaint = self._complain(self.order, quantity=1, category_id=category.id)
            self.assertTrue(complaint.guidance)
        self.env.flush_all()
        rows = self.env['sale.complaint.report'].with_user(self.handler)._read_group(
            [('partner_id', '=', self.customer.id)], ['order_problem'], ['share:sum'])
        self.assertEqual(dict(rows), {'delay': 1, 'stock': 1, 'data': 1, 'communication': 1, 'complaint': 1})

    def test_per_million_counts_in_the_month_of_shipping(self):
        move = self.order.order_line.move_ids
        self.env.cr.execute("UPDATE stock_move SET date = '2026-01-15' WHERE id = %s", [move.id])
        move.invalidate_recordset()
        complaint = self._complain(self.order, quantity=2, received_on=datetime(2026, 3, 5))
        ppm = self.env['sale.complaint.ppm'].with_user(self.handler)
        mine = [('product_id', '=', self.product.id), ('shipped_on', '<', '2026-06-01')]

        def read():
            self.env.flush_all()
            return ppm._read_group(mine, ['shipped_on:month'], ['delivered:sum', 'complained:sum', 'ppm:avg'])

        self.assertEqual(read(), [(date(2026, 1, 1), 10, 2, 200000)])
        complaint.action_reject("Used outdoors")
        self.assertEqual(read(), [(date(2026, 1, 1), 10, 0, 0)])

    def test_justified_complaints_are_facts_of_the_score(self):
        account = self.env['credit.account']._for_partners(self.customer, self.company)
        today = fields.Date.today()

        def facts():
            return account._get_complaint_facts(self.customer, self.company, today - relativedelta(months=12), today)

        company = self.env['res.company'].create({'name': "Without Complaints"})
        self.assertIsNone(account._get_complaint_facts(self.customer, company, today, today), "says nothing")
        self.assertEqual(facts(), {} if self.env['sale.complaint'].search_count([]) else None)
        for number, justified in enumerate(('yes', 'partly', 'no')):
            complaint = self._complain(self.order, quantity=1, severity='minor')
            complaint.write({'justified': justified, 'recurrence_note': "x"})
            self.assertEqual(facts(), {self.customer.id: min(number + 1, 2)})
        mine = self.env['sale.complaint'].search([('partner_id', '=', self.customer.id)])
        mine.filtered(lambda complaint: complaint.justified == 'yes').action_cancel("Not ours")
        self.assertEqual(facts(), {self.customer.id: 1})
        mine.received_on = datetime(2020, 1, 1)
        self.assertEqual(facts(), {}, "long ago")

    def test_a_disputed_invoice_is_not_overdue_and_only_a_controller_marks_it(self):
        invoice = self.order._create_invoices()
        late = fields.Date.today() - relativedelta(days=60)
        invoice.write({'invoice_payment_term_id': False, 'invoice_date': late, 'invoice_date_due': late})
        invoice.action_post()
        complaint = self._complain(self.order)
        with self.assertRaisesRegex(UserError, "no unpaid invoice"):
            complaint.action_dispute_invoice()
        complaint.invoice_id = invoice
        complaint.action_dispute_invoice()
        self.assertFalse(complaint.invoice_dispute)
        request = complaint.activity_ids.filtered(lambda one: "disputed" in (one.summary or ""))
        self.assertTrue(request.user_id.has_group('sale_order_control.group_credit_controller'))
        self.assertIn("200.00", request.summary)
        complaint.with_user(request.user_id).read(['subject'])
        self.handler.group_ids += self.env.ref('sale_order_control.group_credit_controller')
        complaint.action_dispute_invoice()
        self.assertIn(complaint.name, complaint.invoice_dispute)
        account = self.env['credit.account']._for_partners(self.customer, self.company)
        account.invalidate_recordset()
        # Two of ten: for the others the customer is late as before.
        self.assertEqual((account.overdue_amount, account.disputed_amount), (800, 200))
        self.assertEqual(invoice.credit_dispute_amount, 200)
        complaint.action_reject("Not ours")
        self.assertIn("Close the dispute", complaint.activity_ids.mapped('summary')[-1])
        # Where nobody is one any more, a complaint ends all the same, and a note says so.
        complaint.action_reopen("They insist")
        with patch.object(self.registry['sale.order'], '_get_control_people', lambda *_args: self.env['res.users']):
            complaint.action_reject("Not ours")
        self.assertIn("Nobody is a credit controller", "".join(complaint.message_ids.mapped('body')))
