from odoo import Command, api, fields, models


class CreditAdvanceAssign(models.TransientModel):
    """Says which of the customer's open payments came for an order."""

    _name = 'credit.advance.assign'
    _inherit = ['sale.control.wizard']
    _description = "Assign Payments to an Order"

    order_id = fields.Many2one('sale.order', required=True, readonly=True)
    currency_id = fields.Many2one('res.currency', compute='_compute_advance')
    required = fields.Monetary(string="To Pay in Advance", compute='_compute_advance')
    received = fields.Monetary(string="Paid So Far", compute='_compute_advance')
    line_ids = fields.One2many('credit.advance.assign.line', 'wizard_id', string="Open Payments")

    @api.depends('order_id')
    def _compute_advance(self):
        self._check_documents()
        for wizard in self:
            wizard.currency_id = wizard.order_id.currency_id
            wizard.required = wizard.order_id.advance_required
            wizard.received = wizard.order_id.advance_received

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        order = self.env['sale.order'].browse(self.env.context.get('active_id') or ())
        if order and self.env.context.get('active_model') == 'sale.order':
            order._check_advance_assigner()
            values['order_id'] = order.id
            values['line_ids'] = [Command.create({
                'item': line.id, 'date': line.date, 'name': " ".join(filter(None, (line.move_id.name, line.name))),
                'amount': -line.amount_residual_currency, 'currency_id': line.currency_id.id,
                'is_chosen': line.advance_order_id == order,
            }) for line in order._get_assignable_payments()]
        return values

    def action_apply(self):
        """Assign the chosen payments, and give those back that are no longer chosen."""
        self.ensure_one()
        return self.order_id.action_set_advance_payments(self.line_ids.filtered('is_chosen').mapped('item'))


class CreditAdvanceAssignLine(models.TransientModel):
    """One open payment as it is offered; who may see it was asked when the wizard was opened."""

    _name = 'credit.advance.assign.line'
    _inherit = ['sale.control.wizard']
    _description = "Open Payment"

    wizard_id = fields.Many2one('credit.advance.assign', required=True, ondelete='cascade')
    # Not a link: credit controllers need no right on journal items. It is checked again when it is assigned.
    item = fields.Integer()
    date = fields.Date()
    name = fields.Char(string="Payment")
    amount = fields.Monetary(string="Still Open")
    currency_id = fields.Many2one('res.currency')
    is_chosen = fields.Boolean()
