from odoo import Command
from odoo.tests import tagged

from .common import ControlCommon


@tagged('post_install', '-at_install')
class TestOrderReview(ControlCommon):
    """One review of an order by all rooms together (CR-05, CR-06)."""

    def setUp(self):
        super().setUp()
        self._switch(completeness='enforce', credit='enforce', approval='enforce', promise='enforce')
        self.env['sale.approval.policy'].search([]).active = False
        self.env['sale.control.requirement'].create({
            'name': "No customer reference.", 'subject': 'order', 'effect': 'warn',
            'field_id': self.env['ir.model.fields']._get('sale.order', 'client_order_ref').id,
        })
        account = self.env['credit.account']._for_partners(self.customer, self.company).with_user(self.controller)
        account.write({'limit_kind': 'amount', 'credit_limit': 500})
        self.env['sale.approval.policy'].create({
            'name': "Credit", 'company_id': self.company.id, 'on_credit_issue': True,
            'level_ids': [Command.create({
                'name': "Finance", 'approver_type': 'users', 'user_ids': [Command.set(self.finance.ids)]})],
        })

    def _create_doubtful_order(self):
        scarce = self._new_product("Scarce Product", 100.0, 60.0, stock=0)
        scarce.sale_delay = 5
        order = self._create_order(quantity=10, product_id=scarce.id)
        order.requested_date = order._get_control_today()
        return order

    def test_data_credit_and_stock_are_reviewed_together_and_the_result_is_on_record(self):
        order = self._create_doubtful_order()
        order.action_submit()
        self.assertEqual(order.state, 'draft')
        found = order.sudo().control_log_ids.filtered(lambda log: log.event == 'submitted')
        self.assertLessEqual(
            {'completeness', 'credit.limit', 'promise.requested_early'},
            {log.code if log.code.startswith(('credit', 'promise')) else log.code.split('.')[0] for log in found})
        [credit] = found.filtered(lambda log: log.code == 'credit.limit')
        self.assertEqual((credit.facts['limit'], credit.facts['order_amount']), (500, 1000))
        self.assertEqual(credit.user_id, self.salesperson)

    def test_a_credit_problem_is_a_named_exception_that_somebody_else_decides(self):
        order = self._create_doubtful_order()
        order.action_submit()
        [request] = self.env['sale.approval.request'].search([('order_id', '=', order.id)])
        self.assertIn('credit.limit', request.covered)
        self.assertEqual(request.task_ids.user_id, self.finance)
        request.with_user(self.finance).action_agree("Has paid before")
        self.assertEqual(order.state, 'sale')

    def test_without_an_exception_nobody_is_asked(self):
        order = self._create_order(quantity=1)
        order.client_order_ref = "PO 1"
        order.action_submit()
        self.assertEqual(order.state, 'sale')
        self.assertFalse(self.env['sale.approval.request'].search([('order_id', '=', order.id)]))
