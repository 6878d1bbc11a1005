from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class CreditDecide(models.TransientModel):
    """Ask a credit controller for the reason, the cap and the last day of a decision."""

    _name = 'credit.decide'
    _inherit = ['sale.control.wizard']
    _description = "Credit Decision"

    decision = fields.Selection(
        [('release', "Release"), ('reject', "Refuse"), ('hold', "Put on Hold"), ('hand_over', "Hand Over")],
        required=True, default='release')
    order_ids = fields.Many2many('sale.order', string="Orders", readonly=True)
    line_ids = fields.One2many('credit.decide.line', 'wizard_id', string="Up To, by Order")
    account_ids = fields.Many2many('credit.account', string="Credit Accounts", readonly=True)
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id')
    reason = fields.Text(help="Kept with the decision. When handing over: what the other one should know.")
    user_id = fields.Many2one(
        'res.users', string="Hand Over To", help="A credit controller; the orders appear among their activities.",
        domain=lambda self: [('all_group_ids', 'in', self.env.ref(
            'sale_order_control.group_credit_controller').id), ('id', '!=', self.env.uid)])
    amount = fields.Monetary(
        string="Up To",
        help="The exposure up to which orders of the customers pass; empty lifts the hold only, unless a last day is "
             "given.",
    )
    until = fields.Date(string="Valid Until", help="Last day of the release; empty means without end.")
    explanation = fields.Text(string="Why on Hold", compute='_compute_explanation')

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        model, ids = self.env.context.get('active_model'), self.env.context.get('active_ids') or []
        if model in ('sale.order', 'credit.account'):
            values['order_ids' if model == 'sale.order' else 'account_ids'] = [(6, 0, ids)]
        if model == 'sale.order' and values.get('decision') == 'release' and 'line_ids' in fields:
            self.env['credit.account']._check_controller()
            orders = self.env['sale.order'].browse(ids)
            orders.check_access('read')
            values['line_ids'] = [
                Command.create({'order_id': order_id, 'currency_id': check.currency.id, 'amount': max(
                    0.0, check.amount), 'order_amount': check.amount})
                for order_id, check in orders._get_credit_checks('submit').items()]
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
            wizard.explanation = "\n\n".join(reasons)

    def action_decide(self):
        """Apply the decision; who may decide is checked where it is made."""
        self.ensure_one()
        amount = self.amount or None
        if amount and len((self.order_ids.company_id | self.account_ids.company_id).root_id.currency_id) > 1:
            raise UserError(self.env._("Decide on companies of different currencies one by one."))
        result = self._apply_decision(amount)
        return result if isinstance(result, dict) else {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def _apply_decision(self, amount):
        result = True
        if self.decision == 'release':
            if self.order_ids:
                caps = {line.order_id.id: line.amount for line in self.line_ids}
                result = self.order_ids.action_credit_release(
                    self.reason, amount=amount, until=self.until, amounts=caps)
            if self.account_ids:
                self.account_ids.action_release(self.reason, amount=amount, until=self.until)
        elif self.decision == 'reject':
            result = self.order_ids.action_credit_reject(self.reason)
        elif self.decision == 'hand_over':
            if not self.user_id:
                raise UserError(self.env._("Choose the credit controller who looks after the orders from now on."))
            result = self.order_ids.action_credit_hand_over(self.user_id, note=self.reason)
        else:
            self.account_ids.action_hold(self.reason)
        return result


class CreditDecideLine(models.TransientModel):
    """Up to which amount one order of a batch is released: by default what it adds now."""

    _name = 'credit.decide.line'
    _inherit = ['sale.control.wizard']
    _description = "Order to Release"

    wizard_id = fields.Many2one('credit.decide', required=True, ondelete='cascade')
    order_id = fields.Many2one('sale.order', required=True, readonly=True, ondelete='cascade')
    partner_id = fields.Many2one(related='order_id.partner_id', related_sudo=False)
    currency_id = fields.Many2one('res.currency', readonly=True)
    order_amount = fields.Monetary(string="Waiting", readonly=True, help="What the order adds to what is owed.")
    amount = fields.Monetary(
        string="Up To", help="The release holds as long as the order adds no more than this amount.")
