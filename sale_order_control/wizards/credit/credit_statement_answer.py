from odoo import Command, api, fields, models


class CreditStatementAnswer(models.TransientModel):
    """Records what a customer says to statements."""

    _name = 'credit.statement.answer'
    _inherit = ['sale.control.wizard']
    _description = "Answer to a Statement"

    statement_ids = fields.Many2many('credit.statement', string="Statements", readonly=True)
    is_agreed = fields.Selection([('agreed', "Agrees"), ('disputed', "Disputes")], string="The Customer", required=True)
    by = fields.Char(string="Who Answered", required=True)
    note = fields.Text(string="What is Disputed")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get('active_model') == 'credit.statement':
            values['statement_ids'] = [Command.set(self.env.context.get('active_ids', []))]
        return values

    def action_record(self):
        """Record the answer; who may do it is asked there."""
        self.ensure_one()
        return self.statement_ids.action_answer(self.is_agreed == 'agreed', self.by, self.note)
