from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from ...models.order.control_memory import event_happened
from .common import ApprovalCommon


class ApprovalPaperCommon(ApprovalCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._policy()
        cls.reports = cls.env['ir.actions.report']

    def _print(self, order, user=None, report='sale.report_saleorder'):
        html, _kind = self.reports.with_user(user or self.salesperson)._render_qweb_html(report, order.ids)
        return html.decode()

    def _approve(self, order):
        order.action_submit()
        request = self._request(order)
        request.with_user(self.sales_manager).action_agree("Good customer")
        return request


@tagged('post_install', '-at_install')
class TestApprovalSending(ApprovalPaperCommon):
    """What needs an approval stays in the house until it has it, where the company wants it so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.control_send_approved = True

    def test_no_way_of_sending_leads_past_it(self):
        order, words = self._create_order(10), "When do you need it?"
        template = self.env.ref('sale.email_template_edi_sale')
        composer = self.env['mail.compose.message'].with_user(self.salesperson).with_context(
            mark_so_as_sent=True).create({
                'model': 'sale.order', 'res_ids': repr(order.ids), 'template_id': template.id,
                'composition_mode': 'comment', 'body': "Our offer", 'partner_ids': [Command.set(self.customer.ids)]})
        ways = {
            'button': order.action_quotation_send,
            'mark as sent': order.action_quotation_sent,
            'state': lambda: order.write({'state': 'sent'}),
            'full rights': lambda: order.sudo().write({'state': 'sent'}),
            'entered as sent': lambda: order.copy({'state': 'sent'}),
            'window of the mail': composer.action_send_mail,
            'message': lambda: order.with_context(mark_so_as_sent=True).message_post(body=words),
            'template': lambda: template.send_mail(order.id),
            'share': lambda: order.with_context(
                active_id=order.id, active_model='sale.order').action_share(),
            'window of the link': lambda: self._share(order).action_send_mail(),
        }
        for name, way in ways.items():
            with self.subTest(name), self.assertRaisesRegex(UserError, "sent when they are approved"):
                way()
            self.assertEqual(order.state, 'draft')
        # A message is no offer.
        order.message_post(body=words, partner_ids=self.customer.ids)
        # What needs nobody's agreement is sent as ever.
        small = self._create_order(1)
        small.action_quotation_sent()
        self.assertEqual(small.state, 'sent')

    def _compose(self, order, **values):
        return self.env['mail.compose.message'].with_user(self.salesperson).create({
            'model': 'sale.order', 'res_ids': repr(order.ids), 'composition_mode': 'comment', 'body': "Our offer",
            **values})

    def test_neither_papers_nor_links_reach_customers_before(self):
        order, to_customer = self._create_order(10), {'partner_ids': [Command.set(self.customer.ids)]}
        words = "Here"
        paper = self.env['ir.attachment'].with_user(self.salesperson).create({'name': "offer.pdf", 'raw': b"offer"})
        papers = {'attachment_ids': [Command.set(paper.ids)]}
        followed = self._create_order(10)
        followed.message_subscribe(partner_ids=self.customer.ids)
        ways = {
            'letter': self._compose(order, **to_customer, **papers).action_send_mail,
            'letter to a follower': self._compose(followed, **papers).action_send_mail,
            'letter with the link': self._compose(
                order, **to_customer, body=f'<a href="{order.get_portal_url()}">Offer</a>').action_send_mail,
            'mass mailing': self._compose(order, composition_mode='mass_mail', **papers).action_send_mail,
            'mass mailing with the link': self._compose(
                order, composition_mode='mass_mail',
                body='<a t-att-href="object.get_portal_url()">Offer</a>').action_send_mail,
            'paper by hand': lambda: order.message_post(
                body=words, partner_ids=self.customer.ids, attachment_ids=paper.ids),
            'new paper': lambda: order.message_post(
                body=words, partner_ids=self.customer.ids, attachments=[("offer.pdf", b"offer")]),
            'paper to a follower': lambda: followed.message_post(
                body=words, attachment_ids=paper.ids, subtype_xmlid='mail.mt_comment'),
            'notice': lambda: order.message_notify(
                body=words, partner_ids=self.customer.ids, attachment_ids=paper.ids),
            'paper to an address': lambda: order.message_post(
                body=words, outgoing_email_to="buyer@example.com", attachment_ids=paper.ids,
                subtype_xmlid='mail.mt_comment'),
        }
        for name, way in ways.items():
            with self.subTest(name), self.assertRaisesRegex(UserError, "neither papers nor the link"), \
                    self.cr.savepoint():
                way()
        # Words reach customers, and colleagues get everything.
        self._compose(order, **to_customer).action_send_mail()
        colleague = {'partner_ids': [Command.set(self.finance.partner_id.ids)]}
        self._compose(order, **colleague, **papers).action_send_mail()
        order.message_post(body=words, partner_ids=self.finance.partner_id.ids, attachment_ids=paper.ids)
        followed.message_post(body=words, attachment_ids=paper.ids, subtype_xmlid='mail.mt_note')
        # So does the customer once somebody agreed, or where the company does not mind.
        self._approve(order)
        self._compose(order, **to_customer, **papers).action_send_mail()
        self.company.control_send_approved = False
        self._compose(followed, **to_customer, **papers).action_send_mail()

    def test_what_customers_send_and_sign_is_kept(self):
        order = self._create_order(10)
        order.message_subscribe(partner_ids=self.customer.ids)
        words = "See what is attached"
        with event_happened(self.env):
            order.message_post(body=words, attachments=[("drawing.pdf", b"d")], subtype_xmlid='mail.mt_comment')
        order.with_user(SUPERUSER_ID).message_post(
            body=words, attachments=[("signed.pdf", b"s")], subtype_xmlid='mail.mt_comment')
        self.assertIn("signed.pdf", order.message_ids.attachment_ids.mapped('name'))

    def _share(self, order):
        return self.env['portal.share'].create({
            'res_model': 'sale.order', 'res_id': order.id, 'partner_ids': [Command.set(self.customer.ids)]})

    def test_what_may_be_sent_is_shared_as_ever(self):
        order = self._create_order(10)
        self._approve(order)
        action = order.with_context(active_id=order.id, active_model='sale.order').action_share()
        self.assertEqual(action['res_model'], 'portal.share')
        self._share(order).action_send_mail()
        link = self.env['mail.message'].sudo().search(
            [('model', '=', 'sale.order'), ('res_id', '=', order.id), ('partner_ids', 'in', self.customer.ids)])
        self.assertTrue(link)

    def _get_mailed_links(self, order):
        """Write to the customer without a template; return the mail that goes out."""
        composer = self.env['mail.compose.message'].with_user(self.salesperson).create({
            'model': 'sale.order', 'res_ids': repr(order.ids), 'composition_mode': 'comment', 'body': "A question",
            'subtype_id': self.env.ref('mail.mt_comment').id, 'partner_ids': [Command.set(self.customer.ids)]})
        _mails, messages = composer.with_context(mail_notify_force_send=False)._action_send_mail()
        mail = self.env['mail.mail'].sudo().search(
            [('mail_message_id', 'in', messages.ids), ('recipient_ids', 'in', self.customer.ids)])
        self.assertTrue(mail)
        return "".join(one.body_html for one in mail)

    def test_a_message_brings_the_customer_no_link_before_the_approval(self):
        order = self._create_order(10)
        self.assertNotIn('access_token', self._get_mailed_links(order))
        self.company.control_send_approved = False
        self.assertIn('access_token', self._get_mailed_links(order))
        self.company.control_send_approved = True
        self._approve(order)
        self.assertIn('access_token', self._get_mailed_links(order))

    def test_of_several_those_that_may_go_go(self):
        held, free = self._create_order(10), self._create_order(1)
        action = (held | free).action_quotation_send()
        self.assertEqual(action['context']['default_res_ids'], free.ids)
        with self.assertRaises(UserError):
            (held | self._create_order(10)).action_quotation_send()

    def test_an_approved_one_is_offered_first_and_then_sent_without_friction(self):
        order = self._create_order(10)
        request = self._approve(order)
        self.assertEqual((request.state, order.state), ('approved', 'draft'), "the customer has not accepted yet")
        message = self.env['mail.message'].sudo().search(
            [('partner_ids', 'in', self.salesperson.partner_id.ids)], limit=1)
        self.assertIn("can be sent to the customer now", message.body)
        order.action_quotation_send()
        order.action_quotation_sent()
        self.assertEqual(order.state, 'sent')
        order.action_confirm()
        self.assertEqual(order.state, 'sale')

    def test_paying_an_approved_one_confirms_it(self):
        order = self._create_order(10)
        self._approve(order)
        order.require_payment = True
        order.action_quotation_sent()
        provider = self.env['payment.provider'].create({'name': "Stub", 'code': 'none', 'state': 'test'})
        method = self.env['payment.method'].with_context(active_test=False).search([], limit=1)
        transaction = self.env['payment.transaction'].create({
            'provider_id': provider.id, 'payment_method_id': method.id, 'amount': order.amount_total,
            'currency_id': order.currency_id.id, 'partner_id': order.partner_id.id, 'reference': 'desk-1',
            'sale_order_ids': [Command.set(order.ids)], 'state': 'done',
        })
        # Its booking is no subject here and would need a journal set up for the provider.
        self.patch(self.registry['payment.transaction'], '_create_payment', lambda tx, **values: None)
        transaction._post_process()
        self.assertEqual((order.state, order.sudo().control_parked), ('sale', False))

    def test_without_the_setting_or_without_control_nothing_is_held(self):
        self.company.control_send_approved = False
        order = self._create_order(10)
        order.action_quotation_sent()
        self.assertEqual(order.state, 'sent')
        self.company.control_send_approved = True
        self._switch(approval='warn')
        warned = self._create_order(10)
        warned.action_quotation_sent()
        self.assertEqual(warned.state, 'sent')

    def test_only_managers_of_the_controls_change_the_settings(self):
        manager = self._new_user('soc_control_manager', 'sale_order_control.group_manager')
        self.company.with_user(manager).write({'control_send_approved': False, 'control_print': 'mark'})
        self.assertEqual(self.company.control_print, 'mark')
        with self.assertRaises(AccessError):
            self.company.with_user(self.salesperson).control_print = 'usual'


@tagged('post_install', '-at_install')
class TestApprovalPrinting(ApprovalPaperCommon):
    """Paper says that it is not approved, or is not printed; approved paper can say who approved it."""

    def test_a_quotation_that_waits_is_marked_and_an_approved_one_is_not(self):
        order, small = self._create_order(10), self._create_order(1)
        self.assertNotIn("NOT APPROVED", self._print(order))
        self.company.control_print = 'mark'
        self.assertIn("NOT APPROVED", self._print(order))
        self.assertIn("NOT APPROVED", self._print(order, report='sale.report_saleorder_pro_forma'))
        self.assertNotIn("NOT APPROVED", self._print(small))
        self._approve(order)
        self.assertNotIn("NOT APPROVED", self._print(order))
        self._switch(approval='off')
        self.assertNotIn("NOT APPROVED", self._print(self._create_order(10)))

    def test_blocked_paper_is_rendered_on_no_path(self):
        self.company.control_print = 'block'
        order, small = self._create_order(10), self._create_order(1)
        reports = self.reports.with_user(self.salesperson)
        for render in ('_render_qweb_html', '_render_qweb_pdf', '_render_qweb_text', '_render'):
            with self.subTest(render), self.assertRaisesRegex(UserError, "printed when they are approved"):
                getattr(reports, render)('sale.report_saleorder', (order | small).ids)
        with self.assertRaises(UserError):
            reports.sudo()._render_qweb_pdf('sale.action_report_pro_forma_invoice', order.ids)
        self.assertIn(small.name, self._print(small))
        self._approve(order)
        self.assertIn(order.name, self._print(order))

    def test_the_customer_sees_nothing_of_it(self):
        self.company.control_print = 'block'
        order = self._create_order(10)
        html, _kind = self.reports.with_user(self.env.ref('base.public_user')).sudo()._render_qweb_html(
            'sale.report_saleorder', order.ids)
        self.assertIn(order.name, html.decode())
        self.assertNotIn("NOT APPROVED", html.decode())

    def test_the_order_says_who_prepared_and_approved_it_where_the_company_wants_it(self):
        order = self._create_order(10)
        self._approve(order)
        self.assertNotIn("control_approvals", self._print(order))
        self.company.control_print_approvals = True
        html = self._print(order)
        for words in ("Prepared", self.salesperson.name, "Approved", self.sales_manager.name):
            self.assertIn(words, html)
        self.assertNotIn("Passed on", html)
        # No approver's name reaches the customer's own print.
        public, _kind = self.reports.with_user(self.env.ref('base.public_user')).sudo()._render_qweb_html(
            'sale.report_saleorder', order.ids)
        self.assertNotIn(self.sales_manager.name, public.decode())

    def test_the_order_names_as_reviewers_and_approvers_only_those_who_agreed_in_the_end(self):
        self._policy(self._level(self.finance, 20), name="Money")
        self.company.control_print_approvals = True
        order = self._create_order(10)
        order.action_submit()
        request = self._request(order)
        request.with_user(self.sales_manager).action_agree()
        request.with_user(self.finance).action_return("Look again", level=1)
        self.assertFalse(order._get_printed_approvals(), "not approved yet")
        request.with_user(self.sales_manager).action_agree()
        request.with_user(self.finance).action_forward(self.director)
        request.with_user(self.director).action_agree()
        self.assertEqual(
            [(row['step'], row['name']) for row in order._get_printed_approvals()], [
                ("Prepared", self.salesperson.name), ("Reviewed", self.sales_manager.name),
                ("Approved", f"{self.director.name} on behalf of {self.finance.name}")])


@tagged('post_install', '-at_install')
class TestApprovalPortal(ApprovalPaperCommon, HttpCase):
    """An approved quotation is signed in the portal, and paid, as if nothing had been asked."""

    def test_signing_an_approved_quotation_confirms_it(self):
        self.company.control_send_approved = True
        order = self._create_order(10)
        order.write({'require_signature': True, 'require_payment': False})
        self._approve(order)
        order.action_quotation_sent()
        token = order._portal_ensure_token()
        signature = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        answer = self.make_jsonrpc_request(f'/my/orders/{order.id}/accept', {
            'access_token': token, 'name': "Dana Customer", 'signature': signature})
        self.assertTrue(answer.get('force_refresh'))
        self.assertEqual(order.state, 'sale')
        self.assertFalse(order.sudo().control_parked)
        self.assertEqual(order.sudo().approval_state, 'approved')
