from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...models.delivery.reply.sale_customer_notice import CHANNELS
from ...models.delivery.reply.sale_delivery_answer import ANSWERS


class SaleDeliveryAnswerWizard(models.TransientModel):
    """What the customer was told and said by phone, or in another way than on the customer's page."""

    _name = 'sale.delivery.answer.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Customer's Answer"

    order_id = fields.Many2one('sale.order', required=True, readonly=True)
    channel = fields.Selection(CHANNELS, string="Answered By", required=True, default='phone')
    contact = fields.Char(required=True, help="Who answered at the customer.")
    comment = fields.Text()
    line_ids = fields.One2many('sale.delivery.answer.wizard.line', 'wizard_id', string="Dates")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        order = self.env['sale.order'].browse(values.get('order_id'))
        if order:
            order._check_reply_rights()
            values['line_ids'] = [
                Command.create({'line_id': line.id, 'revision': line.promise_revision})
                for line in order._get_answerable_lines()
            ]
        return values

    def action_record(self):
        """Record the answers; dates that the customer heard of only now are recorded as told.

        :raise UserError: if a date has moved meanwhile, or an answer says too little
        """
        self.ensure_one()
        order = self.order_id
        order._check_reply_rights()
        if not (self.contact or "").strip():
            raise UserError(self.env._("Enter who answered at the customer."))
        lines = order._get_answerable_lines()
        given = {row.line_id.id: row for row in self.line_ids.sudo()}
        if given.keys() - set(lines.ids) or any(
                line.promise_revision != given[line.id].revision for line in lines if line.id in given):
            raise UserError(self.env._("A date has moved meanwhile. Close this form and open it again."))
        told = lines.filtered(lambda line: line.id in given)
        order._tell_otherwise(told, self.channel, self.contact.strip())
        answers = [
            {'line': line, 'answer': given[line.id].answer, 'wish_date': given[line.id].wish_date,
             'comment': self.comment}
            for line in told if given[line.id].answer
        ]
        if answers:
            order._record_answers(answers, self.channel, self.contact.strip())
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def action_accept_all(self):
        """Record that the customer accepts all dates."""
        self.line_ids.answer = 'accepted'
        return self.action_record()


class SaleDeliveryAnswerWizardLine(models.TransientModel):
    _name = 'sale.delivery.answer.wizard.line'
    _inherit = ['sale.control.wizard']
    _description = "Customer's Answer: Date"

    wizard_id = fields.Many2one('sale.delivery.answer.wizard', required=True, ondelete='cascade')
    line_id = fields.Many2one('sale.order.line', required=True)
    revision = fields.Integer(readonly=True)
    product_id = fields.Many2one(related='line_id.product_id')
    quantity = fields.Float(related='line_id.promised_quantity')
    promised_date = fields.Date(related='line_id.promised_date')
    reply_state = fields.Selection(related='line_id.reply_state', string="So Far")
    answer = fields.Selection(
        ANSWERS, help="Empty: the customer was told the date and has not answered yet.")
    wish_date = fields.Date(string="Asked For")
