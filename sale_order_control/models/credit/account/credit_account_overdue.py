from odoo import api, fields, models
from odoo.tools import SQL

from ..exposure.credit_exposure_sql import DISPUTED_PART, OF_DISPUTE

# Customers that owe something due before today that neither payments nor credit notes cover, nor a
# dispute excuses: from open items alone, however long the history.
_OVERDUE_ACCOUNTS = f"""
    SELECT account.id
      FROM credit_account account
      JOIN res_company root ON root.id = account.company_id
     WHERE account.partner_id IN (
           SELECT party.commercial_partner_id
             FROM account_move_line aml
             JOIN account_account receivable ON receivable.id = aml.account_id
             JOIN res_company company ON company.id = aml.company_id
             JOIN res_partner party ON party.id = aml.partner_id
             {OF_DISPUTE}
            WHERE aml.parent_state = 'posted' AND aml.amount_residual <> 0
              AND receivable.account_type = 'asset_receivable'
              AND company.parent_path LIKE root.parent_path || '%%'
            GROUP BY party.commercial_partner_id
           HAVING COALESCE(SUM(aml.amount_residual - {DISPUTED_PART}) FILTER (
                      WHERE aml.amount_residual > 0
                        AND COALESCE(aml.date_maturity, aml.date) < %(today)s), 0)
                  + COALESCE(SUM(aml.amount_residual) FILTER (WHERE aml.amount_residual < 0), 0) > 0.000001)"""


class CreditAccount(models.Model):
    """Customers that are late: a controller's work list, with what they promised."""

    _inherit = 'credit.account'

    is_overdue = fields.Boolean(compute='_compute_is_overdue', search='_search_is_overdue')
    salesperson_id = fields.Many2one(related='partner_id.user_id', string="Salesperson")
    payment_promise_date = fields.Date(
        string="Promised For", tracking=True, copy=False, help="Day on which the customer promised to have paid.")
    payment_promise_amount = fields.Monetary(string="Promised", tracking=True, copy=False)
    payment_promise_note = fields.Char(
        string="Who Said What", copy=False, help="e.g. Ms Sand, accounts: pays with the run of the 15th.")
    payment_promise_broken = fields.Boolean(
        compute='_compute_payment_promise_broken', search='_search_payment_promise_broken',
        help="The day has passed, and something is still overdue.")

    _payment_promise_positive = models.Constraint(
        'CHECK (payment_promise_amount >= 0)', "A customer cannot promise a negative amount.")

    @api.depends('overdue_days')
    def _compute_is_overdue(self):
        for account in self:
            account.is_overdue = account.overdue_days > 0

    @api.model
    def _search_is_overdue(self, operator, value):
        if operator != 'in':
            return NotImplemented
        for name, field_names in (
            ('account.move.line', ['amount_residual', 'date_maturity', 'parent_state', 'partner_id']),
            ('credit.account', ['partner_id', 'company_id']), ('credit.dispute', ['move_id', 'closed_on', 'amount']),
        ):
            self.env[name].flush_model(field_names)
        query = SQL("(%s)", SQL(_OVERDUE_ACCOUNTS, today=self.env['sale.order']._get_control_today()))
        return [('id', 'in' if True in value else 'not in', query)]

    @api.depends('payment_promise_date', 'overdue_days')
    def _compute_payment_promise_broken(self):
        today = self.env['sale.order']._get_control_today()
        for account in self:
            date = account.payment_promise_date
            account.payment_promise_broken = bool(date and date < today and account.overdue_days)

    @api.model
    def _search_payment_promise_broken(self, operator, value):
        if operator != 'in':
            return NotImplemented
        today = self.env['sale.order']._get_control_today()
        broken = fields.Domain('payment_promise_date', '<', today) & fields.Domain('is_overdue', '=', True)
        return broken if True in value else ~broken

    def action_view_overdue_invoices(self):
        """Open what the overdue amount consists of, for those who may read invoices."""
        self.ensure_one()
        self.env['account.move'].check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Overdue Invoices of %s", self.partner_id.display_name),
            'res_model': 'account.move',
            'view_mode': 'list,form',
            'domain': self._get_overdue_domain(),
        }

    def _get_overdue_domain(self):
        """Find the documents of which an instalment is overdue and not all is disputed, as the figure counts them.

        It is evaluated by who invoices, and disputes are not for everybody who does: they are looked up here.
        """
        today = fields.Date.to_string(self.env['sale.order']._get_control_today())
        disputed = self.env['credit.dispute'].sudo().search([
            ('partner_id', '=', self.partner_id.id), ('closed_on', '=', False),
            ('company_id', 'child_of', self.company_id.id)]).filtered(lambda dispute: dispute._is_whole()).move_id
        return [
            ('line_ids', 'any', [
                ('partner_id.commercial_partner_id', '=', self.partner_id.id),
                ('account_id.account_type', '=', 'asset_receivable'), ('amount_residual', '>', 0),
                '|', ('date_maturity', '<', today), '&', ('date_maturity', '=', False), ('date', '<', today),
            ]),
            ('state', '=', 'posted'), ('company_id', 'child_of', self.company_id.id), ('id', 'not in', disputed.ids),
        ]
