from odoo import api, fields, models
from odoo.tools import float_compare

from .control_memory import control_acting, control_scope


class SaleOrderLine(models.Model):
    """Before stock rules buy, make or reserve for a line, its order meets the gate once more."""

    _inherit = 'sale.order.line'

    control_procurement_held = fields.Boolean(
        string="Supply Waits", readonly=True, copy=False, groups='base.group_user',
        help="More is ordered than stock rules were asked for: the order waits for what its control panel says.")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'control_procurement_held'}

    def _action_launch_stock_rule(self, *, previous_product_uom_qty=False):
        kept = self.browse()
        if not self.env.context.get('skip_procurement'):
            kept = self._control_hold_supply(previous_product_uom_qty)
        return super(SaleOrderLine, self - kept)._action_launch_stock_rule(
            previous_product_uom_qty=previous_product_uom_qty)

    def _control_hold_supply(self, previous=False):
        """Ask the gate whether these lines may be bought, made or reserved, and mark those that must wait.

        :param previous: quantities before the running write, as stock rules get them
        :return: the lines for which nothing must be done now
        """
        orders = self.sudo().order_id
        waiting = orders.filtered('control_procurement_hold')
        judged = orders._get_procure_judged() | waiting
        if not judged:
            return self.browse()
        with control_scope(self.env):
            issues = judged._get_control_issues('procure')
            held = judged._get_held(issues)
            (judged - held)._control_log_procure_told(issues)
            kept = self._control_keep_back(held | waiting, previous)
            held._filter_supply_kept_back()._control_hold_procurement(issues)
            (waiting - held)._control_resume_procurement()
        return kept

    def _control_keep_back(self, orders, previous):
        """Mark the lines of some orders that ask stock rules for more than before.

        :param orders: orders whose supply waits, or now has to
        :param previous: quantities before the running write, as stock rules get them
        :return: the lines that stock rules must not be asked for now
        """
        # Stock rules leave locked orders alone anyway.
        mine = self.filtered(lambda line: line.order_id.id in orders.ids and not line.order_id.locked)
        compared = {line.id: line._compare_procurement(previous) for line in mine}
        missing = mine.filtered(lambda line: compared[line.id] > 0).sudo()
        settled = mine.sudo() - missing
        with control_acting(self.env):
            missing.filtered(lambda line: not line.control_procurement_held).control_procurement_held = True
            settled.filtered('control_procurement_held').control_procurement_held = False
        (orders - orders._filter_supply_kept_back())._write_procurement_hold(())
        # Less than before goes on to stock rules; as much as before means nothing to them.
        return mine.filtered(lambda line: compared[line.id] >= 0)

    def _compare_procurement(self, previous=False):
        """Compare what is ordered with what stock rules were asked for: above 0 when more is needed.

        :param previous: see :meth:`_action_launch_stock_rule`; means nothing once some of it was kept back
        """
        self.ensure_one()
        line = self.with_company(self.company_id)
        if line.state != 'sale' or line.product_id.type != 'consu':
            return 0
        if line.sudo().order_id.control_procurement_hold:
            previous = False
        precision = self.env['decimal.precision'].precision_get('Product Unit')
        return float_compare(line.product_uom_qty, line._get_qty_procurement(previous), precision_digits=precision)
