from odoo import fields, models

from ...models.delivery.lateness.sale_date_request import REQUEST_KINDS


class SaleDateRequestWizard(models.TransientModel):
    """Who is asked when goods of order lines will be there."""

    _name = 'sale.date.request.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Ask for a Date"

    line_ids = fields.Many2many('sale.order.line', string="Lines", required=True, readonly=True)
    kind = fields.Selection(REQUEST_KINDS, string="Ask", default='other')
    user_ids = fields.Many2many(
        'res.users', string="Who", domain="[('share', '=', False)]", help="Whoever of them answers first.")
    question = fields.Text(help="What they should know, besides product, quantity and wanted day.")

    def action_ask(self):
        """Ask.

        :raise UserError: if nobody is chosen, or a line waits for nothing
        """
        self.ensure_one()
        self.line_ids._check_date_request_rights()
        self.env['sale.date.request']._ask(self.line_ids, self.kind or 'other', self.user_ids, self.question)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}


class SaleDateAnswerWizard(models.TransientModel):
    """When the goods will be there, as who is asked says."""

    _name = 'sale.date.answer.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Answer a Date Request"

    request_id = fields.Many2one('sale.date.request', required=True, readonly=True, ondelete='cascade')
    product_id = fields.Many2one(related='request_id.product_id')
    product_uom_id = fields.Many2one(related='request_id.product_uom_id')
    wanted_date = fields.Date(related='request_id.wanted_date')
    question = fields.Text(related='request_id.question')
    date = fields.Date(string="There On", help="The day on which the goods are in the warehouse.")
    quantity = fields.Float(digits='Product Unit')
    note = fields.Text(string="Comment")

    def action_answer(self):
        """Record the answer.

        :raise UserError: if it says too little or too much
        """
        self.ensure_one()
        self.request_id._answer(self.date, self.quantity, self.note)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
