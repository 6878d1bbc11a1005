from datetime import date

from odoo import api, models


class AccountMoveLine(models.Model):
    """Instalments: what is due of an invoice on one day. Invoices with a single due date have one."""

    _inherit = 'account.move.line'

    # All invoices and bills that are not paid, by due date.
    _instalment_due_open_idx = models.Index(
        "(date_maturity) WHERE parent_state = 'posted' AND display_type = 'payment_term' AND reconciled IS NOT TRUE")

    def _reconcile_post_hook(self, data):
        result = super()._reconcile_post_hook(data)
        orders = self.env['sale.order']
        if 'instalment_paid' in orders._get_asked_events():
            orders._control_document_event('instalment_paid', self.filtered(
                lambda line: line.display_type == 'payment_term' and line.reconciled
                and line.move_id.move_type == 'out_invoice'))
        return result

    def _get_instalment_name(self):
        """Name the invoice, and which part of it this is where there are several."""
        self.ensure_one()
        number, count = self._get_instalment_number()
        invoice = self.move_id.display_name
        if count < 2:
            return invoice
        return self.env._(
            "%(invoice)s (instalment %(number)s of %(count)s)", invoice=invoice, number=number, count=count)

    def _get_instalment_number(self):
        """Return ``(number, count)``: which part of how many of the invoice this is; of other items, ``(0, 0)``."""
        self.ensure_one()
        parts = self.move_id.line_ids.filtered(lambda line: line.display_type == 'payment_term').sorted(
            lambda line: (line.date_maturity or date.max, line.id))
        return (parts.ids.index(self.id) + 1, len(parts)) if self in parts else (0, 0)

    def _get_reminder_objections(self):
        """Say of which of these items the customer is not reminded for now.

        What speaks against reminding of the invoice speaks against each of its instalments; and what a payment covers
        that waits for the bank is not asked for again: payments cover the oldest instalment first.

        :return: ``{item_id: translated sentence}``
        """
        items = self.sudo()
        invoices = items.move_id._get_reminder_objections()
        objections = {item.id: invoices[item.move_id.id] for item in items if item.move_id.id in invoices}
        for move in items.move_id.filtered('matched_payment_ids'):
            # Without an outstanding account a payment has no entry of its own until the bank's statement is matched.
            waiting = move.matched_payment_ids.filtered(
                lambda payment: not payment.move_id and payment.state in ('in_process', 'paid'))
            left = sum(waiting.mapped('amount'))
            for item in move.line_ids.filtered(
                    lambda line: line.display_type == 'payment_term' and not line.reconciled).sorted(
                    lambda line: (line.date_maturity or date.max, line.id)):
                left -= item.amount_residual_currency
                if item.currency_id.compare_amounts(left, 0.0) < 0:
                    break
                if item in items:
                    objections.setdefault(item.id, self.env._("A payment of it is on its way."))
        return objections


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    @api.model
    def _get_control_screen(self, document):
        if document._name == 'account.move.line':
            return document.move_id
        return super()._get_control_screen(document)

    @api.model
    def _get_control_document_name(self, document):
        if document._name == 'account.move.line' and document.display_type == 'payment_term':
            return document._get_instalment_name()
        return super()._get_control_document_name(document)
