"""The statement behind the exposure, part by part.

Every part starts from the contacts of the customers asked for and reads open documents through the
partial indexes of ``credit_indexes.py``: cost follows what is open, not history. Sets that are small
everywhere (companies, receivable accounts, locations, disputes) are looked up instead of joined, and what
only a few lines need (units of measure, taxes, invoicing policies) is asked for those lines alone: the
planner has little to weigh. It starts anew for every request, because Odoo discards what a connection
remembers; for one customer planning takes longer than reading. Hence sets that are found once, no table
named twice where once will do, and steps that are materialized so that no formula is written out again
and again inside others.
"""

# Contacts of the customers: documents may be addressed to any of them.
_PARTY = """
    party AS MATERIALIZED (
        SELECT id, commercial_partner_id AS owner FROM res_partner WHERE commercial_partner_id = ANY(given_partners)
    )"""

# The same where they were found already, in two arrays of one order.
_KNOWN_PARTY = """
    party AS MATERIALIZED (
        SELECT id, owner FROM UNNEST(contacts, owners) AS known(id, owner)
    )"""

_COMPANIES = "SELECT id FROM res_company WHERE parent_path LIKE given_path"
_COMPANY = f"""
    company AS MATERIALIZED ({_COMPANIES})"""
_RECEIVABLES = "SELECT id FROM account_account WHERE account_type = 'asset_receivable'"

_OUTSIDE = """
    -- Where goods are at the customer, or on the way to another company that hands them over.
    outside AS MATERIALIZED (
        SELECT id, usage FROM stock_location WHERE usage = 'customer' OR usage = 'transit' AND company_id IS NULL
    )"""

# Posted items that are not settled; unmatched payments and credit notes are negative ones.
_ITEM = """
    item AS MATERIALIZED (
        SELECT party.owner, aml.id, aml.amount_residual::float8 AS amount, COALESCE(aml.date_maturity, aml.date) AS due,
               aml.move_id IN (SELECT move_id FROM credit_dispute WHERE closed_on IS NULL) AS is_disputed
          FROM party
          JOIN account_move_line aml ON aml.partner_id = party.id
         WHERE aml.parent_state = 'posted' AND aml.amount_residual <> 0
           AND aml.account_id = ANY(receivables)
           AND aml.company_id = ANY(companies)
    )"""

# What was paid without saying for what settles the oldest items first. What the customer rightly or
# wrongly disputes is owed, hence exposure, but nobody calls it late while the dispute lasts.
_OVERDUE = """
    owing AS MATERIALIZED (
        SELECT owner, SUM(amount) AS receivable,
               COALESCE(SUM(amount) FILTER (WHERE amount < 0), 0) AS paid,
               COALESCE(SUM(amount) FILTER (WHERE amount > 0 AND is_disputed), 0) AS disputed,
               COALESCE(SUM(amount) FILTER (WHERE amount > 0 AND NOT is_disputed AND due < given_today), 0) AS late,
               MIN(due) FILTER (WHERE amount > 0 AND NOT is_disputed AND due < given_today) AS first_due,
               -- The id of the first item by due date and id: both in one number, which is quickly compared.
               (MIN((due - DATE '2000-01-01')::bigint << 32 | id) FILTER (WHERE amount > 0 AND NOT is_disputed)
                & 4294967295)::int AS oldest
          FROM item GROUP BY owner
    ),
    uncovered AS MATERIALIZED (
        SELECT owner, MIN(due) AS since
          FROM (
            SELECT owner, due, paid, SUM(amount) OVER (PARTITION BY owner ORDER BY due, id) AS cumulated
              FROM item JOIN owing USING (owner)
             WHERE owing.paid < 0 AND amount > 0 AND NOT is_disputed AND due < given_today
          ) aged
         WHERE cumulated + paid > 0.000001
         GROUP BY owner
    )"""

