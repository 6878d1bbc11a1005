from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError


class SaleShipmentCheckPoint(models.Model):
    """Something that is looked at before goods leave, of which shipments, and by how many persons."""

    _name = 'sale.shipment.check.point'
    _inherit = ['sale.control.cached']
    _description = "Shipment Check Point"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True, help="What must be in order, e.g. \"Labels\".")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Leave empty for all companies.")
    subject = fields.Selection(
        [('goods', "The packed goods"), ('address', "The delivery address")],
        string="Looks At", required=True, default='goods',
        help="Goods are checked at the transfer, each shipment anew. The address, contact, phone and day are confirmed "
             "with the customer from the order, again when one of them changes.")
    requirement = fields.Selection(
        [('asked', "Orders marked “Check before Shipping”"), ('matching', "Orders that match what is set below")],
        string="Asked Of", required=True, default='asked')
    persons = fields.Integer(
        default=2, help="So many different persons must find it in order, one after the other.")
    file_required = fields.Boolean(
        string="Report Required", help="Whoever checks attaches a report, e.g. of a quality inspection.")
    sale_type_ids = fields.Many2many('sale.control.type', string="Sales Types", help="Of the order. Empty: all.")
    partner_category_ids = fields.Many2many(
        'res.partner.category', string="Customer Tags", help="Of the customer. Empty: all.")
    product_category_ids = fields.Many2many(
        'product.category', string="Product Categories",
        help="Of goods in the shipment, categories below included. Empty, as are the products: all.")
    product_ids = fields.Many2many(
        'product.product', string="Products", help="Goods in the shipment that are meant besides those categories.")
    advice = fields.Text(translate=True, help="How to check it: read by whoever does.")

    _persons_positive = models.Constraint(
        'CHECK (persons > 0)', "At least one person checks a shipment.")

    @api.constrains('subject', 'file_required', 'product_category_ids', 'product_ids')
    def _check_subject(self):
        for point in self:
            goods = point.product_category_ids or point.product_ids
            if point.subject == 'address' and (point.file_required or goods):
                raise ValidationError(self.env._(
                    "“%s” looks at the address: it needs no report and does not depend on the goods.", point.name))

    @api.model
    @tools.ormcache()
    def _get_point_ids(self):
        """Return the ids of all points in use, cached: asked whenever goods leave."""
        # A handful of points, cached.
        return tuple(self.sudo().search([]).ids)  # pylint: disable=no-search-all

    @api.model
    def _get_points(self, subject):
        """Return the points in use that look at ``goods`` or at the ``address``, in sudo."""
        return self.sudo().browse(self._get_point_ids()).filtered(lambda point: point.subject == subject)

    def _get_open(self, verdicts):
        """Filter the points that still need somebody.

        :param dict verdicts: ``{point_id: PointVerdict}``
        :return: ``{point: PointVerdict or None}``
        """
        found = {point: verdicts.get(point.id) for point in self}
        return {
            point: verdict for point, verdict in found.items()
            if verdict is None or verdict.failed or len(verdict.persons) < point.persons
        }

    @api.model
    def _get_askable(self, found, user):
        """Return the open points of which a user has not said already that they are in order."""
        return self.sudo().concat(*[
            point for point, verdict in found.items() if not verdict or user.id not in verdict.persons])

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.env['sale.shipment.check.line'].sudo().search_count([('point_id', 'in', self.ids)], limit=1):
            raise ValidationError(self.env._("Shipments were checked for this. Archive it instead."))

    def _filter_applicable(self, order, products):
        """Filter the points that are asked of goods of an order.

        :param sale.order order: in sudo
        :param product.product products: what the shipment holds
        """
        return self.filtered(lambda point: point._applies_to(order, products))

    def _applies_to(self, order, products):
        self.ensure_one()
        if self.company_id and self.company_id != order.company_id:
            return False
        if self.requirement == 'asked':
            return order.shipment_check and self._applies_to_products(products)
        customer = order.partner_id.commercial_partner_id
        return bool(
            (not self.sale_type_ids or order.sale_type_id in self.sale_type_ids)
            and (not self.partner_category_ids or customer.category_id & self.partner_category_ids)
            and self._applies_to_products(products))

    def _applies_to_products(self, products):
        categories, chosen = self.product_category_ids, self.product_ids
        return not (categories or chosen) or bool(products & chosen) or any(
            f'/{category.id}/' in f'/{product.categ_id.parent_path}' for product in products for category in categories)
