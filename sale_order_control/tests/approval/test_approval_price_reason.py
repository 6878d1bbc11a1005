from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalPriceReason(ApprovalCommon):
    """A price or discount changed by hand shows the list price and says why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.control_price_reason = 'below'
        cls.volume = cls.env.ref('sale_order_control.price_reason_volume')
        cls.other = cls.env.ref('sale_order_control.price_reason_other')

    def _issue(self, order, checkpoint='submit'):
        found = order._get_control_issues(checkpoint)[order.id]
        return next((issue for issue in found if issue.code == 'price.reason'), None)

    def test_a_lowered_price_needs_a_reason_and_says_the_list_price(self):
        order = self._create_order(2, discount=12.0)
        line = order.order_line
        self.assertEqual((line.list_price_unit, line.list_price_gap), (100.0, 12.0))
        issue = self._issue(order)
        self.assertEqual(issue.effect, 'block')
        self.assertIn("12.00 % below the list price of", issue.message)
        for attempt in (order.action_submit, order.action_confirm, lambda: order.sudo().write({'state': 'sale'})):
            with self.assertRaisesRegex(UserError, "no reason says why"), self.cr.savepoint():
                attempt()
        line.with_user(self.salesperson).price_reason_id = self.volume
        order.action_submit()
        self.assertEqual(order.state, 'sale')

    def test_some_reasons_are_explained_in_words(self):
        order = self._create_order(2, price_unit=90.0, price_reason_id=self.other.id)
        self.assertTrue(self._issue(order))
        order.order_line.price_reason_note = "  "
        self.assertTrue(self._issue(order))
        order.order_line.price_reason_note = "Scratched box"
        self.assertFalse(self._issue(order))

    def test_a_higher_price_only_where_the_company_asks(self):
        order = self._create_order(2, price_unit=130.0)
        self.assertFalse(self._issue(order))
        self.company.control_price_reason = 'any'
        self.env.invalidate_all()
        self.assertIn("30.00 % above", self._issue(order).message)

    def test_list_prices_and_their_rounding_need_no_reason(self):
        self.company.control_price_reason = 'any'
        pricelist = self.env['product.pricelist'].create({
            'name': "A third off", 'item_ids': [Command.create({
                'compute_price': 'percentage', 'percent_price': 33.33, 'applied_on': '3_global'})]})
        self.customer.property_product_pricelist = pricelist
        order = self._create_order(3, product_id=self._new_product("Odd", 0.37, 0.1).id)
        self.assertFalse(self._issue(order))

    def test_what_is_taken_off_the_whole_order_needs_one_too(self):
        order = self._create_order(2)
        self.env['sale.order.line'].create({
            'order_id': order.id, 'product_id': self._new_product("Rebate", 0.0, 0.0, stock=0).id, 'price_unit': -20.0})
        self.assertIn("not on the list", self._issue(order).message)
        order.order_line[1].price_reason_id = self.volume
        self.assertFalse(self._issue(order))

    def test_marks_that_anybody_can_write_excuse_nothing(self):
        order = self._create_order(2)
        lines = self.env['sale.order.line'].with_user(self.salesperson)
        for name in ('is_downpayment', 'is_delivery', 'is_reward_line'):
            if name in lines._fields:
                lines.create({
                    'order_id': order.id, 'product_id': self.product.id, 'product_uom_qty': 1, 'price_unit': 50.0,
                    name: True})
        self.assertEqual(self._issue(order).facts['lines'], order.order_line[1:].ids)

    def test_down_payments_and_delivery_need_no_reason(self):
        self.company.control_price_reason = 'any'
        order = self._create_order(2)
        self.env['sale.order.line'].create({
            'order_id': order.id, 'product_id': self.product.id, 'product_uom_qty': 0, 'price_unit': 50.0,
            'is_downpayment': True})
        self.assertFalse(self._issue(order))
        if 'delivery.carrier' in self.env:
            shipping = self._new_product("Shipping", 15.0, 0.0, stock=0)
            self.env['delivery.carrier'].create({'name': "Post", 'product_id': shipping.id})
            order.order_line = [Command.create({'product_id': shipping.id, 'price_unit': 7.0})]
            self.assertFalse(self._issue(order))

    def test_what_a_promotion_takes_off_needs_none_up_to_what_it_gives(self):
        if 'loyalty.program' not in self.env:
            self.skipTest("sale_loyalty is not installed")
        self.env['loyalty.program'].search([]).active = False
        self.env['loyalty.program'].create({
            'name': "A tenth off", 'program_type': 'promotion', 'applies_on': 'current', 'trigger': 'auto',
            'rule_ids': [Command.create({'product_ids': self.product.ids, 'minimum_qty': 2})],
            'reward_ids': [Command.create({
                'reward_type': 'discount', 'discount': 10.0, 'discount_mode': 'percent',
                'discount_applicability': 'order', 'required_points': 1})],
        })
        order = self._create_order(4)
        order.sudo()._update_programs_and_rewards()
        [(coupon, rewards)] = order.sudo()._get_claimable_rewards().items()
        order.sudo()._apply_program_reward(rewards[:1], coupon)
        line = order.order_line.filtered(lambda line: line.price_subtotal < 0)
        self.assertEqual(line.price_subtotal, -40.0)
        self.assertFalse(self._issue(order))
        line.price_unit = -41.0
        self.assertTrue(self._issue(order), "the promotion gives 40")

    def test_who_may_accept_it_is_said(self):
        self._policy(self._level(self.sales_manager, name="Sales manager"), max_discount=10.0)
        order = self._create_order(2, discount=12.0)
        self.assertIn("It is accepted by: Sales manager.", self._issue(order).clears)

    def test_approvers_read_price_and_reason_as_they_were(self):
        self._policy(max_discount=10.0)
        order, request = self._submitted(
            2.0, discount=12.0, price_reason_id=self.other.id, price_reason_note="Bulk")
        self.assertIn("12.00 % below the list price", request.snapshot_html)
        self.assertIn("Other: Bulk", request.snapshot_html)
        order.order_line.with_user(self.salesperson).price_reason_note = "Something else"
        request.invalidate_recordset()
        self.assertIn("Other: Bulk", request.with_user(self.sales_manager).snapshot_html)

    def test_the_preview_shows_it(self):
        self._policy(max_discount=10.0)
        order = self._create_order(2, discount=12.0, price_reason_id=self.volume.id)
        [row] = order.with_user(self.salesperson)._get_approval_preview()['prices']
        self.assertEqual(row['reason'], self.volume.name)

    def test_back_to_the_list_is_offered(self):
        order = self._create_order(2, discount=12.0, price_unit=95.0)
        chosen, _others, left = order._plan_control_fixes()
        self.assertFalse(left)
        order.with_user(self.salesperson)._apply_control_fixes(chosen)
        self.assertEqual((order.order_line.price_unit, order.order_line.discount), (100.0, 0.0))

    def test_it_is_silent_while_off_and_told_in_shadow(self):
        order = self._create_order(2, discount=12.0)
        self._switch(approval='warn')
        self.assertEqual(self._issue(order).would, 'block')
        self._switch(approval='off')
        self.assertFalse(self._issue(order))
        self._switch(approval='enforce')
        self.company.control_price_reason = 'no'
        self.assertFalse(self._issue(order))

    def test_managers_set_it_and_keep_the_reasons(self):
        manager = self._new_user('soc_boss', 'sale_order_control.group_manager')
        self.company.with_user(manager).control_price_reason = 'any'
        with self.assertRaises(AccessError):
            self.company.with_user(self.sales_manager).control_price_reason = 'no'
        with self.assertRaises(AccessError):
            self.volume.with_user(self.sales_manager).name = "Whatever"

    def test_an_import_of_twenty_costs_the_queries_of_two(self):
        def rows(count):
            return [{
                'partner_id': self.customer.id, 'user_id': self.salesperson.id,
                'order_line': [Command.create({
                    'product_id': self.product.id, 'product_uom_qty': 1, 'discount': 12.0,
                    'price_reason_id': self.volume.id})]} for _number in range(count)]

        def judged(orders):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            orders._get_control_issues('submit')
            return self.env.cr.sql_log_count - before
        orders = self.env['sale.order'].create(rows(20))
        orders._get_control_issues('submit')
        self.assertEqual(judged(orders[:2]), judged(orders))