# A draft credit note is a wish; a draft invoice is a debt whose number is missing.
_DRAFT = """
    draft AS MATERIALIZED (
        SELECT party.owner, SUM(GREATEST(0, move.amount_total_signed))::float8 AS amount
          FROM party
          JOIN account_move move ON move.partner_id = party.id
         WHERE move.state = 'draft' AND move.move_type IN ('out_invoice', 'out_receipt')
           AND move.company_id = ANY(companies)
         GROUP BY party.owner
    )"""

# Orders that may still be delivered or invoiced.
_OPEN_ORDERS = """
    SELECT id FROM sale_order
     WHERE partner_invoice_id = ANY(contacts) AND state = 'sale' AND invoice_status IN ('no', 'to invoice')
       AND company_id = ANY(companies)"""

# Odoo leaves down payments out of an order's invoice status, and any line can be flagged as one. A cancelled
# or reopened order may have left something behind: goods that are still at the customer, advances kept.
# Both are rare, whoever the customer.
_LEFT_OVER = """
    SELECT order_id FROM sale_order_line
     WHERE display_type IS NULL
       AND (is_downpayment AND state = 'sale' AND invoice_status IN ('no', 'to invoice')
            OR is_downpayment AND state <> 'sale' AND qty_invoiced > 0
            OR state <> 'sale' AND qty_delivered > qty_invoiced)"""

_LEFT_OVER_ORDERS = """
    SELECT id FROM sale_order
     WHERE id = ANY(left_over) AND partner_invoice_id = ANY(contacts) AND company_id = ANY(companies)"""

_ORDER = """
    open_order AS MATERIALIZED (
        SELECT so.id, partner.commercial_partner_id AS owner, so.currency_id, so.amount_total::float8 AS amount_total
          FROM sale_order so
          JOIN res_partner partner ON partner.id = so.partner_invoice_id
         WHERE so.id = ANY(open_orders)
    ),
    -- Units of the order's currency per unit of the company's, as Odoo converts on a day.
    rate AS MATERIALIZED (
        SELECT used.id, COALESCE(
                (SELECT r.rate FROM res_currency_rate r
                  WHERE r.currency_id = used.id AND r.name <= given_today
                    AND (r.company_id IS NULL OR r.company_id = given_root)
                  ORDER BY r.company_id, r.name DESC LIMIT 1),
                (SELECT r.rate FROM res_currency_rate r
                  WHERE r.currency_id = used.id AND (r.company_id IS NULL OR r.company_id = given_root)
                  ORDER BY r.company_id, r.name LIMIT 1),
                1.0)::float8 AS rate
          FROM (SELECT given_currency AS id UNION SELECT currency_id FROM open_order) AS used
    )"""

# Their lines, with the price of a unit, taxes included.
_LINE = """
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
                    ELSE (
                        SELECT sol.price_unit * (1 - sol.discount / 100)
                               * (1 + COALESCE(SUM(tax.amount) FILTER (WHERE tax.amount_type = 'percent'), 0) / 100)
                               + COALESCE(SUM(tax.amount) FILTER (WHERE tax.amount_type = 'fixed'), 0)
                          FROM account_tax_sale_order_line_rel rel
                          JOIN account_tax given ON given.id = rel.account_tax_id
                          LEFT JOIN account_tax_filiation_rel filiation
                            ON filiation.parent_tax = given.id AND given.amount_type = 'group'
                          JOIN account_tax tax ON tax.id = COALESCE(filiation.child_tax, given.id)
                         WHERE rel.sale_order_line_id = sol.id
                           AND NOT COALESCE(tax.price_include_override = 'tax_included', given_price_include)
                    )::float8
               END AS price
          FROM open_order
         CROSS JOIN LATERAL (
               SELECT id, product_id, product_uom_id, product_uom_qty, qty_delivered, price_total, price_unit, discount,
                      state, qty_delivered_method, is_downpayment, invoice_status
                 FROM sale_order_line WHERE order_id = open_order.id AND display_type IS NULL OFFSET 0) sol
    )"""

