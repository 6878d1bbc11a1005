from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalBadInput(ApprovalCommon):
    """What cannot work is refused, or reported, in a sentence that says what is wrong and what to do."""

    def _create(self, *levels, **values):
        return self.env['sale.approval.policy'].create({
            'name': "Bad", 'min_amount': 1.0, 'level_ids': list(levels) or [self._level(self.sales_manager)], **values})

    def test_policies_and_levels_that_can_never_work_are_refused_in_a_sentence(self):
        nobody = self.env['res.users']
        cases = {
            "has no level: add at least one": lambda: self._create(level_ids=[]),
            "has no approver: choose active internal users": lambda: self._create(self._level(nobody)),
            "wants 3 approvers to agree, but has only 2": lambda: self._create(self._level(
                self.sales_manager | self.finance, quorum='number', quorum_number=3)),
            "there is no field “gone” in Sales Order": lambda: self._create(domain="[('gone', '=', 1)]"),
            "there is no field “gone” in Contact": lambda: self._create(domain="[('partner_id.gone', '=', 1)]"),
            "does not lead to a user. Write a path": lambda: self._create(self._level(
                nobody, approver_type='field', approver_field='partner_id')),
            "name them under “Then Ask”": lambda: self._create(self._level(
                self.sales_manager, deadline_hours=1, on_deadline='escalate')),
        }
        for sentence, create in cases.items():
            with self.subTest(sentence), self.assertRaisesRegex(ValidationError, sentence), self.cr.savepoint():
                create()

    @mute_logger('odoo.sql_db')
    def test_delegations_that_lead_nowhere_are_refused_in_a_sentence(self):
        delegations = self.env['sale.approval.delegation'].with_user(self.finance)
        until = fields.Date.today() + timedelta(days=3)
        with self.assertRaises(CheckViolation) as caught, self.cr.savepoint():
            delegations.create({'delegate_id': self.finance.id, 'date_to': until}).flush_recordset()
        # What the web client shows of it.
        self.assertIn("themselves", delegations._sql_error_to_message(caught.exception))
        with self.assertRaises(CheckViolation) as caught, self.cr.savepoint():
            delegations.create({
                'delegate_id': self.director.id, 'date_to': until - timedelta(days=9)}).flush_recordset()
        self.assertIn("end", delegations._sql_error_to_message(caught.exception))
        delegations.create({'delegate_id': self.director.id, 'date_to': until})
        with self.assertRaisesRegex(ValidationError, "go round in a circle: .*soc_"), self.cr.savepoint():
            delegations.with_user(self.director).create({'delegate_id': self.finance.id, 'date_to': until})
        self.controller.active = False
        with self.assertRaisesRegex(ValidationError, "is no active internal user"), self.cr.savepoint():
            delegations.create({'delegate_id': self.controller.id, 'date_to': until})

    def test_what_went_bad_later_is_reported_in_a_sentence(self):
        group = self.env['res.groups'].create({'name': "Empty", 'user_ids': [Command.set(self.director.ids)]})
        self._policy(
            self._level(self.outsider, 10, deadline_hours=4, name="Clerk"),
            self._level(self.env['res.users'], 20, approver_type='group', group_id=group.id, name="Board"))
        group.user_ids = False
        self.company.resource_calendar_id = False
        policies = self.env['sale.approval.policy']
        policies._check_up(self.company)
        told = " ".join(self.env['sale.approval.finding'].search([('company_id', '=', self.company.id)]).mapped(
            lambda finding: f"{finding.message} {finding.remedy}"))
        for sentence in (
                "Nobody can decide at level “Board”", "Name active colleagues",
                "has no working hours: every hour of the day counts", "Give the company working hours",
                "without the right “Approver”", "Give them the right “Approver”"):
            self.assertIn(sentence, told)

    def test_a_submission_that_nobody_could_decide_is_refused_and_changes_nothing(self):
        self._policy(self._level(self.salesperson))
        order = self._create_order(10)
        with self.assertRaisesRegex(UserError, "nobody who may approve it: the makers"), self.cr.savepoint():
            order.action_submit()
        self.assertEqual((order.state, order.approval_state), ('draft', 'none'))

    def test_a_time_limit_without_working_hours_is_refused(self):
        self.company.resource_calendar_id = False
        with self.assertRaisesRegex(ValidationError, "no working hours to count them by"):
            self._policy(self._level(self.sales_manager, deadline_hours=5))

    def test_a_time_limit_whose_working_hours_went_away_later_counts_every_hour(self):
        self._policy(self._level(self.sales_manager, deadline_hours=5))
        self.company.resource_calendar_id = False
        task = self._submitted()[1].task_ids
        self.assertEqual(task.deadline - task.asked_on, timedelta(hours=5))

    def test_a_person_who_may_not_decide_is_named_when_asked_for(self):
        self._policy()
        request = self._submitted()[1].with_user(self.sales_manager)
        for method in ('action_forward', 'action_add_approver'):
            with self.subTest(method), self.assertRaisesRegex(
                    UserError, "soc_sales .*may not decide on AR.*: makers, archived users"):
                getattr(request, method)(self.salesperson)
            with self.subTest(method), self.assertRaisesRegex(UserError, "may not decide"):
                getattr(request, method)(0)
