from odoo import models
from odoo.tools import format_date


class SaleOrder(models.Model):
    """What would be refused if quantities of overdue lines were no longer delivered, asked before it is tried."""

    _inherit = 'sale.order'

    def _explain_overdue_drop(self, dropped):
        """Say which overdue deliveries must not be closed without somebody's agreement.

        :param dict dropped: ``{order line: quantity in its unit}`` that would not be delivered any more
        :return: translated sentence, or empty where nothing is in the way
        """
        self.ensure_one()
        lines = self.sudo().order_line.filtered(lambda line: dropped.get(line)).sudo()._filter_overdue()
        wanted = {
            (line.id, line.product_id.id): line.product_uom_id._compute_quantity(
                dropped[line], line.product_id.uom_id, round=False)
            for line in lines}
        changes = self.env['sale.transfer.change'].sudo()
        left = {key: quantity for key, quantity in changes._deduct_permissions(wanted).items() if quantity > 1e-6}
        if not left or not changes._needs_agreement(self, left):
            return ""
        held = lines.filtered(lambda line: (line.id, line.product_id.id) in left)
        refusal = self.env._(
            "%(products)s should have left on %(date)s: apply for a change on the transfer first (Apply for a Change), "
            "on which a supervisor or finance decides.",
            products=", ".join(held.product_id.mapped('display_name')),
            date=format_date(self.env, min(held.mapped('ship_by_date'))))
        return f"{refusal} {changes._explain_undecidable(self.company_id)}".rstrip()


class SaleTransferChange(models.Model):
    _inherit = 'sale.transfer.change'

    def _deduct_permissions(self, dropped):
        """Deduct from quantities what was agreed to and not used yet; nothing is used by asking.

        :param dict dropped: ``{(order_line_id, product_id): quantity in the product's unit}``
        :return: the same, what nobody agreed to
        """
        left = dict(dropped)
        if not left:
            return left
        agreed = self.env['sale.transfer.change.line'].sudo().search(
            [('change_id.state', '=', 'approved'), ('order_line_id', 'in', [key[0] for key in left])])
        for line in agreed:
            key = line.order_line_id.id, line.product_id.id
            if key in left:
                left[key] -= line.quantity - line.used_quantity
        return left
