from odoo import api, fields, models
from odoo.tools import format_date

from ...order.control_memory import control_memory

SUBJECTS = [
    ('grade', "Grade"),
    ('limit', "Limit"),
    ('temporary', "Temporary Limit"),
    ('guarantee', "Guarantee"),
    ('group', "Group"),
    ('settlement', "Agreed Settlement"),
    ('pool', "Shared Limit of a Group"),
    ('rules', "Rules of a Grade"),
    ('default', "Limit of New Customers"),
    ('customer', "Customer"),
]
# What a change can follow from, and the field of the entry that names it.
SOURCES = {}


class CreditLimitEntry(models.Model):
    """A fact: who changed what decides a customer's limit, when, from what to what, and why. Never changed."""

    _name = 'credit.limit.entry'
    _inherit = ['sale.control.fact']
    _description = "Credit Limit Journal"
    _order = 'id desc'
    _rec_name = 'subject'

    account_id = fields.Many2one(
        'credit.account', string="Credit Account", readonly=True, index='btree_not_null', ondelete='restrict',
        help="Empty when the change is about a group or about all customers of the company.")
    partner_id = fields.Many2one(related='account_id.partner_id', string="Customer")
    pool_id = fields.Many2one(
        'credit.pool', string="Group", readonly=True, index='btree_not_null', ondelete='restrict')
    grade_id = fields.Many2one(
        'credit.grade', readonly=True, index='btree_not_null', ondelete='restrict',
        help="The grade whose rules were changed.")
    company_id = fields.Many2one('res.company', required=True, readonly=True, index=True)
    currency_id = fields.Many2one('res.currency', required=True, readonly=True)
    subject = fields.Selection(SUBJECTS, string="What", required=True, readonly=True)
    topic = fields.Text(string="What Was Changed", compute='_compute_topic')
    before = fields.Text(readonly=True)
    after = fields.Text(readonly=True)
    amount_before = fields.Monetary(readonly=True)
    amount_after = fields.Monetary(readonly=True)
    date = fields.Date(required=True, readonly=True)
    user_id = fields.Many2one('res.users', string="By", required=True, readonly=True)
    reason = fields.Text(required=True, readonly=True)
    temporary_id = fields.Many2one(
        'credit.limit.temporary', string="Temporary Limit", readonly=True, index='btree_not_null', ondelete='restrict')
    guarantee_id = fields.Many2one(
        'credit.guarantee', readonly=True, index='btree_not_null', ondelete='restrict')

    @api.depends('subject', 'pool_id', 'grade_id')
    @api.depends_context('lang')
    def _compute_topic(self):
        labels = dict(self._fields['subject']._description_selection(self.env))
        for entry in self:
            name = entry.pool_id.name if entry.subject == 'pool' else entry.grade_id.name
            entry.topic = f"{labels[entry.subject]}: {name}" if name else labels[entry.subject]

    @api.model
    def _record(self, company, rows):
        """Record changes of one company, with who, when and why.

        :param res.company company: root company
        :param list rows: dicts of ``subject``, ``before``, ``after`` and further fields
        """
        cause = control_memory(self.env).cause
        reason, source = cause or (self.env._("Changed by hand, no reason given."), None)
        today = self.env['sale.order']._get_control_today()
        # Nobody may write the journal; it follows from changes that check who makes them.
        return self._record_facts([
            {
                'company_id': company.id, 'currency_id': company.currency_id.id, 'date': today,
                'user_id': self.env.uid, 'reason': reason,
                **({SOURCES[source._name]: source.id} if source else {}), **row,
            }
            for row in rows
        ])


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    entry_ids = fields.One2many('credit.limit.entry', 'account_id', string="Limit Journal")

    def _journal(self, subject, before, after):
        """Record a change of some accounts.

        :param dict before: ``{account_id: (words, amount)}``
        :param dict after: the same afterwards; accounts of which nothing changed are left out
        """
        for company, accounts in self.sudo().grouped('company_id').items():
            rows = [
                {
                    'account_id': account.id, 'subject': subject, 'before': before[account.id][0],
                    'amount_before': before[account.id][1], 'after': after[account.id][0],
                    'amount_after': after[account.id][1],
                }
                for account in accounts if before[account.id] != after[account.id]
            ]
            if rows:
                self.env['credit.limit.entry']._record(company, rows)

    def _word_limits(self):
        """Word the base limits: ``{account_id: (words, amount)}``."""
        return {account.id: account._word_limit(account._get_base(), account.is_zero_limit) for account in self.sudo()}

    def _get_base(self):
        """Return the base amount as it is stored, whatever is just being entered on the account."""
        self.ensure_one()
        return self.sudo().partner_id.with_company(self.company_id).credit_limit

    def _word_limit(self, amount, is_zero):
        """Word a base limit: ``(words, amount)``."""
        self.ensure_one()
        currency, kinds = self.currency_id, dict(self._fields['limit_kind']._description_selection(self.env))
        text = currency.format(amount) if amount > 0 else kinds['zero' if is_zero else 'none']
        return text, currency.round(amount)

    def _word_grades(self):
        return {account.id: (account.grade_id.name or "", 0.0) for account in self.sudo()}

    def _word_groups(self):
        return {account.id: (account.pool_id.name or "", 0.0) for account in self.sudo()}


