from odoo import Command
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalClass(ApprovalCommon):
    """The class of a customer limits what a policy looks at; alone it is no reason to ask."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.c, cls.new = (cls.env.ref(f'sale_order_control.customer_class_{key}') for key in ('a', 'c', 'new'))
        cls.head = cls._new_user('soc_head', 'sales_team.group_sale_manager')

    def _classify(self, partner, kind):
        partner.with_user(self.head).control_class_id = kind

    def test_the_class_of_customer_or_payer_counts_and_is_told(self):
        self._policy(min_amount=100.0, class_ids=[Command.set(self.c.ids)])
        order = self._create_order(2)
        self.assertFalse(self._codes(order))
        self._classify(self.customer, self.c)
        [issue] = order._get_control_issues('confirm')[order.id]
        self.assertIn("customer class “C”", issue.message)
        self._classify(self.customer, self.a)
        self.assertFalse(self._codes(order))
        payer = self.env['res.partner'].create({'name': "Payer"})
        self._classify(payer, self.c)
        order.partner_invoice_id = payer
        self.assertTrue(self._codes(order))

    def test_a_customer_made_up_for_the_order_is_new(self):
        self._policy(class_ids=[Command.set(self.new.ids)], domain='[]')
        fresh = self.env['res.partner'].create({'name': "Fresh"})
        order = self._create_order(1, partner=fresh)
        self.assertEqual(order.control_class_id, self.new)
        self.assertTrue(self._codes(order))

    def test_what_was_submitted_keeps_its_class_and_sales_type(self):
        self.env['sale.control.type'].create({
            'name': "Key accounts", 'scope': 'domestic', 'class_ids': [Command.set(self.a.ids)]})
        self._classify(self.customer, self.c)
        self._policy()
        order, request = self._submitted(10)
        usual = order.sale_type_id
        self._classify(self.customer, self.a)
        self.assertEqual((order.sale_type_id, order.control_class_id), (usual, self.c))
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual((order.state, order.sale_type_id), ('sale', usual))

    def test_a_class_alone_is_reported_and_so_are_those_who_may_change_it(self):
        policy = self._policy(class_ids=[Command.set(self.c.ids)], domain='[]')
        found = self.env['sale.approval.policy']._check_up(self.company).filtered(
            lambda finding: finding.policy_id == policy)
        self.assertIn('class_alone', found.mapped('kind'))
        self.assertIn('editable_class', found.mapped('kind'))
        self.assertIn("because of their class alone: C", found.filtered(lambda one: one.kind == 'class_alone').message)
        policy.min_amount = 1000.0
        found = self.env['sale.approval.policy']._check_up(self.company).filtered(
            lambda finding: finding.policy_id == policy)
        self.assertNotIn('class_alone', found.mapped('kind'))

    def test_a_simulation_judges_past_orders_by_their_class_then(self):
        policy = self._policy(min_amount=100.0, class_ids=[Command.set(self.c.ids)])
        self._switch(approval='warn')
        self._classify(self.customer, self.c)
        order = self._create_order(2)
        order.action_confirm()
        self.env.flush_all()
        self.cr.execute(
            "UPDATE sale_order SET invoice_status = 'invoiced', delivery_status = 'full' WHERE id = %s", [order.id])
        self._classify(self.customer, self.a)
        order.invalidate_recordset()
        self.assertEqual(order.control_class_id, self.c)
        found = order._simulate_policies(
            {'new': (policy._prepare_rule(),)}, order._get_past_situations())
        self.assertIn(order.id, found['new'])
