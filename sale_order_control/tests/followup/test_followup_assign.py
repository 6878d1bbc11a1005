from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import FollowupCommon


@tagged('post_install', '-at_install')
class TestFollowupAssign(FollowupCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['sale.assignment.rule'].search([]).active = False
        cls.people = cls.salesperson | cls.other_salesperson
        cls.visitor = cls.env.ref('base.public_user')
        cls.department = cls.env.ref('sale_order_control.department_warehouse')
        cls.department.user_ids = cls.planner | cls.finance

    @classmethod
    def _assign_to(cls, users, **values):
        return cls.env['sale.assignment.rule'].create({
            'name': "Somebody", 'user_ids': [Command.set(users.ids)], **values})

    def _incoming(self, partner=None, product=None, count=1):
        """Orders as the website, the portal or an import enter them: by nobody who sells."""
        orders = self.env['sale.order'].with_user(self.visitor).sudo().create([{
            'partner_id': (partner or self.customer).id,
            'company_id': self.company.id,
            'order_line': [Command.create({'product_id': (product or self.product).id})],
        } for _number in range(count)])
        return orders.with_user(self.env.user).sudo()

    def test_orders_go_to_who_has_least_to_do_and_say_why(self):
        self.assertFalse(self._incoming().user_id, "Nothing is set up.")
        rule = self._assign_to(self.people)
        self._create_order()
        orders = self._incoming(count=3)
        self.assertEqual(orders[0].user_id, self.other_salesperson)
        self.assertEqual(len(set(orders.mapped('user_id'))), 2, "A batch is shared out.")
        self.assertIn("has the fewest open orders: 0, others have 1", orders[0].assignment_summary)
        self.assertIn("Rule “Somebody”", orders[0].assignment_summary)
        self.assertEqual(rule.assignment_count, 3)
        orders[0].user_id = self.sales_manager
        self.assertFalse(orders[0].assignment_summary, "It speaks of somebody else.")
        self.assertFalse(orders[1].copy().assignment_ids)
        entered = self._create_order()
        self.assertFalse(entered.assignment_ids, "Who has a salesperson keeps him.")
        self.company.control_followup = False
        self.assertFalse(self._incoming().user_id)

    def test_the_first_rule_that_fits_and_has_somebody_free(self):
        group = self.env['product.category'].create({'name': "Desks"})
        below = self.env['product.category'].create({'name': "Standing", 'parent_id': group.id})
        desk = self._new_product("Standing Desk", 50.0, 20.0)
        desk.categ_id = below
        abroad = self.customer.copy({'country_id': self.env.ref('base.be').id, 'zip': '1348'})
        near = self.customer.copy({'zip': '90210'})
        belgian = self._assign_to(
            self.salesperson, name="Belgium", country_ids=abroad.country_id.ids, zip_from='10', zip_to='19', sequence=1)
        desks = self._assign_to(self.other_salesperson, name="Desks", category_ids=group.ids, sequence=2)
        west = self._assign_to(self.sales_manager, name="West", zip_from='90', zip_to='961', max_open=1, sequence=3)
        rest = self._assign_to(self.people, name="Rest", sequence=4)
        for partner, product, rule in (
            (abroad, desk, belgian), (self.customer, desk, desks), (near, self.product, west),
            (near, self.product, rest), (self.customer, self.product, rest),
        ):
            order = self._incoming(partner, product)
            self.assertEqual(order.assignment_ids.rule_id, rule)
        self.assertIn("“Belgium”: Belgium, 1348", self.env['sale.assignment'].search(
            [('rule_id', '=', belgian.id)]).reason)
        west.active, rest.active, desks.active = True, False, False
        waiting = self._incoming(near)
        self.assertFalse(waiting.user_id, "The only one who could take it has enough.")
        west.max_open = 5
        self._tick()
        self.assertEqual(waiting.user_id, self.sales_manager, "Tried again every hour.")
        rest.active = True
        self.salesperson.active = False
        self.assertIn("Nobody can get orders", belgian.warning)
        self.assertEqual(self._incoming(abroad).user_id, self.other_salesperson, "The next rule takes it.")

    def test_bad_rules_are_refused_and_facts_kept(self):
        with self.assertRaisesRegex(ValidationError, "nobody to give orders to"), self.env.cr.savepoint():
            self._assign_to(self.env['res.users'])
        with self.assertRaisesRegex(ValidationError, "first and the last postal code"), self.env.cr.savepoint():
            self._assign_to(self.people, zip_from='1')
        with self.assertRaises(AccessError):
            self.env['sale.assignment.rule'].with_user(self.salesperson).create(
                {'name': "x", 'user_ids': self.people.ids})
        order = self._incoming()
        with self.assertRaises(AccessError):
            order.with_user(self.salesperson).action_assign_salesperson()
        self._assign_to(self.people)
        self.assertIn("1 given", order.with_user(self.sales_manager).action_assign_salesperson()['params']['message'])
        fact = order.assignment_ids
        for user in (self.sales_manager, self.env.user):
            with self.assertRaises(UserError):
                fact.with_user(user).write({'reason': "x"})
            with self.assertRaises(UserError):
                order.with_user(user).write({'assignment_ids': [Command.clear()]})

    def test_departments_are_told_of_an_order_and_send_back_what_is_special(self):
        rule = self.env.ref('sale_order_control.followup_department_warehouse')
        back = self.env.ref('sale_order_control.followup_department_problem')
        (rule | back).active = True
        first, second = self._confirm_order(), self._confirm_order()
        self._end_transaction()
        tasks = self._tasks(rule)
        self.assertEqual(tasks.user_id, self.planner | self.finance, "Shared out by what is open.")
        task = tasks.filtered(lambda one: one.order_id == first)
        again = self._new_rule('promised', role='department', department_id=self.department.id)
        self._promise(first.order_line, 5)
        self._end_transaction()
        self.assertEqual(self._tasks(again).user_id, task.user_id, "Who knows the order goes on with it.")
        self._promise(second.order_line, 5)
        task._end('done', "Two desks are scratched", 'problem')
        self._end_transaction()
        self.assertEqual((self._tasks(back).order_id, self._tasks(back).user_id), (first, self.salesperson))
        self._deliver(second)
        self._end_transaction()
        self.assertFalse(self._tasks(rule), "The other one ended when the goods left.")

    def test_a_department_with_nobody_is_said_on_the_rule(self):
        rule = self.env.ref('sale_order_control.followup_department_logistics')
        rule.active = True
        order = self._confirm_order()
        self._promise(order.order_line, 5)
        self._end_transaction()
        self.assertEqual(self._tasks(rule).user_id, self.salesperson)
        self.assertIn("Nobody is “Department”", rule.problems)
        with self.assertRaisesRegex(ValidationError, "Choose the department"):
            self._new_rule('confirmed', role='department')