# How many of a line's unit of measure one unit of another document is; nearly always the same unit.
_IN_UNITS_OF_LINE = """
    CASE WHEN {uom} = line.uom_id OR {uom} IS NULL OR line.uom_id IS NULL THEN 1
         ELSE (SELECT theirs.factor / ours.factor FROM uom_uom theirs, uom_uom ours
                WHERE theirs.id = {uom} AND ours.id = line.uom_id)::float8 END"""

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
          JOIN account_move_line aml ON aml.id = rel.invoice_line_id
          JOIN account_move move ON move.id = aml.move_id
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
               AND sm.location_id NOT IN (SELECT id FROM outside WHERE usage = 'customer')
               AND (sm.location_dest_id IN (SELECT id FROM outside)
                    OR COALESCE(sm.location_final_id IN (SELECT id FROM outside WHERE usage = 'customer'), FALSE)
                       AND NOT EXISTS (SELECT FROM stock_move_move_rel chain WHERE chain.move_orig_id = sm.id)
               ) AS goes,
               COALESCE(sm.to_refund, FALSE)
               AND sm.location_id IN (SELECT id FROM outside WHERE usage = 'customer')
               AND sm.location_dest_id NOT IN (SELECT id FROM outside WHERE usage = 'customer') AS returns
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
                    WHEN (SELECT template.invoice_policy FROM product_product product
                            JOIN product_template template ON template.id = product.product_tmpl_id
                           WHERE product.id = outcome.product_id) = 'order' THEN ordered
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
               to_deliver * factor AS to_deliver
          FROM goods
          JOIN open_order ON open_order.id = goods.order_id
          JOIN rate ON rate.id = open_order.currency_id
          JOIN rate home ON home.id = given_currency
         CROSS JOIN LATERAL (
               SELECT home.rate / rate.rate * CASE
                        WHEN lines_total > 0 AND amount_total BETWEEN 0.5 * lines_total AND 1.5 * lines_total
                        THEN amount_total / lines_total ELSE 1 END AS factor
         ) conversion
    ),
    -- An order never lowers what the customer owes for others; what was paid in advance does.
    owed AS (
        SELECT owner, order_id, advance,
               CASE WHEN to_invoice + to_deliver <= 0 THEN 0
                    WHEN to_deliver < 0 THEN to_invoice + to_deliver
                    WHEN to_invoice < 0 THEN 0 ELSE to_invoice END AS to_invoice,
               CASE WHEN to_invoice + to_deliver <= 0 OR to_deliver < 0 THEN 0
                    WHEN to_invoice < 0 THEN to_invoice + to_deliver ELSE to_deliver END AS to_deliver
          FROM totalled
    )"""

# One row per customer; an order told apart has a row of its own.
_DOCUMENTS = """
    SELECT owner, NULL::int, receivable, 0::float8, 0::float8, 0::float8, GREATEST(0, late + paid),
           CASE WHEN paid < 0 THEN since ELSE first_due END, disputed, oldest
      FROM owing LEFT JOIN uncovered USING (owner)
    UNION ALL
    SELECT owner, NULL, 0, amount, 0, 0, 0, NULL, 0, NULL FROM draft"""

_ORDERS = """
    SELECT owner, CASE WHEN order_id = ANY(given_apart) THEN order_id END, 0::float8, 0::float8,
           to_invoice - (advance - LEAST(advance, to_deliver)), to_deliver - LEAST(advance, to_deliver),
           0::float8, NULL::date, 0::float8, NULL::int
      FROM owed"""

EXPOSURE_FUNCTION = 'sale_order_control_exposure'

# A function of the database: one round trip, and what a customer does not have (mostly open orders) is
# not even planned, which for one customer takes longer than reading. The plans made for a few
# customers are right for many too, because all of them go by indexes.
CREATE_FUNCTION = f"""
    DROP FUNCTION IF EXISTS {EXPOSURE_FUNCTION};
    CREATE FUNCTION {EXPOSURE_FUNCTION} (
        given_partners int[], given_path text, given_root int, given_currency int, given_price_include bool,
        given_today date, given_apart int[])
    RETURNS TABLE (
        owner int, order_id int, receivable float8, draft_invoiced float8, to_invoice float8, to_deliver float8,
        overdue float8, since date, disputed float8, oldest int)
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $function$
    #variable_conflict use_column
    DECLARE
        companies int[] := ARRAY({_COMPANIES});
        receivables int[] := ARRAY({_RECEIVABLES});
        left_over int[] := ARRAY({_LEFT_OVER});
        contacts int[];
        owners int[];
        open_orders int[];
    BEGIN
        SELECT ARRAY_AGG(id), ARRAY_AGG(commercial_partner_id) INTO contacts, owners
          FROM res_partner WHERE commercial_partner_id = ANY(given_partners);
        RETURN QUERY WITH {",".join((_KNOWN_PARTY, _ITEM, _OVERDUE, _DRAFT))} {_DOCUMENTS};
        open_orders := ARRAY({_OPEN_ORDERS});
        IF cardinality(left_over) > 0 THEN
            open_orders := ARRAY(SELECT UNNEST(open_orders) UNION {_LEFT_OVER_ORDERS});
        END IF;
        IF cardinality(open_orders) > 0 THEN
            RETURN QUERY WITH {",".join((_ORDER, _OUTSIDE, _LINE, _INVOICED, _MOVED, _GOODS))} {_ORDERS};
        END IF;
    END
    $function$"""

# Parameters: partners, company_path, root, currency, price_include, today, apart (orders to tell apart).
# One row per customer; an order told apart has a row of its own.
EXPOSURE = f"""
    SELECT owner, order_id, SUM(receivable) AS receivable, SUM(draft_invoiced) AS draft_invoiced,
           SUM(to_invoice) AS to_invoice, SUM(to_deliver) AS to_deliver, SUM(overdue) AS overdue, MIN(since) AS since,
           SUM(disputed) AS disputed, MAX(oldest) AS oldest
      FROM {EXPOSURE_FUNCTION}(
           %(partners)s::int[], %(company_path)s, %(root)s, %(currency)s, %(price_include)s, %(today)s::date,
           %(apart)s::int[])
     GROUP BY owner, order_id"""

EXPOSURE_QUERY = f"""
    SELECT owner, order_id, receivable, draft_invoiced, to_invoice, to_deliver, overdue, since, disputed,
           (SELECT move_name FROM account_move_line WHERE id = oldest)
      FROM ({EXPOSURE}) AS position"""


def _with_parameters(parts):
    """Return parts of the function as parts of a statement of its own, with the parameters of ``EXPOSURE``."""
    text = ",".join(parts)
    for variable, statement in (
        ('open_orders', f'{_OPEN_ORDERS} UNION {_LEFT_OVER_ORDERS}'), ('left_over', _LEFT_OVER),
        ('contacts', 'SELECT id FROM party'), ('companies', 'SELECT id FROM company'), ('receivables', _RECEIVABLES),
    ):
        text = text.replace(f'ANY({variable})', f'ANY(ARRAY({statement}))')
    for given, parameter in (
        ('given_partners', '%(partners)s::int[]'), ('given_path', '%(company_path)s'), ('given_root', '%(root)s'),
        ('given_currency', '%(currency)s'), ('given_price_include', '%(price_include)s'),
        ('given_today', '%(today)s::date'),
    ):
        text = text.replace(given, parameter)
    return text


# For statements that ask for more than sums, to go on with further parts: the open items (parameters
# partners and company_path), and everything up to what each order adds ("owed").
OPEN_ITEMS = "WITH" + _with_parameters((_PARTY, _COMPANY, _ITEM))
EXPOSURE_ROWS = "WITH" + _with_parameters((
    _PARTY, _COMPANY, _ITEM, _ORDER, _OUTSIDE, _LINE, _INVOICED, _MOVED, _GOODS))
