from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .control_memory import control_memory
from .control_terms import LINE_TERM_FIELDS, LineTerms

# Figures that Odoo computes and the rules rely on.
COMPUTED_FIGURES = frozenset({
    'price_subtotal', 'price_total', 'price_tax', 'invoice_status', 'qty_invoiced', 'qty_to_invoice',
    'untaxed_amount_invoiced', 'untaxed_amount_to_invoice', 'qty_delivered_method',
    # Odoo links invoices from their side; from here one could claim that something was invoiced.
    'invoice_lines',
})


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    requested_date = fields.Date(
        copy=False,
        help="The day on which the customer wants this line, where it differs from the order's.")

    def _prepare_control_line_terms(self):
        """Return the line's part of the snapshot of controlled terms."""
        self.ensure_one()
        return LineTerms(
            product_id=self.product_id.id,
            quantity=round(self.product_uom_qty, 6),
            uom_id=self.product_uom_id.id,
            price_unit=round(self.price_unit, 6),
            discount=round(self.discount, 6),
            requested_date=fields.Date.to_string(self.requested_date) or '',
            key=self.id,
            tax_ids=tuple(self.tax_ids.ids),
            cost=self._get_control_cost(),
        )

    def _prepare_split_values(self):
        """Return what a part of the line keeps on a second quotation, beyond what Odoo copies."""
        self.ensure_one()
        return {'price_unit': self.price_unit, 'discount': self.discount}

    def _get_control_cost(self):
        """Return the unit cost in the order's currency: the product's own where the line's is smaller.

        The line's cost is the salesperson's to edit; a low one must not talk a margin up.
        """
        self.ensure_one()
        product = self.product_id.with_company(self.company_id)
        if not product:
            # A line that lost its product is still read, to say what is wrong with it.
            return self.purchase_price
        cost = product.uom_id._compute_price(product.standard_price, self.product_uom_id)
        return max(self.purchase_price, self._convert_to_sol_currency(cost, product.cost_currency_id))

    @api.model
    def _get_control_protected_fields(self):
        """Name the line fields that only the add-on's own acts may write; rooms add theirs."""
        return set()

    @api.model
    def _get_undefaulted_fields(self):
        return super()._get_undefaulted_fields() | self._get_control_protected_fields() | COMPUTED_FIGURES

    def _control_refuse_protected(self, vals):
        if control_memory(self.env).acting:
            return
        touched = self._get_control_protected_fields() & vals.keys()
        computed = COMPUTED_FIGURES & vals.keys()
        if 'qty_delivered' in vals and any(line.qty_delivered_method == 'stock_move' for line in self):
            computed |= {'qty_delivered'}
        if self and computed and self.order_id._get_controlled():
            touched |= computed - self._get_written_by_odoo(vals)
        if touched:
            raise AccessError(self.env._(
                "These fields follow from checks and decisions and cannot be written: %s", ", ".join(sorted(touched))))

    def _get_written_by_odoo(self, vals):
        """Name the computed figures that Odoo itself writes past their computation, where these values may be written.

        It invoices all of an order that was paid online, and the hours of a period: so what is to be invoiced is
        written. The rules rely on one thing: that a line does not count as settled before it is invoiced.
        """
        written = set()
        if 'qty_to_invoice' in vals and all(line._is_to_invoice(vals['qty_to_invoice']) for line in self):
            written.add('qty_to_invoice')
        if vals.get('invoice_status') in ('no', 'to invoice'):
            written.add('invoice_status')
        return written

    def _is_to_invoice(self, quantity):
        """Whether so much to be invoiced, in the line's unit, leaves the line as open as it is."""
        self.ensure_one()
        due = self.product_uom_qty - self.qty_invoiced
        # Goods invoiced as ordered count as settled when nothing is to be invoiced and more was delivered.
        return quantity > 0 or abs(quantity - due) < 1e-6 or not quantity and self.product_id.invoice_policy != 'order'

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._control_refuse_protected(vals)
        unwanted = self._get_control_protected_fields() | COMPUTED_FIGURES
        defaults = {f'default_{name}' for name in unwanted} & self.env.context.keys()
        if defaults:
            context = {key: value for key, value in self.env.context.items() if key not in defaults}
            self = self.with_context(context)  # pylint: disable=context-overridden
        order_ids = {vals.get('order_id', self.env.context.get('default_order_id')) for vals in vals_list}
        orders = self.env['sale.order'].browse(order_id for order_id in order_ids if order_id)
        if any(COMPUTED_FIGURES & vals.keys() for vals in vals_list) and any(
                company._has_control() for company in orders.sudo().company_id):
            vals_list = [
                {name: value for name, value in vals.items() if name not in COMPUTED_FIGURES} for vals in vals_list]
        with orders._control_change():
            lines = super().create(vals_list)
            lines.order_id._control_touch()
        return lines

    def write(self, vals):
        self._control_refuse_protected(vals)
        orders = self.order_id if LINE_TERM_FIELDS & vals.keys() else self.order_id.browse()
        if vals.get('order_id'):
            orders |= orders.browse(vals['order_id'])
        with orders._control_change():
            result = super().write(vals)
            if vals.get('order_id'):
                orders._control_touch()
            if 'state' in vals:
                self._check_control_state()
        return result

    def unlink(self):
        with self.order_id._control_change():
            return super().unlink()

    def _check_control_state(self):
        """A line follows its order's state: pretending another would launch deliveries past the gate."""
        astray = self.filtered(lambda line: line.state != line.order_id.state)
        if astray.order_id._get_controlled():
            raise UserError(self.env._("The state of an order line follows its order and cannot be set by itself."))
