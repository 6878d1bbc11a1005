"""The statement behind the exposure, part by part.

Every part starts from the contacts of the customers asked for and reads open documents through the
partial indexes of ``credit_indexes.py``: cost follows what is open, not history.
"""

# Contacts of the customers: documents may be addressed to any of them.
_PARTY = """
    party AS MATERIALIZED (
        SELECT id, commercial_partner_id AS owner FROM res_partner WHERE commercial_partner_id IN %(partners)s
    ),
    company AS MATERIALIZED (
        SELECT id FROM res_company WHERE parent_path LIKE %(company_path)s
    )"""

# Posted items that are not settled; unmatched payments and credit notes are negative ones.
_ITEM = """
    item AS MATERIALIZED (
        SELECT party.owner, aml.id, aml.move_name, aml.amount_residual AS amount,
               COALESCE(aml.date_maturity, aml.date) AS due, dispute.id IS NOT NULL AS is_disputed
          FROM party
          JOIN account_move_line aml ON aml.partner_id = party.id
          JOIN account_account account ON account.id = aml.account_id
          LEFT JOIN credit_dispute dispute ON dispute.move_id = aml.move_id AND dispute.closed_on IS NULL
         WHERE aml.parent_state = 'posted' AND aml.amount_residual <> 0
           AND account.account_type = 'asset_receivable'
           AND aml.company_id IN (SELECT id FROM company)
    )"""

# What was paid without saying for what settles the oldest items first. What the customer rightly or
# wrongly disputes is owed, hence exposure, but nobody calls it late while the dispute lasts.
_OVERDUE = """
    aged AS MATERIALIZED (
        SELECT owner, amount, due,
               SUM(amount) OVER (PARTITION BY owner ORDER BY due, id) AS cumulated,
               (SELECT COALESCE(SUM(credit.amount), 0) FROM item credit
                 WHERE credit.owner = item.owner AND credit.amount < 0) AS paid
          FROM item
         WHERE amount > 0 AND due < %(today)s AND NOT is_disputed
    ),
    overdue AS MATERIALIZED (
        SELECT owner, GREATEST(0, SUM(amount) + MIN(paid)) AS amount,
               MIN(due) FILTER (WHERE cumulated + paid > 0.000001) AS since
          FROM aged GROUP BY owner
    )"""

# A draft credit note is a wish; a draft invoice is a debt whose number is missing.
_DRAFT = """
    draft AS MATERIALIZED (
        SELECT party.owner, SUM(GREATEST(0, move.amount_total_signed)) AS amount
          FROM party
          JOIN account_move move ON move.partner_id = party.id
         WHERE move.state = 'draft' AND move.move_type IN ('out_invoice', 'out_receipt')
           AND move.company_id IN (SELECT id FROM company)
         GROUP BY party.owner
    )"""

# Orders that may still be delivered or invoiced. Odoo leaves down payments out of an order's invoice
# status, and any line can be flagged as one, hence the second branch. The third one finds what a
# cancelled or reopened order left behind: goods that are still at the customer, advances kept.
_ORDER = """
    open_order AS MATERIALIZED (
        SELECT so.id, party.owner, so.currency_id, so.amount_total
          FROM party
          JOIN sale_order so ON so.partner_invoice_id = party.id
         WHERE so.state = 'sale' AND so.invoice_status IN ('no', 'to invoice')
           AND so.company_id IN (SELECT id FROM company)
        UNION
        SELECT so.id, party.owner, so.currency_id, so.amount_total
          FROM sale_order_line sol
          JOIN sale_order so ON so.id = sol.order_id
          JOIN party ON party.id = so.partner_invoice_id
         WHERE sol.is_downpayment AND sol.state = 'sale' AND sol.invoice_status IN ('no', 'to invoice')
           AND sol.display_type IS NULL
           AND so.company_id IN (SELECT id FROM company)
        UNION
        SELECT so.id, party.owner, so.currency_id, so.amount_total
          FROM sale_order_line sol
          JOIN sale_order so ON so.id = sol.order_id
          JOIN party ON party.id = so.partner_invoice_id
         WHERE sol.state <> 'sale' AND sol.display_type IS NULL
           AND (sol.qty_delivered > sol.qty_invoiced OR sol.is_downpayment AND sol.qty_invoiced > 0)
           AND so.company_id IN (SELECT id FROM company)
    ),
    rate AS MATERIALIZED (
        SELECT used.id, COALESCE(
                (SELECT r.rate FROM res_currency_rate r
                  WHERE r.currency_id = used.id AND r.name <= %(today)s
                    AND (r.company_id IS NULL OR r.company_id = %(root)s)
                  ORDER BY r.company_id, r.name DESC LIMIT 1),
                (SELECT r.rate FROM res_currency_rate r
                  WHERE r.currency_id = used.id AND (r.company_id IS NULL OR r.company_id = %(root)s)
                  ORDER BY r.company_id, r.name LIMIT 1),
                1.0) AS rate
          FROM (SELECT currency_id AS id FROM open_order UNION SELECT %(currency)s) AS used
    )"""

