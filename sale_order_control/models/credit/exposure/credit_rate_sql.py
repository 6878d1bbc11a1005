"""Units of a currency per unit of the one that rates are told in, as Odoo converts on a day; NULL without any rate.

Formatted with ``currency`` and ``company`` (the root company), SQL expressions; the day is ``given_today``.
"""

RATE = """
    COALESCE((SELECT r.rate FROM res_currency_rate r
               WHERE r.currency_id = {currency} AND r.name <= given_today
                 AND (r.company_id IS NULL OR r.company_id = {company})
               ORDER BY r.company_id, r.name DESC LIMIT 1),
             (SELECT r.rate FROM res_currency_rate r
               WHERE r.currency_id = {currency} AND (r.company_id IS NULL OR r.company_id = {company})
               ORDER BY r.company_id, r.name LIMIT 1))"""
