from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalSteps(ApprovalCommon):
    """Steps aside: back to an earlier level, one more person, taking back, taking over."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._policy(cls._level(cls.sales_manager, 10), cls._level(cls.finance, 20), cls._level(cls.director, 30))
        cls.boss = cls._new_user('soc_boss', 'sale_order_control.group_manager')

    def _states(self, request):
        return [(task.user_id.login, task.state) for task in request._get_current_tasks().sorted('sequence')]

    def test_returning_to_an_earlier_level_lets_it_and_all_after_it_decide_again(self):
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree("Fine")
        request.with_user(self.finance).action_agree()
        request.with_user(self.director).action_return("Check the terms once more", level=1)
        self.assertEqual(request.state, 'pending')
        self.assertEqual(self._states(request), [
            ('soc_manager', 'pending'), ('soc_finance', 'waiting'), ('soc_director', 'waiting')])
        self.assertEqual(request.activity_ids.user_id, self.sales_manager)
        # What was said before is kept.
        self.assertIn("Fine", request.task_ids.mapped('comment'))
        self.assertIn("Check the terms once more", request.task_ids.mapped('comment'))
        for person in (self.sales_manager, self.finance, self.director):
            self.assertEqual(order.state, 'draft')
            request.with_user(person).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_only_an_earlier_level_and_only_whose_turn_it_is(self):
        _order, request = self._submitted()
        with self.assertRaises(UserError):
            request.with_user(self.sales_manager).action_return("Why", level=2)
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_return("Why", level=1)
        with self.assertRaises(UserError):
            request.with_user(self.sales_manager).action_return("", level=1)
        self.assertEqual(self._states(request)[0], ('soc_manager', 'pending'))

    def test_an_added_approver_must_agree_too(self):
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        request.with_user(self.finance).action_add_approver(self.controller, "Is the customer sound?")
        added = request.task_ids.filtered(lambda task: task.user_id == self.controller)
        self.assertEqual((added.state, added.asked_for), ('pending', "Is the customer sound?"))
        request.with_user(self.finance).action_agree()
        self.assertEqual(self._states(request)[-1], ('soc_director', 'waiting'))
        request.with_user(self.controller).action_agree()
        request.with_user(self.director).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_who_lacks_the_right_can_be_asked_and_it_is_said(self):
        for method in ('action_forward', 'action_add_approver'):
            with self.subTest(method):
                _order, request = self._submitted()
                own = request.with_user(self.sales_manager)
                told = getattr(own, method)(self.outsider)
                self.assertIn("lacks the right “Approver”", told['params']['message'])
                self.assertIn(self.outsider, request.task_ids.user_id)
                _order, request = self._submitted()
                self.assertIs(getattr(request.with_user(self.sales_manager), method)(self.controller), True)
        delegation = self.env['sale.approval.delegation'].new({'delegate_id': self.outsider.id})
        self.assertIn("does not see “My Approvals”", delegation._onchange_delegate_id()['warning']['message'])
        delegation.delegate_id = self.director
        self.assertFalse(delegation._onchange_delegate_id())

    def test_who_cannot_be_added(self):
        _order, request = self._submitted()
        as_manager = request.with_user(self.sales_manager)
        for wrong in (self.salesperson, self.env.ref('base.user_root'), self.finance):
            with self.subTest(user=wrong.login), self.assertRaises(UserError):
                as_manager.action_add_approver(wrong)
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_add_approver(self.controller)
        with self.assertRaises(AccessError):
            request.with_user(self.outsider).action_add_approver(self.outsider)

    def test_an_agreement_is_taken_back_while_nothing_followed(self):
        _order, request = self._submitted()
        as_manager = request.with_user(self.sales_manager)
        as_manager.action_agree()
        self.assertTrue(as_manager.can_withdraw)
        as_manager.action_withdraw()
        self.assertEqual(self._states(request), [
            ('soc_manager', 'pending'), ('soc_finance', 'waiting'), ('soc_director', 'waiting')])
        self.assertEqual(request.activity_ids.user_id, self.sales_manager)
        as_manager.action_agree()
        request.with_user(self.finance).action_agree()
        with self.assertRaises(UserError):
            as_manager.action_withdraw()
        with self.assertRaises(UserError):
            request.with_user(self.director).action_withdraw()

    def _sentences(self, request):
        return [(entry['who'], entry['what'], entry['why']) for entry in request._get_timeline()]

    def test_a_manager_takes_over_with_a_reason_and_on_behalf(self):
        order, request = self._submitted()
        with self.assertRaises(UserError):
            request.with_user(self.boss).action_take_over(" ")
        with self.assertRaises(AccessError):
            request.with_user(self.sales_manager).action_take_over("I want to")
        request.with_user(self.boss).action_take_over("He is at the fair")
        request.with_user(self.boss).action_agree()
        task = request.task_ids.filtered(lambda task: task.user_id == self.boss)
        self.assertEqual((task.state, task.on_behalf_of_id), ('agreed', self.sales_manager))
        given = request.task_ids.filtered(lambda task: task.user_id == self.sales_manager)
        self.assertEqual((given.passed_kind, given.passed_by_id, given.passed_to, given.comment), (
            'taken_over', self.boss, self.boss.name, "He is at the fair"))
        # Nobody reads that the former approver did it.
        told = self._sentences(request)
        self.assertIn(
            ('', f"{self.boss.name} took it over from {self.sales_manager.name}.", "He is at the fair"), told)
        self.assertNotIn(self.sales_manager.name, [who for who, _what, _why in told])
        self.assertEqual(order.state, 'draft')

    def test_a_manager_takes_over_from_everybody_whose_turn_it_is(self):
        self._policy(self._level(self.finance | self.controller, 10, quorum='all', name="Money"), name="Second")
        _order, request = self._submitted()
        request.with_user(self.boss).action_take_over("All at the fair")
        waiting = request.task_ids.filtered(lambda task: task.state == 'pending')
        self.assertEqual(waiting.user_id, self.boss)
        self.assertEqual(waiting.on_behalf_of_id, self.sales_manager | self.finance | self.controller)
        [activity] = request.activity_ids
        self.assertEqual(activity.user_id, self.boss)
        request.with_user(self.boss).action_agree()
        self.assertEqual(
            request.task_ids.filtered(lambda task: task.state == 'pending').user_id, self.finance,
            "all of the first stage is decided")
        self.assertNotIn(f"{self.boss.name}, {self.boss.name}", " ".join(request.task_ids._get_level_sentences()))
        request.with_user(self.boss).action_withdraw()
        self.assertEqual(
            request._get_current_tasks().filtered(lambda task: task.state == 'pending').user_id, self.boss)

    def test_who_takes_over_decides_only_once_where_other_persons_are_wanted(self):
        self._policy(self._level(self.controller, 10, name="Other", distinct_persons=True), name="Second")
        _order, request = self._submitted()
        request.with_user(self.boss).action_take_over("Quick")
        self.assertEqual(
            request.task_ids.filtered(lambda task: task.state == 'pending').user_id, self.boss | self.controller)

    def test_a_manager_does_not_take_over_what_he_made(self):
        self.boss.group_ids += self.env.ref('sales_team.group_sale_salesman')
        order = self._create_order(10, user=self.boss)
        order.with_user(self.boss).action_submit()
        with self.assertRaises(UserError):
            self._request(order).with_user(self.boss).action_take_over("Quick")

    def test_the_wizard_offers_the_levels_that_can_decide_again(self):
        _order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        wizard = self.env['sale.approval.comment'].with_user(self.finance).create({
            'request_ids': [Command.set(request.ids)], 'decision': 'return', 'comment': "Margin?"})
        self.assertEqual(wizard.earlier_task_ids.user_id, self.sales_manager)
        wizard.task_id = wizard.earlier_task_ids
        wizard.action_decide()
        self.assertEqual(self._states(request)[0], ('soc_manager', 'pending'))


@tagged('post_install', '-at_install')
class TestApprovalAbsent(ApprovalCommon):
    """Nobody who left keeps a request waiting."""

    def _told(self, user, request):
        return self.env['mail.message'].search([
            ('partner_ids', 'in', user.partner_id.ids), ('model', '=', request._name), ('res_id', '=', request.id)])

    def test_a_group_level_goes_to_those_who_are_in_the_group_now(self):
        group = self.env['res.groups'].create({
            'name': "Finance people", 'user_ids': [Command.set(self.finance.ids)]})
        self._policy(self._level(self.env['res.users'], approver_type='group', group_id=group.id))
        order, request = self._submitted()
        group.user_ids = self.director
        self.assertEqual(self._tasks(request), {self.finance: 'skipped', self.director: 'pending'})
        self.assertEqual(request.activity_ids.user_id, self.director)
        self.assertTrue(self._told(self.salesperson, request))
        request.with_user(self.director).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_the_last_approver_of_a_level_is_replaced_by_the_managers(self):
        boss = self._new_user('soc_boss', 'sale_order_control.group_manager')
        for leave in (
            lambda: self.finance.write({'active': False}),
            lambda: self.director.write({
                'company_ids': [Command.set(self.other_company.ids)], 'company_id': self.other_company.id}),
        ):
            user = self.finance if self.finance.active else self.director
            policy = self._policy(self._level(user))
            _order, request = self._submitted()
            leave()
            self.assertEqual(self._tasks(request)[user], 'skipped')
            self.assertEqual(self._tasks(request)[boss], 'pending')
            policy.active = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env['res.company'].create({'name': "Elsewhere"})

    def test_a_level_that_can_go_on_without_goes_on(self):
        self._policy(self._level(self.finance | self.director, quorum='all'))
        order, request = self._submitted()
        request.with_user(self.director).action_agree()
        self.assertEqual(order.state, 'draft')
        self.finance.active = False
        self.assertEqual((request.state, order.state), ('approved', 'sale'))

    def test_one_of_several_who_leaves_changes_nothing_for_the_others(self):
        self._policy(self._level(self.finance | self.director))
        _order, request = self._submitted()
        self.finance.active = False
        self.assertEqual(self._tasks(request), {self.finance: 'skipped', self.director: 'pending'})

    def test_nobody_left_is_told_to_maker_and_managers(self):
        managers = self.env.ref('sale_order_control.group_manager').all_user_ids
        self._policy(self._level(self.finance))
        _order, request = self._submitted()
        managers.filtered(lambda user: user.id > 2).active = False
        self.env.ref('sale_order_control.group_manager').user_ids = self.salesperson
        self.finance.active = False
        self.assertEqual(request.state, 'pending')
        self.assertIn("nobody else may", self._told(self.salesperson, request).body)

    def test_what_nobody_asked_is_left_alone(self):
        self._policy(self._level(self.finance))
        order, request = self._submitted()
        request.with_user(self.finance).action_agree()
        self.finance.active = False
        self.assertEqual(self._tasks(request), {self.finance: 'agreed'})
        self.assertEqual(order.state, 'sale')
