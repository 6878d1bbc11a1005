from collections import defaultdict

from odoo import models


class StockMove(models.Model):
    """What goods come to that leave without an order: nobody has agreed a price for them yet."""

    _inherit = 'stock.move'

    def _get_unordered_values(self):
        """Work out what these goods would be sold for, a few queries for any number of transfers.

        By the price list of the customer (for one unit) with its taxes, because that is what an order for them, or an
        invoice made afterwards, asks for; by their cost, less would be judged than may come to be owed. Goods of
        the customer's own, and what goes back to it as it came, are no credit.

        :return: ``{stock.move: amount}`` with taxes, in the currency of the root company of each
        """
        values = dict.fromkeys(self, 0.0)
        today = self.env['sale.order']._get_control_today()
        for company, moves in self.sudo().grouped('company_id').items():
            moves, currency = moves.with_company(company), company.root_id.currency_id
            partners = {move: (move.picking_id.partner_id or move.partner_id).with_company(company) for move in moves}
            lists = defaultdict(moves.browse)
            for move in moves:
                lists[partners[move].commercial_partner_id.property_product_pricelist] |= move
            positions = self.env['res.partner'].union(*partners.values())._get_unordered_fiscal_positions(company)
            for pricelist, theirs in lists.items():
                prices = pricelist._get_products_price(theirs.product_id, 1.0, currency=currency, date=today)
                for move in theirs:
                    taxes = positions[partners[move].id].map_tax(
                        move.product_id.taxes_id._filter_taxes_by_company(company))
                    values[move] = taxes.compute_all(
                        prices[move.product_id.id], currency=currency, quantity=move._get_unordered_quantity(),
                        product=move.product_id, partner=partners[move])['total_included']
        return values

    def _get_unordered_quantity(self):
        """Return what of these goods the customer will owe, in the unit of the product."""
        self.ensure_one()
        if self.origin_returned_move_id and not self.to_refund:
            return 0.0
        quantity = self.product_uom._compute_quantity(
            self.quantity or self.product_uom_qty, self.product_id.uom_id, round=False)
        receivers = self._get_unordered_receivers()
        theirs = self.move_line_ids.filtered(lambda line: line.owner_id.commercial_partner_id & receivers)
        return max(0.0, quantity - sum(theirs.mapped('quantity_product_uom')))


class ResPartner(models.Model):
    _inherit = 'res.partner'

    def _get_unordered_fiscal_positions(self, company):
        """Return the fiscal position of each customer as Odoo finds it, with one search for all of them.

        :return: ``{partner_id: account.fiscal.position}``
        """
        positions = self.env['account.fiscal.position'].sudo().with_company(company)
        automatic = positions.search([*positions._check_company_domain(company), ('auto_apply', '=', True)])
        return {
            partner.id: partner.property_account_position_id
            or partner.commercial_partner_id.property_account_position_id
            or (automatic._get_first_matching_fpos(partner) if partner.country_id else positions)
            for partner in self.sudo().with_company(company)
        }
