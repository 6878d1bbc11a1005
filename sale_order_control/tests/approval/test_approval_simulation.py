from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.approval.simulation import sale_approval_simulation_run as run
from ...models.approval.simulation.approval_waits import WorkingClock
from ...models.order.control_issue import ControlIssue
from .common import ApprovalCommon


class SimulationCommon(ApprovalCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._new_user('soc_boss', 'sale_order_control.group_manager')
        cls.auditor = cls._new_user('soc_auditor', 'sale_order_control.group_auditor')
        # Whatever the database holds already is not what is counted here.
        cls.env.cr.execute("UPDATE sale_order SET date_order = '2001-01-01' WHERE company_id = %s", [cls.company.id])
        cls.env.invalidate_all()

    def _simulate(self, policies=None, **values):
        simulation = self.env['sale.approval.simulation'].with_user(self.manager).create({
            'company_id': self.company.id,
            **({'policy_ids': [Command.set(policies.ids)]} if policies else {}), **values})
        simulation.action_run()
        self.env.flush_all()
        return simulation

    def _orders(self, simulation, side='after', **values):
        return simulation.line_ids.filtered(
            lambda line: line.side == side and all(line[name] == value for name, value in values.items())).order_id

    def _figures(self, simulation, kind):
        return {
            figure.name: (figure.before_count, figure.after_count)
            for figure in simulation.figure_ids if figure.kind == kind}


@tagged('post_install', '-at_install')
class TestApprovalSimulation(SimulationCommon):
    """What policies would ask about orders of the past, next to what those in force really asked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.large = cls._policy(cls._level(cls.sales_manager, name="Sales"), name="Large", min_amount=500)
        cls.huge = cls._policy(
            cls._level(cls.sales_manager, name="Sales"), cls._level(cls.director, 20, name="Board"),
            name="Huge", min_amount=2000, sequence=20)
        cls.small, cls.middle, cls.great = (cls._create_order(quantity) for quantity in (1, 10, 30))
        (cls.small | cls.middle | cls.great).action_submit()

    def test_the_policies_in_force_give_what_was_really_asked(self):
        simulation = self._simulate()
        requests = (self.small | self.middle | self.great).sudo().approval_request_ids
        self.assertEqual(self._orders(simulation, 'before'), requests.order_id)
        self.assertEqual(
            (simulation.order_count, simulation.before_count, simulation.after_count),
            (3, len(requests), len(requests)))
        for line in simulation.line_ids:
            tasks = requests.filtered(lambda request, line=line: request.order_id == line.order_id).task_ids
            self.assertEqual(line.level_ids, tasks.level_id)
            self.assertEqual(line.user_ids, tasks.user_id)
            self.assertEqual(line.change, 'same')
        self.assertEqual(self._figures(simulation, 'policy'), {'Large': (2, 2), 'Huge': (1, 1)})
        self.assertEqual(self._figures(simulation, 'level'), {'Sales': (2, 2), 'Board': (1, 1)})

    def test_a_draft_counts_as_if_it_were_in_force_and_one_left_out_as_if_it_were_not(self):
        draft = self._policy(
            self._level(self.finance, name="Finance"), name="Draft", min_amount=50, active=False,
            date_from=fields.Date.today() + timedelta(days=30))
        simulation = self._simulate(draft | self.huge)
        self.assertEqual(self._orders(simulation, change='new'), self.small)
        self.assertEqual(self._orders(simulation, change='other'), self.middle | self.great)
        self.assertEqual(self._figures(simulation, 'approver'), {
            f"Finance: {self.finance.name}": (0, 3), f"Sales: {self.sales_manager.name}": (2, 1),
            f"Board: {self.director.name}": (1, 1)})
        simulation = self._simulate(self.huge)
        self.assertEqual(self._orders(simulation, 'before', change='gone'), self.middle)
        self.assertEqual((simulation.new_count, simulation.gone_count, simulation.other_count), (0, 1, 0))
        action = simulation.action_view_gone()
        self.assertEqual(self.env[action['res_model']].search(action['domain']).order_id, self.middle)

    def test_a_policy_that_begins_later_is_tried_as_if_it_had_begun_and_is_not_in_force(self):
        later = self._policy(
            self._level(self.director, name="Board"), name="Later", min_amount=50,
            date_from=fields.Date.today() + timedelta(days=30))
        simulation = self._simulate(self.large | self.huge | later)
        self.assertIn(self.small, self._orders(simulation, 'after', change='new'))
        self.assertNotIn(self.small, self._orders(simulation, 'before'))

    def test_nothing_is_written_to_orders_and_nobody_is_told(self):
        models = ('sale.approval.request', 'sale.control.log', 'mail.message', 'mail.activity')
        before = {model: self.env[model].sudo().search_count([]) for model in models}
        state = (self.middle | self.small).read(['state', 'write_date', 'approval_state'])
        self._simulate(self._policy(min_amount=1, active=False))
        self.assertEqual((self.middle | self.small).read(['state', 'write_date', 'approval_state']), state)
        self.assertEqual({model: self.env[model].sudo().search_count([]) for model in models}, before)

    def test_the_terms_that_were_submitted_are_judged_not_those_of_today(self):
        self.middle.order_line.product_uom_qty = 1
        self.assertEqual(self.middle.approval_state, 'pending')
        self.assertIn(self.middle, self._orders(self._simulate()))
        self.small.sudo().order_line.product_uom_qty = 1
        self.assertNotIn(self.small, self._orders(self._simulate()))

    def test_it_judges_while_approval_control_is_off(self):
        self._switch(approval='off', credit='warn')
        order = self._create_order(40)
        order.action_confirm()
        simulation = self._simulate()
        self.assertIn(order, self._orders(simulation))

    def test_a_policy_counts_on_the_days_of_the_orders_it_is_valid_on(self):
        self.large.date_from = fields.Date.today() - timedelta(days=10)
        older = self._create_order(12)
        older.date_order = datetime.now() - timedelta(days=30)
        simulation = self._simulate(quotations=True)
        self.assertNotIn(older, self._orders(simulation))
        self.large.date_from = False
        simulation = self._simulate(quotations=True)
        self.assertIn(older, self._orders(simulation))
        self.assertEqual(simulation.unrecorded_count, 1)
        self.assertFalse(older.sudo().approval_request_ids)

    def test_what_other_controls_said_is_taken_from_the_record(self):
        orders = self.env.registry['sale.order']
        issue = ControlIssue('credit.limit', 'credit', 'approve', "Over the limit.", {'over': 5, 'figures': ['over']})

        def collect(records, checkpoint, terms):
            return {order.id: [issue] for order in records}

        credit = self._policy(
            self._level(self.finance, name="Finance"), name="Credit", on_credit_issue=True, sequence=30)
        self._switch(credit='enforce')
        with patch.object(orders, '_collect_control_issues', collect):
            order = self._create_order(1)
            order.action_submit()
        self.assertEqual(order.approval_state, 'pending')
        simulation = self._simulate()
        self.assertEqual(self._orders(simulation, 'before', policy_ids=credit), order)
        # A warning becomes a reason only if somebody asks what enforcing it would do.
        self._switch(credit='warn')
        with patch.object(orders, '_collect_control_issues', collect):
            warned = self._create_order(1)
            warned.action_submit()
        self.assertEqual(warned.state, 'sale')
        self.assertNotIn(warned, self._orders(self._simulate()))
        self.assertIn(warned, self._orders(self._simulate(count_warned=True)))

    def test_orders_that_another_control_stopped_are_not_asked_about(self):
        issue = ControlIssue('credit.hold', 'credit', 'block', "On hold.")
        self._switch(credit='enforce')
        with patch.object(
                self.env.registry['sale.order'], '_collect_control_issues',
                lambda records, checkpoint, terms: {order.id: [issue] for order in records}):
            order = self._create_order(10)
            issues = order._get_control_issues('submit')
        order._control_log('submitted', issues, checkpoint='submit')
        simulation = self._simulate()
        self.assertEqual(simulation.order_count, 4)
        self.assertNotIn(order, self._orders(simulation))

    def test_splitting_is_seen_with_the_orders_before_and_not_with_those_after(self):
        split = self._policy(
            self._level(self.director, name="Board"), name="Split", min_amount=500, cumulative_days=10, active=False)
        self._switch(approval='off')
        partner = self.customer.copy()
        days = (9, 8, 1)
        orders = self.env['sale.order']
        for ago in days:
            order = self._create_order(3, partner=partner)
            order.action_confirm()
            order.sudo().date_order = datetime.now() - timedelta(days=ago)
            orders |= order
        self.env.flush_all()
        simulation = self._simulate(split, quotations=True)
        self.assertEqual(self._orders(simulation) & orders, orders[1:])

    def test_an_unreadable_period_or_no_policy_is_refused_in_words(self):
        with self.assertRaisesRegex(UserError, "no orders to judge"):
            self._simulate(date_from='1990-01-01', date_to='1990-02-01')
        with self.assertRaisesRegex(UserError, "at least one policy"):
            self._simulate(policy_ids=[Command.clear()])

    def test_another_question_forgets_the_answer(self):
        simulation = self._simulate()
        simulation.minutes = 30
        self.assertEqual((simulation.state, len(simulation.line_ids)), ('draft', 0))
        simulation.action_run()
        self.assertEqual(simulation.after_work, 1.5)

    # === RUNNING ===#

    def test_a_run_in_chunks_finds_the_same_and_goes_on_where_it_stopped(self):
        expected = self._figures(self._simulate(), 'policy')
        with patch.object(run, 'CHUNK', 2):
            simulation = self.env['sale.approval.simulation'].with_user(self.manager).create({})
            simulation.sudo()._start(at_once=2)
            self.assertEqual(simulation.state, 'running')
            simulation.sudo()._run_chunk()
            self.assertEqual((simulation.done_count, simulation.last_order_id), (2, self.middle.id))
            with patch.object(self.env.registry['ir.cron'], '_commit_progress', lambda *args, **kwargs: 10):
                self.env['sale.approval.simulation']._cron_run()
        self.assertEqual((simulation.state, self._figures(simulation, 'policy')), ('done', expected))

    def test_an_order_that_cannot_be_judged_is_counted_and_the_others_are_judged(self):
        judge = self.env.registry['sale.order']._judge_rules
        failing = self.middle.id

        def fail_for_one(order, rules, figures):
            if order.id == failing:
                raise ValueError("No such luck.")
            return judge(order, rules, figures)

        with patch.object(self.env.registry['sale.order'], '_judge_rules', fail_for_one), \
                self.assertLogs(run.__name__, 'ERROR'):
            simulation = self._simulate()
        self.assertEqual((simulation.failed_count, self._orders(simulation)), (1, self.great))

    def test_judging_costs_the_same_queries_for_many_orders_as_for_few(self):
        def count(orders):
            simulation = self.env['sale.approval.simulation'].with_user(self.manager).create({}).sudo()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            rules = {'after': simulation.policy_ids._prepare_candidate_rules()}
            found = orders._simulate_policies(rules, orders._get_past_situations())
            self.assertEqual(len(found['after']), len(orders))
            return self.cr.sql_log_count - before

        few, many = self.env['sale.order'], self.env['sale.order']
        for number in range(24):
            order = self._create_order(10 + number)
            few |= order if number < 4 else few.browse()
            many |= order
        many.action_submit()
        count(few)
        self.assertLessEqual(count(many), count(few))

    # === WAITING ===#

    def test_waiting_is_taken_from_decisions_else_from_the_deadline_and_it_says_which(self):
        self.huge.level_ids[1].deadline_hours = 6.0
        simulation = self._simulate()
        levels = {figure.name: figure for figure in simulation.figure_ids if figure.kind == 'level'}
        self.assertEqual((levels['Sales'].wait_source, levels['Sales'].wait_hours), ('unknown', 0.0))
        self.assertEqual((levels['Board'].wait_source, levels['Board'].wait_hours), ('deadline', 6.0))
        self.assertEqual(simulation.after_wait, 6.0)
        for number in range(3):
            order = self._create_order(10 + number)
            order.action_submit()
            self._request(order).with_user(self.sales_manager).action_agree()
        self.env.flush_all()
        # Monday 10:00 to Tuesday 10:00 in a week of eight hours a day.
        self.company.resource_calendar_id = self.env['resource.calendar'].create({
            'name': "Office", 'tz': 'UTC', 'attendance_ids': [
                Command.create({'name': str(day), 'dayofweek': str(day), 'hour_from': 9, 'hour_to': 17})
                for day in range(5)]})
        self.env.cr.execute(
            "UPDATE sale_approval_task SET asked_on = '2024-06-03 10:00', decided_on = '2024-06-04 10:00' "
            "WHERE state = 'agreed' AND level_id = %s", [self.large.level_ids.id])
        self.env.invalidate_all()
        simulation = self._simulate()
        [sales] = simulation.figure_ids.filtered(lambda figure: (figure.kind, figure.name) == ('level', 'Sales'))
        self.assertEqual((sales.wait_source, sales.wait_hours, sales.wait_decisions), ('level', 8.0, 3))
        draft = self._policy(self._level(self.sales_manager, name="Sales"), min_amount=500, active=False)
        simulation = self._simulate(draft)
        [sales] = simulation.figure_ids.filtered(lambda figure: (figure.kind, figure.name) == ('level', 'Sales'))
        self.assertEqual(sales.wait_source, 'level')
        self.assertEqual(
            draft.level_ids._get_usual_working_waits(self.company)[draft.level_ids.id].source, 'approver')

    def test_the_clock_counts_working_hours_only(self):
        self.company.resource_calendar_id = False
        start = datetime(2024, 6, 7, 12)
        clock = WorkingClock(self.company, start, start + timedelta(days=9))
        self.assertEqual(clock.get_hours(start, start + timedelta(hours=30)), 30)
        self.company.resource_calendar_id = self.env['resource.calendar'].create({
            'name': "Office", 'tz': 'UTC', 'attendance_ids': [
                Command.create({'name': str(day), 'dayofweek': str(day), 'hour_from': 9, 'hour_to': 17})
                for day in range(5)]})
        clock = WorkingClock(self.company, start, start + timedelta(days=9))
        # Friday noon to Monday 10:00.
        self.assertEqual(clock.get_hours(start, datetime(2024, 6, 10, 10)), 6)
        self.assertEqual(clock.get_hours(datetime(2024, 6, 8), datetime(2024, 6, 9)), 0)


@tagged('post_install', '-at_install')
class TestApprovalSimulationRights(SimulationCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy()
        cls.order = cls._create_order(10)
        cls.order.action_submit()

    def test_managers_run_auditors_read_and_nobody_else_sees_anything(self):
        simulation = self._simulate()
        for user in (self.salesperson, self.sales_manager, self.controller, self.outsider):
            with self.subTest(user=user.login):
                for record in (simulation, simulation.line_ids, simulation.figure_ids):
                    with self.assertRaises(AccessError):
                        record.with_user(user).read(['company_id'])
                with self.assertRaises(AccessError):
                    self.policy.with_user(user).action_simulate()
                with self.assertRaises(AccessError):
                    simulation.with_user(user).action_run()
        read = simulation.with_user(self.auditor)
        self.assertEqual(read.after_count, 1)
        self.assertEqual(set(read.line_ids.mapped('order_name')), {self.order.name})
        for attempt in (lambda: read.action_run(), lambda: read.write({'minutes': 1}), lambda: read.unlink()):
            with self.assertRaises(AccessError):
                attempt()

    def test_what_was_found_cannot_be_written_even_by_managers(self):
        simulation = self._simulate()
        with self.assertRaisesRegex(AccessError, "follows from running it"):
            simulation.write({'after_count': 0})
        with self.assertRaisesRegex(AccessError, "follows from running it"):
            simulation.create({'state': 'done'})
        for record in (simulation.line_ids, simulation.figure_ids):
            with self.assertRaises(AccessError):
                record.write({'company_id': self.company.id})
        forged = self.env['sale.approval.simulation'].with_user(self.manager).with_context(
            default_state='done', default_after_count=99).create({})
        self.assertEqual((forged.state, forged.after_count), ('draft', 0))

    def test_other_companies_are_neither_judged_nor_seen(self):
        other = self.env['res.company'].create({'name': "Other"})
        foreign = self.env['sale.order'].create({
            'partner_id': self.customer.id, 'company_id': other.id, 'state': 'draft'})
        simulation = self._simulate(quotations=True)
        self.assertNotIn(foreign, simulation.line_ids.order_id)
        self.assertEqual(simulation.order_count, 1)
        theirs = self.env['sale.approval.simulation'].create({'company_id': other.id, 'policy_ids': False})
        with self.assertRaises(AccessError):
            theirs.with_user(self.manager).read(['name'])

    def test_a_policy_opens_the_simulation_together_with_those_in_force(self):
        draft = self._policy(name="Draft", active=False)
        action = draft.with_user(self.manager).action_simulate()
        simulation = self.env['sale.approval.simulation'].browse(action['res_id'])
        self.assertEqual(simulation.policy_ids, draft | self.policy)
        action = self.env['sale.approval.policy'].with_user(self.manager).action_simulate()
        self.assertEqual(self.env['sale.approval.simulation'].browse(action['res_id']).policy_ids, self.policy)
