from odoo import models

from ...order.control_memory import control_acting


class SaleOrder(models.Model):
    """When facts about deliveries are recorded: with every event that moves promises, and every night."""

    _inherit = 'sale.order'

    def _open_promises(self):
        self.order_line._forget_earlier_facts()
        result = super()._open_promises()
        self.order_line._record_delivery_facts(dated=False)
        # Where dates are promised by planners, none stands on the order before: it was noted as what is wanted.
        entered = self.filtered(
            lambda order: order.commitment_date and not order.promised_date
            and order.company_id._get_control_mode('promise') == 'enforce')
        if entered:
            with control_acting(self.env):
                entered.write({'commitment_date': False})
        return result

    def _refresh_promise_states(self):
        result = super()._refresh_promise_states()
        self.sudo()._get_promise_controlled().order_line._record_delivery_facts()
        return result

    def _control_event(self, name):
        super()._control_event(name)
        if name == 'cancelled':
            orders = self.sudo()._with_control('promise')._get_controlled()
            # A state that was written past the button withdraws promises all the same.
            orders.filtered(lambda order: order.promise_state not in (False, 'none'))._end_promises()
            orders.order_line._record_delivery_facts()