# The lines that may still be delivered or invoiced, with the price of a unit, taxes included. Odoo
# totals an order otherwise than line by line (rounding, taxes on an early payment discount): "share"
# brings the lines to the order's own total. Of an order that is not confirmed only goods are left.
_LINE = """
    part_of_order AS MATERIALIZED (
        SELECT open_order.owner, open_order.id AS order_id, open_order.currency_id, open_order.amount_total,
               SUM(sol.price_total) OVER (PARTITION BY open_order.id) AS lines_total,
               sol.id, sol.product_id, sol.product_uom_id,
               sol.product_uom_qty AS ordered, sol.qty_delivered AS delivered,
               sol.price_total, sol.price_unit, sol.discount, sol.is_downpayment, sol.invoice_status,
               sol.state = 'sale' AS is_live, sol.qty_delivered_method = 'stock_move' AS by_transfer
          FROM open_order
          JOIN sale_order_line sol ON sol.order_id = open_order.id
         WHERE sol.display_type IS NULL
    ),
    line AS MATERIALIZED (
        SELECT part.owner, part.order_id, part.currency_id, part.id, part.product_id, part.ordered, part.delivered,
               part.is_live, part.by_transfer, COALESCE(unit.factor, 1) AS factor,
               part.is_downpayment AND part.ordered = 0 AND part.delivered = 0 AS is_advance,
               template.invoice_policy AS policy,
               CASE WHEN part.ordered <> 0 THEN part.price_total / part.ordered * CASE
                        WHEN part.amount_total BETWEEN 0.5 * part.lines_total AND 1.5 * part.lines_total
                             AND part.lines_total > 0
                        THEN part.amount_total / part.lines_total ELSE 1 END
                    WHEN part.delivered = 0 THEN 0
                    -- A product that the warehouse added: Odoo keeps no total of a line without quantity.
                    ELSE part.price_unit * (1 - part.discount / 100) * (1 + COALESCE(added.percent, 0) / 100)
                         + COALESCE(added.fixed, 0)
               END AS price
          FROM part_of_order part
          LEFT JOIN uom_uom unit ON unit.id = part.product_uom_id
          LEFT JOIN product_product product ON product.id = part.product_id
          LEFT JOIN product_template template ON template.id = product.product_tmpl_id
          LEFT JOIN LATERAL (
               SELECT SUM(tax.amount) FILTER (WHERE tax.amount_type = 'percent') AS percent,
                      SUM(tax.amount) FILTER (WHERE tax.amount_type = 'fixed') AS fixed
                 FROM account_tax_sale_order_line_rel rel
                 JOIN account_tax given ON given.id = rel.account_tax_id
                 LEFT JOIN account_tax_filiation_rel filiation
                   ON filiation.parent_tax = given.id AND given.amount_type = 'group'
                 JOIN account_tax tax ON tax.id = COALESCE(filiation.child_tax, given.id)
                WHERE rel.sale_order_line_id = part.id
                  AND NOT COALESCE(tax.price_include_override = 'tax_included', %(price_include)s)
               ) added ON part.ordered = 0 AND part.delivered <> 0
           -- While an advance is on a draft invoice only, Odoo already calls its line invoiced.
         WHERE part.is_downpayment OR part.invoice_status IS DISTINCT FROM 'invoiced'
    )"""

