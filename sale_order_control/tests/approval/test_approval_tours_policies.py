from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ...models.approval.review import sale_approval_policy_figures as figures
from ..order.tours import TourCase
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalToursPolicies(ApprovalCommon, TourCase):
    """Who makes the rules and who looks whether they were kept, in the web client."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._new_user('soc_boss', 'sale_order_control.group_manager')

    def test_an_auditor_reads_a_request_and_its_history_and_can_press_nothing(self):
        auditor = self._new_user('soc_auditor', 'sale_order_control.group_auditor')
        order, _first, last = self._lived_through_everything()
        before = [(request.state, request.task_ids.mapped('state')) for request in order.sudo().approval_request_ids]
        self._walk('/odoo', 'policies_audit', auditor)
        self.assertEqual(last.state, 'void')
        self.assertEqual(before, [
            (request.state, request.task_ids.mapped('state')) for request in order.sudo().approval_request_ids])

    def test_a_manager_sets_the_controls_up(self):
        self._switch(approval='off')
        policies = self.env['sale.approval.policy']
        known = policies.with_context(active_test=False).search([])
        self._walk('/odoo', 'policies_set_up', self.manager)
        made = policies.search([]) - known | policies.search([('preset_key', '!=', False)])
        self.assertLessEqual({'domestic.sales', 'domestic.finance'}, set(made.mapped('preset_key')))
        self.assertIn(self.sales_manager, made.level_ids.user_ids)
        self.assertEqual(self.company.control_approval, 'enforce')

    def test_a_manager_has_the_policies_checked_and_goes_to_what_is_wrong(self):
        self._policy(name="Old Rule", date_to=fields.Date.today() - timedelta(days=1))
        self._walk('/odoo', 'policies_check_up', self.manager)
        self.assertTrue(self.env['sale.approval.finding'].search([('kind', '=', 'expired')]))

    def test_a_manager_asks_what_a_draft_of_a_rule_would_do(self):
        self.env.cr.execute("UPDATE sale_order SET date_order = '2001-01-01' WHERE company_id = %s", [self.company.id])
        self._policy(name="Today's", min_amount=500.0)
        for quantity in (1, 4, 10):
            self._create_order(quantity).action_submit()
        self._policy(name="Stricter", min_amount=300.0, date_from=fields.Date.today() + timedelta(days=30))
        self._walk('/odoo', 'policies_simulate', self.manager)
        simulation = self.env['sale.approval.simulation'].search([], limit=1)
        self.assertEqual((simulation.before_count, simulation.after_count, simulation.new_count), (1, 2, 1))

    def test_a_manager_retires_a_rule_that_changes_nothing(self):
        policy = self._policy(name="Habit")
        for _number in range(2):
            self._submitted()[1].with_user(self.sales_manager).action_agree()
        # Twenty documents speak for it in life.
        with patch.object(figures, 'ENOUGH_DOCUMENTS', 2):
            self._walk('/odoo', 'policies_retire', self.manager)
        self.assertFalse(policy.active)
        self.assertEqual((policy.review_ids.decision, policy.review_ids.user_id), ('retired', self.manager))
