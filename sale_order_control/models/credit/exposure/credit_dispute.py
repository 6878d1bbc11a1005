from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...order.control_memory import control_acting, control_memory
from ..account.res_partner import READERS


class CreditDispute(models.Model):
    """A customer objects to an invoice: it stays owed, but it is not called overdue until this is settled."""

    _name = 'credit.dispute'
    _description = "Disputed Invoice"
    _order = 'opened_on desc, id desc'
    _rec_name = 'move_id'

    move_id = fields.Many2one(
        'account.move', string="Invoice", required=True, readonly=True, index=True, ondelete='restrict')
    partner_id = fields.Many2one(
        'res.partner', string="Customer", required=True, readonly=True, index=True, ondelete='restrict')
    company_id = fields.Many2one('res.company', required=True, readonly=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    amount_residual = fields.Monetary(
        related='move_id.amount_residual_signed', string="Unpaid", help="What is still open on the invoice today.")
    amount = fields.Monetary(
        string="Objected To", readonly=True,
        help="How much of the invoice the customer objects to, in the currency of the company. Nothing: all of it.")
    disputed_amount = fields.Monetary(
        string="Disputed", compute='_compute_disputed_amount', compute_sudo=True,
        help="What is disputed and still open: the rest of the invoice is owed and called overdue like any other.")
    reason = fields.Text(required=True, readonly=True, help="What the customer objects to.")
    opened_on = fields.Date(required=True, readonly=True)
    user_id = fields.Many2one('res.users', string="Opened By", required=True, readonly=True)
    closed_on = fields.Date(readonly=True)
    closed_user_id = fields.Many2one('res.users', string="Closed By", readonly=True)
    outcome = fields.Text(readonly=True, help="How the dispute was settled.")

    _amount_positive = models.Constraint('CHECK (amount >= 0)', "The disputed amount cannot be negative.")
    # Read with every exposure; at most one at a time.
    _open_move_idx = models.UniqueIndex(
        '(move_id) WHERE closed_on IS NULL', "This invoice is disputed already.")

    @api.depends('amount', 'closed_on', 'move_id.amount_residual_signed')
    def _compute_disputed_amount(self):
        for dispute in self:
            left = 0.0 if dispute.closed_on else max(0.0, dispute.move_id.amount_residual_signed)
            dispute.disputed_amount = min(dispute.amount, left) if dispute.amount else left

    @api.depends('move_id')
    def _compute_display_name(self):
        # Who may read a dispute may know which invoice it is about, auditors without a right on the books too.
        for dispute in self:
            dispute.display_name = dispute.sudo().move_id.display_name

    def _is_whole(self):
        """Whether all that is left of the invoice is disputed."""
        self.ensure_one()
        return self.currency_id.compare_amounts(self.disputed_amount, self.move_id.amount_residual_signed) >= 0

    @api.model_create_multi
    def create(self, vals_list):
        if not control_memory(self.env).acting:
            raise AccessError(self.env._("A dispute is opened on the invoice, by a credit controller."))
        return super().create(vals_list)

    def write(self, vals):
        if not control_memory(self.env).acting:
            raise AccessError(self.env._("A dispute is closed by a credit controller, and never rewritten."))
        return super().write(vals)

    def unlink(self):
        raise UserError(self.env._("A dispute is a fact and cannot be deleted: close it instead."))

    def action_close(self, outcome):
        """End disputes: what is unpaid on the invoices counts as overdue again from its due date on.

        :param str outcome: how it was settled, kept with the dispute
        :raise AccessError: if the caller is no credit controller
        """
        self.env['credit.account']._check_controller()
        self.check_access('read')
        outcome = (outcome or "").strip()
        if not outcome:
            raise UserError(self.env._("Say how the dispute was settled: it is kept with the invoice."))
        ended = self.filtered('closed_on')
        if ended:
            raise UserError(self.env._("Closed already: %s", ", ".join(ended.move_id.mapped('display_name'))))
        with control_acting(self.env):
            # No right writes disputes: they follow from the acts of credit controllers.
            self.sudo().write({
                'closed_on': self.env['sale.order']._get_control_today(), 'closed_user_id': self.env.uid,
                'outcome': outcome,
            })
            self.sudo().flush_recordset()
        self.move_id._note_credit_dispute(self.env._("No longer disputed: %s", outcome))
        return True


class AccountMove(models.Model):
    _inherit = 'account.move'

    credit_dispute_ids = fields.One2many(
        'credit.dispute', 'move_id', string="Disputes", groups=READERS, copy=False)
    credit_dispute_reason = fields.Text(
        string="Disputed", compute='_compute_credit_dispute_reason', groups='base.group_user', compute_sudo=True)
    credit_dispute_amount = fields.Monetary(
        string="Disputed Amount", compute='_compute_credit_dispute_reason', groups='base.group_user',
        compute_sudo=True, currency_field='company_currency_id',
        help="What is disputed and still open, where that is less than what is open of the invoice.")

    @api.depends('credit_dispute_ids.closed_on', 'amount_residual')
    def _compute_credit_dispute_reason(self):
        for move in self:
            dispute = move._get_open_credit_dispute()
            move.credit_dispute_reason = dispute.reason
            move.credit_dispute_amount = dispute.disputed_amount if dispute and not dispute._is_whole() else 0.0

    def _get_open_credit_dispute(self):
        return self.credit_dispute_ids.filtered(lambda dispute: not dispute.closed_on)

    def action_credit_dispute(self, reason, amount=None):
        """Mark customer invoices as disputed: they stay in the exposure but are not overdue.

        :param str reason: what the customer objects to
        :param float amount: how much of what is open is disputed, in the currency of the invoice, of one invoice; the
            rest stays overdue. Without it, all is.
        :raise AccessError: if the caller is no credit controller
        :raise UserError: for what is no posted, unpaid customer invoice
        """
        self.env['credit.account']._check_controller()
        self.check_access('read')
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say what the customer objects to: it is kept with the invoice."))
        moves = self.sudo()
        wrong = moves.filtered(lambda move: (
            move.move_type not in ('out_invoice', 'out_receipt') or move.state != 'posted'
            or move.currency_id.is_zero(move.amount_residual)))
        if wrong:
            raise UserError(self.env._(
                "Only posted customer invoices with something left to pay can be disputed. Leave out: %s",
                ", ".join(wrong.mapped('display_name'))))
        already = moves.filtered(lambda move: move._get_open_credit_dispute())
        if already:
            raise UserError(self.env._("Disputed already: %s", ", ".join(already.mapped('display_name'))))
        disputed = moves._get_credit_dispute_share(amount)
        with control_acting(self.env):
            # No right creates disputes: they follow from the acts of credit controllers.
            self.env['credit.dispute'].sudo().create([
                {
                    'move_id': move.id, 'partner_id': move.commercial_partner_id.id, 'company_id': move.company_id.id,
                    'reason': reason, 'amount': disputed, 'opened_on': self.env['sale.order']._get_control_today(),
                    'user_id': self.env.uid,
                }
                for move in moves
            ])
        if disputed:
            self._note_credit_dispute(self.env._(
                "Disputed by the customer, %(amount)s of it: %(reason)s", amount=moves.currency_id.format(amount),
                reason=reason))
        else:
            self._note_credit_dispute(self.env._("Disputed by the customer: %s", reason))
        return True

    def _get_credit_dispute_share(self, amount):
        """Return how much of an invoice is disputed, in the currency of its company; 0 if all of it is.

        :param float amount: what is disputed, in the currency of the invoice
        :raise UserError: if it is not a part of what is open, or of several invoices
        """
        if not amount:
            return 0.0
        if len(self) != 1:
            raise UserError(self.env._("Dispute invoices one by one to say how much of each is disputed."))
        compared = self.currency_id.compare_amounts(amount, self.amount_residual)
        if amount < 0 or compared > 0:
            raise UserError(self.env._(
                "%(invoice)s has %(open)s left to pay: no more of it can be disputed.", invoice=self.display_name,
                open=self.currency_id.format(self.amount_residual)))
        if not compared:
            return 0.0
        return self.company_currency_id.round(amount * self.amount_residual_signed / self.amount_residual)

    def _note_credit_dispute(self, sentence):
        """Note a change on the invoices, and look again at what it holds or frees."""
        moves = self.sudo()
        moves._message_log_batch(bodies=dict.fromkeys(moves.ids, sentence))
        control_memory(self.env).issues.clear()
        self.env['credit.account'].invalidate_model(['overdue_amount', 'overdue_days', 'disputed_amount', 'state'])
        for company, theirs in moves.grouped(lambda move: move.company_id.root_id).items():
            accounts = self.env['credit.account'].sudo()._find(theirs.commercial_partner_id, company)
            accounts._recheck_holds(sentence)
