"""Payments that came for an order which is no more are free for another, and money that came early is found."""

from odoo import models

from ...order.control_memory import control_acting


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    def _set_advance_order(self, order):
        """Let these payments count for an order, an empty one for none, and tell the order they counted for before."""
        for former, lines in self.grouped('advance_order_id').items():
            if former and order:
                former._control_log('credit', message=self.env._(
                    "Payments that count for %(order)s from now on: %(payments)s", order=order.name,
                    payments=", ".join(lines.mapped('display_name'))))
                order.sudo()._control_log('credit', message=self.env._(
                    "Payments that were received for %(former)s, which was cancelled: %(payments)s", former=former.name,
                    payments=", ".join(lines.mapped('display_name'))))
        with control_acting(self.env):
            self.advance_order_id = order.id

    def _filter_free_advances(self):
        """Filter the payments that count for no order, or for a cancelled one of which nothing is or was asked back."""
        tied = self.advance_order_id.filtered(lambda order: order.state != 'cancel')
        cancelled = self.advance_order_id - tied
        if cancelled:
            received, claimed = cancelled._get_money_received(), cancelled._get_money_claimed()
            came = self.env['account.move.line'].sudo()._read_group([
                ('advance_order_id', 'in', cancelled.ids), ('parent_state', '=', 'posted'),
                ('amount_residual', '>', 0)], ['advance_order_id'])
            returned = self.env['sale.order'].union(*(order for [order] in came))
            tied |= returned | cancelled.filtered(
                lambda order: claimed[order.id] or order.currency_id.compare_amounts(received[order.id], 0.0) <= 0)
        return self.filtered(lambda line: line.advance_order_id not in tied)


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    def _control_event(self, name):
        super()._control_event(name)
        if name == 'cancelled':
            self.sudo()._with_control('credit')._free_advances()

    def _free_advances(self):
        """Say of cancelled orders what was paid for them and is free now, and let it count where it names another."""
        lines = self.env['account.move.line'].sudo().search([
            ('advance_order_id', 'in', self.ids), ('parent_state', '=', 'posted'), ('amount_residual', '<', 0)])
        assigned = lines._assign_advances_by_reference()
        assigned.filtered(lambda order: order.state == 'sale')._try_refresh_advances()
        assigned._recheck_paid_quotations()
        accounts = self._get_settlement_accounts()
        for order, theirs in lines.grouped('advance_order_id').items():
            if order not in self:
                continue
            amount = order._format_credit(
                -sum(theirs.mapped('amount_residual')), order.company_id.root_id.currency_id)
            sentence = self.env._(
                "%(amount)s was paid for %(order)s, which is cancelled: it is free for another order of the customer "
                "(“Assign Payment”), or goes back by a refund.", amount=amount, order=order.name)
            order._control_log('credit', message=sentence)
            collector = accounts.get(order.id, self.env['credit.account'])._get_collector(order.company_id.root_id)
            order.message_post(
                body=sentence, partner_ids=(collector - self.env.user).partner_id.ids, subtype_xmlid='mail.mt_note',
                message_type='comment')

    # === MONEY THAT CAME BEFORE ===#

    def _get_loose_amounts(self):
        """Work out what the customers of these orders paid that settles nothing and counts for no order.

        :return: ``{order_id: amount}`` in the currency of the main company
        """
        amounts = {}
        for root, orders in self.sudo().grouped(lambda order: order.company_id.root_id).items():
            owners = orders.partner_invoice_id.commercial_partner_id
            loose = self.env['account.move.line']._get_loose_payments(owners, root)._filter_free_advances()
            loose = loose.filtered(lambda line: not line.payment_id.payment_transaction_id.sale_order_ids)
            by_owner = loose.grouped(lambda line: line.partner_id.commercial_partner_id)
            for order in orders:
                lines = by_owner.get(order.partner_invoice_id.commercial_partner_id, loose.browse())
                amounts[order.id] = -sum(lines.mapped('amount_residual'))
        return amounts

    def action_submit(self):
        """Look for money that came before, where it is asked for before the confirmation: it may be there already."""
        self.check_access('write')
        self._find_earlier_payments()
        return super().action_submit()

    def _control_serialise(self, checkpoint):
        result = super()._control_serialise(checkpoint)
        if checkpoint == 'confirm':
            self._find_earlier_payments()
        return result

    def _recheck_credit_hold(self, cause):
        self._find_earlier_payments()
        return super()._recheck_credit_hold(cause)

    def _find_earlier_payments(self):
        """Look back for payments that name these quotations, where the money is asked for before the confirmation."""
        quotations = self.sudo().filtered(
            lambda order: order.state in ('draft', 'sent') and order.settlement_mode == 'prepay')
        quotations = quotations._get_controlled()._with_control('credit')
        if quotations:
            quotations = quotations._filter_paid_before_confirmation().filtered('advance_missing')
        if quotations and quotations._assign_earlier_payments():
            quotations.invalidate_recordset(['advance_received', 'advance_missing'])
