from datetime import timedelta

from odoo import api, fields, models

from .sale_complaint_team import COMPLAINT_CHANNELS, COMPLAINT_SEVERITIES

TIME_UNITS = [
    ('second', "Seconds"),
    ('minute', "Minutes"),
    ('hour', "Hours, Day and Night"),
    ('working_hour', "Working Hours"),
    ('working_day', "Working Days"),
]
# Units that count day and night, in seconds.
CLOCK = {'second': 1, 'minute': 60, 'hour': 3600}


class SaleComplaintTarget(models.Model):
    """Within which time complaints are answered and solved, by channel and severity."""

    _name = 'sale.complaint.target'
    _description = "Complaint Time Target"
    _order = 'team_id, severity, channel, id'

    team_id = fields.Many2one('sale.complaint.team', index=True, ondelete='cascade')
    channel = fields.Selection(COMPLAINT_CHANNELS)
    severity = fields.Selection(COMPLAINT_SEVERITIES)
    response_time = fields.Float(string="First Answer Within", help="0: the row says nothing about it.")
    response_unit = fields.Selection(TIME_UNITS, string="Counted In", required=True, default='hour')
    resolution_time = fields.Float(string="Solved Within", help="0: the row says nothing about it.")
    resolution_unit = fields.Selection(
        TIME_UNITS, string="Solution Counted In", required=True, default='working_day')

    _times_positive = models.Constraint(
        'CHECK (response_time >= 0 AND resolution_time >= 0)', "Times cannot be negative.")
    _row_unique = models.UniqueIndex(
        "(COALESCE(team_id, 0), COALESCE(channel, ''), COALESCE(severity, ''))",
        "There is a row for this team, channel and severity already.")

    @api.depends('channel', 'severity')
    def _compute_display_name(self):
        channels = dict(self._fields['channel']._description_selection(self.env))
        severities = dict(self._fields['severity']._description_selection(self.env))
        for target in self:
            words = [severities.get(target.severity), channels.get(target.channel)]
            target.display_name = ", ".join(filter(None, words)) or self.env._("All complaints")

    def _get_precedence(self):
        """Return how much a row says: a team's own before all teams', severity before channel."""
        self.ensure_one()
        return bool(self.team_id), bool(self.severity), bool(self.channel)

    @api.model
    def _find(self, team, channel, severity, kind):
        """Return the row that says most about a complaint, and has a time for this.

        :param str kind: ``response`` or ``resolution``
        :return: a row, or none
        """
        rows = self.sudo().search([
            ('team_id', 'in', (False, team.id)), ('channel', 'in', (False, channel)),
            ('severity', 'in', (False, severity)), (f'{kind}_time', '>', 0)])
        return max(rows, key=lambda row: row._get_precedence(), default=rows)

    def _get_due(self, kind, start, calendar, waited, waited_working):
        """Return when the time of a row is over.

        :param str kind: ``response`` or ``resolution``
        :param datetime start: naive, UTC
        :param resource.calendar calendar: in which working time is counted; empty: every hour counts
        :param float waited: hours that do not count, day and night
        :param float waited_working: the same in working hours
        :return: naive datetime in UTC, False without a row
        """
        if not self:
            return False
        time, unit = self[f'{kind}_time'], self[f'{kind}_unit']
        if unit in CLOCK:
            return start + timedelta(seconds=time * CLOCK[unit], hours=waited)
        hours = time * (calendar.hours_per_day or 8.0) if unit == 'working_day' else time
        if not calendar:
            return start + timedelta(hours=hours + waited)
        return calendar.plan_hours(hours + waited_working, start, compute_leaves=True) \
            or start + timedelta(hours=hours + waited)


class SaleComplaintTeam(models.Model):
    _inherit = 'sale.complaint.team'

    target_ids = fields.One2many('sale.complaint.target', 'team_id', string="Times")