class CreditLimitTemporary(models.Model):
    _inherit = 'credit.limit.temporary'

    def _journal(self, reason, is_ended=False):
        """Record that temporary limits were given or ended."""
        for company, limits in self.sudo().grouped('company_id').items():
            rows = []
            for limit in limits:
                words = self.env._(
                    "%(amount)s from %(start)s until %(end)s", amount=limit.currency_id.format(limit.amount),
                    start=format_date(self.env, limit.date_from), end=format_date(self.env, limit.date_to))
                side = 'before' if is_ended else 'after'
                rows.append({
                    'account_id': limit.account_id.id, 'subject': 'temporary', side: words,
                    f'amount_{side}': limit.amount, 'temporary_id': limit.id, 'reason': reason(limit),
                })
            self.env['credit.limit.entry']._record(company, rows)


class CreditGuarantee(models.Model):
    _inherit = 'credit.guarantee'

    def _journal(self, reason, is_ended=False):
        """Record that guarantees began or ceased to count."""
        side = 'before' if is_ended else 'after'
        for company, guarantees in self.sudo().grouped('company_id').items():
            self.env['credit.limit.entry']._record(company, [
                {
                    'account_id': guarantee.account_id.id, 'subject': 'guarantee', 'reason': reason,
                    side: guarantee._word_guarantee(), f'amount_{side}': guarantee.value * guarantee.percent / 100,
                    'currency_id': guarantee.currency_id.id, 'guarantee_id': guarantee.id,
                }
                for guarantee in guarantees
            ])

    def _word_guarantee(self):
        self.ensure_one()
        return self.env._(
            "%(name)s: %(percent)s %% of %(value)s", name=self.name, percent=f'{self.percent:g}',
            value=self.currency_id.format(self.value))


class CreditPool(models.Model):
    _inherit = 'credit.pool'

    @api.model_create_multi
    def create(self, vals_list):
        pools = super().create(vals_list)
        pools._journal({pool.id: ("", 0.0) for pool in pools})
        return pools

    def write(self, vals):
        if not {'limit', 'parent_id', 'active'} & vals.keys():
            return super().write(vals)
        before = self._word_limits()
        result = super().write(vals)
        self._journal(before)
        return result

    def _journal(self, before):
        after = self._word_limits()
        for company, pools in self.sudo().grouped('company_id').items():
            rows = [
                {
                    'pool_id': pool.id, 'subject': 'pool', 'before': before[pool.id][0],
                    'amount_before': before[pool.id][1], 'after': after[pool.id][0], 'amount_after': after[pool.id][1],
                }
                for pool in pools if before[pool.id] != after[pool.id]
            ]
            if rows:
                self.env['credit.limit.entry']._record(company, rows)

    def _word_limits(self):
        words = {}
        for pool in self.sudo():
            text = pool.currency_id.format(pool.limit)
            if pool.parent_id:
                text = self.env._("%(limit)s, part of %(group)s", limit=text, group=pool.parent_id.name)
            if not pool.active:
                text = self.env._("%s, archived", text)
            words[pool.id] = (text, pool.limit)
        return words
