from odoo import fields, models


class SaleComplaintAction(models.Model):
    """What somebody does so that the damage stops, does not happen again, or happens nowhere else."""

    _name = 'sale.complaint.action'
    _description = "Complaint Action"
    _order = 'complaint_id, kind, due_date, id'

    complaint_id = fields.Many2one('sale.complaint', required=True, index=True, ondelete='restrict')
    company_id = fields.Many2one(related='complaint_id.company_id', store=True, index=True)
    kind = fields.Selection(
        [('containment', "Containment"), ('corrective', "Corrective"), ('preventive', "Preventive")],
        required=True, default='corrective')
    name = fields.Char(string="What Is Done", required=True)
    user_id = fields.Many2one(
        'res.users', string="Owner", index=True, domain="[('share', '=', False)]", default=lambda self: self.env.uid)
    due_date = fields.Date(string="Due")
