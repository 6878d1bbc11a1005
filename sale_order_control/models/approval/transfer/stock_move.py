from odoo import api, models
from odoo.exceptions import UserError

# Writing one of these may change what a delivery takes out of the house, or where it goes.
JUDGED_FIELDS = frozenset({
    'product_uom_qty', 'quantity', 'product_id', 'product_uom', 'picking_id', 'location_dest_id', 'state',
})


class StockMove(models.Model):
    """Goods leave when their move becomes done, whoever does it: that is where a missing approval stops them."""

    _inherit = 'stock.move'

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        judged = moves._get_judged_deliveries()
        judged.filtered(lambda move: move.state == 'done')._require_delivery_approval()
        judged.sudo().picking_id._void_worse_deliveries()
        return moves

    def write(self, vals):
        judged = self._get_judged_deliveries() if JUDGED_FIELDS & vals.keys() else self.browse()
        pickings = judged.sudo().picking_id
        if vals.get('state') == 'done':
            judged.filtered(lambda move: move.state != 'done')._require_delivery_approval()
            self._note_unapproved_deliveries()
        result = super().write(vals)
        if not judged:
            return result
        if vals.get('state') == 'cancel':
            pickings.filtered(lambda picking: picking.state == 'cancel')._void_requests(
                lambda env: env._("The transfer was cancelled."), states=('pending',))
        elif vals.get('state') != 'done':
            # What another location or product makes of a move that is over is judged as leaving goods are.
            judged.filtered(lambda move: move.state == 'done')._require_delivery_approval(over=True)
            (pickings | judged.sudo().picking_id)._void_worse_deliveries()
        return result

    def _get_judged_deliveries(self):
        """Filter the moves of companies in which deliveries are approved: in nearly all databases, of none."""
        if not self.env['sale.approval.policy']._has_delivery_policies():
            return self.browse()
        companies = {company: company._approves_deliveries() for company in self.sudo().company_id}
        if not any(companies.values()):
            return self.browse()
        return self.filtered(lambda move: companies[move.sudo().company_id])

    def _leaves_for_customer(self):
        """Whether goods in our hands go to a customer."""
        self.ensure_one()
        targets = self.location_dest_id | self.move_line_ids.location_dest_id
        sources = self.location_id | self.move_line_ids.location_id
        return any(target._is_outgoing() for target in targets) \
            and not all(source._is_outgoing() for source in sources) and not self._is_drop_shipment()

    def _note_unapproved_deliveries(self):
        """In shadow mode, record what would have held these goods: on their order, else on the transfer."""
        if not self.env['sale.approval.policy']._has_delivery_policies():
            return
        leaving = self.sudo().filtered(
            lambda move: move.state != 'done' and move.company_id._get_control_mode('approval') == 'warn'
            and move._leaves_for_customer())
        reasons = leaving.picking_id._get_approval_reasons('warn') if leaving else {}
        told = {}
        for picking in leaving.picking_id.browse(reasons):
            issues = tuple(issue.shadowed() for issue in reasons[picking.id])
            if picking.sale_id:
                told[picking.sale_id.id] = told.get(picking.sale_id.id, ()) + issues
            else:
                picking._message_log(body=self.env._(
                    "If approval were enforced, this delivery would have waited: %s",
                    " ".join(issue.message for issue in issues)))
        if told:
            self.env['sale.order'].sudo().browse(told)._control_log('checked', told, checkpoint='release')

    def _require_delivery_approval(self, over=False):
        """Refuse to let goods out that somebody must agree to and nobody did.

        :param bool over: whether the moves are done already
        """
        leaving = self.sudo().filtered(lambda move: move._leaves_for_customer())
        loose = leaving.filtered(lambda move: not move.picking_id)
        if loose:
            raise UserError(self.env._(
                "Deliveries are approved here: goods leave for a customer by a transfer only (%s).",
                ", ".join(loose.product_id.mapped('display_name'))))
        pickings = leaving.picking_id
        if over:
            held = {
                picking.id: self.env._("%s: what leaves is not what was agreed to.", picking.name)
                for picking in pickings if picking._get_approval_reasons() and not picking._is_delivery_agreed()}
        else:
            held = pickings._get_unapproved_deliveries()
        if held:
            raise UserError("\n".join([self.env._("The goods may not leave."), *held.values()]))


class StockMoveLine(models.Model):
    """Goods added to a delivery that is over leave as well."""

    _inherit = 'stock.move.line'

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._judge_delivery_lines()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {'quantity', 'product_uom_id', 'location_id', 'location_dest_id', 'move_id'}:
            self._judge_delivery_lines()
        return result

    def _judge_delivery_lines(self):
        moves = self.move_id._get_judged_deliveries()
        moves.filtered(lambda move: move.state == 'done')._require_delivery_approval(over=True)
        moves.filtered(lambda move: move.state != 'done').sudo().picking_id._void_worse_deliveries()
