from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ...models.approval.acceptance.sale_order_acceptance import ACCEPTANCE_CHANNELS, ACCEPTANCE_KINDS


class SaleOrderCheck(models.TransientModel):
    """Asks what the customer says of an order. What is recorded then belongs to the order's terms."""

    _name = 'sale.order.check'
    _inherit = ['sale.control.wizard']
    _description = "Check with the Customer"

    order_id = fields.Many2one('sale.order', required=True, readonly=True, ondelete='cascade')
    commercial_partner_id = fields.Many2one(related='order_id.partner_id.commercial_partner_id')
    kind = fields.Selection(ACCEPTANCE_KINDS, string="What", required=True, default='reconfirm')
    contact_id = fields.Many2one('res.partner', string="Spoken With")
    channel = fields.Selection(
        [channel for channel in ACCEPTANCE_CHANNELS if channel[0] != 'portal'], string="How", default='phone')
    happened_on = fields.Datetime(string="When", default=fields.Datetime.now)
    statement = fields.Text(string="What Was Said")
    reference = fields.Char(string="Customer's Reference")
    attachment_ids = fields.Many2many('ir.attachment', string="Files")
    line_ids = fields.One2many('sale.order.check.line', 'check_id', string="Line by Line")
    has_doubt = fields.Boolean(
        string="There Are Doubts", compute='_compute_has_doubt', store=True, readonly=False,
        help="Set by itself where a line is not as the customer asked. The customer is written to.")

    @api.depends('line_ids.same', 'kind')
    def _compute_has_doubt(self):
        for check in self:
            check.has_doubt = check.kind == 'compare' and any(not line.same for line in check.line_ids)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        order = self.env['sale.order'].browse(values.get('order_id') or ())
        if order:
            values.setdefault('contact_id', order.partner_id.id)
            values['reference'] = order.client_order_ref
            values['kind'] = order._get_next_check()
            values['line_ids'] = [
                Command.create({'order_line_id': line.id})
                for line in order.order_line if line.product_uom_qty and not line.display_type]
        return values

    # === ACTION METHODS ===#

    def action_record(self):
        """Record the check as the current user, who must be allowed to write the order.

        :return: the message to the customer where there are doubts
        :raise UserError: if it does not say who said what, or what was compared with
        """
        self.ensure_one()
        self.order_id.check_access('write')
        self.attachment_ids.check_access('read')
        self._check_complete()
        self.order_id._record_acceptance(
            {
                'kind': self.kind,
                'result': 'doubt' if self.has_doubt else 'agreed',
                'contact_name': self.contact_id.display_name,
                'channel': self.channel,
                'happened_on': self.happened_on or fields.Datetime.now(),
                'statement': (self.statement or '').strip() or False,
                'reference': self.reference,
                'comparison': self.line_ids._prepare_comparison() if self.kind == 'compare' else False,
            }, self.attachment_ids)
        if self.has_doubt:
            return self._get_message_action()
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def _check_complete(self):
        if self.happened_on and self.happened_on > fields.Datetime.now():
            raise UserError(self.env._("The customer cannot have confirmed it in the future: correct “When”."))
        if self.kind == 'reconfirm':
            if not (self.contact_id and self.channel and (self.statement or '').strip()):
                raise UserError(self.env._("Say who at the customer was asked, how, and what was said."))
            return
        if not (self.reference or '').strip() and not self.attachment_ids:
            raise UserError(self.env._(
                "Say what you compared with: enter the customer's reference, or attach what the customer sent."))
        lines = self.order_id.order_line.filtered(lambda line: line.product_uom_qty and not line.display_type)
        if self.line_ids.order_line_id != lines:
            raise UserError(self.env._("The order has other lines by now. Close this form and start again."))
        unclear = self.line_ids.filtered(lambda line: not line.same and not (line.note or '').strip())
        if unclear:
            raise UserError(self.env._(
                "Write what differs, or tick what is as asked: %s", ", ".join(unclear.mapped('name'))))
        if not self.has_doubt and any(not line.same for line in self.line_ids):
            raise UserError(self.env._("A line is not as the customer asked: the doubts go back to the customer."))

    def _get_message_action(self):
        """Open a message to the customer that names the doubts."""
        notes = [
            Markup("<li>%s: %s</li>") % (line.name, line.note) for line in self.line_ids if not line.same and line.note
        ] if self.kind == 'compare' else []
        body = Markup("<p>%s</p>") % self.env._(
            "Before we go on with %s, please tell us how you want it:", self.order_id.name)
        if notes:
            body += Markup("<ul>%s</ul>") % Markup().join(notes)
        if self.statement:
            body += Markup("<p>%s</p>") % self.statement
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Ask the Customer"),
            'res_model': 'mail.compose.message',
            'view_mode': 'form',
            'target': 'new',
            'context': {
                'default_model': 'sale.order',
                'default_res_ids': self.order_id.ids,
                'default_composition_mode': 'comment',
                'default_partner_ids': (self.contact_id or self.order_id.partner_id).ids,
                'default_subject': self.env._("%s: a question about your order", self.order_id.name),
                'default_body': body,
            },
        }


class SaleOrderCheckLine(models.TransientModel):
    _name = 'sale.order.check.line'
    _inherit = ['sale.control.wizard']
    _description = "Line Compared with the Customer's Request"

    check_id = fields.Many2one('sale.order.check', required=True, ondelete='cascade')
    order_line_id = fields.Many2one('sale.order.line', required=True, readonly=True, ondelete='cascade')
    currency_id = fields.Many2one(related='order_line_id.currency_id')
    name = fields.Char(string="Product", related='order_line_id.product_id.display_name')
    quantity = fields.Float(related='order_line_id.product_uom_qty')
    uom_id = fields.Many2one(related='order_line_id.product_uom_id')
    price_unit = fields.Float(related='order_line_id.price_unit')
    discount = fields.Float(related='order_line_id.discount')
    requested_date = fields.Date(compute='_compute_requested_date')
    same = fields.Boolean(string="As Asked")
    note = fields.Char(string="What Differs")

    @api.depends('order_line_id')
    def _compute_requested_date(self):
        for line in self:
            line.requested_date = line.order_line_id.requested_date or line.order_line_id.order_id.requested_date

    def _prepare_comparison(self):
        """Return what was compared, as plain values for the record."""
        return [
            {
                'name': line.name or line.order_line_id.name,
                'quantity': line.quantity,
                'uom': line.uom_id.name or '',
                'price': line.currency_id.format(line.price_unit),
                'discount': line.discount,
                'date': fields.Date.to_string(line.requested_date) or '',
                'same': line.same,
                'note': line.note or '',
            }
            for line in self
        ]
