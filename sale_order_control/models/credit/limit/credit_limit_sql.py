"""The statement behind the limit of customers by themselves, before any group caps it.

A function of the database, as the one of the exposure: customers who have no temporary limit and no guarantee,
which are nearly all, do not even pay for planning how to read them.
"""

from ..exposure.credit_rate_sql import RATE

# The rates of the day for the currencies that guarantees are in; a currency without a rate is left out,
# and what is guaranteed in it then counts for nothing.
_RATE = f"""
    limit_rate AS MATERIALIZED (
        SELECT used.currency_id, used.company_id,
               COALESCE({RATE.format(currency='used.currency_id', company='used.company_id')}, used.home) AS rate
          FROM (
            SELECT guarantee.currency_id, account.company_id, NULL::numeric AS home
              FROM credit_guarantee guarantee
              JOIN credit_account account ON account.id = guarantee.account_id
              JOIN res_company company ON company.id = account.company_id
             WHERE guarantee.account_id = ANY(given_accounts) AND guarantee.currency_id <> company.currency_id
            UNION
            SELECT currency_id, id, 1.0 FROM res_company WHERE id = ANY(given_companies)
          ) used
    )"""

_IS_VALID = """guarantee.account_id = ANY(given_accounts) AND guarantee.state = 'valid'
           AND guarantee.date_from <= given_today
           AND (guarantee.date_to IS NULL OR guarantee.date_to >= given_today)"""

_GUARANTEED = f"""WITH {_RATE},
    guaranteed AS MATERIALIZED (
        SELECT guarantee.account_id,
               SUM(guarantee.value * guarantee.percent / 100 / rate.rate * home.rate)::float8 AS amount
          FROM credit_guarantee guarantee
          JOIN credit_account account ON account.id = guarantee.account_id
          JOIN res_company company ON company.id = account.company_id
          JOIN limit_rate rate ON rate.currency_id = guarantee.currency_id AND rate.company_id = company.id
          JOIN limit_rate home ON home.currency_id = company.currency_id AND home.company_id = company.id
         WHERE {_IS_VALID}
         GROUP BY guarantee.account_id
    )
    SELECT ARRAY_AGG(account_id), ARRAY_AGG(amount) INTO guarantors, guarantees FROM guaranteed"""

_TEMPORARY = """
    SELECT ARRAY_AGG(account_id), ARRAY_AGG(amount::float8), ARRAY_AGG(date_to)
      INTO extended, extensions, ends
      FROM (
        SELECT DISTINCT ON (account_id) account_id, amount, date_to
          FROM credit_limit_temporary
         WHERE account_id = ANY(given_accounts)
           AND date_from <= given_today AND date_to >= given_today AND (ended_on IS NULL OR ended_on > given_today)
         ORDER BY account_id, id DESC
      ) temporary"""

# An amount on the customer outweighs the mark "zero limit", which tells 0 from none.
_OWN = """
    SELECT id, CASE WHEN kind = 'zero' AND guaranteed > 0 THEN 'amount' ELSE kind END, base, temporary, date_to,
           guaranteed, CASE WHEN kind = 'none' THEN 0 ELSE COALESCE(temporary, base) + guaranteed END
      FROM (
        SELECT account.id, base.amount AS base, temporary.amount AS temporary, temporary.date_to,
               COALESCE(guaranteed.amount, 0) AS guaranteed,
               CASE WHEN temporary.amount IS NOT NULL
                    THEN CASE WHEN temporary.amount > 0 THEN 'amount' ELSE 'zero' END
                    WHEN base.amount > 0 THEN 'amount'
                    WHEN account.is_zero_limit THEN 'zero'
                    ELSE 'none' END AS kind
          FROM credit_account account
          JOIN res_partner partner ON partner.id = account.partner_id
          JOIN UNNEST(given_companies, given_defaults) AS fallback(company_id, amount)
            ON fallback.company_id = account.company_id
         CROSS JOIN LATERAL (
            SELECT COALESCE((partner.credit_limit->>account.company_id::text)::float8, fallback.amount) AS amount
         ) base
          LEFT JOIN UNNEST(extended, extensions, ends) AS temporary(account_id, amount, date_to)
            ON temporary.account_id = account.id
          LEFT JOIN UNNEST(guarantors, guarantees) AS guaranteed(account_id, amount)
            ON guaranteed.account_id = account.id
         WHERE account.id = ANY(given_accounts)
      ) stored"""

LIMIT_FUNCTION = 'sale_order_control_limit'

CREATE_LIMIT_FUNCTION = f"""
    DROP FUNCTION IF EXISTS {LIMIT_FUNCTION};
    CREATE FUNCTION {LIMIT_FUNCTION} (
        given_accounts int[], given_today date, given_companies int[], given_defaults float8[])
    RETURNS TABLE (
        account_id int, kind text, base float8, temporary float8, until date, guaranteed float8, amount float8)
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET jit = off
    AS $function$
    #variable_conflict use_column
    DECLARE
        extended int[];
        extensions float8[];
        ends date[];
        guarantors int[];
        guarantees float8[];
    BEGIN
        {_TEMPORARY};
        IF EXISTS (SELECT FROM credit_guarantee guarantee WHERE {_IS_VALID}) THEN
            {_GUARANTEED};
        END IF;
        RETURN QUERY {_OWN};
    END
    $function$"""

# Parameters: accounts (ids), today, companies and defaults (their default limits, in the same order).
LIMITS = f"""
    SELECT account_id, kind, base, temporary, until, guaranteed, amount
      FROM {LIMIT_FUNCTION}(%(accounts)s::int[], %(today)s::date, %(companies)s::int[], %(defaults)s::float8[])"""
