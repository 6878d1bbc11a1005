from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import CreditCommon

# What salespeople enter themselves: requests and papers, in their own name.
ENTERED_BY_SALES = {'credit.limit.request', 'credit.document'}


@tagged('post_install', '-at_install')
class TestCreditAttack(CreditCommon):
    """Every door of the credit room, tried by people who call methods instead of clicking."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._limit(100, cls._grade('block'))
        cls.order = cls._create_order(5)
        cls.order.action_submit()
        cls.portal = new_test_user(cls.env, 'soc_attack_portal', groups='base.group_portal')
        cls.portal.partner_id.parent_id = cls.customer

    def _models(self):
        return sorted(name for name, model in self.env.registry.items()
                      if name.startswith('credit.') and not model._abstract)

    def test_customers_reach_no_record_of_the_room(self):
        for name in self._models():
            model = self.env[name].with_user(self.portal)
            for act in (lambda model=model: model.search([], limit=1), lambda model=model: model.create({}),
                        lambda model=model: model.onchange({}, [], {'display_name': {}})):
                # Facts refuse everybody by the same sentence, before rights are asked.
                with self.subTest(model=name), self.assertRaises(UserError):
                    act()
                self.assertFalse(model.has_access('read') or model.has_access('create'))

    def test_a_customer_reads_no_credit_field_of_their_order(self):
        order = self.order.with_user(self.portal)
        names = [name for name in self.order._fields if name.startswith(('credit_', 'advance_'))]
        self.assertTrue(names)
        for name in names:
            with self.subTest(field=name), self.assertRaises(AccessError):
                order.read([name])
        for name in ('credit_state', 'credit_hold_reason', 'credit_account_id'):
            with self.subTest(search=name), self.assertRaises(AccessError):
                order.search([(name, '!=', False)])

    def test_salespeople_make_change_and_delete_nothing_but_requests_and_papers(self):
        for name in set(self._models()) - ENTERED_BY_SALES:
            model = self.env[name].with_user(self.salesperson)
            for operation in ('create', 'write', 'unlink'):
                with self.subTest(model=name, operation=operation):
                    self.assertFalse(model.has_access(operation))

    def test_no_act_of_a_controller_is_open_to_salespeople_or_customers(self):
        account, order, grade = self.account, self.order, self.account.grade_id
        acts = {
            'hold': lambda user: account.with_user(user).action_hold("Mine"),
            'release customer': lambda user: account.with_user(user).action_release("Mine", amount=999),
            'score': lambda user: account.with_user(user).action_score(),
            'apply': lambda user: account.with_user(user).action_apply_score(),
            'override': lambda user: account.with_user(user).action_override_grade(grade.id, "Mine"),
            'end override': lambda user: account.with_user(user).action_end_override(),
            'statement': lambda user: account.with_user(user).action_make_statement(),
            'release': lambda user: order.with_user(user).action_credit_release("Mine", amounts={str(order.id): 999}),
            'reject': lambda user: order.with_user(user).action_credit_reject("Mine"),
            'take': lambda user: order.with_user(user).action_credit_take(),
            'hand over': lambda user: order.with_user(user).action_credit_hand_over(user.id),
            'payments': lambda user: order.with_user(user).action_set_advance_payments([1]),
            'rules of the grade': lambda user: grade.with_user(user).write({'limit_amount': 1e6}),
            'how proposals count': lambda user: account.with_user(user).write({'apply_mode': 'automatic'}),
        }
        for name, act in acts.items():
            for user in (self.salesperson, self.other_salesperson, self.sales_manager, self.portal):
                with self.subTest(act=name, user=user.login), self.assertRaises(AccessError):
                    act(user)
        self.assertEqual((order.credit_state, account.is_held, account.credit_limit), ('hold', False, 100))

    def test_another_salesperson_checks_no_order_of_somebody_else_again(self):
        with self.assertRaises(AccessError):
            self.order.with_user(self.other_salesperson).action_credit_recheck()

    def test_a_refusal_is_not_shaken_off(self):
        order = self.order
        order.with_user(self.controller).action_credit_reject("Court case")
        self._limit(5000)
        mine = order.with_user(self.salesperson)
        for act in (
            lambda: mine.write({'credit_state': 'ok'}),
            lambda: mine.with_context(default_credit_state='ok').write({'state': 'sale'}),
            lambda: mine.credit_decision_ids.unlink(),
            lambda: mine.credit_decision_ids.write({'result': 'released'}),
            lambda: mine.write({'credit_decision_ids': [(5, 0, 0)]}),
            lambda: mine.unlink(),
            lambda: mine.action_confirm(),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()
        mine.action_credit_recheck()
        mine.action_cancel()
        mine.action_draft()
        mine.order_line.product_uom_qty = 1
        mine.action_submit()
        self.assertEqual((order.state, order.credit_state), ('draft', 'hold'))
        self.assertIn("Court case", order.credit_hold_reason)

    def test_night_and_queue_are_not_called_from_outside(self):
        from odoo.service.model import get_public_method
        for model, names in (
                ('credit.account', ('_cron_nightly', '_follow_grade_rules', '_store_limits', '_apply_scores')),
                ('credit.grade', ('_follow_rules',)), ('credit.nightly.step', ('_reopen',)),
                ('credit.decision', ('_record_facts',)), ('sale.order', ('_record_verdict', '_recheck_credit_hold'))):
            for name in names:
                with self.subTest(method=name), self.assertRaises(AccessError):
                    get_public_method(self.env[model], name)
