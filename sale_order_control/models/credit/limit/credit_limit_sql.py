"""The statement behind the limit of customers by themselves, before any group caps it.

Written as parts of a WITH clause, so that a statement about many customers can join ``own_limit``.
Parameters: ``accounts`` (ids), ``today``, ``companies`` and ``defaults`` (their default limits, same order).
"""

# The rates of the day for the currencies that guarantees are in; a currency without a rate is left out,
# and what is guaranteed in it then counts for nothing.
_RATE = """
    limit_rate AS MATERIALIZED (
        SELECT used.currency_id, used.company_id, COALESCE(
                (SELECT r.rate FROM res_currency_rate r
                  WHERE r.currency_id = used.currency_id AND r.name <= %(today)s
                    AND (r.company_id IS NULL OR r.company_id = used.company_id)
                  ORDER BY r.company_id, r.name DESC LIMIT 1),
                (SELECT r.rate FROM res_currency_rate r
                  WHERE r.currency_id = used.currency_id
                    AND (r.company_id IS NULL OR r.company_id = used.company_id)
                  ORDER BY r.company_id, r.name LIMIT 1),
                used.home) AS rate
          FROM (
            SELECT guarantee.currency_id, account.company_id, NULL::numeric AS home
              FROM credit_guarantee guarantee
              JOIN credit_account account ON account.id = guarantee.account_id
              JOIN res_company company ON company.id = account.company_id
             WHERE guarantee.account_id = ANY(%(accounts)s) AND guarantee.currency_id <> company.currency_id
            UNION
            SELECT currency_id, id, 1.0 FROM res_company WHERE id = ANY(%(companies)s)
          ) used
    )"""

_GUARANTEED = """
    guaranteed AS MATERIALIZED (
        SELECT guarantee.account_id,
               SUM(guarantee.value * guarantee.percent / 100 / rate.rate * home.rate) AS amount
          FROM credit_guarantee guarantee
          JOIN credit_account account ON account.id = guarantee.account_id
          JOIN res_company company ON company.id = account.company_id
          JOIN limit_rate rate ON rate.currency_id = guarantee.currency_id AND rate.company_id = company.id
          JOIN limit_rate home ON home.currency_id = company.currency_id AND home.company_id = company.id
         WHERE guarantee.account_id = ANY(%(accounts)s)
           AND guarantee.state = 'valid'
           AND guarantee.date_from <= %(today)s
           AND (guarantee.date_to IS NULL OR guarantee.date_to >= %(today)s)
         GROUP BY guarantee.account_id
    )"""

_TEMPORARY = """
    temporary AS MATERIALIZED (
        SELECT DISTINCT ON (account_id) account_id, amount, date_to
          FROM credit_limit_temporary
         WHERE account_id = ANY(%(accounts)s)
           AND date_from <= %(today)s AND date_to >= %(today)s AND (ended_on IS NULL OR ended_on > %(today)s)
         ORDER BY account_id, id DESC
    )"""

_OWN = """
    default_limit AS (
        SELECT * FROM UNNEST(%(companies)s::int[], %(defaults)s::float8[]) AS given(company_id, amount)
    ),
    -- An amount on the customer outweighs the mark "zero limit", which tells 0 from none.
    stored AS MATERIALIZED (
        SELECT account.id AS account_id, base.amount AS base, temporary.amount AS temporary, temporary.date_to AS until,
               COALESCE(guaranteed.amount, 0) AS guaranteed,
               CASE WHEN temporary.amount IS NOT NULL
                    THEN CASE WHEN temporary.amount > 0 THEN 'amount' ELSE 'zero' END
                    WHEN base.amount > 0 THEN 'amount'
                    WHEN account.is_zero_limit THEN 'zero'
                    ELSE 'none' END AS kind
          FROM credit_account account
          JOIN res_partner partner ON partner.id = account.partner_id
          JOIN default_limit ON default_limit.company_id = account.company_id
         CROSS JOIN LATERAL (
            SELECT COALESCE((partner.credit_limit->>account.company_id::text)::float8, default_limit.amount) AS amount
         ) base
          LEFT JOIN temporary ON temporary.account_id = account.id
          LEFT JOIN guaranteed ON guaranteed.account_id = account.id
         WHERE account.id = ANY(%(accounts)s)
    ),
    own_limit AS MATERIALIZED (
        SELECT account_id,
               CASE WHEN kind = 'zero' AND guaranteed > 0 THEN 'amount' ELSE kind END AS kind,
               base, temporary, until, guaranteed,
               CASE WHEN kind = 'none' THEN 0
                    ELSE COALESCE(temporary, base) + guaranteed END AS amount
          FROM stored
    )"""

LIMIT_PARTS = (_RATE, _GUARANTEED, _TEMPORARY, _OWN)

LIMIT_QUERY = "WITH" + ",".join(LIMIT_PARTS) + """
    SELECT account_id, kind, base, temporary::float8, until, guaranteed::float8, amount::float8 FROM own_limit"""
