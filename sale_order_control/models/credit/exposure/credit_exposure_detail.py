"""The documents behind each part of the exposure: the same statement, before it is summed up."""

from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .credit_exposure_sql import EXPOSURE, OPEN_ITEMS

PARTS = [
    ('receivable', "Unpaid Invoices"),
    ('draft_invoiced', "Draft Invoices"),
    ('to_invoice', "Delivered, Not Invoiced"),
    ('to_deliver', "Ordered, Not Delivered"),
]

_DETAIL = f"""{OPEN_ITEMS}
    SELECT 'receivable', item.amount, item.due, aml.move_id, NULL::int
      FROM item JOIN account_move_line aml ON aml.id = item.id
    UNION ALL
    SELECT 'draft_invoiced', GREATEST(0, move.amount_total_signed), move.invoice_date_due, move.id, NULL
      FROM party
      JOIN account_move move ON move.partner_id = party.id
      JOIN res_company company ON company.id = move.company_id
     WHERE move.state = 'draft' AND move.move_type IN ('out_invoice', 'out_receipt')
       AND company.parent_path LIKE %(company_path)s
    UNION ALL
    SELECT part, amount, NULL, NULL, order_id
      FROM ({EXPOSURE}) AS position
     CROSS JOIN LATERAL (VALUES ('to_invoice', to_invoice), ('to_deliver', to_deliver)) AS share(part, amount)
     WHERE order_id IS NOT NULL"""


class CreditExposureLine(models.TransientModel):
    """One document behind a part of a customer's exposure, as it was when somebody looked."""

    _name = 'credit.exposure.line'
    _description = "Document Behind the Exposure"
    _order = 'due, id'

    account_id = fields.Many2one('credit.account', required=True, ondelete='cascade', readonly=True)
    currency_id = fields.Many2one(related='account_id.currency_id')
    part = fields.Selection(PARTS, readonly=True)
    name = fields.Char(string="Document", readonly=True)
    partner_id = fields.Many2one('res.partner', string="Contact", readonly=True)
    move_id = fields.Many2one('account.move', string="Entry", readonly=True, groups='account.group_account_readonly')
    order_id = fields.Many2one('sale.order', readonly=True)
    date = fields.Date(readonly=True)
    due = fields.Date(readonly=True)
    amount = fields.Monetary(readonly=True, help="What of this document counts, in the currency of the main company.")

    def action_open(self):
        """Open the document, as far as the user may read it."""
        self.ensure_one()
        record = self.sudo().move_id.with_env(self.env) or self.order_id
        if not record.has_access('read'):
            raise AccessError(self.env._("You may not open %s. Ask somebody in accounting.", self.name))
        return {'type': 'ir.actions.act_window', 'res_model': record._name, 'res_id': record.id, 'view_mode': 'form'}


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def _get_exposure_rows(self):
        """List the documents behind the exposure of this account; each part's rows add up to the part.

        :return: list of values of ``credit.exposure.line``
        """
        self.ensure_one()
        account = self.sudo()
        root = account.company_id
        self._flush_exposure()
        rows = self.env.execute_query(SQL(
            _DETAIL, **self._get_exposure_parameters(account.partner_id, root), apart=None))
        moves = self.env['account.move'].sudo().browse(row[3] for row in rows if row[3])
        orders = self.env['sale.order'].sudo().browse(row[4] for row in rows if row[4])
        documents = {record: record for record in (*moves, *orders)}
        lines = []
        for part, amount, due, move_id, order_id in rows:
            if root.currency_id.is_zero(float(amount)):
                continue
            record = documents[moves.browse(move_id) if move_id else orders.browse(order_id)]
            lines.append({
                'account_id': account.id, 'part': part, 'amount': float(amount), 'due': due, 'move_id': move_id,
                'order_id': order_id, 'name': record.display_name, 'partner_id': record.partner_id.id,
                'date': record.date if move_id else record.date_order.date(),
            })
        return lines

    def action_view_exposure(self):
        """Open the documents behind the exposure, those of one part if the context names it."""
        self.ensure_one()
        self.check_access('read')
        part = self.env.context.get('credit_part')
        part = part if part in dict(PARTS) else False
        lines = self.env['credit.exposure.line'].sudo().create(self._get_exposure_rows())
        names = dict(PARTS)
        return {
            'type': 'ir.actions.act_window',
            'name': f"{self.partner_id.display_name}: {names[part]}" if part else self.env._(
                "Exposure of %s", self.partner_id.display_name),
            'res_model': 'credit.exposure.line',
            'view_mode': 'list',
            'domain': [('id', 'in', lines.ids), *([('part', '=', part)] if part else [])],
            'context': {} if part else {'group_by': 'part'},
        }
