from odoo import fields, models

from ...order.control_memory import control_acting
from ..limit.credit_grade_limit import LimitFacts
from .credit_grade import LIMIT_KINDS


class CreditAccount(models.Model):
    """The limit follows the grade until somebody sets one by hand."""

    _inherit = 'credit.account'

    grade_limit_kind = fields.Selection(
        LIMIT_KINDS, string="Limit Kind by Grade", readonly=True, copy=False,
        help="What the grade gave. As long as the limit is the same, it follows the grade.")
    grade_limit = fields.Monetary(string="Limit by Grade", readonly=True, copy=False)

    def _get_act_fields(self):
        return super()._get_act_fields() | {'grade_limit_kind', 'grade_limit'}

    def _follows_grade(self):
        """Whether the limit is what a grade gave, or none was set yet."""
        self.ensure_one()
        return self.limit_kind == 'none' or self.limit_kind == self.grade_limit_kind and not (
            self.currency_id.compare_amounts(self.credit_limit, self.grade_limit))

    def _follow_grade(self):
        """Give customers whose limit is not their own what their grade says."""
        following = self.filtered(lambda account: account.grade_id and account._follows_grade())
        following._grant_limits(following._get_grade_limits())

    def _grant_limits(self, limits):
        """Set the limits that grades give, and look once at what they free.

        :param dict limits: ``{account: (kind, amount)}``
        """
        changed = self._store_grade_limits(limits)
        changed._limit_changed(self.env._("The credit limit was changed."))

    def _store_grade_limits(self, limits):
        """Set the limits that grades give, and remember that they came from there.

        :return: the accounts that have another limit now
        """
        with control_acting(self.env):
            for given, accounts in self.filtered(lambda account: account in limits).grouped(limits.get).items():
                accounts.write({'grade_limit_kind': given[0], 'grade_limit': given[1]})
        return self._store_limits({
            account: (kind, amount) for account, (kind, amount) in limits.items()
            if account.limit_kind != kind or account.currency_id.compare_amounts(account.credit_limit, amount)})

    def _get_grade_limits(self, which='grade_id'):
        """Work out what the grades of these accounts give, in a number of statements that does not grow.

        :param str which: name of the field with the grade
        :return: ``{account: (kind, amount)}`` of those that have a grade
        """
        today = self.env['sale.order']._get_control_today()
        limits = {}
        for company, accounts in self.grouped('company_id').items():
            by_revenue = accounts.filtered(lambda account: account[which].limit_formula == 'revenue')
            revenue = by_revenue._read_monthly_revenue(company, today)
            for account in accounts.filtered(which):
                grade = account[which]
                facts = LimitFacts(revenue.get(account.partner_id.id, 0.0), account._get_band_share(grade))
                limits[account] = grade._get_limit(facts, account.currency_id, company, today)
        return limits

    def _get_band_share(self, grade):
        """How far up its band the customer's score lies, 0 to 1; None without a score that led to the grade."""
        return None
