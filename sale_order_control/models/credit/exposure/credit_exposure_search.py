"""Filters over what all customers owe: one statement per company, over open documents only."""

import operator as operators

from odoo import api, fields, models
from odoo.tools import SQL

from ..limit.credit_limit_sql import LIMITS
from .credit_exposure_sql import EXPOSURE

_COMPARE = {'<': operators.lt, '<=': operators.le, '>': operators.gt, '>=': operators.ge}

# Figures of the accounts of one company, rounded as the fields are. What a group leaves its members is no
# matter of one account alone: members are worked out by the fields themselves.
# Parameter "without_limit": whether accounts without a limit may be among those looked for.
_ASKED = """ARRAY(
               SELECT partner_id FROM credit_account JOIN own_limit ON own_limit.account_id = credit_account.id
                WHERE own_limit.kind <> 'none' OR %(without_limit)s)"""
_FIGURES = f"""WITH
    own_limit AS MATERIALIZED ({LIMITS}),
    position AS MATERIALIZED ({EXPOSURE.replace('%(partners)s::int[]', _ASKED)}),
    figure AS (
        SELECT account.id, account.is_held, own_limit.kind, own_limit.amount AS credit_limit,
               COALESCE(grade.watch_percent, 0) AS watch_percent, COALESCE(grade.overdue_days, 0) AS tolerated_days,
               ROUND(COALESCE(
                   receivable + draft_invoiced + to_invoice + to_deliver, 0)::numeric, %(digits)s) AS exposure,
               ROUND(COALESCE(overdue, 0)::numeric, %(digits)s) AS overdue_amount,
               since
          FROM credit_account account
          JOIN own_limit ON own_limit.account_id = account.id
          LEFT JOIN credit_grade grade ON grade.id = account.grade_id
          LEFT JOIN position ON position.owner = account.partner_id
    ),
    known AS (
        SELECT id, exposure, overdue_amount,
               CASE WHEN kind = 'none' THEN 0 ELSE ROUND(credit_limit::numeric, %(digits)s) - exposure END AS available,
               CASE WHEN overdue_amount > 0 THEN %(today)s::date - since ELSE 0 END AS overdue_days,
               CASE WHEN kind = 'amount' AND credit_limit > 0 THEN 100 * exposure / credit_limit::numeric ELSE 0
               END AS used_percent,
               is_held, kind, watch_percent, tolerated_days
          FROM figure
    ),
    judged AS (
        SELECT known.*,
               CASE WHEN is_held THEN 'hold'
                    WHEN kind <> 'none' AND available < 0
                         OR watch_percent > 0 AND used_percent >= watch_percent
                         OR overdue_days > tolerated_days THEN 'watch'
                    ELSE 'open' END AS state
          FROM known
    )
    SELECT id FROM judged WHERE """


class CreditAccount(models.Model):
    """Accounts can be searched by the figures that nothing stores."""

    _inherit = 'credit.account'

    exposure = fields.Monetary(search='_search_exposure')
    available = fields.Monetary(search='_search_available')
    overdue_amount = fields.Monetary(search='_search_overdue_amount')
    overdue_days = fields.Integer(search='_search_overdue_days')
    state = fields.Selection(search='_search_state')

    def _search_exposure(self, operator, value):
        return self._search_figure('exposure', operator, value)

    def _search_available(self, operator, value):
        return self._search_figure('available', operator, value)

    def _search_overdue_amount(self, operator, value):
        return self._search_figure('overdue_amount', operator, value)

    def _search_overdue_days(self, operator, value):
        return self._search_figure('overdue_days', operator, value)

    def _search_state(self, operator, value):
        if operator == 'in' and set(value) == {'hold'}:
            return [('is_held', '=', True)]
        return self._search_figure('state', operator, value)

    @api.model
    def _search_figure(self, name, operator, value):
        """Return a domain of the accounts whose figure is as asked.

        :param str name: field: ``exposure``, ``available``, ``overdue_amount``, ``overdue_days`` or ``state``
        """
        if operator == 'in':
            wanted = [each for each in value if each is not False and each is not None]
            if name != 'state':
                # An amount that is not set is zero.
                wanted = [float(each or 0) for each in value]
            condition = SQL("%s = ANY(%s)", SQL.identifier(name), wanted)
            matches = wanted.__contains__
        elif operator in _COMPARE and name != 'state':
            condition = SQL("%s %s %s", SQL.identifier(name), SQL(operator), value)
            matches = lambda found: _COMPARE[operator](found, value)  # noqa: E731
        else:
            return NotImplemented
        accounts = self.sudo().with_context(active_test=False)
        # Who has no limit has nothing available: if that is not looked for, what they owe need not be read.
        without_limit = name != 'available' or matches(0.0)
        self.env.flush_all()
        members = accounts.search([('pool_id', '!=', False)])
        # Nothing tells these fields of a new invoice: what the call has read before may be old.
        members.invalidate_recordset([name], flush=False)
        ids = members.filtered(lambda account: matches(account[name])).ids
        for company, account_ids in accounts._read_group(
                [('pool_id', '=', False)], ['company_id'], ['id:array_agg']):
            ids += company._search_credit_figure(account_ids, condition, without_limit)
        return [('id', 'in', ids)]


class ResCompany(models.Model):
    _inherit = 'res.company'

    def _search_credit_figure(self, account_ids, condition, without_limit):
        """Return those of this root company's accounts that meet a condition on their figures.

        :param list account_ids: accounts that share no limit with others
        :param SQL condition: over the columns of ``judged``
        :param bool without_limit: whether accounts without a limit may meet it
        """
        accounts = self.env['credit.account'].browse(account_ids)
        rows = self.env.execute_query(SQL("%s%s", SQL(
            _FIGURES, apart=[], accounts=account_ids, companies=self.ids, without_limit=without_limit,
            defaults=[accounts._get_default_limit(self)], digits=self.currency_id._get_credit_precision()[1],
            **accounts._get_exposure_parameters(self.env['res.partner'], self)), condition))
        return [row[0] for row in rows]
