"""What the night does with validities: end what is over, and say in time what is about to end."""

from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...order.control_memory import control_acting
from ..account.credit_nightly import NightlyStep


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def _get_nightly_steps(self):
        return super()._get_nightly_steps() + [
            NightlyStep('limit_end', 10, self.env._("Temporary limits that are over"), 'credit.limit.temporary',
                        '_due_end', '_run_end'),
            NightlyStep('guarantee_end', 11, self.env._("Guarantees that are over"), 'credit.guarantee',
                        '_due_end', '_run_end'),
            NightlyStep('limit_warning', 70, self.env._("Limits and guarantees that end soon"), 'credit.account',
                        '_due_end_warning', '_run_end_warning'),
        ]

    def _due_end_warning(self, today):
        ending = self.env['credit.limit.temporary'].sudo().search(self._get_ending_domain(today)).account_id
        ending |= self.env['credit.guarantee'].sudo().search(
            [*self._get_ending_domain(today), ('state', '=', 'valid')]).account_id
        return [*self._get_nightly_company_domain(), ('id', 'in', ending.ids)]

    def _get_ending_domain(self, today):
        companies = self.env['res.company'].sudo().search([('credit_warn_days', '>', 0)])
        days = max(companies.mapped('credit_warn_days'), default=0)
        return [('is_warned', '=', False), ('date_to', '>=', today), ('date_to', '<=', today + timedelta(days=days))]

    def _run_end_warning(self, today):
        """Put one activity per customer on the desk of a credit controller: all that ends within the days set.

        :raise UserError: where something ends and the company has no credit controller: the step reports it and tries
            again the next night
        """
        for company, accounts in self.grouped('company_id').items():
            last = today + timedelta(days=company.credit_warn_days)
            domain = [('account_id', 'in', accounts.ids), ('is_warned', '=', False), ('date_to', '>=', today),
                      ('date_to', '<=', last)]
            temporary = self.env['credit.limit.temporary'].sudo().search([*domain, ('ended_on', '=', False)])
            guarantees = self.env['credit.guarantee'].sudo().search([*domain, ('state', '=', 'valid')])
            controller = self._get_controllers(company)[:1]
            if (temporary or guarantees) and not controller:
                raise UserError(self.env._(
                    "Limits or guarantees end soon, but %s has no credit controller who could be warned.",
                    company.name))
            for account in accounts:
                account._warn_of_end(
                    temporary.filtered(lambda limit, account=account: limit.account_id == account),
                    guarantees.filtered(lambda guarantee, account=account: guarantee.account_id == account), controller)
            with control_acting(self.env):
                temporary.write({'is_warned': True})
                guarantees.write({'is_warned': True})

    def _warn_of_end(self, temporary, guarantees, controller):
        self.ensure_one()
        lines = [
            self.env._("Temporary limit of %(amount)s ends on %(day)s.", amount=limit.currency_id.format(limit.amount),
                       day=format_date(self.env, limit.date_to))
            for limit in temporary
        ] + [
            self.env._("Guarantee %(name)s ends on %(day)s.", name=guarantee._word_guarantee(),
                       day=format_date(self.env, guarantee.date_to))
            for guarantee in guarantees
        ]
        if lines:
            self.activity_schedule(
                'sale_order_control.mail_activity_type_limit_end', user_id=controller.id, summary=" ".join(lines),
                date_deadline=min([*temporary.mapped('date_to'), *guarantees.mapped('date_to')]))


class CreditLimitTemporary(models.Model):
    _inherit = 'credit.limit.temporary'

    is_over = fields.Boolean(readonly=True, copy=False, help="The night has noted that its last day is past.")
    is_warned = fields.Boolean(readonly=True, copy=False)

    def _due_end(self, today):
        return [
            ('date_to', '<', today), ('is_over', '=', False),
            *self.env['credit.account']._get_nightly_company_domain()]

    def _run_end(self, today):
        """Note that temporary limits are over. They stopped counting by themselves after their last day."""
        current = self.filtered(lambda limit: not limit.ended_on)
        current._journal(lambda limit: self.env._("Its last day is past."), is_ended=True)
        with control_acting(self.env):
            self.write({'is_over': True})
        current.account_id._limit_changed(self.env._("A temporary limit is over."))


class CreditGuarantee(models.Model):
    _inherit = 'credit.guarantee'

    is_warned = fields.Boolean(readonly=True, copy=False)

    def _due_end(self, today):
        return [
            ('date_to', '<', today), ('state', '=', 'valid'),
            *self.env['credit.account']._get_nightly_company_domain()]

    def _run_end(self, today):
        """End guarantees whose last day is past. They stopped counting by themselves."""
        with control_acting(self.env):
            self.write({'state': 'ended'})
        self._journal(self.env._("Its last day is past."), is_ended=True)
        self.account_id._limit_changed(self.env._("A guarantee is over."))


class ResCompany(models.Model):
    _inherit = 'res.company'

    credit_warn_days = fields.Integer(
        string="Warn Before Limits End (Days)", default=14, groups='base.group_user',
        help="So many days before a temporary limit or a guarantee of a customer ends, a credit controller gets an "
             "activity on the customer's credit account.")

    _credit_warn_days_positive = models.Constraint(
        'CHECK (credit_warn_days >= 0)', "The days of warning before limits end cannot be negative.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    credit_warn_days = fields.Integer(related='company_id.credit_warn_days', readonly=False)
