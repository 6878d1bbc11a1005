from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ...models.order.control_memory import control_acting
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

    def _sold_by(self, user):
        """Return an order on credit hold that one person entered, another submitted, and a third one sells."""
        self.account.with_user(self.colleague).credit_limit = 100
        order = self._create_order(5)
        order.sudo().user_id = user
        order = order.with_user(self.sales_manager)
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        return order

    def test_who_gave_the_order_away_does_not_release_it(self):
        self.order.sudo().action_cancel()
        order = self._sold_by(self.controller)
        order.with_user(self.controller).user_id = self.other_salesperson
        for act in (order.with_user(self.controller).action_credit_release,
                    order.with_user(self.controller).action_credit_reject):
            with self.assertRaisesRegex(AccessError, "Four eyes"), self.env.cr.savepoint():
                act("A good customer")
        self._assert_refused(self.account.write, {'credit_limit': 9000})
        order.with_user(self.colleague).action_credit_release("Looked at")
        self.assertEqual(order.credit_state, 'released')

    def test_who_submitted_an_order_does_not_release_it(self):
        self.order.sudo().action_cancel()
        order = self._create_order(50)
        order.with_user(self.controller).action_submit()
        self.assertEqual(order.credit_state, 'hold')
        self.assertNotIn(self.controller, order.user_id | order.create_uid)
        with self.assertRaisesRegex(AccessError, "Four eyes"):
            order.with_user(self.controller).action_credit_release("A good customer")
        self._assert_refused(self.account.write, {'credit_limit': 9000})

    def test_a_release_of_the_customer_frees_no_order_that_was_given_away(self):
        self.order.sudo().action_cancel()
        self.account.action_release("A good customer", 9000)
        order = self._sold_by(self.controller)
        order.with_user(self.controller).user_id = self.other_salesperson
        order.action_credit_recheck()
        self.assertEqual(order.credit_state, 'hold')
        theirs = self._create_order(5)
        theirs.action_submit()
        self.assertNotEqual(theirs.credit_state, 'hold')

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

    # === GUARANTEES, GROUPS, SCORES ===#

    def _guarantee(self, user=None):
        return self.env['credit.guarantee'].with_user(user or self.colleague).create({
            'name': "Policy 4711", 'account_id': self.account.id, 'value': 500,
            'currency_id': self.company.currency_id.id})

    def test_who_enters_a_guarantee_does_not_let_it_count(self):
        guarantee = self._guarantee()
        with self.assertRaisesRegex(AccessError, "somebody else must validate what you entered: Policy 4711"):
            guarantee.action_validate()
        third = self._new_user('soc_controller3', 'sale_order_control.group_credit_controller')
        guarantee.with_user(third).write({'value': 9000, 'entered_by': self.colleague.id})
        for user in (self.colleague, third):
            with self.assertRaisesRegex(AccessError, "somebody else must validate"):
                guarantee.with_user(user).action_validate()
        made = self.env['credit.guarantee'].with_user(third).with_context(default_entered_by=self.colleague.id).create({
            'name': "B", 'account_id': self.account.id, 'value': 500, 'entered_by': self.colleague.id,
            'currency_id': self.company.currency_id.id})
        self.assertEqual(made.entered_by, third)
        fourth = self._new_user('soc_controller4', 'sale_order_control.group_credit_controller')
        guarantee.with_user(fourth).action_validate()
        self.assertEqual((guarantee.state, guarantee.entered_by), ('valid', third))

    def test_who_sells_lets_no_guarantee_count_but_ends_it(self):
        guarantee = self._guarantee()
        self._assert_refused(guarantee.with_user(self.controller).action_validate)
        third = self._new_user('soc_controller3', 'sale_order_control.group_credit_controller')
        guarantee.with_user(third).action_validate()
        guarantee.with_user(self.controller).action_end()
        self.assertEqual(guarantee.state, 'ended')

    def test_alone_one_enters_and_validates_until_control_is_in_force(self):
        self._switch(credit='warn')
        guarantee = self._guarantee()
        guarantee.action_validate()
        self.assertEqual(guarantee.state, 'valid')

    def _pool(self, limit=100, **values):
        return self.env['credit.pool'].with_user(self.colleague).create({
            'name': "Family", 'company_id': self.company.id, 'limit': limit, **values})

    def test_who_sells_takes_nobody_out_of_a_group_and_raises_no_shared_limit(self):
        whole = self._pool(500, name="Whole")
        pool, other = self._pool(parent_id=whole.id), self._pool(1000, name="Other")
        self.account.pool_id = pool
        mine = pool.with_user(self.controller)
        for act, values in (
            (self.account.write, {'pool_id': False}), (self.account.write, {'pool_id': other.id}),
            (self.account.write, {'pool_id': whole.id}), (mine.write, {'account_ids': [Command.clear()]}),
            (mine.write, {'limit': 101}), (mine.write, {'active': False}), (mine.write, {'parent_id': False}),
            (whole.with_user(self.controller).write, {'limit': 600}),
        ):
            with self.subTest(values=values):
                self._assert_refused(act, values)
        mine.write({'limit': 50})
        whole.with_user(self.controller).limit = 400
        other.with_user(self.controller).limit = 2000
        self.account.with_user(self.colleague).pool_id = False
        self.assertFalse(self.account.pool_id)

    def _propose(self, grade):
        with control_acting(self.env):
            self.account.sudo().write({
                'scored_grade_id': grade.id, 'proposed_limit_kind': 'amount', 'proposed_limit': 5000})

    def test_who_sells_applies_no_proposal_that_eases_and_ends_no_strict_override(self):
        self._propose(self.good)
        self._assert_refused(self.account.action_apply_score)
        self.account.with_user(self.colleague).action_override_grade(self.poor, "Late again")
        self._assert_refused(self.account.action_end_override)
        self.account.with_user(self.colleague).action_end_override()
        self.assertEqual(self.account.grade_id, self.good)

    def test_who_judged_by_hand_does_not_apply_what_follows(self):
        card = self.env['credit.scorecard'].create({'name': "Card", 'factor_ids': [Command.create({
            'name': "Reputation", 'kind': 'manual', 'weight': 1, 'range_ids': [
                Command.create({'answer': "Good", 'points': 100})]})]})
        self.env['credit.account.answer'].with_user(self.colleague).create({
            'account_id': self.account.id, 'factor_id': card.factor_ids.id, 'range_id': card.factor_ids.range_ids.id})
        self._propose(self.good)
        with self.assertRaisesRegex(AccessError, "your own judgement by hand"), self.env.cr.savepoint():
            self.account.with_user(self.colleague).action_apply_score()
        self.env.invalidate_all()
        third = self._new_user('soc_controller3', 'sale_order_control.group_credit_controller')
        self.account.with_user(third).action_apply_score()
        self.assertEqual(self.account.grade_id, self.good)

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
