from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..promise.sale_order_line import WAITING_STATES
from .sale_handling_case import ACTIVITY_TYPE, OPEN_STATES


class SaleHandlingCase(models.Model):
    """The night finds what needs an opinion, asks once, escalates once, and closes what is not overdue any more."""

    _inherit = 'sale.handling.case'

    @api.model
    def _cron_handling_opinions(self, limit=100):
        """Do the steps of the night in chunks.

        What is done is not found again, so that an interrupted run goes on where it stopped and a second one on the
        same day finds nothing. A record that fails is logged and left for the next night; the others go on.

        :param int limit: records per transaction
        """
        today = self.env['sale.order']._get_control_today()
        steps = [
            ('sale.order', self._get_overdue_orders_domain, '_open_handling_cases'),
            ('stock.picking', self._get_overdue_transfers_domain, '_open_handling_cases'),
            (self._name, self._get_expired_domain, '_ask_again'),
            (self._name, self._get_unanswered_domain, '_escalate'),
        ]
        # What needs none any more first: nobody is asked about it again.
        self._close_settled_cases(today, limit)
        for model, get_domain, method in steps:
            if not self._work_off(self.env[model].sudo(), get_domain, method, today, limit):
                return

    @api.model
    def _work_off(self, model, get_domain, method, today, limit):
        """Do one step until nothing is left of it.

        :param get_domain: method that returns the domain of what is left, given the day
        :param str method: name of what is done with a chunk, given the day
        :return: whether there is time for the next step
        """
        failed = set()
        while records := model.search(
                Domain(get_domain(today)) & Domain('id', 'not in', list(failed)), limit=limit, order='id'):
            failures = self.env['sale.control.job']._run_isolated(
                records, lambda chunk: getattr(chunk, method)(today))
            failed.update(record.id for record in failures)
            left = model.search_count(Domain(get_domain(today)) & Domain('id', 'not in', list(failed)))
            if not self.env['ir.cron']._commit_progress(len(records), remaining=left):
                return False
        return True

    # === WHAT IS LEFT TO DO ===#

    @api.model
    def _get_opinion_companies(self, setting):
        """Return the companies that ask for opinions of a kind: promises under control, and a number of days."""
        return self.env['res.company'].sudo().search([('control_promise', '!=', 'off'), (setting, '>', 0)])

    @api.model
    def _get_overdue_orders_domain(self, today):
        """Return the domain of orders that are unfinished too long and have no open case."""
        found = Domain.FALSE
        for company in self._get_opinion_companies('opinion_order_days'):
            found |= Domain('company_id', '=', company.id) & Domain('order_line', 'any', [
                ('promise_state', 'in', WAITING_STATES),
                ('due_date', '<', today - timedelta(days=company.opinion_order_days))])
        return Domain('state', '=', 'sale') & found & Domain('handling_case_ids', 'not any', [
            ('picking_id', '=', False), ('state', 'in', OPEN_STATES)])

    @api.model
    def _get_overdue_transfers_domain(self, today):
        """Return the domain of deliveries that have not left for too long and have no open case."""
        found = Domain.FALSE
        for company in self._get_opinion_companies('opinion_transfer_days'):
            found |= Domain('company_id', '=', company.id) & Domain('move_ids', 'any', [
                ('state', 'not in', ('done', 'cancel')),
                ('control_line_id', 'any', [
                    ('promise_state', 'in', WAITING_STATES),
                    ('ship_by_date', '<', today - timedelta(days=company.opinion_transfer_days))])])
        waiting = Domain('state', 'not in', ('draft', 'done', 'cancel'))
        unknown = Domain('handling_case_ids', 'not any', [('state', 'in', OPEN_STATES)])
        return waiting & Domain('picking_type_id.code', 'not in', ('incoming', 'internal')) & found & unknown

    @api.model
    def _get_expired_domain(self, today):
        return [('state', '=', 'given'), ('until', '<', today)]

    @api.model
    def _get_unanswered_domain(self, today):
        return [('state', '=', 'needed'), ('escalate_on', '<=', today)]

    @api.model
    def _close_settled_cases(self, today, limit):
        """Close the open cases of what was delivered, cancelled or promised anew, chunk by chunk."""
        last = 0
        while cases := self.sudo().search([('state', 'in', OPEN_STATES), ('id', '>', last)], limit=limit, order='id'):
            last = cases[-1].id
            self.env['sale.control.job']._run_isolated(cases, lambda chunk: chunk._close_settled(today))
            self.env['ir.cron']._commit_progress(len(cases))

    @api.model
    def _search_waiting(self, domain):
        """Return the cases of a domain that wait for an opinion, as far as the user may read cases at all."""
        return self.search([*domain, ('state', 'in', ('needed', 'escalated'))]) if self.has_access('read') else self

    # === STEPS ===#

    def _close_settled(self, today):
        """Close those of these open cases of which nothing is overdue any more."""
        orders = self.filtered(lambda case: not case.picking_id)
        settled = orders.filtered(lambda case: case.order_id.state != 'sale' or not any(
            line.promise_state in WAITING_STATES and case._is_too_late(line.due_date, 'opinion_order_days', today)
            for line in case.order_id.order_line))
        settled |= (self - orders).filtered(lambda case: not any(
            move.state not in ('done', 'cancel') and move.control_line_id.promise_state in WAITING_STATES
            and case._is_too_late(move.control_line_id.ship_by_date, 'opinion_transfer_days', today)
            for move in case.picking_id.move_ids))
        if settled:
            settled.activity_ids.unlink()
            settled.write({'state': 'over', 'escalate_on': False})

    def _is_too_late(self, day, setting, today):
        days = self.company_id[setting]
        return bool(day and days and day < today - timedelta(days=days))

    def _ask_again(self, today):
        """The day until which something was to be done has passed, and the delivery is still overdue."""
        self._ask(today)

    def _ask(self, today):
        """Ask who answers for these documents for an opinion: one activity each."""
        for company, cases in self.grouped('company_id').items():
            number = company.opinion_escalation_days
            cases.write({
                'state': 'needed', 'since': today, 'until': False, 'escalated_to_id': False,
                'escalate_on': company._add_working_days(today, number) if number else False,
            })
        for case in self:
            case._call(case.user_id, self.env._("Give a handling opinion on %s", case.name))

    def _escalate(self, today):
        """Ask the team leader, or a manager, as well; once."""
        for case in self:
            leader = case._get_leader()
            case.write({'state': 'escalated', 'escalate_on': False, 'escalated_to_id': leader.id})
            if leader:
                case._call(leader, self.env._("Nobody gave an opinion on %s", case.name))

    def _get_leader(self):
        """Return who is asked when nobody answers: the team leader, else a manager of order control."""
        self.ensure_one()
        managers = self.env.ref('sale_order_control.group_manager').sudo().all_user_ids
        leaders = (self.order_id.team_id.user_id | managers).filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids)
        return (leaders - self.user_id)[:1]

    def _call(self, user, summary):
        """Give somebody an activity on the case; quietly, the activity is the message."""
        self.ensure_one()
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            ACTIVITY_TYPE, user_id=user.id, summary=summary, date_deadline=fields.Date.to_date(self.since),
            note=self.env._("%(document)s was due on %(date)s.", document=self.name, date=self.due_date))


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    handling_case_ids = fields.One2many(
        'sale.handling.case', 'order_id', string="Overdue Cases", readonly=True, groups='base.group_user')
    handling_case_id = fields.Many2one(
        'sale.handling.case', compute='_compute_handling_case_id', groups='base.group_user',
        help="The open case of the order that waits for a handling opinion.")

    @api.model
    def _get_control_protected_fields(self):
        return super()._get_control_protected_fields() | {'handling_case_ids'}

    def _compute_handling_case_id(self):
        cases = self.env['sale.handling.case']._search_waiting([
            ('order_id', 'in', self.ids), ('picking_id', '=', False)])
        by_order = {case.order_id.id: case for case in cases}
        for order in self:
            order.handling_case_id = by_order.get(order._origin.id, False)

    def _refresh_promise_states(self):
        result = super()._refresh_promise_states()
        cases = self.env['sale.handling.case'].sudo().search(
            [('order_id', 'in', self.ids), ('state', 'in', OPEN_STATES)])
        cases._close_settled(self._get_control_today())
        return result

    def _open_handling_cases(self, today):
        """Open a case for each of these overdue orders and ask its salesperson."""
        self.env['sale.handling.case'].sudo().create([{
            'name': order.name,
            'order_id': order.id,
            'company_id': order.company_id.id,
            'partner_id': order.partner_id.id,
            'salesperson_id': order.user_id.id,
            'user_id': order._get_control_responsible().id,
            'due_date': min(
                line.due_date for line in order.order_line
                if line.promise_state in WAITING_STATES and line.due_date),
        } for order in self.sudo()])._ask(today)


