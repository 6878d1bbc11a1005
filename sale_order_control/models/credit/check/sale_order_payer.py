from odoo import models

from ...order.control_issue import ControlIssue


class SaleOrder(models.Model):
    """A customer does not get rid of what it will owe by naming somebody whom nothing limits."""

    _inherit = 'sale.order'

    def _get_change_issues(self, before, after):
        issues = super()._get_change_issues(before, after)
        for order, check in self._with_control('credit', 'confirm')._filter_moved_credit(before, after).items():
            if any(issue.code == 'credit.payer' for issue in issues[order.id]):
                continue
            former = self.env['res.partner'].sudo().browse(before[order.id].payer_id)
            issue = order._prepare_credit_payer_issue(check, former)
            if order.company_id._get_control_mode('credit', 'confirm') != 'enforce':
                issue = issue.shadowed()
            issues[order.id] += (issue,)
        return issues

    def _filter_moved_credit(self, before, after):
        """Find confirmed orders that a customer under credit control leaves to one that nothing judges.

        Who has no limit, no group and no grade may owe any amount: as a rule nobody has looked at it yet.

        :param dict before: ``{order_id: ControlTerms}``, and ``after`` as they are to be
        :return: ``{order: CreditCheck}`` with the figures of who would owe
        """
        moved = self.filtered(lambda order: before[order.id].payer_id != after[order.id].payer_id)
        if not moved:
            return {}
        former = moved._get_credit_checks('confirm', {order.id: before[order.id] for order in moved})
        checks = moved._get_credit_checks('confirm', {order.id: after[order.id] for order in moved})
        return {
            order: checks[order.id] for order in moved
            if former[order.id].is_judged and not checks[order.id].is_judged
            and checks[order.id].grows and not checks[order.id].release
        }

    def _prepare_credit_payer_issue(self, check, former):
        """Say that nothing judges who is invoiced.

        :param res.partner former: who owes it until now, or orders it, in sudo
        """
        if self.state == 'sale':
            message = self.env._(
                "%(amount)s that %(former)s owes would be left to %(customer)s, who has neither a credit limit nor a "
                "grade: nothing says how much it may owe.", amount=self._format_credit(check.amount, check.currency),
                former=former.name, customer=check.partner.name)
        else:
            message = self.env._(
                "%(former)s orders for %(amount)s, and %(customer)s is invoiced, who has neither a credit limit nor a "
                "grade: nothing says how much it may owe.", amount=self._format_credit(check.amount, check.currency),
                former=former.name, customer=check.partner.name)
        return ControlIssue(
            code='credit.payer', area='credit', effect='approve', message=message,
            clears=self.env._(
                "Clears when a credit controller gives %s a limit or a grade, or releases the order.",
                check.partner.name),
            facts={'amount': check.amount, 'currency': check.currency.name, 'figures': ['amount']})
