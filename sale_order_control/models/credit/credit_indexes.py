"""Partial indexes over open documents: the exposure never walks through settled history."""

from odoo import models


class AccountMoveLine(models.Model):
    _inherit = 'account.move.line'

    _credit_open_item_idx = models.Index(
        "(partner_id, company_id) WHERE parent_state = 'posted' AND amount_residual <> 0")


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

    _credit_advance_idx = models.Index(
        "(order_id) WHERE is_downpayment AND state = 'sale' AND invoice_status IN ('no', 'to invoice') "
        "AND display_type IS NULL")
    _credit_left_over_idx = models.Index(
        "(order_id) WHERE state <> 'sale' AND display_type IS NULL "
        "AND (qty_delivered > qty_invoiced OR is_downpayment AND qty_invoiced > 0)")
