from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import email_normalize

from ...order.control_memory import control_acting
from .complaint_mail import AUTO_GENERATED, MEGABYTE

ANSWERED = 'sale_order_control.mail_activity_type_complaint_answered'
ACKNOWLEDGEMENT = 'sale_order_control.mail_template_complaint_received'
# Acknowledgements that one address gets in an hour: a machine that hides what it is must not be talked to for ever.
MOST_PER_HOUR = 5


class SaleComplaintTeam(models.Model):
    _inherit = 'sale.complaint.team'

    largest_file = fields.Integer(
        string="Largest File (MB)", default=10,
        help="Larger files of customers are not kept; they are told so, and their text is.")

    _largest_file_positive = models.Constraint(
        'CHECK (largest_file > 0)', "Say how large a file of a customer may be: 1 MB at least.")

    def _get_most_bytes(self):
        """Return how large a file may be, in bytes; of no team in particular, as a new team would take."""
        return (self.largest_file or self.default_get(['largest_file'])['largest_file']) * MEGABYTE


class SaleComplaint(models.Model):
    """What customers hear from us, and what we do when they write."""

    _inherit = 'sale.complaint'

    receipt_sent_on = fields.Datetime(
        string="Receipt Confirmed", readonly=True, copy=False, groups='base.group_user',
        help="When the customer was told the number of the complaint and until when we answer. Told once.")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.pop('receipt_sent_on', None)
        if 'default_receipt_sent_on' in self.env.context:
            self = self.with_context(default_receipt_sent_on=False)
        return super().create(vals_list)

    def _check_writable(self, vals):
        if 'receipt_sent_on' in vals:
            raise AccessError(self.env._("When the customer was told follows from telling: it cannot be written."))
        return super()._check_writable(vals)

    def _complaint_entered(self, state):
        super()._complaint_entered(state)
        if state == 'acknowledged':
            for complaint in self:
                complaint._send_acknowledgement()
        elif state in ('closed', 'rejected'):
            for complaint in self:
                complaint._tell_end()

    # === RECEIPT ===#

    def _send_acknowledgement(self, refused=()):
        """Tell the customer once that we have the complaint: its number, and until when we answer.

        Nothing is sent to nobody, twice, or to an address that had several within the hour.

        :param refused: ``(name, bytes)`` of the files that were too large
        """
        self.ensure_one()
        complaint = self.sudo()
        address = complaint._get_customer_address()
        if complaint.receipt_sent_on or not address or complaint._is_address_flooded(address):
            return
        template = self.env.ref(ACKNOWLEDGEMENT, raise_if_not_found=False)
        if not template:
            return
        # Of two who acknowledge at the same instant the second one starts again and finds it told.
        with control_acting(self.env):
            complaint.receipt_sent_on = fields.Datetime.now()
        complaint.flush_recordset()
        lang = complaint._get_customer_lang()
        told = complaint.with_context(lang=lang)._word_refused_files(refused) if refused else ""
        template.sudo().with_context(refused_files=told).send_mail(
            complaint.id, email_layout_xmlid='mail.mail_notification_light',
            email_values={'email_to': address, 'headers': repr(AUTO_GENERATED)})

    def _tell_end(self):
        """Tell the customer how it ended, and where to rate it; somebody without an address reads it in the portal."""
        self.ensure_one()
        complaint = self.sudo()
        answer = (complaint.answer or "").strip()
        if not answer or not complaint._get_customer_address():
            return
        words = complaint.with_context(lang=complaint._get_customer_lang()).env._(
            "How satisfied are you with how we dealt with it? Please tell us here:")
        link = complaint.get_base_url() + complaint.get_portal_url()
        body = Markup('<p style="white-space: pre-line">%s</p><p>%s <a href="%s">%s</a></p>') % (
            answer, words, link, complaint.name)
        complaint._write_to_customer(body)

    def _get_customer_address(self):
        """Return where the customer is written to: the address that wrote, else the contact's."""
        self.ensure_one()
        given = self.email_from or self.partner_id.email
        return given if email_normalize(given) else False

    def _get_expected_answer(self):
        """Return until when the customer hears from us: a moment in UTC, False where nobody promised one."""
        self.ensure_one()
        complaint = self.sudo()
        return complaint.resolution_due if complaint.responded_on else complaint.response_due

    def _is_address_flooded(self, address):
        since = fields.Datetime.now() - timedelta(hours=1)
        return self.search_count([
            ('email_from', 'ilike', email_normalize(address)), ('receipt_sent_on', '>=', since),
        ], limit=MOST_PER_HOUR) >= MOST_PER_HOUR

    # === WHAT THE CUSTOMER SAYS ===#

    def _customer_wrote(self):
        """Hear that the customer wrote: whoever is in charge has something to read.

        A complaint that ended stays so: a word of thanks reopens nothing, and the person in charge reads what it is.
        """
        for complaint in self.sudo():
            user = complaint.user_id.filtered('active') or complaint.team_id.user_id.filtered('active')
            known = complaint.activity_ids.filtered(
                lambda activity: activity.activity_type_id == self.env.ref(ANSWERED, raise_if_not_found=False))
            if user and not known:
                complaint.activity_schedule(
                    ANSWERED, user_id=user.id,
                    summary=self.env._("The customer wrote") if complaint.is_open
                    else self.env._("The customer wrote again: reopen it if that is not settled"))

    def _take_customer_message(self, body, contact, partner, files=()):
        """Add what the customer says on the page of the complaint; private: the page checks who speaks.

        :param str body: plain text
        :param str contact: who says it
        :param res.partner partner: whose account was used, else the customer of the complaint
        :param files: ``(name, bytes)``, none of them too large
        :return: the message
        """
        self.ensure_one()
        complaint = self.sudo()
        author = partner or complaint.partner_id
        body = body or self.env._("Files of the customer")
        if not partner and contact:
            # Whoever has the link: the name that was given is all that is known.
            body = f"{contact}: {body}"
        message = complaint.with_context(mail_post_autofollow_author_skip=True).message_post(
            body=body, author_id=author.id or None,
            email_from=author.email_formatted or complaint.email_from or contact,
            message_type='comment', subtype_xmlid='mail.mt_comment', attachments=list(files))
        # The page has checked who speaks, even where only a name was given.
        complaint._resume(self.env._("The customer answered."))
        complaint._customer_wrote()
        return message

    # === FROM AN ORDER ===#

    @api.model
    def _open_for_customer(self, order, values, lines, files=()):
        """Open the complaint of a customer about an order, as the page of the order asks for it, and confirm receipt.

        :param sale.order order: of the customer, in sudo
        :param dict values: what the customer said: ``subject``, ``description``, ``category_id``, ``remedy_wanted``,
            ``contact_name``, ``email_from``, ``partner_id``
        :param dict lines: ``{order line: quantity}``
        :param files: ``(name, bytes)``
        :raise ValidationError: if more is complained about than was delivered
        """
        complaint = self.sudo().with_company(order.company_id).with_context(mail_create_nosubscribe=True).create({
            'channel': 'portal', **values,
            'order_id': order.id,
            'line_ids': [
                fields.Command.create({'order_line_id': line.id, 'quantity': quantity})
                for line, quantity in lines.items()],
        })
        complaint._own_by_salesperson()
        complaint._keep_files(files)
        complaint._send_acknowledgement()
        return complaint

    def _own_by_salesperson(self):
        """Leave what nobody of a team takes, and nobody of ours took in, to the salesperson of the order."""
        for complaint in self.sudo().filtered(lambda one: not one.user_id):
            complaint.user_id = complaint.order_id.user_id._filter_complaint_people(complaint.company_id)

    def _keep_files(self, files):
        """Keep photos and documents of a customer with the complaint."""
        self.ensure_one()
        self.attachment_ids += self.env['ir.attachment'].create([
            {'name': name, 'raw': content, 'res_model': self._name, 'res_id': self.id} for name, content in files])


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    def _is_complainable(self):
        """Whether the customer can complain about the order on its page: it was confirmed, and somebody takes it."""
        self.ensure_one()
        return self.state == 'sale' and self.env['sale.complaint.team']._has_people(self.sudo().company_id)

    def _get_complainable_lines(self):
        """Return the lines of goods and services that the page of the order offers for a complaint."""
        self.ensure_one()
        return self.order_line.filtered(lambda line: not line.display_type and not line.is_downpayment)
