from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ...order.control_memory import control_acting, control_memory


class CreditLimitTemporary(models.Model):
    """An amount that stands in for a customer's base limit for some days. A fact: it is ended, never changed."""

    _name = 'credit.limit.temporary'
    _description = "Temporary Credit Limit"
    _order = 'date_from desc, id desc'
    _rec_name = 'account_id'

    account_id = fields.Many2one(
        'credit.account', string="Credit Account", required=True, index=True, ondelete='restrict')
    partner_id = fields.Many2one(related='account_id.partner_id', string="Customer")
    company_id = fields.Many2one(related='account_id.company_id')
    currency_id = fields.Many2one(related='account_id.currency_id')
    amount = fields.Monetary(
        required=True, help="What the customer may owe in these days instead of the base limit, in the currency of "
                            "the main company. 0 means prepaid only. Guarantees come on top.")
    date_from = fields.Date(string="From", required=True, default=lambda self: self._get_today())
    date_to = fields.Date(
        string="Until", required=True, help="Last day; from the next one the base limit counts again.")
    reason = fields.Text(required=True)
    user_id = fields.Many2one(
        'res.users', string="By", required=True, readonly=True, default=lambda self: self.env.uid)
    ended_on = fields.Date(
        readonly=True, copy=False, help="Day from which it no longer counts, if it was ended early.")
    end_reason = fields.Text(string="Why Ended", readonly=True, copy=False)
    state = fields.Selection(
        [('planned', "Planned"), ('active', "In Force"), ('ended', "Over")], compute='_compute_state')

    _amount_positive = models.Constraint(
        'CHECK (amount >= 0)', "A temporary limit cannot be negative. Enter 0 for “prepaid only”.")
    _dates_order = models.Constraint(
        'CHECK (date_to >= date_from)', "A temporary limit cannot end before it starts. Choose a later last day.")

    @api.model
    def _get_today(self):
        return self.env['sale.order']._get_control_today()

    @api.depends('date_from', 'date_to', 'ended_on')
    def _compute_state(self):
        today = self._get_today()
        for limit in self:
            if not limit.date_to or limit._get_last_day() < today:
                limit.state = 'ended'
            else:
                limit.state = 'active' if limit.date_from <= today else 'planned'

    def _get_last_day(self):
        """Return the last day on which it counts; a day before its start if it never did."""
        return self.ended_on - timedelta(days=1) if self.ended_on else self.date_to

    @api.constrains('account_id', 'date_from', 'date_to', 'ended_on')
    def _check_overlap(self):
        # Two at the same instant: the rows of the accounts serialise them.
        self.account_id.sudo()._serialise()
        theirs = self.sudo().search([('account_id', 'in', self.account_id.ids)]).grouped('account_id')
        for limit in self.sudo():
            for other in theirs[limit.account_id] - limit:
                if limit.date_from <= other._get_last_day() and other.date_from <= limit._get_last_day():
                    raise ValidationError(self.env._(
                        "%(customer)s has a temporary limit of %(amount)s from %(start)s until %(end)s already. End it "
                        "first, or choose other days.",
                        customer=limit.partner_id.name, amount=limit.currency_id.format(other.amount),
                        start=format_date(self.env, other.date_from),
                        end=format_date(self.env, other._get_last_day())))

    @api.constrains('reason')
    def _check_reason(self):
        if any(not limit.reason.strip() for limit in self):
            raise ValidationError(self.env._("Say why: the reason is kept with the temporary limit."))

    @api.model_create_multi
    def create(self, vals_list):
        if not control_memory(self.env).acting:
            self.env['credit.account']._check_controller()
            today = self._get_today()
            for vals in vals_list:
                vals.update(user_id=self.env.uid, ended_on=False, end_reason=False)
                if vals.get('date_to') and fields.Date.to_date(vals['date_to']) < today:
                    raise ValidationError(self.env._(
                        "The temporary limit would be over already: choose today or a later last day."))
                account = self.env['credit.account'].browse(vals.get('account_id'))
                if account and vals.get('amount', 0.0) > account._get_ease()[0]:
                    account._refuse_to_sellers(account.partner_id, account.company_id)
        limits = super().create(vals_list)
        limits._journal(lambda limit: limit.reason)
        limits.account_id._limit_changed(self.env._("The customer has a temporary limit."))
        return limits

    def write(self, vals):
        if not control_memory(self.env).acting:
            raise UserError(self.env._(
                "A temporary limit is a fact and cannot be changed. End it, and enter a new one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A temporary limit is a fact and cannot be deleted. End it instead."))

    def action_end(self, reason):
        """End temporary limits today: from now on the base limits count again.

        :param str reason: why, kept with the limit
        :raise AccessError: if the caller is no credit controller
        :raise UserError: without a reason, or if one is over already
        """
        self.env['credit.account']._check_controller()
        self.check_access('write')
        if not (reason or "").strip():
            raise UserError(self.env._("Say why: the reason is kept with the temporary limit."))
        if any(limit.state == 'ended' for limit in self):
            raise UserError(self.env._("A temporary limit that is over cannot be ended again."))
        with control_acting(self.env):
            self.write({'ended_on': self._get_today(), 'end_reason': reason.strip()})
        self._journal(lambda limit: limit.end_reason, is_ended=True)
        self.account_id._limit_changed(self.env._("The temporary limit was ended."))
        return True


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    temporary_ids = fields.One2many('credit.limit.temporary', 'account_id', string="Temporary Limits")
