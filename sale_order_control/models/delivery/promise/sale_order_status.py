from collections import defaultdict

from odoo import api, models
from odoo.tools import format_date

from ...order.control_issue import ControlStatus

# Urgency among the badges of all rooms: see CONTROL_STATUSES of the hub.
RANKS = {'late': 50, 'at_risk': 60, 'to_promise': 70, 'promised': 90}
BADGES = {
    'late': 'late', 'at_risk': 'at_risk', 'open': 'to_promise', 'partial': 'to_promise', 'promised': 'promised',
}
TONES = {
    'late': 'danger', 'at_risk': 'warning', 'open': 'info', 'partial': 'info', 'promised': 'success', 'done': 'success',
}


class SaleOrder(models.Model):
    """How the delivery of an order is told: badge, panel, portal."""

    _inherit = 'sale.order'

    @api.depends('promise_state', 'promised_date')
    def _compute_control_status(self):
        return super()._compute_control_status()

    @api.depends('promise_state', 'promised_date', 'order_line.promised_date', 'requested_date')
    def _compute_control_panel(self):
        return super()._compute_control_panel()

    def _get_control_statuses(self):
        statuses = super()._get_control_statuses()
        for order in self._with_control('promise'):
            badge = BADGES.get(order.promise_state)
            if badge and order.state == 'sale':
                statuses[order.id].append(ControlStatus(RANKS[badge], badge, order._get_promise_next()))
        return statuses

    def _get_promise_next(self):
        """Word who acts next on the delivery."""
        self.ensure_one()
        date = format_date(self.env, self.promised_date)
        return {
            'late': self.env._("Delivery planner: a promised date has passed; deliver or promise again"),
            'at_risk': self.env._("Delivery planner: supply does not cover the promised date %s", date),
            'open': self.env._("Delivery planner promises a date"),
            'partial': self.env._("Delivery planner promises the rest"),
            'promised': self.env._("Warehouse delivers by %s", date),
        }.get(self.promise_state, "")

    def _get_control_sections(self, issues):
        sections = super()._get_control_sections(issues)
        if not self._with_control('promise'):
            return sections
        found, who = issues.get('promise', ()), ""
        if self.state == 'sale' and self.promise_state not in (False, 'none'):
            # What the release gate finds missing is what the words below say: not twice.
            found = [issue for issue in found if issue.code != 'promise.missing']
            summary, who, tone = self._word_delivery(), self._get_promise_next(), TONES[self.promise_state]
        elif self.state in ('draft', 'sent') and self.order_line._filter_deliverable():
            summary, tone = self._word_wanted()
        else:
            return sections
        return [*sections, self._prepare_control_section('promise', self.env._("Delivery"), found, summary, tone, who)]

    def _word_wanted(self):
        """Say whether what the customer wants can be kept, where no rule found otherwise: sentence and colour."""
        if any(line.atp_summary and not line.earliest_date for line in self.order_line._filter_deliverable()):
            return self.env._("Neither stock nor expected receipts cover everything that is ordered."), 'warning'
        if self.requested_date or any(self.order_line.mapped('requested_date')):
            return self.env._("The requested dates can be kept."), 'success'
        return self.env._("No date is requested. A planner promises dates once the order is confirmed."), 'muted'

    def _word_delivery(self):
        """Say in words where the delivery stands, e.g. "Open lines promised: 3 of 4, the last for 12 March."."""
        self.ensure_one()
        lines = self.order_line.filtered('promise_state')
        done = lines.filtered(lambda line: line.promise_state == 'done')
        waiting = lines - done
        promised = waiting.filtered(lambda line: line.promise_state != 'open')
        words = []
        if not waiting:
            return self.env._("Everything is delivered.")
        if promised:
            words.append(self.env._(
                "Open lines promised: %(promised)s of %(all)s, the last for %(date)s.",
                promised=len(promised), all=len(waiting), date=format_date(self.env, self.promised_date)))
        else:
            words.append(self.env._("Lines without a promised date: %s.", len(waiting)))
        for state, sentence in (
            ('late', self.env._("The promised date has passed:")),
            ('at_risk', self.env._("Supply does not cover the promised date:")),
        ):
            concerned = waiting.filtered(lambda line, state=state: line.promise_state == state)
            if concerned:
                words.append(f"{sentence} {', '.join(concerned.product_id.mapped('display_name'))}.")
        if done:
            words.append(self.env._("Lines delivered: %s.", len(done)))
        return " ".join(words)

    def _get_portal_promises(self):
        """Word the promised dates for the customer, neutral: one sentence per day that is still to come.

        :return: list of sentences, empty while nothing is promised
        """
        self.ensure_one()
        order = self.sudo()
        if not order._get_promise_controlled():
            return []
        lines = order.order_line.filtered(
            lambda line: line.promised_date and line.promise_state in ('promised', 'at_risk', 'late'))
        leaves = order.sale_type_id.date_kind == 'planned_ship'
        by_day, sentences = defaultdict(list), []
        for days in lines._get_customer_parts(leaves).values():
            for day, words in days:
                by_day[day].append(words)
        for day in sorted(by_day):
            date = format_date(self.env, day)
            if leaves:
                sentence = self.env._("Shipping planned for %s", date)
            else:
                sentence = self.env._("Delivery planned for %s", date)
            if len(by_day) > 1:
                sentence += ": " + ", ".join(by_day[day])
            sentences.append(sentence)
        return sentences
