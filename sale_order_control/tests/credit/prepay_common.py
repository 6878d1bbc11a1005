from unittest.mock import patch

from odoo import Command, fields

from .common import CreditCommon


class PrepaymentCommon(CreditCommon):
    """A customer who pays in advance, payments that nobody has matched, and whether an order waits or goes on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(release='enforce')
        cls._limit(None, cls._grade('block', settlement_mode='prepay'))
        cls.bank = cls.env['account.journal'].search(
            [('type', '=', 'bank'), ('company_id', '=', cls.company.id)], limit=1)
        cls.accountant = cls._new_user('soc_acc', 'account.group_account_manager')

    def _order(self, quantity=10, **values):
        order = self._create_order(quantity)
        if values:
            order.write(values)
        order.action_confirm()
        return order

    def _receive(self, amount, partner=None, memo=None, **values):
        """A payment that nobody has matched with anything."""
        payment = self.env['account.payment'].create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': (partner or self.customer).id,
            'amount': amount, 'journal_id': self.bank.id, 'memo': memo, **values})
        payment.action_post()
        return payment.move_id.line_ids.filtered(lambda line: line.account_id.account_type == 'asset_receivable')

    def _pay_online(self, orders, amount, state='done'):
        provider = self.env['payment.provider'].create({
            'name': "Test", 'code': 'none', 'state': 'test', 'company_id': self.company.id})
        method = self.env.ref('payment.payment_method_unknown')
        tx = self.env['payment.transaction'].create({
            'provider_id': provider.id, 'payment_method_id': method.id, 'amount': amount, 'state': state,
            'currency_id': orders.currency_id.id, 'partner_id': self.customer.id, 'operation': 'online_direct',
            'reference': f'tx {orders[:1].id} {amount}', 'sale_order_ids': [Command.set(orders.ids)]})
        with patch.object(type(tx), '_create_payment', lambda self, **values: self.env['account.payment']):
            tx._post_process()
        return tx

    def _refund(self, line):
        """Send a payment back."""
        move = line.move_id._reverse_moves([{'date': fields.Date.today()}], cancel=True)
        return move

    def assertWaits(self, order, missing):
        order.invalidate_recordset()
        self.assertEqual(order.state, 'sale')
        self.assertEqual((order.sudo().advance_state, order.sudo().advance_missing), ('waiting', missing))
        self.assertTrue(order.sudo().control_procurement_hold)
        self.assertFalse(order.picking_ids)

    def assertGoesOn(self, order):
        order.invalidate_recordset()
        self.assertEqual(order.sudo().advance_state, 'paid')
        self.assertFalse(order.sudo().control_procurement_hold)
        launched = sum(order.picking_ids.move_ids.mapped('product_uom_qty'))
        self.assertEqual(launched, sum(order.order_line.mapped('product_uom_qty')))
