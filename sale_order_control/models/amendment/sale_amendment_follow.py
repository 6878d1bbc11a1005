from markupsafe import Markup

from odoo import models


class SaleAmendment(models.Model):
    """What follows at once when an order was changed: promises are made anew, all who are concerned are told once."""

    _inherit = 'sale.amendment'

    def _record_applied(self, order, before, summary):
        result = super()._record_applied(order, before, summary)
        self._remake_promises(order, before)
        self._tell_departments(order)
        return result

    # === PROMISES ===#

    def _remake_promises(self, order, before):
        """Promise anew what was promised and became other, with the reason."""
        if order.state != 'sale' or not order._get_promise_controlled():
            return
        now = order._get_control_terms()[order.id]
        old = {line.key: line for line in before.lines}
        moved = before.requested_date != now.requested_date
        keys = [line.key for line in now.lines if line.key in old and (moved or old[line.key] != line)]
        kind = {'customer': 'customer', 'supply': 'supplier'}.get(self.asked_by, 'us')
        reasons = self.env['sale.delivery.change.reason'].sudo()
        reason = reasons.search([('kind', '=', kind)], limit=1) or reasons.search([], limit=1)
        lines = order.order_line.filtered(lambda line: line.id in keys)
        lines._remake_promises(reason, self.env._("%(amendment)s: %(reason)s", amendment=self.name,
                                                  reason=self.reason_id.name))

    # === WHO IS TOLD ===#

    def _tell_departments(self, order):
        """Tell all who are concerned of the change or cancellation, each once, by one note on the order (OC-07)."""
        users = (self._get_concerned_users(order) - self.env.user).filtered(
            lambda user: user.active and not user.share)
        rows = Markup().join(
            Markup("<li>%s, %s: %s → %s</li>") % (
                change['subject'], change['label'], change['old_value'], change['new_value'])
            for change in self._word_changes())
        heading = self.env._("Cancelled by %s", self.name) if self.scope == 'order' \
            else self.env._("Changed by %s", self.name)
        order.message_post(
            body=Markup("<p><b>%s</b> (%s)</p><ul>%s</ul>") % (heading, self.reason_id.name or "", rows),
            partner_ids=users.partner_id.ids, subtype_xmlid='mail.mt_note', message_type='comment')

    def _get_concerned_users(self, order):
        """Return whom a change of the order concerns: its salesperson, and who works for it in each department.

        Purchasing and production are met by the documents that their apps made for the order, so that none of those
        apps is a dependency.
        """
        users = order.user_id | self.company_id.sudo().amendment_reader_ids
        users |= order.picking_ids.filtered(lambda picking: picking.state != 'cancel').user_id
        for document in self._get_supply_documents(order.order_line):
            users |= document.user_id
        if order._with_control('promise'):
            planners = self.env.ref('sale_order_control.group_delivery_planner').sudo().all_user_ids
            users |= planners.filtered(lambda user: self.company_id in user.company_ids)
        return users
