from datetime import date, datetime, timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.order.control_memory import control_today
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalDelegation(ApprovalCommon):

    def _delegate(self, user, delegate, days=3, **values):
        today = self.env['sale.order']._get_control_today()
        return self.env['sale.approval.delegation'].with_user(user).create({
            'user_id': user.id, 'delegate_id': delegate.id, 'date_from': today, 'date_to': today + timedelta(days=days),
            **values})

    def test_who_is_away_is_asked_through_the_delegate_on_his_behalf(self):
        self._policy(self._level(self.sales_manager, 10), self._level(self.finance, 20))
        self._delegate(self.finance, self.director)
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        task = request.task_ids.filtered(lambda task: task.state == 'pending')
        self.assertEqual((task.user_id, task.on_behalf_of_id), (self.director, self.finance))
        self.assertEqual(request.activity_ids.user_id, self.director)
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_agree()
        request.with_user(self.director).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_what_waits_already_is_handed_over_when_the_absence_begins(self):
        self._policy(self._level(self.finance))
        _order, request = self._submitted()
        today = self.env['sale.order']._get_control_today()
        self._delegate(self.finance, self.director, days=9).date_from = today + timedelta(days=2)
        later = self._policy(self._level(self.finance), name="More", max_discount=1)
        self.assertTrue(later)
        request.sudo().task_ids.invalidate_recordset()
        # It began today and was moved afterwards: what was handed over stays handed over.
        self.assertEqual(self._tasks(request), {self.finance: 'skipped', self.director: 'pending'})

    def test_a_later_absence_begins_by_the_scheduled_job(self):
        self._policy(self._level(self.finance))
        today = self.env['sale.order']._get_control_today()
        self.env['sale.approval.delegation'].create({
            'user_id': self.finance.id, 'delegate_id': self.director.id, 'date_from': today + timedelta(days=2),
            'date_to': today + timedelta(days=4)})
        _order, request = self._submitted()
        for day, state in ((0, 'pending'), (2, 'skipped')):
            with control_today(self.env, today + timedelta(days=day)), \
                    patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=1):
                self.env['sale.approval.task']._cron_chase()
            self.assertEqual(self._tasks(request)[self.finance], state)

    def test_the_scope_and_makers_limit_a_delegation(self):
        policy = self._policy(self._level(self.finance))
        other = self._policy(self._level(self.finance), name="Other", max_discount=50)
        delegation = self._delegate(self.finance, self.director, policy_ids=[Command.set(other.ids)])
        _order, request = self._submitted()
        self.assertEqual(request.task_ids.user_id, self.finance)
        delegation.policy_ids = policy
        self.assertEqual(self._tasks(request)[self.director], 'pending')
        # Who made it never decides, also not for somebody else.
        delegation.write({'delegate_id': self.salesperson.id, 'policy_ids': False})
        _order, second = self._submitted()
        self.assertEqual(second.task_ids.user_id, self.finance)

    @mute_logger('odoo.sql_db')
    def test_bad_delegations_are_refused(self):
        portal = self.env['res.users'].search([('share', '=', True)], limit=1)
        self._delegate(self.director, self.finance)
        for delegate, error in (
            (self.finance, CheckViolation), (self.director, ValidationError), (portal, ValidationError),
        ):
            with self.subTest(to=delegate.login), self.assertRaises(error), self.cr.savepoint():
                self._delegate(self.finance, delegate)
        with self.assertRaises(CheckViolation), self.cr.savepoint():
            self._delegate(self.finance, self.controller, days=-1)

    def test_nobody_delegates_for_others(self):
        with self.assertRaises(AccessError):
            self.env['sale.approval.delegation'].with_user(self.outsider).create({
                'user_id': self.finance.id, 'delegate_id': self.outsider.id, 'date_from': '2030-01-01',
                'date_to': '2030-02-01'})
        own = self._delegate(self.finance, self.director)
        for stranger in (self.outsider, self.director):
            with self.assertRaises(AccessError):
                own.with_user(stranger).write({'date_to': '2031-01-01'})
        self.assertTrue(own.with_user(self.director).read(['reason']))
        with self.assertRaises(AccessError):
            own.with_user(self.finance).write({'user_id': self.sales_manager.id})


