from odoo import api, models
from odoo.exceptions import AccessError, UserError

from .control_memory import control_acting, control_memory

# Figures that Odoo computes and the rules rely on. A form shows them read-only; over RPC they can be written.
COMPUTED_FIGURES = frozenset({'amount_untaxed', 'amount_tax', 'amount_total', 'invoice_status', 'delivery_status'})
# What orders get from elsewhere: besides their figures the online payments, which link themselves to their orders.
FOLLOWING = COMPUTED_FIGURES | {'transaction_ids'}


class SaleOrder(models.Model):
    """What a change of state brings along, whoever makes it, and what nobody may write."""

    _inherit = 'sale.order'

    # === INTO SALE ===#

    def _get_entering_sale(self, vals):
        """Filter the orders that a write brings under the rules of confirmation.

        Besides a state that becomes *sale*, that is a confirmed order which moves to another company.
        """
        if vals.get('state') == 'sale':
            return self.filtered(lambda order: order.state != 'sale')
        if vals.get('company_id') and 'state' not in vals:
            return self.filtered(lambda order: order.state == 'sale' and order.company_id.id != vals['company_id'])
        return self.browse()

    def _control_enter_sale(self):
        """Judge orders that have just become confirmed; record it, unless the running confirmation does.

        :raise UserError: if one of them does not pass
        """
        if not self:
            return
        unforeseen = self.filtered(lambda order: order.id not in control_memory(self.env).confirming)._get_controlled()
        unforeseen._control_serialise('confirm')
        issues = self._control_require('confirm')
        if unforeseen:
            unforeseen._control_record_confirmation(issues)

    def _control_record_confirmation(self, issues):
        """Record that orders passed confirmation and tell the rooms.

        :param dict issues: what the gate said, ``{order_id: (ControlIssue, ...)}``
        """
        self._control_unpark()
        self._control_log('confirmed', issues, checkpoint='confirm')
        self._control_event('confirmed')

    def _control_unpark(self):
        parked = self.filtered('control_parked')
        if parked:
            with control_acting(self.env):
                parked.sudo().control_parked = False

    # === OUT OF SALE, CANCEL, DRAFT AGAIN ===#

    def _check_leaving_sale(self, vals):
        """Refuse to turn a confirmed order back into a quotation past its cancellation.

        :raise UserError: its transfers and promises would stay while nobody looks at its terms
        """
        if vals.get('state') in ('draft', 'sent'):
            confirmed = self.filtered(lambda order: order.state == 'sale')
            if confirmed and confirmed._get_controlled():
                raise UserError(self.env._(
                    "A confirmed order cannot be turned back into a quotation directly. Cancel it first: %s",
                    ", ".join(confirmed.mapped('display_name'))))

    def _control_follow_state(self, former):
        """Record a cancellation or a return to draft, and tell the rooms.

        :param dict former: ``{order_id: state}`` before the write; empty if no state was written
        """
        moved = self.filtered(
            lambda order: order.id in former and order.state != former[order.id] and order.company_id._has_control())
        cancelled = moved.filtered(lambda order: order.state == 'cancel')
        if cancelled:
            cancelled._control_unpark()
            cancelled._write_procurement_hold(())
            cancelled._get_controlled()._control_log('cancelled')
            cancelled._control_event('cancelled')
            # Customers know of what was confirmed; a draft that is dropped concerns nobody outside.
            withdrawn = cancelled.filtered(lambda order: former[order.id] == 'sale')
            if withdrawn:
                withdrawn._control_event('withdrawn')
        reopened = moved.filtered(
            lambda order: order.state == 'draft' or order.state == 'sent' and former[order.id] == 'cancel')
        if reopened:
            reopened._control_log('reopened')
            reopened._control_event('reopened')

    # === WHAT NOBODY MAY WRITE ===#

    @api.model
    def _get_control_protected_fields(self):
        """Name the fields that only the add-on's own acts may write; rooms add theirs."""
        return {'control_parked'}

    def _control_refuse_protected(self, vals):
        if control_memory(self.env).acting:
            return
        touched = self._get_control_protected_fields() & vals.keys()
        if self and not touched and FOLLOWING & vals.keys() and self._get_controlled():
            touched = FOLLOWING & vals.keys()
        if touched:
            raise AccessError(self.env._(
                "These fields follow from checks and decisions and cannot be written: %s", ", ".join(sorted(touched))))

    @api.model
    def _get_undefaulted_fields(self):
        return super()._get_undefaulted_fields() | self._get_control_protected_fields() | FOLLOWING

    def _control_clean_values(self, vals):
        """Refuse protected fields of a new order, and leave out what an order gets from elsewhere."""
        self.browse()._control_refuse_protected(vals)
        if not FOLLOWING & vals.keys():
            return vals
        company_id = vals.get('company_id') or self.default_get(['company_id']).get('company_id')
        if not self.env['res.company'].browse(company_id).sudo()._has_control():
            return vals
        return {name: value for name, value in vals.items() if name not in FOLLOWING}

    def _control_clean_defaults(self):
        """Drop context keys that would fill protected fields of a new order."""
        unwanted = {
            f'default_{name}' for name in self._get_control_protected_fields() | FOLLOWING
        } & self.env.context.keys()
        if not unwanted:
            return self
        context = {key: value for key, value in self.env.context.items() if key not in unwanted}
        return self.with_context(context)  # pylint: disable=context-overridden
