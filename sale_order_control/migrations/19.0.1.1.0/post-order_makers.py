def migrate(cr, version):
    """Orders say now whether anybody made them too."""
    cr.execute("""
        UPDATE sale_order SET approval_has_makers = TRUE
         WHERE id IN (SELECT order_id FROM sale_order_approval_maker_rel) AND approval_has_makers IS NOT TRUE""")
