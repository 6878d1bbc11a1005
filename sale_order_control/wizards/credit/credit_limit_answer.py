from odoo import api, fields, models


class CreditLimitAnswer(models.TransientModel):
    """Ask a credit controller why a limit request is refused, or a temporary limit ended."""

    _name = 'credit.limit.answer'
    _inherit = ['sale.control.wizard']
    _description = "Reason"

    request_ids = fields.Many2many('credit.limit.request', readonly=True)
    temporary_ids = fields.Many2many('credit.limit.temporary', readonly=True)
    reason = fields.Text(required=True, help="Kept, and told to the person who asked.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        names = {'credit.limit.request': 'request_ids', 'credit.limit.temporary': 'temporary_ids'}
        name = names.get(self.env.context.get('active_model'))
        if name:
            values[name] = [(6, 0, self.env.context.get('active_ids') or [])]
        return values

    def action_answer(self):
        """Refuse the requests, or end the limits; who may is checked where it is done."""
        self.ensure_one()
        if self.request_ids:
            self.request_ids.action_refuse(self.reason)
        if self.temporary_ids:
            self.temporary_ids.action_end(self.reason)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
