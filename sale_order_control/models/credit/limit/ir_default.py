from odoo import api, models

from ...order.control_memory import control_cause, control_memory


class IrDefault(models.Model):
    """The limit of customers that have none of their own is a default value: its change is journalled."""

    _inherit = 'ir.default'

    @api.model_create_multi
    def create(self, vals_list):
        limits = self._read_default_limits({vals.get('field_id') for vals in vals_list})
        defaults = super().create(vals_list)
        self._journal_default_limits(limits)
        return defaults

    def write(self, vals):
        limits = self._read_default_limits({vals.get('field_id'), *self.field_id.ids})
        result = super().write(vals)
        self._journal_default_limits(limits)
        return result

    def unlink(self):
        limits = self._read_default_limits(set(self.field_id.ids))
        result = super().unlink()
        self._journal_default_limits(limits)
        return result

    @api.model
    def _read_default_limits(self, field_ids):
        """Read the default limits of the companies under credit control, if one of these fields is the limit.

        :return: ``{company: amount}``
        """
        if self.env['ir.model.fields']._get('res.partner', 'credit_limit').id not in field_ids:
            return {}
        companies = self.env['res.company'].sudo().search([('parent_id', '=', False), ('control_credit', '!=', 'off')])
        return {company: self.env['credit.account']._get_default_limit(company) for company in companies}

    @api.model
    def _journal_default_limits(self, before):
        """Record what changed, and look again at orders on hold of customers without a limit of their own."""
        for company, amount in before.items():
            now = self.env['credit.account']._get_default_limit(company)
            if not company.currency_id.compare_amounts(amount, now):
                continue
            if not control_memory(self.env).cause:
                with control_cause(self.env, self.env._("The default of the company was changed.")):
                    self._record_default_limit(company, amount, now)
            else:
                self._record_default_limit(company, amount, now)
            control_memory(self.env).issues.clear()
            held = self.env['sale.order'].sudo().search([
                ('company_id', 'child_of', company.id), ('credit_state', '=', 'hold'),
                ('state', 'in', ('draft', 'sent'))])
            held._recheck_credit_hold(self.env._("The credit limit was changed."))

    @api.model
    def _record_default_limit(self, company, before, after):
        currency = company.currency_id
        self.env['credit.limit.entry']._record(company, [{
            'subject': 'default', 'before': currency.format(before), 'after': currency.format(after),
            'amount_before': before, 'amount_after': after,
        }])
