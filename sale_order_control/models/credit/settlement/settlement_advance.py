"""What was paid in advance for an order: every unit of money counts for one order only."""

from collections import defaultdict

from odoo import fields, models
from odoo.tools import SQL

# Money that came for an order, by the document that shows it, in the document's currency:
# - what is settled of its posted invoices, its share of them by line; a credit note takes back all of its amount;
# - receivable items that settle nothing yet, of payments by its own online transactions, or assigned to it;
# - online transactions that made no journal entry. One that pays several orders counts for none of them.
ADVANCE_QUERY = """
    WITH wanted AS (
        SELECT unnest(%(orders)s::int[]) AS id
    ),
    invoiced AS (
        SELECT DISTINCT sol.order_id, aml.id AS line_id, aml.move_id, aml.price_total
          FROM wanted
          JOIN sale_order_line sol ON sol.order_id = wanted.id
          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = sol.id
          JOIN account_move_line aml ON aml.id = rel.invoice_line_id
    ),
    shared AS (
        SELECT invoiced.line_id, COUNT(DISTINCT sol.order_id) AS orders
          FROM (SELECT DISTINCT line_id FROM invoiced) invoiced
          JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = invoiced.line_id
          JOIN sale_order_line sol ON sol.id = rel.order_line_id
         GROUP BY invoiced.line_id
    ),
    online AS (
        SELECT DISTINCT wanted.id AS order_id, tx.id, tx.payment_id, tx.amount, tx.currency_id,
               tx.last_state_change::date AS day
          FROM wanted
          JOIN sale_order_transaction_rel rel ON rel.sale_order_id = wanted.id
          JOIN payment_transaction tx ON tx.id = rel.transaction_id OR tx.source_transaction_id = rel.transaction_id
         WHERE tx.state = 'done' AND tx.operation <> 'validation'
           AND NOT EXISTS (SELECT 1 FROM sale_order_transaction_rel other
                            WHERE other.transaction_id = rel.transaction_id AND other.sale_order_id <> wanted.id)
    )
    SELECT invoiced.order_id, move.currency_id, move.date,
           SUM(invoiced.price_total / shared.orders * CASE
               WHEN move.move_type = 'out_refund' THEN -1
               WHEN move.amount_total = 0 THEN 0
               ELSE (move.amount_total - move.amount_residual) / move.amount_total END) AS amount
      FROM invoiced
      JOIN shared ON shared.line_id = invoiced.line_id
      JOIN account_move move ON move.id = invoiced.move_id
     WHERE move.state = 'posted' AND move.move_type IN ('out_invoice', 'out_receipt', 'out_refund')
     GROUP BY invoiced.order_id, move.currency_id, move.date
     UNION ALL
    SELECT item.order_id, aml.currency_id, aml.date, -SUM(aml.amount_residual_currency)
      FROM (SELECT aml.id, wanted.id AS order_id
              FROM wanted JOIN account_move_line aml ON aml.advance_order_id = wanted.id
             UNION
            SELECT aml.id, online.order_id
              FROM online JOIN account_move_line aml ON aml.payment_id = online.payment_id
             WHERE aml.advance_order_id IS NULL) item
      JOIN account_move_line aml ON aml.id = item.id
      JOIN account_account account ON account.id = aml.account_id
     WHERE aml.parent_state = 'posted' AND account.account_type = 'asset_receivable'
     GROUP BY item.order_id, aml.currency_id, aml.date
     UNION ALL
    SELECT online.order_id, online.currency_id, online.day, SUM(online.amount)
      FROM online
      LEFT JOIN account_payment payment ON payment.id = online.payment_id
     WHERE payment.id IS NULL OR payment.move_id IS NULL AND payment.state = 'in_process'
     GROUP BY online.order_id, online.currency_id, online.day
"""

_READ_FIELDS = {
    'account.move': ['state', 'move_type', 'amount_total', 'amount_residual', 'currency_id', 'date'],
    'account.move.line': [
        'sale_line_ids', 'price_total', 'move_id', 'advance_order_id', 'payment_id', 'account_id', 'parent_state',
        'amount_residual_currency', 'currency_id', 'date',
    ],
    'account.payment': ['move_id', 'state'],
    'payment.transaction': [
        'state', 'amount', 'payment_id', 'sale_order_ids', 'source_transaction_id', 'operation', 'currency_id',
        'last_state_change',
    ],
    'sale.order.line': ['order_id'],
}


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    advance_order_id = fields.Many2one(
        'sale.order', string="Paid in Advance For", readonly=True, copy=False, index='btree_not_null',
        ondelete='set null', groups='account.group_account_readonly,account.group_account_invoice',
        help="The order for which this payment counts as paid in advance as long as it settles no invoice.")


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    def _get_advance_received(self):
        """Work out what was paid for these orders so far.

        Foreign documents are converted at the rate of their own day: what was paid does not change later.

        :return: ``{order_id: amount}`` in the currency of each order, negative if more went back than came
        """
        received = defaultdict(float)
        if not self:
            return received
        for name, field_names in _READ_FIELDS.items():
            self.env[name].flush_model(field_names)
        rows = self.env.execute_query(SQL(ADVANCE_QUERY, orders=list(self.ids)))
        orders = {order.id: order for order in self.sudo()}
        currencies = self.env['res.currency'].browse({row[1] for row in rows})
        by_id = {currency.id: currency for currency in currencies}
        for order_id, currency_id, day, amount in rows:
            order = orders[order_id]
            received[order_id] += by_id[currency_id]._convert(
                float(amount), order.currency_id, order.company_id, day or self._get_control_today(), round=False)
        return {order.id: order.currency_id.round(received[order.id]) for order in self.sudo()}
