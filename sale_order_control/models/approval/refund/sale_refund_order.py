from odoo import api, fields, models

from .sale_refund_request import CLAIMING


class SaleOrder(models.Model):
    """What of an order's money can go back."""

    _inherit = 'sale.order'

    refund_request_ids = fields.One2many(
        'sale.refund.request', 'order_id', string="Refund Requests", copy=False, groups='base.group_user')
    refund_request_count = fields.Integer(compute='_compute_refund_request_count', groups='base.group_user')
    # Serialises requests for the same money.
    refund_turn = fields.Integer(readonly=True, copy=False, groups='base.group_user')

    @api.depends('refund_request_ids')
    def _compute_refund_request_count(self):
        counts = self._count_readable('sale.refund.request')
        for order in self:
            order.refund_request_count = counts.get(order._origin, 0)

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'refund_turn'}

    def _get_refundable_amounts(self, but=None):
        """Return what was paid for these orders and is neither used nor asked back.

        Used is what was delivered or invoiced, whichever is more, at its price with taxes.

        :param sale.refund.request but: requests that do not count, for they ask
        :return: ``{order_id: amount}`` in each order's currency; negative where more was used than paid
        """
        orders = self.sudo()
        received = orders._get_money_received()
        claimed = orders._get_money_claimed(but)
        return {
            order.id: order.currency_id.round(
                received.get(order.id, 0.0) - order._get_used_amount() - claimed[order.id])
            for order in orders
        }

    def _get_money_claimed(self, but=None):
        claims = self.env['sale.refund.request'].sudo().search(
            [('order_id', 'in', self.ids), ('state', 'in', CLAIMING), ('id', 'not in', but.ids if but else [])])
        claims = claims.filtered(lambda claim: not claim._has_gone_out()).grouped('order_id')
        return {order.id: sum(claim.amount for claim in claims.get(order.sudo(), ())) for order in self}

    def _get_used_amount(self):
        """Return the worth of what the customer got or was invoiced for, taxes included."""
        self.ensure_one()
        used = 0.0
        for line in self.order_line:
            if line.is_downpayment or line.display_type:
                continue
            quantity = max(line.qty_delivered, line.qty_invoiced)
            # A line without quantity has no price with taxes; what was delivered on it is worth its own price.
            price = line.price_reduce_taxinc or line.price_unit * (1 - line.discount / 100)
            used += quantity * price
        return max(0.0, used)

    def action_view_refund_requests(self):
        """Open the refund requests of the order."""
        self.ensure_one()
        self.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Refunds of %s", self.name),
            'res_model': 'sale.refund.request',
            'view_mode': 'list,form',
            'domain': [('order_id', '=', self.id)],
            'context': {'default_order_id': self.id},
        }

    def action_ask_refund(self):
        """Open a new refund request, with all that can be paid back."""
        self.ensure_one()
        self.check_access('write')
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Ask for a Refund of %s", self.name),
            'res_model': 'sale.refund.request',
            'view_mode': 'form',
            'context': {
                'default_order_id': self.id,
                'default_amount': max(0.0, self._get_refundable_amounts()[self.id]),
            },
        }
