from odoo import api, models
from odoo.exceptions import UserError

from .control_memory import control_memory, control_scope


class SaleOrderLine(models.Model):
    """A delivered quantity that somebody types is the release of a service, and owed like goods."""

    _inherit = 'sale.order.line'

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        defaults = self.env['ir.default']._get_model_defaults(self._name)
        if 'default_qty_delivered' in self.env.context or 'qty_delivered' in defaults:
            lines._control_judge_delivered({})
        else:
            typed = [index for index, vals in enumerate(vals_list) if vals.get('qty_delivered')]
            lines.browse(lines.ids[index] for index in typed)._control_judge_delivered({})
        return lines

    def write(self, vals):
        if 'qty_delivered' not in vals:
            return super().write(vals)
        before = {line.id: line.qty_delivered for line in self}
        result = super().write(vals)
        self._control_judge_delivered(before)
        return result

    def _control_judge_delivered(self, before):
        """Judge what was delivered beyond a former quantity, as goods that leave are judged.

        :param dict before: ``{line_id: delivered quantity}`` before the write
        :raise UserError: if an order is held, or less than nothing was delivered
        """
        controlled = self.order_id._get_controlled() if self else self.order_id
        lines = self.filtered(lambda line: line.order_id in controlled)
        happened = control_memory(self.env).happened
        wrong = lines.filtered(lambda line: line.qty_delivered < min(0.0, line.product_uom_qty) - 1e-6)
        if wrong and not happened:
            raise UserError(self.env._(
                "Less than nothing cannot be delivered: correct the delivered quantity of %s.",
                ", ".join(wrong.mapped('display_name'))))
        grown = lines.filtered(lambda line: line.qty_delivered > before.get(line.id, 0.0) + 1e-6)
        orders = grown.sudo().order_id
        if not orders:
            return
        beyond = grown.filtered(lambda line: line.qty_delivered > line.product_uom_qty + 1e-6)
        with control_scope(self.env):
            if beyond and not happened:
                # Two who deliver beyond their orders at the same instant must know of each other.
                beyond.sudo().order_id._control_serialise('release')
            issues = orders._get_control_release_issues(grown.ids)
            if orders._get_held(issues) and not happened:
                raise UserError(orders._get_control_refusal(issues))
            orders._control_record_release(issues)
