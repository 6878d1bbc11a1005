"""The part of the exposure statement about orders: what is delivered and not invoiced, and what is still to come.

It runs only for customers who have something open, with these variables of the function: ``contacts`` and
``owners`` (who may be invoiced, and for whom), ``open_orders``, ``payers``, ``currencies`` and ``totals`` (an
order per place), ``foreign_currencies`` and ``factors`` (what a unit of each is worth in the company's currency),
``at_customer`` and ``outside`` (locations), ``units`` and ``unit_factors``, ``prepaid`` and ``pledges`` (orders whose
goods stay here until all is paid, and what came for each).
"""

from .credit_exposure_rare_sql import ADDED_PRICE, INVOICE_POLICY
from .credit_pledged_sql import PLEDGED
from .credit_rate_sql import RATE

# Orders that may still be delivered or invoiced, into four variables.
OPEN_ORDERS = """
    SELECT ARRAY_AGG(id), ARRAY_AGG(partner_invoice_id), ARRAY_AGG(currency_id), ARRAY_AGG(amount_total::float8),
           BOOL_OR(settlement_mode = 'prepay' AND settlement_percent >= 100)
      INTO open_orders, payers, currencies, totals, some_prepaid
      FROM sale_order
     WHERE partner_invoice_id = ANY(contacts) AND state = 'sale' AND invoice_status IN ('no', 'to invoice')
       AND company_id = ANY(companies)"""

# Odoo leaves down payments out of an order's invoice status, and any line can be flagged as one. A cancelled
# or reopened order may have left something behind: goods that are still at the customer, advances kept.
# Both are rare, whoever the customer.
LEFT_OVER = """
    SELECT order_id FROM sale_order_line
     WHERE display_type IS NULL
       AND (is_downpayment AND state = 'sale' AND invoice_status IN ('no', 'to invoice')
            OR is_downpayment AND state <> 'sale' AND qty_invoiced > 0
            OR state <> 'sale' AND qty_delivered > qty_invoiced)"""

LEFT_OVER_ORDERS = """
    SELECT open_orders || ARRAY_AGG(id), payers || ARRAY_AGG(partner_invoice_id),
           currencies || ARRAY_AGG(currency_id), totals || ARRAY_AGG(amount_total::float8)
      INTO open_orders, payers, currencies, totals
      FROM sale_order
     WHERE id = ANY(left_over) AND id <> ALL(COALESCE(open_orders, '{}')) AND partner_invoice_id = ANY(contacts)
       AND company_id = ANY(companies)"""

# Orders that are paid in full before anything leaves put nothing at risk: what is still to come of them counts
# as far as it is paid, so that the money lends nothing to others. Whom a controller released from paying
# first gets goods on credit, and so does who gets them from a supplier: nobody stops those at our door.
PREPAID_ORDERS = f"""
    SELECT ARRAY_AGG(id), ARRAY_AGG(pledged) INTO prepaid, pledges
      FROM (
        SELECT so.id, COALESCE(({PLEDGED.format(order='so.id')}), 0) AS pledged
          FROM sale_order so
          JOIN res_company company ON company.id = so.company_id
          JOIN res_partner home ON home.id = company.partner_id
          JOIN res_company root ON root.id = given_root
         WHERE so.id = ANY(open_orders) AND so.settlement_mode = 'prepay' AND so.settlement_percent >= 100
           AND so.state = 'sale' AND root.control_credit = 'enforce' AND company.control_release = 'enforce'
           AND (company.control_go_live IS NULL OR company.control_go_live <= (
               so.create_date AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(NULLIF(home.tz, ''), 'UTC'))::date)
           AND NOT EXISTS (
               SELECT FROM sale_order_line sol
                 JOIN stock_move sm ON sm.sale_line_id = sol.id
                 JOIN stock_location source ON source.id = sm.location_id
                WHERE sol.order_id = so.id AND sm.state NOT IN ('done', 'cancel') AND source.usage = 'supplier')
           AND NOT EXISTS (
               SELECT FROM (SELECT result, until, figures FROM credit_decision
                             WHERE order_id = so.id AND result IN ('released', 'rejected', 'revoked')
                             ORDER BY id DESC LIMIT 1) latest
                WHERE latest.result = 'released' AND (latest.until IS NULL OR latest.until >= given_today)
                  AND (latest.figures->'settlement'->>'missing')::float8 > 0)
      ) ahead"""

