from odoo import fields, models


class CreditFact(models.AbstractModel):
    """What was decided or found about one customer's credit: by whom, when and why. Never changed."""

    _name = 'credit.fact'
    _inherit = ['sale.control.fact']
    _description = "Recorded Fact About Credit"

    account_id = fields.Many2one(
        'credit.account', string="Credit Account", required=True, readonly=True, index=True, ondelete='restrict')
    partner_id = fields.Many2one(related='account_id.partner_id', string="Customer")
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    currency_id = fields.Many2one('res.currency', required=True, readonly=True)
    user_id = fields.Many2one('res.users', string="By", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    reason = fields.Text(readonly=True)
