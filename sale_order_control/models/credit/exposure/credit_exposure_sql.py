"""The statement behind the exposure, part by part.

It starts from the contacts of the customers asked for and reads open documents through the partial indexes
of ``credit_indexes.py``: cost follows what is open, not history. Planning starts anew for every request,
because Odoo discards what a connection remembers, and for one customer it takes longer than reading. Hence a
function of the database: what a customer does not have (open orders, unmatched payments, foreign currencies) is
not even planned, what is small everywhere (companies, receivable accounts, locations, units) is found once and
kept in variables, no table is named twice where once will do, and steps are materialized so that no
formula is written out again inside others.
"""

from .credit_exposure_orders_sql import (
    AT_CUSTOMER,
    FACTORS,
    FOREIGN_CURRENCIES,
    LEFT_OVER,
    LEFT_OVER_ORDERS,
    ON_THE_WAY,
    OPEN_ORDERS,
    ORDERS,
    PREPAID_ORDERS,
    UNITS,
)
from .credit_exposure_rare_sql import ADDED_PRICE, CREATE_ADDED_PRICE, CREATE_INVOICE_POLICY, INVOICE_POLICY

_COMPANIES = "SELECT id FROM res_company WHERE parent_path LIKE given_path"
_RECEIVABLES = "SELECT id FROM account_account WHERE account_type = 'asset_receivable'"
# What the customer rightly or wrongly disputes is owed, hence exposure, but nobody calls it late meanwhile.
_DISPUTED = "SELECT move_id FROM credit_dispute WHERE closed_on IS NULL"
# How much of an open item is disputed: all of it, or the share that the disputed amount has in what is left of its
# invoice. Instalments of an invoice share it by what is left of them.
DISPUTED_PART = """CASE WHEN dispute.id IS NULL OR aml.amount_residual <= 0 THEN 0
                         WHEN COALESCE(dispute.amount, 0) <= 0 THEN aml.amount_residual
                         ELSE aml.amount_residual * LEAST(1, dispute.amount / (
                              SELECT SUM(other.amount_residual) FROM account_move_line other
                               WHERE other.move_id = aml.move_id AND other.account_id = aml.account_id
                                 AND other.amount_residual > 0)) END"""
OF_DISPUTE = "LEFT JOIN credit_dispute dispute ON dispute.move_id = aml.move_id AND dispute.closed_on IS NULL"

# Posted items that are not settled; unmatched payments and credit notes are negative ones.
_IS_OPEN = """aml.parent_state = 'posted' AND aml.amount_residual <> 0
           AND aml.account_id = ANY(receivables) AND aml.company_id = ANY(companies)"""

# Contacts of the customers: documents may be addressed to any of them.
_PARTY = """
    party AS MATERIALIZED (
        SELECT id, commercial_partner_id AS owner FROM res_partner WHERE commercial_partner_id = ANY(given_partners)
    )"""

# The same where they were found already, in two arrays of one order; some of them.
_PARTLY_PAID = """
    party AS MATERIALIZED (
        SELECT id, owner FROM UNNEST(contacts, owners) AS known(id, owner) WHERE owner = ANY(partly_paid)
    )"""

_ITEM = f"""
    item AS MATERIALIZED (
        SELECT party.owner, aml.id, part.amount::float8 AS amount, COALESCE(aml.date_maturity, aml.date) AS due,
               part.is_disputed
          FROM party
          JOIN account_move_line aml ON aml.partner_id = party.id
          {OF_DISPUTE}
         CROSS JOIN LATERAL (SELECT {DISPUTED_PART} AS disputed) divided
         CROSS JOIN LATERAL (
               VALUES (aml.amount_residual - divided.disputed, FALSE), (divided.disputed, TRUE)
         ) part(amount, is_disputed)
         WHERE {_IS_OPEN} AND part.amount <> 0
    )"""

# Sums over the index alone, contact by contact: for customers with many open items all of the time goes here.
_IS_LATE = f"""amount_residual > 0 AND COALESCE(date_maturity, date) < given_today
                                                     AND move_id NOT IN ({_DISPUTED})"""
