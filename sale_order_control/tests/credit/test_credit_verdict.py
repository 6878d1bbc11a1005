from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.order.control_memory import control_acting, control_today
from .common import CreditCommon
from .score_common import ScoreCommon


@tagged('post_install', '-at_install')
class TestCreditVerdict(CreditCommon):
    """What a controller said of an order stays said; of a batch each order has its own cap and its own answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._limit(100, cls._grade('block'))

    def _held(self, quantity=5):
        order = self._create_order(quantity)
        order.action_submit()
        return order

    def _refused(self, quantity=5):
        order = self._held(quantity)
        order.with_user(self.controller).action_credit_reject("Court case")
        return order

    def _issues(self, order, checkpoint='submit'):
        return {issue.code: issue for issue in order._get_control_issues(checkpoint)[order.id]}

    # === REFUSALS ===#

    def test_a_refused_order_that_was_cancelled_comes_back_refused(self):
        order = self._refused()
        order.action_cancel()
        order.action_draft()
        self._limit(5000)
        order.action_submit()
        self.assertEqual((order.state, order.credit_state), ('draft', 'hold'))
        self.assertIn("Court case", order.credit_hold_reason)
        with self.assertRaisesRegex(UserError, "Court case"):
            order.action_confirm()
        order.with_user(self.controller).action_credit_release("They won")
        order.action_submit()
        self.assertEqual(order.state, 'sale')

    def test_a_release_does_not_come_back(self):
        order = self._held()
        order.with_user(self.controller).action_credit_release("They pay on Friday")
        order.action_cancel()
        order.action_draft()
        order.action_submit()
        self.assertEqual(order.credit_state, 'hold')

    def test_a_copy_is_another_order_and_shows_what_was_refused(self):
        order = self._refused()
        copy = order.copy()
        self.assertEqual(copy.credit_state, 'none')
        issue = self._issues(copy)['credit.refused_before']
        self.assertEqual(issue.effect, 'warn')
        for word in (order.name, self.controller.name, "Court case"):
            self.assertIn(word, issue.message)
        [section] = [part for part in copy.with_user(self.controller).control_panel if part['area'] == 'credit']
        self.assertIn("Court case", str(section))
        self._limit(5000)
        copy.action_submit()
        self.assertEqual((copy.state, copy.credit_state), ('sale', 'watch'))
        self.assertNotIn('credit.refused_before', self._issues(copy, 'release'))

    def test_a_refusal_is_shown_until_a_controller_says_another_word_or_it_is_old(self):
        order = self._refused()
        other = self._create_order(1)
        self.assertIn('credit.refused_before', self._issues(other))
        with control_today(self.env, self.env['sale.order']._get_control_today() + timedelta(days=91)):
            self.assertNotIn('credit.refused_before', self._issues(other))
        order.with_user(self.controller).action_credit_release("They won")
        self.assertNotIn('credit.refused_before', self._issues(other))
        self._refused()
        self.assertIn('credit.refused_before', self._issues(other))
        self.account.with_user(self.controller).action_release("All settled", amount=5000)
        self.assertNotIn('credit.refused_before', self._issues(other))

    # === BATCHES ===#

    def _wizard(self, orders, decision='release', **values):
        return self.env['credit.decide'].with_user(self.controller).with_context(
            active_model=orders._name, active_ids=orders.ids, default_decision=decision).create(
                {'reason': "Season", **values})

    def test_each_order_of_a_batch_is_released_up_to_its_own_amount(self):
        orders = self._held(5) | self._held(7) | self._held(9)
        wizard = self._wizard(orders)
        self.assertEqual(wizard.line_ids.mapped('amount'), [500, 700, 900])
        wizard.line_ids[1].amount = 650
        wizard.line_ids[2].amount = 1200
        message = wizard.action_decide()['params']['message']
        self.assertEqual(orders.mapped('credit_state'), ['released', 'hold', 'released'])
        caps = {decision.order_id: decision.amount for decision in self.env['credit.decision'].search(
            [('order_id', 'in', orders.ids), ('result', '=', 'released')])}
        self.assertEqual(caps, dict(zip(orders, (500, 650, 1200), strict=True)))
        for words in (f"{orders[0].name} is released up to $\N{NO-BREAK SPACE}500.00",
                      f"{orders[1].name} is still on hold", f"{orders[2].name} is released up to"):
            self.assertIn(words, message)

    def test_over_rpc_a_cap_per_order_and_none_means_its_own_amount(self):
        orders = self._held(5) | self._held(7)
        orders.with_user(self.controller).action_credit_release("Season", amounts={str(orders[0].id): 600})
        caps = self.env['credit.decision'].search([('order_id', 'in', orders.ids), ('result', '=', 'released')])
        self.assertEqual(sorted(caps.mapped('amount')), [600, 700])
        with self.assertRaisesRegex(UserError, "above zero"):
            orders.with_user(self.controller).action_credit_release("Season", amounts={str(orders[0].id): -1})

    def test_a_batch_is_refused_handed_over_and_checked_again_with_an_answer_for_each(self):
        orders = self._held(5) | self._held(7)
        other = self._new_user('soc_second', 'sale_order_control.group_credit_controller')
        message = self._wizard(orders, 'hand_over', user_id=other.id).action_decide()['params']['message']
        self.assertEqual(orders.sudo().credit_handler_id, other)
        for order in orders:
            self.assertIn(order.name, message)
        self.account.with_user(self.controller).credit_limit = 550
        message = orders.with_user(self.controller).action_credit_recheck()['params']['message']
        self.assertIn(f"{orders[0].name} is not on credit hold", message)
        self.assertIn(f"{orders[1].name} is still on hold", message)
        message = self._wizard(orders, 'reject').action_decide()['params']['message']
        self.assertEqual(orders.mapped('credit_state'), ['hold', 'hold'])
        for order in orders:
            self.assertIn(f"{order.name}: credit is refused", message)

    def test_releasing_a_batch_costs_the_queries_of_one_for_its_figures(self):
        orders = self.env['sale.order'].union(*[self._held(5) for _n in range(12)])
        counts = []
        for some in (orders[:1], orders[:1], orders):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_user(self.controller)._get_credit_checks('submit')
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1], counts)


@tagged('post_install', '-at_install')
class TestCreditApplyMode(ScoreCommon):
    """Whose proposals count at once is said per customer, per grade, or by the scorecard."""

    def test_the_customers_word_goes_before_the_grades_and_theirs_before_the_scorecards(self):
        card = self._in_use()
        account = self.account
        with control_acting(self.env):
            account.write({'grade_id': self.poor.id, 'scored_grade_id': self.good.id})
        for own, had, proposed, automatic, expected in (
                (False, False, False, False, False), (False, False, False, True, True),
                (False, 'automatic', False, False, True), (False, 'automatic', 'controller', True, False),
                (False, False, 'controller', True, False), ('automatic', 'controller', 'controller', False, True),
                ('controller', 'automatic', 'automatic', True, False)):
            account.apply_mode, self.poor.apply_mode, self.good.apply_mode = own, had, proposed
            card.is_automatic = automatic
            self.assertEqual(account._is_applied_by_itself(card), expected, (own, had, proposed, automatic))

    def test_a_proposal_of_a_careful_customer_waits_and_that_of_another_counts_and_is_journalled(self):
        self._in_use(is_automatic=True)
        careful = self.accounts._for_partners(self.env['res.partner'].create({'name': "Careful"}), self.company)
        careful.apply_mode = 'controller'
        both = self.account | careful
        both.customer_since = '2010-01-01'
        both.with_user(self.controller).action_score()
        self.assertEqual((self.account.grade_id, careful.grade_id), (self.good, self.env['credit.grade']))
        self.assertEqual((self.account.has_proposal, careful.has_proposal), (False, True))
        applied = self.env['credit.score'].search([('account_id', '=', self.account.id)], limit=1)
        self.assertEqual((applied.origin, applied.grade_id), ('applied', self.good))
        entry = self.env['credit.limit.entry'].search(
            [('account_id', '=', self.account.id), ('subject', '=', 'grade')], limit=1)
        self.assertEqual((entry.after, entry.reason), ("Good", "Proposed by the scorecard."))