class StockPicking(models.Model):
    _inherit = 'stock.picking'

    handling_case_ids = fields.One2many(
        'sale.handling.case', 'picking_id', string="Overdue Cases", readonly=True, groups='base.group_user')
    handling_case_id = fields.Many2one(
        'sale.handling.case', compute='_compute_handling_case_id', groups='base.group_user',
        help="The open case of the transfer that waits for a handling opinion.")

    def _compute_handling_case_id(self):
        cases = self.env['sale.handling.case']._search_waiting([('picking_id', 'in', self.ids)])
        by_picking = {case.picking_id.id: case for case in cases}
        for picking in self:
            picking.handling_case_id = by_picking.get(picking._origin.id, False)

    def _open_handling_cases(self, today):
        """Open a case for each of these overdue deliveries and ask who answers for it."""
        values = []
        for picking in self.sudo():
            lines = picking.move_ids.filtered(
                lambda move: move.state not in ('done', 'cancel')).control_line_id.filtered('ship_by_date')
            order = lines.order_id[:1]
            values.append({
                'name': picking.name,
                'order_id': order.id,
                'picking_id': picking.id,
                'company_id': picking.company_id.id,
                'partner_id': order.partner_id.id,
                'salesperson_id': order.user_id.id,
                'user_id': picking._get_handling_responsible(order).id,
                'due_date': min(lines.mapped('ship_by_date')),
            })
        self.env['sale.handling.case'].sudo().create(values)._ask(today)

    def _get_handling_responsible(self, order):
        """Return who answers for a delivery: its responsible, who promised it, any planner, or who sold it."""
        self.ensure_one()
        planners = self.env.ref('sale_order_control.group_delivery_planner').sudo().all_user_ids
        promised = order.promise_ids[:1].user_id & planners
        candidates = (self.user_id | promised | planners).filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids)
        return candidates[:1] or order._get_control_responsible()
