from dateutil.relativedelta import relativedelta

from odoo import Command, fields
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditFacts(CreditCommon):
    """What the books say of customers, compared with figures worked out by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env['sale.order']._get_control_today()

    def _day(self, days=0, **span):
        return self.today + relativedelta(days=days, **span)

    def _paid(self, amount, due, paid, part=None, **values):
        """Return an invoice that was due and (partly) paid on days relative to today."""
        invoice = self._loose_invoice(amount, due=self._day(due), **values)
        wizard = self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'payment_date': self._day(paid), **({'amount': part} if part else {})})
        wizard._create_payments()
        return invoice

    def _late(self, months=12):
        return self.account._read_lateness(self.company, self.today, months).get(self.customer.id)

    def _sales(self, months=12):
        return self.account._read_sales(self.company, self.today, months).get(self.customer.id)

    def _graded(self, **values):
        """Give the customer, who has no limit, a new grade."""
        self.account.with_user(self.controller).grade_id = self._grade(**values)
        return self.account

    # === LATENESS ===#

    def test_days_late_are_weighted_by_amount_and_early_counts_as_on_time(self):
        self._paid(900, due=-40, paid=-30)
        self._paid(100, due=-60, paid=-10)
        # (900 x 10 + 100 x 50) / 1,000
        self.assertEqual(self._late(), 14)
        self._paid(1000, due=-10, paid=-20)
        self.assertEqual(self._late(), 7)

    def test_each_part_payment_counts_with_its_day(self):
        invoice = self._paid(1000, due=-50, paid=-50, part=600)
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'payment_date': self._day(-20)})._create_payments()
        # 600 on the day, 400 after 30 days
        self.assertEqual(self._late(), 12)

    def test_credit_notes_are_no_payments_and_what_is_old_does_not_count(self):
        self._credit_note(self._loose_invoice(500, due=self._day(-90)))
        self._paid(100, due=-500, paid=-400)
        self.assertIsNone(self._late())
        self.assertEqual(self._late(24), 100)

    def test_payments_of_a_contact_count_and_those_of_others_do_not(self):
        contact = self.env['res.partner'].create({'name': "Branch Office", 'parent_id': self.customer.id})
        stranger = self.env['res.partner'].create({'name': "Stranger"})
        self._paid(100, due=-40, paid=-20, partner=contact)
        self._paid(100, due=-40, paid=-1, partner=stranger)
        self.assertEqual(self._late(), 20)

    def test_foreign_invoices_weigh_in_company_currency_and_rate_differences_are_no_payments(self):
        chf = self.env.ref('base.CHF')
        chf.active = True
        self.env['res.currency.rate'].search([('currency_id', '=', chf.id)]).unlink()
        self.env['res.currency.rate'].create([
            {'currency_id': chf.id, 'name': self._day(-100), 'rate': 2.0, 'company_id': self.company.id},
            {'currency_id': chf.id, 'name': self._day(-25), 'rate': 4.0, 'company_id': self.company.id},
        ])
        # 200 CHF = 100 when booked, worth 50 when paid: the difference of 50 is booked by Odoo.
        self._paid(200, due=-40, paid=-20, currency_id=chf.id)
        self._paid(100, due=-40, paid=-40)
        # (50 x 20 + 100 x 0) / 150: what the difference settles was not paid, and weighs nothing.
        self.assertAlmostEqual(self._late(), 20 * 50 / 150)
        self.assertEqual(self._sales(), (200, 200))

    # === SALES ===#

    def test_revenue_is_net_of_taxes_and_credit_notes_and_ends_today(self):
        self._loose_invoice(1000, due=self._day(-30), invoice_line_ids=[
            Command.create({'name': "Taxed", 'price_unit': 1000, 'tax_ids': [Command.set(self.tax.ids)]})])
        self._credit_note(self._loose_invoice(300, due=self._day(-20)))
        self._loose_invoice(50, due=self._day(-20), post=False)
        self._loose_invoice(700, due=self._day(-400))
        self._loose_invoice(600, due=self._day(5))
        self.assertEqual(self._sales(), (1000, 1100))
        self.assertEqual(self._sales(24), (1700, 1800))

    def test_invoices_of_branches_count_and_those_of_other_companies_do_not(self):
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        self.env.user.company_ids += branch
        receivable = self.customer.property_account_receivable_id
        self.customer.with_company(branch).property_account_receivable_id = receivable
        self.env['account.move'].with_company(branch).create({
            'move_type': 'out_invoice', 'partner_id': self.customer.id, 'invoice_date': self._day(-5),
            'company_id': branch.id, 'invoice_line_ids': [
                Command.create({'name': "Debt", 'price_unit': 100, 'tax_ids': [Command.clear()]})],
        }).action_post()
        self.assertEqual(self._sales(), (100, 100))
        other = self.env['res.company'].create({'name': "Other"})
        self.assertEqual(self.account._read_sales(other, self.today, 12), {})

    def test_monthly_revenue_of_a_new_customer_is_of_the_months_since_the_first_sale(self):
        self._loose_invoice(400, due=self._day(months=-4))
        self._loose_invoice(200, due=self._day(months=-1))
        self.assertEqual(self.account._read_monthly_revenue(self.company, self.today), {self.customer.id: 150})
        self._loose_invoice(900, due=self._day(months=-30))
        self.assertEqual(self.account._read_monthly_revenue(self.company, self.today), {self.customer.id: 50})

    def test_a_customer_is_one_since_the_first_order_or_invoice(self):
        self.assertEqual(self.account._read_first_sales(self.company, self.today), {})
        order = self._confirmed(1)
        order.date_order = fields.Datetime.to_datetime(self._day(-10))
        self.assertEqual(self.account._read_first_sales(self.company, self.today)[self.customer.id], self._day(-10))
        self._loose_invoice(10, due=self._day(-70))
        self.assertEqual(self.account._read_first_sales(self.company, self.today)[self.customer.id], self._day(-70))

    # === RETURNS ===#

    def test_returned_share_is_of_the_value_delivered(self):
        first = self._confirmed(10)
        self._deliver(first, 10)
        second = self._confirmed(30)
        picking = self._deliver(second, 30)
        read = self.account._read_returned_share
        self.assertEqual(read(self.company, self.today, 12), {self.customer.id: 0})
        self._return(picking, 3)
        # 300 of 4,000
        self.assertEqual(read(self.company, self.today, 12), {self.customer.id: 7.5})

    # === LIMIT FORMULA ===#

    def test_limit_is_a_multiple_of_monthly_revenue_within_bounds_rounded_down(self):
        self._loose_invoice(3400, due=self._day(months=-2))
        account = self._graded(limit_formula='revenue', limit_months=1.5)
        # 1.5 x 1,700 = 2,550
        self.assertEqual((account.limit_kind, account.credit_limit), ('amount', 2500))
        self._graded(code='T2', limit_formula='revenue', limit_months=1.5, limit_minimum=4000, limit_maximum=9000)
        self.assertEqual(account.credit_limit, 4000)
        self._graded(code='T3', limit_formula='revenue', limit_months=30, limit_maximum=9000)
        self.assertEqual(account.credit_limit, 9000)

    def test_a_customer_without_revenue_gets_no_credit_of_a_multiple_of_it(self):
        account = self._graded(limit_formula='revenue')
        self.assertEqual((account.limit_kind, account.credit_limit), ('zero', 0))

    def test_a_limit_set_by_hand_stays_whatever_the_grade_says(self):
        account = self._graded(limit_formula='fixed', limit_amount=500)
        self.assertEqual(account.credit_limit, 500)
        account.with_user(self.controller).credit_limit = 650
        self._graded(code='T2', limit_formula='fixed', limit_amount=800)
        self.assertEqual(account.credit_limit, 650)

    def test_limits_of_twenty_customers_cost_the_statements_of_two(self):
        partners = self.env['res.partner'].create([{'name': f"Customer {n}"} for n in range(20)])
        accounts = self.accounts._for_partners(partners, self.company)
        accounts.with_user(self.controller).grade_id = self._grade(limit_formula='revenue', limit_months=2)
        counts = []
        for some in (accounts[:2], accounts[:2], accounts):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(set(some._get_grade_limits().values()), {('zero', 0.0)})
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[2], counts[1], counts)
