from odoo import api, fields, models


class ResCompany(models.Model):
    """Whether a company follows up its orders by rules, and since when."""

    _inherit = 'res.company'

    control_followup = fields.Boolean(
        string="Follow-Up", groups='base.group_user',
        help="Follow-up rules give people their tasks: calls, checks, reminders. Nothing is done for what was due "
             "before this is switched on.")
    control_followup_since = fields.Date(
        string="Followed Up Since", readonly=True, groups='base.group_user', copy=False)

    followup_manager_id = fields.Many2one(
        'res.users', string="General Manager", domain="[('share', '=', False)]", groups='base.group_user',
        help="The last to hear of what nobody takes care of.")

    followup_ladder_days = fields.Integer(
        string="Told Above after Working Days", default=2, groups='base.group_user',
        help="Where nobody works on a follow-up for so many working days, the team leader is told, then the manager, "
             "then the general manager. Only a contact on record is work. 0: never.")

    _followup_ladder_positive = models.Constraint(
        'CHECK (followup_ladder_days >= 0)', "The working days after which somebody above is told cannot be negative.")

    @api.model
    def _get_control_settings(self):
        return (
            *super()._get_control_settings(), 'control_followup', 'followup_manager_id', 'followup_ladder_days')

    def _has_control(self):
        return super()._has_control() or self.sudo().control_followup

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._start_followup()
        return companies

    def write(self, vals):
        off = self.filtered(lambda company: not company.sudo().control_followup) if 'control_followup' in vals else self
        result = super().write(vals)
        if 'control_followup' in vals:
            off._start_followup()
            self.env.registry.clear_cache()
        return result

    def _start_followup(self):
        """Remember the day on which follow-up starts: what was due before is nobody's task."""
        today = self.env['sale.order']._get_control_today()
        started = self.sudo().filtered('control_followup')
        started.write({'control_followup_since': today})
        if started:
            # Whoever is missing is named before anybody needs them.
            self.env.registry.clear_cache()
            self.env['sale.followup.rule'].sudo().search([])._recheck()  # pylint: disable=no-search-all

    def _get_ladder_day(self, start):
        """Return the day on which somebody above is told if nothing happens from a day on; False for never."""
        self.ensure_one()
        days = self.sudo().followup_ladder_days
        return days and self._add_followup_days(start, days) or False

    def _add_followup_days(self, day, number):
        """Return the day that is so many working days later; the calendar is read once per transaction.

        A year's worth of calendar costs more than the rest of an hourly run.
        """
        self.ensure_one()
        key, cache = ('sale_order_control.followup_days', self.id), self.env.cr.cache
        if key not in cache:
            cache[key] = self.sudo()._get_working_day_test()
        return self._add_working_days(day, number, cache[key])

    def _get_followup_today(self):
        """Return the day it is for the people of the company."""
        return self.env['sale.order']._get_control_today(self.sudo().partner_id.tz or 'UTC')


class SaleControlSwitches(models.AbstractModel):
    _inherit = 'sale.control.switches'

    control_followup = fields.Boolean(related='company_id.control_followup', readonly=False)
    followup_manager_id = fields.Many2one(related='company_id.followup_manager_id', readonly=False)
    followup_ladder_days = fields.Integer(related='company_id.followup_ladder_days', readonly=False)
