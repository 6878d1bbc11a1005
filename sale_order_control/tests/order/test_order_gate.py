from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.order.control_issue import ControlIssue
from ...models.order.control_memory import control_scope
from ...models.order.control_terms import ControlTerms, LineTerms
from .common import ControlCommon


def line(**values):
    return LineTerms(**{'product_id': 1, 'quantity': 10, 'uom_id': 1, 'price_unit': 100.0, **values})


def terms(*lines, **values):
    return ControlTerms(**{
        'partner_id': 1, 'partner_invoice_id': 1, 'partner_shipping_id': 1, 'currency_id': 1, 'payment_term_id': 1,
        'requested_date': '2026-03-12', 'lines': lines or (line(),), **values,
    })


class StubRule:
    """A rule for tests of the hub: what it answers is set by the test, and it counts its questions."""

    def __init__(self, case, *issues, batch=None):
        self.issues, self.asked, self.batch = list(issues), [], batch
        rule = self
        original = case.registry['sale.order']._collect_control_issues

        def _collect_control_issues(orders, checkpoint, terms):
            rule.asked.append((checkpoint, orders.ids))
            result = original(orders, checkpoint, terms)
            for order in orders:
                result[order.id] += rule.batch(order, terms[order.id]) if rule.batch else rule.issues
            return result

        case.patch(case.registry['sale.order'], '_collect_control_issues', _collect_control_issues)


def issue(effect='block', code='completeness.stub', area='completeness', **facts):
    return ControlIssue(code, area, effect, "The stub does not like it.", facts, "Ask the stub.")


@tagged('post_install', '-at_install')
class TestOrderTerms(ControlCommon):

    def test_digest_ignores_line_order_taxes_and_cost(self):
        first, second = line(product_id=1, key=1), line(product_id=2, key=2)
        other = line(product_id=1, key=9, tax_ids=(4,), cost=3.0)
        self.assertEqual(terms(first, second).digest, terms(second, other).digest)

    def test_every_controlled_term_changes_the_digest(self):
        base = terms()
        for values in (
            {'partner_id': 2}, {'partner_invoice_id': 2}, {'partner_shipping_id': 2}, {'currency_id': 2},
            {'payment_term_id': 2}, {'requested_date': '2026-03-13'},
        ):
            self.assertNotEqual(base.digest, terms(**values).digest, values)
        for values in (
            {'product_id': 2}, {'quantity': 11}, {'uom_id': 2}, {'price_unit': 99.0}, {'discount': 1.0},
            {'requested_date': '2026-03-13'},
        ):
            self.assertNotEqual(base.digest, terms(line(**values)).digest, values)

    def test_snapshot_survives_storage(self):
        snapshot = terms(line(tax_ids=(3, 4), cost=2.5, key=7), line(product_id=2))
        again = ControlTerms.from_json(snapshot.to_json())
        self.assertEqual(again.digest, snapshot.digest)
        self.assertEqual(again.lines[0].tax_ids, (3, 4))

    def test_worse_aspects_are_named(self):
        agreed = terms()
        for aspect, worse in {
            'customer': terms(partner_invoice_id=2),
            'currency': terms(currency_id=2),
            'payment_term': terms(payment_term_id=2),
            'date': terms(requested_date='2026-03-11'),
            'product': terms(line(), line(product_id=2, quantity=1)),
            'quantity': terms(line(quantity=11)),
            'price': terms(line(price_unit=90)),
        }.items():
            self.assertIn(aspect, worse.worse_aspects(agreed), aspect)

    def test_a_negative_line_is_a_worse_product(self):
        self.assertIn('product', terms(line(), line(product_id=9, quantity=1, price_unit=-50)).worse_aspects(terms()))

    def test_moving_price_into_discount_is_not_worse(self):
        self.assertFalse(terms(line(price_unit=200, discount=50)).worse_aspects(terms()))

    def test_safer_terms_are_not_worse(self):
        agreed = terms(line(), line(product_id=2))
        self.assertFalse(terms(line(quantity=5, price_unit=110), requested_date='').worse_aspects(agreed))

    def test_tolerance_is_respected_and_ends(self):
        self.assertFalse(terms(line(quantity=10.5)).worse_aspects(terms(), tolerance=5))
        self.assertTrue(terms(line(quantity=10.6)).worse_aspects(terms(), tolerance=5))

    def test_what_is_unchanged_is_within_any_tolerance(self):
        for agreed in (
            terms(line(), line(product_id=9, quantity=1, price_unit=-150)),
            terms(line(), line(product_id=9, quantity=-1, price_unit=150)),
            terms(line(quantity=-2)),
            terms(line(quantity=2), line(product_id=2, quantity=-5)),
        ):
            for tolerance in (0, 5, 50):
                with self.subTest(lines=len(agreed.lines), tolerance=tolerance):
                    self.assertFalse(agreed.worse_aspects(agreed, tolerance))

    def test_the_tolerance_of_what_is_taken_off_ends(self):
        for former, within, beyond in (
            ({'quantity': 1, 'price_unit': -100}, {'price_unit': -105}, {'price_unit': -105.1}),
            ({'quantity': -1, 'price_unit': 100}, {'price_unit': 105}, {'price_unit': 105.1}),
            ({'quantity': -100, 'price_unit': 1}, {'quantity': -105}, {'quantity': -106}),
        ):
            with self.subTest(former=former):
                agreed = terms(line(), line(product_id=9, **former))
                tried = [terms(line(), line(product_id=9, **{**former, **values})) for values in (within, beyond)]
                self.assertFalse(tried[0].worse_aspects(agreed, 5))
                self.assertEqual(tried[1].worse_aspects(agreed, 5), ['price'])

    def test_less_taken_back_is_more_owed(self):
        agreed = terms(line(), line(product_id=2, quantity=-4))
        less = terms(line(), line(product_id=2, quantity=-3))
        self.assertEqual(less.worse_aspects(agreed, 5), ['quantity', 'amount'])
        self.assertFalse(terms(line(), line(product_id=2, quantity=-3.9)).worse_aspects(agreed, 5))

    def test_discount_counts_negative_lines(self):
        self.assertEqual(terms(line(discount=10)).discount, 10)
        self.assertEqual(terms(line(), line(product_id=9, quantity=1, price_unit=-250)).discount, 25)


