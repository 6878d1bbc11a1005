from datetime import timedelta

from odoo import api, models

from ...order.control_memory import control_acting


class SaleOrder(models.Model):
    """The job that tells customers what they are to be told without anybody's click."""

    _inherit = 'sale.order'

    @api.model
    def _cron_customer_notices(self, limit=20):
        """Send what is due: dates, confirmations, shipping and completion notices, reminders.

        What is recorded as told is not due any more, and both are saved together: an interrupted run goes on
        where it stopped, and a second one sends nothing twice. An order that fails is reported and left out.

        :param int limit: orders or transfers per transaction: few, as each confirmation is printed
        """
        for model, find, tell in (
            ('sale.order', '_get_due_domain', '_tell_due'),
            ('stock.picking', '_get_due_domain', '_tell_due'),
            ('sale.order', '_get_reminder_domain', '_remind'),
        ):
            records, failed = self.env[model].sudo(), set()
            domain = getattr(records, find)()
            remaining = records.search_count(domain)
            while chunk := records.search([*domain, ('id', 'not in', list(failed))], limit=limit, order='id'):
                failures = self.env['sale.control.job']._run_isolated(
                    chunk, lambda due, tell=tell: getattr(due, tell)())
                failed.update(record.id for record in failures)
                remaining = max(0, remaining - len(chunk))
                if not self.env['ir.cron']._commit_progress(len(chunk), remaining=remaining):
                    return

    @api.model
    def _get_due_domain(self):
        return [('notice_due', '=', True)]

    @api.model
    def _get_reminder_domain(self):
        """Return the domain of orders whose customers have not answered for as long as their company waits."""
        today = self._get_control_today()
        companies = self.env['res.company'].sudo().search([
            ('delivery_reminder_days', '>', 0), ('control_promise', '!=', 'off')])
        lines = self.env['sale.order.line'].sudo()
        due = lines.browse()
        for company in companies:
            due |= lines.search([
                ('reply_state', '=', 'asked'), ('reminded_on', '=', False), ('company_id', '=', company.id),
                ('replied_on', '<=', today - timedelta(days=company.delivery_reminder_days)),
                ('order_id.state', '=', 'sale'),
            ])
        return [('id', 'in', due.order_id.ids), ('order_line', 'any', [('id', 'in', due.ids), (
            'reminded_on', '=', False)])]

    # === WHAT IS DUE ===#

    def _tell_due(self):
        """Send confirmations and dates of these orders, and leave to the salesperson what cannot be sent."""
        with control_acting(self.env):
            self.write({'notice_due': False})
        self.flush_recordset()
        orders = self._get_promise_controlled()
        silent = orders._get_unreachable()
        fresh = (orders - silent).filtered(
            lambda order: order.company_id.order_confirmation_auto
            and order._get_confirmation_state() in ('due', 'outdated') and not order._get_undated_lines())
        fresh -= fresh.browse(order.id for order in fresh._get_confirmation_obstacles())
        fresh._send_confirmations(automatic=True)
        news = orders.order_line._filter_tellable('to_tell').order_id
        news = news.filtered(lambda order: order.company_id.delivery_reply_auto)
        (news - silent)._tell_dates(automatic=True)
        (news & silent)._ask_to_tell()

    def _remind(self):
        """Remind the customers of these orders once of the dates they have not answered."""
        today = self._get_control_today()
        due = self.order_line.filtered(
            lambda line: line.reply_state == 'asked' and not line.reminded_on and line.replied_on
            and line.replied_on <= today - timedelta(days=line.company_id.delivery_reminder_days))
        with control_acting(self.env):
            # Also of what cannot be sent or is over: it is not looked at every night.
            due.write({'reminded_on': today})
        self.flush_recordset()
        orders = due._filter_tellable('asked').order_id._get_promise_controlled()
        silent = orders._get_unreachable()
        told = orders - silent
        told._record_notices(
            'reminder', due.filtered(lambda line: line.order_id in told)._get_open_promises(), automatic=True)
        if told:
            told._send_notices('sale_order_control.mail_template_delivery_reminder')
        silent._ask_to_tell()
