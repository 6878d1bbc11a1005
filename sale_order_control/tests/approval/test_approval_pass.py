import random
from dataclasses import replace
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.order.control_issue import ControlIssue
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalPass(ApprovalCommon):
    """The smallest changes that keep an order within the policies, solved to the last digit."""

    def _plan(self, order):
        chosen, _others, left = order._plan_control_fixes()
        return chosen, left

    def _stopping(self, order, terms=None):
        found = order._get_control_issues('submit', {order.id: terms} if terms else None)[order.id]
        return [issue.code for issue in found if issue.stops]

    def test_a_discount_is_lowered_to_the_threshold_and_no_further(self):
        self._policy(max_discount=12.5)
        order = self._create_order(2, discount=20.0)
        [fix], left = self._plan(order)
        self.assertFalse(left)
        self.assertEqual(fix.line_values, {order.order_line.id: {'price_unit': 100.0, 'discount': 12.5}})
        order._apply_control_fixes([fix])
        self.assertEqual(order.order_line.discount, 12.5)
        self.assertFalse(self._stopping(order))

    def test_what_is_taken_off_the_whole_order_counts(self):
        self._policy(max_discount=20.0)
        order = self._create_order(10, discount=15.0)
        self.env['sale.order.line'].create({
            'order_id': order.id, 'product_id': self._new_product("Rebate", 0.0, 0.0, stock=0).id, 'price_unit': -85.0})
        [fix], left = self._plan(order)
        self.assertFalse(left)
        # 850 less 85 is 10 %: with 11.11 % of the line's own, 20 % in all is just kept.
        terms = fix.apply(order._prepare_control_terms())
        self.assertLessEqual(terms.discount, 20.0)
        worse = replace(terms, lines=tuple(
            replace(line, discount=line.discount + 0.01) if line.discount else line for line in terms.lines))
        self.assertGreater(worse.discount, 20.0)

    def test_prices_below_list_and_cost_rise_just_enough(self):
        self._policy(below_list_percent=7.0, min_amount=0.0, name="List")
        self._policy(below_cost=True, min_amount=0.0, name="Cost")
        order = self._create_order(3, price_unit=41.37)
        chosen, left = self._plan(order)
        self.assertFalse(left)
        order._apply_control_fixes(chosen)
        self.assertAlmostEqual(order.order_line.price_unit, 93.0)
        self.assertFalse(self._stopping(order))

    def test_an_amount_is_never_made_smaller_to_escape_a_policy(self):
        self._policy(min_amount=500.0)
        order = self._create_order(10)
        chosen, left = self._plan(order)
        self.assertFalse(chosen)
        self.assertEqual([issue.code.rsplit('.', 1)[1] for issue in left], ['min_amount'])

    def test_random_orders_pass_after_it_and_no_step_too_far(self):
        """Whatever was typed: what the plan promises is true after the write, and each change is the smallest."""
        chance = random.Random(20260301)
        self._policy(max_discount=11.11, name="Discount")
        self._policy(min_margin_percent=33.3, name="Margin")
        self._policy(below_list_percent=17.3, min_amount=0.0, name="List")
        products = [self._new_product(f"P{number}", price, cost) for number, (price, cost) in enumerate(
            [(99.99, 61.17), (0.37, 0.21), (1234.56, 1001.01), (7.0, 3.33)])]
        for number in range(25):
            order = self.env['sale.order'].with_user(self.salesperson).create({
                'partner_id': self.customer.id,
                'order_line': [
                    Command.create({
                        'product_id': product.id, 'product_uom_qty': chance.choice([1, 3, 7, 0.5, 12.25]),
                        'price_unit': round(product.list_price * chance.uniform(0.4, 1.3), 2),
                        'discount': chance.choice([0, 0, 5, 11.12, 33.33])})
                    for product in chance.sample(products, chance.randint(1, 4))],
            })
            with self.subTest(number=number, lines=order.order_line.mapped(
                    lambda line: (line.product_uom_qty, line.price_unit, line.discount))):
                before = order._prepare_control_terms()
                chosen, left = self._plan(order)
                self.assertFalse(left)
                for fix in chosen[:1]:
                    self.assertTrue(fix.line_values)
                    if fix.key.endswith('/discount'):
                        tight = fix.apply(before)
                        top = max(line.discount for line in tight.lines)
                        looser = replace(tight, lines=tuple(
                            replace(line, discount=round(line.discount + 0.01, 2)) if line.discount == top
                            else line for line in tight.lines))
                        self.assertIn(fix.code, self._stopping(order, looser))
                if chosen:
                    order._apply_control_fixes(chosen)
                self.assertFalse(self._stopping(order))

    def test_nothing_is_changed_by_half(self):
        self._policy(max_discount=10.0)
        order = self._create_order(2, discount=20.0)
        [fix], _left = self._plan(order)
        # A rule that terms do not show, as one of another add-on: it comes up only when it is written.
        model = type(order)
        collect = model._collect_control_issues

        def stricter(orders, checkpoint, terms):
            issues = collect(orders, checkpoint, terms)
            for line in orders.order_line:
                if line.discount == 10.0:
                    issues[line.order_id.id].append(ControlIssue(
                        code='other.rule', area='approval', effect='block', message="Ten is unlucky."))
            return issues
        with patch.object(model, '_collect_control_issues', stricter), \
                self.assertRaisesRegex(UserError, "Nothing was changed.*unlucky"):
            order._apply_control_fixes([fix])
        self.assertEqual((order.order_line.discount, order.order_line.price_unit), (20.0, 100.0))

    def test_the_wizard_shows_what_remains_and_applies_as_the_user(self):
        self._policy(max_discount=10.0, name="Discount")
        self._policy(min_amount=100.0, name="Amount")
        order = self._create_order(2, discount=20.0)
        wizard = self.env['sale.control.pass'].with_user(self.salesperson).with_context(
            default_order_id=order.id).create({})
        self.assertIn("Amount", wizard.remaining_html)
        self.assertNotIn("Discount", wizard.remaining_html)
        self.assertAlmostEqual(wizard.amount_after, 180.0)
        wizard.line_ids.is_chosen = False
        self.assertIn("Discount", wizard.remaining_html)
        wizard.line_ids.is_chosen = True
        wizard.action_apply()
        self.assertEqual(order.order_line.discount, 10.0)
        self.assertEqual(order.amount_total, 180.0)

    def test_a_pending_request_follows_what_is_changed(self):
        self._policy(max_discount=10.0)
        order, request = self._submitted(2.0, discount=20.0)
        chosen, _left = self._plan(order)
        order.with_user(self.salesperson)._apply_control_fixes(chosen)
        self.assertIn(request.state, ('pending', 'void'))
        order.action_submit()
        self.assertEqual(order.state, 'sale')

    def test_what_other_controls_found_is_cleared_by_their_own_changes(self):
        self._switch(promise='warn')
        self._policy(domain='[]', on_shortage=True)
        scarce = self._new_product("Scarce", 50.0, 20.0, stock=4.0)
        order = self._create_order(6, product_id=scarce.id)
        [fix], left = self._plan(order)
        self.assertFalse(left)
        self.assertEqual(fix.line_values, {order.order_line.id: {'product_uom_qty': 4.0}})
        order.with_user(self.salesperson)._apply_control_fixes([fix])
        self.assertFalse(self._stopping(order))

    def _scarce_order(self):
        self._switch(promise='warn')
        self._policy(domain='[]', on_shortage=True, name="Scarce")
        scarce = self._new_product("Scarce", 50.0, 20.0, stock=4.0)
        order = self._create_order(6, product_id=scarce.id)
        chosen, _left = self._plan(order)
        return order.with_user(self.salesperson), chosen

    def test_splitting_does_not_lead_round_an_amount(self):
        policy = self._policy(min_amount=250.0, name="Amount")
        order, chosen = self._scarce_order()
        with self.assertRaisesRegex(UserError, "nobody would be asked.*“Amount”"):
            order._apply_control_fixes(chosen, keep_rest=True)
        self.assertEqual(order.order_line.product_uom_qty, 6.0)
        self.assertFalse(self.env['sale.order'].search([('origin', '=', order.name)]))
        # A policy that counts both halves together needs no such care.
        policy.cumulative_days = 30
        self.assertTrue(order._apply_control_fixes(chosen, keep_rest=True))

    def test_less_is_less_and_a_policy_that_still_looks_at_it_is_enough(self):
        policy = self._policy(min_amount=250.0, name="Amount")
        order, chosen = self._scarce_order()
        order._apply_control_fixes(chosen)
        self.assertFalse(self._stopping(order))
        policy.min_amount = 150.0
        order, chosen = self._scarce_order()
        self.assertTrue(order._apply_control_fixes(chosen, keep_rest=True))
        self.assertEqual([code.rsplit('.', 1)[1] for code in self._stopping(order)], ['min_amount'])

    def test_the_rest_says_why_its_price_is_what_it_is(self):
        order, chosen = self._scarce_order()
        reason = self.env.ref('sale_order_control.price_reason_other')
        order.order_line.write({'discount': 5.0, 'price_reason_id': reason.id, 'price_reason_note': "Scratched"})
        rest = order._apply_control_fixes(chosen, keep_rest=True)
        self.assertEqual((rest.order_line.price_reason_id, rest.order_line.price_reason_note), (reason, "Scratched"))
