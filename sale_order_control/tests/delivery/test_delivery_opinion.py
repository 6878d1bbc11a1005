from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryOpinion(DeliveryCommon):
    """What is overdue for too long needs somebody's written opinion, and escalates without one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Every day is a working day, so that days can be counted by hand.
        cls.company.resource_calendar_id.attendance_ids.unlink()
        cls.company.write({'opinion_escalation_days': 3, 'opinion_order_days': 30, 'opinion_transfer_days': 7})
        cls.keeper = cls._new_user('soc_keeper', 'stock.group_stock_user')
        cls.leader = cls._new_user('soc_leader', 'sales_team.group_sale_salesman_all_leads')
        cls.order = cls._confirm_order((cls.product, 3.0, 2))
        cls.order.team_id = cls.env['crm.team'].create({'name': "Leaders", 'user_id': cls.leader.id})
        cls._promise(cls.order.order_line, 2)

    def _night(self, days, **arguments):
        self._run_night(days, 'sale.order', '_cron_refresh_promise_states')
        self._run_night(days, 'sale.handling.case', '_cron_handling_opinions', **arguments)

    def _cases(self, order=None):
        return self.env['sale.handling.case'].search([('order_id', '=', (order or self.order).id)], order='id')

    def _order_case(self):
        return self._cases().filtered(lambda case: not case.picking_id)

    def _give(self, case, user, days, valid_days, **values):
        with control_today(self.env, self._day(days)):
            wizard = self.env['sale.handling.opinion.wizard'].with_user(user).create({
                'case_id': case.id, 'opinion': "The supplier is late.", 'measure': "Bought elsewhere.",
                'cause_id': self.reason.id, 'until': self._day(valid_days), **values})
            wizard.action_record()
        return case.opinion_ids[:1]

    def test_an_order_thirty_days_past_due_needs_one_and_not_a_day_earlier(self):
        self._night(32)
        self.assertFalse(self._order_case())
        self._night(33)
        case = self._order_case()
        self.assertEqual((case.state, case.user_id, case.due_date, case.since),
                         ('needed', self.salesperson, self._day(2), self._day(33)))
        [activity] = case.activity_ids
        self.assertEqual(activity.user_id, self.salesperson)
        self.assertEqual(self.order.with_user(self.salesperson).handling_case_id, case)

    def test_a_transfer_a_week_past_its_day_needs_one(self):
        picking = self.order.picking_ids
        picking.user_id = self.keeper
        self._night(9)
        self.assertFalse(self._cases())
        self._night(10)
        case = self._cases()
        self.assertEqual((case.picking_id, case.user_id, case.state), (picking, self.keeper, 'needed'))

    def test_moving_the_transfer_does_not_help(self):
        picking = self.order.picking_ids
        picking.with_user(self.keeper).scheduled_date = self._day(60)
        picking.move_ids.with_user(self.keeper).date_deadline = self._day(60)
        self._night(10)
        self.assertEqual(self._cases().picking_id, picking)

    def test_a_second_run_finds_nothing_and_a_cut_off_one_goes_on(self):
        other = self._confirm_order((self.product, 1.0, 2))
        with patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=0), \
                control_today(self.env, self._day(33)):
            self.env['sale.handling.case']._cron_handling_opinions(limit=1)
        self.assertEqual(len(self._cases() | self._cases(other)), 1)
        self._night(33, limit=1)
        cases = self._cases() | self._cases(other)
        self.assertEqual(len(cases), 4)
        activities = cases.activity_ids
        self._night(33)
        self.assertEqual((self._cases() | self._cases(other)).activity_ids, activities)

    def test_one_that_fails_is_reported_and_the_others_go_on(self):
        other = self._confirm_order((self.product, 1.0, 2))
        model = type(self.env['sale.order'])
        open_cases = model._open_handling_cases

        def fail(orders, today):
            if self.order in orders:
                raise ValueError("broken")
            return open_cases(orders, today)

        with patch.object(model, '_open_handling_cases', fail), self.assertLogs(
                'odoo.addons.sale_order_control.models.order.control_job', 'ERROR') as logs:
            self._night(33)
        self.assertEqual(len(logs.records), 1)
        self.assertTrue(self._cases(other))
        self.assertFalse(self._order_case())

    def test_without_an_opinion_the_team_leader_is_asked_once(self):
        self._night(33)
        self._night(35)
        case = self._order_case()
        self.assertEqual(case.state, 'needed')
        self._night(36)
        self.assertEqual((case.state, case.escalated_to_id), ('escalated', self.leader))
        self.assertEqual(case.activity_ids.user_id, self.salesperson | self.leader)
        self._night(40)
        self.assertEqual(len(case.activity_ids), 2)

    def test_an_opinion_counts_until_its_day_and_then_another_one_is_needed(self):
        self._night(33)
        case = self._order_case()
        opinion = self._give(case, self.salesperson, 34, 40)
        self.assertEqual((case.state, case.until, opinion.user_id, opinion.days_overdue),
                         ('given', self._day(40), self.salesperson, 32))
        self.assertFalse(case.activity_ids)
        self.assertEqual(self.order.order_line.delivery_cause_id, self.reason)
        self.assertIn("Bought elsewhere", self.order.control_log_ids[0].message)
        self._night(40)
        self.assertEqual(case.state, 'given')
        self._night(41)
        self.assertEqual((case.state, case.since, len(case.activity_ids)), ('needed', self._day(41), 1))
        self._give(case, self.leader, 41, 45, opinion="Still late.")
        self.assertEqual(len(case.opinion_ids), 2)

    def test_delivered_or_promised_anew_it_is_over(self):
        self._night(33)
        case = self._order_case()
        with control_today(self.env, self._day(33)):
            self._deliver(self.order)
        self.assertEqual((case.state, case.activity_ids.ids), ('over', []))
        other = self._confirm_order((self.product, 1.0, 2))
        self._night(33)
        with control_today(self.env, self._day(33)):
            self._promise(other.order_line, 40, self.reason)
        self.assertEqual(set(self._cases(other).mapped('state')), {'over'})
        with self.assertRaisesRegex(UserError, "not overdue any more"):
            self._give(case, self.salesperson, 34, 40)

    def test_an_opinion_says_what_is_done_and_until_when(self):
        self._night(33)
        case = self._order_case()
        for values, words in (
            ({'opinion': " "}, "what is the matter"), ({'measure': False}, "what is done"),
            ({'cause_id': False}, "what caused"), ({'until': False}, "by when"),
            ({'until': self._day(33)}, "by when"), ({'until': self._day(65)}, "by when"),
        ):
            with self.assertRaisesRegex(UserError, words):
                self._give(case, self.salesperson, 34, 40, **values)
        self.assertFalse(case.opinion_ids)

    def test_only_who_answers_for_it_gives_it_and_nobody_changes_it(self):
        self._night(33)
        case = self._order_case()
        for user in (self.other_salesperson, self.finance, self.controller):
            with self.assertRaises(AccessError):
                self._give(case, user, 34, 40)
        opinion = self._give(case, self.planner, 34, 40)
        auditor = self._new_user('soc_opinion_auditor', 'sale_order_control.group_auditor')
        with self.assertRaises(AccessError):
            case.with_user(auditor)._record_opinion("x", "y", self.reason, self._day(40))
        for user in (self.salesperson, self.planner, self.env.ref('base.user_admin')):
            for act in (
                lambda row: row.write({'opinion': "Nothing"}), lambda row: row.unlink(), lambda row: row.copy(),
                lambda row: row.create({'case_id': case.id, 'opinion': "x"}),
            ):
                with self.assertRaises(UserError):
                    act(opinion.with_user(user))
        for user in (self.salesperson, self.planner):
            with self.assertRaises(AccessError):
                case.with_user(user).write({'state': 'over'})
            with self.assertRaises(AccessError):
                case.with_user(user).unlink()

    def test_nobody_is_asked_while_the_control_is_off_or_no_day_is_set(self):
        self.company.opinion_order_days = 0
        self._night(60)
        self.assertFalse(self._order_case())
        self.company.opinion_order_days = 30
        self._switch(promise='off')
        self.env['sale.handling.case'].search([]).unlink()
        self._run_night(60, 'sale.handling.case', '_cron_handling_opinions')
        self.assertFalse(self._cases())

    def test_other_companies_read_nothing_of_it(self):
        self._night(33)
        elsewhere = self.env['res.company'].create({'name': "Elsewhere"})
        planner = self._new_user('soc_opinion_planner', 'sale_order_control.group_delivery_planner')
        planner.write({'company_ids': [Command.set(elsewhere.ids)], 'company_id': elsewhere.id})
        self.assertFalse(self.env['sale.handling.case'].with_user(planner).search([]))

    def test_settings_below_zero_are_refused_and_managers_may_set_them(self):
        manager = self._new_user('soc_late_manager', 'sale_order_control.group_manager')
        company = self.company.with_user(manager)
        company.write({'opinion_order_days': 20, 'atp_supply_back': 5})
        self.assertEqual((company.opinion_order_days, company.atp_supply_back), (20, 5))
        for values in ({'opinion_order_days': -1}, {'promise_target_days': -1}, {'opinion_valid_days': 0},
                       {'atp_supply_back': -1}):
            with self.assertRaisesRegex(ValidationError, "below"), self.cr.savepoint():
                company.write(values)
        with self.assertRaises(AccessError):
            self.company.with_user(self.planner).write({'opinion_order_days': 10})
        with self.assertRaises(AccessError):
            company.write({'opinion_order_days': 10, 'name': "Mine"})
        settings = self.env['sale.control.settings'].with_user(manager).create({'company_id': self.company.id})
        settings.write({'atp_horizon': 90})
        self.assertEqual(self.company.atp_horizon, 90)
