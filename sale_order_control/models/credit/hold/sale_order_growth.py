import logging

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError

from ...order.control_memory import control_memory
from .credit_account_recheck import queue_credit_recheck

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """What happens to a confirmed order: it grows, it shrinks, its goods are stopped at the door."""

    _inherit = 'sale.order'

    def _get_control_watched(self):
        # A quotation on hold may become small enough, a released one too big.
        return super()._get_control_watched() | self.filtered(
            lambda order: order.state in ('draft', 'sent') and order.sudo().credit_state in ('hold', 'released'))

    def _get_change_issues(self, before, after):
        issues = super()._get_change_issues(before, after)
        judged = self._with_control('credit')
        control_memory(self.env).facts.update({('credit grown', order.id): issues[order.id] for order in judged})
        if not control_memory(self.env).happened:
            judged._note_credit_stops('confirm', 'growth', issues)
        return issues

    def _control_terms_changed(self, before, after):
        super()._control_terms_changed(before, after)
        facts = control_memory(self.env).facts
        issues = {order.id: facts.pop(('credit grown', order.id)) for order in self
                  if ('credit grown', order.id) in facts}
        grown = self.filtered(lambda order: order.id in issues and order.state == 'sale')
        grown._record_credit_checks('confirm', issues, grown=True)
        quotations = self.filtered(lambda order: order.state in ('draft', 'sent'))
        # Other rooms watch quotations too: one that credit never looked at is not judged before it is submitted.
        known = quotations.filtered(lambda order: order.sudo().credit_state in ('hold', 'released'))
        if known:
            queue_credit_recheck(self.env, 'orders', known.ids, self.env._("The order was changed."))
        smaller = self - grown - quotations
        smaller._recheck_credit_of_customers(self.env._("An order of the customer became smaller."))

    def _recheck_credit_of_customers(self, cause):
        """Look again, when the transaction ends, at what else is on hold of the customers of these orders.

        :param str cause: translated sentence saying what happened
        """
        for company, orders in self.sudo().grouped(lambda order: order.company_id.root_id).items():
            if company.control_credit != 'off':
                owners = orders.partner_invoice_id.commercial_partner_id
                self.env['credit.account']._find(owners, company)._recheck_holds(cause, later=True)

    # === WHAT WAS REFUSED ===#

    def _note_credit_stops(self, checkpoint, occasion, issues):
        """Remember to record what credit refuses here, although the refusal undoes everything else.

        The record is written in a transaction of its own once this one is rolled back; one that goes
        through, because its caller handled the refusal, records nothing.

        :param str checkpoint: where the gate was asked
        :param str occasion: the decision's checkpoint: ``growth`` or ``release``
        :param dict issues: ``{order_id: (ControlIssue, ...)}``
        """
        stopped = self.sudo().filtered(
            lambda order: any(issue.area == 'credit' and issue.stops for issue in issues[order.id]))
        if not stopped:
            return
        checks = stopped._get_credit_checks(checkpoint)
        notes = []
        for order in stopped:
            check, found = checks[order.id], [issue for issue in issues[order.id] if issue.area == 'credit']
            account = check.account
            # An account that this transaction makes will be undone with it.
            if account:
                row = order._prepare_credit_decision(account, checkpoint, check, found, True)
                state = order._prepare_credit_state(account, check, found) if occasion == 'release' else {}
                notes.append(({**row, 'checkpoint': occasion}, state))
        registry, uid, lang = self.env.registry, self.env.uid, self.env.lang

        def record():
            try:
                with registry.cursor() as cr:
                    api.Environment(cr, SUPERUSER_ID, {'lang': lang})['sale.order']._record_refused_credit(notes, uid)
            except Exception:
                _logger.exception("What credit refused could not be recorded: %s", notes)
        self.env.cr.postrollback.add(record)

    @api.model
    def _record_refused_credit(self, notes, uid):
        """Record refusals after their transaction was undone, each once.

        :param list notes: ``[(values of the decision, values of the order), ...]``
        :param int uid: whom it was refused to
        """
        decisions = self.env['credit.decision']
        for row, state in notes:
            order = self.browse(row['order_id']).exists()
            if not order:
                continue
            if state:
                order._write_credit_states({order.id: state})
            decisions._record_facts([{**row, 'user_id': uid, 'reason': self.env._("Refused: nothing was changed.")}])


class StockMove(models.Model):
    _inherit = 'stock.move'

    def _control_require_release(self):
        try:
            return super()._control_require_release()
        except UserError:
            orders = self._get_control_orders()._with_control('credit', 'release')
            orders._note_credit_stops('release', 'release', orders._get_control_issues('release'))
            raise

    def _action_cancel(self):
        result = super()._action_cancel()
        orders = self.sudo().sale_line_id.order_id
        if orders:
            orders._recheck_credit_of_customers(
                self.env._("Goods that were still to be delivered are not any more."))
        return result
