import io
import re

from markupsafe import Markup

from odoo import Command
from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintPortal(ComplaintCommon, HttpCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls._portal_user('soc_buyer', cls.customer)
        cls.rival_company = cls.env['res.partner'].create({'name': "Rival", 'is_company': True})
        cls.rival = cls._portal_user('soc_rival', cls.rival_company)
        cls.order = cls._delivered_order()
        cls.line = cls.order.order_line

    @classmethod
    def _portal_user(cls, login, company):
        user = new_test_user(
            cls.env, login, groups='base.group_portal', password=login, company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)])
        user.partner_id.parent_id = company
        return user

    def _send(self, path, files=(), **values):
        """Post a form as the page does it."""
        page = self.url_open('/my').text if self.session.uid else self.url_open('/web/login').text
        token = re.search(r'csrf_token: "(\w+)"', page)
        return self.url_open(
            path, data={'csrf_token': token.group(1), **values},
            files=[('files', (name, io.BytesIO(content), 'image/png')) for name, content in files] or None)

    def _complaints(self):
        return self.env['sale.complaint'].search([('order_id', '=', self.order.id)])

    def test_a_customer_complains_follows_answers_and_rates(self):
        self.authenticate('soc_buyer', 'soc_buyer')
        complaint = self._complain_in_portal()
        self._answer_in_portal(complaint)
        remedy = self._accept_in_portal(complaint)
        remedy.action_execute()
        complaint.write({**self.judged, 'cause_id': self.cause.id, 'answer': "New ones are on the way."})
        complaint._set_state('closed')
        page = self.url_open(f'/my/complaints/{complaint.id}').text
        self.assertIn("New ones are on the way.", page)
        [link] = re.findall(r'href="(/rate/[\w-]+/5)"', page)
        self._send(link.rsplit('/', 1)[0] + '/submit_feedback', rate='5', feedback="Fast")
        self.assertEqual(complaint.rating_ids.rating, 5)
        self.assertNotIn('/rate/', self.url_open(f'/my/complaints/{complaint.id}').text)

    def _complain_in_portal(self):
        """More than was delivered comes back with what was typed, and nothing is made; then it is made once."""
        self.assertIn(f'/my/orders/{self.order.id}/complaint', self.url_open(f'/my/orders/{self.order.id}').text)
        form = self.url_open(f'/my/orders/{self.order.id}/complaint')
        self.assertIn("Controlled Product", form.text)
        given = {f'line_{self.line.id}': '1', f'quantity_{self.line.id}': '11', 'category': self.defective.id,
                 'description': "Three are scratched", 'remedy_wanted': "New ones"}
        answer = self._send(f'/my/orders/{self.order.id}/complaint', **given)
        self.assertIn("cannot be complained about", answer.text)
        self.assertIn("Three are scratched", answer.text)
        self.assertFalse(self._complaints())
        given[f'quantity_{self.line.id}'] = '3'
        answer = self._send(f'/my/orders/{self.order.id}/complaint', [('photo.png', b'\x89PNG photo')], **given)
        [complaint] = self._complaints()
        self.assertIn("we have your complaint", answer.text)
        self.assertEqual(
            (complaint.channel, complaint.partner_id, complaint.line_ids.quantity, complaint.category_id,
             complaint.user_id, complaint.attachment_ids.raw),
            ('portal', self.buyer.partner_id, 3, self.defective, self.handler, b'\x89PNG photo'))
        self.assertTrue(complaint.receipt_sent_on)
        self._complain(category_id=False, severity='minor')
        listed = self.url_open('/my/complaints').text
        self.assertIn(complaint.name, listed)
        # One about no order fills its row as well.
        rows = listed[listed.index('<tbody'):] if '<tbody' in listed else listed[listed.index('</thead>'):]
        self.assertEqual({row.count('<td') for row in rows.split('<tr')[1:] if '/my/complaints/' in row}, {5})
        return complaint

    def _answer_in_portal(self, complaint):
        """What the customer adds reaches who is in charge."""
        answer = self._send(f'/my/complaints/{complaint.id}/answer', [('more.png', b'png')], body="A fourth one")
        self.assertIn("your message has reached us", answer.text)
        message = complaint.message_ids.filtered(lambda one: "A fourth one" in one.body)
        self.assertEqual((message.author_id, message.attachment_ids.name), (self.buyer.partner_id, 'more.png'))
        self.assertEqual(complaint.activity_ids.user_id, self.handler)

    def _accept_in_portal(self, complaint):
        """The customer accepts the remedy on a page that shows nothing internal."""
        complaint.with_user(self.handler).action_acknowledge()
        complaint.with_user(self.handler).message_post(
            body=Markup("Supplier says no, refuse him"), message_type='comment', subtype_xmlid='mail.mt_note')
        remedy = self.env['sale.complaint.remedy'].with_user(self.handler).create({
            'complaint_id': complaint.id, 'ask_customer': True, 'reason': "Cheaper than a lawsuit",
            'type_id': self.env.ref('sale_order_control.remedy_type_replacement').id})
        remedy.action_submit()
        complaint.attachment_ids += self.env['ir.attachment'].create({'name': 'margins.ods', 'raw': b'ours'})
        page = self.url_open(f'/my/complaints/{complaint.id}').text
        self.assertIn('photo.png', page)
        self.assertIn("Replacement: 3 Units Controlled Product", page)
        for secret in ("Supplier says no", "lawsuit", "margins.ods", "Defective on arrival", "soc_manager"):
            self.assertNotIn(secret, page)
        self._send(f'/my/complaints/{complaint.id}/remedy/{remedy.id}', answer='accepted', comment="Good")
        self.assertEqual((remedy.state, remedy.answered_by), ('ready', self.buyer.partner_id.name))
        return remedy

    def test_files_that_are_too_large_are_told_and_the_text_is_kept(self):
        self.env['sale.complaint.team'].search([]).largest_file = 1
        self.authenticate('soc_buyer', 'soc_buyer')
        answer = self._send(
            f'/my/orders/{self.order.id}/complaint', [('huge.png', b'x' * 2 * 1024 * 1024), ('small.png', b'x')],
            description="All wet")
        self.assertIn("too large or too many", answer.text)
        self.assertEqual(self._complaints().attachment_ids.mapped('name'), ['small.png'])

    def test_the_link_of_an_order_is_enough_for_who_is_not_signed_in(self):
        self.authenticate(None, None)
        path = f'/my/orders/{self.order.id}/complaint'
        self._send(path, description="Wet", contact="Ms Li", email='li@example.com', access_token='guess')
        self.assertFalse(self._complaints())
        self._send(path, description="Wet", contact="Ms Li", email='li@example.com',
                   access_token=self.order._portal_ensure_token())
        complaint = self._complaints()
        self.assertEqual((complaint.contact_name, complaint.email_from, complaint.partner_id),
                         ("Ms Li", 'li@example.com', self.customer))

    def test_another_customer_reads_lists_guesses_and_attaches_nothing(self):
        complaint = self._complain(self.order)
        token = complaint._portal_ensure_token()
        remedy = self.env['sale.complaint.remedy'].with_user(self.handler).create({
            'complaint_id': complaint.id, 'ask_customer': True,
            'type_id': self.env.ref('sale_order_control.remedy_type_replacement').id})
        remedy.action_submit()
        known = complaint.message_ids
        for login in ('soc_rival', None):
            self.authenticate(login, login)
            for guess in ({}, {'access_token': 'x' * len(token)}, {'access_token': ''}):
                with self.subTest(login=login, guess=guess):
                    query = f"?access_token={guess['access_token']}" if guess else ""
                    page = self.url_open(f'/my/complaints/{complaint.id}{query}')
                    self.assertNotIn(complaint.name, page.text)
                    self._send(f'/my/complaints/{complaint.id}/answer', [('a.png', b'a')], body="Mine", **guess)
                    self._send(f'/my/complaints/{complaint.id}/remedy/{remedy.id}', answer='accepted', contact="Me",
                               **guess)
                    self._send(f'/my/orders/{self.order.id}/complaint', description="Mine", contact="Me", **guess)
        self.authenticate('soc_rival', 'soc_rival')
        self.assertNotIn(complaint.name, self.url_open('/my/complaints').text)
        # A link that was passed on may be read, but nobody speaks for the customer with it.
        self.assertIn(complaint.name, self.url_open(f'/my/complaints/{complaint.id}?access_token={token}').text)
        self._send(f'/my/complaints/{complaint.id}/answer', [('a.png', b'a')], body="Mine", access_token=token)
        # Nor by Odoo's own addresses for messages and files.
        post = {'thread_model': 'sale.complaint', 'thread_id': complaint.id, 'token': token,
                'post_data': {'body': "Mine", 'message_type': 'comment', 'subtype_xmlid': 'mail.mt_comment'}}
        with self.assertRaises(JsonRpcException), mute_logger('odoo.http'):
            self.make_jsonrpc_request('/mail/message/post', post)
        upload = {'thread_model': 'sale.complaint', 'thread_id': complaint.id, 'token': token,
                  'csrf_token': Request.csrf_token(self)}
        with mute_logger('odoo.http'):
            self.assertEqual(self.url_open('/mail/attachment/upload', data=upload, files={
                'ufile': ('a.png', io.BytesIO(b'a'), 'image/png')}).status_code, 404)
        # A remedy of one complaint is not answered on the page of another.
        self.authenticate('soc_buyer', 'soc_buyer')
        other = self._complain(self.order, quantity=1.0)
        self._send(f'/my/complaints/{other.id}/remedy/{remedy.id}', answer='accepted')
        complaint.invalidate_recordset()
        self.assertEqual((complaint.message_ids, remedy.state), (known, 'offered'))
        self.assertEqual(self._complaints(), complaint | other)

    def test_the_form_says_what_was_delivered_and_what_is_reported_already(self):
        self.authenticate('soc_buyer', 'soc_buyer')
        complaint = self._complain(self.order, quantity=3.0)
        foreign = self._complain(self.order, quantity=1.0)
        wizard = self.env['stock.return.picking'].create({'picking_id': self.line.move_ids.picking_id.id})
        wizard.product_return_moves.write({'quantity': 2.0, 'to_refund': True})
        back = wizard._create_return()
        back.move_ids.picked = True
        back.button_validate()
        self.assertEqual(self.line.qty_delivered, 8)
        foreign.action_reject("Not ours")
        quantities = self.line._get_complaint_portal_quantities()[self.line.id]
        self.assertEqual(quantities, {'delivered': 10, 'returned': 2, 'reported': 3, 'proposed': 7})
        page = re.sub(r'\s+', " ", self.url_open(f'/my/orders/{self.order.id}/complaint').text)
        self.assertIn("Delivered: 10 Units, returned: 2, reported already: 3", page)
        self.assertIn(f'>{complaint.name}</a>: Two of ten arrived scratched (Received)', page)
        # What somebody else complained about is not told.
        complaint.sudo().commercial_partner_id = self.rival_company
        self.assertNotIn(complaint.name, self.url_open(f'/my/orders/{self.order.id}/complaint').text)

    def test_a_quotation_has_nothing_to_complain_about(self):
        order = self._create_order()
        self.authenticate('soc_buyer', 'soc_buyer')
        self._send(f'/my/orders/{order.id}/complaint', description="Wet", access_token=order._portal_ensure_token())
        self.assertFalse(self.env['sale.complaint'].search([('order_id', '=', order.id)]))

    def test_over_rpc_customers_reach_no_complaint_at_all_not_even_their_own(self):
        complaint = self._complain(self.order)
        complaint._portal_ensure_token()
        own, env = complaint.with_user(self.buyer), self.env(user=self.buyer)
        for act in (
                lambda: own.read(['name']), lambda: own.read(['access_token']), lambda: own.write({'description': "x"}),
                lambda: own.action_acknowledge(), lambda: own.copy(), lambda: own.unlink(),
                lambda: own.message_post(body=Markup("x")),
                lambda: own.get_portal_url(), lambda: own._rating_get_access_token(),
                lambda: env['sale.complaint'].create({'description': "x"}),
                *(lambda model=model: env[model].search([]) for model in (
                    'sale.complaint', 'sale.complaint.line', 'sale.complaint.action', 'sale.complaint.history',
                    'sale.complaint.team', 'sale.complaint.cause', 'sale.complaint.category',
                    'sale.complaint.remedy', 'sale.complaint.remedy.line', 'sale.complaint.remedy.type'))):
            with self.assertRaises(AccessError):
                act()
        for name in ('complaint_remedy_id', 'complaint_id', 'complaint_discount_ids', 'complaint_discount_open',
                     'complaint_discount_summary'):
            self.assertNotIn(name, self.order.with_user(self.buyer).fields_get())
        photo = self.env['ir.attachment'].create({
            'name': 'photo', 'raw': b'photo', 'res_model': 'sale.complaint', 'res_id': complaint.id})
        with self.assertRaises(AccessError):
            photo.with_user(self.rival).read(['raw'])
        note = complaint.message_post(body=Markup("Supplier says no"), subtype_xmlid='mail.mt_note')
        self.assertFalse(env['mail.message'].search([('id', 'in', (note | complaint.message_ids).ids)]))

    def test_damage_on_arrival_opens_a_complaint_and_more_of_it_joins_it(self):
        self._switch(promise='enforce')
        picking = self.line.move_ids.picking_id
        # While nobody takes complaints nothing new happens: the salesperson is told, as without them.
        self.env['sale.complaint.team'].search([]).write({'member_ids': [Command.clear()], 'user_id': False})
        self.assertFalse(self.order._is_complainable())
        picking._record_receipt('damage', "Ms Li", self.customer, remark="One box is wet")
        self.assertFalse(self._complaints())
        self.assertEqual(self.order.activity_ids.user_id, self.salesperson)
        self.quality_team.member_ids = self.handler
        self.assertTrue(self.order._is_complainable())
        # A category that somebody deleted is no reason to lose it.
        self.env['ir.model.data'].search([('name', '=', 'complaint_category_transport')]).unlink()
        picking._record_receipt('damage', "Ms Li", self.customer, remark="One box is wet")
        [complaint] = self._complaints()
        self.assertEqual(
            (complaint.picking_id, complaint.complaint_type, complaint.description, complaint.receipt_id.kind,
             complaint.contact_name),
            (picking, 'delivery', "One box is wet", 'damage', "Ms Li"))
        self.assertEqual(complaint.user_id, self.salesperson, "the team of deliveries has nobody")
        picking._record_receipt('difference', "Ms Li", self.customer, remark="And one is missing")
        self.assertEqual(self._complaints(), complaint)
        self.assertIn("And one is missing", complaint.message_ids[0].body)
