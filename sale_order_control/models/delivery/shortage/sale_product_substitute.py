from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SaleProductSubstitute(models.Model):
    """What may be delivered instead of a product. Only direct substitutes are offered, so that no chain goes round."""

    _name = 'sale.product.substitute'
    _description = "Product Substitute"
    _order = 'product_id, sequence, id'
    _rec_name = 'substitute_id'

    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Empty: all companies.")
    product_id = fields.Many2one(
        'product.product', string="Instead Of", required=True, index=True, ondelete='cascade', check_company=True,
        domain="[('type', '=', 'consu'), ('sale_ok', '=', True)]")
    substitute_id = fields.Many2one(
        'product.product', required=True, index=True, ondelete='cascade', check_company=True,
        domain="[('type', '=', 'consu'), ('sale_ok', '=', True)]")
    ratio = fields.Float(
        default=1.0, required=True, digits=(16, 6),
        help="How many units of the substitute stand for one unit of the product, each in the product's own unit.")
    both_ways = fields.Boolean(help="Each may be delivered instead of the other.")
    date_from = fields.Date(string="From", help="Offered from this day on. Empty: from the start.")
    date_to = fields.Date(string="Until", help="Offered up to this day. Empty: for good.")
    comparison = fields.Text(
        translate=True, help="How the two compare, in words for the customer: function, size, finish.")

    _ratio_positive = models.Constraint('CHECK (ratio > 0)', "The ratio must be above zero.")
    _other_product = models.Constraint(
        'CHECK (product_id <> substitute_id)', "A product cannot be a substitute of itself: choose another one.")
    _dates_ordered = models.Constraint('CHECK (date_from <= date_to)', "“From” must not be after “Until”.")
    _pair_unique = models.UniqueIndex(
        '(product_id, substitute_id, COALESCE(company_id, 0)) WHERE active',
        "This substitute is on the list already: change that line.")

    @api.constrains('both_ways', 'product_id', 'substitute_id', 'active', 'company_id')
    def _check_directions(self):
        for pair in self.filtered('active'):
            back = self.search([
                ('product_id', '=', pair.substitute_id.id), ('substitute_id', '=', pair.product_id.id),
                ('company_id', 'in', (False, pair.company_id.id)), ('id', '!=', pair.id)])
            if pair.both_ways and back or back.filtered('both_ways'):
                raise ValidationError(self.env._(
                    "“%(product)s” and “%(substitute)s” are on the list in the other direction too: leave one line "
                    "with “Both Ways”, or two lines without it.",
                    product=pair.product_id.display_name, substitute=pair.substitute_id.display_name))

    @api.model
    def _find_substitutes(self, products, company, today):
        """Find what may stand for products on a day; nothing archived, nothing that is not sold.

        :return: ``{product: [(substitute product, ratio, record), ...]}`` in the order of the list
        """
        pairs = self.sudo().search([
            '|', ('product_id', 'in', products.ids),
            '&', ('both_ways', '=', True), ('substitute_id', 'in', products.ids),
            ('company_id', 'in', (False, company.id)),
            '|', ('date_from', '=', False), ('date_from', '<=', today),
            '|', ('date_to', '=', False), ('date_to', '>=', today),
        ])
        result = {product: [] for product in products}
        for pair in pairs.sorted(lambda pair: (pair.sequence, pair.id)):
            for product, other, ratio in (
                (pair.product_id, pair.substitute_id, pair.ratio),
                (pair.substitute_id, pair.product_id, 1 / pair.ratio),
            ):
                allowed = product == pair.product_id or pair.both_ways
                if product in result and allowed and other._is_offered(company) and other not in [
                        found for found, _ratio, _pair in result[product]]:
                    result[product].append((other, ratio, pair))
        return result


class ProductProduct(models.Model):
    _inherit = 'product.product'

    def _is_offered(self, company):
        """Whether a product can be put on an order of a company today."""
        self.ensure_one()
        product = self.sudo()
        return (
            product.active and product.sale_ok and product.type == 'consu'
            and product.company_id in (product.company_id.browse(), company)
        )
