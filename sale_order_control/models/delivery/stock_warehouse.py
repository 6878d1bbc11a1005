from datetime import datetime, time

import pytz

from odoo import models


class StockWarehouse(models.Model):
    _inherit = 'stock.warehouse'

    def _get_promise_zone(self):
        """Return the time zone in which days are promised: the warehouse's, else the company's.

        Never the asking user's: a promise of the 14th is the 14th for everybody.
        """
        company = self.company_id or self.env.company
        return pytz.timezone(
            self.partner_id.tz or company.partner_id.tz or company.resource_calendar_id.tz or 'UTC')

    def _get_promise_today(self):
        """Return the date the rules take for today, as the calendar in the warehouse says."""
        return self.env['sale.order']._get_control_today(self._get_promise_zone().zone)

    def _get_promise_day(self, moment):
        """Return the calendar day of a UTC datetime in the warehouse."""
        return pytz.utc.localize(moment).astimezone(self._get_promise_zone()).date()

    def _get_promise_moment(self, day):
        """Return the UTC datetime that stands for a promised day where Odoo wants a moment.

        Noon in the warehouse: the same calendar day for readers in nearly every other time zone.
        """
        noon = self._get_promise_zone().localize(datetime.combine(day, time(12)))
        return noon.astimezone(pytz.utc).replace(tzinfo=None)