FOREIGN_CURRENCIES = "SELECT DISTINCT id FROM UNNEST(currencies) AS used(id) WHERE id <> given_currency"

FACTORS = f"""
    SELECT (COALESCE({RATE.format(currency='given_currency', company='given_root')}, 1)
            / {RATE.format(currency='used.id', company='given_root')})::float8
      FROM UNNEST(foreign_currencies) WITH ORDINALITY AS used(id, place) ORDER BY place"""

# Where goods are at the customer, or on the way to another company that hands them over.
AT_CUSTOMER = "SELECT id FROM stock_location WHERE usage = 'customer'"
ON_THE_WAY = "SELECT id FROM stock_location WHERE usage = 'transit' AND company_id IS NULL"

UNITS = "SELECT ARRAY_AGG(id), ARRAY_AGG(factor::float8) INTO units, unit_factors FROM uom_uom"

_ORDER = """
    open_order AS MATERIALIZED (
        SELECT known.id, party.owner, amount_total,
               CASE WHEN currency_id = given_currency THEN 1
                    ELSE factors[ARRAY_POSITION(foreign_currencies, currency_id)] END AS currency_factor, currency_id
          FROM UNNEST(open_orders, payers, currencies, totals) AS known(id, payer, currency_id, amount_total)
          JOIN UNNEST(contacts, owners) AS party(id, owner) ON party.id = known.payer
    )"""

# Their lines, with the price of a unit, taxes included.
_LINE = f"""
    line AS MATERIALIZED (
        SELECT open_order.id AS order_id, sol.id, sol.product_id, sol.product_uom_id AS uom_id,
               sol.product_uom_qty::float8 AS ordered, sol.qty_delivered::float8 AS delivered,
               sol.price_total::float8 AS price_total,
               sol.state = 'sale' AS is_live, sol.qty_delivered_method = 'stock_move' AS by_transfer,
               sol.is_downpayment AND sol.product_uom_qty = 0 AND sol.qty_delivered = 0 AS is_advance,
               -- While an advance is on a draft invoice only, Odoo already calls its line invoiced.
               sol.is_downpayment OR sol.invoice_status IS DISTINCT FROM 'invoiced' AS is_open,
               CASE WHEN sol.product_uom_qty <> 0 THEN sol.price_total::float8 / sol.product_uom_qty::float8
                    WHEN sol.qty_delivered = 0 THEN 0
                    -- A product that the warehouse added: Odoo keeps no total of a line without quantity.
                    ELSE {ADDED_PRICE}(sol.id, given_price_include)
               END AS price
          FROM open_order
         CROSS JOIN LATERAL (
               SELECT id, product_id, product_uom_id, product_uom_qty, qty_delivered, price_total, state,
                      qty_delivered_method, is_downpayment, invoice_status
                 FROM sale_order_line WHERE order_id = open_order.id AND display_type IS NULL OFFSET 0) sol
    )"""

# How many of a line's unit of measure one unit of another document is; nearly always the same unit.
_IN_UNITS_OF_LINE = """
    CASE WHEN {uom} = line.uom_id OR {uom} IS NULL OR line.uom_id IS NULL THEN 1
         ELSE unit_factors[ARRAY_POSITION(units, {uom})] / unit_factors[ARRAY_POSITION(units, line.uom_id)] END"""

