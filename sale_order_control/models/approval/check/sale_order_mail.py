from odoo import SUPERUSER_ID, models
from odoo.exceptions import UserError

from ...order.control_memory import control_memory, event_happened


class SaleOrder(models.Model):
    """What customers get by mail of a quotation that waits, where the company sends approved ones only.

    Judged by what reaches whom: colleagues get everything, and words alone reach customers too.
    """

    _inherit = 'sale.order'

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        # The system's own user tells what happened: a signature with its paper.
        if self and self.env.uid != SUPERUSER_ID and any(recipient['share'] for recipient in recipients):
            letter = message.sudo()
            self._refuse_unapproved_letter(letter.attachment_ids, letter.body)
        return recipients

    def _refuse_unapproved_letter(self, attachments, body):
        """Refuse a letter that takes a quotation to customers before somebody agreed: as a paper, or by its link.

        :param ir.attachment attachments: what goes along
        :param str body: what is written
        :raise UserError: naming the quotations; never for customers nor while an event is processed
        """
        if self.env.user.share or control_memory(self.env).happened:
            return
        carrying = self if attachments else self.filtered(lambda order: order._is_linked_in(body or ''))
        held = carrying.sudo()._get_unsendable() if carrying else carrying
        if held:
            raise UserError(self.env._(
                "%s waits for an approval: until then customers get neither papers nor the link to it. Write to "
                "colleagues, or send the customer words alone.", ", ".join(held.mapped('name'))))

    def _is_linked_in(self, body):
        """Whether a text leads to the page of the order on the website; also one that is filled in when sent."""
        self.ensure_one()
        return any(mark in body for mark in (f'/my/orders/{self.id}', 'get_portal_url', 'access_url'))


class MailComposeMessage(models.TransientModel):
    """A template is how quotations are sent; other letters are held by what they carry."""

    _inherit = 'mail.compose.message'

    def _action_send_mail(self, auto_commit=False):
        for composer in self.filtered(lambda one: one.model == 'sale.order'):
            orders = self.env['sale.order'].browse(composer._evaluate_res_ids())
            if composer.template_id:
                orders.sudo()._refuse_unapproved_sending()
            elif composer.composition_mode == 'mass_mail':
                # A mass mailing goes to the customers of the orders; what is posted on one is judged there.
                orders._refuse_unapproved_letter(composer.attachment_ids, composer.body)
        return super()._action_send_mail(auto_commit=auto_commit)


class MailThread(models.AbstractModel):
    _inherit = 'mail.thread'

    def _message_route_process(self, message, message_dict, routes):
        # The mail came: what it says and brings along is kept, whatever would be refused on a screen.
        with event_happened(self.env):
            return super()._message_route_process(message, message_dict, routes)
