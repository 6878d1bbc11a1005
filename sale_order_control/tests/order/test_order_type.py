from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ControlCommon


@tagged('post_install', '-at_install')
class TestOrderType(ControlCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domestic = cls.env.ref('sale_order_control.sale_type_domestic')
        cls.export = cls.env.ref('sale_order_control.sale_type_export')
        cls.internal = cls.env.ref('sale_order_control.sale_type_internal')
        cls.abroad = cls.env['res.country'].search(
            [('id', 'not in', (cls.company.country_id | cls.company.account_fiscal_country_id).ids)], limit=1)
        cls.foreigner = cls.customer.copy({'name': "Customer Abroad", 'country_id': cls.abroad.id})

    def _get_type_issues(self, order):
        return [issue for issue in order._get_control_issues('submit')[order.id] if issue.code == 'order.sales_type']

    # === WHICH TYPE ===#

    def test_type_follows_the_customers_country(self):
        self.assertEqual(self._create_order().sale_type_id, self.domestic)
        self.assertEqual(self._create_order(partner=self.foreigner).sale_type_id, self.export)

    def test_contact_counts_as_its_company(self):
        contact = self.env['res.partner'].create({
            'name': "Contact", 'parent_id': self.foreigner.id, 'country_id': self.company.country_id.id})
        self.assertEqual(self._create_order(partner=contact).sale_type_id, self.export)

    def test_customer_without_a_country_counts_as_domestic(self):
        self.customer.country_id = False
        self.assertEqual(self._create_order().sale_type_id, self.domestic)

    def test_own_company_is_internal(self):
        sister = self.env['res.company'].create({'name': "Sister", 'country_id': self.abroad.id})
        self.assertEqual(self._create_order(partner=sister.partner_id).sale_type_id, self.internal)

    def test_the_invoiced_customer_counts_too(self):
        order = self._create_order(partner=self.foreigner)
        order.partner_invoice_id = self.customer
        self.assertEqual(order.sale_type_id, self.domestic)

    def test_another_customer_brings_another_type(self):
        order = self._create_order()
        order.partner_id = self.foreigner
        self.assertEqual(order.sale_type_id, self.export)

    def test_archived_type_is_given_to_nobody(self):
        self.export.active = False
        self.assertFalse(self._create_order(partner=self.foreigner).sale_type_id)

    def test_first_type_of_a_scope_wins(self):
        special = self.env['sale.control.type'].create({'name': "First", 'scope': 'domestic', 'sequence': 1})
        self.assertEqual(self._create_order().sale_type_id, special)

    def test_type_of_another_company_is_not_given(self):
        other = self.env['res.company'].create({'name': "Other"})
        self.env['sale.control.type'].create({
            'name': "Theirs", 'scope': 'domestic', 'sequence': 1, 'company_id': other.id})
        self.assertEqual(self._create_order().sale_type_id, self.domestic)

    def test_copy_of_an_order_takes_the_customers_type_again(self):
        order = self._create_order()
        order.sale_type_id = self.export
        self.assertEqual(order.copy().sale_type_id, self.domestic)

    # === ANOTHER TYPE THAN THE CUSTOMER'S ===#

    def test_another_type_than_the_customers_needs_approval(self):
        self._switch(approval='enforce')
        order = self._create_order()
        self.assertFalse(self._get_type_issues(order))
        order.sale_type_id = self.export
        [found] = self._get_type_issues(order)
        self.assertIn(found.effect, ('approve', 'block'))
        self.assertIn("Export", found.message)
        self.assertIn("Domestic", found.clears)

    def test_taking_the_type_away_needs_approval_too(self):
        self._switch(approval='enforce')
        order = self._create_order()
        order.sale_type_id = False
        self.assertTrue(self._get_type_issues(order))

    def test_another_type_is_only_told_in_warn_mode(self):
        self._switch(approval='warn')
        order = self._create_order()
        order.sale_type_id = self.export
        [found] = self._get_type_issues(order)
        self.assertEqual(found.effect, 'warn')
        self.assertTrue(found.would)

    def test_another_type_is_nobodys_business_while_approval_is_off(self):
        self._switch(completeness='enforce')
        order = self._create_order()
        order.sale_type_id = self.export
        self.assertFalse(self._get_type_issues(order))

    # === RIGHTS ===#

    def test_only_managers_configure_types_and_sources(self):
        source = self.env.ref('sale_order_control.source_phone')
        for user in (self.salesperson, self.sales_manager, self.controller, self.planner):
            self.domestic.with_user(user).read(['name'])
            for record in (self.domestic, source):
                with self.assertRaises(AccessError):
                    record.with_user(user).write({'name': "Mine"})
                with self.assertRaises(AccessError):
                    record.with_user(user).unlink()
                with self.assertRaises(AccessError):
                    record.with_user(user).create({'name': "Mine"})

    def test_change_of_a_type_counts_at_once(self):
        self._create_order()
        self.domestic.scope = 'manual'
        self.assertFalse(self._create_order().sale_type_id)
