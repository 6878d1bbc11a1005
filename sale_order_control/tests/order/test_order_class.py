from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ControlCommon


@tagged('post_install', '-at_install')
class TestOrderClass(ControlCommon):
    """Customers are classified by revenue, or as new; people may choose, and orders follow."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.classes = cls.env['sale.control.class']
        cls.a, cls.b, cls.c, cls.new = (
            cls.env.ref(f'sale_order_control.customer_class_{key}') for key in ('a', 'b', 'c', 'new'))
        cls.root = cls.company.root_id
        cls._switch(completeness='warn')
        cls.head = cls._new_user('soc_head', 'sales_team.group_sale_manager')

    def _invoice(self, amount, days_ago=10, partner=None, move_type='out_invoice'):
        day = fields.Date.today() - timedelta(days=days_ago)
        move = self.env['account.move'].create({
            'move_type': move_type, 'partner_id': (partner or self.customer).id, 'invoice_date': day, 'date': day,
            'invoice_line_ids': [Command.create({'name': "Goods", 'price_unit': amount, 'tax_ids': False})]})
        move.action_post()
        return move

    def _judge(self):
        self.classes._judge_customers(self.root)
        return self.customer.control_class_id

    # === BY REVENUE AND AGE ===#

    def test_the_class_follows_the_net_revenue_of_the_last_12_months(self):
        self._invoice(150000, days_ago=400)
        self.assertEqual(self._judge(), self.c)
        self._invoice(25000, days_ago=300)
        self.assertEqual(self._judge(), self.b)
        self._invoice(80000)
        self.assertEqual(self._judge(), self.a)
        self._invoice(30000, move_type='out_refund')
        self.assertEqual(self._judge(), self.b)

    def test_a_customer_is_new_for_some_days_whatever_it_buys(self):
        self._invoice(500000)
        self.assertEqual(self._judge(), self.new)
        self.new.new_days = 5
        self.assertEqual(self._judge(), self.a)
        fresh = self.env['res.partner'].create({'name': "Fresh", 'is_company': True})
        order = self._create_order(partner=fresh)
        self.assertEqual(order.control_class_id, self.new, "who has ordered nothing yet is new")
        order.action_confirm()
        self.classes._judge_customers(self.root)
        self.assertEqual(fresh.control_class_id, self.new)

    def test_contacts_count_for_their_company_and_have_its_class(self):
        buyer = self.env['res.partner'].create({'name': "Buyer", 'parent_id': self.customer.id})
        self._invoice(150000, days_ago=100, partner=buyer)
        self.assertEqual(self._judge(), self.a)
        self.assertEqual(buyer.control_class_id, self.a)
        other = self.env['res.partner'].create({'name': "Other", 'parent_id': self.customer.id})
        self.assertEqual(other.control_class_id, self.a)

    def test_nothing_changes_where_nothing_is_new(self):
        self._invoice(150000, days_ago=100)
        self._judge()
        self.env.flush_all()
        place = "SELECT ctid::text FROM res_partner WHERE id = %s"
        self.cr.execute(place, [self.customer.id])
        before = self.cr.fetchall()
        self._judge()
        self.cr.execute(place, [self.customer.id])
        self.assertEqual(self.cr.fetchall(), before)

    def test_branches_have_the_classes_of_their_main_company(self):
        branch = self.env['res.company'].create({'name': "Branch", 'parent_id': self.company.id})
        sister = self.env['res.company'].create({'name': "Sister"})
        self._invoice(150000, days_ago=100)
        self._judge()
        self.assertEqual(self.customer.with_company(branch).control_class_id, self.a)
        self.assertFalse(self.customer.with_company(sister).control_class_id)

    def test_the_night_leaves_companies_without_controls_alone(self):
        self._invoice(150000, days_ago=100)
        self._switch(completeness='off')
        with patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=1):
            self.classes._cron_judge()
            self.assertFalse(self.customer.control_class_id)
            self.assertFalse(self._create_order().control_class_id)
            self._switch(completeness='warn')
            self.classes._cron_judge()
        self.assertEqual(self.customer.control_class_id, self.a)

    def test_many_customers_cost_what_few_do(self):
        def count():
            self.env.flush_all()
            before = self.cr.sql_log_count
            self.classes._judge_customers(self.root)
            return self.cr.sql_log_count - before
        self._create_order().action_confirm()
        count()
        few = count()
        for partner in self.env['res.partner'].create([{'name': f"Customer {n}"} for n in range(10)]):
            self._create_order(partner=partner).action_confirm()
        self.assertLessEqual(count(), few)

    # === BY HAND ===#

    def test_a_choice_stays_is_recorded_and_can_be_given_up(self):
        self._invoice(150000, days_ago=100)
        self._judge()
        order = self._create_order()
        self.customer.with_user(self.head).control_class_id = self.b
        self.assertTrue(self.customer.control_class_by_hand)
        self.assertEqual(self._judge(), self.b)
        order.invalidate_recordset()
        self.assertEqual(order.control_class_id, self.b, "open orders follow")
        self.assertIn("A → B", self.customer.message_ids[0].body)
        self.customer.with_user(self.head).control_class_by_hand = False
        self.assertEqual(self.customer.control_class_id, self.a, "it follows the revenue again at once")

    def test_nobody_else_chooses_a_class_on_any_way(self):
        self.salesperson.group_ids += self.env.ref('base.group_partner_manager')
        partners = self.env['res.partner'].with_user(self.salesperson)
        customer = partners.browse(self.customer.id)
        attacks = [
            lambda: customer.write({'control_class_id': self.a.id}),
            lambda: customer.write({'control_class_by_hand': True}),
            lambda: customer.sudo().write({'control_class_id': self.a.id}),
            lambda: customer.with_context(default_control_class_id=self.a.id).write({'control_class_id': self.a.id}),
            lambda: partners.create({'name': "Mine", 'control_class_id': self.a.id}),
            lambda: partners.with_context(default_control_class_id=self.a.id).create({'name': "Mine"}),
            lambda: partners.create({
                'name': "Mine", 'child_ids': [Command.create({'name': "C", 'control_class_id': self.a.id})]}),
            lambda: self.a.with_user(self.salesperson).write({'min_revenue': 0}),
            lambda: self._create_order().write({'control_class_id': self.a.id}),
            lambda: self._create_order().with_user(self.salesperson).create({
                'partner_id': self.customer.id, 'control_class_id': self.a.id}),
        ]
        for number, attack in enumerate(attacks):
            with self.subTest(number=number), self.assertRaises(UserError):
                attack()
        self.assertFalse(self.customer.control_class_id)
        found = partners.load(['name', 'control_class_id/id'], [["Mine", 'sale_order_control.customer_class_a']])
        self.assertFalse(found['ids'])
        buyer = partners.create({'name': "Buyer", 'parent_id': self.customer.id})
        self.assertFalse(buyer.control_class_id, "making a contact needs no right on classes")

    def test_a_contact_has_no_class_of_its_own(self):
        buyer = self.env['res.partner'].create({'name': "Buyer", 'parent_id': self.customer.id})
        with self.assertRaisesRegex(UserError, "Controlled Customer"):
            buyer.control_class_id = self.a

    def test_portal_users_read_nothing_of_it(self):
        portal = self.env['res.users'].with_context(no_reset_password=True).create({
            'name': "Portal", 'login': 'soc_class_portal', 'partner_id': self.customer.id,
            'group_ids': [Command.set(self.env.ref('base.group_portal').ids)]})
        with self.assertRaises(AccessError):
            self.customer.with_user(portal).read(['control_class_id'])

    # === ORDERS AND SALES TYPES ===#

    def test_closed_orders_keep_the_class_of_their_time(self):
        self._invoice(150000, days_ago=100)
        self._judge()
        order, closed = self._create_order(), self._create_order()
        closed.action_cancel()
        self.assertEqual(order.control_class_id, self.a)
        self.customer.with_user(self.head).control_class_id = self.c
        (order | closed).invalidate_recordset()
        self.assertEqual((order.control_class_id, closed.control_class_id), (self.c, self.a))
        groups = self.env['sale.order']._read_group(
            [('id', 'in', (order | closed).ids)], ['control_class_id'], ['__count'])
        self.assertEqual(dict(groups), {self.c: 1, self.a: 1})
        self.assertIn(self.customer, self.env['res.partner'].search([('control_class_id', '=', self.c.id)]))

    def test_a_sales_type_that_names_the_class_is_taken_and_follows_it(self):
        self._switch(approval='enforce')
        usual = self._create_order().sale_type_id
        key = self.env['sale.control.type'].create({
            'name': "Key accounts", 'scope': 'domestic', 'sequence': 99, 'class_ids': [Command.set(self.a.ids)]})
        order = self._create_order()
        self.assertEqual(order.sale_type_id, usual)
        chosen = self._create_order()
        chosen.sale_type_id = self.env.ref('sale_order_control.sale_type_export')
        self.customer.with_user(self.head).control_class_id = self.a
        self.assertEqual(order.sale_type_id, key)
        self.assertEqual(chosen.sale_type_id, self.env.ref('sale_order_control.sale_type_export'))
        self.assertEqual(self._create_order().sale_type_id, key)
        order.sale_type_id = usual
        codes = [issue.code for issue in order._get_control_issues('submit')[order.id]]
        self.assertIn('order.sales_type', codes, "another type than the class says is an issue")