# What invoices and posted credit notes say of a line, in its unit of measure; "amount" in the
# company's currency. An invoice that was wholly reversed never was, and nor was its credit note.
_INVOICED = f"""
    entry AS MATERIALIZED (
        SELECT line.id, move.move_type = 'out_refund' AS is_credit,
               aml.price_total::float8 / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1)::float8 AS amount,
               aml.quantity::float8 * {_IN_UNITS_OF_LINE.format(uom="aml.product_uom_id")} AS quantity,
               COALESCE(CASE WHEN move.move_type <> 'out_refund' THEN move.payment_state
                             ELSE (SELECT origin.payment_state FROM account_move origin
                                    WHERE origin.id = move.reversed_entry_id) END = 'reversed', FALSE) AS is_reversed
          FROM line
         CROSS JOIN LATERAL (
               SELECT invoice_line_id FROM sale_order_line_invoice_rel WHERE order_line_id = line.id OFFSET 0) rel
         CROSS JOIN LATERAL (
               SELECT move_id, price_total, quantity, product_uom_id
                 FROM account_move_line WHERE id = rel.invoice_line_id OFFSET 0) aml
         CROSS JOIN LATERAL (
               SELECT move_type, state, payment_state, invoice_currency_rate, reversed_entry_id
                 FROM account_move WHERE id = aml.move_id OFFSET 0) move
         WHERE line.is_open
           AND (move.move_type IN ('out_invoice', 'out_receipt')
                AND (move.state <> 'cancel' OR move.payment_state = 'invoicing_legacy')
                OR move.move_type = 'out_refund' AND move.state = 'posted')
    ),
    invoiced AS MATERIALIZED (
        SELECT id,
               COALESCE(SUM(quantity) FILTER (WHERE NOT is_credit AND NOT is_reversed), 0) AS billed,
               COALESCE(SUM(quantity) FILTER (WHERE is_credit AND NOT is_reversed), 0) AS credited,
               SUM(CASE WHEN is_credit THEN -amount ELSE amount END) AS amount
          FROM entry GROUP BY id
    )"""

# What transfers say of a line, in its unit of measure: still to come, ever asked for (dropped
# backorders and cancelled transfers included), come back. Of a chain of transfers only the last
# one so far counts.
_MOVED = f"""
    transfer AS MATERIALIZED (
        SELECT line.id, sm.state, sm.product_id <> line.product_id AS is_kit,
               sm.product_uom_qty::float8 * {_IN_UNITS_OF_LINE.format(uom="sm.product_uom")} AS asked,
               sm.quantity::float8 * {_IN_UNITS_OF_LINE.format(uom="sm.product_uom")} AS quantity,
               -- What replaces goods that came back without being taken off the order is no new delivery.
               (sm.origin_returned_move_id IS NULL OR COALESCE(sm.to_refund, FALSE))
               AND sm.location_id <> ALL(at_customer)
               AND (sm.location_dest_id = ANY(outside)
                    OR COALESCE(sm.location_final_id = ANY(at_customer), FALSE)
                       AND NOT EXISTS (SELECT FROM stock_move_move_rel chain WHERE chain.move_orig_id = sm.id)
               ) AS goes,
               COALESCE(sm.to_refund, FALSE)
               AND sm.location_id = ANY(at_customer)
               AND sm.location_dest_id <> ALL(at_customer) AS returns
          FROM line
         CROSS JOIN LATERAL (
               SELECT id, state, product_id, product_uom, product_uom_qty, quantity, to_refund, location_id,
                      location_dest_id, location_final_id, origin_returned_move_id
                 FROM stock_move WHERE sale_line_id = line.id OFFSET 0) sm
         WHERE line.is_open AND line.by_transfer
    ),
    moved AS MATERIALIZED (
        SELECT id,
               COALESCE(SUM(asked) FILTER (WHERE goes AND state NOT IN ('done', 'cancel')), 0) AS coming,
               COALESCE(SUM(asked) FILTER (WHERE returns AND state NOT IN ('done', 'cancel')), 0) AS coming_back,
               COALESCE(SUM(GREATEST(asked, CASE WHEN state = 'done' THEN quantity END))
                            FILTER (WHERE goes), 0) AS asked,
               COALESCE(SUM(quantity) FILTER (WHERE returns AND state = 'done'), 0) AS returned,
               BOOL_OR(is_kit) AS is_kit
          FROM transfer GROUP BY id
    )"""

