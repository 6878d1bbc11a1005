import logging

import psycopg2

from odoo import models
from odoo.exceptions import RedirectWarning, UserError

from ...order.control_memory import control_memory
from ...order.control_terms import ControlTerms

_logger = logging.getLogger(__name__)

# The only things of a caller's context that travel into a confirmation: none of them decides anything.
QUIET_KEYS = ('tracking_disable', 'mail_notrack', 'mail_create_nolog', 'mail_create_nosubscribe')


class SaleOrder(models.Model):
    """From submission to confirmation: asking, voiding, confirming."""

    _inherit = 'sale.order'
    _approval_template = 'sale_order_control.approval_request_snapshot'

    # === ASKING ===#

    def action_submit(self):
        # The button of the form asks to see first who will decide; over RPC, and of a list, it just acts.
        if self.env.context.get('approval_preview') and len(self) == 1:
            self.check_access('write')
            issues = self._get_control_issues('submit')
            if self.state in ('draft', 'sent') and self._get_held(issues) and not self._get_blocked(issues):
                return self._get_submission_action()
        return super().action_submit()

    def _get_submission_action(self):
        """Open the preview: why somebody is asked, who, and a box for the maker's words."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Submit %s for Approval", self.name),
            'res_model': 'sale.approval.submission',
            'view_mode': 'form',
            'target': 'new',
            'context': {'default_order_id': self.id},
        }

    def _control_submit(self, issues):
        reasons = {order.id: [issue for issue in issues[order.id] if issue.effect == 'approve'] for order in self}
        # Only the maker's words travel in the context: they decide nothing.
        refused = self.sudo()._ask_for_approval(reasons, self.env.context.get('approval_comment'))
        refused.update(super(SaleOrder, self - self.browse(refused))._control_submit(issues))
        return refused

    def _prepare_approval_snapshot(self):
        return self._prepare_control_terms().to_json()

    def _get_approval_digest(self, snapshot):
        return ControlTerms.from_json(snapshot).digest

    def _get_approval_amount(self):
        return self.amount_untaxed, self.currency_id

    def _get_approval_rate_days(self):
        # The order's date, which its maker may write; confirmed, it is dated anew. So today's rate counts as well.
        days = super()._get_approval_rate_days()
        return days if control_memory(self.env).past else days | {self._get_past_day(self.date_order)}

    def _prepare_approval_request(self, reasons, policy_ids):
        terms = self._prepare_control_terms()
        amounts = self._get_control_amounts({self.id: terms})[self.id]
        return {
            **super()._prepare_approval_request(reasons, policy_ids),
            'order_id': self.id,
            'amount_untaxed': amounts.untaxed,
            'amount_total': amounts.total,
            'margin_percent': amounts.margin_percent,
            'discount': terms.discount,
        }

    # === THE ORDER FOLLOWS ITS REQUESTS ===#

    def _control_terms_changed(self, before, after):
        super()._control_terms_changed(before, after)
        # Who agreed to an amendment agreed to the terms that follow: nothing becomes void by it.
        amending = control_memory(self.env).amending
        self.sudo().filtered(lambda order: not amending.get(order.id))._void_worse_documents(after)

    def _log_approval(self, messages):
        for order in self:
            order._control_log('approval', message=messages[order.id])

    def _approval_approved(self):
        self._control_event('approved')
        return self._confirm_approved()

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
        except Exception:
            # Whatever an app does wrong when confirming, it must not undo the decision.
            _logger.exception("Confirmation of approved orders %s failed", self.ids)
            # What went wrong inside says nothing to the maker, and may say too much.
            return self.env._("An app reported an error. An administrator finds it in the server's log.")
        return ""
