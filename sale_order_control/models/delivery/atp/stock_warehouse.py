from datetime import datetime, time, timedelta
from functools import cache
from math import ceil

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .atp import Fences
from .atp_days import DeliveryDays


class StockWarehouse(models.Model):
    _inherit = 'stock.warehouse'

    promise_calendar_id = fields.Many2one(
        'resource.calendar', string="Shipping Days", check_company=True, ondelete='restrict',
        domain="[('company_id', 'in', (False, company_id))]",
        help="Goods leave on the working days of this calendar; days off and public holidays count. Empty: every day.")

    # Stored, because whatever is promised asks for it, and a warehouse is at hand already.
    promise_tz = fields.Char(
        string="Time Zone of Promises", compute='_compute_promise_tz', store=True,
        help="The warehouse's, else the company's.")

    @api.constrains('promise_calendar_id')
    def _check_promise_calendar(self):
        for calendar in self.promise_calendar_id:
            calendar._check_shipping_hours(self.filtered(lambda warehouse, own=calendar: (
                warehouse.promise_calendar_id == own)))

    @api.depends('partner_id.tz', 'company_id.partner_id.tz', 'company_id.resource_calendar_id.tz')
    def _compute_promise_tz(self):
        for warehouse in self:
            warehouse.promise_tz = warehouse._find_promise_tz(warehouse.company_id)

    def _find_promise_tz(self, company):
        return self.partner_id.tz or company.partner_id.tz or company.resource_calendar_id.tz or 'UTC'

    def _get_promise_zone(self):
        """Return the time zone in which days are promised: the warehouse's, else the company's.

        Never the asking user's: a promise of the 14th is the 14th for everybody.
        """
        return pytz.timezone(self.promise_tz or self._find_promise_tz(self.env.company))

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

    # === WHAT CAN BE PROMISED ===#

    def _get_atp_fences(self):
        """Return the company's :class:`Fences`."""
        company = self.company_id.sudo()
        return Fences(
            company.atp_supply_back, company.atp_supply_offset, company.atp_demand_back, company.atp_demand_offset,
            company.atp_horizon or None)

    def _get_delivery_days(self):
        """Read how days in the warehouse become days at the customer.

        :return: function of the id of the country of delivery (or False): :class:`DeliveryDays`
        """
        warehouse = self.sudo()
        delays = sum(warehouse.delivery_route_id.rule_ids.mapped('delay'))
        handling = max(0, ceil(warehouse.company_id.security_lead + delays))
        transit = self.env['sale.delivery.transit']._read_days(warehouse.id)
        is_open = warehouse._read_shipping_days() if warehouse.promise_calendar_id else None
        return lambda country_id: DeliveryDays(
            handling, transit.get(country_id or False, transit.get(False, 0)), is_open)

    def _read_shipping_days(self):
        """Return a function that tells whether goods leave on a day; it reads the calendar year by year."""
        calendar, zone = self.promise_calendar_id, pytz.timezone(self.promise_calendar_id.tz or 'UTC')

        @cache
        def closed(year):
            start = zone.localize(datetime(year, 1, 1))
            return calendar._get_unusual_days(start, start + timedelta(days=366), self.company_id)

        return lambda day: not closed(day.year).get(fields.Date.to_string(day), False)

    def _check_promise_setup(self):
        """Refuse to work out dates for a warehouse that cannot hold stock.

        :raise UserError: if it has no stock location, or an archived one
        """
        for warehouse in self.sudo().with_context(active_test=False):
            if not warehouse.lot_stock_id.active or not warehouse.view_location_id.active:
                raise UserError(self.env._(
                    "The warehouse “%(warehouse)s” has no stock location in use, so nothing can be promised from it. "
                    "Choose one in the warehouse, or set another warehouse on the order.",
                    warehouse=warehouse.display_name))


class ResourceCalendar(models.Model):
    _inherit = 'resource.calendar'

    @api.constrains('attendance_ids')
    def _check_shipping_calendar(self):
        warehouses = self.env['stock.warehouse'].sudo().search([('promise_calendar_id', 'in', self.ids)])
        for calendar in warehouses.promise_calendar_id:
            calendar._check_shipping_hours(warehouses.filtered(lambda warehouse, own=calendar: (
                warehouse.promise_calendar_id == own)))

    def _check_shipping_hours(self, warehouses):
        """Refuse shipping days without a working hour.

        :param warehouses: those that ship by this calendar
        """
        self.ensure_one()
        hours = self.attendance_ids.filtered(lambda line: line.day_period != 'lunch' and line.hour_to > line.hour_from)
        if not hours and not self.flexible_hours:
            raise ValidationError(self.env._(
                "“%(calendar)s” has no working hour, so goods would never leave %(warehouse)s: enter working hours, or "
                "choose other shipping days.",
                calendar=self.display_name, warehouse=", ".join(warehouses.mapped('display_name'))))
