from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalConditions(ApprovalCommon):
    """Conditions that limit which orders a policy looks at: what they find, and what does not lead out of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tag = cls.env['res.partner.category'].create({'name': "Key account"})
        cls.team = cls.env['crm.team'].create({
            'name': "North", 'member_ids': [Command.set(cls.salesperson.ids)]})
        cls.other_team = cls.env['crm.team'].create({'name': "South"})
        cls.category = cls.env['product.category'].create({'name': "Machines"})
        cls.child_category = cls.env['product.category'].create({'name': "Presses", 'parent_id': cls.category.id})

    def _always(self, **scope):
        """A policy that asks about everything in its scope."""
        return self._policy(domain='[]', name="Scoped", **scope)

    def _message(self, order, checkpoint='confirm'):
        [issue] = [issue for issue in order._get_control_issues(checkpoint)[order.id] if issue.stops]
        return issue.message

    # === TAGS ===#

    def test_a_tag_of_the_customer_or_of_its_company_or_of_who_is_invoiced_counts(self):
        self._always(partner_tag_ids=[Command.set(self.tag.ids)])
        contact = self.env['res.partner'].create({'name': "Buyer", 'parent_id': self.customer.id})
        payer = self.env['res.partner'].create({'name': "Payer"})
        order = self._create_order(1, partner=contact)
        self.assertFalse(self._codes(order))
        self.customer.category_id = self.tag
        self.assertIn("customer tag “Key account”", self._message(order))
        self.customer.category_id = False
        payer.category_id = self.tag
        order.partner_invoice_id = payer
        self.assertTrue(self._codes(order))

    def test_only_managers_take_off_a_tag_that_a_policy_names(self):
        self.customer.category_id = self.tag
        self.salesperson.group_ids += self.env.ref('base.group_partner_manager')
        customer = self.customer.with_user(self.salesperson)
        customer.category_id = [Command.clear()]
        customer.category_id = self.tag
        self._always(partner_tag_ids=[Command.set(self.tag.ids)])
        for values in ([Command.clear()], [Command.unlink(self.tag.id)], [Command.set([])]):
            with self.assertRaisesRegex(AccessError, "Key account"), self.cr.savepoint():
                customer.write({'category_id': values})
        with self.assertRaises(AccessError), self.cr.savepoint():
            self.tag.with_user(self.salesperson).write({'partner_ids': [Command.clear()]})
        order = self._create_order(1)
        self.tag.with_user(self.salesperson).active = False
        self.assertIn("Key account", self._message(order), "archiving the tag is no way round")
        manager = self._new_user('soc_boss', 'sale_order_control.group_manager,base.group_partner_manager')
        self.tag.active = True
        self.customer.with_user(manager).category_id = [Command.clear()]
        self.assertFalse(self._codes(order))

    # === TEAMS ===#

    def test_another_team_on_the_order_does_not_lead_out_of_the_policy(self):
        self._always(team_ids=[Command.set(self.team.ids)])
        order = self._create_order(1)
        self.assertIn("sales team “North”", self._message(order))
        order.team_id = self.other_team
        self.assertTrue(self._codes(order), "the salesperson is a member of the team")
        order.user_id = self.other_salesperson
        self.assertTrue(self._codes(order), "who entered the order is a member of the team")
        foreign = self._create_order(1, user=self.other_salesperson)
        foreign.team_id = self.other_team
        self.assertFalse(self._codes(foreign))
        foreign.team_id = self.team
        self.assertTrue(self._codes(foreign))

    # === COUNTRIES ===#

    def test_customer_payer_and_delivery_country_count(self):
        japan = self.env.ref('base.jp')
        self._always(country_ids=[Command.set(japan.ids)])
        order = self._create_order(1)
        self.assertFalse(self._codes(order))
        order.partner_shipping_id = self.env['res.partner'].create({
            'name': "Tokyo store", 'parent_id': self.customer.id, 'type': 'delivery', 'country_id': japan.id})
        self.assertIn("country “Japan”", self._message(order))

    # === CATEGORIES ===#

    def test_a_line_of_a_category_below_counts_and_one_added_later_too(self):
        self._always(product_categ_ids=[Command.set(self.category.ids)])
        order = self._create_order(1)
        self.assertFalse(self._codes(order))
        press = self._new_product("Press", 10.0, 5.0)
        press.categ_id = self.child_category
        order.order_line = [Command.create({'product_id': press.id})]
        self.assertIn("product category “Machines”", self._message(order))

    def test_terms_that_the_order_does_not_have_are_judged(self):
        self._always(product_categ_ids=[Command.set(self.category.ids)])
        press = self._new_product("Press", 10.0, 5.0)
        press.categ_id = self.child_category
        order, wanted = self._create_order(1), self._create_order(1)
        wanted.order_line = [Command.create({'product_id': press.id})]
        terms = {order.id: wanted._get_control_terms()[wanted.id]}
        self.assertFalse(self._codes(order))
        self.assertTrue([issue for issue in order._get_control_issues('confirm', terms)[order.id] if issue.stops])

    # === NEW CUSTOMERS ===#

    def test_the_first_order_of_a_customer_needs_approval_and_the_second_does_not(self):
        self._policy(domain='[]', customer_kind='first', active=True)
        first, second = self._create_order(1), self._create_order(1)
        self.assertIn("no confirmed order yet", self._message(first))
        # Two that are judged together do not clear each other.
        self.assertTrue(self._codes(second))
        first.action_submit()
        self._request(first).with_user(self.sales_manager).action_agree()
        self.assertEqual(first.state, 'sale')
        self.assertFalse(self._codes(second))
        stranger = self.env['res.partner'].create({'name': "Stranger", 'country_id': self.company.country_id.id})
        self.assertTrue(self._codes(self._create_order(1, partner=stranger)))

    def test_an_old_customer_with_a_new_payer_is_new_and_so_is_the_other_way_round(self):
        policy = self._policy(domain='[]', customer_kind='first', active=False)
        old, payer, fresh = self.env['res.partner'].create([
            {'name': name, 'is_company': True} for name in ("Old Customer", "Old Payer", "Fresh Company")])
        known = self._create_order(1, partner=old)
        known.partner_invoice_id = payer
        known.action_submit()
        policy.active = True
        # Who paid for an order is known, whoever ordered it.
        for partner, invoiced, new in (
            (old, old, False), (old, payer, False), (payer, payer, False), (old, fresh, True), (fresh, old, True),
            (fresh, payer, True),
        ):
            with self.subTest(customer=partner.name, payer=invoiced.name):
                order = self._create_order(1, partner=partner)
                order.partner_invoice_id = invoiced
                self.assertEqual(bool(self._codes(order)), new)

    def test_a_customer_stays_new_for_days_whatever_date_is_written_on_the_first_order(self):
        self._policy(domain='[]', customer_kind='recent', new_customer_days=30)
        first, second = self._create_order(1), self._create_order(1)
        first.action_submit()
        self._request(first).with_user(self.sales_manager).action_agree()
        first.date_order = '2020-01-01'
        self.assertIn("not 30 days ago yet", self._message(second))
        later = fields.Date.today() + timedelta(days=31)
        self.env.invalidate_all()
        with control_today(self.env, later):
            self.assertFalse(self._codes(second))
        with self.assertRaises(ValidationError), self.cr.savepoint():
            self._policy(customer_kind='recent', new_customer_days=0)

    # === COMBINATION, BAD INPUT, COST ===#

    def test_all_conditions_must_hold_and_are_named_in_request_and_preview(self):
        self.customer.category_id = self.tag
        self._policy(
            min_amount=500, partner_tag_ids=[Command.set(self.tag.ids)], team_ids=[Command.set(self.team.ids)])
        self.assertFalse(self._codes(self._create_order(1)))
        order = self._create_order(10)
        order.team_id = self.team
        [reason] = order._get_approval_preview()['reasons']
        self.assertRegex(reason, "1,000.00.*500.00.*sales team “North”; customer tag “Key account”")
        order.action_submit()
        self.assertEqual([found['message'] for found in self._request(order).reasons], [reason])

    def test_several_matches_and_several_approvers_are_named_as_the_language_lists_them(self):
        tags = self.env['res.partner.category'].create([{'name': name} for name in ("One", "Two", "Three")])
        self.customer.category_id = tags
        self._policy(
            self._level(self.sales_manager | self.finance | self.director), min_amount=500,
            partner_tag_ids=[Command.set(tags.ids)])
        order, request = self._submitted()
        self.assertRegex(request.reasons[0]['message'], "customer tag “[A-Z][a-z]+”, “[A-Z][a-z]+”, and “[A-Z][a-z]+”")
        self.assertRegex(order.control_next, r"\), soc_.*\), or soc_.*\) decides on the approval$")

    def test_conditions_on_orders_are_refused_for_other_documents_by_name(self):
        with self.assertRaisesRegex(ValidationError, "“Sales Teams”"):
            self._policy(res_model='credit.limit.request', team_ids=[Command.set(self.team.ids)])

    def test_a_field_that_does_not_exist_is_named_when_saving(self):
        for domain, name in (("[('gone', '=', 1)]", "gone"), ("[('partner_id.nowhere', '=', 1)]", "nowhere"),
                             ("[('order_line', 'any', [('missing', '=', 1)])]", "missing")):
            with self.assertRaisesRegex(ValidationError, f"no field “{name}”"), self.cr.savepoint():
                self._policy(domain=domain)

    def test_a_condition_that_cannot_be_read_any_more_asks_and_says_so(self):
        policy = self._policy(domain="[('partner_id', '=', 0)]")
        self.env.cr.execute(
            "UPDATE sale_approval_policy SET domain = %s WHERE id = %s", ("[('gone', '=', 1)]", policy.id))
        policy.invalidate_recordset()
        self.env.registry.clear_cache()
        self.assertIn("cannot be read any more", self._message(self._create_order(1)))

    def test_conditions_cost_the_same_for_many_orders_as_for_few(self):
        self.customer.category_id = self.tag
        self.product.categ_id = self.child_category
        self._policy(
            domain='[]', partner_tag_ids=[Command.set(self.tag.ids)], team_ids=[Command.set(self.team.ids)],
            country_ids=[Command.set(self.customer.country_id.ids)],
            product_categ_ids=[Command.set(self.category.ids)], customer_kind='first', on_free_goods=True)
        self._policy(domain='[]', customer_kind='recent')
        customers = self.env['res.partner'].create([
            {'name': f"Customer {number}", 'country_id': self.customer.country_id.id, 'category_id': self.tag.ids}
            for number in range(20)])
        orders = self.env['sale.order'].browse(self._create_order(1, partner=partner).id for partner in customers)

        def count(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            some._get_control_issues('submit')
            return self.cr.sql_log_count - before

        count(orders[:1])
        few, many = count(orders[:2]), count(orders)
        self.assertLessEqual(many, few, f"2 orders: {few} queries, 20 orders: {many}")
