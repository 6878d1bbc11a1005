from odoo import api, fields, models


class SaleApprovalSubmission(models.TransientModel):
    """Shows who will decide before a quotation is submitted, and takes the maker's words along."""

    _name = 'sale.approval.submission'
    _inherit = ['sale.control.wizard']
    _description = "Submit for Approval"

    order_id = fields.Many2one('sale.order', required=True, readonly=True, ondelete='cascade')
    preview = fields.Html(compute='_compute_preview', sanitize=False)
    comment = fields.Text(string="Your Words to the Approvers")

    @api.depends('order_id')
    def _compute_preview(self):
        for wizard in self:
            wizard.preview = self.env['ir.qweb']._render(
                'sale_order_control.approval_submission_preview',
                {'preview': wizard.order_id._get_approval_preview()}) if wizard.order_id else False

    def action_submit(self):
        """Submit the quotation as the current user, who must be allowed to write it."""
        self.ensure_one()
        context = {'approval_preview': False, 'approval_comment': self.comment}
        result = self.order_id.with_context(**context).action_submit()
        if isinstance(result, dict) and result.get('tag') == 'display_notification':
            result['params']['next'] = {'type': 'ir.actions.act_window_close'}
        return result
