from odoo import api, fields, models
from odoo.tools import format_date

from ...order.control_words import word_days


class CreditAccount(models.Model):
    """What the account says in words, for people who read no tables."""

    _inherit = 'credit.account'

    limit_explanation = fields.Char(
        string="Limit Today", compute='_compute_words', compute_sudo=True,
        help="How the effective limit of today comes about.")
    state_explanation = fields.Char(string="In Words", compute='_compute_words', compute_sudo=True)

    @api.depends('partner_id', 'company_id', 'grade_id', 'is_zero_limit', 'pool_id', 'is_held')
    def _compute_words(self):
        today = self.env['sale.order']._get_control_today()
        limits = self._get_effective_limits(self._origin, today)
        for account in self:
            limit = limits.get(account._origin.id)
            account.limit_explanation = account._word_effective_limit(limit) if limit else False
            account.state_explanation = account._word_state() if limit else False

    def _word_effective_limit(self, limit):
        """Word how an effective limit comes about.

        :param EffectiveLimit limit: of this account
        """
        self.ensure_one()
        money = self.currency_id.format
        if limit.temporary is not None:
            parts = [self.env._(
                "%(amount)s until %(day)s, instead of %(base)s", amount=money(limit.temporary),
                day=format_date(self.env, limit.temporary_until),
                base=money(limit.base) if limit.base else self._word_without())]
        else:
            parts = [money(limit.base) if limit.base else self._word_without()]
        if limit.guaranteed and limit.own_kind == 'amount':
            parts.append(self.env._("plus %s of guarantees", money(limit.guaranteed)))
        if limit.pool and limit.own_kind != 'zero':
            parts.append(self.env._(
                "%(group)s has %(available)s left of its shared %(limit)s", group=limit.pool.name,
                available=money(max(0.0, limit.pool_available)), limit=money(limit.pool_limit)))
        words = "; ".join(parts)
        if limit.kind != 'amount' or len(parts) == 1 and limit.temporary is None:
            return words
        return self.env._("%(effective)s today: %(parts)s", effective=money(limit.effective), parts=words)

    def _word_without(self):
        return self.env._("prepaid only") if self.is_zero_limit else self.env._("no limit")

    def _word_state(self):
        """Word in one sentence whether the customer may go on, and why not."""
        self.ensure_one()
        money = self.currency_id.format
        if self.is_held:
            reason = (self.hold_reason or "").strip()
            return self.env._("On hold: %s", reason)
        parts = []
        if self.effective_kind != 'none' and self.currency_id.compare_amounts(self.available, 0) < 0:
            parts.append(self.env._("%s over the limit", money(-self.available)))
        elif self.effective_kind == 'amount':
            parts.append(self.env._("%(available)s of %(limit)s left", available=money(self.available),
                                    limit=money(self.effective_limit)))
        elif self.effective_kind == 'zero':
            parts.append(self.env._("Prepaid only"))
        else:
            parts.append(self.env._("No limit, %s open", money(self.exposure)))
        if self.overdue_days:
            parts.append(self.env._("%(amount)s overdue for %(days)s", amount=money(self.overdue_amount),
                                    days=word_days(self.env, self.overdue_days)))
        return ", ".join(parts)
