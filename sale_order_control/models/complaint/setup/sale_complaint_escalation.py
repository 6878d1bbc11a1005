from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

ESCALATION_SCOPES = [
    ('all', "All complaints"),
    ('major', "Major and critical ones, and where safety is at risk"),
    ('critical', "Critical ones"),
    ('claim', "Claims for compensation"),
    ('major_claim', "Major and critical claims for compensation"),
]
SEVERE = Domain('severity', 'in', ('major', 'critical')) | Domain('is_safety', '=', True)
SCOPE_DOMAINS = {
    'all': Domain.TRUE,
    'major': SEVERE,
    'critical': Domain('severity', '=', 'critical'),
    'claim': Domain('is_claim', '=', True),
    'major_claim': SEVERE & Domain('is_claim', '=', True),
}


class SaleComplaintEscalation(models.Model):
    """A rung of the ladder: which complaints are told to whom, at once or when nothing happened in time."""

    _name = 'sale.complaint.escalation'
    _description = "Complaint Escalation"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one('res.company', index=True, help="Empty: for all companies.")
    scope = fields.Selection(ESCALATION_SCOPES, string="Complaints", required=True, default='major')
    moment = fields.Selection(
        [('now', "At once"), ('response', "No first answer in time"), ('resolution', "Not solved in time")],
        string="When", required=True, default='now')
    delay_hours = fields.Float(
        string="After More Hours", help="Hours, day and night, after the time was up.")
    tell_leader = fields.Boolean(string="Leader of the Team", default=True)
    tell_members = fields.Boolean(string="Members of the Team")
    team_ids = fields.Many2many(
        'sale.complaint.team', string="Other Departments", help="Leaders and members of these teams are told.")
    user_ids = fields.Many2many(
        'res.users', 'sale_complaint_escalation_user_rel', string="People", domain="[('share', '=', False)]")
    group_id = fields.Many2one('res.groups', string="Everybody With the Role")

    _delay_positive = models.Constraint('CHECK (delay_hours >= 0)', "Hours cannot be negative.")

    @api.constrains('tell_leader', 'tell_members', 'team_ids', 'user_ids', 'group_id')
    def _check_people(self):
        for rung in self:
            if not (rung.tell_leader or rung.tell_members or rung.team_ids or rung.user_ids or rung.group_id):
                raise ValidationError(self.env._("“%s” tells nobody: say who is told.", rung.name))

    def _get_due_domain(self, now):
        """Return the domain of the complaints to which this rung applies now, told already or not."""
        self.ensure_one()
        before = now - timedelta(hours=self.delay_hours)
        moments = {
            'now': Domain.TRUE,
            'response': Domain('responded_on', '=', False) & Domain('response_due', '<=', before),
            'resolution': Domain('resolved_on', '=', False) & Domain('waiting_since', '=', False)
            & Domain('resolution_due', '<=', before),
        }
        company = Domain('company_id', 'child_of', self.company_id.id) if self.company_id else Domain.TRUE
        return Domain('is_open', '=', True) & SCOPE_DOMAINS[self.scope] & moments[self.moment] & company

    def _get_people(self, complaint):
        """Return who is told about a complaint: active people of its company."""
        self.ensure_one()
        rung, team = self.sudo(), complaint.sudo().team_id
        people = rung.user_ids | rung.group_id.all_user_ids | rung.team_ids.user_id | rung.team_ids.member_ids
        if rung.tell_leader:
            people |= team.user_id
        if rung.tell_members:
            people |= team.member_ids
        return people.filtered(
            lambda user: user.active and not user.share and complaint.company_id in user.company_ids
            and user.id != self.env.ref('base.user_root').id)
