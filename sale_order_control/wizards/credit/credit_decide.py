from odoo import api, fields, models
from odoo.exceptions import UserError


class CreditDecide(models.TransientModel):
    """Ask a credit controller for the reason, the cap and the last day of a decision."""

    _name = 'credit.decide'
    _description = "Credit Decision"

    decision = fields.Selection(
        [('release', "Release"), ('reject', "Refuse"), ('hold', "Put on Hold")], required=True, default='release')
    order_ids = fields.Many2many('sale.order', string="Orders", readonly=True)
    account_ids = fields.Many2many('credit.account', string="Credit Accounts", readonly=True)
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id')
    reason = fields.Text(required=True, help="Kept with the decision.")
    amount = fields.Monetary(
        string="Up To",
        help="Orders: the total up to which the release holds; empty means what each order is now. "
        "Customers: the exposure up to which their orders pass; empty lifts the hold only, unless a last day is given.",
    )
    until = fields.Date(string="Valid Until", help="Last day of the release; empty means without end.")
    explanation = fields.Text(string="Why on Hold", compute='_compute_explanation')

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        model, ids = self.env.context.get('active_model'), self.env.context.get('active_ids') or []
        if model in ('sale.order', 'credit.account'):
            values['order_ids' if model == 'sale.order' else 'account_ids'] = [(6, 0, ids)]
        return values

    @api.depends('order_ids', 'account_ids')
    def _compute_currency_id(self):
        for wizard in self:
            companies = wizard.order_ids.company_id | wizard.account_ids.company_id
            wizard.currency_id = (companies.root_id.currency_id or self.env.company.root_id.currency_id)[:1]

    @api.depends('order_ids', 'account_ids')
    def _compute_explanation(self):
        for wizard in self:
            reasons = [
                f"{order.name}: {order.credit_hold_reason}" for order in wizard.order_ids if order.credit_hold_reason
            ]
            reasons += [
                f"{account.partner_id.name}: {account.hold_reason}"
                for account in wizard.account_ids
                if account.hold_reason
            ]
            wizard.explanation = "\n".join(reasons)

    def action_decide(self):
        """Apply the decision; who may decide is checked where it is made."""
        self.ensure_one()
        amount = self.amount or None
        if amount and len((self.order_ids.company_id | self.account_ids.company_id).root_id.currency_id) > 1:
            raise UserError(self.env._("Decide on companies of different currencies one by one."))
        if self.decision == 'release':
            if self.order_ids:
                self.order_ids.action_credit_release(self.reason, amount=amount, until=self.until)
            if self.account_ids:
                self.account_ids.action_release(self.reason, amount=amount, until=self.until)
        elif self.decision == 'reject':
            self.order_ids.action_credit_reject(self.reason)
        else:
            self.account_ids.action_hold(self.reason)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
