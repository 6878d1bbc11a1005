from odoo import models


class SaleOrder(models.Model):
    """What the customer reads about an order under control: where it stands, never why (OE-12)."""

    _inherit = 'sale.order'

    def _is_portal_in_review(self):
        """Whether the customer signed or paid and we have not confirmed yet."""
        self.ensure_one()
        return self.sudo().control_parked and self.state in ('draft', 'sent')

    def _get_portal_control_steps(self):
        """Return the status line of the customer's page.

        Empty for an order that is not under control, for an offer the customer has not accepted and
        for a cancelled order. Holds, approvals and their reasons are all one step: *in review*.

        :return: list of dicts ``key, label, done, current``
        """
        self.ensure_one()
        current = self._get_portal_control_step()
        if not current:
            return []
        labels = {
            'received': self.env._("Received"),
            'review': self.env._("In review"),
            'confirmed': self.env._("Confirmed"),
            'preparing': self.env._("Being prepared"),
            'shipped': self.env._("Shipped"),
        }
        if self.delivery_status == 'partial':
            labels['shipped'] = self.env._("Partly shipped")
        elif self.state == 'sale' and not self.delivery_status:
            # Nothing to ship: services only.
            labels = {key: labels[key] for key in ('received', 'review', 'confirmed')}
        keys = list(labels)
        position = keys.index(current)
        return [
            {
                'key': key,
                'label': label,
                'done': index < position or key == current == keys[-1] and self.delivery_status != 'partial',
                'current': key == current,
            }
            for index, (key, label) in enumerate(labels.items())
        ]

    def _get_portal_control_step(self):
        order = self.sudo()
        if not order.control_active or order.state == 'cancel':
            return None
        if order.state == 'sale':
            return {
                'started': 'preparing',
                'partial': 'shipped',
                'full': 'shipped',
            }.get(order.delivery_status) or order._get_portal_confirmed_step()
        if order._is_portal_in_review():
            return 'review'
        return 'received' if order.signature or order.amount_paid else None

    def _get_portal_confirmed_step(self):
        """Tell *confirmed* from *being prepared*: the goods are set aside for the customer."""
        ready = any(picking.state == 'assigned' for picking in self.picking_ids)
        return 'preparing' if ready else 'confirmed'
