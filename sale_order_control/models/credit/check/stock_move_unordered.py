from odoo import api, models
from odoo.exceptions import UserError


class StockMove(models.Model):
    """A delivery that somebody makes by hand has no order to be judged by: a hold of the customer stops it."""

    _inherit = 'stock.move'

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves.filtered(lambda move: move.state == 'done')._check_unordered_delivery()
        return moves

    def write(self, vals):
        if vals.get('state') == 'done':
            self.filtered(lambda move: move.state != 'done')._check_unordered_delivery()
        return super().write(vals)

    def _check_unordered_delivery(self):
        """Refuse to let goods without an order leave to customers whose credit is on hold.

        :raise UserError: where credit control is in force; elsewhere nothing is asked
        """
        companies = self.company_id.sudo().filtered(
            lambda company: company._get_control_mode('credit', 'release') == 'enforce')
        moves = self.sudo().filtered(lambda move: move.company_id in companies and move._is_unordered_delivery())
        for root, theirs in moves.grouped(lambda move: move.company_id.root_id).items():
            receivers = (theirs.partner_id | theirs.picking_id.partner_id).commercial_partner_id
            held = self.env['credit.account']._find(receivers, root).filtered('is_held') if receivers else ()
            if held:
                raise UserError("\n".join(
                    self.env._(
                        "%(customer)s is on credit hold: %(reason)s. Nothing is delivered to this customer, with or "
                        "without an order, until a credit controller ends the hold.", customer=account.partner_id.name,
                        reason=(account.hold_reason or "").rstrip("."))
                    for account in held))

    def _is_unordered_delivery(self):
        """Whether goods leave our hands for a customer and no order, controlled or not, says so.

        A sale at the counter is over when its transfer is made: nobody is there to be refused.
        """
        self.ensure_one()
        targets = self.location_dest_id | self.move_line_ids.location_dest_id
        if not any(target._is_outgoing() for target in targets):
            return False
        sources = self.location_id | self.move_line_ids.location_id
        if not any(source._is_in_our_hands() for source in sources):
            return False
        picking = self.picking_id
        references = self.reference_ids | picking.reference_ids
        return not (
            self._get_control_lines() or picking.sale_id or references.sale_ids or self._is_sold_at_counter(picking))

    @api.model
    def _is_sold_at_counter(self, picking):
        """Whether a transfer carries out a finished sale of the point of sale to the same customer."""
        if 'pos_order_id' not in picking._fields:
            return False
        sale = picking.pos_order_id
        return sale.state not in (False, 'draft', 'cancel') and (
            sale.partner_id.commercial_partner_id == picking.partner_id.commercial_partner_id)
