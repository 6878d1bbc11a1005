from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditMerge(CreditCommon):
    """Contacts that are merged: one account, all decisions, no hold lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.double = cls.env['res.partner'].create(
            {'name': "Controlled Customer (double)", 'is_company': True, 'email': cls.customer.email})
        cls.clerk = cls._new_user('soc_clerk', 'base.group_partner_manager,sales_team.group_sale_salesman')

    def _merge(self, gone, kept, user=None):
        wizard = self.env['base.partner.merge.automatic.wizard'].with_user(user or self.clerk)
        wizard._merge((gone + kept).ids, kept.with_user(user or self.clerk))
        self.env.invalidate_all()
        self.assertFalse(gone.exists())

    def test_merged_customers_have_one_account_with_all_decisions(self):
        grades = self._grade(code='kept'), self._grade(code='gone')
        self._limit(None, grades[0])
        gone = self._limit(None, grades[1], partner=self.double).sudo()
        orders = self._create_order(1) + self._create_order(1, partner=self.double)
        for order in orders:
            order.action_confirm()
        decisions = orders.sudo().credit_decision_ids
        self.assertEqual(decisions.account_id, self.account + gone)
        facts = decisions.read(['result', 'figures', 'date', 'user_id', 'order_id', 'create_date'])
        self._merge(self.double, self.customer)
        self.assertFalse(gone.exists())
        self.assertEqual(decisions.account_id, self.account)
        self.assertEqual(orders.sudo().credit_account_id, self.account)
        self.assertEqual((self.account.partner_id, self.account.grade_id), (self.customer, grades[0]))
        self.assertEqual(
            decisions.read(['result', 'figures', 'date', 'user_id', 'order_id', 'create_date']), facts)
        self.assertExposure(200)

    def test_a_hold_of_either_customer_survives_and_ends_releases(self):
        for held, other in ((self.double, self.customer), (self.customer, self.double)):
            with self.subTest(held=held.name), self.env.cr.savepoint() as savepoint:
                account = self._limit(None, partner=held)
                account.action_hold("Insolvency announced")
                self._limit(None, partner=other).action_release("Frame contract", amount=100000)
                self._merge(self.double, self.customer)
                self.assertTrue(self.account.is_held)
                self.assertEqual((self.account.hold_reason, self.account.hold_user_id),
                                 ("Insolvency announced", self.controller))
                with self.assertRaisesRegex(UserError, "Insolvency announced"):
                    self._create_order(1).action_confirm()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_release_of_one_customer_does_not_cover_the_other(self):
        self._limit(100)
        self._limit(100, partner=self.double).action_release("Frame contract", amount=100000)
        self._merge(self.double, self.customer)
        order = self._create_order(5)
        self.assertEqual([issue.code for issue in order._get_control_issues('confirm')[order.id]], ['credit.limit'])

    def test_an_account_moves_along_where_the_other_customer_has_none(self):
        self._limit(None)
        order = self._create_order(1)
        order.action_confirm()
        self.account.with_user(self.controller).action_hold("Insolvency announced")
        self._merge(self.customer, self.double)
        self.assertEqual((self.account.partner_id, self.account.is_held), (self.double, True))
        self.assertEqual(self.account.decision_ids.sudo().mapped('result'), ['hold', 'passed'])

    def test_a_customer_that_is_merged_into_a_contact_leaves_its_account_to_the_customer(self):
        contact = self.env['res.partner'].create(
            {'name': "Contact", 'parent_id': self.customer.id, 'email': self.customer.email})
        gone = self._limit(None, partner=self.double).sudo()
        gone.with_user(self.controller).action_hold("Insolvency announced")
        self._merge(self.double, contact)
        self.assertFalse(gone.exists())
        self.assertTrue(self.account.is_held)
        # Odoo makes the contact a company as the other one was: a customer of its own, held as well.
        self.assertEqual(contact.commercial_partner_id, contact)
        self.assertTrue(self.accounts.sudo().search([('partner_id', '=', contact.id)]).is_held)