_OWING = f"""
    SELECT party.owner, SUM(receivable), SUM(late), MIN(first_due), SUM(disputed), SUM(paid)
      FROM UNNEST(contacts, owners) AS party(id, owner)
      JOIN (
        SELECT partner_id,
               SUM(amount_residual)::float8 AS receivable,
               COALESCE(SUM(amount_residual) FILTER (WHERE amount_residual < 0), 0)::float8 AS paid,
               COALESCE(SUM(amount_residual) FILTER (WHERE {_IS_LATE}), 0)::float8 AS late,
               MIN(COALESCE(date_maturity, date)) FILTER (WHERE {_IS_LATE}) AS first_due,
               COALESCE(SUM(amount_residual) FILTER (
                   WHERE amount_residual > 0 AND move_id IN ({_DISPUTED})), 0)::float8 AS disputed
          FROM account_move_line aml
         WHERE partner_id = ANY(contacts) AND {_IS_OPEN}
         GROUP BY partner_id
      ) owing ON owing.partner_id = party.id
     GROUP BY party.owner"""

# Of invoices that are disputed in part, what is not: owed like anything else, and late when it is.
_UNDISPUTED = f"""
    SELECT SUM(rest), COALESCE(SUM(rest) FILTER (WHERE due < given_today), 0),
           MIN(due) FILTER (WHERE due < given_today)
      FROM (
        SELECT aml.amount_residual - {DISPUTED_PART} AS rest, COALESCE(aml.date_maturity, aml.date) AS due
          FROM UNNEST(contacts, owners) AS party(id, owner_id)
          JOIN account_move_line aml ON aml.partner_id = party.id
          JOIN credit_dispute dispute ON dispute.move_id = aml.move_id AND dispute.closed_on IS NULL
         WHERE party.owner_id = owner AND dispute.amount > 0 AND aml.amount_residual > 0 AND {_IS_OPEN}
      ) divided
     WHERE rest > 0"""

# What was paid without saying for what settles the oldest items first: since when is the rest due?
_UNCOVERED = f"""WITH {_PARTLY_PAID}, {_ITEM}
    SELECT owner, NULL::int, 0::float8, 0::float8, 0::float8, 0::float8, 0::float8, MIN(due), 0::float8, NULL::int,
           0::float8
      FROM (
        SELECT owner, due, SUM(amount) FILTER (WHERE amount < 0) OVER (PARTITION BY owner) AS paid,
               amount > 0 AND NOT is_disputed AND due < given_today AS is_late,
               SUM(amount) FILTER (WHERE amount > 0 AND NOT is_disputed AND due < given_today)
                   OVER (PARTITION BY owner ORDER BY due, id) AS cumulated
          FROM item
      ) aged
     WHERE is_late AND cumulated + paid > 0.000001
     GROUP BY owner"""

# A draft credit note is a wish; a draft invoice is a debt whose number is missing.
_DRAFT = """
    SELECT party.owner, NULL::int, 0::float8, SUM(GREATEST(0, move.amount_total_signed))::float8, 0::float8, 0::float8,
           0::float8, NULL::date, 0::float8, NULL::int, 0::float8
      FROM account_move move
      JOIN UNNEST(contacts, owners) AS party(id, owner) ON party.id = move.partner_id
     WHERE move.partner_id = ANY(contacts)
       AND move.state = 'draft' AND move.move_type IN ('out_invoice', 'out_receipt')
       AND move.company_id = ANY(companies)
     GROUP BY party.owner"""

EXPOSURE_FUNCTION = 'sale_order_control_exposure'
FUNCTIONS = (EXPOSURE_FUNCTION, ADDED_PRICE, INVOICE_POLICY)

