"""Saying for which order a payment came: a payment counts in advance for one order at most."""

import re

from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_memory
from ..hold.credit_account_recheck import queue_credit_recheck

ASSIGNERS = ('sale_order_control.group_credit_controller', 'account.group_account_invoice')


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    def _refuse_advance(self, vals):
        if 'advance_order_id' in vals and not control_memory(self.env).acting:
            raise AccessError(self.env._(
                "For which order a payment counts in advance is said on the order, with “Assign Payment”."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_advance(vals)
        if 'default_advance_order_id' in self.env.context:
            self = self.with_context(default_advance_order_id=False)
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_advance(vals)
        return super().write(vals)

    def _get_loose_payments(self, owners, root):
        """Return the receivable items of customers that settle nothing yet and are no credit notes, in sudo."""
        return self.sudo().search([
            ('parent_state', '=', 'posted'), ('account_id.account_type', '=', 'asset_receivable'),
            ('amount_residual', '<', 0), ('reconciled', '=', False),
            ('move_id.move_type', '=', 'entry'), ('partner_id', 'child_of', owners.ids),
            ('company_id', 'child_of', root.id)], order='date, id')

    def _assign_advances_by_reference(self, orders=None):
        """Assign payments that name one waiting order of their own customer; anything less clear is left to people.

        Online payments are left out: they count for the order that was paid.

        :param sale.order orders: confirmed orders that begin to wait just now, besides those that wait already
        :return: the orders to which something was assigned, in sudo
        """
        assigned = self.env['sale.order'].sudo()
        lines = self.sudo().filtered(
            lambda line: line.account_id.account_type == 'asset_receivable' and line.balance < 0
            and line.move_id.move_type == 'entry' and line.partner_id
            and not line.reconciled and line.parent_state == 'posted'
            and not line.payment_id.payment_transaction_id.sale_order_ids
            and line.company_id.root_id.control_credit != 'off')._filter_free_advances()
        if not lines:
            return assigned
        waiting = assigned._get_awaiting_advance(lines.partner_id.commercial_partner_id, lines.company_id.root_id)
        waiting |= orders or assigned
        for line in lines:
            text = " ".join(filter(None, (line.name, line.move_id.ref, line.move_id.payment_reference)))
            named = waiting.filtered(
                lambda order, line=line, text=text:
                order.partner_invoice_id.commercial_partner_id == line.partner_id.commercial_partner_id
                and order.company_id.root_id == line.company_id.root_id
                and order._is_named_in(text))
            if len(named) == 1:
                line._set_advance_order(named)
                assigned |= named
        return assigned


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    @api.model
    def _get_awaiting_advance(self, owners, roots):
        """Return the orders that wait for what is paid in advance: confirmed, or not to be confirmed before.

        :param res.partner owners: commercial partners who are invoiced
        :param res.company roots: main companies
        :return: orders in sudo
        """
        orders = self.sudo()
        domain = [('company_id', 'child_of', roots.ids),
                  ('partner_invoice_id.commercial_partner_id', 'in', owners.ids)]
        confirmed = orders.search([('advance_state', '=', 'waiting'), ('state', '=', 'sale'), *domain])
        quotations = orders.search([('settlement_mode', '=', 'prepay'), ('state', 'in', ('draft', 'sent')), *domain])
        return confirmed | quotations._filter_paid_before_confirmation().filtered('advance_missing')

    def _assign_earlier_payments(self):
        """Look back for payments that named these orders before they waited for any.

        :return: the orders to which something was assigned, in sudo
        """
        items, assigned = self.env['account.move.line'], self.sudo().browse()
        for root, orders in self.sudo().grouped(lambda order: order.company_id.root_id).items():
            loose = items._get_loose_payments(orders.partner_invoice_id.commercial_partner_id, root)
            assigned |= loose._assign_advances_by_reference(orders)
        assigned._recheck_paid_quotations()
        return assigned

    def _recheck_paid_quotations(self):
        """Look again at the quotations among these orders that were kept back for their payment."""
        held = self.filtered(lambda order: order.state in ('draft', 'sent') and order.credit_state == 'hold')
        queue_credit_recheck(self.env, 'orders', held.ids, self.env._("A payment was assigned to the order."))

    def _is_named_in(self, text):
        """Whether a payment's text names this order, as a word of its own."""
        self.ensure_one()
        names = {name for name in (self.name, self.reference) if name}
        return any(re.search(rf'(?<!\w){re.escape(name)}(?!\w)', text, re.IGNORECASE) for name in names)

    def _check_advance_assigner(self):
        """Refuse everybody but credit controllers and those who invoice.

        :raise AccessError: also for the system's own user
        """
        user = self.env.user
        if user == self.env.ref('base.user_root') or not any(user.has_group(group) for group in ASSIGNERS):
            raise AccessError(self.env._(
                "Only credit controllers and people who invoice say for which order a payment came."))
        self.check_access('read')

    def _get_assignable_payments(self):
        """Return the customer's loose payments that count for this order or for none that lives, in sudo."""
        self.ensure_one()
        order = self.sudo()
        loose = self.env['account.move.line']._get_loose_payments(
            order.partner_invoice_id.commercial_partner_id, order.company_id.root_id)
        online = loose.payment_id.payment_transaction_id.filtered(
            lambda tx: len(tx.sale_order_ids) == 1 and tx.sale_order_ids != order)
        own = loose.filtered(lambda line: line.advance_order_id == order)
        return own | (loose - own).filtered(
            lambda line: line.payment_id.payment_transaction_id not in online)._filter_free_advances()

    def action_set_advance_payments(self, line_ids):
        """Say which of the customer's loose payments count as paid in advance for this order.

        A rival who assigns the same payment at the same instant is made to try again, and then refused.

        :param list line_ids: ids of receivable items; those assigned before and missing here are given back
        :raise AccessError: for everybody but credit controllers and people who invoice
        :raise UserError: for a payment of somebody else, or one that counts for another order
        """
        self.ensure_one()
        self._check_advance_assigner()
        offered = self._get_assignable_payments()
        chosen = offered.filtered(lambda line: line.id in line_ids)
        if len(chosen) != len(set(line_ids)):
            raise UserError(self.env._(
                "Only open payments of %s that count for no other order can be assigned.",
                self.sudo().partner_invoice_id.commercial_partner_id.name))
        (offered - chosen).filtered(lambda line: line.advance_order_id == self)._set_advance_order(self.browse())
        chosen.filtered(lambda line: line.advance_order_id != self)._set_advance_order(self)
        names = ", ".join(chosen.mapped('display_name')) or self.env._("none")
        self.sudo()._control_log('credit', message=self.env._("Payments that count in advance: %s", names))
        self.sudo().filtered(lambda order: order.state == 'sale')._try_refresh_advances()
        self.sudo()._recheck_paid_quotations()
        return True
