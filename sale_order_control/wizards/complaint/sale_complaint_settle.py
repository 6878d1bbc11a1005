from odoo import api, fields, models

from ...models.complaint.quality.sale_complaint_judgement import PARTIES


class SaleComplaintSettle(models.TransientModel):
    """Settle a complaint while the customer is there: what it was, who is right, what the customer was told."""

    _name = 'sale.complaint.settle'
    _inherit = ['sale.control.wizard']
    _description = "Settle a Complaint at Once"

    complaint_id = fields.Many2one('sale.complaint', required=True, readonly=True)
    justified = fields.Selection(
        [('yes', "Justified"), ('partly', "Partly Justified"), ('no', "Not Justified")], string="The Customer Is",
        required=True)
    justified_reason = fields.Text(string="Because")
    responsible_party = fields.Selection(PARTIES, string="Who Answers for It", required=True, default='us')
    responsible_partner_id = fields.Many2one('res.partner', string="Carrier or Supplier")
    cause_id = fields.Many2one('sale.complaint.cause', required=True)
    answer = fields.Text(string="What the Customer Was Told", required=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if self.env.context.get('active_model') == 'sale.complaint':
            complaint = self.env['sale.complaint'].browse(self.env.context.get('active_id'))
            complaint.check_access('read')
            values['complaint_id'] = complaint.id
            for name in ('justified', 'justified_reason', 'responsible_partner_id', 'cause_id', 'answer'):
                values[name] = complaint._fields[name].convert_to_write(complaint[name], complaint)
            values['responsible_party'] = complaint.responsible_party or 'us'
        return values

    def action_apply(self):
        """Close the complaint with this; who may do it is checked where it is done."""
        self.ensure_one()
        self.complaint_id.action_settle({
            name: self._fields[name].convert_to_write(self[name], self)
            for name in ('justified', 'justified_reason', 'responsible_party', 'responsible_partner_id', 'cause_id',
                         'answer')
        })
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
