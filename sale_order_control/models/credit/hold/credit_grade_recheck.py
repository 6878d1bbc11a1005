"""What follows from changed rules of a grade: its customers get the new limit, and their holds are looked at again."""

from odoo import api, fields, models

from ...order.control_memory import control_acting, control_cause, told_later
from ..account.credit_nightly import NightlyStep

# So many customers are looked at while somebody waits; more of them are left to the nightly job, which starts at once.
AT_ONCE = 200
LIMIT_RULES = frozenset({
    'limit_formula', 'limit_amount', 'limit_months', 'limit_minimum', 'limit_maximum', 'limit_rounding', 'currency_id',
})
HOLD_RULES = frozenset({
    'submit_effect', 'confirm_effect', 'release_effect', 'max_order_amount', 'overdue_days', 'overdue_amount',
    'watch_percent', 'settlement_mode', 'prepayment_percent', 'payment_term_ids',
})


class CreditGrade(models.Model):
    _inherit = 'credit.grade'

    rules_changed = fields.Boolean(
        readonly=True, copy=False, help="The nightly job is still to look at the customers of this grade.")
    rules_changed_after = fields.Integer(
        readonly=True, copy=False, help="The last credit decision before: what became free since is told in the end.")

    def write(self, vals):
        names = (LIMIT_RULES | HOLD_RULES) & vals.keys()
        before = {grade: [grade[name] for name in names] for grade in self} if names else {}
        result = super().write(vals)
        changed = self.filtered(lambda grade: names and before[grade] != [grade[name] for name in names])
        if changed:
            changed._follow_rules(bool(names & LIMIT_RULES))
        return result

    def _follow_rules(self, limits):
        """Let the customers of these grades feel their new rules: now, or in chunks at once afterwards.

        :param bool limits: whether limits may have changed; else only customers with orders on hold are concerned
        """
        # Who changes grades need not read the customers of all companies.
        accounts = self.env['credit.account'].sudo()
        domain = accounts._get_graded_domain(self)
        if not limits:
            held = self.env['sale.order'].sudo()._read_group(
                [('credit_state', '=', 'hold'), ('credit_account_id', 'any', domain)], ['credit_account_id'])
            domain = [('id', 'in', [account.id for [account] in held])]
        concerned = accounts.search(domain, limit=AT_ONCE + 1, order='id')
        if len(concerned) <= AT_ONCE:
            concerned._follow_grade_rules(self._word_change())
            return
        last = self.env['credit.decision'].sudo().search([], limit=1, order='id desc')
        # What an earlier change, still under way, has freed is told along with this one.
        self.sudo().filtered(lambda grade: not grade.rules_changed).write({
            'rules_changed': True, 'rules_changed_after': last.id})
        self.env['credit.nightly.step'].sudo()._reopen('grade_rules')
        self.env.ref('sale_order_control.ir_cron_credit_nightly').sudo()._trigger()

    def _word_change(self):
        if len(self) == 1:
            return self.env._("The rules of credit grade %s were changed.", self.code)
        return self.env._("The rules of the credit grades %s were changed.", ", ".join(self.mapped('code')))

    def _tell_freed_by_rules(self):
        """Tell each person once, in the end, which orders the changed rules of this grade have freed."""
        self.ensure_one()
        cause = self._word_change()
        orders = self.env['credit.decision'].sudo().search([
            ('id', '>', self.rules_changed_after), ('checkpoint', '=', 'recheck'), ('result', '=', 'passed'),
            ('reason', '=', cause)]).order_id
        orders.filtered(lambda order: order.credit_state != 'hold')._notify_freed(cause)

    @api.model
    def _get_rules_changed(self):
        return self.with_context(active_test=False).search([('rules_changed', '=', True)])


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    @api.model
    def _get_graded_domain(self, grades):
        """Return the domain of the customers who have these grades, or to whom their score proposes one of them."""
        return [
            *self._get_nightly_company_domain(), '|', ('grade_id', 'in', grades.ids),
            ('scored_grade_id', 'in', grades.ids)]

    def _follow_grade_rules(self, cause):
        """Give these customers what the rules of their grade say now, and look again at their orders on hold.

        A limit that was set by hand stays; what the score proposes instead is worked out anew.

        :param str cause: translated sentence kept in the journal, and told to those whose orders become free
        """
        if not self:
            return
        with control_cause(self.env, cause):
            following = self.filtered(lambda account: account.grade_limit_kind and account._follows_grade()
                                      and account.limit_kind == account.grade_limit_kind)
            following._store_grade_limits(following._get_grade_limits())
            self._refresh_proposed_limits()
            self._limit_changed(cause)

    def _refresh_proposed_limits(self):
        scored = self.filtered('scored_grade_id')
        with control_acting(self.env):
            for account, (kind, amount) in scored._get_grade_limits('scored_grade_id').items():
                if account.proposed_limit_kind != kind or account.currency_id.compare_amounts(
                        account.proposed_limit, amount):
                    account.write({'proposed_limit_kind': kind, 'proposed_limit': amount})

    # === NIGHT ===#

    @api.model
    def _get_nightly_steps(self):
        return super()._get_nightly_steps() + [
            NightlyStep('grade_rules', 5, self.env._("Customers of grades whose rules were changed"), self._name,
                        '_get_grade_rules_due', '_run_grade_rules_due'),
        ]

    @api.model
    def _get_grade_rules_due(self, today):
        return self._get_graded_domain(self.env['credit.grade'].sudo()._get_rules_changed())

    def _run_grade_rules_due(self, today):
        for grade in self.env['credit.grade'].sudo()._get_rules_changed():
            with told_later(self.env):
                self.filtered(lambda account, grade=grade: grade in account.grade_id | account.scored_grade_id) \
                    ._follow_grade_rules(grade._word_change())
            if not self.sudo().search_count([*self._get_graded_domain(grade), ('id', '>', self[-1:].id)], limit=1):
                grade._tell_freed_by_rules()
                grade.rules_changed = False
