from odoo.tools.sql import column_exists


def migrate(cr, version):
    """Everybody who wrote on a contract is remembered now: so far that was the last one."""
    if column_exists(cr, 'sale_order_contract', 'editor_id'):
        cr.execute("""
            INSERT INTO sale_order_contract_editor_rel (sale_order_contract_id, res_users_id)
            SELECT id, editor_id FROM sale_order_contract WHERE editor_id IS NOT NULL
            ON CONFLICT DO NOTHING""")
