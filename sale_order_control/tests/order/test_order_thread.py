from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .common import ControlCommon
from .tours import TourCase


@tagged('post_install', '-at_install')
class TestOrderThread(ControlCommon, TourCase):
    """The first order under control, end to end, each person in the web client."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Before credit control is in force: afterwards only a controller gives grades and limits.
        account = cls.env['credit.account']._for_partners(cls.customer, cls.company)
        account.sudo().grade_id = cls.env['credit.grade'].create({
            'name': "Needs Agreement", 'code': "T", 'submit_effect': 'approve', 'confirm_effect': 'approve',
            'release_effect': 'warn',
        })
        cls.customer.with_company(cls.company).sudo().credit_limit = 500.0
        cls.env['sale.control.setup'].create({
            'company_id': cls.company.id,
            'sales_manager_ids': [Command.set(cls.sales_manager.ids)],
            'finance_ids': [Command.set(cls.finance.ids)],
            'general_manager_ids': [Command.clear()],
            'sales_amount': 0, 'sales_discount': 50, 'finance_discount': 60, 'finance_margin': 0,
            'control_completeness': 'enforce', 'control_credit': 'enforce', 'control_approval': 'enforce',
            'control_promise': 'enforce', 'control_release': 'enforce', 'control_amendment': 'off',
            'control_go_live': False,
        })._apply()
        cls.env.user.company_ids.invalidate_recordset()

    def test_from_submit_to_promise_in_the_web_client(self):
        order = self._create_order(quantity=10, partner=self.customer)
        order.requested_date = fields.Date.today() + timedelta(days=10)
        form = f'/odoo/action-sale.action_quotations/{order.id}'

        self._walk(form, 'submit', self.salesperson)
        self.assertEqual((order.state, order.sudo().approval_state), ('draft', 'pending'))
        request = order.sudo().approval_request_ids
        self.assertEqual(request.task_ids.filtered(lambda task: task.state == 'pending').user_id, self.sales_manager)

        self._walk('/odoo', 'agree', self.sales_manager)
        self.assertEqual(request.task_ids.filtered(lambda task: task.state == 'pending').user_id, self.finance)
        self.assertEqual(order.state, 'draft')

        self._walk('/odoo', 'agree', self.finance)
        self.assertEqual(request.state, 'approved')
        self.assertEqual(order.state, 'sale', "the last approval confirms the order")
        self.assertEqual(order.sudo().promise_state, 'open')

        self._walk('/odoo/action-sale_order_control.sale_order_line_action_promise', 'promise', self.planner)
        self.assertEqual(order.order_line.promised_date, order.requested_date)
        self.assertEqual(order.commitment_date.date(), order.requested_date)

        self._walk(form, 'promised', self.salesperson)

    def test_a_clean_order_is_confirmed_by_one_click(self):
        order = self._create_order(quantity=1, partner=self.customer)
        order.action_submit()
        self.assertEqual(order.state, 'sale')
        self.assertFalse(order.sudo().approval_request_ids)
        self.assertFalse(order.sudo().activity_ids)
