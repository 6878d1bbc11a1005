from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_memory
from .sale_complaint_remedy import CLAIMING

# Of one piece delivered the customer gets the worth back once, and brings it back once.
SETTLING = ('replacement', 'exchange', 'credit', 'repair')
RETURNING = ('return', 'exchange')


class SaleComplaintRemedyLine(models.Model):
    """How many of the goods of a complaint one remedy is about."""

    _name = 'sale.complaint.remedy.line'
    _description = "Goods of a Remedy"
    _order = 'remedy_id, id'

    remedy_id = fields.Many2one('sale.complaint.remedy', required=True, index=True, ondelete='cascade')
    complaint_id = fields.Many2one(related='remedy_id.complaint_id')
    complaint_line_id = fields.Many2one(
        'sale.complaint.line', string="Goods", required=True, ondelete='restrict',
        domain="[('complaint_id', '=', complaint_id), ('order_line_id', '!=', False)]")
    order_line_id = fields.Many2one(
        related='complaint_line_id.order_line_id', store=True, index=True, string="Order Line")
    product_id = fields.Many2one(related='complaint_line_id.product_id')
    product_uom_id = fields.Many2one(related='order_line_id.product_uom_id', string="Unit", related_sudo=True)
    quantity = fields.Float(digits='Product Unit', default=1.0)
    most_quantity = fields.Float(
        string="At Most", digits='Product Unit', compute='_compute_most_quantity', compute_sudo=True,
        help="What was delivered and is not put right by another remedy already.")

    _quantity_positive = models.Constraint('CHECK (quantity > 0)', "Say how many: more than nothing.")

    @api.depends('complaint_line_id', 'remedy_id.type_id')
    def _compute_most_quantity(self):
        for remedy, lines in self.grouped('remedy_id').items():
            most = remedy._get_most(lines.order_line_id)
            for line in lines:
                line.most_quantity = max(0.0, most.get(line.order_line_id.id, 0.0))

    # === CRUD METHODS ===#

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        self._check_draft()
        result = super().write(vals)
        self._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        self._check_draft()

    def _check_draft(self):
        """Refuse changes of what was proposed, and goods of other complaints.

        :raise UserError: saying so
        """
        lines = self.sudo()
        if not control_memory(self.env).acting and any(line.remedy_id.state != 'draft' for line in lines):
            raise UserError(self.env._("What was proposed cannot be changed any more. Propose another remedy."))
        if any(line.complaint_line_id.complaint_id != line.remedy_id.complaint_id for line in lines):
            raise AccessError(self.env._("A remedy is about the goods of its own complaint."))

    # === BUSINESS METHODS ===#

    def _get_value(self, taxed=True):
        """Return what the customer paid for these goods, in the order's currency, with taxes or without."""
        self.ensure_one()
        source = self.order_line_id.sudo()
        total = source.price_total if taxed else source.price_subtotal
        return total / source.product_uom_qty * self.quantity if source.product_uom_qty else 0.0

    def _word(self):
        """Return the goods in words: quantity, unit, product."""
        self.ensure_one()
        line = self.sudo()
        return f"{line.quantity:g} {line.product_uom_id.name} {line.product_id.display_name}"


class SaleComplaintLine(models.Model):
    _inherit = 'sale.complaint.line'

    def write(self, vals):
        if vals.keys() & {'order_line_id', 'product_id', 'complaint_id'}:
            rows = self.env['sale.complaint.remedy.line'].sudo().search([
                ('complaint_line_id', 'in', self.ids), ('remedy_id.state', 'in', CLAIMING)])
            self.env['sale.complaint']._refuse_remedies(rows.remedy_id)
        return super().write(vals)

    def _get_order_quantity(self):
        """Return the quantity in the unit of the order line."""
        self.ensure_one()
        return self.product_uom_id._compute_quantity(self.quantity, self.order_line_id.product_uom_id, round=False)


class SaleComplaintRemedy(models.Model):
    """How much of what was delivered can still be put right."""

    _inherit = 'sale.complaint.remedy'

    def _get_most(self, sources):
        """Tell how much of order lines this remedy can be about.

        Of a piece that was delivered the customer gets the worth back once: by another piece, a credit note or a
        repair; a credit of a share of the price uses up that share of it. It comes back once as well.

        :param sale.order.line sources: order lines, in any number
        :return: ``{order_line_id: quantity}`` in the unit of the order line
        """
        self.ensure_one()
        sources = sources.sudo()
        delivered = sources._get_complaint_delivered()
        settled, returned = self._get_claimed(sources)
        share = self.percent / 100 if self.kind == 'credit' and self.percent else 1.0
        most = {}
        for source in sources:
            gross, back = delivered[source.id]
            limits = []
            if self.kind in SETTLING:
                limits.append((gross - settled[source.id]) / share if share else 0.0)
                # Without goods, less of the price cannot be credited than there are goods.
                limits.append(gross)
            if self.kind in RETURNING:
                limits.append(gross - max(back, returned[source.id]))
            most[source.id] = source.product_uom_id.round(max(0.0, min(limits, default=gross)))
        return most

    def _get_claimed(self, sources):
        """Return what other remedies have a claim on: ``({order_line_id: settled}, {order_line_id: returned})``."""
        rows = self.env['sale.complaint.remedy.line'].sudo().search([
            ('order_line_id', 'in', sources.ids), ('remedy_id.state', 'in', CLAIMING),
            ('remedy_id', '!=', self._origin.id or 0),
        ])
        settled, returned = defaultdict(float), defaultdict(float)
        for row in rows:
            remedy = row.remedy_id
            if remedy.kind in SETTLING:
                share = remedy.percent / 100 if remedy.kind == 'credit' else 1.0
                settled[row.order_line_id.id] += row.quantity * share
            if remedy.kind in RETURNING:
                returned[row.order_line_id.id] += row.quantity
        return settled, returned

    def _check_quantities(self):
        """Check goods against what was delivered and is not put right already.

        :raise UserError: naming the product and what is left
        """
        self.ensure_one()
        remedy = self.sudo()
        wanted = defaultdict(float)
        for line in remedy.line_ids:
            wanted[line.order_line_id] += line.quantity
        most = remedy._get_most(remedy.line_ids.order_line_id)
        for source, quantity in wanted.items():
            if source.product_uom_id.compare(quantity, most[source.id]) > 0:
                raise UserError(self.env._(
                    "%(quantity)s %(unit)s of “%(product)s” are too many: %(most)s were delivered and are not put "
                    "right already. Correct the quantity.", quantity=f"{quantity:g}", unit=source.product_uom_id.name,
                    product=source.product_id.display_name, most=f"{most[source.id]:g}"))
