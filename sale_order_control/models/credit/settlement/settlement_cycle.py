"""The settlement cycle of a customer, and what of the books belongs to it."""

from collections import defaultdict
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..account.credit_nightly import NightlyStep


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    settlement_day = fields.Integer(
        tracking=True, copy=False,
        help="Last day of the customer's monthly cycle. 0 is the last day of the month, and so is a day that a month "
             "does not have.")
    statement_ids = fields.One2many('credit.statement', 'account_id', string="Statements", readonly=True)

    @api.constrains('settlement_day')
    def _check_settlement_day(self):
        if self.filtered(lambda account: not 0 <= account.settlement_day <= 31):
            raise ValidationError(self.env._("The settlement day is a day of the month: 1 to 31, or 0 for its end."))

    # === CYCLE ===#

    def _get_closing_day(self, date):
        """Return the last day of the cycle that ends in the month of a date."""
        self.ensure_one()
        return date + relativedelta(day=self.settlement_day or 31)

    def _get_last_cycle(self, today):
        """Return first and last day of the latest cycle that is over."""
        self.ensure_one()
        end = self._get_closing_day(today)
        if end >= today:
            end = self._get_closing_day(today + relativedelta(months=-1, day=1))
        return self._get_closing_day(end + relativedelta(months=-1, day=1)) + timedelta(days=1), end

    def _has_later_statement(self, statement):
        self.ensure_one()
        return bool(self.env['credit.statement'].sudo().search_count([
            ('account_id', '=', self.id), ('state', '!=', 'cancel'), ('date_from', '>', statement.date_to)], limit=1))

    # === MAKING ===#

    def _make_statements(self, today):
        """Make the statement of the latest cycle of these accounts where there is none that touches it.

        :return: the new statements
        """
        statements = self.env['credit.statement']
        periods = {account.id: account._get_last_cycle(today) for account in self}
        existing = defaultdict(list)
        for statement in statements.sudo().search([('account_id', 'in', self.ids), ('state', '!=', 'cancel')]):
            existing[statement.account_id.id].append(statement.date_to)
        values = []
        for account in self:
            start, end = periods[account.id]
            last = max(existing[account.id], default=None)
            # After a change of the day the cycle begins where the last statement ended.
            start = max(start, last + timedelta(days=1)) if last else start
            if start <= end:
                values.append({'account_id': account.id, 'date_from': start, 'date_to': end})
        return statements.create(values)

    def action_make_statement(self):
        """Make the statement of the customer's latest cycle, or open what there is."""
        self.ensure_one()
        self.env['credit.statement'].check_access('create')
        self._make_statements(self.env['sale.order']._get_control_today())
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.credit_statement_action')
        return {**action, 'domain': [('account_id', '=', self.id)], 'context': {}}

    # === NIGHT ===#

    @api.model
    def _get_nightly_steps(self):
        return super()._get_nightly_steps() + [
            NightlyStep('statements', 80, self.env._("Make statements of account"), 'credit.account',
                        '_get_statements_due', '_run_statements_due'),
        ]

    @api.model
    def _get_statements_due(self, today):
        return [
            *self._get_nightly_company_domain(),
            '|', ('settlement_mode', '=', 'monthly'),
            '&', ('settlement_mode', '=', False), ('grade_id.settlement_mode', '=', 'monthly')]

    def _run_statements_due(self, today):
        self._make_statements(today)
