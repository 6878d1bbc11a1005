from odoo import models
from odoo.exceptions import UserError

from ..order.control_memory import control_memory

KEY = 'sale_order_control.shipping'


class SaleOrderLine(models.Model):
    """What changes of a confirmed order besides its terms: shipping that is deleted, prices of what was not ordered."""

    _inherit = 'sale.order.line'

    # === SHIPPING ===#

    def unlink(self):
        self._watch_shipping()
        return super().unlink()

    def _watch_shipping(self):
        """Remember confirmed orders whose charged shipping is deleted: Odoo does that to charge it anew."""
        orders = self.order_id._filter_amendment_guarded()
        charged = self.sudo().filtered(lambda line: line.order_id in orders and line.price_subtotal > 0)
        charged = charged.filtered(
            lambda line: line.product_id.id in line.order_id._get_shipping_product_ids({line.product_id.id}))
        if charged:
            precommit = self.env.cr.precommit
            if KEY not in precommit.data:
                precommit.data[KEY] = set()
                precommit.add(self.env['sale.order']._check_shipping_kept)
            precommit.data[KEY].update(charged.order_id.ids)

    # === WHAT WAS DELIVERED AND NOT ORDERED ===#

    def write(self, vals):
        if {'price_unit', 'discount'} & vals.keys():
            self._check_unordered_prices(vals)
        return super().write(vals)

    def _check_unordered_prices(self, vals):
        """Refuse another price of goods that the warehouse added: they ask for nothing, and are invoiced all the same.

        :raise UserError: where amendments are in force
        """
        lines = self.filtered(
            lambda line: not line.product_uom_qty and line.qty_delivered and line.state == 'sale' and any(
                line[name] != vals[name] for name in ('price_unit', 'discount') if name in vals))
        orders = lines.order_id._filter_amendment_guarded()
        orders._judge_unamended({order.id: (order._prepare_amendment_issue(['price']),) for order in orders})


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    def _filter_amendment_guarded(self):
        """Filter the confirmed orders that change by amendments only, and to which none is being applied."""
        amending = control_memory(self.env).amending
        confirmed = self.filtered(lambda order: order.state == 'sale' and order.id not in amending)
        return confirmed._with_control('amendment')._get_controlled() if confirmed else confirmed

    def _check_shipping_kept(self):
        """Before the transaction ends: shipping that was charged is still charged, or an amendment waived it.

        :raise UserError: naming the orders
        """
        orders = self.sudo().browse(self.env.cr.precommit.data.pop(KEY, ())).exists()._filter_amendment_guarded()
        for order in orders:
            shipping = order._get_shipping_product_ids(set(order.order_line.product_id.ids))
            if sum(line.price_subtotal for line in order.order_line if line.product_id.id in shipping) <= 0:
                order._judge_unamended({order.id: (order._prepare_amendment_issue(['price']),)})

    def _judge_unamended(self, issues):
        """Refuse what happens to these orders past an amendment, or record it where they are in shadow mode.

        :param dict issues: ``{order_id: (ControlIssue,)}`` as in force
        :raise UserError: if amendments are in force, unless it has happened already
        """
        enforced = self.filtered(lambda order: order.company_id._get_control_mode('amendment') == 'enforce')
        if enforced and not control_memory(self.env).happened:
            raise UserError(enforced._word_change_refusal(issues))
        found = {
            order.id: issues[order.id] if order in enforced else tuple(issue.shadowed() for issue in issues[order.id])
            for order in self}
        if self:
            self._control_log('changed', found, checkpoint='confirm')
            self._get_held(found)._control_report_exception(found)
