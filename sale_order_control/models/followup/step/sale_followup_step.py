from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SaleFollowupStep(models.Model):
    """A step of an order's way through the house: from one event to another, and how long it may take."""

    _name = 'sale.followup.step'
    _inherit = ['sale.control.cached']
    _description = "Processing Step"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True, help="E.g. “Promise a date”.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', help="Leave empty for all companies.")
    start_moment = fields.Selection(selection='_get_event_selection', string="From", required=True)
    end_moment = fields.Selection(selection='_get_event_selection', string="To", required=True)
    hours = fields.Float(
        string="Alarm after Working Hours", default=8.0,
        help="An order that is longer in this step is late; a follow-up rule can tell somebody. 0: no alarm.")

    _hours_positive = models.Constraint('CHECK (hours >= 0)', "Hours cannot be negative.")

    @api.model
    def _get_event_selection(self):
        return self.env['sale.followup.rule']._get_event_selection()

    @api.constrains('start_moment', 'end_moment')
    def _check_moments(self):
        for step in self:
            if step.start_moment == step.end_moment:
                raise ValidationError(self.env._("“%s” would end with the event that it starts with.", step.name))
