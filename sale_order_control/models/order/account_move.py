from odoo import models

from .control_memory import event_happened


class AccountMove(models.Model):
    _inherit = 'account.move'

    def _post(self, soft=True):
        # A vendor bill may re-invoice costs on a confirmed order: what was spent is recorded on the
        # order and reported, never refused.
        with event_happened(self.env):
            posted = super()._post(soft=soft)
        posted._control_invoice_event('invoiced')
        return posted

    def _invoice_paid_hook(self):
        result = super()._invoice_paid_hook()
        self._control_invoice_event('paid')
        return result

    def _control_invoice_event(self, name):
        """Tell the rooms that something happened to those of these moves that are invoices to customers."""
        orders = self.env['sale.order']
        if name in orders._get_asked_events():
            orders._control_document_event(name, self.filtered(lambda move: move.move_type == 'out_invoice'))

    def _get_reminder_objections(self):
        """Say of which of these invoices the customer is not reminded for now; every room adds its reasons.

        :return: ``{invoice_id: translated sentence}``
        """
        return {}
