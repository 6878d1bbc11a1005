from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..order.control_memory import control_memory
from ..order.control_terms import LineTerms


class SaleAmendmentLine(models.Model):
    """A line of the order as it should become; without a line of the order, one that is added."""

    _name = 'sale.amendment.line'
    _description = "Amendment Line"
    _order = 'sequence, id'

    # === FIELDS ===#

    amendment_id = fields.Many2one('sale.amendment', required=True, index=True, ondelete='cascade')
    order_id = fields.Many2one(related='amendment_id.order_id')
    company_id = fields.Many2one(related='amendment_id.company_id')
    currency_id = fields.Many2one(related='amendment_id.currency_id')
    sequence = fields.Integer(default=1000)
    # Odoo's own ways of deleting lines go on: revisions and the sheet as it was keep the history.
    order_line_id = fields.Many2one('sale.order.line', index=True, ondelete='cascade')
    product_id = fields.Many2one(
        'product.product', required=True, ondelete='restrict', domain=[('sale_ok', '=', True)], check_company=True)
    name = fields.Text(
        string="Description", compute='_compute_from_product', store=True, readonly=False, precompute=True)
    product_uom_id = fields.Many2one(
        'uom.uom', string="Unit", compute='_compute_from_product', store=True, readonly=False, precompute=True)
    product_uom_qty = fields.Float(string="Quantity", digits='Product Unit', default=1.0)
    price_unit = fields.Float(
        string="Unit Price", digits='Product Price', compute='_compute_price_unit', store=True, readonly=False,
        precompute=True)
    discount = fields.Float(string="Discount %", digits='Discount')
    requested_date = fields.Date()
    subtotal = fields.Monetary(string="Amount", compute='_compute_subtotal')

    old_product_id = fields.Many2one('product.product', string="Former Product", compute='_compute_old')
    old_quantity = fields.Float(string="Ordered", digits='Product Unit', compute='_compute_old')
    old_price = fields.Float(string="Former Price", digits='Product Price', compute='_compute_old')
    old_discount = fields.Float(string="Former Discount %", digits='Discount', compute='_compute_old')
    qty_delivered = fields.Float(
        string="Delivered", digits='Product Unit', compute='_compute_floor', compute_sudo=True)
    qty_invoiced = fields.Float(
        string="Invoiced", digits='Product Unit', compute='_compute_floor', compute_sudo=True,
        help="On posted invoices.")
    floor = fields.Float(
        string="At Least", digits='Product Unit', compute='_compute_floor', compute_sudo=True,
        help="What is delivered or invoiced already: the quantity cannot go below it.")
    change_kind = fields.Selection(
        [('same', "Unchanged"), ('changed', "Changed"), ('added', "Added"), ('dropped', "Dropped"),
         ('impossible', "Impossible")],
        string="Change", compute='_compute_change_kind')

    _line_once = models.UniqueIndex(
        '(amendment_id, order_line_id) WHERE order_line_id IS NOT NULL',
        "A line of the order can be changed once in an amendment.")

    # === COMPUTE METHODS ===#

    @api.depends('product_id')
    def _compute_from_product(self):
        for line in self:
            own = line._get_shown_line()
            if own and own.product_id == line.product_id:
                line.name, line.product_uom_id = own.name, own.product_uom_id
            else:
                product = line.product_id.with_context(lang=line.amendment_id.partner_id.lang)
                line.name = product.get_product_multiline_description_sale() if product else False
                line.product_uom_id = product.uom_id

    @api.depends('product_id', 'product_uom_id')
    def _compute_price_unit(self):
        for line in self:
            own, order = line._get_shown_line(), line.amendment_id.order_id
            if own and own.product_id == line.product_id:
                line.price_unit = own.price_unit
            elif line.product_id:
                line.price_unit = order.pricelist_id._get_product_price(
                    line.product_id, line.product_uom_qty or 1.0, currency=order.currency_id,
                    uom=line.product_uom_id, date=order.date_order)

    @api.depends('product_uom_qty', 'price_unit', 'discount')
    def _compute_subtotal(self):
        for line in self:
            line.subtotal = line.product_uom_qty * line.price_unit * (1 - line.discount / 100)

    @api.depends('order_line_id', 'amendment_id.base_terms')
    def _compute_old(self):
        bases = {amendment: amendment._get_base_lines() for amendment in self.amendment_id}
        for line in self:
            old = bases.get(line.amendment_id, {}).get(line.order_line_id._origin.id)
            line.old_product_id = old.product_id if old else False
            line.old_quantity = old.quantity if old else 0.0
            line.old_price = old.price_unit if old else 0.0
            line.old_discount = old.discount if old else 0.0

    @api.depends('order_line_id')
    def _compute_floor(self):
        for line in self:
            own = line._get_shown_line()._origin
            line.qty_delivered, line.qty_invoiced = own.qty_delivered, own.qty_invoiced_posted
            line.floor = own._get_amendment_floor() if own else 0.0

    @api.depends('product_id', 'product_uom_qty', 'price_unit', 'discount', 'requested_date', 'order_line_id',
                 'product_uom_id', 'amendment_id.base_terms')
    def _compute_change_kind(self):
        bases = {amendment: amendment._get_base_lines() for amendment in self.amendment_id}
        for line in self:
            line.change_kind = line._get_change_kind(bases.get(line.amendment_id, {}))

    def _get_change_kind(self, base):
        self.ensure_one()
        if not self.order_line_id:
            return 'added'
        old = base.get(self.order_line_id._origin.id)
        new = self._change_terms(old) if old else None
        if new is None or new == old:
            return 'same'
        if new.quantity < self.floor - 1e-6 and new.quantity < old.quantity:
            return 'impossible'
        return 'changed' if new.quantity else 'dropped'

    def _get_shown_line(self):
        """Return the line of the order that this one is about; for a form, only one that its user may read."""
        self.ensure_one()
        own = self.order_line_id
        # The figures of the order are computed in sudo, also of what a form only names.
        return own if self.id or own._origin.sudo(False).has_access('read') else own.browse()

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        own = self.env['sale.order.line'].sudo()
        # What is not named stays what it is on the order, also what the user's form does not show.
        given = [
            own.browse(vals['order_line_id'])._prepare_amendment_line() if vals.get('order_line_id') else {}
            for vals in vals_list]
        lines = super().create([{**known, **vals} for known, vals in zip(given, vals_list, strict=True)])
        lines._check_amendment()
        lines.amendment_id._add_maker()
        return lines

    def write(self, vals):
        self._check_amendment()
        result = super().write(vals)
        self._check_amendment()
        self.amendment_id._add_maker()
        return result

    def unlink(self):
        self.check_access('unlink')
        self._check_amendment()
        if self.order_line_id and not control_memory(self.env).acting:
            # Without its row a line would silently stay as it is.
            raise UserError(self.env._("Enter 0 as the new quantity to drop a line."))
        self.amendment_id._add_maker()
        return super().unlink()

    def onchange(self, values, field_names, fields_spec):
        self.check_access('read')
        parent = values.get('amendment_id')
        if isinstance(parent, dict):
            self.env['sale.amendment'].browse(parent.get('id') or ()).check_access('read')
            self.env['sale.amendment']._check_form_order(parent)
        return super().onchange(values, field_names, fields_spec)

    def _check_amendment(self):
        """Lines are changed as long as their amendment is a draft, and only about its own order.

        :raise UserError: if one was submitted
        :raise AccessError: if a line is of another order
        """
        if control_memory(self.env).acting:
            return
        self.amendment_id._check_draft()
        self.amendment_id.order_id.check_access('write')
        if any(line.order_line_id.sudo().order_id not in (line.order_id, self.env['sale.order']) for line in self):
            raise AccessError(self.env._("A line of another order cannot be changed here."))

    # === TERMS ===#

    def _change_terms(self, old):
        """Return the terms of a line of the order after the change.

        :param LineTerms old: the line before it
        """
        self.ensure_one()
        digits = {name: self._fields[name].get_digits(self.env)[1] for name in ('price_unit', 'discount')}
        typed = {
            'quantity': round(self.product_uom_qty, 6), 'price_unit': round(self.price_unit, 6),
            'discount': round(self.discount, 6),
            'requested_date': fields.Date.to_string(self.requested_date) or ''}
        # What was only shown with fewer digits did not change.
        for name, places in digits.items():
            if round(getattr(old, name), places) == round(typed[name], places):
                typed[name] = getattr(old, name)
        if self.product_id.id == old.product_id and self.product_uom_id.id == old.uom_id:
            return replace(old, **typed)
        return replace(self._prepare_added_terms(), key=old.key)

    def _prepare_followed_values(self, drawn, line):
        """Return what the row left as it was drawn, as it is on the order now: nobody's change is changed back.

        :param LineTerms drawn: the line of the order that the row was drawn from
        :param sale.order.line line: the line as it is now
        """
        self.ensure_one()
        typed = self._change_terms(drawn)
        if (typed.product_id, typed.uom_id) != (drawn.product_id, drawn.uom_id):
            return {}       # prices of another product say nothing about this one
        names = {'quantity': 'product_uom_qty', 'price_unit': 'price_unit', 'discount': 'discount',
                 'requested_date': 'requested_date'}
        return {
            name: line[name] for attribute, name in names.items()
            if getattr(typed, attribute) == getattr(drawn, attribute)}

    def _prepare_added_terms(self):
        """Return the terms of a line that the order does not have yet."""
        self.ensure_one()
        order = self.amendment_id.order_id._origin.sudo()
        product = self.product_id._origin.with_company(order.company_id)
        taxes = product.taxes_id._filter_taxes_by_company(order.company_id)
        cost = product.uom_id._compute_price(product.standard_price, self.product_uom_id)
        return LineTerms(
            product_id=product.id,
            quantity=round(self.product_uom_qty, 6),
            uom_id=self.product_uom_id.id,
            price_unit=round(self.price_unit, 6),
            discount=round(self.discount, 6),
            requested_date=fields.Date.to_string(self.requested_date) or '',
            tax_ids=tuple(order.fiscal_position_id.map_tax(taxes).ids),
            cost=product.cost_currency_id._convert(
                cost, order.currency_id, order.company_id, self.env['sale.order']._get_control_today(), round=False),
        )


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    def _prepare_amendment_line(self):
        """Return the values of an amendment line that leaves this line as it is."""
        self.ensure_one()
        return {
            'order_line_id': self.id,
            'sequence': self.sequence,
            'product_id': self.product_id.id,
            'name': self.name,
            'product_uom_id': self.product_uom_id.id,
            'product_uom_qty': self.product_uom_qty,
            'price_unit': self.price_unit,
            'discount': self.discount,
            'requested_date': self.requested_date,
        }

    def _get_amendment_floor(self):
        """Return the quantity below which the line cannot go: delivered, or on posted invoices."""
        self.ensure_one()
        return max(self.qty_delivered, self.qty_invoiced_posted)
