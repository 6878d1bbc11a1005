from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalDefaults(ApprovalCommon):
    """Default values of the person who asks, in the context or on record, decide nothing."""

    FORGED = (
        ('sale.approval.request', 'state', 'approved'), ('sale.approval.request', 'tolerance', 1000.0),
        ('sale.approval.task', 'state', 'agreed'), ('sale.approval.task', 'superseded', True),
        ('sale.control.log', 'message', "All is well."), ('credit.decision', 'amount', 9999.0),
    )

    def _assert_genuine(self, order):
        request = self._request(order)
        self.assertEqual((request.state, request.task_ids.mapped('state')), ('pending', ['pending']))
        self.assertFalse(any(request.task_ids.mapped('superseded')))
        self.assertFalse(request.tolerance)
        self.assertEqual(order.sudo().approval_state, 'pending')
        self.assertNotIn("All is well.", order.sudo().control_log_ids.mapped('message'))

    def test_defaults_in_the_context_decide_nothing(self):
        self._policy()
        order = self._create_order(10)
        order.with_context(**{f'default_{name}': value for _model, name, value in self.FORGED}).action_submit()
        self._assert_genuine(order)

    def test_defaults_on_record_decide_nothing(self):
        self._policy()
        defaults = self.env['ir.default'].with_user(self.salesperson)
        for model, name, value in self.FORGED:
            defaults.set(model, name, value, user_id=True)
        order = self._create_order(10)
        order.action_submit()
        self._assert_genuine(order)
