from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalFindings(ApprovalCommon):
    """Policies that ask because of what other controls found, and goods that are given away."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(promise='warn')
        cls.scarce = cls._new_product("Scarce", 100.0, 60.0, stock=4.0)
        cls.scarce.sale_delay = 10
        cls.today = cls.env['sale.order']._get_control_today()

    def _scarce_order(self, quantity, **values):
        order = self._create_order(quantity, product_id=self.scarce.id)
        order.write(values)
        return order

    def _policy_codes(self, order, checkpoint='confirm'):
        return {code.rsplit('.', 1)[1] for code in self._codes(order, checkpoint) if code.startswith('approval.')}

    # === SUPPLY ===#

    def test_what_nothing_known_covers_needs_approval_on_every_path(self):
        self._policy(domain='[]', on_shortage=True)
        self.assertFalse(self._codes(self._scarce_order(4)))
        order = self._scarce_order(6)
        for checkpoint in ('submit', 'confirm'):
            self.assertEqual(self._policy_codes(order, checkpoint), {'on_shortage'}, checkpoint)
        order.action_submit()
        [reason] = self._request(order).reasons
        self.assertRegex(reason['message'], "cover 2.00 of 6.00")

    def test_an_approved_shortage_stays_approved_until_it_grows(self):
        policy = self._policy(domain='[]', on_shortage=True)
        order = self._scarce_order(6)
        order.action_submit()
        request = self._request(order)
        self.assertEqual(request.covered, {f'approval.{policy.id}.on_shortage': {'missing': 2.0}})
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_a_shortage_that_grew_before_the_decision_is_asked_about_again(self):
        self._policy(domain='[]', on_shortage=True)
        order = self._scarce_order(6)
        order.action_submit()
        warehouse = order.warehouse_id
        self.env['stock.quant']._update_available_quantity(self.scarce, warehouse.lot_stock_id, -3)
        self._request(order).with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'draft')
        self.assertTrue(self._codes(order))

    def test_nobody_looks_for_a_shortage_that_no_policy_asks_about(self):
        order = self._scarce_order(6)
        self.assertFalse(order._get_control_issues('submit')[order.id])
        self._policy(domain='[]', on_shortage=True)
        self._switch(promise='off')
        self.assertFalse(self._codes(order))

    def test_a_date_that_cannot_be_kept_needs_approval_beyond_the_days_allowed(self):
        policy = self._policy(domain='[]', on_late_promise=True)
        order = self._scarce_order(6, requested_date=self.today + timedelta(days=7))
        self.assertEqual(self._policy_codes(order), {'on_late_promise'})
        [issue] = [issue for issue in order._get_control_issues('confirm')[order.id] if issue.stops]
        self.assertEqual(issue.figures, {'days_late': 3})
        policy.late_promise_days = 3
        self.assertFalse(self._codes(order))
        order.requested_date = self.today + timedelta(days=6)
        self.assertEqual(self._policy_codes(order), {'on_late_promise'})

    # === TERMS ===#

    def _allow_15_days(self, credit):
        """Customers of the grade pay within 15 days; the customer's own terms are 30."""
        self._switch(credit=credit)
        grade = self.env['credit.grade'].create({
            'name': "Short", 'code': 'SH', 'currency_id': self.company.currency_id.id, 'watch_percent': 0,
            'submit_effect': 'approve', 'confirm_effect': 'approve', 'release_effect': 'approve',
            'payment_term_ids': [Command.set(self.env.ref('account.account_payment_term_15days').ids)]})
        account = self.env['credit.account']._for_partners(self.customer, self.company)
        account.with_user(self.controller).grade_id = grade

    def test_terms_longer_than_the_grade_allows_go_to_the_policy_for_them(self):
        policy = self._policy(domain='[]', on_long_terms=True)
        self._allow_15_days('enforce')
        order = self._create_order(1)
        codes = {'credit.terms', f'approval.{policy.id}.on_long_terms'}
        self.assertEqual(self._codes(order), codes)
        order.action_submit()
        request = self._request(order)
        self.assertEqual(request.covered[f'approval.{policy.id}.on_long_terms'], {'days': 30, 'weighted_days': 30})
        # Longer terms than approved are asked about again, shorter ones are not.
        order.payment_term_id = self.env.ref('account.account_payment_term_45days')
        self.assertEqual(request.state, 'void')
        order.action_submit()
        self._request(order).with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_a_policy_for_terms_answers_for_terms_alone(self):
        self._policy(domain='[]', on_long_terms=True)
        self._allow_15_days('enforce')
        order = self._create_order(1)
        order.sale_type_id = self.env.ref('sale_order_control.sale_type_internal')
        nobody = {
            issue.code for issue in order._get_control_issues('submit')[order.id] if issue.facts.get('nobody')}
        self.assertEqual(nobody, {'order.sales_type'})

    def test_where_credit_only_warns_the_policy_still_asks_and_says_why(self):
        self._policy(domain='[]', on_long_terms=True)
        self._allow_15_days('warn')
        order = self._create_order(1)
        self.assertEqual(self._policy_codes(order), {'on_long_terms'})
        order.action_submit()
        self.assertRegex(self._request(order).reasons[0]['message'], "wait for up to 30 day")

    # === GOODS FOR NOTHING ===#

    def test_goods_at_price_zero_at_full_discount_or_for_a_cent_are_free(self):
        policy = self._policy(domain='[]', on_free_goods=True)
        for values in ({'price_unit': 0}, {'discount': 100}, {'price_unit': 0.01}, {'discount': 99.9}):
            with self.subTest(values=values):
                order = self._create_order(3, **values)
                [issue] = [issue for issue in order._get_control_issues('confirm')[order.id] if issue.stops]
                self.assertEqual(issue.code, f'approval.{policy.id}.on_free_goods')
                self.assertEqual(issue.figures, {'free_worth': 300.0})
                self.assertIn("Controlled Product, worth", issue.message)
        self.assertFalse(self._codes(self._create_order(3, discount=50)))

    def test_a_discount_line_over_everything_gives_goods_away_too(self):
        self._policy(domain='[]', on_free_goods=True)
        order = self._create_order(1)
        order.order_line = [Command.create({'product_id': self._new_product("Off", 0, 0).id, 'price_unit': -100.0})]
        self.assertTrue(self._codes(order))

    def test_what_has_neither_price_nor_cost_is_no_gift_nor_is_a_note_or_down_payment(self):
        self._policy(domain='[]', on_free_goods=True)
        order = self._create_order(1)
        leaflet = self._new_product("Leaflet", 0.0, 0.0)
        order.order_line = [
            Command.create({'product_id': leaflet.id, 'price_unit': 0.0}),
            Command.create({'display_type': 'line_note', 'name': "Thank you"}),
            Command.create({'product_id': self.product.id, 'product_uom_qty': 0, 'is_downpayment': True}),
        ]
        self.assertFalse(self._codes(order))
        # The mark alone, which every maker can write, exempts nothing.
        order.order_line = [Command.create({'product_id': self.product.id, 'price_unit': 0, 'is_downpayment': True})]
        self.assertTrue(self._codes(order))

    def test_more_for_nothing_than_approved_is_asked_about_again(self):
        self._policy(domain='[]', on_free_goods=True, tolerance_percent=10)
        order = self._create_order(3, discount=100)
        order.order_line = [Command.create({'product_id': self.product.id, 'product_uom_qty': 5})]
        order.action_submit()
        request = self._request(order)
        order.order_line[0].product_uom_qty = 4
        self.assertEqual(request.state, 'void')
