from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class SaleComplaintLine(models.Model):
    """Which goods a complaint is about, how many, and where they came from."""

    _name = 'sale.complaint.line'
    _description = "Product of a Complaint"
    _order = 'complaint_id, id'
    _check_company_auto = True

    complaint_id = fields.Many2one('sale.complaint', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='complaint_id.company_id', store=True)
    order_id = fields.Many2one(related='complaint_id.order_id', store=True)
    order_line_id = fields.Many2one(
        'sale.order.line', domain="[('order_id', '=', order_id), ('display_type', '=', False)]",
        index='btree_not_null', ondelete='restrict')
    product_id = fields.Many2one(
        'product.product', compute='_compute_product_id', store=True, precompute=True, readonly=False, index=True,
        ondelete='restrict', check_company=True)
    quantity = fields.Float(digits='Product Unit', default=1.0)
    product_uom_id = fields.Many2one(
        'uom.uom', string="Unit", compute='_compute_product_uom_id', store=True, precompute=True, readonly=False)
    delivered_quantity = fields.Float(
        string="Delivered", digits='Product Unit', compute='_compute_delivered_quantity', compute_sudo=True)
    lot_id = fields.Many2one(
        'stock.lot', string="Lot/Serial", domain="[('product_id', '=', product_id)]", check_company=True,
        index='btree_not_null', ondelete='restrict')
    move_id = fields.Many2one(
        'stock.move', string="Delivery", domain="[('sale_line_id', '=', order_line_id), ('state', '=', 'done')]",
        index='btree_not_null', ondelete='restrict', help="With which delivery the goods came.")
    note = fields.Char(help="What is wrong with these.")

    _quantity_positive = models.Constraint('CHECK (quantity > 0)', "Say how many: more than nothing.")

    @api.depends('order_line_id')
    def _compute_product_id(self):
        for line in self:
            line.product_id = line.order_line_id.product_id or line.product_id

    @api.depends('product_id', 'order_line_id')
    def _compute_product_uom_id(self):
        for line in self:
            line.product_uom_id = line.order_line_id.product_uom_id or line.product_id.uom_id

    @api.depends('order_line_id')
    def _compute_delivered_quantity(self):
        for line in self:
            line.delivered_quantity = line.order_line_id.qty_delivered

    @api.depends('product_id', 'quantity', 'product_uom_id')
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.quantity:g} {line.product_uom_id.name or ''} {line.product_id.name or ''}"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_sources(vals)
        lines = super().create(vals_list)
        lines._check_open()
        return lines

    def write(self, vals):
        self._check_sources(vals)
        self._check_open()
        result = super().write(vals)
        # Nor do they come into one that ended.
        self._check_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ended(self):
        self._check_open()

    @api.model
    def _check_sources(self, vals):
        """Refuse order lines and deliveries that the caller cannot read, before anything is said about them."""
        for name in ('order_line_id', 'move_id'):
            if vals.get(name):
                self.env[self._fields[name].comodel_name].browse(vals[name]).check_access('read')

    def _check_open(self):
        """Leave the goods of a complaint that ended as they were.

        :raise UserError: naming the complaint
        """
        ended = self.complaint_id.filtered(lambda complaint: not complaint.is_open)
        if ended and not self.env.su:
            raise UserError(self.env._("%s ended: reopen it, then correct it.", ended[0].name))

    @api.constrains('order_line_id', 'complaint_id', 'product_id', 'lot_id', 'move_id')
    def _check_origin(self):
        for line in self.sudo():
            source = line.order_line_id
            if source and source.order_id != line.complaint_id.order_id:
                raise ValidationError(self.env._(
                    "“%(product)s” is on another order than the complaint: choose a line of %(order)s.",
                    product=source.product_id.name,
                    order=line.complaint_id.order_id.name or self.env._("its order")))
            if source and line.product_id != source.product_id:
                raise ValidationError(self.env._(
                    "The order line is about “%(product)s”: complain about another product in a line of its own.",
                    product=source.product_id.name))
            if line.lot_id and line.lot_id.product_id != line.product_id:
                raise ValidationError(self.env._(
                    "Lot %(lot)s is no lot of “%(product)s”.", lot=line.lot_id.name, product=line.product_id.name))
            if line.move_id and line.move_id.sale_line_id != source:
                raise ValidationError(self.env._("The delivery did not bring the goods of this order line."))

    @api.constrains('quantity', 'order_line_id', 'product_uom_id', 'complaint_id')
    def _check_quantity(self):
        self.complaint_id._check_quantities()


class SaleComplaint(models.Model):
    _inherit = 'sale.complaint'

    @api.constrains('category_id', 'line_ids')
    def _check_quantities(self):
        """Refuse more than was delivered, or than was ordered where the goods did not arrive.

        :raise ValidationError: naming product and quantities
        """
        for complaint in self.sudo():
            missing = complaint.category_id.about_missing
            totals = defaultdict(float)
            for line in complaint.line_ids.filtered('order_line_id'):
                source = line.order_line_id
                totals[source] += line.product_uom_id._compute_quantity(
                    line.quantity, source.product_uom_id, round=False)
            # What came back since was delivered all the same.
            delivered = {} if missing else complaint.line_ids.order_line_id._get_complaint_delivered()
            for source, total in totals.items():
                most = source.product_uom_qty if missing else delivered[source.id][0]
                if source.product_uom_id.compare(total, most) > 0:
                    sentence = self.env._(
                        "%(quantity)s %(unit)s of “%(product)s” cannot be complained about: only %(most)s were "
                        "ordered.",
                        quantity=f"{total:g}", unit=source.product_uom_id.name, product=source.product_id.name,
                        most=f"{most:g}") if missing else self.env._(
                        "%(quantity)s %(unit)s of “%(product)s” cannot be complained about: only %(most)s were "
                        "delivered. Choose a category of goods that did not arrive, or correct the quantity.",
                        quantity=f"{total:g}", unit=source.product_uom_id.name, product=source.product_id.name,
                        most=f"{most:g}")
                    raise ValidationError(sentence)
