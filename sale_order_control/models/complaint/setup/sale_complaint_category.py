from odoo import fields, models

from .sale_complaint_team import COMPLAINT_SEVERITIES, COMPLAINT_TYPES


class SaleComplaintCategory(models.Model):
    """What customers complain about, finer than the four types: who owns it and how it is usually put right."""

    _name = 'sale.complaint.category'
    _description = "Complaint Category"
    _order = 'complaint_type, sequence, name'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    complaint_type = fields.Selection(COMPLAINT_TYPES, string="Type", required=True, default='quality')
    team_id = fields.Many2one(
        'sale.complaint.team', ondelete='restrict',
        help="Who owns these complaints. Empty: the team of the type.")
    severity = fields.Selection(
        COMPLAINT_SEVERITIES, required=True, default='minor', help="Proposed for new complaints of the category.")
    about_missing = fields.Boolean(
        string="Goods Did Not Arrive",
        help="The customer complains about what was not delivered: quantities are compared with what was ordered, "
             "not with what was delivered.")
    order_problem = fields.Selection(
        [('delay', "Order Delay"), ('stock', "Stock Problem"), ('data', "Information Error"),
         ('communication', "Communication Barrier"), ('complaint', "Customer Complaint")],
        required=True, default='complaint',
        help="Under which heading the register of order problems lists it.")
    guidance = fields.Text(
        translate=True, help="How such a problem is put right at its root. Handlers read it in the complaint.")

    _name_unique = models.UniqueIndex("(name, complaint_type)", "This category exists already.")
