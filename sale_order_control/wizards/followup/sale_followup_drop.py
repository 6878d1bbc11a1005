from odoo import fields, models


class SaleFollowupDrop(models.TransientModel):
    """Why a follow-up is not to be done."""

    _name = 'sale.followup.drop'
    _inherit = ['sale.control.wizard']
    _description = "Cancel a Follow-Up"

    task_id = fields.Many2one('sale.followup.task', required=True, readonly=True, ondelete='cascade')
    document_name = fields.Char(related='task_id.document_name')
    partner_id = fields.Many2one(related='task_id.partner_id')
    reason = fields.Text(help="Kept with the follow-up. It is not asked for again for the same cause.")

    def action_drop(self):
        """Cancel the follow-up.

        :raise AccessError: for who may not work on it
        :raise UserError: without a reason, or if it has ended
        """
        self.ensure_one()
        self.task_id._drop(self.reason)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
