from odoo import models

from .control_memory import event_happened


class PaymentTransaction(models.Model):
    _inherit = 'payment.transaction'

    def _post_process(self):
        # The money is there: whatever confirms orders in here (also cash on delivery, which calls
        # action_confirm directly) parks the ones on hold instead of rolling the payment back.
        with event_happened(self.env):
            return super()._post_process()

    def _check_amount_and_confirm_order(self):
        with event_happened(self.env):
            orders = super()._check_amount_and_confirm_order()
        # Parked orders get the "payment received" message, not the confirmation.
        return orders.filtered(lambda order: order.state == 'sale')
