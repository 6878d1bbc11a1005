from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalCheckup(ApprovalCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._new_user('soc_boss', 'sale_order_control.group_manager')
        cls.policies = cls.env['sale.approval.policy']
        cls.today = cls.env['sale.order']._get_control_today()

    def _find(self, policy=None):
        """Run the check-up, and return the kinds found; about one policy if one is given."""
        self.env.flush_all()
        findings = self.policies._check_up(self.company)
        if policy is not None:
            findings = findings.filtered(lambda finding: finding.policy_id == policy)
        return set(findings.mapped('kind'))

    def _run_nightly(self):
        with patch.object(self.registry['ir.cron'], '_commit_progress', return_value=1):
            return self.policies._cron_check_up()

    def _finding(self, kind):
        return self.env['sale.approval.finding'].search([('kind', '=', kind), ('company_id', '=', self.company.id)])

    # === POLICIES ===#

    def test_a_sound_policy_has_no_finding(self):
        policy = self._policy(self._level(self.sales_manager | self.finance), on_credit_issue=True)
        self.assertFalse(self._find(policy))

    def test_a_policy_behind_one_that_stops_and_covers_it_is_never_asked(self):
        self._policy(min_amount=100, stop_here=True, sequence=1, name="First")
        behind = self._policy(self._level(self.finance), min_amount=500, sequence=2, name="Behind")
        other = self._policy(self._level(self.finance), min_amount=50, sequence=3)
        answers = self._policy(self._level(self.finance), min_amount=500, on_credit_issue=True, sequence=4)
        self.assertIn('unreachable', self._find(behind))
        self.assertNotIn('unreachable', self._find(other), "it asks about smaller amounts")
        self.assertNotIn('unreachable', self._find(answers), "policies for other controls are always asked")
        self.assertEqual(
            self._finding('unreachable').message,
            "“Behind” is never asked: “First” comes first, asks whenever it would, and says that no later policy is "
            "asked.")
        behind.sequence = 0
        self.assertNotIn('unreachable', self._find(behind))

    def test_scope_and_reason_decide_whether_a_policy_is_covered(self):
        team, south = self.env['crm.team'].create([{'name': "North"}, {'name': "South"}])
        parent = self.env['product.category'].create({'name': "Above"})
        child = self.env['product.category'].create({'name': "Below", 'parent_id': parent.id})
        first = self._policy(min_amount=100, stop_here=True, sequence=1)
        behind = self._policy(self._level(self.finance), min_amount=500, sequence=2)
        cases = [
            ({'team_ids': team}, {}, False),
            ({'team_ids': team}, {'team_ids': south}, False),
            ({'team_ids': team | south}, {'team_ids': south}, True),
            ({'product_categ_ids': parent}, {'product_categ_ids': child}, True),
            ({'product_categ_ids': child}, {'product_categ_ids': parent}, False),
            ({'customer_kind': 'recent'}, {'customer_kind': 'first'}, True),
            ({'customer_kind': 'first'}, {'customer_kind': 'recent'}, False),
            ({'domain': "[('note', '!=', False)]"}, {}, False),
            ({'date_to': self.today}, {}, False),
            ({}, {'max_discount': 5}, False),
            ({'max_discount': 10}, {'max_discount': 5}, False),
            ({'max_discount': 5}, {'max_discount': 10}, True),
            ({'min_margin_percent': 20}, {'min_margin_percent': 10}, True),
            ({'min_amount': 0}, {}, True),
            ({}, {'cumulative_days': 30}, False),
        ]
        plain = {
            'team_ids': self.env['crm.team'], 'product_categ_ids': parent.browse(), 'customer_kind': False,
            'domain': '[]', 'date_to': False, 'max_discount': 0, 'min_margin_percent': 0, 'cumulative_days': 0}
        for number, (mine, theirs, covered) in enumerate(cases):
            with self.subTest(number=number, first=mine, behind=theirs):
                for policy, own in ((first, mine), (behind, theirs)):
                    policy.write({'min_amount': 500 if policy == behind else 100, **{
                        name: Command.set(value.ids) and [Command.set(value.ids)] if hasattr(value, 'ids') else value
                        for name, value in {**plain, **own}.items()}})
                self.assertEqual('unreachable' in self._find(behind), covered)

    def test_a_policy_that_ended_or_looks_at_types_without_approval_is_named(self):
        ended = self._policy(date_to=self.today - timedelta(days=1))
        export = self.env.ref('sale_order_control.sale_type_export')
        export.run_approval = False
        idle = self._policy(sale_type_ids=[Command.set(export.ids)])
        self.assertIn('expired', self._find(ended))
        self.assertIn('idle_types', self._find(idle))

    def test_bounds_that_exclude_each_other_are_named(self):
        never = self._policy(domain="[('amount_untaxed', '>=', 1000), ('amount_untaxed', '<', 500)]")
        either = self._policy(domain="['|', ('amount_untaxed', '>=', 1000), ('amount_untaxed', '<', 500)]")
        crossed = self._policy(min_amount=1000, domain="[('amount_untaxed', '<', 500)]")
        self.assertIn('contradiction', self._find(never))
        self.assertNotIn('contradiction', self._find(either))
        self.assertIn('contradiction', self._find(crossed))

    def test_gaps_between_and_above_bands_are_named(self):
        self._policy(domain="[('amount_untaxed', '>=', 100), ('amount_untaxed', '<', 500)]", name="Small")
        large = self._policy(
            self._level(self.finance), domain="[('amount_untaxed', '>=', 800), ('amount_untaxed', '<', 2000)]")
        self.assertLessEqual({'gap', 'open_end'}, self._find())
        self.assertRegex(self._finding('gap').message, "500.00 to below .*800.00")
        large.domain = "[('amount_untaxed', '>=', 500)]"
        self.assertFalse({'gap', 'open_end'} & self._find())

    def test_a_policy_that_adds_nobody_is_named_once(self):
        wide = self._policy(min_amount=100)
        narrow = self._policy(min_amount=500)
        self.assertNotIn('redundant', self._find(wide))
        self.assertIn('redundant', self._find(narrow))
        narrow.min_amount = 100
        self.assertNotIn('redundant', self._find(wide))
        self.assertIn('redundant', self._find(narrow))
        narrow.level_ids.user_ids = self.finance
        self.assertNotIn('redundant', self._find())

    def test_a_condition_whose_field_is_gone_is_reported(self):
        policy = self._policy(domain="[('partner_id', '=', 0)]")
        self.env.cr.execute(
            "UPDATE sale_approval_policy SET domain = %s WHERE id = %s", ("[('gone', '=', 1)]", policy.id))
        policy.invalidate_recordset()
        self.assertIn('unreadable', self._find(policy))
        self.assertIn("no field “gone”", self._finding('unreadable').message)

    def test_what_no_policy_looks_at_is_named(self):
        domestic = self.env.ref('sale_order_control.sale_type_domestic')
        special = self.env['sale.control.type'].create({'name': "Special"})
        policy = self._policy(sale_type_ids=[Command.set(domestic.ids)])
        self.assertLessEqual({'uncovered_type', 'no_answer'}, self._find())
        self.assertIn("“Special”", " ".join(self._finding('uncovered_type').mapped('message')))
        policy.write({'sale_type_ids': [Command.link(special.id)], 'on_credit_issue': True})
        self.assertNotIn('no_answer', self._find())
        self.assertNotIn("“Special”", " ".join(self._finding('uncovered_type').mapped('message')))

    def test_a_reason_whose_control_is_off_and_a_currency_without_rate_are_named(self):
        policy = self._policy(on_shortage=True, on_long_terms=True)
        self._switch(promise='warn', credit='off')
        self._find()
        self.assertEqual(self._finding('control_off').facts['control'], "Credit Control")
        foreign = self.env['res.currency'].create({'name': 'XQQ', 'symbol': 'q'})
        policy.write({'min_amount': 10, 'currency_id': foreign.id})
        self.assertIn('no_rate', self._find())
        self.env['res.currency.rate'].create({'currency_id': foreign.id, 'rate': 2.0, 'company_id': self.company.id})
        self.assertNotIn('no_rate', self._find())

    # === LEVELS ===#

    def test_levels_that_lost_their_people_are_named(self):
        group = self.env['res.groups'].create({'name': "Auditors", 'user_ids': [Command.set(self.finance.ids)]})
        policy = self._policy(
            self._level(self.sales_manager | self.director, 10, quorum='number', quorum_number=2, name="Two"),
            self._level(self.env['res.users'], 20, approver_type='group', group_id=group.id, name="Group"))
        self.assertFalse(self._find(policy) & {'nobody', 'quorum', 'left'})
        self.finance.active = False
        self.director.active = False
        self.assertLessEqual({'nobody', 'quorum', 'left'}, self._find(policy))
        self.assertRegex(self._finding('nobody').message, "“Group”.*Archived: soc_finance")
        self.assertEqual(self._finding('left').res_id, policy.level_ids[0].id)

    def test_people_of_other_companies_and_without_the_right_are_named(self):
        policy = self._policy(self._level(self.sales_manager | self.outsider | self.finance))
        self.assertIn('no_right', self._find(policy))
        self.assertIn("soc_outsider", self._finding('no_right').message)
        company = self.env['res.company'].create({'name': "Elsewhere"})
        self.finance.write({'company_ids': [Command.set(company.ids)], 'company_id': company.id})
        self.assertIn('left', self._find(policy))
        self.assertIn("Not of this company: soc_finance", self._finding('left').message)

    def test_who_would_approve_own_orders_or_has_no_leader_is_named(self):
        team = self.env['crm.team'].create({
            'name': "North", 'user_id': self.salesperson.id,
            'member_ids': [Command.set((self.salesperson | self.other_salesperson).ids)]})
        policy = self._policy(
            self._level(self.env['res.users'], 10, approver_type='team_leader'), team_ids=[Command.set(team.ids)])
        self.assertIn('own_orders', self._find(policy))
        self.assertRegex(self._finding('own_orders').message, "own orders, so nobody can: soc_sales ")
        team.user_id = False
        self._find()
        self.assertRegex(self._finding('not_for').message, "soc_sales .*soc_sales2.*: their team has no leader")
        team.user_id = self.sales_manager
        self.assertFalse({'not_for', 'own_orders'} & self._find(policy))
        policy.level_ids.write({'approver_type': 'users', 'user_ids': [Command.set(self.salesperson.ids)]})
        self.assertIn('own_orders', self._find(policy))

    def test_deadlines_without_calendar_or_escalation_and_one_who_agreed_before_are_named(self):
        policy = self._policy(
            self._level(self.sales_manager, 10, deadline_hours=4, on_deadline='escalate', escalation_user_ids=[
                Command.set(self.director.ids)]),
            self._level(self.sales_manager, 20, distinct_persons=True))
        self.assertEqual(self._find(policy) & {'calendar', 'no_escalation', 'distinct'}, {'distinct'})
        self.company.resource_calendar_id = False
        self.director.active = False
        self.assertLessEqual({'calendar', 'no_escalation', 'distinct'}, self._find(policy))

    def test_levels_of_several_policies_with_the_same_people_are_told_once(self):
        self._policy(self._level(self.salesperson, name="Sales manager"), name="Large")
        self._policy(self._level(self.salesperson, name="Sales manager"), name="Discount", max_discount=5)
        self._find()
        self.assertIn("“Large”, “Discount”", self._finding('own_orders').message)

    def test_hours_to_decide_need_working_hours(self):
        self.company.resource_calendar_id = False
        with self.assertRaisesRegex(ValidationError, "no working hours"):
            self._policy(self._level(self.sales_manager, deadline_hours=4))
        with self.assertRaisesRegex(ValidationError, "no working hours"):
            self._policy(self._level(self.sales_manager, remind_hours=4))

    def test_delegations_to_people_who_left_and_in_circles_are_named(self):
        self._policy()
        delegations = self.env['sale.approval.delegation'].create({
            'user_id': self.finance.id, 'delegate_id': self.director.id,
            'date_from': self.today, 'date_to': self.today + timedelta(days=5)})
        self.assertFalse(self._find() & {'delegate_gone', 'circle'})
        second = delegations.create({
            'user_id': self.director.id, 'delegate_id': self.outsider.id,
            'date_from': self.today, 'date_to': self.today + timedelta(days=5)})
        self.env.flush_all()
        # Such a circle is refused when entered; it came from elsewhere.
        self.env.cr.execute(
            "UPDATE sale_approval_delegation SET delegate_id = %s WHERE id = %s", (self.finance.id, second.id))
        self.env.invalidate_all()
        self.assertIn('circle', self._find())
        # Somebody with several delegates is looked at with all of them.
        delegations.create({
            'user_id': self.finance.id, 'delegate_id': self.sales_manager.id,
            'date_from': self.today, 'date_to': self.today + timedelta(days=5)})
        self.assertEqual(len(self._finding('circle')), 1)
        self.assertIn('circle', self._find())
        one, other = self._policy(name="One"), self._policy(name="Other")
        self.env.cr.execute(
            """INSERT INTO sale_approval_delegation_sale_approval_policy_rel
                      (sale_approval_delegation_id, sale_approval_policy_id) VALUES (%s, %s), (%s, %s)""",
            (delegations.id, one.id, second.id, other.id))
        self.env.invalidate_all()
        self.assertNotIn('circle', self._find(), "for no policy both of them count")
        self.director.active = False
        self.assertIn('delegate_gone', self._find())

    # === WAYS OUT ===#

    def test_what_salespeople_can_write_to_escape_is_named_with_its_field(self):
        safe = self._policy(domain="[('partner_id', '!=', False), ('amount_total', '>', 5)]")
        self.assertNotIn('editable', self._find(safe))
        loose = self._policy(domain="[('client_order_ref', '!=', False)]")
        self.assertIn('editable', self._find(loose))
        self.assertRegex(self._finding('editable').message, "“Customer Reference” of Sales Order")
        inner = self._policy(domain="[('order_line', 'any', [('name', 'ilike', 'x')])]")
        self.assertIn('editable', self._find(inner))
        contact = self._policy(domain="[('partner_id.comment', '!=', False)]", country_ids=[Command.set(
            self.env.ref('base.jp').ids)])
        self.salesperson.group_ids += self.env.ref('base.group_partner_manager')
        self.assertLessEqual({'editable', 'editable_country', 'editable_parent'}, self._find(contact))
        listed = self._policy(domain="[('pricelist_id.name', '=', 'x')]")
        self.assertIn('editable', self._find(listed))
        moved = self._policy(domain="[('partner_id.commercial_partner_id.ref', '=', 'x')]")
        self.assertIn('editable_parent', self._find(moved))
        self.assertNotIn('editable_parent', self._find(safe))

    def test_a_path_to_the_approver_that_the_maker_could_write_is_wrong_and_one_that_is_gone_reported(self):
        policy = self._policy(self._level(
            self.env['res.users'], approver_type='field', approver_field='team_id.user_id'))
        self.assertIn('editable_approver', self._find(policy))
        self.env.cr.execute(
            "UPDATE sale_approval_level SET approver_field = 'gone_id' WHERE policy_id = %s", (policy.id,))
        policy.level_ids.invalidate_recordset()
        self.assertIn('path_gone', self._find(policy))
        order = self._create_order(10)
        issues = order._get_control_issues('submit')[order.id]
        self.assertTrue(all(issue.facts.get('nobody') for issue in issues), "it asks, and crashes nowhere")

    # === RUNNING ===#

    def test_only_managers_run_it_and_nobody_writes_findings(self):
        policy = self._policy(date_to=self.today - timedelta(days=1))
        for user in (self.salesperson, self.finance):
            with self.assertRaises(AccessError):
                self.policies.with_user(user).action_check_up()
        action = policy.with_user(self.manager).action_check_up()
        self.assertEqual(action['res_model'], 'sale.approval.finding')
        finding = self._finding('expired').filtered(lambda one: one.policy_id == policy)
        for attack in (
                lambda own: own.write({'facts': {}}), lambda own: own.unlink(),
                lambda own: own.create({'company_id': self.company.id, 'kind': 'x', 'key': 'x'})):
            with self.assertRaises(AccessError), self.cr.savepoint():
                attack(finding.with_user(self.manager))
            with self.assertRaises(AccessError), self.cr.savepoint():
                attack(finding.sudo())
        with self.assertRaises(AccessError):
            finding.with_user(self.salesperson).read(['kind'])
        self.assertEqual(finding.with_user(self.manager).action_open_culprit()['res_id'], policy.id)

    def test_managers_are_told_once_and_again_only_when_it_comes_back(self):
        policy = self._policy(on_credit_issue=True, date_to=self.today - timedelta(days=1))
        sent = []
        thread = self.registry['mail.thread']
        with patch.object(thread, 'message_notify', lambda records, **values: sent.append(values)):
            def night():
                sent.clear()
                self._run_nightly()
                return [values for values in sent if self.manager.partner_id.id in values['partner_ids']]

            [told] = night()
            self.assertIn("ended on", told['body'])
            self.assertFalse(night())
            policy.date_to = False
            self.assertFalse(night())
            self.assertNotIn(policy, self._finding('expired').policy_id, "what is gone is gone")
            policy.date_to = self.today - timedelta(days=1)
            self.assertEqual(len(night()), 1)

    def test_nobody_is_told_of_a_company_whose_approval_is_off_and_one_that_fails_stops_no_other(self):
        self._switch(approval='off')
        with patch.object(self.registry['sale.approval.policy'], '_check_up') as check:
            self._run_nightly()
        self.assertNotIn(self.company, [call.args[0] for call in check.call_args_list])
        self._switch(approval='warn')
        with patch.object(self.registry['sale.approval.policy'], '_check_up', side_effect=ValueError), \
                self.assertLogs('odoo.addons.sale_order_control.models.approval.checkup.checkup', 'ERROR'):
            self.assertTrue(self._run_nightly())

    def test_it_costs_the_same_for_many_policies_as_for_few(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            self.env.registry.clear_cache()
            before = self.cr.sql_log_count
            self.policies._prepare_checkup(self.company)
            run = self.policies._prepare_checkup(self.company)
            for check in self.policies._get_checks():
                list(check(run))
            return self.cr.sql_log_count - before

        group = self.env.ref('sale_order_control.group_approver')
        def more(number):
            for _index in range(number):
                self._policy(
                    self._level(self.sales_manager | self.finance), self._level(self.director, 20, quorum='all'),
                    self._level(self.env['res.users'], 30, approver_type='group', group_id=group.id),
                    domain="[('client_order_ref', '!=', False)]", min_amount=5)
        more(2)
        count()
        few = count()
        more(20)
        self.assertLessEqual(count(), few)
