from odoo import api, fields, models


class SaleOrder(models.Model):
    """Whether an order is short of something, and what is said of it."""

    _inherit = 'sale.order'

    show_shortage = fields.Boolean(compute='_compute_show_shortage', groups='base.group_user')

    @api.depends('state', 'company_id', 'order_line.shortage_summary')
    def _compute_show_shortage(self):
        for order in self:
            order.show_shortage = order.state in ('draft', 'sent', 'sale') and any(
                order.order_line.mapped('shortage_summary'))

    def _control_event(self, name):
        super()._control_event(name)
        if name == 'cancelled':
            self.sudo().order_line.filtered('shortage_state')._set_shortage_state(False)

    def _word_wanted(self):
        short = self.order_line.filtered('shortage_summary')
        if not short:
            return super()._word_wanted()
        sentences = [
            self.env._("%(product)s: %(short)s.", product=line.product_id.display_name, short=line.shortage_summary)
            for line in short]
        return " ".join(sentences), 'warning'
