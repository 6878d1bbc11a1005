"""Grade, limit and exposure over time: a row per customer and night on which one of them changed."""

from odoo import fields, models, tools
from odoo.tools import SQL

from ..score.credit_grade import LIMIT_KINDS
from .credit_nightly import NightlyStep

FIGURES = [
    ('limit', "Limit"),
    ('exposure', "Exposure"),
    ('overdue', "Overdue"),
]


class CreditHistory(models.Model):
    """What a customer's credit was on one evening. A fact, never changed."""

    _name = 'credit.history'
    _inherit = ['sale.control.fact']
    _description = "Credit History"
    _order = 'date desc, id desc'
    _rec_name = 'account_id'

    account_id = fields.Many2one(
        'credit.account', string="Credit Account", required=True, readonly=True, ondelete='restrict')
    partner_id = fields.Many2one(related='account_id.partner_id', string="Customer")
    company_id = fields.Many2one(related='account_id.company_id')
    currency_id = fields.Many2one(related='account_id.currency_id')
    date = fields.Date(required=True, readonly=True)
    grade_id = fields.Many2one('credit.grade', readonly=True, ondelete='restrict')
    limit_kind = fields.Selection(LIMIT_KINDS, readonly=True)
    limit = fields.Monetary(readonly=True, help="The effective limit of the day.")
    exposure = fields.Monetary(readonly=True)
    overdue = fields.Monetary(readonly=True)

    # Not unique: customers that were merged keep the days of both.
    _account_date_idx = models.Index("(account_id, date DESC)")


class CreditHistoryFigure(models.Model):
    """The same, one row per figure: what a chart with a line per figure needs."""

    _name = 'credit.history.figure'
    _description = "Credit Over Time"
    _auto = False
    _order = 'date'

    account_id = fields.Many2one('credit.account', string="Credit Account", readonly=True)
    company_id = fields.Many2one('res.company', readonly=True)
    currency_id = fields.Many2one('res.currency', readonly=True)
    date = fields.Date(readonly=True)
    grade_id = fields.Many2one('credit.grade', readonly=True)
    figure = fields.Selection(FIGURES, readonly=True)
    amount = fields.Monetary(readonly=True, aggregator='max')

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(SQL(
            """CREATE VIEW %s AS
               SELECT history.id * 3 + figure.n AS id, history.account_id, account.company_id, company.currency_id,
                      history.date, history.grade_id, figure.name AS figure,
                      CASE figure.n WHEN 0 THEN history."limit" WHEN 1 THEN history.exposure ELSE history.overdue END
                      AS amount
                 FROM credit_history history
                 JOIN credit_account account ON account.id = history.account_id
                 JOIN res_company company ON company.id = account.company_id
                CROSS JOIN (VALUES (0, 'limit'), (1, 'exposure'), (2, 'overdue')) AS figure(n, name)
                WHERE NOT (figure.n = 0 AND history.limit_kind = 'none')""", SQL.identifier(self._table)))


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def _get_nightly_steps(self):
        return super()._get_nightly_steps() + [
            NightlyStep('credit_history', 80, self.env._("Credit history"), 'credit.account', '_due_history',
                        '_run_history'),
        ]

    def _due_history(self, today):
        return self._get_nightly_company_domain()

    def _run_history(self, today):
        """Keep grade, limit, exposure and overdue amount of the customers of whom one changed."""
        latest = self._read_latest_history()
        rows = []
        for account in self:
            values = {
                'grade_id': account.grade_id.id, 'limit_kind': account.effective_kind,
                'limit': account.effective_limit, 'exposure': account.exposure, 'overdue': account.overdue_amount,
            }
            before = latest.get(account.id)
            if before and before['date'] >= today:
                continue
            seen = {name: value for name, value in (before or {}).items() if name != 'date'}
            if seen != values and (before or any(values[name] for name in ('grade_id', 'limit', 'exposure'))):
                rows.append({'account_id': account.id, 'date': today, **values})
        self.env['credit.history']._record_facts(rows)

    def _read_latest_history(self):
        """Read the last row of each of these accounts: ``{account_id: values}``."""
        history = self.env['credit.history'].sudo()
        history.flush_model()
        ids = self.env.execute_query(SQL(
            """SELECT latest.id FROM unnest(%s::int[]) AS wanted
                CROSS JOIN LATERAL (
                    SELECT id FROM credit_history WHERE account_id = wanted ORDER BY date DESC LIMIT 1) latest""",
            self.ids))
        return {
            row.account_id.id: {
                'date': row.date, 'grade_id': row.grade_id.id, 'limit_kind': row.limit_kind, 'limit': row.limit,
                'exposure': row.exposure, 'overdue': row.overdue,
            }
            for row in history.browse(row_id for [row_id] in ids)
        }

    def action_view_history(self):
        """Open grade, limit and exposure over time."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.credit_history_figure_action')
        return {**action, 'domain': [('account_id', '=', self.id)],
                'name': self.env._("Credit of %s Over Time", self.partner_id.display_name)}

    def action_view_limit_entries(self):
        """Open who changed the limit, when and why."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('sale_order_control.credit_limit_entry_action')
        return {**action, 'domain': [('account_id', '=', self.id)], 'context': {}}
