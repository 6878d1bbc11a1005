from odoo import Command, models

from ...order.control_memory import control_acting


class SaleOrder(models.Model):
    """Who sold an order stays a maker of it after handing it over: nobody agrees to a quotation of their own."""

    _inherit = 'sale.order'

    def write(self, vals):
        former = self._get_handed_over(vals['user_id']) if 'user_id' in vals else {}
        result = super().write(vals)
        with control_acting(self.env):
            for user, orders in former.items():
                orders.write({'approval_maker_ids': [Command.link(user.id)]})
        return result

    def _get_handed_over(self, user_id):
        """Group the orders under approval control that get another salesperson by the one they have.

        Who may write that is asked by the write itself; here it is only remembered, whoever loses access by it.

        :param user_id: the new salesperson, as a write takes it: an id, a record or nothing
        :return: ``{res.users: sale.order}``, the orders in sudo
        """
        wanted = self._fields['user_id'].convert_to_cache(user_id, self)
        orders = self.sudo().filtered(
            lambda order: order.company_id and order.company_id._get_control_mode('approval') != 'off'
            and order.user_id and order.user_id.id != wanted and order.user_id not in order.approval_maker_ids)
        return orders.grouped('user_id')