@tagged('post_install', '-at_install')
class TestApprovalDeadline(ApprovalCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Monday to Friday, 8 to 12 and 13 to 17 o'clock in UTC.
        cls.company.resource_calendar_id = cls.env['resource.calendar'].create({'name': "Week", 'tz': 'UTC'})

    def _chase(self, moment):
        """Run the job at a moment."""
        with patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=1), \
                patch('odoo.fields.Datetime.now', lambda: moment):
            return self.env['sale.approval.task']._cron_chase()

    def _asked(self, moment, **level):
        with patch('odoo.fields.Datetime.now', lambda: moment):
            self._policy(self._level(self.sales_manager, **level))
            return self._submitted()

    def _told(self, user, request):
        return self.env['mail.message'].search([
            ('partner_ids', 'in', user.partner_id.ids), ('model', '=', request._name), ('res_id', '=', request.id)])

    def test_hours_are_working_hours(self):
        friday = datetime(2030, 5, 3, 15, 0)
        self.assertEqual(self.company._plan_working_hours(1, friday), datetime(2030, 5, 3, 16, 0))
        self.assertEqual(self.company._plan_working_hours(4, friday), datetime(2030, 5, 6, 10, 0))
        self.env['resource.calendar.leaves'].create({
            'name': "Holiday", 'calendar_id': self.company.resource_calendar_id.id, 'company_id': self.company.id,
            'date_from': '2030-05-06 00:00:00', 'date_to': '2030-05-06 23:59:59'})
        self.assertEqual(self.company._plan_working_hours(4, friday), datetime(2030, 5, 7, 10, 0))

    def test_who_has_not_decided_is_reminded_once_and_told_when_time_is_up(self):
        monday = datetime(2030, 5, 6, 9, 0)
        _order, request = self._asked(monday, remind_hours=2, deadline_hours=6)
        self.assertEqual(request.task_ids.deadline, datetime(2030, 5, 6, 16, 0))
        before = len(self._told(self.sales_manager, request))
        for hour, told in ((10, 0), (12, 1), (13, 1), (17, 2), (18, 2)):
            self._chase(monday.replace(hour=hour))
            self.assertEqual(len(self._told(self.sales_manager, request)) - before, told, hour)
        self.assertTrue(request.task_ids.is_overdue)
        self.assertEqual(request.state, 'pending')

    def test_forwarding_does_not_start_the_clock_anew(self):
        monday = datetime(2030, 5, 6, 9, 0)
        _order, request = self._asked(monday, remind_hours=2, deadline_hours=6, on_deadline='return')
        with patch('odoo.fields.Datetime.now', lambda: monday.replace(hour=15)):
            request.with_user(self.sales_manager).action_forward(self.finance)
        heir = request.task_ids.filtered(lambda task: task.state == 'pending')
        self.assertEqual((heir.user_id, heir.deadline), (self.finance, monday.replace(hour=16)))
        with patch('odoo.fields.Datetime.now', lambda: monday.replace(hour=15, minute=30)):
            request.with_user(self.finance).action_forward(self.director)
        self._chase(monday.replace(hour=16, minute=30))
        self.assertEqual(request.state, 'returned')

    def test_a_level_that_decides_again_has_all_its_time(self):
        monday = datetime(2030, 5, 6, 9, 0)
        with patch('odoo.fields.Datetime.now', lambda: monday):
            self._policy(self._level(self.sales_manager, deadline_hours=2), self._level(self.finance, 20))
            _order, request = self._submitted()
        with patch('odoo.fields.Datetime.now', lambda: monday.replace(hour=10)):
            request.with_user(self.sales_manager).action_agree()
        with patch('odoo.fields.Datetime.now', lambda: monday.replace(hour=14)):
            request.with_user(self.finance).action_return("Look again", level=1)
        again = request.task_ids.filtered(lambda task: task.state == 'pending')
        self.assertEqual((again.user_id, again.deadline), (self.sales_manager, monday.replace(hour=16)))

    def test_others_are_asked_as_well_when_time_is_up(self):
        monday = datetime(2030, 5, 6, 9, 0)
        order, request = self._asked(
            monday, deadline_hours=1, on_deadline='escalate',
            escalation_user_ids=[Command.set((self.director | self.salesperson).ids)])
        self._chase(monday.replace(hour=11))
        # Never the maker, also not as the last resort.
        self.assertEqual(self._tasks(request), {self.sales_manager: 'pending', self.director: 'pending'})
        self.assertTrue(self._told(self.salesperson, request))
        self._chase(monday.replace(hour=12))
        self.assertEqual(len(request.task_ids), 2)
        request.with_user(self.director).action_agree()
        self.assertEqual(order.state, 'sale')
        self.assertEqual(
            request.task_ids.filtered(lambda task: task.state == 'agreed').on_behalf_of_id, self.sales_manager)

    def test_it_goes_back_to_its_maker_when_time_is_up(self):
        monday = datetime(2030, 5, 6, 9, 0)
        order, request = self._asked(monday, deadline_hours=1, on_deadline='return')
        self._chase(monday.replace(hour=11))
        self.assertEqual((request.state, order.approval_state, order.state), ('returned', 'returned', 'draft'))
        self.assertIn("in time", request.outcome)

    def test_it_is_rejected_or_cleared_when_time_is_up_where_the_level_says_so(self):
        monday = datetime(2030, 5, 6, 9, 0)
        for action, state in (('reject', 'rejected'), ('clear', 'expired')):
            order, request = self._asked(monday, deadline_hours=1, on_deadline=action)
            self._chase(monday.replace(hour=11))
            self.assertEqual((request.state, order.approval_state, order.state), (state, state, 'draft'))
            self.env['sale.approval.policy'].search([]).active = False

    def test_the_next_level_is_asked_as_well_and_a_final_action_follows(self):
        monday = datetime(2030, 5, 6, 9, 0)
        with patch('odoo.fields.Datetime.now', lambda: monday):
            self._policy(
                self._level(self.sales_manager, deadline_hours=1, on_deadline='next', final_hours=2,
                            final_action='reject'),
                self._level(self.director, 20))
            _order, request = self._submitted()
        self.assertEqual(request.task_ids[0].final_on, datetime(2030, 5, 6, 12, 0))
        self._chase(monday.replace(hour=11))
        first = request.task_ids.filtered(lambda task: task.sequence == 10)
        self.assertEqual({task.user_id: task.state for task in first},
                         {self.sales_manager: 'pending', self.director: 'pending'})
        self.assertEqual(request.state, 'pending')
        self._chase(monday.replace(hour=14))
        self.assertEqual(request.state, 'rejected')

    def test_what_nobody_reviewed_for_a_week_is_cleared_after_a_warning(self):
        boss = self._new_user('soc_boss', 'sale_order_control.group_manager')
        self._policy(self._level(self.sales_manager))
        today = self.env['sale.order']._get_control_today()
        order, request = self._submitted()
        self.assertEqual(request.expires_on, today + timedelta(days=7))
        before = len(self._told(self.salesperson, request))
        for days, state, told in ((5, 'pending', 0), (6, 'pending', 1), (6, 'pending', 1), (7, 'expired', 2)):
            with control_today(self.env, today + timedelta(days=days)):
                self._chase(datetime.combine(today + timedelta(days=days), datetime.min.time()))
            self.assertEqual((request.state, len(self._told(self.salesperson, request)) - before), (state, told), days)
        self.assertEqual((order.approval_state, order.state), ('expired', 'draft'))
        self.assertTrue(self._told(boss, request))
        order.action_submit()
        self.assertEqual(order.approval_state, 'pending')

    @mute_logger('odoo.addons.sale_order_control.models.approval.request.sale_approval_deadline')
    def test_a_policy_can_let_requests_wait_for_ever(self):
        self._policy(self._level(self.sales_manager), expire_days=0)
        _order, request = self._submitted()
        self.assertFalse(request.expires_on)
        with control_today(self.env, request.requested_on.date() + timedelta(days=400)):
            self._chase(request.requested_on + timedelta(days=400))
        self.assertEqual(request.state, 'pending')

    def test_one_that_fails_is_left_and_the_others_go_on(self):
        self._policy(self._level(self.sales_manager))
        _order, bad = self._submitted()
        _other, good = self._submitted()
        expire = type(bad)._expire

        def failing(request):
            if request == bad:
                raise ValueError("broken")
            expire(request)

        with patch.object(type(bad), '_expire', failing), control_today(self.env, date(2999, 1, 1)):
            failed = self._chase(datetime.now())
        self.assertEqual((bad.state, good.state, failed), ('pending', 'expired', 1))