@tagged('post_install', '-at_install')
class TestOrderGate(ControlCommon):

    def test_nothing_is_asked_while_every_control_is_off(self):
        rule = StubRule(self, issue())
        order = self._create_order()
        self.assertEqual(order._get_control_issues('submit'), {order.id: ()})
        self.assertFalse(rule.asked)

    def test_warn_is_a_shadow_that_remembers_what_enforce_would_have_done(self):
        StubRule(self, issue('block'))
        self._switch(completeness='warn')
        order = self._create_order()
        [found] = order._get_control_issues('submit')[order.id]
        self.assertEqual((found.effect, found.would), ('warn', 'block'))
        order.action_confirm()
        self.assertEqual(order.state, 'sale')
        self.assertEqual(order.sudo().control_log_ids.filtered('would').mapped('would'), ['block'])

    def test_release_is_capped_by_its_own_switch(self):
        StubRule(self, issue('block'))
        self._switch(completeness='enforce', release='warn')
        order = self._create_order()
        [found] = order._get_control_issues('release')[order.id]
        self.assertEqual(found.effect, 'warn')

    def test_one_evaluation_per_scope_order_and_digest(self):
        rule = StubRule(self)
        self._switch(completeness='enforce')
        order = self._create_order()
        with control_scope(self.env):
            order._get_control_issues('submit')
            order._get_control_issues('submit')
            self.assertEqual(len(rule.asked), 1)
            order.order_line.product_uom_qty = 2
            order._get_control_issues('submit')
            self.assertEqual(len(rule.asked), 2)
        order._get_control_issues('submit')
        self.assertEqual(len(rule.asked), 3, "outside a scope nothing may be remembered")

    def test_other_terms_are_judged_without_touching_the_order(self):
        StubRule(self, batch=lambda order, terms: [issue()] if terms.lines[0].quantity > 5 else [])
        self._switch(completeness='enforce')
        order = self._create_order(quantity=1)
        snapshot = order._get_control_terms()[order.id]
        data = snapshot.to_json()
        data['lines'][0]['quantity'] = 9
        bigger = ControlTerms.from_json(data)
        self.assertFalse(order._get_control_issues('submit')[order.id])
        self.assertTrue(order._get_control_issues('submit', {order.id: bigger})[order.id])
        self.assertEqual(order.order_line.product_uom_qty, 1)

    def test_amounts_of_other_terms_include_taxes(self):
        tax = self.env['account.tax'].create({'name': "Stub 10%", 'amount': 10, 'type_tax_use': 'sale'})
        order = self._create_order(quantity=1, tax_ids=[Command.set(tax.ids)])
        snapshot = order._get_control_terms()[order.id]
        own = order._get_control_amounts({order.id: snapshot})[order.id]
        self.assertEqual((own.untaxed, own.total, own.margin), (100, 110, 40))
        data = snapshot.to_json()
        data['lines'][0].update(quantity=3, discount=50)
        other = order._get_control_amounts({order.id: ControlTerms.from_json(data)})[order.id]
        self.assertEqual((other.untaxed, other.total, other.margin), (150, 165, -30))

    def test_a_margin_is_not_talked_up_by_a_low_cost_on_the_line(self):
        order = self._create_order(quantity=1)
        order.order_line.purchase_price = 1.0
        amounts = order._get_control_amounts(order._get_control_terms())[order.id]
        self.assertEqual(amounts.margin, 40)
        order.order_line.purchase_price = 75.0
        amounts = order._get_control_amounts(order._get_control_terms())[order.id]
        self.assertEqual(amounts.margin, 25)

    def test_orders_before_go_live_are_exempt_until_set_to_draft_again(self):
        StubRule(self, issue())
        order = self._create_order()
        self._switch(completeness='enforce')
        self.company.control_go_live = date(2099, 1, 1)
        self.assertFalse(order._get_control_issues('confirm')[order.id])
        order.action_cancel()
        order.action_draft()
        self.assertTrue(order._get_control_issues('confirm')[order.id])

    def _old_order(self, **values):
        """An order from before go-live, which was yesterday."""
        order = self._create_order(**values)
        self.env.cr.execute(
            "UPDATE sale_order SET create_date = create_date - interval '9 days' WHERE id = %s", [order.id])
        order.invalidate_recordset(['create_date'])
        self.company.control_go_live = order._get_control_today() - timedelta(days=1)
        return order

    def test_worse_terms_after_go_live_end_the_old_handling(self):
        self._switch(completeness='enforce')
        StubRule(self, issue())
        line = {'product_id': self.product.id, 'product_uom_qty': 1}
        for rewrite in (
            lambda order: order.write({'partner_id': self.customer.copy().id}),
            lambda order: order.order_line.write({'product_uom_qty': 100}),
            lambda order: order.order_line.write({'discount': 50}),
            lambda order: order.write({'order_line': [Command.create(line)]}),
            lambda order: order.order_line.create({'order_id': order.id, **line}),
        ):
            order = self._old_order(quantity=2)
            self.assertFalse(order._get_controlled())
            rewrite(order)
            self.assertTrue(order._get_controlled())
            with self.assertRaises(UserError):
                order.action_confirm()

    def test_terms_rewritten_together_with_the_state_are_judged(self):
        self._switch(completeness='enforce')
        StubRule(self, issue())
        order = self._old_order(quantity=2)
        with self.assertRaises(UserError):
            order.write({'partner_id': self.customer.copy().id, 'state': 'sale'})

    def test_harmless_changes_keep_the_old_handling(self):
        self._switch(completeness='enforce')
        StubRule(self, issue())
        order = self._old_order(quantity=2)
        order.order_line.write({'product_uom_qty': 1, 'price_unit': 120})
        order.order_line.name = "Another text"
        order.note = "A remark"
        self.assertFalse(order._get_controlled())
        order.action_confirm()
        self.assertEqual(order.state, 'sale')

    def test_before_the_day_of_go_live_nothing_ends(self):
        self._switch(completeness='enforce')
        order = self._old_order()
        self.company.control_go_live = order._get_control_today() + timedelta(days=30)
        order.order_line.product_uom_qty = 100
        self.assertFalse(order._get_controlled())

    def test_a_confirmed_old_order_that_grows_is_judged(self):
        self._switch(completeness='enforce')
        rule = StubRule(self)
        order = self._old_order()
        order.action_confirm()
        rule.batch = lambda order, terms: [issue(count=terms.lines[0].quantity, figures=['count'])]
        with self.assertRaises(UserError):
            order.order_line.product_uom_qty = 100

    def test_back_dating_the_order_does_not_exempt_it(self):
        StubRule(self, issue())
        self._switch(completeness='enforce')
        self.company.control_go_live = date(2020, 1, 1)
        order = self._create_order()
        order.date_order = '2019-01-01 00:00:00'
        self.assertTrue(order._get_control_issues('confirm')[order.id])

    def test_gate_costs_the_same_for_one_order_and_for_twenty(self):
        self._switch(completeness='enforce')
        orders = self.env['sale.order'].concat(*(self._create_order() for _count in range(20)))
        self.env.flush_all()

        def queries(batch):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch._get_control_issues('submit')
            return self.env.cr.sql_log_count - before

        queries(orders[0])
        one, twenty = queries(orders[0]), queries(orders)
        self.assertLessEqual(twenty, one + 1)
