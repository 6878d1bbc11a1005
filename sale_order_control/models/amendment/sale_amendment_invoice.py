from odoo import api, models


class SaleAmendment(models.Model):
    """Draft invoices that a change makes wrong: cancelled, or rid of what is of this order, to be made anew."""

    _inherit = 'sale.amendment'

    def _withdraw_invoices(self, order, changes, header):
        """Withdraw draft invoices about what changes, as Odoo does when it cancels an order; in sudo.

        An invoice that several orders share loses the lines of this one only.
        """
        touched = self._get_touched_invoices(order, changes, header)
        shared = self._filter_shared_invoices(order, touched)
        (touched - shared).button_cancel()
        for invoice in shared:
            own = invoice.line_ids.filtered(lambda line: order in line.sale_line_ids.order_id)
            own.unlink()
            invoice._message_log(body=self.env._(
                "%(amendment)s changes the order: what is invoiced of %(order)s was taken out, to be invoiced anew.",
                amendment=self.name, order=order.name))

    @api.model
    def _get_touched_invoices(self, order, changes, header):
        """Return the draft invoices of an order that a change makes wrong; in sudo."""
        # Credit notes and advances are about what was, whatever becomes of the rest.
        drafts = order.sudo().invoice_ids.filtered(
            lambda move: move.state == 'draft' and move.move_type == 'out_invoice'
            and not all(move.invoice_line_ids.sale_line_ids.mapped('is_downpayment')))
        if {'partner_invoice_id', 'payment_term_id'} & header.keys():
            return drafts
        keys = {old.key for old, _new, _row in changes if old}
        return drafts.filtered(lambda move: keys & set(move.invoice_line_ids.sale_line_ids.ids))

    @api.model
    def _filter_shared_invoices(self, order, invoices):
        """Filter the invoices that are about other orders, too."""
        return invoices.filtered(lambda move: move.invoice_line_ids.sale_line_ids.order_id - order)
