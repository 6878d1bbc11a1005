from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditSettlement(CreditCommon):
    """How an order is settled follows the customer; what is looser is judged by the credit rules."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.immediate, cls.days15, cls.days30, cls.days45, cls.month_end = (
            cls.env.ref(f'account.account_payment_term_{name}')
            for name in ('immediate', '15days', '30days', '45days', 'end_following_month'))

    def _graded(self, effect='block', **values):
        self._limit(None, self._grade(effect, **values))
        return self.account.grade_id

    def _codes(self, order, checkpoint='submit'):
        return [issue.code for issue in order._get_control_issues(checkpoint)[order.id]]

    # === LENGTH OF TERMS ===#

    def test_terms_are_compared_by_what_they_mean(self):
        terms = self.env['account.payment.term']
        def length(term):
            return terms._get_credit_length(term.id)
        self.assertEqual((length(self.days30).last, length(self.days30).weighted), (30, 30))
        self.assertEqual(length(terms).last, 0)
        # From the first of a month with 31 days to the end of the next one
        self.assertEqual(length(self.month_end).last, 61)
        half = terms.create({'name': "Half at once", 'line_ids': [
            Command.create({'value_amount': 50, 'nb_days': 0}), Command.create({'value_amount': 50, 'nb_days': 40})]})
        self.assertEqual((length(half).last, length(half).weighted), (40, 20))
        half.line_ids[1].nb_days = 60
        self.assertEqual((length(half).last, length(half).weighted), (60, 30))

    def test_terms_longer_than_the_grade_allows_stop(self):
        self._graded(payment_term_ids=[Command.link(self.days30.id)])
        order = self._create_order()
        self.assertEqual(self._codes(order), [])
        order.payment_term_id = self.days15
        self.assertEqual(self._codes(order), [])
        order.payment_term_id = self.days45
        [issue] = order._get_control_issues('submit')[order.id]
        self.assertEqual((issue.code, issue.effect, issue.facts['days']), ('credit.terms', 'block', 45))
        self.assertIn(self.days30.name, issue.clears)
        with self.assertRaisesRegex(UserError, "45 day"):
            order.action_confirm()
        order.payment_term_id = False
        self.assertEqual(self._codes(order), [])

    def test_half_now_and_half_late_is_no_way_round(self):
        self._graded(payment_term_ids=[Command.link(self.days30.id)])
        half = self.env['account.payment.term'].create({'name': "Half late", 'line_ids': [
            Command.create({'value_amount': 50, 'nb_days': 0}), Command.create({'value_amount': 50, 'nb_days': 50})]})
        order = self._create_order()
        order.payment_term_id = half
        self.assertEqual(self._codes(order), ['credit.terms'])

    def test_a_grade_without_terms_and_one_that_allows_excesses_say_nothing(self):
        order = self._create_order()
        order.payment_term_id = self.month_end
        self._graded()
        self.assertEqual(self._codes(order), [])
        self._graded('allow', code='U', watch_percent=80, payment_term_ids=[Command.link(self.days15.id)])
        self.assertEqual(self._codes(order), [])
        self._graded('block', code='V', payment_term_ids=[Command.link(self.days15.id)])
        self._switch(credit='off')
        self.assertEqual(self._codes(order), [])
        self._switch(credit='warn')
        [issue] = order._get_control_issues('submit')[order.id]
        self.assertEqual((issue.effect, issue.would), ('warn', 'block'))

    def test_new_customers_get_the_terms_of_their_grade(self):
        grade = self._graded(default_payment_term_id=self.days15.id)
        self.assertEqual(self._create_order().payment_term_id, self.days30, "the customer's own terms")
        self.customer.property_payment_term_id = False
        self.assertEqual(self._create_order().payment_term_id, self.days15)
        self._switch(credit='off')
        self.assertFalse(self._create_order().payment_term_id)
        with self.assertRaisesRegex(ValidationError, "longer than the grade allows"):
            grade.payment_term_ids = self.immediate

    # === MODE ===#

    def test_an_order_settles_as_its_customer_does(self):
        self._graded(settlement_mode='prepay', prepayment_percent=30)
        order = self._create_order()
        self.assertEqual((order.settlement_mode, order.settlement_percent), ('prepay', 30))
        self.account.with_user(self.controller).settlement_mode = 'monthly'
        other = self._create_order()
        self.assertEqual((other.settlement_mode, other.settlement_percent), ('monthly', 0))
        self.assertEqual(self.account.settlement_summary, "Monthly Account")
        self._switch(credit='off')
        self.assertFalse(self._create_order().settlement_mode)

    def test_stricter_is_free_and_looser_is_judged(self):
        self._graded(settlement_mode='cod')
        self.customer.property_payment_term_id = False
        order = self._create_order()
        for values, codes in (
            ({'settlement_mode': 'cod'}, []),
            ({'settlement_mode': 'prepay', 'settlement_percent': 20}, []),
            ({'settlement_mode': 'prepay', 'settlement_percent': 100}, []),
            ({'settlement_mode': 'monthly'}, ['credit.settlement']),
            ({'settlement_mode': 'credit'}, ['credit.settlement']),
            # Emptied, it follows the customer again
            ({'settlement_mode': False}, []),
        ):
            order.write(values)
            self.assertEqual(self._codes(order), codes, values)

    def test_less_in_advance_than_agreed_is_looser(self):
        self._graded(settlement_mode='prepay', prepayment_percent=50)
        order = self._create_order()
        order.settlement_percent = 49
        [issue] = order._get_control_issues('submit')[order.id]
        self.assertIn("Prepayment of 50 %", issue.message)
        self.assertIn("Prepayment of 49 %", issue.message)
        order.settlement_percent = 60
        self.assertEqual(self._codes(order), [])
        for percent in (0, -5, 101):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                order.settlement_percent = percent

    def test_cash_on_delivery_goes_with_immediate_payment(self):
        self._graded(settlement_mode='cod')
        order = self._create_order()
        self.assertEqual(order.payment_term_id, self.immediate)
        order.payment_term_id = self.days30
        self.assertEqual(self._codes(order), ['credit.terms'])

    def test_a_confirmed_order_meets_the_same_rules(self):
        self._graded(settlement_mode='prepay', payment_term_ids=[Command.link(self.days30.id)])
        order = self._create_order()
        order.settlement_percent = 100
        self._switch(credit='off')
        order.action_confirm()
        self._switch(credit='enforce')
        for values in (
            {'settlement_mode': 'monthly'}, {'settlement_mode': False}, {'settlement_percent': 10},
            {'settlement_mode': 'credit', 'payment_term_id': self.month_end.id},
        ):
            with self.assertRaisesRegex(UserError, "not allowed"), self.env.cr.savepoint():
                order.write(values)
            order.invalidate_recordset()
        self.account.with_user(self.controller).settlement_mode = 'credit'
        order.settlement_mode = 'credit'
        with self.assertRaisesRegex(UserError, "61 day"), self.env.cr.savepoint():
            order.payment_term_id = self.month_end

    def test_an_approval_covers_the_terms_it_saw_only(self):
        self._graded('approve', settlement_mode='cod')
        order = self._create_order()
        order.settlement_mode = 'credit'
        seen = order._get_control_terms()[order.id]
        order.settlement_mode = 'prepay'
        self.assertNotIn('settlement', order._get_control_terms()[order.id].worse_aspects(seen))
        safer = order._get_control_terms()[order.id]
        order.settlement_mode = 'credit'
        self.assertIn('settlement', order._get_control_terms()[order.id].worse_aspects(safer))
        self.assertEqual(type(seen).from_json(seen.to_json()), seen)
        self.assertNotEqual(seen.digest, safer.digest)

    # === RELEASE ===#

    def test_a_release_covers_the_terms_it_saw_and_no_longer_ones(self):
        self._graded(payment_term_ids=[Command.link(self.days15.id)])
        order = self._create_order()
        self.assertEqual(self._codes(order), ['credit.terms'])
        order.with_user(self.controller).action_credit_release("Agreed with their accountant")
        self.assertEqual(self._codes(order), [])
        order.payment_term_id = self.month_end
        self.assertEqual(self._codes(order), ['credit.terms'])
        order.payment_term_id = self.days30
        order.action_confirm()
        self.assertEqual(order.state, 'sale')

    def test_a_customers_release_is_about_amounts_not_terms(self):
        self._graded(payment_term_ids=[Command.link(self.days15.id)])
        order = self._create_order()
        self.account.with_user(self.controller).action_release("Season", amount=100000)
        self.assertEqual(self._codes(order), ['credit.terms'])

    def test_an_order_on_hold_for_its_settlement_is_freed_by_the_agreement(self):
        self._graded(settlement_mode='cod')
        self.customer.property_payment_term_id = False
        order = self._create_order()
        order.settlement_mode = 'monthly'
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')
        self.assertIn("Cash on Delivery", order.credit_hold_reason)
        self.account.with_user(self.controller).settlement_mode = 'monthly'
        self.assertEqual(order.credit_state, 'ok')

    # === RIGHTS AND BAD INPUT ===#

    def test_only_a_controller_agrees_on_another_settlement(self):
        for user in (self.salesperson, self.sales_manager):
            for values in ({'settlement_mode': 'credit'}, {'prepayment_percent': 1}):
                with self.assertRaises(AccessError):
                    self.account.with_user(user).write(values)
        account = self.account.with_user(self.controller)
        for percent in (-1, 101):
            with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                account.prepayment_percent = percent
                account.flush_recordset()
        self.assertTrue(self.env['credit.account']._fields['settlement_mode'].tracking)

    def test_the_portal_reads_no_settlement(self):
        portal = self.env.ref('base.group_portal')
        user = self.env['res.users'].create({'name': "P", 'login': 'soc_p', 'group_ids': [Command.set(portal.ids)]})
        names = self.env['sale.order'].with_user(user).fields_get()
        self.assertFalse([name for name in names if name.startswith('settlement')])

    def test_a_grade_that_asks_for_nothing_in_advance_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "0 %"):
            self._grade(settlement_mode='prepay', prepayment_percent=0)

    # === SCREENS AND COST ===#

    def test_the_form_offers_what_fits(self):
        self._graded(settlement_mode='credit')
        with Form(self.env['sale.order'].with_user(self.salesperson)) as form:
            form.partner_id = self.customer
            self.assertEqual((form.settlement_mode, form.payment_term_id), ('credit', self.days30))
            form.settlement_mode = 'cod'
            self.assertEqual(form.payment_term_id, self.immediate)
            form.settlement_mode = 'prepay'
            self.assertEqual(form.settlement_percent, 100)

    def test_the_rules_cost_the_same_for_one_order_and_for_twenty(self):
        self._graded(settlement_mode='cod', payment_term_ids=[Command.link(self.days15.id)])
        orders = self.env['sale.order'].union(*[self._create_order() for _n in range(20)])
        orders.settlement_mode = 'credit'
        orders.payment_term_id = self.days45
        counts = []
        for some in (orders[:1], orders[:2], orders):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            issues = some._get_control_issues('submit')
            counts.append(self.env.cr.sql_log_count - before)
            self.assertTrue(all(len(found) == 2 for found in issues.values()))
        self.assertLessEqual(counts[2], counts[1], counts)
