from odoo import fields, models

ROOTS = [('occurrence', "Why did it happen?"), ('escape', "Why did nobody find it?")]


class SaleComplaintWhy(models.Model):
    """One answer on the way to the root: asked again until the last answer is a cause that can be removed."""

    _name = 'sale.complaint.why'
    _description = "Why of a Complaint"
    _order = 'complaint_id, root, sequence, id'

    complaint_id = fields.Many2one('sale.complaint', required=True, index=True, ondelete='cascade')
    company_id = fields.Many2one(related='complaint_id.company_id', store=True, index=True)
    root = fields.Selection(ROOTS, string="Question", required=True, default='occurrence')
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Because", required=True)
    evidence = fields.Char(help="How this is known.")
