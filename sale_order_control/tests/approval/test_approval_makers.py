from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.order.control_memory import control_acting
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalMakers(ApprovalCommon):
    """Who made the terms of somebody else's order worse is a maker of it, and does not decide on it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._policy(cls._level(cls.sales_manager | cls.director), max_discount=10)

    def _makers(self, order):
        return order.sudo().approval_maker_ids

    def test_who_gave_the_discount_is_not_asked_about_it(self):
        line = {'product_id': self.product.id, 'product_uom_qty': 1, 'discount': 40}
        ways = {
            'line': lambda order: order.order_line.write({'discount': 40}),
            'order': lambda order: order.write(
                {'order_line': [Command.update(order.order_line.id, {'discount': 40})]}),
            'new line': lambda order: self.env['sale.order.line'].with_user(self.sales_manager).create(
                {'order_id': order.id, **line}),
            'full rights': lambda order: order.order_line.sudo().write({'discount': 40}),
        }
        for name, way in ways.items():
            with self.subTest(name):
                order = self._create_order(3)
                way(order.with_user(self.sales_manager))
                order.action_submit()
                request = self._request(order)
                self.assertEqual(request.task_ids.user_id, self.director)
                with self.assertRaisesRegex(UserError, "does not wait for you|made"):
                    request.with_user(self.sales_manager).action_agree()
                request.with_user(self.director).action_agree()
                self.assertEqual(order.state, 'sale')

    def test_who_handed_the_order_over_is_not_asked_about_it(self):
        order = self._create_order(3, user=self.other_salesperson, discount=40)
        order.user_id = self.sales_manager
        order.with_user(self.sales_manager).user_id = self.salesperson
        self.assertEqual(self._makers(order), self.other_salesperson | self.sales_manager)
        order.with_user(self.salesperson).action_submit()
        self.assertEqual(self._request(order).task_ids.user_id, self.director)
        with self.assertRaises(AccessError):
            order.with_user(self.salesperson).write({'approval_maker_ids': [Command.clear()]})
        # Writing the same salesperson again hands nothing over.
        same = self._create_order(3)
        same.user_id = self.salesperson
        self.assertFalse(self._makers(same))
        self._switch(approval='off')
        same.user_id = self.sales_manager
        self.assertFalse(self._makers(same))

    def test_who_became_a_maker_does_not_choose_who_decides(self):
        order = self._create_order(3, discount=40)
        order.action_submit()
        request = self._request(order)
        with control_acting(self.env):
            order.sudo().approval_maker_ids = self.sales_manager
        with self.assertRaisesRegex(UserError, "is your own"):
            request.with_user(self.sales_manager).action_forward(self.finance)
        self.assertEqual(request.task_ids.user_id, self.sales_manager | self.director)
        request.with_user(self.director).action_forward(self.finance)
        self.assertIn(self.finance, request.task_ids.user_id)

    def test_without_anybody_else_the_submission_says_so(self):
        self.env['sale.approval.policy'].search([]).level_ids.user_ids = self.sales_manager
        order = self._create_order(3)
        order.with_user(self.sales_manager).order_line.discount = 40
        with self.assertRaises(UserError):
            order.action_submit()
        self.assertEqual(order.state, 'draft')
        self.assertFalse(self._request(order))

    def test_who_makes_it_worse_while_it_waits_does_not_decide_any_more(self):
        self.env['sale.approval.policy'].search([]).tolerance_percent = 50
        order, request = self._submitted(3, discount=20)
        self.assertEqual(request.task_ids.user_id, self.sales_manager | self.director)
        order.with_user(self.sales_manager).order_line.discount = 25
        self.assertEqual(request.state, 'pending')
        with self.assertRaises(UserError):
            request.with_user(self.sales_manager).action_agree()
        request.with_user(self.director).action_agree()
        self.assertEqual(request.state, 'approved')

    def test_handing_an_order_over_does_not_wash_it(self):
        order = self._create_order(3)
        order.sudo().user_id = self.sales_manager
        order.with_user(self.sales_manager).order_line.discount = 40
        order.sudo().user_id = self.salesperson
        order.with_user(self.salesperson).action_submit()
        self.assertEqual(self._request(order).task_ids.user_id, self.director)

    def test_a_better_price_or_a_remark_makes_nobody_a_maker(self):
        order = self._create_order(3, discount=40)
        manager = order.with_user(self.sales_manager)
        manager.order_line.discount = 30
        manager.order_line.product_uom_qty = 2
        manager.client_order_ref = "PO 4711"
        self.assertFalse(self._makers(order))
        order.action_submit()
        self._request(order).with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_a_copy_does_not_wash_it(self):
        order = self._create_order(3)
        order.with_user(self.sales_manager).order_line.discount = 40
        for copier in (self.salesperson, self.sales_manager):
            with self.subTest(copier.login):
                copy = order.with_user(copier).copy()
                again = copy.with_user(self.salesperson).copy() if copier == self.sales_manager else copy
                self.assertIn(self.sales_manager, self._makers(again))
                again.with_user(self.salesperson).action_submit()
                request = self._request(again)
                self.assertEqual(request.task_ids.user_id, self.director)
                with self.assertRaises(UserError):
                    request.with_user(self.sales_manager).action_agree()

    def test_the_terms_of_a_quotation_stay_those_of_who_entered_it(self):
        own = self._create_order(3, user=self.sales_manager, discount=40)
        own.sudo().user_id = self.salesperson
        copies = (own | self._create_order(1)).with_user(self.salesperson).copy()
        self.assertEqual([self._makers(copy) for copy in copies], [self.sales_manager, self.env['res.users']])
        copies[0].action_submit()
        self.assertEqual(self._request(copies[0]).task_ids.user_id, self.director)

    def test_a_copy_while_approval_is_off_remembers_nobody_new(self):
        self._switch(approval='off')
        order = self._create_order(3, user=self.sales_manager, discount=40)
        order.sudo().user_id = self.salesperson
        self.assertFalse(self._makers(order.with_user(self.salesperson).copy()))

    def test_the_second_quotation_of_make_it_pass_keeps_the_makers(self):
        self._switch(promise='warn')
        self._policy(domain='[]', on_shortage=True)
        order = self._create_order(6, product_id=self._new_product("Scarce", 50.0, 20.0, stock=4.0).id)
        order.with_user(self.sales_manager).order_line.discount = 5
        chosen, _others, _left = order._plan_control_fixes()
        rest = order.with_user(self.salesperson)._apply_control_fixes(chosen, keep_rest=True)
        self.assertEqual(rest.order_line.product_uom_qty, 2.0)
        self.assertEqual(self._makers(rest), self.sales_manager)

    def test_own_edits_and_orders_outside_control_are_not_remembered(self):
        order = self._create_order(3)
        order.order_line.discount = 40
        self.assertFalse(self._makers(order))
        self._switch(approval='off')
        order.with_user(self.sales_manager).order_line.discount = 50
        self.assertFalse(self._makers(order))
        self._switch(credit='enforce')
        order.with_user(self.sales_manager).order_line.discount = 60
        self.assertFalse(self._makers(order))

    def test_confirmed_orders_that_got_worse_remember_it_too(self):
        self._switch(amendment='warn')
        order = self._create_order(3)
        order.action_submit()
        order.with_user(self.sales_manager).order_line.discount = 5
        self.assertEqual(self._makers(order), self.sales_manager)

    def test_nobody_writes_the_makers(self):
        order = self._create_order(3)
        order.with_user(self.sales_manager).order_line.discount = 40
        attempts = (
            lambda: order.with_user(self.sales_manager).write({'approval_maker_ids': [Command.clear()]}),
            lambda: order.sudo().write({'approval_maker_ids': [Command.clear()]}),
            lambda: order.copy({'approval_maker_ids': [Command.set(self.director.ids)]}),
        )
        for attempt in attempts:
            with self.assertRaises(AccessError):
                attempt()
        self.assertEqual(self._makers(order), self.sales_manager)
        self.assertEqual(self._makers(order.copy()), self.sales_manager)
        given = self.env['sale.order'].with_context(default_approval_maker_ids=self.director.ids)
        self.assertFalse(self._makers(given.create({'partner_id': self.customer.id})))
