from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class SaleTransferChange(models.Model):
    """Who decides on closing what is overdue: approval policies say so, and where none does, nobody closes it."""

    _inherit = 'sale.transfer.change'

    @api.model
    def _needs_agreement(self, order, quantities):
        """Whether somebody must agree before these quantities of an order are closed without delivering.

        :param dict quantities: ``{(line_id, product_id): quantity}``
        """
        if self._explain_undecidable(order.company_id):
            return True
        change = self.sudo().new({
            'order_id': order.id, 'company_id': order.company_id.id, 'user_id': self.env.uid, 'name': order.name,
            'reason': order.name,
            'line_ids': [
                Command.create({'order_line_id': key[0], 'product_id': key[1], 'quantity': quantity})
                for key, quantity in quantities.items()],
        })
        return bool(change._get_approval_reasons())

    @api.model
    def _explain_undecidable(self, company):
        """Say that nobody could agree yet, where delivery promises are in force; else nothing."""
        if company._get_control_mode('promise') != 'enforce' or self._has_overdue_policy(company):
            return ""
        return self.env._(
            "Nobody is named yet who decides on it: a manager of order control adds an approval policy about “Change "
            "of an Overdue Delivery”, or runs the set-up again.")

    @api.model
    def _has_overdue_policy(self, company):
        """Whether a policy about overdue deliveries counts in a company today, whatever its conditions."""
        today = self.env['sale.order']._get_control_today()
        rules = self.env['sale.approval.policy']._get_rules(tuple(company.sudo().parent_ids.ids), self._name)
        return any(rule.is_valid_on(today) for rule in rules)

    def _submit(self):
        undecidable = self._explain_undecidable(self.company_id)
        if undecidable:
            raise UserError(undecidable)
        return super()._submit()


class SaleControlSwitches(models.AbstractModel):
    """The settings say when nobody could close an overdue delivery."""

    _inherit = 'sale.control.switches'

    overdue_undecidable = fields.Char(compute='_compute_overdue_undecidable')

    @api.depends('company_id', 'control_promise')
    def _compute_overdue_undecidable(self):
        changes = self.env['sale.transfer.change']
        for switches in self:
            company = switches.company_id
            unnamed = switches.control_promise == 'enforce' and company and not changes._has_overdue_policy(company)
            switches.overdue_undecidable = unnamed and self.env._(
                "Overdue deliveries cannot be cancelled or closed yet, because nobody is named who decides: add an "
                "approval policy about “Change of an Overdue Delivery”, or run the set-up.")
