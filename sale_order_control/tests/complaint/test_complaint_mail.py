from email.message import EmailMessage
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.complaint.intake.complaint_mail import is_automatic
from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintMail(ComplaintCommon):
    """Mails through Odoo's own gateway, raw as servers hand them over."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        domain = cls.company.alias_domain_id or cls.env['mail.alias.domain'].create({'name': 'complaints.test'})
        cls.company.alias_domain_id = domain
        cls.quality_team.write({'alias_name': 'quality-complaints', 'alias_domain_id': domain.id, 'largest_file': 10})
        cls.address = f'quality-complaints@{domain.name}'
        cls.number = 0

    def _mail(self, sender='"Li Wei" <customer@example.com>', subject="Scratched desks", text="Two are scratched.",
              files=(), headers=None, answers=None):
        """Put a raw mail through the gateway and return the complaint it belongs to."""
        self.__class__.number += 1
        mail = EmailMessage()
        mail['From'], mail['To'], mail['Subject'] = sender, self.address, subject
        mail['Message-Id'] = f'<complaint-{self.number}-{id(self)}@example.com>'
        for name, value in (headers or {}).items():
            mail[name] = value
        if answers:
            mail['In-Reply-To'] = answers
        mail.set_content(text)
        for name, content in files:
            mail.add_attachment(content, maintype='application', subtype='octet-stream', filename=name)
        with mute_logger('odoo.addons.mail.models.mail_thread'):
            number = self.env['mail.thread'].sudo().message_process(None, mail.as_bytes())
        return self.env['sale.complaint'].browse(number) if number else self.env['sale.complaint']

    def _receipts(self, complaint):
        return self.env['mail.mail'].sudo().search([
            ('model', '=', 'sale.complaint'), ('res_id', '=', complaint.id), ('email_to', '!=', False)])

    def test_a_customers_mail_becomes_a_complaint_of_the_team_and_is_confirmed_once(self):
        self.customer.lang = 'en_US'
        order = self._delivered_order()
        complaint = self._mail(subject=f"Scratched: {order.name}")
        self.assertEqual(
            (complaint.channel, complaint.team_id, complaint.user_id, complaint.partner_id, complaint.order_id),
            ('mail', self.quality_team, self.handler, self.customer, order))
        self.assertEqual((complaint.state, complaint.description), ('received', "Two are scratched."))
        [receipt] = self._receipts(complaint)
        self.assertIn('customer@example.com', receipt.email_to)
        self.assertIn(complaint.name, receipt.body_html)
        self.assertIn("You hear from us by", receipt.body_html)
        self.assertIn(f'/my/complaints/{complaint.id}', receipt.body_html)
        self.assertIn("'Auto-Submitted': 'auto-replied'", receipt.headers)
        complaint.with_user(self.handler).action_acknowledge()
        self.assertEqual(len(self._receipts(complaint)), 1)

    def test_a_strangers_mail_is_kept_whole_and_opens_nobodys_order(self):
        order = self._delivered_order()
        complaint = self._mail(sender='"Nobody" <nobody@elsewhere.test>', subject=f"About {order.name}", files=[
            ('photo.png', b'png')])
        self.assertFalse(complaint.partner_id or complaint.order_id)
        self.assertEqual((complaint.contact_name, complaint.email_from), ("Nobody", '"Nobody" <nobody@elsewhere.test>'))
        self.assertEqual(complaint.message_ids.attachment_ids.mapped('name'), ['photo.png'])
        self.assertIn('nobody@elsewhere.test', self._receipts(complaint).email_to)
        # Somebody must say who it is before it goes on.
        self.assertIn("Choose the customer.", complaint._get_missing_for('acknowledged'))
        # What is asked goes to the address that wrote; where there is none, nobody would be asked.
        complaint.with_user(self.handler).action_wait("Which order?")
        self.assertIn('nobody@elsewhere.test', complaint.message_ids[0].outgoing_email_to)
        unknown = self._complain(partner_id=False)
        with self.assertRaisesRegex(UserError, "Choose the customer"):
            unknown.action_wait("Which order?")

    def test_a_team_of_one_company_takes_mails_for_that_company_only(self):
        order = self._delivered_order()
        other = self.env['res.company'].create({'name': "Other"})
        self.quality_team.write({'member_ids': [Command.clear()], 'user_id': False, 'company_id': other.id})
        complaint = self._mail(subject=f"About {order.name}")
        self.assertEqual((complaint.company_id, complaint.team_id, complaint.partner_id, complaint.order_id.ids),
                         (other, self.quality_team, self.customer, []))
        self.customer.company_id = self.company
        self.assertFalse(self._mail().partner_id, "a stranger to the other company")
        # Nor does a category lead to it from here; and nobody is picked who does not work for the company.
        self.defective.team_id = self.quality_team
        intake = self.env.ref('sale_order_control.complaint_team_intake')
        intake.member_ids = self.handler
        complaint = self._complain(order)
        self.assertEqual((complaint.company_id, complaint.team_id, complaint.user_id),
                         (self.company, intake, self.handler))
        self.assertFalse(intake._pick_member(other))

    def test_a_colleague_who_passes_a_mail_on_is_not_the_customer(self):
        self.salesperson.partner_id.email = 'sales@example.com'
        self.assertFalse(self._mail(sender='sales@example.com').partner_id)

    def test_a_file_that_is_too_large_is_refused_with_a_word_and_the_rest_is_kept(self):
        complaint = self._mail(files=[('video.mov', b'x' * 30 * 1024 * 1024), ('photo.png', b'png')])
        self.assertEqual(complaint.description, "Two are scratched.")
        self.assertEqual(complaint.message_ids.attachment_ids.mapped('name'), ['photo.png'])
        self.assertIn("video.mov (30 MB)", "".join(complaint.message_ids.mapped('body')))
        self.assertIn("video.mov (30 MB)", self._receipts(complaint).body_html)

    def test_an_answer_goes_to_its_complaint_and_somebody_reads_it(self):
        complaint = self._mail()
        [receipt] = self._receipts(complaint)
        same = self._mail(text="A third one, too.", answers=receipt.message_id)
        self.assertEqual(same, complaint)
        self.assertIn("A third one", complaint.message_ids[0].body)
        [activity] = complaint.activity_ids
        self.assertEqual((activity.user_id, activity.summary), (self.handler, "The customer wrote"))
        self._mail(text="And a fourth.", answers=receipt.message_id)
        self.assertEqual(len(complaint.activity_ids), 1)
        self.assertEqual(len(self._receipts(complaint)), 1)

    def test_machines_are_never_answered_and_what_they_say_is_no_answer_of_the_customer(self):
        for headers in (
                {'Auto-Submitted': 'auto-replied'}, {'Precedence': 'bulk'}, {'X-Autoreply': 'yes'},
                {'Return-Path': '<>'}, {'List-Id': '<news.example.com>'}):
            with self.subTest(headers=headers):
                complaint = self._mail(headers=headers)
                self.assertTrue(complaint, "nothing is lost")
                self.assertFalse(complaint.receipt_sent_on or self._receipts(complaint))
        self.assertTrue(is_automatic({'From': 'noreply@shop.example.com'}))
        self.assertFalse(is_automatic({'From': 'nora@example.com', 'Auto-Submitted': 'no'}))
        complaint = self._mail()
        complaint.partner_id = self.customer
        complaint.with_user(self.handler).action_wait("Which box number?")
        self._mail(
            text="I am out of the office.", headers={'Auto-Submitted': 'auto-replied'},
            answers=self._receipts(complaint).message_id)
        self.assertFalse(complaint.activity_ids)
        self.assertIn("out of the office", complaint.message_ids[0].body)
        self._mail(
            sender='carrier@elsewhere.test', text="We have no box.", answers=self._receipts(complaint).message_id)
        self.assertTrue(complaint.waiting_since)
        self._mail(text="Box 17.", answers=self._receipts(complaint).message_id)
        self.assertFalse(complaint.waiting_since)

    def test_two_machines_do_not_talk_for_ever(self):
        """One that hides what it is gets five receipts in an hour, and Odoo stops it after its own threshold."""
        self.env['ir.config_parameter'].set_param('mail.gateway.loop.threshold', 8)
        found = [self._mail(sender='robot@machine.test', subject=f"Ticket {number}") for number in range(10)]
        self.assertEqual(len([complaint for complaint in found if complaint]), 8)
        self.assertEqual(len([complaint for complaint in found if complaint and complaint.receipt_sent_on]), 5)

    def test_the_receipt_speaks_the_customers_language_and_is_sent_once_whatever_is_written(self):
        complaint = self._complain(self._delivered_order())
        self.env['res.lang']._activate_lang('fr_FR')
        self.customer.lang = 'fr_FR'
        self.assertEqual(complaint._get_customer_lang(), 'fr_FR')
        with patch.object(self.registry['mail.template'], 'send_mail', autospec=True) as sent:
            complaint.action_acknowledge()
            complaint._send_acknowledgement()
        self.assertEqual(sent.call_count, 1)
        with self.assertRaises(AccessError):
            complaint.receipt_sent_on = False
        self.assertFalse(complaint.copy().receipt_sent_on)

    def test_the_customer_is_told_when_it_is_done(self):
        complaint = self._complain(self._delivered_order(), answer="New ones are on the way.")
        complaint.action_acknowledge()
        complaint.write({**self.judged, 'cause_id': self.cause.id})
        complaint.with_context(mail_notify_force_send=False).action_close()
        told = complaint.message_ids.filtered(lambda message: "New ones are on the way" in message.body)
        self.assertIn(self.customer, told.partner_ids)
        self.assertIn(f'/my/complaints/{complaint.id}', told.body)

    def test_who_left_no_address_is_not_written_to(self):
        self.customer.email = False
        complaint = self._complain(self._delivered_order())
        complaint.action_acknowledge()
        self.assertFalse(complaint.receipt_sent_on)
