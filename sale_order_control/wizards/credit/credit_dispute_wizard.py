from odoo import api, fields, models
from odoo.exceptions import UserError


class CreditDisputeWizard(models.TransientModel):
    """Ask a credit controller what the customer objects to, or how it was settled."""

    _name = 'credit.dispute.wizard'
    _inherit = ['sale.control.wizard']
    _description = "Dispute an Invoice"

    closing = fields.Boolean()
    move_ids = fields.Many2many('account.move', string="Invoices", readonly=True)
    dispute_ids = fields.Many2many('credit.dispute', string="Disputes", readonly=True)
    currency_id = fields.Many2one('res.currency', compute='_compute_currency_id')
    amount = fields.Monetary(
        string="Disputed Amount", compute='_compute_amount', store=True, compute_sudo=False, readonly=False,
        help="What the customer objects to. The rest of the invoice is called overdue like any other.")
    reason = fields.Text(required=True)

    @api.depends('move_ids')
    def _compute_currency_id(self):
        for wizard in self:
            wizard.currency_id = wizard.move_ids.currency_id if len(wizard.move_ids) == 1 else False

    @api.depends('move_ids')
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.move_ids.amount_residual if len(wizard.move_ids) == 1 else 0.0

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        model, ids = self.env.context.get('active_model'), self.env.context.get('active_ids') or []
        if model == 'account.move':
            values['move_ids'] = [(6, 0, ids)]
            if values.get('closing'):
                disputes = self.env['credit.dispute'].search([('move_id', 'in', ids), ('closed_on', '=', False)])
                values['dispute_ids'] = [(6, 0, disputes.ids)]
        elif model == 'credit.dispute':
            values['dispute_ids'] = [(6, 0, ids)]
        return values

    def action_apply(self):
        """Open or close the disputes; who may do it is checked where it is done."""
        self.ensure_one()
        if self.closing and not self.dispute_ids:
            raise UserError(self.env._("Nothing is disputed here."))
        if self.closing:
            self.dispute_ids.action_close(self.reason)
        else:
            self.move_ids.action_credit_dispute(self.reason, self.amount if len(self.move_ids) == 1 else None)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
