from odoo import api, fields, models
from odoo.exceptions import UserError

from ..shipment.stock_picking_check import get_digest
from .sale_customer_notice import NOTICE_READERS


class SaleOrder(models.Model):
    """Telling the customer that everything is delivered, and asking whether it is as it should be."""

    _inherit = 'sale.order'

    receipt_ids = fields.One2many(
        'sale.delivery.receipt', 'order_id', string="Receipts", readonly=True, groups=NOTICE_READERS)
    has_completion = fields.Boolean(compute='_compute_has_completion', compute_sudo=True, groups='base.group_user')

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'receipt_ids'}

    @api.depends('notice_ids')
    def _compute_has_completion(self):
        for order in self:
            order.has_completion = any(notice.kind == 'completion' for notice in order.notice_ids)

    def action_send_completion(self):
        """Tell the customers that all of these orders is delivered, once for what was ordered.

        :raise UserError: if something is still to come, was told already, or no mail can be sent
        """
        self._check_reply_rights()
        orders = self.sudo()._get_promise_controlled()._filter_to_complete()
        if not orders:
            raise UserError(self.env._(
                "There is nothing to tell: not all of it is delivered yet, or the customer knows already."))
        silent = orders._get_unreachable()
        if silent:
            raise UserError(silent._word_unreachable())
        orders._tell_completion()
        return True

    def _filter_to_complete(self):
        """Filter the orders of which everything that was ordered has left, and whose customers do not know it yet."""
        lines = self.order_line._filter_deliverable()
        delivered = lines._get_delivered_quantities()
        waiting = lines.filtered(
            lambda line: line.product_uom_id.compare(delivered[line.id], line.product_uom_qty) < 0).order_id
        return (lines.order_id - waiting).filtered(
            lambda order: order._get_completion_digest() not in order.notice_ids.filtered(
                lambda notice: notice.kind == 'completion').mapped('digest'))

    def _get_completion_digest(self):
        self.ensure_one()
        lines = self.order_line._filter_deliverable().sorted('id')
        return get_digest([(line.id, round(line.product_uom_qty, 6)) for line in lines])

    def _tell_completion(self, automatic=False):
        if self:
            digests = {order.id: order._get_completion_digest() for order in self}
            self._record_notices('completion', digests=digests, automatic=automatic)
            self._send_notices('sale_order_control.mail_template_completion_notice')
