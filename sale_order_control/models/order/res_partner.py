from odoo import models
from odoo.exceptions import AccessError

from .control_memory import control_memory, control_scope

# Writing one of these may make another company owe what was ordered.
PAYER_FIELDS = frozenset({'parent_id', 'is_company', 'commercial_partner_id'})


class ResPartner(models.Model):
    """Who owes may become another by an edit of the contact: for its orders that is a change of terms."""

    _inherit = 'res.partner'

    def write(self, vals):
        moving = self._get_control_moving(vals)
        if moving and 'commercial_partner_id' in vals:
            # Also of a customer without open orders: the next one would be judged by somebody else's credit.
            raise AccessError(self.env._("Which company a contact belongs to follows from its parent company."))
        orders = moving._get_control_owed_orders()
        if not orders:
            return super().write(vals)
        with control_scope(self.env), orders._control_change(ask_before=True):
            result = super().write(vals)
            # What was found about the former company says nothing of the new one.
            control_memory(self.env).issues.clear()
            control_memory(self.env).facts.clear()
        return result

    def _get_control_moving(self, vals):
        """Return those of these contacts of which a write may change who owes, if any company controls orders."""
        names = PAYER_FIELDS & vals.keys()
        # A form writes what it shows; only what really changes costs a question.
        moving = self.filtered(lambda partner: any(
            (partner[name] if name == 'is_company' else partner[name].id) != vals[name] for name in names))
        if not moving or not any(company._has_control() for company in self.env['res.company'].sudo().search([])):
            return self.browse()
        return moving

    def _get_control_owed_orders(self):
        """Return the controlled orders that these contacts or contacts of theirs pay and that are not over.

        In sudo: a rule must not depend on which orders the editing user may read.
        """
        orders = self.env['sale.order'].sudo()
        if not self:
            return orders
        return orders.search([
            ('partner_invoice_id', 'child_of', self.ids),
            '|', ('state', 'in', ('draft', 'sent')),
            '&', ('state', '=', 'sale'),
            '|', ('invoice_status', '!=', 'invoiced'), ('delivery_status', 'not in', (False, 'full')),
        ]).filtered(lambda order: order.company_id._has_control())