# What invoices and posted credit notes say of a line, in its unit of measure; "amount" in the
# company's currency. An invoice that was wholly reversed never was, and nor was its credit note.
_INVOICED = """
    entry AS MATERIALIZED (
        SELECT line.id, line.factor, aml.price_total / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1) AS amount,
               aml.quantity * COALESCE(unit.factor, 1) AS quantity, move.move_type = 'out_refund' AS is_credit,
               COALESCE(CASE WHEN move.move_type = 'out_refund' THEN origin.payment_state
                             ELSE move.payment_state END = 'reversed', FALSE) AS is_reversed
          FROM line
          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
          JOIN account_move_line aml ON aml.id = rel.invoice_line_id
          JOIN account_move move ON move.id = aml.move_id
          LEFT JOIN account_move origin ON origin.id = move.reversed_entry_id
          LEFT JOIN uom_uom unit ON unit.id = aml.product_uom_id
         WHERE move.move_type IN ('out_invoice', 'out_receipt')
               AND (move.state <> 'cancel' OR move.payment_state = 'invoicing_legacy')
               OR move.move_type = 'out_refund' AND move.state = 'posted'
    ),
    invoiced AS MATERIALIZED (
        SELECT id,
               SUM(quantity / factor) FILTER (WHERE NOT is_credit AND NOT is_reversed) AS billed,
               SUM(quantity / factor) FILTER (WHERE is_credit AND NOT is_reversed) AS credited,
               SUM(CASE WHEN is_credit THEN -amount ELSE amount END) AS amount
          FROM entry GROUP BY id
    )"""

# What transfers say of a line, in its unit of measure: still to come, ever asked for (dropped
# backorders and cancelled transfers included), come back. Of a chain of transfers only the last
# one so far counts.
_MOVED = """
    transfer AS MATERIALIZED (
        SELECT line.id, line.factor, sm.state, sm.product_uom_qty * unit.factor AS asked,
               sm.quantity * unit.factor AS quantity, sm.product_id <> line.product_id AS is_kit,
               -- What replaces goods that came back without being taken off the order is no new delivery.
               (sm.origin_returned_move_id IS NULL OR COALESCE(sm.to_refund, FALSE))
               AND source.usage <> 'customer' AND (
                   target.usage = 'customer' OR target.usage = 'transit' AND target.company_id IS NULL
                   OR final.usage = 'customer' AND NOT EXISTS (
                       SELECT FROM stock_move_move_rel chain WHERE chain.move_orig_id = sm.id)
               ) AS goes,
               source.usage = 'customer' AND target.usage <> 'customer' AND COALESCE(sm.to_refund, FALSE) AS returns
          FROM line
          JOIN stock_move sm ON sm.sale_line_id = line.id
          JOIN uom_uom unit ON unit.id = sm.product_uom
          JOIN stock_location source ON source.id = sm.location_id
          JOIN stock_location target ON target.id = sm.location_dest_id
          LEFT JOIN stock_location final ON final.id = sm.location_final_id
         WHERE line.by_transfer
    ),
    moved AS MATERIALIZED (
        SELECT id,
               SUM(asked / factor) FILTER (WHERE goes AND state NOT IN ('done', 'cancel')) AS coming,
               SUM(GREATEST(asked, CASE WHEN state = 'done' THEN quantity END) / factor)
                   FILTER (WHERE goes) AS asked,
               SUM(asked / factor) FILTER (WHERE returns AND state NOT IN ('done', 'cancel')) AS coming_back,
               SUM(quantity / factor) FILTER (WHERE returns AND state = 'done') AS returned,
               BOOL_OR(is_kit) AS is_kit
          FROM transfer GROUP BY id
    )"""

