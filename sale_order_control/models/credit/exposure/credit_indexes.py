"""Partial indexes over open documents: the exposure never walks through settled history."""

from odoo import models


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    _credit_open_item_idx = models.Index(
        "(partner_id, account_id) INCLUDE (id, amount_residual, date_maturity, date, company_id, move_id) "
        "WHERE parent_state = 'posted' AND amount_residual <> 0")


class AccountMove(models.Model):
    _inherit = 'account.move'

    _credit_draft_invoice_idx = models.Index(
        "(partner_id) WHERE state = 'draft' AND move_type IN ('out_invoice', 'out_receipt')")


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    _credit_open_order_idx = models.Index(
        "(partner_invoice_id) WHERE state = 'sale' AND invoice_status IN ('no', 'to invoice')")
    _credit_hold_idx = models.Index("(credit_account_id) WHERE credit_state = 'hold'")


class SaleOrderLine(models.Model):
    _inherit = 'sale.order.line'

    # Advances that an order's own invoice status does not tell of, and what orders left behind that
    # are not confirmed any more: both are rare, whatever the history.
    _credit_left_over_idx = models.Index(
        "(order_id) WHERE display_type IS NULL "
        "AND (is_downpayment AND state = 'sale' AND invoice_status IN ('no', 'to invoice') "
        "OR is_downpayment AND state <> 'sale' AND qty_invoiced > 0 "
        "OR state <> 'sale' AND qty_delivered > qty_invoiced)")
