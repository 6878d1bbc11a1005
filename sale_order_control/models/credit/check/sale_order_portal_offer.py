from odoo import models
from odoo.tools import float_round


class SaleOrder(models.Model):
    """What a customer is offered to pay so that an order can go on: an amount, and nothing of the why."""

    _inherit = 'sale.order'

    def _get_portal_payment_offer(self):
        """Return the payment that would end the credit hold of the order, for the customer's page.

        Worked out at the moment of the question, because what is stored on the order may be a day old.

        :return: None, or a dict with ``amount`` in the order's currency and ``url``, where to pay it
        """
        self.ensure_one()
        order = self.sudo()
        root = order.company_id.root_id
        if not root.credit_portal_offer or order.credit_state != 'hold':
            return None
        checkpoint = 'submit' if order.state in ('draft', 'sent') else 'release'
        issues = order._get_control_issues(checkpoint)[order.id]
        payment = order._get_credit_clear_amount([
            issue for issue in issues if issue.area == 'credit' and issue.stops])
        if not payment:
            return None
        today = self._get_control_today()
        amount = root.currency_id._convert(payment, order.currency_id, order.company_id, today, round=False)
        amount = float_round(amount, precision_rounding=order.currency_id.rounding, rounding_method='UP')
        if order.state in ('draft', 'sent'):
            # Odoo takes no less than the advance that the order asks for.
            amount = max(amount, order._get_prepayment_required_amount())
        return {'amount': amount, 'url': order._get_portal_offer_url(amount)}

    def _get_portal_offer_url(self, amount):
        """Return where the customer pays: the order itself up to what it still costs, else the invoices."""
        self.ensure_one()
        left = self.currency_id.compare_amounts(amount, self.amount_total - self.amount_paid) <= 0
        if left and not (self.is_expired and self.state in ('draft', 'sent')):
            return self.get_portal_url(query_string=f'&payment_amount={amount}')
        return '/my/invoices'
