from contextlib import suppress
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.order.control_issue import ControlIssue
from ...models.order.control_memory import event_happened
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalCoverage(ApprovalCommon):
    """An approval covers the issue codes it saw, up to the figures it saw plus the tolerance."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(min_amount=500, on_credit_issue=True, tolerance_percent=10)
        cls.hold = []
        hold = cls.hold

        original = cls.registry['sale.order']._collect_control_issues

        def _collect_control_issues(orders, checkpoint, terms):
            issues = original(orders, checkpoint, terms)
            for order in orders:
                issues[order.id] += hold
            return issues

        patcher = patch.object(cls.registry['sale.order'], '_collect_control_issues', _collect_control_issues)
        cls.startClassPatcher(patcher)
        cls._switch(credit='enforce')

    def setUp(self):
        super().setUp()
        self.hold.clear()

    @classmethod
    def _credit(cls, over, effect='approve', code='credit.limit'):
        return ControlIssue(
            code, 'credit', effect, "Over the limit.", {'over': over, 'figures': ['over']}, "Pay.")

    def _approved(self, quantity=10.0, **values):
        """An approved quotation that still waits to be confirmed."""
        order, request = self._submitted(quantity, **values)
        with patch.object(self.registry['sale.order'], '_approval_approved', lambda orders: {}):
            request.with_user(self.sales_manager).action_agree()
        self.assertEqual((order.approval_state, order.state), ('approved', 'draft'))
        return order, request

    # === CODES AND FIGURES ===#

    def test_an_approved_order_does_not_stop_again_for_the_same_reason(self):
        self.hold.append(self._credit(100))
        order, _request = self._approved()
        self.assertFalse(self._codes(order))
        order.action_confirm()
        self.assertEqual(order.state, 'sale')

    def test_figures_may_get_worse_up_to_the_tolerance(self):
        self.hold.append(self._credit(100))
        order, _request = self._approved()
        self.hold[:] = [self._credit(110)]
        self.assertFalse(self._codes(order))
        self.hold[:] = [self._credit(110.01)]
        self.assertEqual(self._codes(order), {'credit.limit', f'approval.{self.policy.id}.on_credit_issue'})

    def test_a_new_reason_stops_again_and_asks_for_that_alone(self):
        order, first = self._approved()
        self.hold.append(self._credit(100))
        codes = {'credit.limit', f'approval.{self.policy.id}.on_credit_issue'}
        self.assertEqual(self._codes(order), codes)
        order.action_submit()
        second = self._request(order)
        self.assertEqual(set(second.covered), codes)
        self.assertEqual(first.state, 'approved')
        second.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_a_block_is_never_covered(self):
        self.hold.append(self._credit(100))
        order, _request = self._approved()
        self.hold[:] = [self._credit(1, effect='block')]
        self.assertEqual(self._codes(order), {'credit.limit'})

    def test_an_order_blocked_when_the_last_approver_agrees_is_told_to_the_maker(self):
        order, request = self._submitted()
        self.hold.append(self._credit(1, effect='block'))
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual((order.approval_state, order.state), ('approved', 'draft'))
        message = self.env['mail.message'].search([
            ('partner_ids', 'in', self.salesperson.partner_id.ids), ('res_id', '=', request.id),
            ('model', '=', request._name)])
        self.assertIn("Over the limit.", message.body)

    def test_without_approval_control_an_issue_of_another_room_stops_and_says_why_nobody_can_clear_it(self):
        self._switch(approval='off')
        self.hold.append(self._credit(100))
        order = self._create_order(1)
        [issue] = order._get_control_issues('submit')[order.id]
        self.assertIn("approval control is not in force", issue.clears)
        self.assertTrue(issue.stops and not issue.askable)
        # Credit may keep it on its work list instead of refusing: it is not confirmed and nobody is asked.
        with suppress(UserError):
            order.action_submit()
        self.assertEqual((order.state, order.approval_state), ('draft', 'none'))

    # === TERMS THAT GET WORSE ===#

    def _worsen(self, order):
        other = self.env['res.partner'].create({'name': "Other"})
        product = self._new_product("Other Product", 10.0, 1.0)
        longer = self.env.ref('account.account_payment_term_45days')
        foreign = self.env['res.currency'].create({'name': f'W{order.id % 99:02d}', 'symbol': 'w', 'rate_ids': [
            Command.create({'rate': 1.0, 'company_id': self.company.id})]})
        pricelist = self.env['product.pricelist'].create({'name': "Foreign", 'currency_id': foreign.id})
        line = order.order_line
        return {
            'currency': lambda: order.write({'pricelist_id': pricelist.id}),
            'quantity': lambda: line.write({'product_uom_qty': 12}),
            'price': lambda: line.write({'price_unit': 85}),
            'discount': lambda: line.write({'discount': 15}),
            'product': lambda: order.write({'order_line': [Command.create({'product_id': product.id})]}),
            'customer': lambda: order.write({'partner_id': other.id}),
            'invoice address': lambda: order.write({'partner_invoice_id': other.id}),
            'delivery address': lambda: order.write({'partner_shipping_id': other.id}),
            'payment terms': lambda: order.write({'payment_term_id': longer.id}),
            'date': lambda: order.write({'requested_date': '2026-01-01'}),
            'line date': lambda: line.write({'requested_date': '2026-01-01'}),
            'sales type': lambda: order.write({
                'sale_type_id': self.env.ref('sale_order_control.sale_type_internal').id}),
        }

    def test_every_worse_aspect_voids_an_approval(self):
        for aspect in self._worsen(self._create_order(1)):
            with self.subTest(aspect=aspect):
                order, request = self._approved()
                self._worsen(order)[aspect]()
                self.assertEqual(request.state, 'void')
                self.assertEqual(order.approval_state, 'void')
                self.assertTrue(request.outcome)
                with self.assertRaises(UserError):
                    order.action_confirm()

    def test_no_worse_aspect_of_a_confirmed_order_is_accepted(self):
        # Another sales type is no term: it takes the approval away, see below.
        for aspect in self._worsen(self._create_order(1)).keys() - {'sales type'}:
            with self.subTest(aspect=aspect):
                order, request = self._submitted()
                request.with_user(self.sales_manager).action_agree()
                self.assertEqual(order.state, 'sale')
                before = order._get_control_terms()[order.id]
                with self.assertRaises(UserError), self.cr.savepoint():
                    self._worsen(order)[aspect]()
                self.env.invalidate_all()
                self.assertEqual(order._get_control_terms()[order.id].digest, before.digest)
                self.assertEqual(request.state, 'approved')

    def test_another_sales_type_takes_the_approval_away_and_opens_no_confirmed_order(self):
        self._policy(max_discount=5.0, name="Discounts")
        export = self.env.ref('sale_order_control.sale_type_export')
        export.run_approval = False
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        order.sale_type_id = export
        self.assertEqual((order.state, request.state), ('sale', 'void'))
        for values in ({'discount': 20.0}, {'product_uom_qty': 100}):
            with self.subTest(values=values), self.assertRaises(UserError), self.cr.savepoint():
                order.order_line.write(values)

    def test_every_worse_aspect_voids_a_request_that_waits(self):
        for aspect in self._worsen(self._create_order(1)):
            with self.subTest(aspect=aspect):
                order, request = self._submitted()
                self._worsen(order)[aspect]()
                self.assertEqual(request.state, 'void')
                self.assertEqual(set(self._tasks(request).values()), {'skipped'})
                self.assertFalse(request.activity_ids)
                with self.assertRaises(UserError):
                    request.with_user(self.sales_manager).action_agree()

    def test_equal_and_safer_terms_keep_an_approval_and_say_so(self):
        shorter = self.env.ref('account.account_payment_term_immediate')
        changes = {
            'fewer': lambda order: order.order_line.write({'product_uom_qty': 8}),
            'dearer': lambda order: order.order_line.write({'price_unit': 105}),
            'within tolerance': lambda order: order.order_line.write({'product_uom_qty': 10.5}),
            'sooner paid': lambda order: order.write({'payment_term_id': shorter.id}),
            'price moved into discount': lambda order: order.order_line.write({'price_unit': 200, 'discount': 50}),
        }
        for name, change in changes.items():
            with self.subTest(change=name):
                order, request = self._approved()
                change(order)
                self.assertEqual(request.state, 'approved')
                self.assertEqual(order.approval_state, 'approved')
                self.assertTrue(order.sudo().control_log_ids.filtered(
                    lambda log: log.event == 'approval' and "stays in force" in (log.message or '')))
                self.assertFalse(self._codes(order))

    def test_a_margin_that_falls_voids_although_every_line_is_safer(self):
        rich = self._new_product("Rich", 100.0, 10.0)
        order = self._create_order(10)
        order.write({'order_line': [Command.create({'product_id': rich.id, 'product_uom_qty': 10})]})
        order.action_submit()
        request = self._request(order)
        order.order_line.filtered(lambda line: line.product_id == rich).product_uom_qty = 1
        self.assertEqual(request.state, 'void')
        self.assertIn("margin", request.outcome)

    # === LIFE OF THE ORDER ===#

    def test_cancel_and_draft_again_need_a_new_approval_and_keep_the_history(self):
        order, request = self._approved()
        order._action_cancel()
        self.assertEqual(request.state, 'void')
        order.action_draft()
        self.assertEqual(self._codes(order), {f'approval.{self.policy.id}.min_amount'})
        self.assertEqual(order.approval_request_ids, request)
        self.assertEqual(self._tasks(request), {self.sales_manager: 'agreed'})

    def test_a_copy_carries_no_approval(self):
        order, _request = self._approved()
        copy = order.copy()
        self.assertEqual(copy.approval_state, 'none')
        self.assertFalse(copy.approval_request_ids)
        self.assertTrue(self._codes(copy))

    def test_a_request_is_closed_when_the_order_no_longer_needs_it(self):
        order, request = self._submitted()
        order.order_line.product_uom_qty = 1
        self.assertEqual(request.state, 'pending')
        order.action_confirm()
        self.assertEqual(request.state, 'void')
        self.assertFalse(request.activity_ids)

    # === GOODS LEAVE ===#

    def _ship(self, order):
        picking = order.picking_ids
        picking.move_ids.write({'quantity': 1, 'picked': True})
        picking.move_ids._action_done()
        return picking

    def test_goods_of_an_approved_order_leave(self):
        self._switch(release='enforce')
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        self._ship(order.sudo())
        self.assertIn('done', order.sudo().picking_ids.move_ids.mapped('state'))

    def test_goods_stay_when_the_terms_got_worse_than_approved(self):
        self._switch(release='enforce')
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        # It has happened already, so it was recorded and not refused.
        with event_happened(self.env):
            order.sudo().order_line.price_unit = 80
        self.assertEqual(request.state, 'void')
        with self.assertRaisesRegex(UserError, "Ask for Approval"):
            self._ship(order.sudo())
        order.action_request_approval()
        self._request(order).with_user(self.sales_manager).action_agree()
        self._ship(order.sudo())

    def test_goods_of_a_confirmed_order_leave_although_a_policy_came_later(self):
        self._switch(release='enforce')
        order = self._create_order(4)
        order.action_submit()
        self._policy(min_amount=100)
        self._ship(order.sudo())

    def test_goods_of_an_order_confirmed_in_shadow_mode_stay_once_approval_is_enforced(self):
        self._switch(approval='warn')
        order = self._create_order(10)
        order.action_submit()
        self._switch(approval='enforce', release='enforce')
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            self._ship(order.sudo())

    def test_a_confirmed_order_cannot_be_made_worse_than_approved(self):
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        with self.assertRaises(UserError), self.cr.savepoint():
            order.order_line.price_unit = 80
        order.order_line.price_unit = 105
        self.assertEqual(request.state, 'approved')
