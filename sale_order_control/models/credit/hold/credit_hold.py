from odoo import api, fields, models, tools

OTHER = 'credit.other'


class CreditHoldReason(models.Model):
    """A kind of reason for which orders are on credit hold: a column of the work list."""

    _name = 'credit.hold.reason'
    _inherit = ['sale.control.cached']
    _description = "Credit Hold Reason"
    _order = 'sequence, id'

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True, help="Rules whose code is this one, or begins with it and a dot, belong to the reason.")
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    advice = fields.Text(translate=True, help="What usually helps, shown to credit controllers.")

    _code_unique = models.UniqueIndex("(code)", "Two hold reasons cannot have the same code.")

    @api.model
    def _get_ids(self, codes):
        """Return the ids of the reasons to which rules belong, in ascending order.

        :param codes: codes of issues, e.g. ``credit.document.3``
        """
        known = self._get_id_by_code()
        found = set()
        for code in codes:
            while code and code not in known:
                code = code.rpartition('.')[0]
            found.add(known.get(code) or known.get(OTHER))
        return tuple(sorted(reason_id for reason_id in found if reason_id))

    @api.model
    @tools.ormcache()
    def _get_id_by_code(self):
        return {reason.code: reason.id for reason in self.sudo().search([])}


class SaleOrder(models.Model):
    """What the work list of holds shows of an order."""

    _inherit = 'sale.order'

    credit_hold_reason_ids = fields.Many2many(
        'credit.hold.reason', 'sale_order_credit_hold_reason_rel', 'order_id', 'reason_id', string="Reasons",
        readonly=True, copy=False, groups='base.group_user')
    credit_hold_amount = fields.Monetary(
        string="Waiting", readonly=True, copy=False, currency_field='credit_currency_id', groups='base.group_user',
        help="What the order would add to what the customer owes, in the currency of the main company.")
    credit_clear_amount = fields.Monetary(
        string="Payment That Clears It", readonly=True, copy=False, currency_field='credit_currency_id',
        groups='base.group_user', help="Least payment after which nothing holds the order; 0 if no payment helps.")
    credit_handler_id = fields.Many2one(
        'res.users', string="Looked After By", readonly=True, copy=False, groups='base.group_user',
        help="The credit controller who looks after this hold.")
    credit_currency_id = fields.Many2one(
        related='credit_account_id.currency_id', string="Credit Currency", groups='base.group_user')
    credit_hold_days = fields.Integer(
        string="Days on Hold", compute='_compute_credit_hold_cost', groups='base.group_user')
    credit_hold_cost = fields.Monetary(
        string="Cost So Far", compute='_compute_credit_hold_cost', currency_field='credit_currency_id',
        groups='base.group_user',
        help="Amount waiting × days on hold × the yearly rate of the settings ÷ 365: what the delay has cost.")
    credit_grade_id = fields.Many2one(
        # The grade is tracked on the account: not once more on every order that finds its account.
        tracking=False,
        related='credit_account_id.grade_id', string="Credit Grade", groups='base.group_user')
    credit_available = fields.Monetary(
        related='credit_account_id.available', string="Available", currency_field='credit_currency_id',
        groups='base.group_user')
    credit_limit_kind = fields.Selection(
        related='credit_account_id.limit_kind', string="Limit Kind", groups='base.group_user')
    credit_overdue_amount = fields.Monetary(
        related='credit_account_id.overdue_amount', string="Overdue", currency_field='credit_currency_id',
        groups='base.group_user')
    credit_overdue_days = fields.Integer(
        related='credit_account_id.overdue_days', string="Days Overdue", groups='base.group_user')

    @api.depends('credit_hold_since', 'credit_hold_amount')
    def _compute_credit_hold_cost(self):
        today = self._get_control_today()
        for order in self:
            since = order.credit_hold_since
            days = max(0, (today - fields.Datetime.context_timestamp(order, since).date()).days) if since else 0
            rate = order.company_id.root_id.sudo().credit_hold_rate
            order.credit_hold_days = days
            order.credit_hold_cost = max(0.0, order.credit_hold_amount) * days * rate / 100 / 365

    def action_view_credit_invoices(self):
        """Open the open invoices of the invoiced customer, oldest first; for those who may read them."""
        self.ensure_one()
        self.env['account.move'].check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Open Invoices of %s", self.sudo().credit_account_id.partner_id.name),
            'res_model': 'account.move',
            'view_mode': 'list,form',
            'domain': [
                ('commercial_partner_id', '=', self.sudo().credit_account_id.partner_id.id),
                ('move_type', 'in', ('out_invoice', 'out_refund', 'out_receipt')), ('state', '=', 'posted'),
                ('payment_state', 'in', ('not_paid', 'partial')),
                ('company_id', 'child_of', self.company_id.root_id.id),
            ],
        }


class ResCompany(models.Model):
    _inherit = 'res.company'

    credit_hold_rate = fields.Float(
        string="Yearly Cost of Held Orders (%)", default=8.0, groups='base.group_user',
        help="What an order on credit hold costs per year, in percent of its amount: interest, storage, lost margin. "
             "The work list of holds shows the cost so far by it.")

    credit_portal_offer = fields.Boolean(
        string="Offer Customers to Pay", groups='base.group_user',
        help="Where a payment would let an order go on, the customer's order page offers to pay it. Customers read "
             "the amount only, never the reason, and the order goes on by itself when the money is booked.")

    _credit_hold_rate_positive = models.Constraint(
        'CHECK (credit_hold_rate >= 0)', "The yearly cost of held orders cannot be negative.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    credit_hold_rate = fields.Float(related='company_id.credit_hold_rate', readonly=False)
    credit_portal_offer = fields.Boolean(related='company_id.credit_portal_offer', readonly=False)
