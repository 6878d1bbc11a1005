import hashlib
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

CUSTOMER_STATES = [
    ('none', "Not Asked"),
    ('waiting', "Waiting for the Customer"),
    ('accepted', "Confirmed by the Customer"),
    ('declined', "Declined by the Customer"),
]
# They follow from what the customer does on the portal.
SIGNED = frozenset({'customer_state', 'signed_by', 'signed_on', 'signature', 'customer_answer'})


class ResCompany(models.Model):
    _inherit = 'res.company'

    amendment_customer = fields.Selection(
        [('never', "When the user asks for it"), ('always', "Always")],
        string="Customers Confirm Amendments", default='never', required=True, groups='base.group_user',
        help="The customer gets a link to a page that shows what changes, and signs there. The order is changed after "
             "that.")
    amendment_reader_ids = fields.Many2many(
        'res.users', 'res_company_amendment_reader_rel', 'company_id', 'user_id', string="Told of Every Amendment",
        groups='base.group_user',
        help="Besides those whom a change concerns: the salesperson, who works on its transfers, purchases and "
             "manufacturing orders, and delivery planners.")

    @api.model
    def _get_control_settings(self):
        return (*super()._get_control_settings(), 'amendment_customer', 'amendment_reader_ids')


class SaleAmendment(models.Model):
    """The customer confirms what changes, by a signature on a page of its own."""

    _inherit = 'sale.amendment'

    needs_customer = fields.Boolean(
        string="Customer Must Confirm", default=lambda self: self._is_customer_always_asked(),
        help="The order is changed after the customer has signed the amendment.")
    customer_state = fields.Selection(
        CUSTOMER_STATES, string="Customer's Answer", default='none', required=True, readonly=True, copy=False,
        tracking=True)
    signed_by = fields.Char(readonly=True, copy=False)
    signed_on = fields.Datetime(readonly=True, copy=False)
    signature = fields.Image(readonly=True, copy=False, attachment=True, max_width=1024, max_height=1024)
    customer_answer = fields.Text(string="Customer's Words", readonly=True, copy=False)

    @api.model
    def _is_customer_always_asked(self):
        return self.env.company.sudo().amendment_customer == 'always'

    @api.model
    def _get_following_fields(self):
        return super()._get_following_fields() | SIGNED

    # === ASKING ===#

    def _is_customer_awaited(self):
        """Whether the customer has still to confirm: asked for on the amendment, or always by the company."""
        self.ensure_one()
        asked = self.needs_customer or self.company_id.sudo().amendment_customer == 'always'
        return asked and self.customer_state != 'accepted'

    def _go_on(self):
        if not self._is_customer_awaited():
            return super()._go_on()
        self._set({'state': 'approved', 'customer_state': 'waiting', 'obstacle': False})
        self._ask_customer()

    def _go_on_after_approval(self):
        told = super()._go_on_after_approval()
        if self.customer_state == 'waiting':
            return self.env._("The customer is asked to confirm it.")
        return told

    def _ask_customer(self):
        """Send the customer the link to the page that shows and signs the amendment."""
        self.ensure_one()
        amendment = self.sudo()
        amendment._portal_ensure_token()
        amendment.with_user(amendment.user_id).sudo().message_post_with_source(
            'sale_order_control.mail_template_amendment', partner_ids=amendment.order_id.partner_id.ids,
            subtype_xmlid='mail.mt_comment', email_layout_xmlid='mail.mail_notification_layout')

    def action_apply(self):
        waiting = self.filtered(lambda amendment: amendment.customer_state == 'waiting')
        if waiting:
            raise UserError(self.env._(
                "The customer has still to confirm: %s", ", ".join(waiting.mapped('display_name'))))
        return super().action_apply()

    def action_ask_again(self):
        """Send the link once more."""
        self._check_may_amend()
        waiting = self.filtered(lambda amendment: amendment.customer_state == 'waiting')
        if not waiting:
            raise UserError(self.env._("Nobody is waiting for the customer here."))
        for amendment in waiting:
            amendment._ask_customer()
        return True

    def action_preview_customer(self):
        """Open the page as the customer sees it."""
        self.ensure_one()
        self._check_may_amend()
        return {'type': 'ir.actions.act_url', 'target': 'self', 'url': self.get_portal_url()}

    # === ANSWERS ===#

    def _is_open_to_customer(self):
        """Whether the page still takes an answer."""
        self.ensure_one()
        return self.state == 'approved' and self.customer_state == 'waiting'

    def _get_customer_fingerprint(self):
        """Return what tells the page that was shown from another one, if the amendment is revised meanwhile."""
        self.ensure_one()
        shown = [self._get_customer_rows(), self._get_customer_totals(), self._get_target_terms().digest]
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]

    def _accept_by_customer(self, name, signature):
        """Record the customer's signature and change the order; in sudo, called by the page.

        What stands in the way is for us: it is kept and told to who entered the amendment, never to the customer.

        :return: whether the order is changed already
        """
        self.ensure_one()
        self._set({
            'customer_state': 'accepted', 'signed_by': name, 'signed_on': fields.Datetime.now(),
            'signature': signature})
        self._message_log(body=self.env._("Signed by %s.", name))
        told = self._go_on_after_approval()
        if self.state != 'applied':
            self._tell_maker(told)
        return self.state == 'applied'

    def _decline_by_customer(self, words):
        """Record that the customer does not want the change; in sudo, called by the page.

        :param str words: what the customer says
        """
        self.ensure_one()
        words = (words or "").strip()
        self._set({'customer_state': 'declined', 'state': 'refused', 'customer_answer': words or False})
        self._tell_maker(self.env._("The customer declined the amendment: %s", words or "–"))

    def _tell_maker(self, sentence):
        """Tell who entered the amendment by a note that notifies."""
        user = self.user_id if self.user_id.active else self.order_id._get_control_responsible()
        self.sudo().message_post(
            body=sentence, partner_ids=user.partner_id.ids, subtype_xmlid='mail.mt_note', message_type='comment')

    def _forget_customer(self):
        """What the customer said belongs to what was shown: another draft is shown anew."""
        self._set({'customer_state': 'none', 'signed_by': False, 'signed_on': False, 'signature': False})

    def action_take_back(self):
        result = super().action_take_back()
        self._forget_customer()
        return result

    def _rebase(self):
        result = super()._rebase()
        self._forget_customer()
        return result

    # === WHAT THE CUSTOMER READS ===#

    def _get_customer_rows(self):
        """Return what changes in the customer's words: nothing internal.

        :return: list of ``{'subject', 'label', 'old_value', 'new_value'}``
        """
        self.ensure_one()
        return self.with_context(lang=self.partner_id.lang)._word_changes()

    def _get_customer_totals(self):
        """Return the order's total with taxes, ``(before, after)``, in its currency."""
        self.ensure_one()
        order = self.order_id
        base = self._get_base_terms()
        totals = [
            order._get_control_amounts({order.id: terms})[order.id].total if terms.lines else 0.0
            for terms in (base, self._get_target_terms(base))]
        return tuple(totals)


class SaleControlSwitches(models.AbstractModel):
    _inherit = 'sale.control.switches'

    amendment_customer = fields.Selection(related='company_id.amendment_customer', readonly=False, required=True)
    amendment_reader_ids = fields.Many2many(related='company_id.amendment_reader_ids', readonly=False)