@tagged('post_install', '-at_install')
class TestApprovalApprovers(ApprovalCommon):
    """Who is asked, when the document says it."""

    def test_the_salespersons_manager_and_a_person_named_in_a_field(self):
        self.salesperson.approval_manager_id = self.director
        self.customer.user_id = self.finance
        nobody = self.env['res.users']
        self._policy(
            self._level(nobody, 10, approver_type='salesperson_manager'),
            self._level(nobody, 20, approver_type='field', approver_field='partner_id.user_id'))
        _order, request = self._submitted()
        self.assertEqual(self._tasks(request), {self.director: 'pending', self.finance: 'waiting'})

    def test_nobody_chooses_the_own_manager(self):
        with self.assertRaises(AccessError):
            self.salesperson.with_user(self.salesperson).write({'approval_manager_id': self.other_salesperson.id})
        self._policy(self._level(self.env['res.users'], approver_type='salesperson_manager'))
        with self.assertRaisesRegex(UserError, "nobody who may approve"):
            self._submitted()

    def test_a_path_that_leads_nowhere_is_refused(self):
        for path in ('no_such_field', 'partner_id', 'name', False):
            with self.subTest(path=path), self.assertRaises(ValidationError):
                self._policy(self._level(self.env['res.users'], approver_type='field', approver_field=path))

    def test_another_person_than_before_must_agree(self):
        self._policy(
            self._level(self.sales_manager | self.finance, 10),
            self._level(self.sales_manager | self.finance, 20, distinct_persons=True))
        order, request = self._submitted()
        request.with_user(self.finance).action_agree()
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_agree()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_an_opinion_is_written_where_it_is_required(self):
        self._policy(self._level(self.sales_manager, comment_required=True))
        order, request = self._submitted()
        with self.assertRaisesRegex(UserError, "opinion in writing"):
            request.with_user(self.sales_manager).action_agree("  ")
        request.with_user(self.sales_manager).action_agree("Sound customer, usual discount")
        self.assertEqual(order.state, 'sale')
