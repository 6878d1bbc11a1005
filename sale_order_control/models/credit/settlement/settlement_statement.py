"""Statements of account: what a customer and the company reconcile in each settlement cycle."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...order.control_memory import control_acting, control_memory

STATEMENT_STATES = [
    ('draft', "Draft"),
    ('sent', "Sent"),
    ('agreed', "Agreed"),
    ('disputed', "Disputed"),
    ('cancel', "Cancelled"),
]
LINE_KINDS = [
    ('invoice', "Invoice"),
    ('credit_note', "Credit Note"),
    ('payment', "Payment"),
    ('other', "Other Entry"),
]
STATEMENT_GROUPS = ('sale_order_control.group_credit_controller', 'account.group_account_invoice')


class CreditStatement(models.Model):
    """What was invoiced, credited and paid in one cycle: from the balance before to the balance after.

    Every document of the customer's receivable is on one statement at most; one that is booked late into
    a closed cycle comes on the next. So the closing balance is the one of the books.
    """

    _name = 'credit.statement'
    _description = "Statement of Account"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'date_to desc, id desc'

    name = fields.Char(compute='_compute_name', store=True)
    account_id = fields.Many2one('credit.account', string="Customer", required=True, index=True, ondelete='restrict')
    partner_id = fields.Many2one(related='account_id.partner_id', string="Invoiced Customer")
    company_id = fields.Many2one(related='account_id.company_id', store=True)
    currency_id = fields.Many2one(related='account_id.currency_id')
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="To", required=True)
    state = fields.Selection(STATEMENT_STATES, default='draft', required=True, readonly=True, copy=False, tracking=True)
    line_ids = fields.One2many('credit.statement.line', 'statement_id', string="Documents", readonly=True)
    order_ids = fields.One2many('credit.statement.order', 'statement_id', string="Orders", readonly=True)
    opening = fields.Monetary(string="Balance Before", readonly=True)
    invoiced = fields.Monetary(compute='_compute_totals', store=True)
    credited = fields.Monetary(compute='_compute_totals', store=True)
    paid = fields.Monetary(compute='_compute_totals', store=True)
    other = fields.Monetary(compute='_compute_totals', store=True)
    closing = fields.Monetary(string="Balance After", compute='_compute_totals', store=True)
    difference = fields.Monetary(
        string="Differs from Books", compute='_compute_difference', compute_sudo=True,
        help="Balance of the books at the last day, less the balance of the statement. Not zero when a document was "
             "changed after the statement was made.")
    sent_on = fields.Date(readonly=True, copy=False)
    sent_user_id = fields.Many2one('res.users', string="Sent By", readonly=True, copy=False)
    answered_on = fields.Date(readonly=True, copy=False)
    answered_by = fields.Char(readonly=True, copy=False, help="Who answered at the customer.")
    answer_user_id = fields.Many2one('res.users', string="Answer Recorded By", readonly=True, copy=False)
    answer_note = fields.Text(string="What is Disputed", readonly=True, copy=False)

    _period_order = models.Constraint('CHECK (date_from <= date_to)', "A statement must begin before it ends.")

    # === COMPUTE METHODS ===#

    @api.depends('account_id', 'date_from', 'date_to')
    def _compute_name(self):
        for statement in self:
            statement.name = self.env._(
                "%(customer)s, %(start)s to %(end)s", customer=statement.account_id.partner_id.name or "",
                start=statement.date_from or "", end=statement.date_to or "")

    @api.depends('opening', 'line_ids.amount', 'line_ids.kind')
    def _compute_totals(self):
        for statement in self:
            def total(kind, lines=statement.line_ids):
                return sum(lines.filtered(lambda line: line.kind == kind).mapped('amount'))
            statement.invoiced, statement.credited = total('invoice'), -total('credit_note')
            statement.paid, statement.other = -total('payment'), total('other')
            statement.closing = statement.opening + sum(statement.line_ids.mapped('amount'))

    @api.depends('closing', 'date_to', 'account_id')
    def _compute_difference(self):
        saved = self._origin.filtered(lambda statement: statement.account_id and statement.date_to)
        balances = saved._read_balances({statement: statement.date_to for statement in saved})
        for statement in self:
            known = statement._origin in balances
            statement.difference = statement.currency_id.round(
                balances[statement._origin] - statement.closing) if known else 0.0

    # === CONSTRAINTS AND WRITES ===#

    @api.constrains('account_id', 'date_from', 'date_to', 'state')
    def _check_overlap(self):
        counting = self.filtered(lambda each: each.state != 'cancel')
        if not counting:
            return
        # Whoever makes statements of the same customer at the same instant starts again, and finds this one.
        counting.sudo().account_id._serialise()
        history = counting._get_history()
        for statement in counting:
            for other in history[statement.account_id.id]:
                if other != statement.sudo() and other.date_from <= statement.date_to \
                        and other.date_to >= statement.date_from:
                    raise ValidationError(self.env._(
                        "There is a statement for a part of this time already: %s. Cancel it first, or choose other "
                        "days.", other.name))

    @api.model
    def _get_act_fields(self):
        """Name the fields that acts set, never a form or a caller."""
        return {
            'state', 'line_ids', 'order_ids', 'opening', 'sent_on', 'sent_user_id', 'answered_on', 'answered_by',
            'answer_user_id', 'answer_note',
        }

    def _refuse_acts(self, vals):
        touched = self._get_act_fields() & vals.keys()
        if touched and not control_memory(self.env).acting:
            raise AccessError(self.env._(
                "These fields follow from making, sending and answering a statement: %s", ", ".join(sorted(touched))))

    @api.model
    def default_get(self, fields):
        return super().default_get([name for name in fields if name not in self._get_act_fields() - {'state'}])

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_acts(vals)
        statements = super().create([{**vals, 'state': 'draft'} for vals in vals_list])
        statements._fill()
        return statements

    def write(self, vals):
        self._refuse_acts(vals)
        if {'account_id', 'date_from', 'date_to'} & vals.keys():
            if self.filtered(lambda statement: statement.state != 'draft'):
                raise UserError(self.env._("A statement that was sent keeps its customer and its days."))
            result = super().write(vals)
            self._fill()
            return result
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if self.filtered(lambda statement: statement.state != 'draft'):
            raise UserError(self.env._("A statement that was sent cannot be deleted. Cancel it instead."))

    # === ACTIONS ===#

    def _check_actor(self, states):
        """Check who acts on these statements, and that they are in one of some states.

        :raise AccessError: for everybody but credit controllers and people who invoice
        """
        if not any(self.env.user.has_group(group) for group in STATEMENT_GROUPS):
            raise AccessError(self.env._("Only credit controllers and people who invoice handle statements."))
        self.check_access('write')
        wrong = self.filtered(lambda statement: statement.state not in states)
        if wrong:
            raise UserError(self.env._(
                "This cannot be done with %(statement)s, which is “%(state)s”.", statement=wrong[0].name,
                state=dict(self._fields['state']._description_selection(self.env))[wrong[0].state]))

    def _act(self, **values):
        with control_acting(self.env):
            self.write(values)

    def action_refresh(self):
        """Make draft statements anew from the books."""
        self._check_actor(('draft',))
        self._fill()
        return True

    def action_send(self):
        """Send statements to their customers by mail, and keep who did it and when.

        :raise UserError: if a customer has no mail address, or the statement differs from the books
        """
        self._check_actor(('draft', 'sent', 'disputed'))
        without = self.filtered(lambda statement: not statement.partner_id.email)
        if without:
            raise UserError(self.env._(
                "There is no mail address of %s. Enter one, or print the statement and mark it as sent.",
                ", ".join(without.partner_id.mapped('name'))))
        self._check_books()
        template = self.env.ref('sale_order_control.mail_template_credit_statement')
        for statement in self:
            template.sudo().send_mail(statement.id, force_send=False)
        self._mark_sent()
        return True

    def action_mark_sent(self):
        """Keep that statements went to the customers in another way: on paper, in person."""
        self._check_actor(('draft',))
        self._check_books()
        self._mark_sent()
        return True

    def _check_books(self):
        stale = self.filtered(lambda statement: statement.state == 'draft' and statement.difference)
        if stale:
            raise UserError(self.env._(
                "The books changed since the statement was made: %s. Use “Make Again” first.",
                ", ".join(stale.mapped('name'))))

    def _mark_sent(self):
        self._act(
            state='sent', sent_on=self.env['sale.order']._get_control_today(), sent_user_id=self.env.uid)

    def action_answer(self, agreed, by, note=None):
        """Record what the customer says to statements.

        :param bool agreed: whether the customer agrees
        :param str by: who answered at the customer
        :param str note: what is disputed; needed unless agreed
        """
        self._check_actor(('sent', 'disputed'))
        if not (by or "").strip():
            raise UserError(self.env._("Enter who answered at the customer."))
        if not agreed and not (note or "").strip():
            raise UserError(self.env._("Say what the customer disputes."))
        self._act(
            state='agreed' if agreed else 'disputed', answered_by=by.strip(), answer_note=(note or "").strip() or False,
            answered_on=self.env['sale.order']._get_control_today(), answer_user_id=self.env.uid)
        return True

    def action_draft(self):
        """Open statements that the customer disputes again, to make them anew."""
        self._check_actor(('disputed', 'sent'))
        later = self.filtered(lambda statement: statement.account_id._has_later_statement(statement))
        if later:
            raise UserError(self.env._(
                "A later statement goes on from the balance of %s. Correct the difference on the next one.",
                ", ".join(later.mapped('name'))))
        self._act(state='draft')
        return True

    def action_cancel(self):
        """Cancel statements: their documents are free for another one."""
        self._check_actor(('draft', 'sent', 'disputed'))
        if self.filtered(lambda statement: statement.account_id._has_later_statement(statement)):
            raise UserError(self.env._("A later statement goes on from this one. Cancel that one first."))
        self._act(state='cancel')
        return True


class CreditStatementLine(models.Model):
    """One document on a statement, as it was when the statement was made."""

    _name = 'credit.statement.line'
    _description = "Statement Document"
    _order = 'date, id'

    statement_id = fields.Many2one('credit.statement', required=True, index=True, ondelete='cascade')
    currency_id = fields.Many2one(related='statement_id.currency_id')
    move_id = fields.Many2one('account.move', string="Entry", index='btree_not_null', ondelete='set null')
    kind = fields.Selection(LINE_KINDS, required=True)
    date = fields.Date(required=True)
    name = fields.Char(string="Document", required=True)
    orders = fields.Char(help="Orders that the document is about.")
    amount = fields.Monetary(help="What the customer owes more, or less, by the document.")
    residual = fields.Monetary(string="Still Open", help="What of it was not paid when the statement was made.")

    _document_once = models.UniqueIndex(
        "(statement_id, move_id) WHERE move_id IS NOT NULL", "A document is on a statement once.")


class CreditStatementOrder(models.Model):
    """What was delivered and invoiced of one order in the cycle, taxes included, in the company's currency."""

    _name = 'credit.statement.order'
    _description = "Statement Order"
    _order = 'id'

    statement_id = fields.Many2one('credit.statement', required=True, index=True, ondelete='cascade')
    currency_id = fields.Many2one(related='statement_id.currency_id')
    order_id = fields.Many2one('sale.order', index='btree_not_null', ondelete='set null')
    name = fields.Char(string="Number", required=True)
    client_order_ref = fields.Char(string="Customer Reference")
    delivered = fields.Monetary()
    invoiced = fields.Monetary()
