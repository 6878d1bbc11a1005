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

    def _get_last_statement(self, statement):
        """Return the account's statement before another one, in sudo."""
        self.ensure_one()
        return self.env['credit.statement'].sudo().search([
            ('account_id', '=', self.id), ('state', '!=', 'cancel'), ('id', '!=', statement.id),
            ('date_to', '<', statement.date_from)], order='date_to desc', limit=1)

    def _has_later_statement(self, statement):
        self.ensure_one()
        return bool(self.env['credit.statement'].sudo().search_count([
            ('account_id', '=', self.id), ('state', '!=', 'cancel'), ('date_from', '>', statement.date_to)], limit=1))

    # === BOOKS ===#

    def _get_receivable_domain(self):
        self.ensure_one()
        return [
            ('parent_state', '=', 'posted'), ('account_id.account_type', '=', 'asset_receivable'),
            ('partner_id.commercial_partner_id', '=', self.partner_id.id),
            ('company_id', 'child_of', self.company_id.id),
        ]

    def _get_book_balance(self, date, before=False):
        """Return what the customer owes by the books at the end of a day, or at its beginning."""
        self.ensure_one()
        domain = [*self._get_receivable_domain(), ('date', '<' if before else '<=', date)]
        [[balance]] = self.env['account.move.line'].sudo()._read_group(domain, [], ['balance:sum'])
        return self.currency_id.round(balance or 0.0)

    def _get_statement_documents(self, statement, previous):
        """Return the entries of a cycle that no other statement has, each with its effect on the balance.

        :param credit.statement previous: the statement before; what was booked late into its time comes on this one
        :return: list of values of ``credit.statement.line``
        """
        self.ensure_one()
        domain = [*self._get_receivable_domain(), ('date', '<=', statement.date_to)]
        if not previous:
            domain.append(('date', '>=', statement.date_from))
        groups = self.env['account.move.line'].sudo()._read_group(domain, ['move_id'], ['balance:sum'])
        taken = self.env['credit.statement.line'].sudo()._read_group([
            ('statement_id.account_id', '=', self.id), ('statement_id.state', '!=', 'cancel'),
            ('statement_id', '!=', statement.id), ('move_id', 'in', [move.id for move, _balance in groups]),
        ], ['move_id'])
        taken = {move.id for [move] in taken}
        if previous:
            # What was in the balance before the first statement is on none, and must not come again.
            first = self.env['credit.statement'].sudo().search(
                [('account_id', '=', self.id), ('state', '!=', 'cancel')], order='date_from', limit=1)
            taken.update(move.id for move, _balance in groups if move.date < first.date_from)
        found = [(move, balance) for move, balance in groups if move.id not in taken]
        found.sort(key=lambda pair: (pair[0].date, pair[0].id))
        return [self._prepare_statement_document(move, balance) for move, balance in found]

    @api.model
    def _prepare_statement_document(self, move, balance):
        kind = {'out_invoice': 'invoice', 'out_receipt': 'invoice', 'out_refund': 'credit_note'}.get(move.move_type)
        if not kind:
            kind = 'payment' if move.origin_payment_id or move.statement_line_id else 'other'
        orders = move.line_ids.sale_line_ids.order_id
        return {
            'move_id': move.id, 'kind': kind, 'date': move.date, 'name': move.name or move.ref or "/",
            'orders': ", ".join(orders.mapped('name')), 'amount': balance,
            'residual': move.amount_residual_signed if kind in ('invoice', 'credit_note') else 0.0,
        }

    def _get_statement_orders(self, start, end):
        """Return what was delivered and invoiced of each order from one day to another.

        :return: list of values of ``credit.statement.order``
        """
        self.ensure_one()
        values = defaultdict(lambda: {'delivered': 0.0, 'invoiced': 0.0})
        mine = [('order_id.partner_invoice_id.commercial_partner_id', '=', self.partner_id.id),
                ('company_id', 'child_of', self.company_id.id)]
        lines = self.env['sale.order.line'].sudo()
        moves = self.env['stock.move'].sudo().search([
            ('state', '=', 'done'), ('date', '>=', start), ('date', '<', end + timedelta(days=1)),
            ('sale_line_id', 'in', lines._search(mine))])
        for move in moves:
            sign = (move.location_dest_id.usage == 'customer') - (move.location_id.usage == 'customer')
            line = move.sale_line_id
            if not sign or not line.product_uom_qty or move.product_id != line.product_id:
                continue
            quantity = move.product_uom._compute_quantity(move.quantity, line.product_uom_id, round=False)
            values[line.order_id]['delivered'] += self._convert_document(
                sign * quantity * line.price_total / line.product_uom_qty, line.currency_id, move.date.date())
        items = self.env['account.move.line'].sudo().search([
            ('parent_state', '=', 'posted'), ('date', '>=', start), ('date', '<=', end),
            ('move_id.move_type', 'in', ('out_invoice', 'out_receipt', 'out_refund')),
            ('sale_line_ids', 'in', lines._search(mine))])
        for item in items:
            sign = -1 if item.move_id.move_type == 'out_refund' else 1
            values[item.sale_line_ids.order_id[:1]]['invoiced'] += self._convert_document(
                sign * item.price_total, item.currency_id, item.date)
        return [
            {'order_id': order.id, 'name': order.name, 'client_order_ref': order.client_order_ref,
             **{name: self.currency_id.round(amount) for name, amount in found.items()}}
            for order, found in sorted(values.items(), key=lambda pair: pair[0].id)
        ]

    def _convert_document(self, amount, currency, date):
        return currency._convert(amount, self.currency_id, self.company_id, date, round=False)

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
