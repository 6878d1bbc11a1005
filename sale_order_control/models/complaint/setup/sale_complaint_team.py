from ast import literal_eval

from odoo import api, fields, models
from odoo.fields import Domain

COMPLAINT_TYPES = [
    ('quality', "Product Quality"),
    ('delivery', "Delivery"),
    ('service', "Service Attitude"),
    ('information', "Wrong Information"),
]
COMPLAINT_CHANNELS = [
    ('phone', "Phone"),
    ('mail', "Email"),
    ('portal', "Customer Portal"),
    ('chat', "Chat"),
    ('social', "Social Media"),
    ('visit', "Visit"),
    ('rating', "Low Rating"),
    ('other', "Other"),
]
COMPLAINT_SEVERITIES = [
    ('minor', "Minor"),
    ('major', "Major"),
    ('critical', "Critical"),
]


class SaleComplaintTeam(models.Model):
    """Who owns which complaints, by which calendar and how fast; mails to its address open complaints."""

    _name = 'sale.complaint.team'
    _description = "Complaint Team"
    _inherit = ['mail.alias.mixin', 'mail.thread']
    _order = 'sequence, id'
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        'res.company', index=True, help="Empty: the team works for all companies.")
    complaint_type = fields.Selection(
        COMPLAINT_TYPES, string="Owns",
        help="The team takes complaints of this type. Empty: it takes what no other team owns.")
    user_id = fields.Many2one(
        'res.users', string="Leader", check_company=True, domain="[('share', '=', False)]", tracking=True)
    member_ids = fields.Many2many(
        'res.users', 'sale_complaint_team_member_rel', string="Members", check_company=True,
        domain="[('share', '=', False)]",
        help="A new complaint goes to the member with the fewest open ones, or to the leader where there is none.")
    resource_calendar_id = fields.Many2one(
        'resource.calendar', string="Working Hours",
        help="Times to answer and to solve are counted in these hours. Empty: those of the company.")
    alias_id = fields.Many2one(
        help="Mails to this address become complaints of the team; answers go to the complaint they belong to.")

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        values['alias_model_id'] = self.env['ir.model']._get_id('sale.complaint')
        if self.id:
            defaults = literal_eval(self.alias_defaults or "{}")
            defaults['team_id'] = self.id
            values['alias_defaults'] = defaults
        return values

    @api.model
    def _find_teams(self, complaint_type, company):
        """Return the teams that may take a complaint, the best one first.

        :param str complaint_type: one of the four types, or False while it is not known
        :param res.company company: whose complaint it is
        """
        teams = self.sudo().search(
            Domain('company_id', 'in', (False, company.id))
            & Domain('complaint_type', 'in', (False, complaint_type) if complaint_type else (False,)))
        return teams.sorted(lambda team: (not team.complaint_type, not team.company_id, team.sequence, team.id))

    @api.model
    def _has_people(self, company):
        """Whether anybody takes complaints of a company: until then customers are offered nothing new."""
        teams = self.sudo().search([('company_id', 'in', (False, company.id))])
        return bool((teams.member_ids | teams.user_id)._filter_complaint_people(company))

    def _pick_member(self, company):
        """Return the member with the fewest open complaints, the leader where the team has no members.

        :param res.company company: whose complaint it is; of a team for all companies only those who work there
        """
        self.ensure_one()
        team = self.sudo()
        members = team.member_ids._filter_complaint_people(company)
        if not members:
            return team.user_id._filter_complaint_people(company)
        load = dict(self.env['sale.complaint'].sudo()._read_group(
            [('user_id', 'in', members.ids), ('is_open', '=', True)], ['user_id'], ['__count']))
        return min(members, key=lambda user: (load.get(user, 0), user.id))

    def _get_calendar(self, company):
        """Return the calendar in which the team's times are counted; empty: every hour counts."""
        return self.sudo().resource_calendar_id or company.sudo().resource_calendar_id


class ResUsers(models.Model):
    _inherit = 'res.users'

    def _filter_complaint_people(self, company):
        """Return those of the users who are active and work for a company; in sudo."""
        return self.filtered(lambda user: user.active and company in user.company_ids)
