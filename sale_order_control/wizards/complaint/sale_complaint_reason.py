from odoo import api, fields, models


class SaleComplaintReason(models.TransientModel):
    """Ask why complaints are turned down, cancelled or taken up again, or what the customer is asked."""

    _name = 'sale.complaint.reason'
    _inherit = ['sale.control.wizard']
    _description = "Reason for a Complaint's Step"

    complaint_ids = fields.Many2many('sale.complaint', string="Complaints", readonly=True)
    step = fields.Selection(
        [('reject', "Reject"), ('cancel', "Cancel"), ('reopen', "Reopen"), ('wait', "Ask the Customer")],
        required=True, readonly=True, default='reject')
    reason = fields.Text(required=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get('active_model') == 'sale.complaint':
            values['complaint_ids'] = [(6, 0, self.env.context.get('active_ids') or [])]
        return values

    def action_apply(self):
        """Take the step; who may do it is checked where it is done."""
        self.ensure_one()
        {
            'reject': self.complaint_ids.action_reject,
            'cancel': self.complaint_ids.action_cancel,
            'reopen': self.complaint_ids.action_reopen,
            'wait': self.complaint_ids.action_wait,
        }[self.step](self.reason)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
