"""What happens once: when the add-on is installed into a database that has orders already, and when it goes."""

from odoo.tools import SQL

from .models.credit.exposure.credit_exposure_sql import FUNCTIONS
from .models.credit.limit.credit_limit_sql import LIMIT_FUNCTION


def post_init_hook(env):
    fill_sale_types(env)


def fill_sale_types(env):
    """Give the orders from before the installation their customers' sales type.

    One statement per company, by the rule of ``sale.order._get_default_sale_type``: the stricter of the
    customer and of who is invoiced.
    """
    orders = env['sale.order']
    orders.flush_model()
    env['res.partner'].flush_model()
    own = env['sale.control.type']._get_own_partner_ids()
    for [company] in orders._read_group([('sale_type_id', '=', False)], ['company_id']):
        types = env['sale.control.type'].with_company(company)
        home = company.account_fiscal_country_id or company.country_id
        env.cr.execute(SQL(
            """
            WITH scopes AS (
                SELECT partner.id,
                       CASE WHEN partner.commercial_partner_id = ANY(%(own)s) THEN 3
                            WHEN COALESCE(commercial.country_id, partner.country_id) != %(home)s THEN 2
                            ELSE 1
                       END AS scope
                  FROM res_partner partner
             LEFT JOIN res_partner commercial ON commercial.id = partner.commercial_partner_id
            )
            UPDATE sale_order
               SET sale_type_id = (%(types)s::int[])[LEAST(customer.scope, invoiced.scope)]
              FROM scopes customer, scopes invoiced
             WHERE customer.id = sale_order.partner_id
               AND invoiced.id = sale_order.partner_invoice_id
               AND sale_order.company_id = %(company)s
               AND sale_order.sale_type_id IS NULL
            """,
            own=list(own), home=home.id or None, company=company.id,
            types=[types._get_type_id(scope) or None for scope in ('domestic', 'export', 'internal')]))
    orders.invalidate_model(['sale_type_id'])


def uninstall_hook(env):
    """Leave no function of ours in the database."""
    env.cr.execute('; '.join(f'DROP FUNCTION IF EXISTS {name}' for name in (*FUNCTIONS, LIMIT_FUNCTION)))
