from datetime import datetime, timedelta
from functools import cache

import pytz

from odoo import fields, models

# A calendar without a working day in so long is treated as if every day were one.
SEARCH_DAYS = 366


class ResCompany(models.Model):
    """Working days and hours of a company."""

    _inherit = 'res.company'

    def _get_working_day_test(self):
        """Return a function that tells whether a day is a working day of the company; it reads year by year."""
        self.ensure_one()
        company = self.sudo()
        calendar = company.resource_calendar_id
        if not calendar or not calendar.attendance_ids:
            return lambda day: True
        zone = pytz.timezone(calendar.tz or 'UTC')

        @cache
        def closed(year):
            start = zone.localize(datetime(year, 1, 1))
            return calendar._get_unusual_days(start, start + timedelta(days=366), company)

        return lambda day: not closed(day.year).get(fields.Date.to_string(day), False)

    def _add_working_days(self, day, number, is_open=None):
        """Return the day that is so many working days later, or earlier where the number is negative.

        :param is_open: what ``_get_working_day_test`` returned, for a caller with many days
        """
        is_open, step = is_open or self._get_working_day_test(), 1 if number > 0 else -1
        left = abs(number)
        for _distance in range(SEARCH_DAYS):
            if not left:
                return day
            day += timedelta(days=step)
            left -= is_open(day)
        return day

    def _plan_working_hours(self, hours, start):
        """Return when so many working hours of the company's calendar are over.

        :param float hours: working hours
        :param datetime start: naive, UTC
        :return: naive datetime in UTC; without a calendar, every hour is a working hour
        """
        self.ensure_one()
        calendar = self.sudo().resource_calendar_id
        return calendar and calendar.plan_hours(hours, start, compute_leaves=True) or start + timedelta(hours=hours)

    def _count_working_hours(self, start, end):
        """Return how many working hours of the company's calendar lie between two moments, naive and in UTC."""
        self.ensure_one()
        calendar = self.sudo().resource_calendar_id
        if not calendar or not calendar.attendance_ids:
            return max(0.0, (end - start).total_seconds() / 3600)
        return calendar.get_work_hours_count(pytz.utc.localize(start), pytz.utc.localize(end), compute_leaves=True)
