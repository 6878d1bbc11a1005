"""Collecting what is paid in advance: finance is reminded, and when the money is there the order goes on."""

import logging

import psycopg2

from odoo import api, fields, models

from ...order.control_memory import control_acting, control_memory, event_happened

_logger = logging.getLogger(__name__)

COLLECT_TYPE = 'sale_order_control.mail_activity_type_collect'


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    collector_id = fields.Many2one(
        'res.users', string="Collected By", tracking=True, copy=False, ondelete='set null',
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Who is reminded to collect what this customer pays in advance. Empty: a credit controller.")

    def _get_collector(self, company):
        """Return who collects from these customers in a company: named, or the first credit controller."""
        named = self.collector_id.filtered('active')
        if named:
            return named[:1]
        return self._get_controllers(company)[:1]


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    # === EVENTS ===#

    def _control_event(self, name):
        super()._control_event(name)
        if name == 'confirmed':
            self._with_control('credit')._refresh_advances()
        elif name in ('cancelled', 'reopened'):
            self._end_advances()

    def _control_terms_changed(self, before, after):
        super()._control_terms_changed(before, after)
        self.filtered(lambda order: order.state == 'sale')._with_control('credit')._refresh_advances()

    def _end_advances(self):
        ended = self.sudo().filtered('advance_state')
        ended._write_advance_state(False)
        ended.activity_unlink([COLLECT_TYPE])

    def _write_advance_state(self, state):
        if self:
            with control_acting(self.env):
                self.sudo().advance_state = state

    # === REFRESH ===#

    @api.model
    def _recheck_advances(self, owners):
        """Look again at what customers pay in advance, because money came or went. Never fails.

        :param res.partner owners: commercial partners
        """
        if not owners:
            return
        orders = self.sudo().search([
            ('advance_state', '!=', False), ('state', '=', 'sale'), ('delivery_status', '!=', 'full'),
            ('partner_invoice_id.commercial_partner_id', 'in', owners.ids)])
        orders._try_refresh_advances()

    def _try_refresh_advances(self):
        if not self:
            return
        try:
            with self.env.cr.savepoint(), event_happened(self.env):
                self._refresh_advances()
        except psycopg2.OperationalError:
            # A rival transaction was faster: the whole call is tried again.
            raise
        except Exception:
            _logger.exception("What is paid in advance for orders %s could not be checked again", self.ids)

    def _refresh_advances(self):
        """Bring what these confirmed orders say of their advance up to date, and let the paid ones go on."""
        orders = self.sudo()
        orders.filtered(lambda order: order.advance_state and order.settlement_mode != 'prepay')._end_advances()
        prepaid = orders.filtered(lambda order: order.settlement_mode == 'prepay' and order.amount_total > 0)
        if not prepaid:
            return
        control_memory(self.env).issues.clear()
        prepaid.invalidate_recordset(['advance_received', 'advance_missing', 'advance_required'])
        missing = prepaid.filtered('advance_missing')
        if missing.filtered(lambda order: order.advance_state != 'waiting')._assign_earlier_payments():
            prepaid.invalidate_recordset(['advance_received', 'advance_missing'])
            missing = prepaid.filtered('advance_missing')
        newly_paid = (prepaid - missing).filtered(lambda order: order.advance_state != 'paid')
        awaited = newly_paid.filtered(lambda order: order.advance_state == 'waiting')
        reminded = missing.filtered(lambda order: order.advance_state != 'waiting')
        newly_paid._write_advance_state('paid')
        reminded._write_advance_state('waiting')
        reminded._remind_to_collect()
        launched = (prepaid - missing)._control_resume_procurement()
        (awaited | launched & newly_paid)._tell_paid_in_advance()

    def _remind_to_collect(self):
        """Ask whoever collects for the money, once per order."""
        accounts = self._get_settlement_accounts()
        for order in self:
            account = accounts.get(order.id) or self.env['credit.account']
            collector = account._get_collector(order.company_id.root_id) or order._get_control_responsible()
            amount = order._format_credit(order.advance_missing, order.currency_id)
            order.activity_unlink([COLLECT_TYPE])
            order.activity_schedule(
                COLLECT_TYPE, user_id=collector.id,
                summary=self.env._("Collect %s", amount),
                note=self.env._(
                    "%(customer)s pays %(amount)s of %(order)s in advance; payment reference %(reference)s. Nothing is "
                    "bought, made or shipped before.", customer=order.partner_invoice_id.commercial_partner_id.name,
                    amount=amount, order=order.name, reference=order._get_payment_reference()))

    def _tell_paid_in_advance(self):
        """Tell the salesperson and the warehouse, once, that the order can be shipped."""
        for order in self:
            sentence = self.env._(
                "%s is paid in advance: it can be shipped.",
                order._format_credit(order.advance_required, order.currency_id))
            order.activity_feedback([COLLECT_TYPE], feedback=sentence)
            order._tell_salesperson(sentence)
            for picking in order.picking_ids.filtered(lambda each: each.state not in ('done', 'cancel')):
                picking.message_post(
                    body=sentence, partner_ids=picking.user_id.partner_id.ids, subtype_xmlid='mail.mt_note',
                    message_type='comment')
        self._control_event('advance_paid')


class AccountMove(models.Model):
    _inherit = 'account.move'

    def _recheck_credit_holds(self, lines):
        lines._assign_advances_by_reference()
        result = super()._recheck_credit_holds(lines)
        lines._recheck_advances()
        return result


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    def _recheck_advances(self):
        """Look again at the orders of the customers whose receivable these lines are."""
        lines = self.sudo().filtered(
            lambda line: line.account_id.account_type == 'asset_receivable'
            and line.company_id.root_id.control_credit != 'off')
        self.env['sale.order']._recheck_advances(lines.partner_id.commercial_partner_id)


class AccountPartialReconcile(models.Model):
    _inherit = 'account.partial.reconcile'

    def unlink(self):
        lines = self.debit_move_id | self.credit_move_id
        result = super().unlink()
        # A payment that is taken off an invoice is no longer paid in advance for its order.
        lines.exists()._recheck_advances()
        return result


class PaymentTransaction(models.Model):
    _inherit = 'payment.transaction'

    def _post_process(self):
        result = super()._post_process()
        orders = (self | self.source_transaction_id).sudo().sale_order_ids
        orders.filtered(lambda order: order.advance_state and order.state == 'sale')._try_refresh_advances()
        return result