# How much of each line will be owed in the end, and how much of that is on no invoice yet.
_GOODS = f"""
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
                    -- Parts are counted in their own quantities: what came back of them, as a share of the kits.
                    WHEN is_kit AND coming > 0
                    THEN GREATEST(delivered, ordered * (1 - LEAST(1, COALESCE(returned / NULLIF(asked, 0), 0))))
                    WHEN is_kit THEN delivered
                    -- Beyond what transfers were made for, nobody has dropped anything yet. In an
                    -- exchange the new goods may be on their way before the old ones are back.
                    ELSE GREATEST(LEAST(ordered, delivered + coming), delivered + coming - coming_back)
                         + GREATEST(0, ordered - asked)
               END AS final_quantity,
               -- A credit note gives a quantity back only if the goods came back too; else it was an allowance.
               CASE WHEN ordered < 0 AND is_live THEN billed - credited
                    ELSE billed - LEAST(credited, returned) END AS settled
          FROM known
    ),
    expected AS MATERIALIZED (
        SELECT outcome.order_id, price, price_total, is_open, is_advance, paid_ahead, delivered, settled,
               ordered < 0 AND is_live AS is_negative,
               CASE WHEN NOT is_live THEN final_quantity
                    WHEN ordered < 0 THEN ordered
                    WHEN final_quantity <= ordered THEN final_quantity
                    -- Goods sent beyond the order count until the order is invoiced: by then the
                    -- company has said what it charges. Work beyond the order was its own risk.
                    WHEN by_transfer AND settled < ordered THEN final_quantity
                    WHEN {INVOICE_POLICY}(outcome.product_id) = 'order' THEN ordered
                    ELSE final_quantity END AS quantity
          FROM outcome
    ),
    goods AS MATERIALIZED (
        SELECT order_id, SUM(price_total) AS lines_total,
               SUM(price * CASE WHEN is_negative THEN LEAST(0, quantity - settled)
                                ELSE GREATEST(0, LEAST(quantity, delivered) - settled) END)
                   FILTER (WHERE is_open) AS to_invoice,
               SUM(price * CASE WHEN is_negative THEN 0
                                ELSE GREATEST(0, quantity - settled)
                                     - GREATEST(0, LEAST(quantity, delivered) - settled) END)
                   FILTER (WHERE is_open) AS to_deliver,
               COALESCE(SUM(paid_ahead) FILTER (WHERE is_open AND is_advance), 0) AS advance
          FROM expected GROUP BY order_id
    ),
    -- Odoo totals an order otherwise than line by line (rounding, taxes on an early payment discount):
    -- its own total is what will be invoiced.
    totalled AS MATERIALIZED (
        SELECT open_order.owner, goods.order_id, advance, to_invoice * factor AS to_invoice,
               to_deliver * factor AS to_deliver,
               CASE WHEN currency_factor IS NULL AND to_invoice + to_deliver <> 0 THEN currency_id END AS unrated
          FROM goods
          JOIN open_order ON open_order.id = goods.order_id
         CROSS JOIN LATERAL (
               SELECT COALESCE(currency_factor, 1) * CASE
                        WHEN lines_total > 0 AND amount_total BETWEEN 0.5 * lines_total AND 1.5 * lines_total
                        THEN amount_total / lines_total ELSE 1 END AS factor
         ) conversion
    ),
    -- An order never lowers what the customer owes for others; what was paid in advance does.
    owed AS (
        SELECT owner, order_id, advance, unrated,
               CASE WHEN to_invoice + to_deliver <= 0 THEN 0
                    WHEN to_deliver < 0 THEN to_invoice + to_deliver
                    WHEN to_invoice < 0 THEN 0 ELSE to_invoice END AS to_invoice,
               CASE WHEN to_invoice + to_deliver <= 0 OR to_deliver < 0 THEN 0
                    WHEN to_invoice < 0 THEN to_invoice + to_deliver ELSE to_deliver END AS to_deliver
          FROM totalled
    )"""

# One row per customer; an order told apart has a row of its own.
ORDERS = "WITH" + ",".join((_ORDER, _LINE, _INVOICED, _MOVED, _GOODS)) + """
    SELECT owner, CASE WHEN given_apart IS NULL OR order_id = ANY(given_apart) THEN order_id END, 0::float8, 0::float8,
           delivered, coming - waits, 0::float8, NULL::date, 0::float8, unrated, waits
      FROM owed
     CROSS JOIN LATERAL (
           SELECT to_invoice - (advance - LEAST(advance, to_deliver)) AS delivered,
                  to_deliver - LEAST(advance, to_deliver) AS coming,
                  pledges[ARRAY_POSITION(prepaid, order_id)] AS pledged) netted
     CROSS JOIN LATERAL (
           SELECT CASE WHEN pledged IS NULL THEN 0
                       ELSE GREATEST(0, coming - GREATEST(0, pledged - GREATEST(0, delivered))) END AS waits) held"""
