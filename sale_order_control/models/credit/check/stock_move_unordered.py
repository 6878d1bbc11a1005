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
        """Refuse to let goods without an order leave to customers whose credit is on hold; in warn, record it.

        :raise UserError: where credit control is in force; where it is off nothing is asked
        """
        refused = []
        for account, moves in self._get_unordered_holds().items():
            enforced = moves.filtered(
                lambda move: move.company_id._get_control_mode('credit', 'release') == 'enforce')
            if enforced:
                refused.append(account._word_unordered_hold())
            else:
                account._record_unordered_delivery(moves)
        if refused:
            raise UserError("\n".join(refused))

    def _get_unordered_holds(self):
        """Find goods without an order that would leave to customers on hold: ``{credit.account: stock.move}``, sudo."""
        holds = {}
        moves = self.sudo().filtered(
            lambda move: move.company_id and move.company_id._get_control_mode('credit', 'release') != 'off'
            and move._is_unordered_delivery())
        for root, theirs in moves.grouped(lambda move: move.company_id.root_id).items():
            receivers = {move: move._get_unordered_receivers() for move in theirs}
            owners = self.env['res.partner'].sudo().union(*receivers.values())
            held = self.env['credit.account']._find(owners, root).filtered('is_held') if owners else ()
            for account in held:
                holds[account] = theirs.filtered(
                    lambda move, account=account, receivers=receivers: account.partner_id in receivers[move])
        return holds

    def _get_unordered_receivers(self):
        return (self.partner_id | self.picking_id.partner_id).commercial_partner_id

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


class StockPicking(models.Model):
    _inherit = 'stock.picking'

    @api.depends('partner_id')
    def _compute_control_hold(self):
        result = super()._compute_control_hold()
        free = self.filtered(
            lambda picking: not picking.control_hold and picking.company_id
            and picking.company_id._get_control_mode('credit', 'release') == 'enforce')
        holds = free.move_ids.filtered(
            lambda move: move.state not in ('draft', 'done', 'cancel'))._get_unordered_holds()
        for picking in free if holds else ():
            picking.control_hold = "\n".join(
                account._word_unordered_hold() for account, moves in holds.items() if moves & picking.move_ids) or False
        return result


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def _word_unordered_hold(self):
        return self.env._(
            "%(customer)s is on credit hold: %(reason)s. Nothing is delivered to this customer, with or without an "
            "order, until a credit controller ends the hold.", customer=self.partner_id.name,
            reason=(self.hold_reason or "").rstrip("."))

    def _record_unordered_delivery(self, moves):
        """Keep what control would have stopped if it were in force, and say so on the transfers."""
        self.ensure_one()
        names = ", ".join(moves.picking_id.mapped('name') or moves.mapped('display_name'))
        sentence = self._word_unordered_hold()
        # Nobody may write decisions; this one follows from goods that leave.
        self.env['credit.decision']._record_facts([self._prepare_decision(
            'passed', 'release', user_id=self.env.uid, mode='warn',
            reason=self.env._("Delivered without an order: %s", names),
            issues=[{'code': 'credit.hold', 'effect': 'warn', 'would': 'block', 'message': sentence, 'figures': {}}])])
        for picking in moves.picking_id:
            picking.message_post(
                body=self.env._("Only told, not stopped: %s", sentence), subtype_xmlid='mail.mt_note')
