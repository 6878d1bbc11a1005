from odoo import models


class SaleOrderLine(models.Model):
    """What a customer got of an order line, and gave back: goods, or kits that left as their parts."""

    _inherit = 'sale.order.line'

    def _get_complaint_delivered(self):
        """Return what was delivered and what came back since: ``{line_id: (delivered, returned)}``; in sudo."""
        result = {}
        for line in self:
            kits = line._count_complaint_kits()
            if kits is None:
                incoming = line._get_outgoing_incoming_moves()[1]
                back = sum(
                    move.product_uom._compute_quantity(move.quantity, line.product_uom_id, round=False)
                    for move in incoming if move.state == 'done')
            else:
                back = max(0.0, kits - line.qty_delivered)
            result[line.id] = (line.qty_delivered + back, back)
        return result

    # === KITS ===#

    def _get_complaint_kit(self):
        """Return the bill of materials by which the goods of the line left in parts; None if they did not.

        It is found as Odoo does when it counts delivered kits: the bill of the moves, else today's.
        """
        self.ensure_one()
        if 'mrp.bom' not in self.env:
            return None
        bills = self.move_ids.filtered(lambda move: move.state != 'cancel').bom_line_id.bom_id
        own = bills.filtered(lambda bill: bill.type == 'phantom' and self.product_id in (
            bill.product_id or bill.product_tmpl_id.product_variant_ids))
        if bills and not own:
            own = bills._bom_find(
                self.product_id, company_id=self.company_id.id, bom_type='phantom')[self.product_id]
        return own[:1] or None

    def _count_complaint_kits(self):
        """Return how many kits reached the customer, whatever came back, in the line's unit; None if it is no kit."""
        bill = self._get_complaint_kit()
        if not bill:
            return None
        ordered = self.product_uom_id._compute_quantity(self.product_uom_qty, bill.product_uom_id)
        # In Odoo's words, what comes in is what comes to the customer.
        kits = self.move_ids.filtered(lambda move: move.state == 'done')._compute_kit_quantities(
            self.product_id, ordered, bill, {
                'incoming_moves': lambda move: move._is_outgoing() and (
                    not move.origin_returned_move_id or move.to_refund),
                'outgoing_moves': lambda move: False,
            })
        return bill.product_uom_id._compute_quantity(kits, self.product_uom_id)

    def _get_complaint_parts(self, quantity):
        """Take kits of the line apart: what left for them.

        :param float quantity: kits, in the line's unit
        :return: list of ``(moves of one part, quantity, its unit)``; empty if the line is no kit
        """
        bill = self._get_complaint_kit()
        if not bill:
            return []
        kits = self.product_uom_id._compute_quantity(quantity, bill.product_uom_id, round=False)
        wanted = {}
        for part, data in bill.explode(self.product_id, kits / bill.product_qty)[1]:
            if part.product_id.type != 'service':
                wanted[part] = wanted.get(part, 0.0) + data['qty']
        return [
            (self.move_ids.filtered(lambda move, part=part: move.bom_line_id == part), needed, part.product_uom_id)
            for part, needed in wanted.items() if needed]
