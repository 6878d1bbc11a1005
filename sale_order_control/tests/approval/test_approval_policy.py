from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.order.control_memory import control_today
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalPolicy(ApprovalCommon):

    def test_an_order_that_no_policy_matches_confirms_in_one_click(self):
        self._policy(min_amount=500)
        order = self._create_order(1)
        order.action_submit()
        self.assertEqual(order.state, 'sale')
        self.assertEqual(order.approval_state, 'none')
        self.assertFalse(self._request(order))

    def test_every_trigger_asks_for_approval_by_itself(self):
        cases = [
            ({'min_amount': 500}, {}, 5, 'min_amount'),
            ({'max_discount': 10}, {'discount': 11}, 1, 'max_discount'),
            ({'min_margin_percent': 35}, {'price_unit': 90}, 1, 'min_margin_percent'),
            ({'domain': f"[('partner_id', '=', {self.customer.id})]"}, {}, 1, 'always'),
        ]
        for values, line, quantity, trigger in cases:
            with self.subTest(trigger=trigger):
                policy = self._policy(**values)
                order = self._create_order(quantity, **line)
                self.assertEqual(self._codes(order), {f'approval.{policy.id}.{trigger}'})
                policy.active = False

    def test_triggers_leave_alone_what_is_within_the_threshold(self):
        self._policy(min_amount=500.01, max_discount=10, min_margin_percent=40)
        self.assertFalse(self._codes(self._create_order(5)))
        self.assertFalse(self._codes(self._create_order(1, discount=0)))

    def test_the_scope_limits_what_a_policy_sees(self):
        export = self.env.ref('sale_order_control.sale_type_export')
        export.run_approval = True
        self._policy(min_amount=1, sale_type_ids=[Command.set(export.ids)])
        self._policy(min_amount=1, domain="[('partner_id.name', '=', 'Nobody')]")
        self.assertFalse(self._codes(self._create_order(10)))

    def test_sales_types_that_run_no_approval_run_no_policy(self):
        self._policy(min_amount=1)
        abroad = self.env['res.partner'].create({'name': "Abroad", 'country_id': self.env.ref('base.jp').id})
        if self.company.country_id == abroad.country_id:
            abroad.country_id = self.env.ref('base.fr')
        order = self._create_order(10, partner=abroad)
        self.assertEqual(order.sale_type_id.scope, 'export')
        self.assertFalse(self._codes(order))

    def test_choosing_another_sales_type_does_not_lead_out_of_the_policies(self):
        policy = self._policy(min_amount=1, on_credit_issue=True)
        order = self._create_order(10)
        order.sale_type_id = self.env.ref('sale_order_control.sale_type_export')
        self.assertEqual(self._codes(order), {
            'order.sales_type', f'approval.{policy.id}.min_amount', f'approval.{policy.id}.on_credit_issue'})

    def test_amounts_are_converted_at_the_rate_of_the_day(self):
        foreign = self.env['res.currency'].with_context(active_test=False).search(
            [('id', '!=', self.company.currency_id.id)], limit=1)
        foreign.active = True
        self.env['res.currency.rate'].search([('currency_id', '=', foreign.id)]).unlink()
        for day, rate in (('2020-01-01', 2.0), ('2020-02-01', 0.5)):
            self.env['res.currency.rate'].create({
                'currency_id': foreign.id, 'company_id': self.company.id, 'name': day, 'rate': rate})
        # 1000 in the company's currency are 2000 of the foreign one in January, 500 in February.
        self._policy(min_amount=1500, currency_id=foreign.id)
        order = self._create_order(10)
        self.env.invalidate_all()
        with control_today(self.env, self.env['sale.order']._fields['requested_date'].to_date('2020-01-15')):
            self.assertTrue(self._codes(order))
        with control_today(self.env, self.env['sale.order']._fields['requested_date'].to_date('2020-02-15')):
            self.assertFalse(self._codes(order))

    def test_an_issue_of_another_room_goes_to_the_policy_for_it(self):
        policy = self._policy(on_credit_issue=True)
        order = self._create_order(1)
        order.sale_type_id = self.env.ref('sale_order_control.sale_type_internal')
        order.action_submit()
        request = self._request(order)
        self.assertEqual(set(request.covered), {'order.sales_type', f'approval.{policy.id}.on_credit_issue'})
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_an_issue_nobody_answers_for_stays_and_says_what_a_manager_can_do(self):
        self._policy(min_amount=500)
        order = self._create_order(1)
        order.sale_type_id = self.env.ref('sale_order_control.sale_type_internal')
        with self.assertRaisesRegex(UserError, "Nobody is configured to approve it"):
            order.action_submit()
        self.assertEqual(order.approval_state, 'none')

    def test_shadow_mode_tells_and_stops_nobody(self):
        self._policy(min_amount=500)
        self._switch(approval='warn')
        order = self._create_order(10)
        [issue] = order._get_control_issues('submit')[order.id]
        self.assertEqual((issue.effect, issue.would), ('warn', 'approve'))
        order.action_submit()
        self.assertEqual(order.state, 'sale')
        self.assertTrue(order.sudo().control_log_ids.filtered(lambda log: log.would == 'approve'))

    def test_switched_off_costs_nothing_and_asks_nobody(self):
        self._policy(min_amount=1)
        self._switch(approval='off')
        order = self._create_order(10)
        order.action_confirm()
        self.assertEqual(order.state, 'sale')

    @mute_logger('odoo.sql_db')
    def test_policies_that_can_never_work_are_refused(self):
        archived = self._new_user('soc_gone', 'base.group_user')
        archived.active = False
        bad = [
            {'level_ids': []},
            {'level_ids': [self._level(self.env['res.users'])]},
            {'level_ids': [self._level(archived)]},
            {'level_ids': [self._level(self.env.ref('base.user_root'))]},
            {'level_ids': [self._level(self.sales_manager, approver_type='group')]},
            {'level_ids': [self._level(self.sales_manager, quorum='number', quorum_number=2)]},
            {'domain': "[('no_such_field', '=', 1)]"},
            {'domain': "__import__('os')"},
        ]
        for values in bad:
            with self.subTest(values=values), self.assertRaises(ValidationError), self.cr.savepoint():
                self.env['sale.approval.policy'].create({
                    'name': "Bad", 'level_ids': [self._level(self.sales_manager)], **values})
        out_of_range = (('min_amount', -1), ('max_discount', -1), ('max_discount', 101), ('tolerance_percent', -1))
        for field, value in out_of_range:
            with self.subTest(field=field), self.assertRaises(CheckViolation), self.cr.savepoint():
                self._policy(**{field: value}).flush_recordset()

    def test_the_last_level_of_a_policy_cannot_be_deleted(self):
        policy = self._policy()
        with self.assertRaises(ValidationError):
            policy.level_ids.unlink()

    def test_a_level_that_nobody_can_decide_is_named_and_nothing_is_half_written(self):
        self._policy(self._level(self.sales_manager, name="Sales head"), name="Big ones")
        order = self._create_order(10, user=self.sales_manager)
        with self.assertRaisesRegex(UserError, "Level “Sales head” of policy “Big ones”"):
            order.action_submit()
        self.assertEqual(order.approval_state, 'none')
        self.assertFalse(self._request(order))

    def test_a_condition_whose_field_is_gone_asks_rather_than_lets_pass(self):
        policy = self._policy(domain="[('partner_id', '=', 0)]")
        self.assertFalse(self._codes(self._create_order(1)))
        self.env.cr.execute(
            "UPDATE sale_approval_policy SET domain = %s WHERE id = %s", ("[('gone', '=', 1)]", policy.id))
        policy.invalidate_recordset()
        self.env.registry.clear_cache()
        self.assertTrue(self._codes(self._create_order(1)))

    def test_team_leader_group_and_credit_controllers_approve(self):
        self.env['crm.team'].create({
            'name': "Team", 'user_id': self.sales_manager.id, 'member_ids': [Command.set(self.salesperson.ids)]})
        group = self.env['res.groups'].create({'name': "Finance people", 'user_ids': [Command.set(self.finance.ids)]})
        self._policy(
            self._level(self.env['res.users'], 10, approver_type='team_leader'),
            self._level(self.env['res.users'], 20, approver_type='group', group_id=group.id),
            self._level(self.env['res.users'], 30, approver_type='credit_controller'),
        )
        order, _request = self._submitted()
        users = self._request(order).task_ids.user_id
        self.assertLessEqual(self.sales_manager | self.finance | self.controller, users)
        self.assertNotIn(self.env.ref('base.user_root'), users)
