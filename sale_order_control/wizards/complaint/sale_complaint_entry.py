from odoo import Command, api, fields, models

from ...models.complaint.setup.sale_complaint_team import COMPLAINT_CHANNELS


class SaleComplaintEntry(models.TransientModel):
    """A complaint in four fields while the customer is on the phone: who or which order, what, how many, a photo."""

    _name = 'sale.complaint.entry'
    _inherit = ['sale.control.wizard']
    _description = "Record a Complaint"

    partner_id = fields.Many2one(
        'res.partner', string="Customer", compute='_compute_partner_id', store=True, readonly=False)
    commercial_partner_id = fields.Many2one(related='partner_id.commercial_partner_id')
    order_id = fields.Many2one('sale.order')
    picking_id = fields.Many2one('stock.picking', string="Transfer")
    invoice_id = fields.Many2one('account.move')
    order_line_id = fields.Many2one(
        'sale.order.line', compute='_compute_order_line_id', store=True, readonly=False,
        domain="[('order_id', '=', order_id), ('display_type', '=', False)]")
    product_id = fields.Many2one('product.product', domain="[('sale_ok', '=', True)]")
    description = fields.Text(string="What", required=True)
    quantity = fields.Float(string="How Many", digits='Product Unit', default=1.0)
    category_id = fields.Many2one('sale.complaint.category')
    attachment_ids = fields.Many2many('ir.attachment', string="Photo", bypass_search_access=True)
    channel = fields.Selection(COMPLAINT_CHANNELS, required=True, default='phone')
    similar_summary = fields.Char(compute='_compute_similar_summary')

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        model, number = self.env.context.get('active_model'), self.env.context.get('active_id')
        sources = {'sale.order': 'order_id', 'stock.picking': 'picking_id', 'account.move': 'invoice_id',
                   'res.partner': 'partner_id'}
        if model not in sources or not number:
            return values
        document = self.env[model].browse(number)
        document.check_access('read')
        values[sources[model]] = document.id
        # What the document leads to may be read by who reads the document; the form checks the order itself.
        origin = document.sudo()
        if model == 'stock.picking':
            values.update(order_id=origin.sale_id.id, partner_id=(origin.sale_id.partner_id or origin.partner_id).id)
        elif model == 'account.move':
            orders = origin.invoice_line_ids.sale_line_ids.order_id
            values.update(order_id=orders.id if len(orders) == 1 else False, partner_id=origin.partner_id.id)
        elif model == 'sale.order':
            values['partner_id'] = origin.partner_id.id
        return values

    @api.depends('order_id')
    def _compute_partner_id(self):
        for entry in self:
            entry.partner_id = entry.partner_id or entry.order_id.partner_id

    @api.depends('order_id')
    def _compute_order_line_id(self):
        for entry in self:
            lines = entry.order_id.order_line.filtered(lambda line: not line.display_type and line.product_id)
            kept = entry.order_line_id if entry.order_line_id in lines else lines.browse()
            entry.order_line_id = lines if len(lines) == 1 else kept

    @api.depends('partner_id', 'order_id', 'order_line_id', 'product_id', 'picking_id')
    def _compute_similar_summary(self):
        complaints = self.env['sale.complaint']
        for entry in self:
            facts = {
                'partner': entry.partner_id.commercial_partner_id, 'order': entry.order_id,
                'picking': entry.picking_id, 'products': entry.order_line_id.product_id | entry.product_id,
                'lots': self.env['stock.lot'], 'company': entry.order_id.company_id or self.env.company,
            }
            entry.similar_summary = complaints._find_similar(facts)._word_similar(facts)

    def action_record(self):
        """Create the complaint and open it."""
        self.ensure_one()
        complaint = self.env['sale.complaint'].create(self._prepare_complaint_values())
        return {
            'type': 'ir.actions.act_window', 'res_model': 'sale.complaint', 'res_id': complaint.id,
            'view_mode': 'form',
        }

    def _prepare_complaint_values(self):
        """Return the values of the complaint."""
        line = {'quantity': self.quantity}
        if self.order_line_id:
            line['order_line_id'] = self.order_line_id.id
        elif self.product_id:
            line['product_id'] = self.product_id.id
        values = {
            'partner_id': self.partner_id.id, 'order_id': self.order_id.id, 'picking_id': self.picking_id.id,
            'invoice_id': self.invoice_id.id, 'description': self.description, 'channel': self.channel,
            'attachment_ids': [Command.set(self.attachment_ids.ids)],
            'line_ids': [Command.create(line)] if self.order_line_id or self.product_id else [],
        }
        if self.category_id:
            values['category_id'] = self.category_id.id
        return values
