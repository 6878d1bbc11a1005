from odoo.tests import tagged

from .prepay_common import PrepaymentCommon


@tagged('post_install', '-at_install')
class TestCreditNewCustomer(PrepaymentCommon):
    """A new customer is judged by the grade of new customers until somebody decides on it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strict = cls._grade('block', code='N', settlement_mode='prepay')
        cls.company.credit_new_grade_id = cls.strict
        cls.new = cls.env['res.partner'].create({'name': "Newcomer", 'is_company': True})

    def _account(self, partner=None):
        return self.accounts._find(partner or self.new, self.company)

    def test_a_new_customer_prepays_before_goods_are_released(self):
        contact = self.env['res.partner'].create({'name': "Buyer", 'parent_id': self.new.id})
        order = self._create_order(10, partner=contact)
        self.assertEqual(order.settlement_mode, 'prepay')
        entry = self._account().entry_ids
        self.assertEqual((entry.subject, entry.after), ('grade', self.strict.name))
        self.assertIn("New customer", entry.reason)
        order.action_confirm()
        self.assertWaits(order, 1000)
        self._receive(1000, partner=self.new, memo=order.name)
        self.assertGoesOn(order)

    def test_the_limit_of_the_grade_counts_from_the_first_order_on(self):
        self.strict.write({'settlement_mode': False, 'limit_formula': 'zero'})
        order = self._create_order(10, partner=self.new)
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        self.assertEqual(self._account().limit_kind, 'zero')

    def test_an_order_from_before_is_judged_when_it_is_submitted_or_confirmed(self):
        self.company.credit_new_grade_id = False
        first = self._create_order(10, partner=self.new)
        second = self._create_order(10, partner=self.env['res.partner'].create({'name': "Other", 'is_company': True}))
        self.assertFalse(first.settlement_mode)
        self.assertFalse(self._account().grade_id)
        self.company.credit_new_grade_id = self.strict
        first.action_submit()
        second.sudo().write({'state': 'sale'})
        for order in (first, second):
            self.assertEqual(order.settlement_mode, 'prepay')
        self.assertWaits(first, 1000)

    def test_whoever_is_known_stays_as_it_is(self):
        bought, billed, limited, undone, grouped = self.env['res.partner'].create([
            {'name': name, 'is_company': True} for name in ("Bought", "Billed", "Limited", "Undone", "Grouped")])
        self.company.credit_new_grade_id = False
        self._confirmed(1, order=self._create_order(1, partner=bought))
        self._loose_invoice(10, partner=billed)
        self._limit(500, partner=limited)
        account = self.accounts._for_partners(grouped, self.company).with_user(self.controller)
        account.pool_id = self.env['credit.pool'].with_user(self.controller).create({
            'name': "Family", 'company_id': self.company.id, 'limit': 100})
        self.company.credit_new_grade_id = self.strict
        self._create_order(1, partner=undone)
        self.assertEqual(self._account(undone).grade_id, self.strict)
        self._account(undone).with_user(self.controller).grade_id = False
        for partner in (bought, billed, limited, undone, grouped):
            with self.subTest(partner=partner.name):
                order = self._create_order(1, partner=partner)
                self.assertFalse(order.settlement_mode)
                self.assertFalse(self._account(partner).grade_id)

    def test_nothing_is_given_without_the_setting_or_while_credit_is_off(self):
        self._switch(credit='off')
        self._create_order(1, partner=self.new).action_confirm()
        self.assertFalse(self._account())
        self._switch(credit='enforce')
        self.company.credit_new_grade_id = False
        other = self.env['res.partner'].create({'name': "Other", 'is_company': True})
        self._create_order(1, partner=other).action_confirm()
        self.assertFalse(self._account(other).grade_id)

    def test_a_batch_asks_no_more_than_one(self):
        partners = self.env['res.partner'].create([{'name': f"New {n}", 'is_company': True} for n in range(6)])
        orders = self.env['sale.order']
        self.company.credit_new_grade_id = False
        for partner in partners:
            orders += self._create_order(1, partner=partner)
        self.accounts._for_partners(partners, self.company)
        self.company.credit_new_grade_id = self.strict
        counts = []
        for some in (orders[:1], orders[1:]):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.accounts._get_known_customers(some.partner_invoice_id, self.company, some)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
