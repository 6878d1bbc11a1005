"""Questions of the exposure statement that hardly any line asks.

Written into the statement they would be planned with it every time. As functions of their own they are planned when
they are first called; in plpgsql, because PostgreSQL writes plain SQL functions back into the statement.
"""

ADDED_PRICE = 'sale_order_control_added_price'
INVOICE_POLICY = 'sale_order_control_invoice_policy'

# A product that the warehouse added: Odoo keeps no total of a line without quantity.
CREATE_ADDED_PRICE = f"""
    CREATE OR REPLACE FUNCTION {ADDED_PRICE} (given_line int, given_price_include bool) RETURNS float8
    LANGUAGE plpgsql STABLE AS $function$
    BEGIN
        RETURN (
            SELECT sol.price_unit * (1 - sol.discount / 100)
                   * (1 + COALESCE(SUM(tax.amount) FILTER (WHERE tax.amount_type = 'percent'), 0) / 100)
                   + COALESCE(SUM(tax.amount) FILTER (WHERE tax.amount_type = 'fixed'), 0)
              FROM sale_order_line sol
              LEFT JOIN account_tax_sale_order_line_rel rel ON rel.sale_order_line_id = sol.id
              LEFT JOIN account_tax given ON given.id = rel.account_tax_id
              LEFT JOIN account_tax_filiation_rel filiation
                ON filiation.parent_tax = given.id AND given.amount_type = 'group'
              LEFT JOIN account_tax tax
                ON tax.id = COALESCE(filiation.child_tax, given.id)
               AND NOT COALESCE(tax.price_include_override = 'tax_included', given_price_include)
             WHERE sol.id = given_line
             GROUP BY sol.id);
    END
    $function$"""

# Whether what was sent beyond the order will be invoiced.
CREATE_INVOICE_POLICY = f"""
    CREATE OR REPLACE FUNCTION {INVOICE_POLICY} (given_product int) RETURNS text
    LANGUAGE plpgsql STABLE AS $function$
    BEGIN
        RETURN (
            SELECT template.invoice_policy
              FROM product_product product
              JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE product.id = given_product);
    END
    $function$"""
