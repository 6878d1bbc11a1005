from odoo import fields, models

from .sale_complaint import COMPLAINT_STATES

HISTORY_EVENTS = [
    ('state', "Status"),
    ('reopened', "Reopened"),
    ('waiting', "Waits for the Customer"),
    ('resumed', "Goes On"),
    ('escalated', "Escalated"),
]


class SaleComplaintHistory(models.Model):
    """A fact: what happened to a complaint, by whom and why. Never changed, never deleted."""

    _name = 'sale.complaint.history'
    _inherit = ['sale.control.fact']
    _description = "Complaint History"
    _order = 'id desc'
    _rec_name = 'complaint_id'

    complaint_id = fields.Many2one('sale.complaint', required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    event = fields.Selection(HISTORY_EVENTS, required=True, readonly=True)
    from_state = fields.Selection(COMPLAINT_STATES, string="From", readonly=True)
    to_state = fields.Selection(COMPLAINT_STATES, string="To", readonly=True)
    user_id = fields.Many2one('res.users', string="By", required=True, readonly=True)
    note = fields.Text(string="Why", readonly=True)
