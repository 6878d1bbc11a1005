"""Scoring: facts of many customers in a few statements, judged in memory, recorded at once."""

from dataclasses import dataclass

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import SQL

from ...order.control_memory import control_acting
from ..limit.credit_grade_limit import LimitFacts
from .credit_facts import REVENUE_MONTHS, months_between
from .credit_scorecard_rules import ScoreResult

# When a customer who could not be scored is looked at again.
RETRY_MONTHS = 1


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a scorecard proposes for one customer.

    :ivar ScoreResult result: how it came about
    :ivar grade: ``credit.grade``, empty without a score
    :ivar limit_kind, limit: by the formula of the grade; ``None`` without a grade
    :ivar monthly_revenue: average net revenue of a month, in the currency of the account
    """

    result: ScoreResult
    grade: object
    limit_kind: str | None
    limit: float
    monthly_revenue: float


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    # === FACTS ===#

    def _read_score_facts(self, keys, company, today):
        """Read what scorecards ask about these customers; one statement per kind and period, however many there are.

        :param set keys: factor keys, see ``FactorRule.key``
        :param res.company company: root company of the accounts
        :return: ``{partner_id: {key: value}}``; a value that is not known is missing. Amounts in company currency
        """
        facts = {owner: {} for owner in self.sudo().partner_id.ids}
        first = {**self._read_first_sales(company, today), **{
            account.partner_id.id: account.customer_since for account in self.sudo() if account.customer_since}}
        for owner, day in first.items():
            facts[owner]['tenure', 0] = months_between(day, today)
        # Needed for the limit formula as well.
        months = {key[1] for key in keys if key[0] in ('revenue', 'dso')} | {REVENUE_MONTHS}
        sales = {period: self._read_sales(company, today, period) for period in months}
        for period, rows in sales.items():
            for owner in first:
                facts[owner]['revenue', period] = rows.get(owner, (0.0, 0.0))[0]
        readers = {'days_late': self._read_lateness, 'returned_share': self._read_returned_share}
        for kind, period in keys:
            if kind in readers:
                for owner, value in readers[kind](company, today, period).items():
                    facts[owner][kind, period] = value
            elif kind == 'complaints':
                self._add_complaints(facts, first, company, today, period)
        self._add_open_items(facts, first, keys, sales, company, today)
        self._add_answers(facts)
        return facts

    def _add_complaints(self, facts, known, company, today, months):
        found = self._get_complaint_facts(self.sudo().partner_id, company, today - relativedelta(months=months), today)
        if found is not None:
            for owner in known:
                facts[owner]['complaints', months] = found.get(owner, 0)

    def _add_open_items(self, facts, first, keys, sales, company, today):
        """Add what follows from unpaid invoices; who never bought is unknown, not without debt."""
        positions = self._read_positions(self.sudo().partner_id, company)
        for owner, day in first.items():
            position = positions[owner]
            unpaid = max(0.0, position.exposure.receivable)
            facts[owner]['oldest_open', 0] = position.overdue_days(today)
            facts[owner]['overdue_share', 0] = (
                100 * min(1.0, position.overdue_amount / max(unpaid, position.overdue_amount))
                if position.overdue_amount else 0.0)
            for period in {key[1] for key in keys if key[0] == 'dso'}:
                sold = sales[period].get(owner, (0.0, 0.0))[1]
                if sold > 0:
                    # Open balance / credit sales x days, the days capped by how long one is a customer: as
                    # Microsoft documents it for Dynamics 365 Finance. 50,000 / 150,000 x 365 = 121.67.
                    days = min((today - (today - relativedelta(months=period))).days, max(1, (today - day).days))
                    facts[owner]['dso', period] = unpaid / sold * days

    def _add_answers(self, facts):
        for account in self.sudo():
            theirs = facts[account.partner_id.id]
            if account.external_rating:
                theirs['external', 0] = account.external_rating
            for answer in account.answer_ids:
                theirs['manual', answer.factor_id.name] = answer.range_id.answer

    # === JUDGEMENT ===#

    def _propose(self, rules, company, today, currency=None, facts=None):
        """Judge these customers by the rules of a scorecard, writing nothing.

        :param ScoreRules rules: see ``credit.scorecard._get_rules``
        :param currency: currency of the amounts in the rules; the company's by default
        :param dict facts: what :meth:`_read_score_facts` found, if it was asked already
        :return: ``{account: Proposal}``
        """
        if facts is None:
            facts = self._read_score_facts({factor.key for factor in rules.factors}, company, today)
        grades = self.env['credit.grade'].sudo()
        home = company.currency_id
        rate = home._convert(1.0, currency, company, today, round=False) if currency and currency != home else 1.0
        proposals = {}
        for account in self.sudo():
            theirs = facts[account.partner_id.id]
            seen = {key: value * rate if key[0] == 'revenue' else value for key, value in theirs.items()}
            result = rules.evaluate(seen)
            grade = grades.browse(result.band.grade_id if result.band else False)
            revenue = max(0.0, theirs.get(('revenue', REVENUE_MONTHS), 0.0))
            monthly = revenue / min(REVENUE_MONTHS, max(1, theirs.get(('tenure', 0), 1)))
            kind, limit = None, 0.0
            if grade:
                kind, limit = grade._get_limit(LimitFacts(monthly, result.band_share), home, company, today)
            proposals[account] = Proposal(result, grade, kind, limit, monthly)
        return proposals

    # === RECORD ===#

    def _score(self, today):
        """Score these customers by the scorecard in use, record it, and apply it where that is automatic.

        Customers of a company without a scorecard are left alone.

        :return: ``credit.score`` records in sudo
        """
        scores = self.env['credit.score'].sudo()
        accounts = self.sudo()
        for company, theirs in accounts.grouped('company_id').items():
            card = self.env['credit.scorecard']._get_for_company(company)
            if card:
                proposals = theirs._propose(card._get_rules(), company, today, card.currency_id)
                scores |= theirs._record_scores(card, proposals, today)
                theirs.filtered(lambda account, card=card: account._is_applied_by_itself(card))._apply_scores()
        return scores

    def _record_scores(self, card, proposals, today):
        valid_until = today + relativedelta(months=card.validity_months)
        scores = self.env['credit.score']._record_facts([
            account._prepare_score(card, proposal, today, valid_until) for account, proposal in proposals.items()])
        self._create_score_lines(scores, card, proposals)
        with control_acting(self.env):
            for score, (account, proposal) in zip(scores, proposals.items(), strict=True):
                months = card.review_months if score.has_score else RETRY_MONTHS
                account.write({
                    'score_id': score.id,
                    'scored_grade_id': proposal.grade.id,
                    'proposed_limit_kind': proposal.limit_kind,
                    'proposed_limit': proposal.limit,
                    'score_valid_until': valid_until if score.has_score else False,
                    'review_date': today + relativedelta(months=months),
                })
        return scores

    def _prepare_score(self, card, proposal, today, valid_until):
        self.ensure_one()
        result = proposal.result
        return {
            **self._prepare_score_entry('scored', today),
            'scorecard_id': card.id,
            'score': result.score or 0.0,
            'has_score': result.score is not None,
            'band_share': result.band_share or 0.0,
            'grade_id': proposal.grade.id,
            'limit_kind': proposal.limit_kind,
            'limit_amount': proposal.limit,
            'monthly_revenue': proposal.monthly_revenue,
            'valid_until': valid_until if result.score is not None else False,
            'blocking': result.blocking,
        }

    def _prepare_score_entry(self, origin, today):
        """Prepare an entry of the grading history: what is the same for every origin."""
        return {
            'account_id': self.id,
            'company_id': self.company_id.id,
            'currency_id': self.currency_id.id,
            'origin': origin,
            'date': today,
            'user_id': self.env.uid,
            'former_grade_id': self.grade_id.id,
        }

    def _create_score_lines(self, scores, card, proposals):
        # In no reader's language: each reads the record in their own.
        names = {factor.id: factor.own_name or factor._get_plain_kind() for factor in card.factor_ids}
        self.env['credit.score.line']._record_facts([
            {
                'score_id': score.id,
                'currency_id': card.currency_id.id,
                'sequence': place,
                'name': names[line.factor.id],
                'kind': line.factor.kind,
                'months': line.factor.months,
                'value': 0.0 if line.is_missing or isinstance(line.value, str) else line.value,
                'answer': line.value if isinstance(line.value, str) else False,
                'is_missing': line.is_missing,
                'missing': line.factor.missing,
                'points': line.points or 0.0,
                'weight': line.factor.weight,
                'contribution': weighted.get(line.factor.name, 0.0),
            }
            for score, proposal in zip(scores, proposals.values(), strict=True)
            for weighted in [proposal.result.get_weighted()]
            for place, line in enumerate(proposal.result.lines)
        ])

    # === WHO IS SCORED ===#

    def _make_due(self, company):
        """Let every customer of a root company be scored at the next opportunity, accounts made where missing."""
        today = self.env['sale.order']._get_control_today()
        self.env['account.move'].flush_model(['partner_id', 'state', 'move_type', 'company_id', 'invoice_date'])
        self.env['res.partner'].flush_model(['commercial_partner_id'])
        rows = self.env.execute_query(SQL(
            """SELECT DISTINCT partner.commercial_partner_id
                 FROM account_move move
                 JOIN res_partner partner ON partner.id = move.partner_id
                 JOIN res_company company ON company.id = move.company_id
                WHERE move.state = 'posted' AND move.move_type IN ('out_invoice', 'out_receipt')
                  AND move.invoice_date > %(since)s AND company.parent_path LIKE %(company_path)s""",
            since=today - relativedelta(months=REVENUE_MONTHS), company_path=f'{company.sudo().parent_path}%'))
        self._for_partners(self.env['res.partner'].browse(row[0] for row in rows), company)
        accounts = self.sudo().search([('company_id', '=', company.id)])
        with control_acting(self.env):
            accounts.write({'review_date': today})
