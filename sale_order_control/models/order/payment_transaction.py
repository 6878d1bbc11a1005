from odoo import api, models
from odoo.exceptions import AccessError

from .control_memory import event_happened


class PaymentTransaction(models.Model):
    """Online payments count for the orders that they were made for."""

    _inherit = 'payment.transaction'

    @api.model_create_multi
    def create(self, vals_list):
        transactions = super().create(vals_list)
        transactions._control_refuse_linking(self.env['sale.order'].sudo(), transactions.sudo().sale_order_ids)
        return transactions

    def write(self, vals):
        if 'sale_order_ids' not in vals:
            return super().write(vals)
        before = {transaction: transaction.sale_order_ids for transaction in self.sudo()}
        result = super().write(vals)
        for transaction, orders in before.items():
            self._control_refuse_linking(orders, transaction.sale_order_ids)
        return result

    def _control_refuse_linking(self, before, after):
        """Refuse that somebody lets an online payment count for an order, or no longer, while a control is on.

        The payment page links what the customer pays, and it does so in sudo.

        :param sale.order before: orders of the payment so far, in sudo
        :param sale.order after: those of the outcome
        :raise AccessError: for who calls by hand
        """
        moved = (before | after) - (before & after)
        if moved and not self.env.su and moved._get_controlled():
            raise AccessError(self.env._(
                "An online payment counts for the order that it was made for. To let money count for another order, "
                "book the payment and assign it: %s", ", ".join(moved.mapped('name'))))

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
