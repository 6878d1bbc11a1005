from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.order.control_memory import control_scope
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalPrices(ApprovalCommon):
    """A price that was lowered by hand is a discount, whatever it is called."""

    def _triggers(self, order):
        return {code.rsplit('.', 1)[1] for code in self._codes(order) if code.startswith('approval.')}

    def test_a_lowered_price_is_judged_like_a_discount(self):
        self._policy(domain="[('id', '!=', 0)]", below_list_percent=10.0)
        for values, expected in (
            ({'price_unit': 90.0}, set()),
            ({'price_unit': 89.0}, {'below_list'}),
            ({'discount': 11.0}, {'below_list'}),
            ({'price_unit': 95.0, 'discount': 5.0}, set()),
            ({'price_unit': 95.0, 'discount': 6.0}, {'below_list'}),
            ({'price_unit': 150.0, 'discount': 35.0}, set()),
            ({'price_unit': 0.0}, {'below_list'}),
        ):
            with self.subTest(values=values):
                self.assertEqual(self._triggers(self._create_order(1, **values)), expected)

    def test_a_negative_line_lowers_every_price(self):
        self._policy(domain="[('id', '!=', 0)]", below_list_percent=10.0)
        order = self._create_order(10)
        self.assertFalse(self._triggers(order))
        order.order_line = [Command.create({
            'product_id': self._new_product("Rebate", 0.0, 0.0, stock=0).id, 'product_uom_qty': 1,
            'price_unit': -150.0})]
        self.assertEqual(self._triggers(order), {'below_list'})

    def test_below_cost(self):
        self._policy(domain="[('id', '!=', 0)]", below_cost=True)
        self.assertFalse(self._triggers(self._create_order(1, price_unit=60.0)))
        self.assertEqual(self._triggers(self._create_order(1, price_unit=59.0)), {'below_cost'})

    def test_the_customers_pricelist_counts_and_the_orders_does_not(self):
        self.env.user.group_ids += self.env.ref('product.group_product_pricelist')
        self.env['res.groups'].search([('id', '=', self.env.ref('base.group_user').id)]).implied_ids += self.env.ref(
            'product.group_product_pricelist')
        own, friends = self.env['product.pricelist'].create([
            {'name': name, 'company_id': self.company.id, 'item_ids': [Command.create({
                'compute_price': 'percentage', 'percent_price': percent, 'applied_on': '3_global'})]}
            for name, percent in (("Usual", 20.0), ("Friends", 60.0))])
        self.customer.property_product_pricelist = own
        self._policy(domain="[('id', '!=', 0)]", below_list_percent=1.0)
        self.assertFalse(self._triggers(self._create_order(1, price_unit=80.0)))
        order = self._create_order(1, price_unit=40.0)
        order.pricelist_id = friends
        self.assertEqual(self._triggers(order), {'below_list'})

    def test_the_price_is_compared_in_the_units_and_currency_of_the_order(self):
        self._policy(domain="[('id', '!=', 0)]", below_list_percent=10.0)
        dozen = self.env.ref('uom.product_uom_dozen')
        self.assertFalse(self._triggers(self._create_order(1, product_uom_id=dozen.id, price_unit=1200.0)))
        self.assertEqual(
            self._triggers(self._create_order(1, product_uom_id=dozen.id, price_unit=1000.0)), {'below_list'})

    def test_a_worse_price_than_approved_asks_again(self):
        self._policy(domain="[('id', '!=', 0)]", below_list_percent=10.0)
        order, request = self._submitted(price_unit=80.0)
        self.assertIn('Controlled Product', request._get_reason_texts()[0])
        order.order_line.price_unit = 79.0
        self.assertEqual(request.state, 'void')

    def test_twenty_orders_cost_the_queries_of_two(self):
        self._policy(domain="[('id', '!=', 0)]", below_list_percent=10.0, below_cost=True)
        counts = []
        for number in (2, 2, 20):
            orders = self.env['sale.order'].browse([self._create_order(1, price_unit=50.0).id for _i in range(number)])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            with control_scope(self.env):
                orders._get_control_issues('submit')
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1] + 1, counts)


@tagged('post_install', '-at_install')
class TestApprovalSubmission(ApprovalCommon):
    """What the maker sees and says when submitting."""

    def _preview(self, order):
        return order.with_user(self.salesperson).with_context(approval_preview=True).action_submit()

    def test_the_button_shows_who_will_decide_and_takes_words_along(self):
        self._policy(self._level(self.sales_manager, 10), self._level(self.finance, 20))
        order = self._create_order(10)
        action = self._preview(order)
        self.assertEqual(order.approval_state, 'none')
        wizard = self.env['sale.approval.submission'].with_user(self.salesperson).with_context(
            **action['context']).create({'comment': "Frame order"})
        self.assertIn("soc_manager", wizard.preview)
        self.assertIn("Large orders", wizard.preview)
        self.assertIn("no experience yet", wizard.preview)
        wizard.action_submit()
        self.assertEqual(self._request(order).comment, "Frame order")

    def test_a_clean_order_confirms_with_one_click_and_a_blocked_one_says_why(self):
        self._policy()
        clean = self._create_order(1)
        self._preview(clean)
        self.assertEqual(clean.state, 'sale')

    def test_the_preview_is_for_those_who_may_submit(self):
        self._policy()
        order = self._create_order(10)
        with self.assertRaises(AccessError):
            self.env['sale.approval.submission'].with_user(self.other_salesperson).create({'order_id': order.id})
        self.assertEqual(order.approval_state, 'none')

    def test_the_panel_names_who_would_decide(self):
        self._policy()
        order = self._create_order(10)
        [section] = [part for part in order.control_panel if part['area'] == 'approval']
        self.assertIn("soc_manager", section['next'])

    def test_waits_are_those_of_past_decisions(self):
        policy = self._policy()
        self.company.resource_calendar_id = False
        for _number in range(3):
            _order, request = self._submitted()
            request.with_user(self.sales_manager).action_agree()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_approval_task SET asked_on = decided_on - interval '5 hours' WHERE level_id = %s",
            (policy.level_ids.id,))
        self.env.invalidate_all()
        preview = self._create_order(10)._get_approval_preview()
        self.assertAlmostEqual(preview['hours'], 5.0, 3)

    def test_a_batch_does_what_it_can_and_lists_the_rest(self):
        self._policy()
        mine, theirs = self._create_order(10), self._create_order(10, user=self.sales_manager)
        alone = self._create_order(10)
        clean = self._create_order(1)
        # Submitted by their only approver: two cannot be asked about, one confirms.
        result = (mine | clean).with_user(self.sales_manager).action_submit()
        self.assertEqual((mine.approval_state, clean.state), ('none', 'sale'))
        self.assertIn("nobody who may approve", result['params']['message'])
        self.assertIn(mine.name, result['params']['message'])
        self.assertFalse(mine.sudo().control_log_ids.filtered(lambda log: log.event == 'submitted'))
        with self.assertRaisesRegex(UserError, "nobody who may approve"):
            (mine | theirs).with_user(self.sales_manager).action_submit()
        alone.action_submit()
        self.assertEqual(alone.approval_state, 'pending')
