"""Money that came for one order and settles nothing yet: it lends nothing to the customer's other orders.

The order is named by ``{order}``: payments that were assigned to it, and those of online transactions that pay it
alone. Money that went back is deducted.
"""

PLEDGED = """
    SELECT -SUM(aml.amount_residual)::float8
      FROM account_move_line aml
     WHERE aml.parent_state = 'posted' AND aml.amount_residual <> 0
       AND aml.account_id IN (SELECT id FROM account_account WHERE account_type = 'asset_receivable')
       AND aml.id IN (
           SELECT assigned.id FROM account_move_line assigned WHERE assigned.advance_order_id = {order}
            UNION
           SELECT online.id
             FROM sale_order_transaction_rel rel
             JOIN payment_transaction tx ON tx.id = rel.transaction_id OR tx.source_transaction_id = rel.transaction_id
             JOIN account_move_line online ON online.payment_id = tx.payment_id
            WHERE rel.sale_order_id = {order} AND online.advance_order_id IS NULL
              AND NOT EXISTS (SELECT FROM sale_order_transaction_rel other
                               WHERE other.transaction_id = rel.transaction_id AND other.sale_order_id <> {order}))"""
