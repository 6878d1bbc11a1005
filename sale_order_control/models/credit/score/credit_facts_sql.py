"""The statements behind the scorecard: what the books of a period say of any number of customers.

Each reads the documents of the period asked for through the indexes on the contacts; amounts are in the
currency of the company, as booked.
"""

_PARTY = """
    party AS MATERIALIZED (
        SELECT id, commercial_partner_id AS owner FROM res_partner WHERE commercial_partner_id IN %(partners)s
    ),
    company AS MATERIALIZED (
        SELECT id FROM res_company WHERE parent_path LIKE %(company_path)s
    )"""

# Credit notes lower what was sold. "Untaxed" is revenue; "total" is what customers come to owe, taxes included.
SALES_QUERY = "WITH" + _PARTY + """
    SELECT party.owner, SUM(move.amount_untaxed_signed), SUM(move.amount_total_signed)
      FROM party
      JOIN account_move move ON move.partner_id = party.id
     WHERE move.state = 'posted' AND move.move_type IN ('out_invoice', 'out_receipt', 'out_refund')
       AND move.company_id IN (SELECT id FROM company)
       AND move.invoice_date > %(since)s AND move.invoice_date <= %(today)s
     GROUP BY party.owner"""

# A customer is one since the first invoice or confirmed order.
FIRST_SALE_QUERY = "WITH" + _PARTY + """
    SELECT owner, MIN(day) FROM (
        SELECT party.owner, MIN(move.invoice_date) AS day
          FROM party
          JOIN account_move move ON move.partner_id = party.id
         WHERE move.state = 'posted' AND move.move_type IN ('out_invoice', 'out_receipt')
           AND move.company_id IN (SELECT id FROM company)
         GROUP BY party.owner
        UNION ALL
        SELECT party.owner, MIN(so.date_order)::date
          FROM party
          JOIN sale_order so ON so.partner_invoice_id = party.id
         WHERE so.state = 'sale' AND so.company_id IN (SELECT id FROM company)
         GROUP BY party.owner) AS found
     WHERE day <= %(today)s
     GROUP BY owner"""

# Every payment that was matched with an invoice, instalment by instalment. Who pays early does not make up for
# paying late elsewhere. Credit notes are no payments, nor are the differences that exchange rates leave.
LATENESS_QUERY = "WITH" + _PARTY + """
    SELECT party.owner,
           SUM(match.amount * GREATEST(0, credit.date - COALESCE(debit.date_maturity, debit.date)))
               / SUM(match.amount),
           SUM(match.amount)
      FROM party
      JOIN account_move_line credit ON credit.partner_id = party.id
      JOIN account_account account ON account.id = credit.account_id
      JOIN account_move paying ON paying.id = credit.move_id
      JOIN account_partial_reconcile match ON match.credit_move_id = credit.id
      JOIN account_move_line debit ON debit.id = match.debit_move_id
      JOIN account_move invoice ON invoice.id = debit.move_id
     WHERE credit.date > %(since)s AND credit.date <= %(today)s
       AND credit.parent_state = 'posted' AND account.account_type = 'asset_receivable'
       AND credit.company_id IN (SELECT id FROM company)
       AND paying.move_type = 'entry' AND invoice.move_type IN ('out_invoice', 'out_receipt')
       AND NOT EXISTS (SELECT FROM account_partial_reconcile other WHERE other.exchange_move_id = paying.id)
     GROUP BY party.owner
    HAVING SUM(match.amount) > 0"""

# Of what customers ordered in the period and got, the share that came back: of each line as much of its value as
# of its quantity, kits by their components. Each order is weighed at its own exchange rate.
RETURNS_QUERY = "WITH" + _PARTY + """,
    line AS MATERIALIZED (
        SELECT party.owner, sol.id,
               sol.price_subtotal / COALESCE(NULLIF(so.currency_rate, 0), 1) AS value
          FROM party
          JOIN sale_order so ON so.partner_invoice_id = party.id
          JOIN sale_order_line sol ON sol.order_id = so.id
         WHERE so.state = 'sale' AND so.company_id IN (SELECT id FROM company)
           AND so.date_order::date > %(since)s AND so.date_order::date <= %(today)s
           AND sol.display_type IS NULL AND sol.price_subtotal > 0 AND sol.qty_delivered_method = 'stock_move'
    ),
    moved AS MATERIALIZED (
        SELECT line.id,
               SUM(sm.quantity * unit.factor) FILTER (WHERE target.usage = 'customer') AS gone,
               SUM(sm.quantity * unit.factor) FILTER (WHERE source.usage = 'customer') AS back
          FROM line
          JOIN stock_move sm ON sm.sale_line_id = line.id
          JOIN uom_uom unit ON unit.id = sm.product_uom
          JOIN stock_location source ON source.id = sm.location_id
          JOIN stock_location target ON target.id = sm.location_dest_id
         WHERE sm.state = 'done' AND (target.usage = 'customer') <> (source.usage = 'customer')
           AND sm.date::date <= %(today)s
         GROUP BY line.id
    )
    SELECT line.owner, SUM(line.value * LEAST(1, COALESCE(moved.back, 0) / moved.gone)), SUM(line.value)
      FROM line
      JOIN moved ON moved.id = line.id
     WHERE moved.gone > 0
     GROUP BY line.owner"""
