from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditFourEyes(CreditCommon):
    """A controller who sells to a customer does not make its credit easier."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller.sudo().group_ids += cls.env.ref('sales_team.group_sale_salesman_all_leads')
        cls.good = cls._grade(code='G', sequence=1)
        cls.poor = cls._grade(code='P', sequence=90)
        cls.account = cls._limit(1000, cls.poor)
        cls.colleague = cls._new_user('soc_controller2', 'sale_order_control.group_credit_controller')
        cls.order = cls._create_order(1, user=cls.controller)

    def _temporary(self, amount, user=None):
        today = fields.Date.context_today(self.env.user)
        return self.env['credit.limit.temporary'].with_user(user or self.controller).create({
            'account_id': self.account.id, 'amount': amount, 'date_from': today,
            'date_to': today + timedelta(days=5), 'reason': "Season"})

    def _assert_refused(self, act, *args):
        with self.assertRaisesRegex(AccessError, "Four eyes.*limit request"), self.env.cr.savepoint():
            act(*args)
        self.env.invalidate_all()

    def test_nothing_is_made_easier_by_who_sells(self):
        partner = self.customer.with_user(self.controller)
        for act, values in (
            (self.account.write, {'credit_limit': 2000}), (self.account.write, {'limit_kind': 'none'}),
            (self.account.write, {'grade_id': self.good.id}), (self.account.write, {'grade_id': False}),
            (partner.sudo().write, {'credit_limit': 2000}), (partner.sudo().write, {'credit_limit': 0}),
        ):
            with self.subTest(values=values):
                self._assert_refused(act, values)
        self._assert_refused(self._temporary, 2000)
        self._assert_refused(self.account.action_override_grade, self.good, "I know them")
        self.assertEqual((self.account.credit_limit, self.account.grade_id), (1000, self.poor))

    def test_an_order_given_away_is_still_of_who_entered_it(self):
        self.order.sudo().user_id = self.salesperson
        self._assert_refused(self.account.write, {'credit_limit': 2000})

    def test_a_confirmed_order_counts_until_it_is_over(self):
        self.order.action_confirm()
        self._assert_refused(self.account.write, {'credit_limit': 2000})
        self.order.sudo().action_cancel()
        self.account.credit_limit = 2000

    def test_a_hold_is_lifted_by_somebody_else(self):
        self.account.action_hold("Cheque came back")
        self._assert_refused(self.account.action_release, "It is fine")
        self._assert_refused(self.account.action_release, "It is fine", 5)
        self.account.with_user(self.colleague).action_release("Paid in cash")
        self.assertFalse(self.account.is_held)

    def test_making_it_stricter_stays_free(self):
        self._temporary(500)
        self.account.write({'credit_limit': 900, 'grade_id': self.env['credit.grade'].browse(self.poor.id).id})
        self.customer.with_user(self.controller).sudo().credit_limit = 800
        self.account.limit_kind = 'zero'
        self._assert_refused(self.account.write, {'limit_kind': 'amount', 'credit_limit': 10})
        self.account.with_user(self.colleague).grade_id = self.good
        self.account.action_override_grade(self.poor, "Late again")
        self.account.action_hold("Cheque came back")
        self.assertTrue(self.account.is_held)

    def test_others_and_other_customers_are_free(self):
        self.account.with_user(self.colleague).write({'credit_limit': 2000, 'grade_id': self.good.id})
        self._temporary(3000, self.colleague)
        other = self.env['res.partner'].create({'name': "Other", 'is_company': True})
        self.assertEqual(self._limit(5000, self.good, other).credit_limit, 5000)

    def test_nothing_is_asked_until_control_is_in_force(self):
        for mode in ('off', 'warn'):
            self._switch(credit=mode)
            self.account.write({'credit_limit': self.account.credit_limit + 1000})
        self.assertEqual(self.account.credit_limit, 3000)
