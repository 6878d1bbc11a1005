from collections import defaultdict

from odoo import api, fields, models

from ..promise.sale_order_line import WAITING_STATES


class SaleOrderLine(models.Model):
    """How urgent a line is: whose it is, and by when it should leave."""

    _inherit = 'sale.order.line'

    target_date = fields.Date(
        string="Target", compute='_compute_target', groups='base.group_user',
        help="By this day it should leave: a number of working days after the confirmation, set per company.")
    target_days_left = fields.Integer(
        string="Days Left", compute='_compute_target', groups='base.group_user',
        help="Calendar days until the target. Negative: it is missed.")
    is_target_missed = fields.Boolean(
        string="Target Missed", compute='_compute_target', search='_search_is_target_missed',
        groups='base.group_user', help="It should have left by now and is not delivered.")

    control_class_id = fields.Many2one(related='order_id.control_class_id', string="Class", groups='base.group_user')

    @api.depends('confirmed_date', 'promise_state', 'company_id')
    def _compute_target(self):
        targets = self._get_target_dates()
        days = {warehouse: warehouse._get_promise_today() for warehouse in self.sudo()._get_promise_warehouse()}
        for line in self:
            target = targets.get(line.id, False)
            today = days.get(line.sudo()._get_promise_warehouse(), target)
            line.target_date = target
            line.target_days_left = (target - today).days if target else 0
            line.is_target_missed = bool(target and target < today)

    def _get_target_dates(self):
        """Return ``{line_id: day}`` of the lines that wait; the calendar is read once per company."""
        by_start = defaultdict(self.browse)
        for line in self.filtered(lambda line: line.confirmed_date and line.promise_state in WAITING_STATES):
            by_start[line.company_id.sudo(), line.confirmed_date] += line
        targets, counters = {}, {}
        for (company, start), lines in by_start.items():
            if not company.promise_target_days:
                continue
            if company not in counters:
                counters[company] = company._get_working_day_test()
            day = company._add_working_days(start, company.promise_target_days, counters[company])
            targets.update(dict.fromkeys(lines.ids, day))
        return targets

    def _search_is_target_missed(self, operator, value):
        if operator != 'in':
            return NotImplemented
        missed = fields.Domain.FALSE
        warehouses = self.env['stock.warehouse'].sudo().with_context(active_test=False).search([
            ('company_id', 'in', self.env.companies.sudo().filtered('promise_target_days').ids)])
        for (company, today), own in warehouses.grouped(
                lambda warehouse: (warehouse.company_id, warehouse._get_promise_today())).items():
            # Confirmed before the last day whose target has not passed yet.
            last = company._add_working_days(today, -company.promise_target_days)
            missed |= fields.Domain('warehouse_id', 'in', own.ids) & fields.Domain('confirmed_date', '<', last)
        missed &= fields.Domain('promise_state', 'in', WAITING_STATES)
        return missed if True in value else ~missed
