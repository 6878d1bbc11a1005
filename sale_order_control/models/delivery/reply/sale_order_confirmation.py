import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..promise.sale_order_line import WAITING_STATES

TEMPLATE = 'sale_order_control.mail_template_order_confirmation'


class SaleOrder(models.Model):
    """Confirming an order to its customer: what is agreed, at which price, and when it comes."""

    _inherit = 'sale.order'

    confirmation_state = fields.Selection(
        [('none', "Not Possible Yet"), ('due', "To Be Sent"), ('sent', "Sent"), ('outdated', "Outdated")],
        string="Order Confirmation", compute='_compute_confirmation_state', groups='base.group_user',
        help="Whether the customer has the order confirmation, and whether it says what is agreed and promised now.")

    @api.depends(
        'state', 'notice_ids', 'order_line.promised_date', 'order_line.promise_state', 'order_line.price_total',
        'order_line.product_uom_qty', 'partner_shipping_id', 'payment_term_id')
    def _compute_confirmation_state(self):
        controlled = self._origin._get_promise_controlled()
        for order in self:
            order.confirmation_state = False
            if order._origin in controlled:
                order.confirmation_state = order._origin.sudo()._get_confirmation_state()

    def _get_confirmation_state(self):
        self.ensure_one()
        last = self._get_last_confirmation()
        if last:
            return 'sent' if last.digest == self._get_confirmation_digest() else 'outdated'
        return 'none' if self._get_undated_lines() else 'due'

    def _get_last_confirmation(self):
        return self.notice_ids.filtered(lambda notice: notice.kind == 'confirmation').sorted('id')[-1:]

    def _get_undated_lines(self):
        """Return the lines that still wait for a promise."""
        return self.order_line.filtered(lambda line: line.promise_state == 'open')

    def _control_terms_changed(self, before, after):
        super()._control_terms_changed(before, after)
        told = self.sudo().filtered(lambda order: order._get_last_confirmation())
        told._get_promise_controlled()._queue_notices()

    # === SENDING ===#

    def action_send_confirmation(self):
        """Send the order confirmations by mail, again where something has changed since; name what cannot be sent.

        :return: a client action that says what happened
        :raise UserError: if none of them can be confirmed to its customer, with the reasons
        """
        self._check_reply_rights()
        obstacles = self.sudo()._get_confirmation_obstacles()
        refusals = [
            self.env._("%(order)s cannot be confirmed to the customer yet. %(reason)s", order=order.name, reason=reason)
            for order, reason in obstacles.items()]
        sent = self.filtered(lambda order: order not in obstacles)
        if not sent:
            raise UserError("\n".join(refusals))
        sent.sudo()._send_confirmations()
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'message': "\n".join([
                    self.env._("Order confirmation sent: %s.", ", ".join(sent.mapped('name'))), *refusals]),
                'type': 'warning' if refusals else 'success',
                'sticky': bool(refusals),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def _get_confirmation_obstacles(self):
        """Tell what keeps orders from being confirmed to their customers.

        :return: ``{order: sentence}`` of those that cannot be
        """
        obstacles = {}
        controlled = self._get_promise_controlled()
        issues = controlled._get_control_issues('release')
        for order in self:
            unapproved = [issue for issue in issues.get(order.id, ()) if issue.area == 'approval' and issue.stops]
            undated = order._get_undated_lines()
            enforced = order.company_id._get_control_mode('promise') == 'enforce'
            if order not in controlled:
                obstacles[order] = self.env._(
                    "Only confirmed orders of companies that promise delivery dates are: confirm it first.")
            elif unapproved:
                obstacles[order] = self.env._("It waits for an approval: %s", unapproved[0].message)
            elif undated and enforced:
                obstacles[order] = self.env._(
                    "A delivery planner has to promise a date for: %s.",
                    ", ".join(undated.product_id.mapped('display_name')))
            elif order._get_unreachable():
                obstacles[order] = order._word_unreachable()
        return obstacles

    def _send_confirmations(self, automatic=False):
        """Send the confirmations of these orders; they tell the dates as well. Private: callers check."""
        lines = self.order_line._filter_tellable('to_tell')
        promises = self.order_line.filtered(
            lambda line: line.promise_state in WAITING_STATES)._get_open_promises()
        lines._mark_told()
        if self:
            digests = {order.id: order._get_confirmation_digest() for order in self}
            self._record_notices('confirmation', promises, digests=digests, automatic=automatic)
            self._send_notices(TEMPLATE)

    def _send_order_confirmation_mail(self):
        # Ours follows as soon as the dates are promised: one confirmation is enough.
        ours = self.sudo()._get_promise_controlled().filtered(
            lambda order: order.company_id.order_confirmation_auto and order.order_line._filter_deliverable())
        return super(SaleOrder, self - ours)._send_order_confirmation_mail()

    # === WHAT IT SAYS ===#

    def _get_confirmation_digest(self):
        """Return a short form of what the confirmation says, the same as long as nothing of it changes.

        Not what was paid: the balance moves with every payment, and that is no other order.
        """
        self.ensure_one()
        partner = self.partner_shipping_id
        content = [
            self._prepare_control_terms().digest, self._get_delivery_mode(),
            [partner.name or '', partner._display_address()],
            [(line.id, line.name, str(line.promised_date or ''), line.promise_parts or [], round(line.price_total, 6))
             for line in self.order_line.sorted('id')],
        ]
        return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()

    def _is_changed_confirmation(self):
        """Whether the customer has had an earlier confirmation than the one that is being sent."""
        self.ensure_one()
        return len(self.sudo().notice_ids.filtered(lambda notice: notice.kind == 'confirmation')) > 1

    def _get_confirmation_dates(self):
        """Return ``{line_id: date in words}`` of the promised lines, in the language of the context."""
        self.ensure_one()
        lines = self.sudo().order_line.filtered(lambda line: line.promised_date).with_env(self.env(su=True))
        leaves = self.sudo().sale_type_id.date_kind == 'planned_ship'
        result = {}
        for line, days in lines._get_customer_parts(leaves).items():
            words = [format_date(self.env, day) for day, _words in days]
            if len(days) > 1:
                words = [f"{date} ({part})" for date, (_day, part) in zip(words, days, strict=True)]
            result[line.id] = ", ".join(words)
        return result

    def _get_delivery_mode(self):
        """Say how the goods travel and whether they come at once, in the language of the context."""
        self.ensure_one()
        order = self.sudo()
        together = order.picking_policy == 'one'
        words = [
            order.carrier_id.name if 'carrier_id' in order else '',
            order.incoterm.display_name or '',
            self.env._("All goods at once") if together else self.env._("Each part as soon as it is there"),
        ]
        return ", ".join(word for word in words if word)

    def _get_paid_amounts(self):
        """Return what was paid and what is left to pay, in the order's currency."""
        self.ensure_one()
        paid = self.sudo()._get_money_received()[self.id]
        return {'paid': paid, 'balance': self.currency_id.round(self.amount_total - paid)}

    def _get_payment_method_words(self):
        """Return how the customer pays: the agreed term, and the methods of payments that were made."""
        self.ensure_one()
        done = self.sudo().transaction_ids.filtered(lambda payment: payment.state in ('authorized', 'done'))
        names = [self.payment_term_id.name, *done.payment_method_id.mapped('name')]
        return ", ".join(dict.fromkeys(name for name in names if name))

    def _get_service_contact(self):
        """Return whom the customer asks: name, phone and mail address."""
        self.ensure_one()
        person, company = self.sudo().user_id.partner_id, self.sudo().company_id.partner_id
        return {
            'name': person.name or company.name,
            'phone': person.phone or company.phone,
            'email': person.email or company.email,
        }

    def _render_confirmation(self):
        """Return the content of the confirmation, for its mail and its paper, in the language of the context."""
        self.ensure_one()
        return self.env['ir.qweb']._render('sale_order_control.order_confirmation_content', {
            'order': self.sudo(), 'dates': self._get_confirmation_dates(), 'amounts': self._get_paid_amounts(),
            'contact': self._get_service_contact(),
        })
