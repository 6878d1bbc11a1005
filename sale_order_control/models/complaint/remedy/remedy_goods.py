from odoo import Command, api, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from ...order.control_memory import control_acting


class SaleComplaintRemedy(models.Model):
    """Remedies that move goods: a return, another piece, both at once, a repair. In sudo, called once."""

    _inherit = 'sale.complaint.remedy'

    # === RETURN ===#

    def _carry_out_return(self):
        returns = self._create_returns()
        return self.env._("Goods are called back: %s.", ", ".join(returns.mapped('name')))

    def _create_returns(self):
        """Create Odoo's own return of each delivery that brought the goods.

        :return: stock.picking
        :raise UserError: if not all of it can come back from a delivery
        """
        wanted = {}
        for line in self.line_ids:
            for move, quantity in self._find_returnable(line):
                wanted.setdefault(move.picking_id, {}).setdefault(move, 0.0)
                wanted[move.picking_id][move] += quantity
        returns = self.env['stock.picking']
        for picking, moves in wanted.items():
            wizard = self.env['stock.return.picking'].create({'picking_id': picking.id})
            for line in wizard.product_return_moves:
                line.quantity = moves.get(line.move_id, 0.0)
                # The customer keeps the goods that were paid: the order is no less by an exchange.
                line.to_refund = self.kind != 'exchange'
            returns |= wizard._create_return()
        with control_acting(self.env):
            returns.write({'complaint_remedy_id': self.id})
        return returns

    def _find_returnable(self, line):
        """Spread goods over the deliveries that brought them, those of the complaint first; of a kit all its parts.

        :return: list of ``(stock.move, quantity in the unit of the move)``
        :raise UserError: if they did not come with a delivery, or came back already
        """
        source = line.order_line_id
        first = (line.complaint_line_id.move_id.picking_id | self.complaint_id.picking_id).move_ids
        parts = source._get_complaint_parts(line.quantity) or [
            (source._get_outgoing_incoming_moves()[0], line.quantity, source.product_uom_id)]
        found = []
        for moves, quantity, unit in parts:
            taken, missing = self._take_back(moves.sorted(lambda move: (move not in first, move.date, move.id)),
                                             quantity, unit)
            found += taken
            if unit.compare(missing, 0.0) > 0:
                raise UserError(self.env._(
                    "%(quantity)s %(unit)s of “%(product)s” cannot be called back: they did not come with a delivery "
                    "of %(order)s, or came back already.", quantity=f"{missing:g}", unit=unit.name,
                    product=(moves[:1].product_id or source.product_id).display_name, order=source.order_id.name))
        return found

    @api.model
    def _take_back(self, moves, quantity, unit):
        """Take a quantity from deliveries that reached the customer, as far as it did not come back from them.

        :param stock.move moves: in the order in which they are used
        :param uom.uom unit: of the quantity
        :return: ``([(stock.move, quantity in the unit of the move)], what is missing)``
        """
        found = []
        for move in moves:
            if move.state != 'done' or move.location_dest_id.usage != 'customer':
                continue
            back = sum(
                one.product_uom._compute_quantity(one.quantity or one.product_uom_qty, move.product_uom)
                for one in move.returned_move_ids if one.state != 'cancel')
            taken = min(quantity, move.product_uom._compute_quantity(move.quantity - back, unit, round=False))
            if unit.compare(taken, 0.0) > 0:
                found.append((move, unit._compute_quantity(taken, move.product_uom)))
                quantity -= taken
        return found, quantity

    # === REPLACEMENT ===#

    def _carry_out_replacement(self):
        order = self._create_replacement()
        return self._word_replacement(order)

    def _carry_out_exchange(self):
        # The price paid for the first piece stays paid: no credit note, and nothing to pay for the second.
        returns = self._create_returns()
        order = self._create_replacement()
        return " ".join([
            self.env._("Goods are called back: %s.", ", ".join(returns.mapped('name'))), self._word_replacement(order)])

    def _word_replacement(self, order):
        if order.state == 'sale':
            return self.env._("Replacement ordered and confirmed: %s.", order.name)
        return self.env._(
            "Replacement ordered: %s. It is an order like others and waits for what its controls ask.", order.name)

    def _create_replacement(self):
        """Create the replacement order, and confirm it where its controls let it pass: an order like others."""
        with control_acting(self.env):
            order = self.env['sale.order'].create(self._prepare_replacement())
        self.complaint_id.order_id._message_log(body=self.env._(
            "%(order)s replaces goods of this order, for complaint %(complaint)s.",
            order=order.name, complaint=self.complaint_id.name))
        try:
            with self.env.cr.savepoint():
                order.action_submit()
        except UserError as error:
            # It stays a quotation that says why it waits; the remedy is done all the same.
            order.invalidate_recordset()
            order._message_log(body=str(error))
        return order

    def _prepare_replacement(self):
        """Prepare an order for the same customer and place, at the prices and taxes of the first one, all taken off."""
        origin = self.complaint_id.order_id
        return {
            'complaint_remedy_id': self.id,
            'company_id': origin.company_id.id,
            'partner_id': origin.partner_id.id,
            'partner_invoice_id': origin.partner_invoice_id.id,
            'partner_shipping_id': origin.partner_shipping_id.id,
            'pricelist_id': origin.pricelist_id.id,
            'currency_id': origin.currency_id.id,
            'fiscal_position_id': origin.fiscal_position_id.id,
            'payment_term_id': origin.payment_term_id.id,
            'warehouse_id': origin.warehouse_id.id,
            'user_id': origin.user_id.id,
            'team_id': origin.team_id.id,
            'origin': ", ".join([self.complaint_id.name, origin.name]),
            'client_order_ref': origin.client_order_ref,
            # Wanted at once, and known from where: a replacement lacks no data that it could have.
            'requested_date': origin._get_control_today(),
            'control_source_id': origin.control_source_id.id,
            'require_signature': False,
            'require_payment': False,
            'order_line': [
                Command.create({'display_type': 'line_note', 'name': self.env._(
                    "Replacement for complaint %(complaint)s, order %(order)s: nothing to pay.",
                    complaint=self.complaint_id.name, order=origin.name)}),
                *(Command.create(self._prepare_replacement_line(line)) for line in self.line_ids),
            ],
        }

    def _prepare_replacement_line(self, line):
        source = line.order_line_id
        return {
            'product_id': source.product_id.id,
            'name': source.name,
            'product_uom_qty': line.quantity,
            'product_uom_id': source.product_uom_id.id,
            'price_unit': source.price_unit,
            'discount': 100.0,
            'tax_ids': [Command.set(source.tax_ids.ids)],
        }

    # === REPAIR ===#

    def _carry_out_repair(self):
        if 'repair.order' not in self.env:
            raise UserError(self.env._("Repairs need the Repair app. Choose another remedy, or install it."))
        repairs = self.env['repair.order'].create([self._prepare_repair(line) for line in self.line_ids])
        for repair in repairs:
            repair.message_post_with_source(
                'mail.message_origin_link', render_values={'self': repair, 'origin': self.complaint_id},
                subtype_xmlid='mail.mt_note')
        with control_acting(self.env):
            self.write({'result_model': 'repair.order', 'result_ids': repairs.ids})
        return self.env._("Repair: %s.", ", ".join(repairs.mapped('name')))

    def _prepare_repair(self, line):
        return {
            'company_id': self.company_id.id,
            'partner_id': self.partner_id.id,
            'product_id': line.product_id.id,
            'product_qty': line.quantity,
            'product_uom': line.product_uom_id.id,
            'lot_id': line.complaint_line_id.lot_id.id,
            'under_warranty': True,
            'internal_notes': plaintext2html(
                f"{self.complaint_id.display_name}\n{self.complaint_id.description or ''}"),
        }
