from collections import Counter

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..promise.sale_order_line import WAITING_STATES

# How many lines that could not be promised are named one by one.
TOLD_LINES = 15


class SaleOrderLine(models.Model):
    """The planner's queue: how many wait for what, and all proposals accepted at once."""

    _inherit = 'sale.order.line'

    def action_view_order(self):
        """Open the order of the line."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'sale.order', 'res_id': self.order_id.id,
            'view_mode': 'form',
        }

    # === COUNTERS ===#

    @api.model
    def get_promise_counters(self):
        """Count the lines that wait in the queue, as far as the user may read them.

        :return: list of dicts ``filter`` (its name in the queue's search), ``label``, ``help``, ``count``, ``tone``
        """
        counts = Counter(dict(self._read_group(self._get_queue_domain(), ['promise_state'], ['__count'])))
        return [
            {'filter': name, 'label': label, 'help': text, 'tone': tone, 'count': count}
            for name, label, text, tone, count in self._get_promise_counters(counts)
        ]

    @api.model
    def _get_promise_counters(self, counts):
        """List the counters of the queue; extend it to add one.

        :param counts: ``{state of the promise: lines}``
        :return: list of ``(filter, label, explanation, tone, count)``
        """
        unanswered = self.search_count(self._get_queue_domain() & Domain('reply_state', '=', 'asked'))
        missed = self.search_count(self._get_queue_domain() & Domain('is_target_missed', '=', True))
        return [
            ('to_promise', self.env._("To Promise"), self.env._("Lines without a promised date."), 'info',
             counts['open']),
            ('at_risk', self.env._("At Risk"), self.env._(
                "Stock and expected receipts do not cover what was promised."), 'warning', counts['at_risk']),
            ('late', self.env._("Slipping"), self.env._("The promised day has passed."), 'danger', counts['late']),
            ('unanswered', self.env._("Unanswered"), self.env._(
                "The customer was told a date and has not answered."), 'info', unanswered),
            ('target_missed', self.env._("Target Missed"), self.env._(
                "More working days than intended have passed since the confirmation."), 'warning', missed),
        ]

    @api.model
    def _get_queue_domain(self):
        return Domain('state', '=', 'sale') & Domain('promise_state', 'in', WAITING_STATES)

    # === ALL PROPOSALS ===#

    @api.model
    def action_accept_proposals(self, domain):
        """Promise every line of the queue that matches for its proposed date, and list the others with reasons.

        :param domain: which lines of the queue
        :return: a client action that says what happened
        :raise AccessError: unless a delivery planner asks
        :raise UserError: with all reasons, if nothing could be promised
        """
        self._check_promise_rights()
        lines = self.search(self._get_queue_domain() & Domain(domain))
        if not lines:
            raise UserError(self.env._("Nothing was promised: no line of this list waits for a promise."))
        return lines._accept_proposals()

    def _accept_proposals(self):
        """Promise what of these lines can simply be promised for its proposed day; private: callers check who may.

        :return: a client action that says what happened, with the reasons of what was left
        :raise UserError: with all reasons, if nothing could be promised
        """
        lines = self
        lines._take_promise_turn()
        reasons = lines.sudo()._explain_unpromised()
        proposals = (lines - self.browse(reasons)).sudo()._get_atp_outlooks()
        for line in lines.filtered(lambda line: line.id not in reasons):
            reason = line.sudo()._explain_proposal(proposals.get(line.id, {}))
            if reason:
                reasons[line.id] = reason
        reasons.update((lines - self.browse(reasons)).sudo()._explain_harm(proposals))
        accepted = lines - self.browse(reasons)
        if not accepted:
            raise UserError("\n".join([
                self.env._("Nothing was promised."), *lines.sudo()._word_reasons(reasons)]))
        dates = {line.id: proposals[line.id]['proposed'] for line in accepted}
        asked = accepted._promise(dates, parts=accepted._get_agreed_proposals(dates))
        reasons.update(dict.fromkeys(asked.ids, self.env._("later than a policy allows, it waits for approval")))
        return self._get_accepted_notice(accepted - asked, lines.sudo()._word_reasons(reasons))

    def _explain_unpromised(self):
        """Tell which of these lines of the queue no proposal is accepted for: ``{line_id: sentence}``."""
        controlled = self.order_id._get_promise_controlled()
        reasons = dict.fromkeys(
            self.filtered(lambda line: line.order_id not in controlled).ids,
            self.env._("its company does not control delivery promises, or it is older than the control"))
        for warehouse, lines in self.grouped(lambda line: line._get_promise_warehouse()).items():
            try:
                warehouse._check_promise_setup()
            except UserError as error:
                reasons.update(dict.fromkeys(lines.ids, str(error)))
        for line in self.filtered(lambda line: line.promise_state not in WAITING_STATES):
            reasons[line.id] = self.env._("it does not wait for a promise, or all of it is delivered")
        for line in self.filtered(lambda line: line.promise_state in WAITING_STATES and line.promise_state != 'open'):
            reasons[line.id] = self.env._(
                "promised for %(date)s already: to move it, give a reason (Promise Another Date)",
                date=format_date(self.env, line.promised_date))
        return reasons

    def _explain_harm(self, outlooks):
        """Tell which lines would make promises of others fail: ``{line_id: sentence}``."""
        dates = {line.id: outlooks[line.id]['proposed'] for line in self}
        unsound = self._find_unsound(dates, {line.id for line in self if outlooks[line.id]['doubtful']})
        return {
            line_id: self.env._(
                "promises of %s would fail: see which, and promise it with Promise Another Date",
                ", ".join(sorted(set(harmed.order_id.mapped('name')))))
            for line_id, harmed in unsound.items()}

    def _explain_proposal(self, outlook):
        """Tell why the proposal of a line cannot simply be accepted; empty if it can.

        :param dict outlook: what ``_get_atp_outlooks`` says of the line
        """
        self.ensure_one()
        if not outlook:
            return self.env._("there is nothing left to deliver")
        if not outlook['earliest']:
            return self.env._(
                "nothing known brings it, and no lead time says when: ask production or purchasing for a date")
        former = self._get_former_dates()[self.id]
        if former and former != outlook['proposed']:
            return self.env._(
                "it was promised for %(date)s: give a reason to move it (Promise Another Date)",
                date=format_date(self.env, former))
        return ""

    def _word_reasons(self, reasons):
        """Name the lines that were left, each with its reason."""
        left = self.filtered(lambda line: line.id in reasons)
        words = [
            self.env._("%(order)s, %(product)s: %(reason)s.", order=line.order_id.name,
                       product=line.product_id.display_name, reason=reasons[line.id].rstrip("."))
            for line in left[:TOLD_LINES]]
        if len(left) > TOLD_LINES:
            words.append(self.env._("And %s more.", len(left) - TOLD_LINES))
        return words

    def _get_accepted_notice(self, accepted, words):
        message = self.env._("Lines promised: %s.", len(accepted))
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': "\n".join([message, *([self.env._("Left as they are:")] if words else []), *words]),
                'type': 'warning' if words else 'success',
                'className': 'text-prewrap',
                'sticky': bool(words),
            },
        }
