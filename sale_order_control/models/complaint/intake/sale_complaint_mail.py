import re

from markupsafe import Markup

from odoo import api, models
from odoo.tools import email_normalize, html2plaintext, parse_contact_from_email

from .complaint_mail import MEGABYTE, is_automatic, split_files

# Told by the gateway's own code; it only keeps an acknowledgement back.
AUTOMATIC = 'complaint_mail_automatic'
LONGEST_DESCRIPTION = 20000


class MailThread(models.AbstractModel):
    _inherit = 'mail.thread'

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        # Only here the headers are known, which say whether a machine wrote.
        if any(route[0] == 'sale.complaint' for route in routes or ()) and is_automatic(message):
            self = self.with_context(**{AUTOMATIC: True})
        return super()._message_route_process(message, message_dict, routes)


class SaleComplaint(models.Model):
    """Mails to a team's address become complaints, answers go to the complaint they belong to."""

    _inherit = 'sale.complaint'
    _primary_email = 'email_from'

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """Open a complaint from a mail: of a known customer or not, nothing of it is lost but what is too large.

        :param dict msg_dict: the mail, as Odoo's gateway reads it
        :param dict custom_values: defaults of the alias, such as the team
        """
        team = self.env['sale.complaint.team'].browse((custom_values or {}).get('team_id'))
        values = {**(custom_values or {}), **self._prepare_mail_complaint(msg_dict, team.sudo().company_id)}
        refused = self._refuse_large_files(msg_dict, team)
        complaint = super().message_new(msg_dict, values)
        if not self.env.context.get(AUTOMATIC):
            complaint._send_acknowledgement(refused)
        return complaint

    def message_update(self, msg_dict, update_vals=None):
        """Take an answer: of the customer it is one, unless a machine wrote it."""
        refused = self._refuse_large_files(msg_dict, self.team_id)
        result = super().message_update(msg_dict, update_vals)
        if not self.env.context.get(AUTOMATIC) and self._is_from_customer(msg_dict):
            self._customer_wrote()
            if refused:
                self._write_to_customer(self._word_refused_files(refused))
        return result

    def _hear_message(self, message):
        # What a machine wrote is no answer: times that wait for the customer go on waiting.
        return None if self.env.context.get(AUTOMATIC) else super()._hear_message(message)

    def _is_from_customer(self, msg_dict):
        author = self.env['res.partner'].sudo().browse(msg_dict.get('author_id') or ())
        if author and not author.partner_share:
            return False
        return self._is_customer(author, msg_dict.get('email_from'))

    def _prepare_mail_complaint(self, msg_dict, company):
        """Prepare what a mail says: the customer where the sender is one, the order where it names one of theirs.

        :param res.company company: of the team; empty where it works for all companies
        """
        sender = msg_dict.get('email_from') or ""
        partner = self._find_mail_customer(msg_dict)
        if company and partner.company_id and partner.company_id != company:
            # A customer of another company of ours is a stranger to this one.
            partner = partner.browse()
        company = company or partner.company_id
        name, _address = parse_contact_from_email(sender)
        subject = (msg_dict.get('subject') or "").strip()
        text = html2plaintext(msg_dict.get('body') or "").strip()
        order = self._find_mail_order(partner, f"{subject}\n{text[:2000]}", company)
        return {
            'channel': 'mail',
            'company_id': (company or order.company_id or self.env.company).id,
            'subject': subject[:200] or False,
            'description': text[:LONGEST_DESCRIPTION] or subject,
            'partner_id': partner.id,
            'contact_name': partner.name or name or email_normalize(sender) or sender,
            'email_from': sender,
            'order_id': order.id,
        }

    def _find_mail_customer(self, msg_dict):
        """Return the contact that wrote; empty for strangers, and for colleagues, who write for somebody else."""
        partner = self.env['res.partner'].sudo().browse(msg_dict.get('author_id') or ())
        return partner if partner.partner_share else partner.browse()

    def _find_mail_order(self, partner, text, company):
        """Return the customer's own order that a text names; a stranger's mail opens no order."""
        orders = self.env['sale.order'].sudo()
        words = set(re.findall(r'[\w/\-]{4,}', text))
        if not partner or not words:
            return orders
        return orders.search([
            ('name', 'in', list(words)), ('state', '=', 'sale'),
            *([('company_id', '=', company.id)] if company else []),
            ('partner_id', 'child_of', partner.commercial_partner_id.id)], limit=1)

    # === LARGE FILES ===#

    @api.model
    def _refuse_large_files(self, msg_dict, team):
        """Take files off a mail that are larger than the team takes, and say so in its text.

        :return: list of ``(name, bytes)``
        """
        kept, refused = split_files(msg_dict.get('attachments') or [], team._get_most_bytes())
        if refused:
            msg_dict['attachments'] = kept
            msg_dict['body'] = Markup("%s<p><i>%s</i></p>") % (
                Markup(msg_dict.get('body') or ""), self._word_refused_files(refused))
        return refused

    @api.model
    def _word_refused_files(self, refused):
        """Say which files were too large, and what to do."""
        return self.env._(
            "We could not keep these files, because they are too large: %s. Everything else of the message has "
            "arrived. Please send them smaller, or in parts.",
            ", ".join(f"{name} ({size / MEGABYTE:.0f} MB)" for name, size in refused))
