from odoo import models
from odoo.tools.misc import format_date, formatLang

from ..policy.approval_figures import ApprovalFigures


class SaleApprovalMixin(models.AbstractModel):
    """The hooks: what a document tells approval about itself, and what it does with the answer.

    All of them are called with full rights, and extended by the documents only.
    """

    _inherit = 'sale.approval.mixin'

    # === WHOSE IT IS ===#

    def _get_approval_company(self):
        """Return the company whose policies count."""
        self.ensure_one()
        return self.company_id

    def _get_approval_makers(self):
        """Return the users who never decide on the document, besides the one who submits it."""
        self.ensure_one()
        makers = self.create_uid
        return makers | self.user_id if 'user_id' in self._fields else makers

    def _get_approval_salesperson(self):
        """Return the user whose team leader or manager may be asked."""
        self.ensure_one()
        return 'user_id' in self._fields and self.user_id or self.create_uid

    def _get_approval_team(self):
        """Return the sales team whose leader may be asked: the one that the salesperson is a member of.

        Never a team that is written on the document: its maker could choose the approver with it.
        """
        return self._get_approval_salesperson().sale_team_id

    def _get_approval_partner(self):
        """Return whom the document is about: a ``res.partner``, maybe empty."""
        self.ensure_one()
        return self.partner_id if 'partner_id' in self._fields else self.env['res.partner']

    # === WHAT IS JUDGED ===#

    def _get_approval_amount(self):
        """Return what the document is about in money.

        :return: ``(amount, res.currency)``; policies with an amount compare this one
        """
        self.ensure_one()
        return 0.0, self._get_approval_company().currency_id

    def _get_approval_rate_days(self):
        """Return the days at whose rates the amount is converted for a policy; the highest result counts."""
        self.ensure_one()
        return {self.env['sale.order']._get_control_today()}

    def _get_approval_figures(self):
        """Return what policies judge.

        :return: ``{document_id: ApprovalFigures}``
        """
        figures = {}
        for document in self:
            amount, currency = document._get_approval_amount()
            figures[document.id] = ApprovalFigures(amount=amount, currency_id=currency.id)
        return figures

    def _prepare_approval_snapshot(self):
        """Return a plain copy of what is judged; it is stored with the request."""
        self.ensure_one()
        return {name: self._get_approval_plain_value(name) for name in self._approval_terms}

    def _prepare_approval_display(self):
        """Copy what an approver reads, in words, so that reading it needs no right on the document.

        :return: what the template ``_approval_template`` shows; here ``{'facts': [(label, text), ...]}``
        """
        self.ensure_one()
        facts = [
            (self._fields[name]._description_string(self.env), self._get_approval_text(name))
            for name in self._approval_terms
        ]
        return {'facts': [(label, text) for label, text in facts if text]}

    def _get_approval_changes(self, before, after, currency):
        """Compare two copies that :meth:`_prepare_approval_display` made, in words.

        :param dict before: of an earlier request
        :param dict after: of the request that is judged
        :param res.currency currency: of the amounts in it
        :return: list of ``{'label', 'before', 'after'}``
        """
        old, new = dict(before.get('facts', ())), dict(after.get('facts', ()))
        return [
            {'label': label, 'before': old.get(label, ''), 'after': new.get(label, '')}
            for label in {**new, **old} if old.get(label, '') != new.get(label, '')
        ]

    def _get_worse_than_approved(self, terms, request):
        """Name what is worse now than what somebody judged, beyond the tolerance of the policy.

        By default every change counts: a document that knows which direction is safe says so here.

        :param terms: what :meth:`_prepare_approval_snapshot` returned
        :param sale.approval.request request: pending or approved
        :return: list of keys of :meth:`_get_terms_aspect_labels`; empty if equal or safer
        """
        self.ensure_one()
        seen = request.snapshot or {}
        return [name for name in terms if terms[name] != seen.get(name)]

    def _get_terms_aspect_labels(self):
        """Return ``{aspect: translated name}`` for the aspects that can get worse."""
        return {name: self._fields[name]._description_string(self.env) for name in self._approval_terms}

    def _get_approval_notice_facts(self):
        """Return sentences that the makers read with the result: validity, delivery date."""
        self.ensure_one()
        return []

    # === WHAT FOLLOWS ===#

    def _approval_approved(self):
        """Do what was approved. Raise nothing: a sentence can say what is still in the way.

        :return: ``{document_id: translated sentence}`` told to the makers; may be empty
        """
        return {}

    def _approval_rejected(self):
        """React to a rejection."""

    def _approval_returned(self):
        """React to a return for correction."""

    def _approval_withdrawn(self):
        """React to a request that was recalled, void or expired."""

    def _log_approval(self, messages):
        """Record what became of requests.

        :param dict messages: ``{document_id: translated sentence}``
        """
        if 'message_ids' in self._fields:
            self._message_log_batch({document.id: messages[document.id] for document in self})

    # === VALUES IN WORDS ===#

    def _get_approval_plain_value(self, name):
        field, value = self._fields[name], self[name]
        if field.relational:
            return value.ids
        if field.type in ('date', 'datetime'):
            return field.to_string(value) or ''
        return value

    def _get_approval_text(self, name):
        field, value = self._fields[name], self[name]
        if field.type == 'boolean':
            return self.env._("Yes") if value else self.env._("No")
        if field.type == 'monetary':
            return self[field.get_currency_field(self)].format(value)
        if field.type == 'float':
            return formatLang(self.env, value, digits=2)
        if field.type == 'selection':
            return dict(field._description_selection(self.env)).get(value, '')
        if field.type == 'date':
            return format_date(self.env, value) if value else ''
        if field.relational:
            return ", ".join(value.mapped('display_name'))
        return str(value) if value or value == 0 and field.type == 'integer' else ''
