from psycopg2 import IntegrityError

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ...order.control_memory import control_acting, control_cause
from ...order.control_words import word_days
from .credit_limit_entry import SOURCES

SOURCES['credit.limit.request'] = 'request_id'


class CreditLimitEntry(models.Model):
    _inherit = 'credit.limit.entry'

    request_id = fields.Many2one(
        'credit.limit.request', readonly=True, index='btree_not_null', ondelete='restrict')


class CreditLimitRequest(models.Model):
    """What approvers judge of a request, and what follows from their answer."""

    _inherit = 'credit.limit.request'

    # === WHAT IS JUDGED ===#

    def _get_approval_amount(self):
        return (0.0 if self.subject == 'grade' else self.amount), self.currency_id

    def _get_approval_makers(self):
        return self.sudo().create_uid | self.sudo().user_id

    def _judge_amount(self, rule, figures):
        if self.subject == 'base' and self.limit_kind == 'none':
            # Without limit is more than any amount.
            return [self._prepare_policy_issue(
                rule, 'min_amount', self.env._(
                    "No limit at all is more than any amount (policy “%s”).", rule.name))]
        return super()._judge_amount(rule, figures)

    def _prepare_approval_display(self):
        display = super()._prepare_approval_display()
        account = self.account_id.sudo()
        facts = [(self.env._("What is asked for"), self._word_change()), *display['facts']]
        if account:
            facts += [
                (self.env._("Today"), account.limit_explanation),
                (self.env._("Used"), account.currency_id.format(account.exposure)),
                (self.env._("Overdue"), self.env._(
                    "%(amount)s, %(days)s", amount=account.currency_id.format(account.overdue_amount),
                    days=word_days(self.env, account.overdue_days))),
            ]
        if self.attachment_ids:
            facts.append((self.env._("Evidence"), ", ".join(self.sudo().attachment_ids.mapped('name'))))
        return {**display, 'facts': facts}

    def _word_change(self):
        """Word what is asked for in one line."""
        self.ensure_one()
        kinds = dict(self._fields['limit_kind']._description_selection(self.env))
        amount = self.currency_id.format(self.amount)
        if self.subject == 'temporary':
            words = self.env._(
                "%(customer)s: %(amount)s from %(start)s until %(end)s", customer=self.partner_id.name, amount=amount,
                start=format_date(self.env, self.date_from), end=format_date(self.env, self.date_to))
        elif self.subject == 'base':
            words = self.env._(
                "%(customer)s: credit limit %(limit)s", customer=self.partner_id.name,
                limit=amount if self.limit_kind == 'amount' else kinds[self.limit_kind])
        else:
            words = self.partner_id.name
        if self.grade_id:
            words = self.env._("%(change)s, grade %(grade)s", change=words, grade=self.grade_id.name)
        return words

    # === WHAT FOLLOWS ===#

    def _approval_approved(self):
        self._decide(None)
        return self._apply_once()

    def _approval_rejected(self):
        latest = self._get_latest_requests()
        for request in self:
            request._decide(latest[request.id].outcome, state='refused')

    def _approval_returned(self):
        self._set({'state': 'draft'})

    def _approval_withdrawn(self):
        self.filtered(lambda request: request.state == 'pending')._set({'state': 'draft'})

    def _apply_once(self):
        """Apply what was agreed to: exactly once, also if two transactions try.

        The journal names the request and the person whose agreement was the last one.

        :return: ``{request_id: sentence}`` for the person who asked; nothing is raised, because an
            agreement must not be lost to a limit that overlaps another one
        """
        messages = {}
        self.env.flush_all()
        for request in self:
            # A rival that applied it makes this update wait, and then find nothing or fail and be tried again.
            won = self.env.execute_query(SQL(
                "UPDATE credit_limit_request SET state = 'applied' WHERE id = %s AND state = 'pending' RETURNING id",
                request.id))
            request.invalidate_recordset(['state'])
            if not won:
                messages[request.id] = self.env._("%s was applied before.", request.name)
                continue
            try:
                with self.env.cr.savepoint():
                    request._apply()
                request._set({'obstacle': False, 'state': 'applied'})
                messages[request.id] = self.env._("Agreed and applied. %s", request._word_change())
            except (UserError, IntegrityError) as error:
                request.invalidate_recordset()
                request._set({'obstacle': str(error), 'state': 'pending'})
                messages[request.id] = self.env._(
                    "%(request)s was agreed to but could not be applied: %(reason)s",
                    request=request.name, reason=str(error))
        return messages

    def _apply(self):
        self.ensure_one()
        account = self.env['credit.account']._for_partners(self.partner_id, self.company_id)
        sentence = self.env._("%(request)s of %(user)s: %(reason)s", request=self.name, user=self.user_id.name,
                              reason=self.reason.strip())
        with control_cause(self.env, sentence, self):
            if self.subject == 'base':
                account._take_over(self.grade_id or account.grade_id, self.limit_kind, self.amount)
            elif self.grade_id and self.grade_id != account.grade_id:
                with control_acting(self.env):
                    account.grade_id = self.grade_id
            if self.subject == 'temporary':
                with control_acting(self.env):
                    self.env['credit.limit.temporary'].sudo().create({
                        'account_id': account.id, 'amount': self.amount, 'date_from': self.date_from,
                        'date_to': self.date_to, 'reason': sentence, 'user_id': self.env.uid})


class CreditAccount(models.Model):
    _inherit = 'credit.account'

    def action_ask_limit(self):
        """Open a new request for another limit of this customer."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Limit Request"),
            'res_model': 'credit.limit.request',
            'view_mode': 'form',
            'context': {
                'default_partner_id': self.partner_id.id, 'default_company_id': self.company_id.id,
                'default_grade_id': False},
        }
