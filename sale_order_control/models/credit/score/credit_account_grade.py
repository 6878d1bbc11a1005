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
        for account, (kind, amount) in following._get_grade_limits().items():
            account._grant_limit(kind, amount)

    def _grant_limit(self, kind, amount):
        """Set the limit that a grade gives, and remember that it came from there."""
        self.ensure_one()
        with control_acting(self.env):
            self.write({'grade_limit_kind': kind, 'grade_limit': amount})
        if self.limit_kind != kind or self.currency_id.compare_amounts(self.credit_limit, amount):
            self._set_limit(kind, amount)

    def _get_grade_limits(self):
        """Work out what the grades of these accounts give, in a number of statements that does not grow.

        :return: ``{account: (kind, amount)}`` of those that have a grade
        """
        today = self.env['sale.order']._get_control_today()
        limits = {}
        for company, accounts in self.grouped('company_id').items():
            by_revenue = accounts.filtered(lambda account: account.grade_id.limit_formula == 'revenue')
            revenue = by_revenue._read_monthly_revenue(company, today)
            for account in accounts.filtered('grade_id'):
                facts = LimitFacts(revenue.get(account.partner_id.id, 0.0), account._get_band_share())
                limits[account] = account.grade_id._get_limit(facts, account.currency_id, company, today)
        return limits

    def _get_band_share(self):
        """How far up its band the customer's score lies, 0 to 1; None without a score that led to the grade."""
        return None
