"""What the night does with promises of payment: who collects is told once of each that was broken."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting
from ...order.control_words import word_days
from .credit_nightly import NightlyStep

PROMISE_TYPE = 'sale_order_control.mail_activity_type_payment_promise'


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    payment_promise_told = fields.Boolean(
        compute='_compute_payment_promise_told', store=True, copy=False,
        help="Who collects was told that the promise was broken; a new day is a new promise.")

    @api.depends('payment_promise_date')
    def _compute_payment_promise_told(self):
        self.payment_promise_told = False

    @api.model
    def _get_act_fields(self):
        return super()._get_act_fields() | {'payment_promise_told'}

    def write(self, vals):
        result = super().write(vals)
        if 'payment_promise_date' in vals:
            self.sudo().activity_feedback([PROMISE_TYPE], feedback=self.env._("The customer made another promise."))
        return result

    def _get_nightly_steps(self):
        return super()._get_nightly_steps() + [
            NightlyStep('promise_broken', 72, self.env._("Promises of payment that were broken"), 'credit.account',
                        '_due_broken_promise', '_run_broken_promise'),
        ]

    def _due_broken_promise(self, today):
        told = fields.Domain('activity_ids.activity_type_id', 'in', self.env.ref(PROMISE_TYPE).ids)
        broken = fields.Domain('payment_promise_broken', '=', True)
        return [*self._get_nightly_company_domain(),
                *(broken & fields.Domain('payment_promise_told', '=', False) | ~broken & told)]

    def _run_broken_promise(self, today):
        """Tell who collects of promises that were broken, and take back what is settled since.

        :raise UserError: where nobody is there to be told: the step reports it and tries again the next night
        """
        broken = self.filtered('payment_promise_broken')
        (self - broken).activity_feedback([PROMISE_TYPE], feedback=self.env._("Nothing is overdue any more."))
        for company, accounts in broken.filtered(lambda account: not account.payment_promise_told).grouped(
                'company_id').items():
            controllers = self._get_controllers(company)
            for account in accounts:
                collector = account.collector_id.filtered('active') or controllers[:1]
                if not collector:
                    raise UserError(self.env._(
                        "Promises of payment were broken, but %s has no credit controller who could be told.",
                        company.name))
                account._tell_broken_promise(collector, today)
            with control_acting(self.env):
                accounts.write({'payment_promise_told': True})

    def _tell_broken_promise(self, collector, today):
        self.ensure_one()
        money, day = self.currency_id.format, format_date(self.env, self.payment_promise_date)
        self.activity_schedule(
            PROMISE_TYPE, user_id=collector.id, date_deadline=today,
            summary=self.env._(
                "%(amount)s were promised for %(day)s", amount=money(self.payment_promise_amount), day=day,
            ) if self.payment_promise_amount else self.env._("Payment was promised for %s", day),
            note=self.env._(
                "%(customer)s still has %(amount)s overdue, the oldest for %(days)s. %(said)s",
                customer=self.partner_id.name, amount=money(self.overdue_amount), days=word_days(
                    self.env, self.overdue_days), said=self.payment_promise_note or "").strip())
