from datetime import timedelta, timezone

from odoo import api, fields, models, tools

# So many days are looked at together; what ends later is worked out by the calendar itself.
DAYS = 15


class ResourceCalendar(models.Model):
    """Working hours of the next days are remembered: every approver's turn begins with them."""

    _name = 'resource.calendar'
    _inherit = ['resource.calendar', 'sale.control.cached']


class ResourceCalendarAttendance(models.Model):
    _name = 'resource.calendar.attendance'
    _inherit = ['resource.calendar.attendance', 'sale.control.cached']


class ResourceCalendarLeaves(models.Model):
    _inherit = 'resource.calendar.leaves'

    # Days off of one person are entered often and concern no company: nothing is forgotten for them.

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._forget_working_periods()
        return leaves

    def write(self, vals):
        self._forget_working_periods()
        result = super().write(vals)
        self._forget_working_periods()
        return result

    def unlink(self):
        self._forget_working_periods()
        return super().unlink()

    def _forget_working_periods(self):
        if any(not leave.resource_id for leave in self):
            self.env.registry.clear_cache()


class ResCompany(models.Model):
    _inherit = 'res.company'

    def write(self, vals):
        if 'resource_calendar_id' in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

    @tools.ormcache('self.id', 'day')
    def _get_working_periods(self, day):
        """Return the periods of work of some days by the company's calendar, without its days off.

        :param date day: first day, UTC
        :return: tuple of ``(start, end)``, naive datetimes in UTC, in their order; None without a calendar
        """
        calendar = self.sudo().with_context(employee_timezone=False).resource_calendar_id
        if not calendar:
            return None
        start = fields.Datetime.to_datetime(day).replace(tzinfo=timezone.utc)
        periods = calendar._work_intervals_batch(start, start + timedelta(days=DAYS))[False]
        return tuple(
            (begin.astimezone(timezone.utc).replace(tzinfo=None), end.astimezone(timezone.utc).replace(tzinfo=None))
            for begin, end, _meta in periods)

    def _plan_working_hours(self, hours, start):
        """Return when so many working hours of the company's calendar are over.

        :param float hours: working hours, more than 0
        :param datetime start: naive, UTC
        :return: naive datetime in UTC; without a calendar, every hour is a working hour
        """
        self.ensure_one()
        periods, left = self._get_working_periods(start.date()), timedelta(hours=hours)
        if periods is None:
            return start + left
        for begin, end in periods:
            begin = max(begin, start)
            if begin < end:
                if left <= end - begin:
                    return begin + left
                left -= end - begin
        calendar = self.sudo().resource_calendar_id
        return calendar.plan_hours(hours, start, compute_leaves=True) or start + timedelta(hours=hours)