# The plans made for a few customers are right for many too, because all of them go by indexes.
CREATE_FUNCTION = f"""
    {CREATE_ADDED_PRICE};
    {CREATE_INVOICE_POLICY};
    DROP FUNCTION IF EXISTS {EXPOSURE_FUNCTION};
    CREATE FUNCTION {EXPOSURE_FUNCTION} (
        given_partners int[], given_path text, given_root int, given_currency int, given_price_include bool,
        given_today date, given_apart int[])
    RETURNS TABLE (
        owner int, order_id int, receivable float8, draft_invoiced float8, to_invoice float8, to_deliver float8,
        overdue float8, since date, disputed float8, unrated int, waiting float8)
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_mergejoin = off SET jit = off
    AS $function$
    #variable_conflict use_column
    DECLARE
        companies int[] := ARRAY({_COMPANIES});
        receivables int[] := ARRAY({_RECEIVABLES});
        left_over int[] := ARRAY({LEFT_OVER});
        contacts int[];
        owners int[];
        paid float8;
        undisputed float8;
        undisputed_late float8;
        undisputed_since date;
        partly_paid int[];
        open_orders int[];
        payers int[];
        currencies int[];
        totals float8[];
        foreign_currencies int[];
        factors float8[];
        at_customer int[];
        outside int[];
        units int[];
        unit_factors float8[];
        some_prepaid bool;
        prepaid int[];
        pledges float8[];
    BEGIN
        SELECT ARRAY_AGG(id), ARRAY_AGG(commercial_partner_id) INTO contacts, owners
          FROM res_partner WHERE commercial_partner_id = ANY(given_partners);
        draft_invoiced := 0;
        to_invoice := 0;
        to_deliver := 0;
        FOR owner, receivable, overdue, since, disputed, paid IN {_OWING}
        LOOP
            IF disputed > 0 THEN
                {_UNDISPUTED} INTO undisputed, undisputed_late, undisputed_since;
                IF undisputed > 0 THEN
                    disputed := disputed - undisputed;
                    overdue := overdue + undisputed_late;
                    since := LEAST(since, undisputed_since);
                END IF;
            END IF;
            IF paid < 0 AND overdue > 0 THEN
                overdue := GREATEST(0, overdue + paid);
                since := NULL;
                partly_paid := partly_paid || owner;
            END IF;
            RETURN NEXT;
        END LOOP;
        IF partly_paid IS NOT NULL THEN
            RETURN QUERY {_UNCOVERED};
        END IF;
        RETURN QUERY {_DRAFT};
        {OPEN_ORDERS};
        IF CARDINALITY(left_over) > 0 THEN
            {LEFT_OVER_ORDERS};
        END IF;
        IF open_orders IS NOT NULL THEN
            foreign_currencies := ARRAY({FOREIGN_CURRENCIES});
            IF CARDINALITY(foreign_currencies) > 0 THEN
                factors := ARRAY({FACTORS});
            END IF;
            at_customer := ARRAY({AT_CUSTOMER});
            outside := at_customer || ARRAY({ON_THE_WAY});
            {UNITS};
            IF some_prepaid THEN
                {PREPAID_ORDERS};
            END IF;
            RETURN QUERY {ORDERS};
        END IF;
    END
    $function$"""

# Parameters: partners, company_path, root, currency, price_include, today, apart (orders to tell apart;
# all of them if NULL). One row per customer; an order told apart has a row of its own. "waiting" is what counts
# for nothing because it stays here until it is paid.
EXPOSURE = f"""
    SELECT owner, order_id, SUM(receivable) AS receivable, SUM(draft_invoiced) AS draft_invoiced,
           SUM(to_invoice) AS to_invoice, SUM(to_deliver) AS to_deliver, SUM(overdue) AS overdue, MIN(since) AS since,
           SUM(disputed) AS disputed, MAX(unrated) AS unrated,
           SUM(waiting) AS waiting
      FROM {EXPOSURE_FUNCTION}(
           %(partners)s::int[], %(company_path)s, %(root)s, %(currency)s, %(price_include)s, %(today)s::date,
           %(apart)s::int[])
     GROUP BY owner, order_id"""

# For statements that ask for more than sums: the open items (parameters partners and company_path).
OPEN_ITEMS = ("WITH" + _PARTY + "," + _ITEM).replace(
    'ANY(companies)', f'ANY(ARRAY({_COMPANIES}))').replace(
    'ANY(receivables)', f'ANY(ARRAY({_RECEIVABLES}))').replace(
    'given_partners', '%(partners)s::int[]').replace('given_path', '%(company_path)s')
