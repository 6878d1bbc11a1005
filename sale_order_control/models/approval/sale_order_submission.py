import logging
from collections import defaultdict

import psycopg2

from odoo import fields, models
from odoo.exceptions import RedirectWarning, UserError

from ..order.control_memory import control_acting
from .sale_approval_request import LIVE_STATES

_logger = logging.getLogger(__name__)

# The only things of a caller's context that travel into a confirmation: none of them decides anything.
QUIET_KEYS = ('tracking_disable', 'mail_notrack', 'mail_create_nolog', 'mail_create_nosubscribe')


class SaleOrder(models.Model):
    """From submission to confirmation: asking, voiding, confirming."""

    _inherit = 'sale.order'

    # === ASKING ===#

    def _plan_approval(self, policy_ids, requester=None):
        """Work out who would decide on these orders, level by level.

        :param dict policy_ids: ``{order_id: ids of the policies that matched}``
        :param res.users requester: who submits; left out besides the orders' salespeople and creators
        :return: ``{order_id: ([PlannedLevel, ...] in the order of deciding, {policy_id: what is wrong})}``
        """
        all_ids = set().union(*policy_ids.values()) if policy_ids else set()
        policies = self.env['sale.approval.policy'].sudo().browse(all_ids).sorted()
        # One query for the people of all levels, not one per level.
        policies.level_ids.user_ids.mapped('company_ids')
        plans = {}
        for order in self.sudo():
            excluded = order.user_id | order.create_uid
            excluded |= requester or excluded.browse()
            problems, planned = {}, {}
            levels = (policies & policies.browse(policy_ids[order.id])).level_ids
            # Stable: levels of the policy that comes first win among equal sequences.
            for level in levels.sorted('sequence'):
                plan = level._plan(order, excluded)
                if len(plan.user_ids) < plan.needed or not plan.user_ids:
                    problems.setdefault(level.policy_id.id, level._explain_shortage(plan))
                # Two policies that ask the same persons ask once, as early as the first of them.
                planned.setdefault(plan.key, plan)
            plans[order.id] = (list(planned.values()), problems)
        return plans

    def _control_submit(self, issues):
        super()._control_submit(issues)
        self.sudo()._ask_for_approval({
            order.id: [issue for issue in issues[order.id] if issue.effect == 'approve'] for order in self})

    def _ask_for_approval(self, reasons):
        """Create one request per order with the levels of all policies that matched.

        An order that waits for the same already goes on waiting.

        :param dict reasons: ``{order_id: [ControlIssue, ...]}`` what needs agreement
        :raise UserError: if nobody may decide on one of the orders
        """
        orders = self._withdraw_outdated(reasons)
        if not orders:
            return
        policy_ids = {
            order.id: {issue.facts['policy'] for issue in reasons[order.id] if issue.facts.get('policy')}
            for order in orders
        }
        plans = orders._plan_approval(policy_ids, requester=self.env.user)
        problems = [
            f"{order.display_name}: {problem}" for order in orders for problem in plans[order.id][1].values()]
        problems += [
            self.env._("%s: nobody is configured to approve it.", order.display_name)
            for order in orders if not plans[order.id][0]]
        if problems:
            raise UserError("\n".join(problems))
        terms = orders._get_control_terms()
        amounts = orders._get_control_amounts(terms)
        previous = orders._get_latest_requests()
        self.env['sale.approval.request']._submit(
            [
                order._prepare_approval_request(
                    terms[order.id], amounts[order.id], reasons[order.id], policy_ids[order.id], previous.get(order.id))
                for order in orders
            ],
            [plans[order.id][0] for order in orders],
        )
        orders._write_approval({'approval_state': 'pending'})

    def _withdraw_outdated(self, reasons):
        """Leave out orders that wait for the same already; withdraw requests that know too little.

        :return: the orders for which a request must be created
        """
        waiting, outdated = self.browse(), self.env['sale.approval.request'].sudo()
        for request in self._get_pending_requests():
            order = request.order_id
            if all(request._covers(issue) for issue in reasons[order.id]):
                waiting |= order
            else:
                outdated |= request
        outdated._close('void', self.env._("Submitted again for other reasons."), notify=False)
        return self - waiting

    def _get_latest_requests(self):
        """Return ``{order_id: latest sale.approval.request}`` of the orders that have any; in sudo."""
        rows = self.env['sale.approval.request'].sudo()._read_group(
            [('order_id', 'in', self.ids)], ['order_id'], ['id:max'])
        requests = self.env['sale.approval.request'].sudo()
        return {order.id: requests.browse(latest) for order, latest in rows}

    def _prepare_approval_request(self, terms, amounts, reasons, policy_ids, previous):
        """Prepare the request with a copy of everything that its approvers judge."""
        self.ensure_one()
        policies = self.env['sale.approval.policy'].sudo().browse(policy_ids)
        return {
            'res_model': self._name,
            'res_id': self.id,
            'order_id': self.id,
            'previous_id': previous.id if previous else False,
            'company_id': self.company_id.id,
            'requester_id': self.env.uid,
            'requested_on': fields.Datetime.now(),
            'digest': terms.digest,
            'snapshot': terms.to_json(),
            'covered': {issue.code: issue.figures for issue in reasons},
            'tolerance': min(policies.mapped('tolerance_percent'), default=0.0),
            'reasons': [issue.message for issue in reasons],
            'display': self._prepare_approval_display(),
            'document_name': self.name,
            'partner_name': self.partner_id.display_name,
            'currency_id': terms.currency_id,
            'amount_untaxed': amounts.untaxed,
            'amount_total': amounts.total,
            'margin_percent': amounts.margin_percent,
            'discount': terms.discount,
        }

    def _prepare_approval_display(self):
        """Copy what an approver reads, in words, so that reading it needs no right on the order."""
        self.ensure_one()
        return {
            'salesperson': self.user_id.name or '',
            'invoice_to': self.partner_invoice_id.display_name,
            'ship_to': self.partner_shipping_id.display_name,
            'payment_term': self.payment_term_id.display_name or '',
            'requested_date': fields.Date.to_string(self.requested_date) or '',
            'sale_type': self.sale_type_id.name or '',
            'lines': [
                {
                    'name': line.product_id.display_name or line.name or '',
                    'quantity': line.product_uom_qty,
                    'uom': line.product_uom_id.name or '',
                    'price_unit': line.price_unit,
                    'discount': line.discount,
                    'amount': line.price_subtotal,
                    'margin_percent': round(100 * line.margin_percent, 2),
                }
                for line in self.order_line if line.product_uom_qty and not line.display_type
            ],
        }

    # === THE ORDER FOLLOWS ITS REQUESTS ===#

    def _write_approval(self, vals):
        """Write protected fields: they follow from decisions, whoever's rights the caller has."""
        if self:
            with control_acting(self.env):
                self.sudo().write(vals)

    def _sync_approval_state(self):
        """Let the orders show the state of their latest request."""
        states = defaultdict(self.browse)
        for order_id, request in self._get_latest_requests().items():
            state = 'none' if request.state == 'recalled' else request.state
            states[state] |= self.browse(order_id)
        for state, orders in states.items():
            orders._write_approval({'approval_state': state})

    def _void_requests(self, outcome, states=LIVE_STATES):
        """Void what was asked or agreed for these orders: it no longer belongs to what they are.

        :param str outcome: why, in words
        :param states: states of the requests concerned
        """
        orders = self.filtered(lambda order: order.sudo().approval_state != 'none')
        if orders:
            orders.sudo().approval_request_ids.filtered(lambda request: request.state in states)._close('void', outcome)

    def _control_terms_changed(self, before, after):
        super()._control_terms_changed(before, after)
        asked = self.sudo().filtered(lambda order: order.approval_state in LIVE_STATES)
        labels = self._get_terms_aspect_labels() if asked else {}
        outcomes = defaultdict(self.env['sale.approval.request'].sudo().browse)
        for request in asked.approval_request_ids.filtered(lambda request: request.state in LIVE_STATES):
            order = request.order_id
            aspects = order._get_worse_than_approved(after[order.id], request)
            if aspects:
                outcomes[", ".join(labels[aspect] for aspect in aspects)] |= request
            else:
                order._control_log('approval', message=self.env._(
                    "%s stays in force: the new terms are not worse than what it covers.", request.name))
        for names, requests in outcomes.items():
            requests._close('void', self.env._("The terms got worse since it was asked for: %s", names))

    # === CONFIRMATION BY THE LAST APPROVAL ===#

    def _confirm_approved(self):
        """Confirm approved quotations as the person who asked would, if nothing else stops them.

        What Odoo or another rule refuses is told to the maker; the approval stays.

        :return: ``{order_id: translated sentence}`` what became of each
        """
        outcome = {}
        quotations = self.filtered(lambda order: order.state in ('draft', 'sent'))
        latest = quotations._get_latest_requests()
        for (requester, company), orders in quotations.grouped(
                lambda order: (latest[order.id].requester_id, order.company_id)).items():
            if not requester.active:
                outcome.update(dict.fromkeys(orders.ids, self.env._("Confirm it: who asked for it has left.")))
                continue
            orders = orders._as_requester(requester, company)
            if len(orders) > 1 and not orders._try_confirm():
                outcome.update(dict.fromkeys(orders.ids, self.env._("The order is confirmed.")))
                continue
            for order in orders:
                refusal = order._try_confirm()
                outcome[order.id] = self.env._(
                    "The order is not confirmed yet: %s", refusal) if refusal else self.env._("The order is confirmed.")
        return outcome

    def _as_requester(self, requester, company):
        """Return the orders with the rights of the person who asked, and nothing of the approver's."""
        quiet = {key: self.env.context[key] for key in QUIET_KEYS if key in self.env.context}
        context = {'lang': requester.lang, 'tz': requester.tz, 'allowed_company_ids': company.ids, **quiet}
        return self.with_user(requester).with_context(context)  # pylint: disable=context-overridden

    def _try_confirm(self):
        """Confirm, or leave everything as it was.

        :return: why not, in words; empty if confirmed
        """
        try:
            with self.env.cr.savepoint():
                self.action_confirm()
        except psycopg2.OperationalError:
            # A rival transaction was faster: the whole call is tried again.
            raise
        except (UserError, RedirectWarning) as refusal:
            return str(refusal.args[0])
        except Exception as error:
            # Whatever an app does wrong when confirming, it must not undo the decision.
            _logger.exception("Confirmation of approved orders %s failed", self.ids)
            return str(error)
        return ""
