from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintTime(ComplaintCommon):
    """Times to answer and solve: in working hours, not while the customer has the word, told when they pass."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Monday to Friday, 8 to 12 and 13 to 17, in UTC.
        cls.quality_team.resource_calendar_id = cls.env['resource.calendar'].create({
            'name': "Weekdays", 'tz': 'UTC', 'company_id': cls.company.id})
        cls.boss = cls._new_user('soc_general', 'sale_order_control.group_auditor')
        cls.leader = cls._new_user('soc_leader', 'sale_order_control.group_complaint_handler')
        cls.quality_team.user_id = cls.leader

    def _quietly(self):
        return patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=60.0)

    def _notices(self, user):
        return self.env['mail.message'].search([
            ('model', '=', 'sale.complaint'), ('message_type', '=', 'user_notification'),
            ('notified_partner_ids', 'in', user.partner_id.ids)])

    def test_defaults_are_24_hours_4_hours_for_mail_and_30_seconds_on_the_phone(self):
        monday = datetime(2026, 3, 2, 9, 0)
        with freeze_time(monday):
            due = {
                channel: self._complain(channel=channel, severity='minor').response_due
                for channel in ('portal', 'mail', 'phone')
            }
        self.assertEqual(due, {
            'portal': datetime(2026, 3, 3, 9, 0), 'mail': datetime(2026, 3, 2, 14, 0),
            'phone': datetime(2026, 3, 2, 9, 0, 30)})

    def test_a_severe_one_is_due_earlier_and_weekends_do_not_count(self):
        with freeze_time('2026-03-06 16:00:00'):  # a Friday
            complaint = self._complain(channel='mail')
            self.assertEqual(complaint.severity, 'major')
            # 3 working days: an hour on Friday, Monday, Tuesday, seven hours of Wednesday.
            self.assertEqual(complaint.resolution_due, datetime(2026, 3, 11, 16, 0))
            complaint.severity = 'critical'
            self.assertEqual(complaint.resolution_due, datetime(2026, 3, 9, 16, 0))
            # A row of the team says more than the rows of all teams.
            self.env['sale.complaint.target'].create({
                'team_id': self.quality_team.id, 'resolution_time': 2, 'resolution_unit': 'working_hour'})
            complaint.severity = 'minor'
            self.assertEqual(complaint.resolution_due, datetime(2026, 3, 9, 9, 0))

    def test_time_stands_still_while_the_customer_has_the_word(self):
        with freeze_time('2026-03-02 09:00:00'):
            complaint = self._complain(channel='portal', severity='minor')
            complaint.action_acknowledge()
            self.assertEqual(complaint.next_due, datetime(2026, 3, 9, 9, 0))
        with freeze_time('2026-03-03 09:00:00'):
            complaint.action_wait("Which lot is it?")
            self.assertEqual((complaint.time_state, complaint.next_due), ('waiting', False))
        with freeze_time('2026-03-30 09:00:00'):
            self.env['sale.complaint']._mark_missed(datetime(2026, 3, 30, 9, 0))
            self.assertFalse(complaint.resolution_missed)
            # The customer's answer lets it go on: 19 working days were not ours.
            complaint.message_post(
                body=self.customer.name, author_id=self.customer.id, message_type='comment',
                subtype_xmlid='mail.mt_comment')
            self.assertFalse(complaint.waiting_since)
            self.assertEqual(complaint.waited_working_hours, 19 * 8)
            self.assertEqual(complaint.resolution_due, datetime(2026, 4, 3, 9, 0))
        with freeze_time('2026-03-30 11:00:00'):
            complaint.write({'cause_id': self.cause.id, 'answer': "We exchange the lot.", **self.judged})
            complaint.action_close()
            # Monday 9 to Tuesday 9, then two hours.
            self.assertEqual((complaint.resolution_hours, complaint.resolution_missed), (10.0, False))

    def test_what_is_reopened_has_its_own_time_and_both_are_kept(self):
        said = {'cause_id': self.cause.id, 'answer': "Polished.", 'recurrence_note': "x", **self.judged}
        with freeze_time('2026-03-02 09:00:00'):
            complaint = self._complain(channel='portal', severity='minor')
            complaint.action_acknowledge()
            complaint.action_wait("Which lot is it?")
        with freeze_time('2026-03-03 09:00:00'):
            complaint.action_resume()
        with freeze_time('2026-03-03 11:00:00'):
            complaint.write(said)
            complaint.action_close()
            self.assertEqual((complaint.resolution_hours, complaint.first_resolution_hours), (2, 2))
        with freeze_time('2026-03-30 09:00:00'):
            complaint.action_reopen("Still scratched")
            # Five working days from now, whatever was waited for before; the first answer stays in time.
            self.assertEqual(
                (complaint.resolution_due, complaint.time_state, complaint.response_due),
                (datetime(2026, 4, 6, 9, 0), 'on_time', datetime(2026, 3, 3, 9, 0)))
            self.env['sale.complaint']._mark_missed(datetime(2026, 3, 31, 9, 0))
            self.assertFalse(complaint.resolution_missed or complaint.response_missed)
        with freeze_time('2026-03-30 12:00:00'):
            complaint.action_close()
            self.env.flush_all()
            [[hours, first, reopened]] = self.env['sale.complaint.report'].sudo()._read_group(
                [('complaint_id', '=', complaint.id)], [],
                ['resolution_hours:avg', 'first_resolution_hours:avg', 'reopened_rate:avg'])
            self.assertEqual((hours, first, reopened, complaint.resolution_missed), (5, 2, 1, False))
        with freeze_time('2026-03-31 09:00:00'):
            complaint.action_reopen("And again")
        self.env['sale.complaint']._mark_missed(datetime(2026, 4, 8, 9, 0))
        self.assertTrue(complaint.resolution_missed)

    def test_who_is_told_and_once(self):
        self.env.ref('sale_order_control.complaint_escalation_unsolved').user_ids = self.boss
        self.env.ref('sale_order_control.complaint_escalation_claim').user_ids = self.boss
        with freeze_time('2026-03-02 09:00:00'):
            complaint = self._complain(channel='portal')
            minor = self._complain(channel='portal', severity='minor')
        self.assertEqual(self._notices(self.leader).mapped('res_id'), [complaint.id], "major: at once")
        self.assertFalse(self._notices(self.boss))
        minor.is_claim = True
        self.assertEqual(self._notices(self.boss).mapped('res_id'), [minor.id], "a claim: at once")
        minor.with_user(self.boss).read(['subject'])
        cron = self.env['sale.complaint'].with_user(self.env.ref('base.user_root'))
        with freeze_time('2026-03-03 10:00:00'), self._quietly():
            self.assertEqual(cron._cron_escalate(), 0)
            self.assertTrue(complaint.response_missed)
            self.assertEqual(len(self._notices(self.leader)), 4, "severe, a claim, and neither was answered")
        with freeze_time('2026-03-07 10:00:00'):
            (complaint | minor).with_user(self.handler).action_acknowledge()
        with freeze_time('2026-03-20 10:00:00'), self._quietly():
            cron._cron_escalate()
            cron._cron_escalate()
        self.assertEqual(len(self._notices(self.boss)), 2, "the major one was not solved")
        self.assertTrue(complaint.response_missed and complaint.resolution_missed)
        self.assertEqual(
            len(complaint.history_ids.filtered(lambda row: row.event == 'escalated')), 4)

    def test_the_job_costs_the_same_for_one_and_for_many(self):
        def run(count):
            with freeze_time('2026-03-02 09:00:00'):
                self.env['sale.complaint'].with_user(self.handler).create([
                    {'partner_id': self.customer.id, 'description': "x", 'category_id': self.defective.id,
                     'severity': 'minor', 'channel': 'portal'} for _ in range(count)])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with freeze_time('2026-03-20 10:00:00'):
                jobs = self.env['sale.complaint']._get_escalation_jobs(datetime(2026, 3, 20, 10, 0))
                self.env['sale.complaint']._mark_missed(datetime(2026, 3, 20, 10, 0))
                self.env.flush_all()
            return len(jobs), self.env.cr.sql_log_count - before

        few, cost = run(1)
        many, more = run(20)
        self.assertGreaterEqual(many, few + 20)
        self.assertLessEqual(more, cost + 2)

    def test_a_rung_that_tells_nobody_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "tells nobody"):
            self.env['sale.complaint.escalation'].create({'name': "Silence", 'tell_leader': False})
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.cr.savepoint():
            self.env['sale.complaint.target'].create({'response_time': -1, 'channel': 'chat'})
