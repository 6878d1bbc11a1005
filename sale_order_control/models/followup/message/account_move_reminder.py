from odoo import models
from odoo.tools import format_amount, format_date


class AccountMove(models.Model):
    """What a payment reminder says: everything the customer has open, not just the invoice that made it due."""

    _inherit = 'account.move'

    def _get_reminder_due(self):
        """Return the day on which what the running reminder is about is due: an instalment, or the whole invoice.

        For mail templates; a mail that is written by hand is about the oldest open instalment.
        """
        self.ensure_one()
        told = self.env.context.get('followup_dates') or {}
        if self.id in told:
            return told[self.id]
        days = self.sudo().line_ids.filtered(
            lambda line: line.display_type == 'payment_term' and not line.reconciled and line.date_maturity)
        return min(days.mapped('date_maturity'), default=self.invoice_date_due)

    def _get_open_items(self):
        """Word what the customer of this invoice owes its company, oldest due date first: for mail templates.

        Instalments are rows of their own, credit notes and payments that are not assigned yet are negative ones.
        What the customer disputes is left out, and what is paid as soon as the bank says so.

        :return: ``(rows, totals)``; rows are dicts ``name, reference, due, days, overdue, amount``, totals are
            texts, one for each currency
        """
        self.ensure_one()
        move = self.sudo()
        lines = move.env['account.move.line'].search([
            ('partner_id.commercial_partner_id', '=', move.commercial_partner_id.id),
            ('company_id', '=', move.company_id.id), ('parent_state', '=', 'posted'), ('amount_residual', '!=', 0),
            ('account_id.account_type', '=', 'asset_receivable'),
        ], order='date_maturity, date, id')
        # Of a customer who promised to pay nobody asks for this: what is left is disputed or on its way.
        left_out = lines._get_reminder_objections()
        today = move.company_id._get_followup_today()
        rows, totals = [], {}
        for line in lines.filtered(lambda line: line.id not in left_out):
            due, currency = line.date_maturity or line.date, line.currency_id
            days = (today - due).days if line.amount_residual > 0 else 0
            number, count = line._get_instalment_number()
            rows.append({
                'name': f"{line.move_id.name} ({number}/{count})" if count > 1 else line.move_id.name,
                'reference': line.move_id.invoice_origin or line.move_id.ref or '',
                'due': format_date(self.env, due),
                'days': max(days, 0),
                'overdue': days > 0,
                'amount': format_amount(self.env, line.amount_residual_currency, currency),
            })
            totals[currency] = totals.get(currency, 0.0) + line.amount_residual_currency
        return rows, [format_amount(self.env, amount, currency) for currency, amount in totals.items()]
