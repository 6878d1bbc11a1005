from odoo import Command
from odoo.tests import tagged

from ..order.tours import TourCase
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalToursPapers(ApprovalCommon, TourCase):
    """Money back, contracts and deliveries in the web client, each person with no other right than their own."""

    # === MONEY BACK ===#

    def _paid(self):
        """A confirmed order that the customer paid in advance."""
        bank = self.env['account.journal'].search(
            [('company_id', '=', self.company.id), ('type', '=', 'bank')], limit=1)
        methods = bank.inbound_payment_method_line_ids | bank.outbound_payment_method_line_ids
        methods.payment_account_id = self.env['account.account'].create({
            'name': "Outstanding", 'code': 'X10199', 'account_type': 'asset_current', 'reconcile': True})
        self._switch(approval='off')
        order = self._create_order(10)
        order.action_confirm()
        self._switch(approval='enforce')
        payment = self.env['account.payment'].create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': self.customer.id, 'amount': 1000.0,
            'journal_id': bank.id})
        payment.action_post()
        order._control_money_returned(payment.move_id.line_ids.filtered(
            lambda item: item.account_id.account_type == 'asset_receivable'))
        return order

    def test_money_goes_back_when_one_asks_another_agrees_and_a_third_pays(self):
        self._policy(name="Refunds", res_model='sale.refund.request', min_amount=100.0)
        accountant = self._new_user('soc_accountant', 'account.group_account_invoice')
        order = self._paid()
        self._walk(f'/odoo/action-sale.action_orders/{order.id}', 'refund_ask', self.salesperson)
        [refund] = order.sudo().refund_request_ids
        self.assertEqual((refund.state, refund.amount), ('asked', 300.0))
        self._walk('/odoo/control-approvals', 'refund_agree', self.sales_manager)
        self.assertEqual(refund.state, 'approved')
        self._walk('/odoo', 'refund_pay', accountant)
        self.assertEqual((refund.state, refund.payment_ids.create_uid), ('recorded', accountant))
        self.assertEqual(order._get_money_received()[order.id], 700.0)

    # === CONTRACTS ===#

    def test_who_neither_sells_nor_recorded_it_verifies_a_contract(self):
        self._policy(need_contract=True)
        boss = self._new_user('soc_boss', 'sales_team.group_sale_salesman_all_leads')
        # A credit controller may as well, and has no rights on orders.
        for verifier in (boss, self.controller):
            with self.subTest(verifier=verifier.login):
                order, request = self._submitted()
                request.with_user(self.sales_manager).action_agree()
                self.assertEqual(order.state, 'draft')
                file = self.env['ir.attachment'].with_user(self.salesperson).create({
                    'name': "Signed.pdf", 'raw': b"signed"})
                contract = self.env['sale.order.contract'].with_user(self.salesperson).with_context(
                    default_order_id=order.id).create({
                        'name': f"C-{order.id}", 'attachment_ids': [Command.set(file.ids)]})
                self._walk('/odoo', 'contract_verify', verifier)
                self.assertEqual((contract.state, contract.verified_by_id), ('verified', verifier))
                order.action_submit()
                self.assertEqual(order.state, 'sale')

    # === DELIVERIES ===#

    def test_goods_wait_in_the_warehouse_for_who_decides_and_leave_then(self):
        keeper = self._new_user('soc_keeper', 'stock.group_stock_user')
        self._policy(self._level(self.director), name="Deliveries", res_model='stock.picking', min_amount=500.0)
        order = self._create_order(10)
        order.action_confirm()
        picking = order.sudo().picking_ids
        picking.action_assign()
        self._walk('/odoo/deliveries', 'transfer_submit', keeper)
        self.assertEqual((picking.state, picking.approval_state), ('assigned', 'pending'))
        self._walk('/odoo/control-approvals', 'transfer_agree', self.director)
        self.assertEqual(picking.approval_state, 'approved')
        self._walk('/odoo/deliveries', 'transfer_ship', keeper)
        self.assertEqual(picking.state, 'done')
