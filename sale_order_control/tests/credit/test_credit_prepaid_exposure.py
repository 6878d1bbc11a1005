from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from .prepay_common import PrepaymentCommon


@tagged('post_install', '-at_install')
class TestCreditPrepaidExposure(PrepaymentCommon):
    """A wholly prepaid order puts nothing at risk before it is paid, and its money lends nothing to others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prepay = cls.account.grade_id
        cls.plain = cls._grade('approve', code='P')
        cls.settled = {'settlement_mode': 'prepay', 'settlement_percent': 100}

    def _prepaid(self, quantity=10):
        return self._order(quantity, **self.settled)

    # === WHAT COUNTS ===#

    def test_it_counts_when_it_is_paid_and_what_left_counts_always(self):
        self._limit(0, self.prepay)
        order = self._prepaid()
        self.assertExposure(0)
        self._receive(1000, memo=order.name)
        self.assertGoesOn(order)
        self.assertExposure(0, receivable=-1000, to_deliver=1000)
        self._deliver(order, 4)
        self.assertExposure(0, receivable=-1000, to_invoice=400, to_deliver=600)
        order.invalidate_recordset()
        invoice = self._invoice(order)
        self.assertExposure(0, receivable=0, to_deliver=0)
        self.assertEqual(invoice.amount_total, 1000)

    def test_what_was_delivered_counts_when_the_money_goes_back(self):
        order = self._create_order(10, product_id=self.delivered_product.id)
        order.write(self.settled)
        order.action_confirm()
        line = self._receive(1000, memo=order.name)
        self._deliver(order, 4)
        self.assertExposure(0, receivable=-1000, to_invoice=400, to_deliver=600)
        self._refund(line)
        self.assertExposure(400, receivable=0, to_invoice=400, to_deliver=0)

    def test_a_part_of_the_money_lends_nothing_to_another_order(self):
        self._limit(500, self.plain)
        order = self._prepaid()
        self._receive(400, memo=order.name)
        self.assertWaits(order, 600)
        self.assertExposure(0, receivable=-400, to_deliver=400)
        self.account.invalidate_recordset()
        self.assertEqual((self.account.exposure, self.account.waiting_amount), (0, 600))
        other = self._create_order(6)
        [issue] = other._get_control_issues('confirm')[other.id]
        self.assertEqual((issue.code, issue.facts['excess']), ('credit.limit', 100))

    def test_an_invoice_asked_for_in_advance_counts_and_the_order_behind_it_does_not(self):
        order = self._prepaid()
        invoice = self._down_payment(order, 300)
        self.assertExposure(300, receivable=300, to_deliver=0)
        self._pay(invoice)
        self.assertExposure(0)

    def test_it_counts_where_something_lets_the_goods_leave_before(self):
        self._limit(5000, self.plain)
        order = self._prepaid()
        self.assertExposure(0)
        for values in ({'control_release': 'warn'}, {'control_credit': 'warn'}):
            with self.subTest(values=values):
                before = {name: self.company[name] for name in values}
                self.company.write(values)
                self.assertExposure(1000)
                self.company.write(before)
        order.settlement_percent = 99
        self.assertExposure(1000)

    def test_it_counts_when_a_controller_lets_the_goods_leave_unpaid(self):
        self._limit(None, self.prepay)
        order = self._prepaid()
        order.with_user(self.controller).action_credit_release("The bank confirmed by phone")
        self.assertExposure(1000, to_deliver=1000)
        order.with_user(self.controller).action_credit_reject("It was a mistake")
        self.assertExposure(0)
        today = self.env['sale.order']._get_control_today()
        order.with_user(self.controller).action_credit_release("Until tomorrow", until=today + timedelta(days=1))
        self.assertExposure(1000)
        with control_today(self.env, today + timedelta(days=2)):
            self.assertExposure(0)

    def test_a_release_of_the_customer_until_a_day_is_for_what_counts_only(self):
        self._limit(100, self.plain)
        prepaid, other = self._create_order(10), self._create_order(2)
        prepaid.write(self.settled)
        self.account.with_user(self.controller).action_hold("Check")
        (prepaid | other).action_submit()
        today = self.env['sale.order']._get_control_today()
        self.account.with_user(self.controller).action_release("Fine", until=today)
        self.assertEqual(self.account.decision_ids.filtered(lambda each: each.result == 'released').amount, 200)

    def test_it_counts_while_a_supplier_may_deliver_it(self):
        order = self._create_order(10)
        order.settlement_mode = 'credit'
        self._limit(None, self.plain)
        order.action_confirm()
        self.assertExposure(1000)
        order.write(self.settled)
        self.assertExposure(0)
        order.picking_ids.move_ids.write({'location_id': self.env.ref('stock.stock_location_suppliers').id})
        self.assertExposure(1000)

    def test_the_documents_behind_it_and_the_filter_say_the_same(self):
        self._limit(300, self.plain)
        order = self._prepaid()
        self._receive(400, memo=order.name)
        self._confirmed(2)
        rows = self.account._get_exposure_rows()
        self.assertEqual(sorted((row['part'], row['amount']) for row in rows), [
            ('receivable', -400), ('to_deliver', 200), ('to_deliver', 400)])
        self.assertExposure(200)
        self.assertIn(self.account, self.accounts.search([('exposure', '=', 200)]))

    # === WHAT IS JUDGED ===#

    def test_it_needs_no_limit_and_uses_none(self):
        self._limit(100, self.plain)
        self._prepaid()
        other = self._create_order(1)
        other.action_confirm()
        self.assertEqual(other.state, 'sale')
        self.assertExposure(100)

    def test_together_with_others_it_takes_nothing_of_the_limit(self):
        self._limit(1000, self.plain)
        first, second = self._create_order(10), self._create_order(10)
        first.write(self.settled)
        (first | second).action_confirm()
        self.assertEqual((first.state, second.state), ('sale', 'sale'))

    def test_another_settlement_afterwards_is_judged_anew(self):
        self._limit(100, self.plain)
        order = self._prepaid()
        for values in ({'settlement_mode': 'credit'}, {'settlement_percent': 90}, {'settlement_mode': False}):
            with self.subTest(values=values), self.assertRaisesRegex(UserError, "over the limit of"), \
                    self.env.cr.savepoint():
                order.with_user(self.salesperson).write(values)
        self.assertEqual((order.settlement_mode, order.settlement_percent), ('prepay', 100))

    def test_what_was_agreed_before_is_not_more_because_a_prepaid_order_was_confirmed(self):
        self._limit(1000, self.plain)
        order = self._create_order(10)
        order.action_confirm()
        self._loose_invoice(500)
        self._prepaid(50)
        decision = self.account.decision_ids[:1]
        self.assertEqual((decision.excess, decision.figures['agreed_excess']), (500, 0))
        with self.assertRaisesRegex(UserError, "500.00 over the limit"):
            self._deliver(order, 10)

    def test_what_was_agreed_before_is_not_less_either(self):
        self._limit(1000, self.plain)
        order = self._create_order(13)
        order.with_user(self.controller).action_credit_release("Season")
        order.action_confirm()
        self._prepaid(50)
        self._deliver(order, 13)
        self.assertEqual(order.picking_ids.state, 'done')

    def test_a_paid_order_leaves_whatever_else_is_owed(self):
        self._limit(0, self.prepay)
        self._loose_invoice(500, due='2099-01-01')
        order = self._prepaid()
        self._receive(1000, memo=order.name)
        self._deliver(order, 10)
        self.assertEqual(order.picking_ids.state, 'done')

    def test_what_leaves_beyond_a_paid_order_needs_credit(self):
        self._limit(0, self.prepay)
        order = self._create_order(10, product_id=self.delivered_product.id)
        order.write(self.settled)
        order.action_confirm()
        self._receive(1000, memo=order.name)
        with self.assertRaisesRegex(UserError, "200.00 would be owed"):
            self._deliver(order, 12)

    def test_a_paid_order_that_grows_waits_for_the_rest_and_needs_no_limit(self):
        self._limit(0, self.prepay)
        order = self._prepaid()
        self._receive(1000, memo=order.name)
        order.order_line.product_uom_qty = 12
        self.assertExposure(0, receivable=-1000, to_deliver=1000)
        order.invalidate_recordset()
        self.assertEqual((order.sudo().advance_state, order.sudo().advance_missing), ('waiting', 200))

    def test_holds_and_big_orders_stop_it_all_the_same(self):
        self._limit(0, self._grade('block', code='M', max_order_amount=900))
        order = self._create_order(10)
        order.write(self.settled)
        self.account.with_user(self.controller).action_hold("Fraud")
        codes = {issue.code for issue in order._get_control_issues('confirm')[order.id]}
        self.assertEqual(codes, {'credit.hold', 'credit.order_max'})

    def test_a_release_of_a_prepaid_order_says_nothing_of_the_same_order_on_account(self):
        self._limit(100, self.plain)
        order = self._create_order(10)
        order.write(self.settled)
        self.account.with_user(self.controller).action_hold("Check")
        order.action_submit()
        order.with_user(self.controller).action_credit_release("Checked")
        order.action_confirm()
        self.assertEqual(order.state, 'sale')
        with self.assertRaisesRegex(UserError, "over the limit of"), self.env.cr.savepoint():
            order.settlement_mode = 'credit'
        self.assertEqual(order.settlement_mode, 'prepay')

    def test_a_quotation_says_that_it_uses_no_credit(self):
        self._limit(500, self.plain)
        order = self._create_order(10)
        other = self._create_order(1)
        outlooks = (order | other)._get_credit_outlooks()
        self.assertEqual((outlooks[order.id].after, outlooks[other.id].after_all), (-500, -600))
        order.write(self.settled)
        outlooks = (order | other)._get_credit_outlooks()
        self.assertEqual((outlooks[order.id].after, outlooks[other.id].after_all), (500, 400))
        self.assertIn("uses no credit", order._word_credit_outlook(outlooks[order.id]))
        self.assertFalse(order._get_credit_banner())
