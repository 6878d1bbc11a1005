import hashlib
import json
from collections import defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ...order.control_memory import control_acting, control_memory
from ..request.sale_approval_request import LIVE_STATES


class SaleApprovalMixin(models.AbstractModel):
    """Asking, and what happens to a document when its requests or its terms change."""

    _inherit = 'sale.approval.mixin'

    # === ASKING ===#

    def _submit_for_approval(self, comment=None):
        """Ask for approval where a policy wants it.

        The document's own act of submission calls this and goes on with what is returned; the others
        come back through :meth:`_approval_approved` and its siblings.

        :param str comment: what the maker tells the approvers
        :return: the documents to which nobody need agree
        :raise UserError: if nobody may decide on one of the documents
        """
        self.check_access('write')
        reasons = self._get_approval_reasons()
        asked = self.browse(reasons)
        refused = asked.sudo()._ask_for_approval(reasons, comment)
        if refused:
            raise UserError("\n".join(refused.values()))
        return self - asked

    def _ask_for_approval(self, reasons, comment=None):
        """Create one request per document with the levels of all policies that matched.

        A document that waits for the same already goes on waiting.

        :param dict reasons: ``{document_id: [ControlIssue, ...]}`` what needs agreement
        :param str comment: what the maker tells the approvers
        :return: ``{document_id: translated sentence}`` of those about which nobody may decide: they are not asked about
        """
        documents = self._withdraw_outdated(reasons)
        policy_ids = {
            document.id: {issue.facts['policy'] for issue in reasons[document.id] if issue.facts.get('policy')}
            for document in documents
        }
        plans = documents._plan_approval(policy_ids, requester=self.env.user)
        refused = {document.id: document._explain_plan(*plans[document.id]) for document in documents}
        refused = {document_id: text for document_id, text in refused.items() if text}
        documents -= self.browse(refused)
        if not documents:
            return refused
        previous = documents._get_latest_requests()
        common = {'comment': str(comment or '').strip() or False, 'requested_on': fields.Datetime.now()}
        self.env['sale.approval.request']._submit(
            [
                {
                    **document._prepare_approval_request(reasons[document.id], policy_ids[document.id]),
                    **common,
                    'previous_id': previous[document.id].id if document.id in previous else False,
                }
                for document in documents
            ],
            [plans[document.id][0] for document in documents],
        )
        documents._write_approval({'approval_state': 'pending'})
        return refused

    def _explain_plan(self, levels, problems):
        """Say why a plan cannot be carried out; empty if it can."""
        self.ensure_one()
        if problems:
            return "\n".join(f"{self.display_name}: {problem}" for problem in problems.values())
        return "" if levels else self.env._("%s: nobody is configured to approve it.", self.display_name)

    def _withdraw_outdated(self, reasons):
        """Leave out documents that wait for the same already; withdraw requests that know too little.

        :return: the documents for which a request must be created
        """
        waiting, outdated = self.browse(), self.env['sale.approval.request'].sudo()
        for request in self._get_pending_requests():
            if all(request._covers(issue) for issue in reasons[request.res_id]):
                waiting |= self.browse(request.res_id)
            else:
                outdated |= request
        outdated._close('void', lambda env: env._("Submitted again for other reasons."), notify=False)
        return self - waiting

    def _prepare_approval_request(self, reasons, policy_ids):
        """Prepare the request with a copy of everything that its approvers judge.

        :param reasons: list of :class:`ControlIssue`
        :param policy_ids: ids of the policies that matched
        """
        self.ensure_one()
        policies = self.env['sale.approval.policy']
        handlings = [policies._get_handling(policy_id) for policy_id in policy_ids]
        amount, currency = self._get_approval_amount()
        snapshot = self._prepare_approval_snapshot()
        return {
            'res_model': self._name,
            'res_id': self.id,
            'company_id': self._get_approval_company().id,
            'requester_id': self.env.uid,
            'digest': self._get_approval_digest(snapshot),
            'snapshot': snapshot,
            'covered': {issue.code: issue.figures for issue in reasons},
            'expires_on': self._get_approval_expiry(handlings),
            'tolerance': min((handling.tolerance_percent for handling in handlings), default=0.0),
            'reasons': [self._prepare_approval_reason(issue) for issue in reasons],
            'display': self._prepare_approval_display(),
            'document_name': self.display_name,
            'partner_name': self._get_approval_partner().display_name,
            'currency_id': currency.id,
            'amount_untaxed': amount,
        }

    def _prepare_approval_reason(self, issue):
        """Copy why somebody is asked: the sentence, and by which policy or for which issues of other controls."""
        return {
            'message': issue.message,
            'code': issue.code,
            'policy': issue.facts.get('policy', False),
            'answers': list(issue.facts.get('issues', ())) if issue.facts.get('answers') else [],
        }

    def _get_approval_expiry(self, handlings):
        """Return the day on which a request clears itself if nobody decides: the soonest that a policy says."""
        days = [handling.expire_days for handling in handlings if handling.expire_days]
        return self.env['sale.order']._get_control_today() + timedelta(days=min(days)) if days else False

    def _get_approval_digest(self, snapshot):
        """Return the fingerprint of what is judged."""
        return hashlib.sha256(json.dumps(snapshot, sort_keys=True).encode()).hexdigest()

    # === THE DOCUMENT FOLLOWS ITS REQUESTS ===#

    def _write_approval(self, vals):
        """Write protected fields: they follow from decisions, whoever's rights the caller has."""
        if self:
            with control_acting(self.env):
                self.sudo().write(vals)

    def _sync_approval_state(self):
        """Let the documents show the state of their latest request."""
        states = defaultdict(self.browse)
        for document_id, request in self._get_latest_requests().items():
            state = 'none' if request.state == 'recalled' else request.state
            states[state] |= self.browse(document_id)
        for state, documents in states.items():
            documents._write_approval({'approval_state': state})

    def _get_live_requests(self):
        """Return the requests of these documents that wait or are in force; in sudo."""
        asked = self.sudo().filtered(lambda document: document.approval_state in LIVE_STATES)
        return asked.approval_request_ids.filtered(lambda request: request.state in LIVE_STATES)

    def _void_requests(self, outcome, states=LIVE_STATES):
        """Void what was asked or agreed for these documents: it no longer belongs to what they are.

        :param outcome: function of an environment that says why
        :param states: states of the requests concerned
        """
        # The state is that of the latest request; approved ones may stand behind it.
        waiting = set(states) == {'pending'}
        documents = self.sudo().filtered(
            lambda document: document.approval_state == 'pending' if waiting else document.approval_state != 'none')
        if documents:
            documents.approval_request_ids.filtered(lambda request: request.state in states)._close('void', outcome)

    def _void_worse_documents(self, terms=None):
        """Void what was asked or agreed for documents that got worse than what was judged.

        :param dict terms: ``{document_id: terms}`` as :meth:`_get_worse_than_approved` takes them; by default
            the documents' present ones
        """
        outcomes = defaultdict(self.env['sale.approval.request'].sudo().browse)
        revising = control_memory(self.env).revising
        for request in self._get_live_requests().filtered(lambda request: request.id not in revising):
            document = self.browse(request.res_id)
            now = terms[document.id] if terms else document._prepare_approval_snapshot()
            aspects = document._get_worse_than_approved(now, request)
            if aspects:
                outcomes[tuple(aspects)] |= request
            else:
                document._log_approval({document.id: self.env._(
                    "%s stays in force: the new terms are not worse than what it covers.", request.name)})
        for aspects, requests in outcomes.items():
            requests._close('void', lambda env, aspects=aspects: self.with_env(env)._word_worse_terms(aspects))

    def _word_worse_terms(self, aspects):
        labels = self._get_terms_aspect_labels()
        return self.env._(
            "The terms got worse since it was asked for: %s", ", ".join(labels[aspect] for aspect in aspects))

    def _approval_closed(self, state):
        """Tell documents that a request of theirs ended.

        :return: ``{document_id: sentence}`` for the makers
        """
        if state == 'approved':
            return self._approval_approved()
        if state == 'rejected':
            self._approval_rejected()
        elif state == 'returned':
            self._approval_returned()
        else:
            self._approval_withdrawn()
        return {}