# How much of each line will be owed in the end, and how much of that is on no invoice yet.
_GOODS = """
    known AS MATERIALIZED (
        SELECT line.*, COALESCE(billed, 0) AS billed, COALESCE(credited, 0) AS credited,
               COALESCE(amount, 0) AS paid_ahead,
               COALESCE(coming, 0) AS coming, COALESCE(coming_back, 0) AS coming_back,
               COALESCE(asked, 0) AS asked, COALESCE(returned, 0) AS returned,
               COALESCE(is_kit, FALSE) AS is_kit
          FROM line
          LEFT JOIN invoiced ON invoiced.id = line.id
          LEFT JOIN moved ON moved.id = line.id
    ),
    outcome AS MATERIALIZED (
        SELECT known.*,
               CASE WHEN NOT is_live THEN CASE WHEN by_transfer THEN GREATEST(0, delivered) ELSE 0 END
                    WHEN NOT by_transfer THEN GREATEST(ordered, delivered)
                    WHEN is_kit THEN CASE WHEN coming > 0 THEN GREATEST(ordered, delivered) ELSE delivered END
                    -- Beyond what transfers were made for, nobody has dropped anything yet. In an
                    -- exchange the new goods may be on their way before the old ones are back.
                    ELSE GREATEST(LEAST(ordered, delivered + coming), delivered + coming - coming_back)
                         + GREATEST(0, ordered - asked)
               END AS final_quantity
          FROM known
    ),
    expected AS MATERIALIZED (
        SELECT outcome.*,
               CASE WHEN NOT is_live THEN final_quantity
                    WHEN ordered < 0 THEN ordered
                    -- Goods sent beyond the order count until the order is invoiced: by then the
                    -- company has said what it charges. Work beyond the order was its own risk.
                    WHEN policy = 'order' AND NOT (by_transfer AND billed - LEAST(credited, returned) < ordered)
                    THEN LEAST(ordered, final_quantity)
                    ELSE final_quantity END AS quantity,
               -- A credit note gives a quantity back only if the goods came back too; else it was an allowance.
               CASE WHEN ordered < 0 AND is_live THEN billed - credited
                    ELSE billed - LEAST(credited, returned) END AS settled
          FROM outcome
    ),
    goods AS MATERIALIZED (
        SELECT expected.owner, expected.order_id,
               SUM(price * CASE WHEN ordered < 0 AND is_live THEN LEAST(0, quantity - settled)
                                ELSE GREATEST(0, LEAST(quantity, delivered) - settled) END
                   / rate.rate * home.rate) AS to_invoice,
               SUM(price * CASE WHEN ordered < 0 AND is_live THEN 0
                                ELSE GREATEST(0, quantity - settled)
                                     - GREATEST(0, LEAST(quantity, delivered) - settled) END
                   / rate.rate * home.rate) AS to_deliver,
               SUM(CASE WHEN is_advance THEN paid_ahead ELSE 0 END) AS advance
          FROM expected
          JOIN rate ON rate.id = expected.currency_id
          JOIN rate home ON home.id = %(currency)s
         GROUP BY expected.owner, expected.order_id
    ),
    -- An order never lowers what the customer owes for others; what was paid in advance does.
    owed AS MATERIALIZED (
        SELECT owner, order_id, advance,
               CASE WHEN to_invoice + to_deliver <= 0 THEN 0
                    WHEN to_deliver < 0 THEN to_invoice + to_deliver
                    WHEN to_invoice < 0 THEN 0 ELSE to_invoice END AS to_invoice,
               CASE WHEN to_invoice + to_deliver <= 0 OR to_deliver < 0 THEN 0
                    WHEN to_invoice < 0 THEN to_invoice + to_deliver ELSE to_deliver END AS to_deliver
          FROM goods
    )"""

_SUM = """
    part AS MATERIALIZED (
        SELECT owner, NULL::int AS order_id, SUM(amount) AS receivable, 0 AS draft, 0 AS to_invoice,
               0 AS to_deliver, 0 AS overdue, NULL::date AS since,
               SUM(GREATEST(0, amount)) FILTER (WHERE is_disputed) AS disputed,
               (ARRAY_AGG(move_name ORDER BY due, id) FILTER (WHERE amount > 0 AND NOT is_disputed))[1] AS oldest
          FROM item GROUP BY owner
        UNION ALL
        SELECT owner, NULL, 0, amount, 0, 0, 0, NULL, 0, NULL FROM draft
        UNION ALL
        SELECT owner, NULL, 0, 0, 0, 0, amount, since, 0, NULL FROM overdue
        UNION ALL
        SELECT owner, CASE WHEN order_id = ANY(%(apart)s::int[]) THEN order_id END, 0, 0,
               to_invoice - (advance - LEAST(advance, to_deliver)), to_deliver - LEAST(advance, to_deliver),
               0, NULL, 0, NULL
          FROM owed
    )
    SELECT owner, order_id, SUM(receivable), SUM(draft), SUM(to_invoice), SUM(to_deliver), SUM(overdue), MIN(since),
           COALESCE(SUM(disputed), 0), MAX(oldest)
      FROM part GROUP BY owner, order_id"""

# All parts are materialised: the planner would otherwise weigh thirty joins at
# once, which takes longer than reading the rows.
EXPOSURE_PARTS = (_PARTY, _ITEM, _OVERDUE, _DRAFT, _ORDER, _LINE, _INVOICED, _MOVED, _GOODS)

EXPOSURE_QUERY = "WITH" + ",".join((*EXPOSURE_PARTS, _SUM))
