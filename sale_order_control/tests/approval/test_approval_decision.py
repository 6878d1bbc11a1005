from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalDecision(ApprovalCommon):

    def test_the_last_agreement_confirms_the_order_as_the_maker(self):
        self._policy()
        order, request = self._submitted()
        self.assertEqual(order.approval_state, 'pending')
        self.assertEqual(order.state, 'draft')
        request.with_user(self.sales_manager).action_agree("Fine")
        self.assertEqual(request.state, 'approved')
        self.assertEqual(order.approval_state, 'approved')
        self.assertEqual(order.state, 'sale')
        self.assertEqual(request.task_ids.comment, "Fine")
        confirmed = order.sudo().control_log_ids.filtered(lambda log: log.event == 'confirmed')
        self.assertEqual(confirmed.user_id, self.salesperson)

    def test_levels_decide_one_after_the_other(self):
        self._policy(self._level(self.sales_manager, 10), self._level(self.finance, 20))
        order, request = self._submitted()
        self.assertEqual(self._tasks(request), {self.sales_manager: 'pending', self.finance: 'waiting'})
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_agree()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(self._tasks(request), {self.sales_manager: 'agreed', self.finance: 'pending'})
        self.assertEqual(order.state, 'draft')
        request.with_user(self.finance).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_levels_with_the_same_number_decide_at_the_same_time(self):
        self._policy(
            self._level(self.sales_manager, 10, name="Sales"), self._level(self.finance, 10, name="Finance"),
            self._level(self.director, 20))
        order, request = self._submitted()
        self.assertEqual(self._tasks(request), {
            self.sales_manager: 'pending', self.finance: 'pending', self.director: 'waiting'})
        request.with_user(self.finance).action_agree()
        self.assertEqual(self._tasks(request)[self.director], 'waiting')
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(self._tasks(request)[self.director], 'pending')
        self.assertEqual(order.state, 'draft')

    def test_quorums_any_all_and_a_number(self):
        people = self.sales_manager | self.finance | self.director
        for quorum, needed in (('any', 1), ('all', 3), ('number', 2)):
            with self.subTest(quorum=quorum):
                policy = self._policy(self._level(people, quorum=quorum, quorum_number=2))
                order, request = self._submitted()
                for person in people[:needed]:
                    self.assertEqual(request.state, 'pending')
                    request.with_user(person).action_agree()
                self.assertEqual(request.state, 'approved')
                self.assertEqual(list(self._tasks(request).values()).count('skipped'), 3 - needed)
                self.assertEqual(order.state, 'sale')
                policy.active = False

    def test_a_number_is_rejected_only_when_it_cannot_be_reached_any_more(self):
        people = self.sales_manager | self.finance | self.director
        self._policy(self._level(people, quorum='number', quorum_number=2))
        _order, request = self._submitted()
        request.with_user(self.sales_manager).action_disagree("Too cheap")
        self.assertEqual(request.state, 'pending')
        request.with_user(self.finance).action_disagree("Too cheap")
        self.assertEqual(request.state, 'rejected')

    def test_policies_merge_their_levels_and_ask_the_same_persons_once(self):
        self._policy(self._level(self.sales_manager, 10, name="Sales manager"))
        self._policy(
            self._level(self.sales_manager, 10, name="Sales manager"), self._level(self.finance, 20), max_discount=10)
        _order, request = self._submitted(discount=20)
        self.assertEqual(request.task_ids.mapped('user_id'), self.sales_manager | self.finance)
        self.assertEqual(len(request.task_ids), 2)
        self.assertEqual(len(request.covered), 2)

    def test_disagreeing_and_returning_need_a_comment_and_reach_the_maker(self):
        self._policy()
        for method, state in (('action_disagree', 'rejected'), ('action_return', 'returned')):
            with self.subTest(state=state):
                order, request = self._submitted()
                as_manager = request.with_user(self.sales_manager)
                for nothing in ('', '   ', False, None):
                    with self.assertRaises(UserError):
                        getattr(as_manager, method)(nothing)
                getattr(as_manager, method)("Ask for 5 % less discount")
                self.assertEqual(request.state, state)
                self.assertEqual(order.approval_state, state)
                self.assertEqual(order.state, 'draft')
                [message] = self.env['mail.message'].search([
                    ('partner_ids', 'in', self.salesperson.partner_id.ids), ('model', '=', request._name),
                    ('res_id', '=', request.id)])
                self.assertIn("Ask for 5 % less discount", message.body)

    def test_resubmitting_makes_a_new_request_linked_to_the_former(self):
        self._policy()
        order, first = self._submitted()
        first.with_user(self.sales_manager).action_return("Correct the address")
        order.action_submit()
        second = self._request(order)
        self.assertEqual(second.previous_id, first)
        self.assertEqual((first.state, second.state), ('returned', 'pending'))
        self.assertEqual(order.approval_state, 'pending')

    def test_submitting_again_what_waits_already_changes_nothing(self):
        self._policy()
        order, request = self._submitted()
        order.action_submit()
        self.assertEqual(order.approval_request_ids, request)
        self.assertEqual(request.state, 'pending')

    def test_the_maker_can_recall_and_nobody_else(self):
        self._policy()
        order, request = self._submitted()
        for stranger in (self.sales_manager, self.other_salesperson, self.outsider):
            with self.subTest(user=stranger.login), self.assertRaises(AccessError):
                request.with_user(stranger).action_recall()
        order.with_user(self.salesperson).action_recall()
        self.assertEqual(request.state, 'recalled')
        self.assertEqual(order.approval_state, 'none')
        self.assertFalse(request.activity_ids)
        with self.assertRaises(UserError):
            request.with_user(self.sales_manager).action_agree()

    def test_only_those_whose_turn_it_is_have_an_activity_and_one_message(self):
        self._policy(self._level(self.sales_manager, 10), self._level(self.finance, 20))
        _order, request = self._submitted()
        kind = self.env.ref('sale_order_control.mail_activity_type_approval')
        self.assertEqual(request.activity_ids.user_id, self.sales_manager)
        self.assertEqual(request.activity_ids.activity_type_id, kind)
        self.assertEqual(self._messages_to(self.sales_manager, request), 1)
        self.assertEqual(self._messages_to(self.finance, request), 0)
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(request.activity_ids.user_id, self.finance)
        self.assertEqual(self._messages_to(self.finance, request), 1)
        request.with_user(self.finance).action_agree()
        self.assertFalse(request.activity_ids)
        self.assertEqual(self._messages_to(self.salesperson, request), 1)
        self.assertEqual(self._messages_to(self.sales_manager, request), 1)

    def test_the_clock_loses_what_it_showed_and_nothing_else(self):
        self._policy(self._level(self.sales_manager, 10), self._level(self.finance, 20))
        today = fields.Date.today()
        for day, taken in ((today, [-1]), (today + timedelta(days=1), [])):
            with self.subTest(day=day):
                _order, request = self._submitted()
                request.activity_ids.sudo().date_deadline = day
                with patch.object(self.env.registry['res.users'], '_bus_send') as bus_send:
                    request.with_user(self.sales_manager).action_agree()
                messages = [call.args[1] for call in bus_send.call_args_list if len(call.args) > 1]
                sent = [message['count_diff'] for message in messages if 'activity_deleted' in message]
                self.assertEqual(sent, taken)

    def _messages_to(self, user, request):
        return self.env['mail.message'].search_count([
            ('partner_ids', 'in', user.partner_id.ids), ('model', '=', request._name), ('res_id', '=', request.id)])

    def test_deciding_twice_is_harmless_and_says_who_was_first(self):
        self._policy(self._level(self.sales_manager | self.finance))
        _order, request = self._submitted()
        request.with_user(self.finance).action_agree()
        with self.assertRaisesRegex(UserError, "soc_finance"):
            request.with_user(self.sales_manager).action_disagree("No")
        self.assertEqual(request.state, 'approved')

    def test_many_requests_are_agreed_at_once_and_the_rest_is_listed(self):
        self._policy(self._level(self.sales_manager | self.finance))
        orders = self._create_order(10) | self._create_order(11) | self._create_order(12)
        orders.action_submit()
        requests = orders.approval_request_ids
        requests[0].with_user(self.finance).action_agree()
        result = requests.with_user(self.sales_manager).action_agree()
        self.assertEqual(set(orders.mapped('state')), {'sale'})
        self.assertIn(requests[0].name, result['params']['message'])

    def test_forwarding_hands_the_decision_over_on_behalf_of_the_first(self):
        self._policy(self._level(self.sales_manager, quorum='all'))
        order, request = self._submitted()
        for wrong in (self.salesperson, self.env.ref('base.user_root')):
            with self.assertRaises(UserError):
                request.with_user(self.sales_manager).action_forward(wrong)
        request.with_user(self.sales_manager).action_forward(self.finance.id, "Please decide")
        self.assertEqual(self._tasks(request), {self.sales_manager: 'skipped', self.finance: 'pending'})
        self.assertEqual(request.task_ids.on_behalf_of_id, self.sales_manager)
        self.assertEqual(request.activity_ids.user_id, self.finance)
        with self.assertRaises(UserError):
            request.with_user(self.sales_manager).action_agree()
        request.with_user(self.finance).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_what_odoo_refuses_is_told_and_the_approval_stays(self):
        self._policy()
        order, request = self._submitted()
        self.env['sale.order.line'].sudo().create({
            'order_id': order.id, 'product_id': self.product.id, 'product_uom_qty': 0, 'name': "Nothing"})
        self.env.cr.execute("UPDATE sale_order_line SET product_id = NULL WHERE order_id = %s", (order.id,))
        self.env.invalidate_all()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(request.state, 'approved')
        self.assertEqual(order.state, 'draft')
        message = self.env['mail.message'].search([
            ('partner_ids', 'in', self.salesperson.partner_id.ids), ('model', '=', request._name),
            ('res_id', '=', request.id)], limit=1)
        self.assertIn("not confirmed yet", message.body)

    def test_the_reader_of_a_request_needs_no_right_on_the_order(self):
        self._policy(self._level(self.finance))
        order = self._create_order(10.0)
        order.requested_date = '2030-05-06'
        order.action_submit()
        request = self._request(order)
        with self.assertRaises(AccessError):
            order.with_user(self.finance).read(['name'])
        mine = self.env['sale.approval.request'].with_user(self.finance).search([])
        self.assertEqual(mine, request)
        self.env.invalidate_all()
        [values] = mine.read(['name', 'order_id', 'snapshot_html', 'reason_html', 'level_summary', 'can_decide'])
        self.assertIn("Controlled Product", values['snapshot_html'])
        self.assertIn("05/06/2030", values['snapshot_html'])
        self.assertIn("reaches", values['reason_html'])
        self.assertTrue(values['can_decide'])
        self.assertFalse(self.env['sale.approval.request'].with_user(self.director).search([]))
        mine.action_agree()
        self.assertEqual(order.state, 'sale')

    def test_what_was_decided_does_not_change_with_the_policy(self):
        policy = self._policy(self._level(self.sales_manager, name="Sales head"))
        _order, request = self._submitted()
        policy.level_ids.write({'name': "Renamed", 'user_ids': [(6, 0, self.finance.ids)]})
        self.assertEqual(request.task_ids.level_name, "Sales head")
        request.with_user(self.sales_manager).action_agree()
        policy.active = False
        policy.unlink()
        self.assertEqual(request.task_ids.level_name, "Sales head")
        self.assertEqual(request.task_ids.state, 'agreed')

    def test_lists_and_panel_say_who_acts_next(self):
        self._policy(self._level(self.sales_manager | self.finance, name="Managers"))
        order, request = self._submitted()
        self.assertEqual(order.control_status, 'approval')
        self.assertIn(self.sales_manager.name, order.control_next)
        self.assertIn(self.finance.name, order.control_next)
        [section] = [part for part in order.control_panel if part['area'] == 'approval']
        self.assertIn("Managers", section['next'])
        waiting = self.env['sale.order'].with_user(self.sales_manager)
        self.assertIn(order, waiting.search([('approval_waits_for_me', '=', True)]))
        self.assertNotIn(order, self.env['sale.order'].search([('approval_waits_for_me', '=', True)]))
        request.with_user(self.finance).action_return("Correct it")
        self.env.invalidate_all()
        self.assertEqual(order.control_status, 'returned')
