from odoo import http
from odoo.tests import HttpCase, tagged

from .test_delivery_reply import ReplyCommon
from .test_delivery_shortage import ShortageCommon


@tagged('post_install', '-at_install')
class TestDeliveryOffer(ShortageCommon, ReplyCommon, HttpCase):
    """What is proposed instead of goods that are short is sent, read and answered on the customer's page."""

    def setUp(self):
        super().setUp()
        self.order = self._confirm_order((self.scarce, 50.0, 5))
        self.line = self.order.order_line

    def _propose(self, kind='split'):
        wizard = self._open(self.line, self.planner, kind=kind)
        wizard.action_ask_customer()
        self.env.flush_all()
        return self.line._get_shortage_offers()[self.line.id]

    def _answer(self, offer, said, **values):
        self.env.flush_all()
        if not getattr(self, 'session', None):
            self.authenticate(None, None)
        response = self.url_open(f'/my/orders/{self.order.id}/offer_answer', data={
            'csrf_token': http.Request.csrf_token(self), 'access_token': self.order.access_token,
            'offer_id': offer['offer_id'], 'answer': said, 'contact': "Ms Miller", **values})
        self.env.invalidate_all()
        return response

    def _steps(self):
        return self.env['sale.shortage.resolution'].search(
            [('order_id', '=', self.order.id)], order='id').mapped('step')

    def test_a_proposal_is_sent_read_accepted_and_done(self):
        offer = self._propose()
        [mail] = self._mails(self.order, "a proposal")
        self.assertIn(offer['text'], mail.body_html)
        self.assertEqual(self._notices(self.order).mapped('kind'), ['offer'])
        page = self.url_open(self.order.get_portal_url()).text
        self.assertIn(offer['text'], page)
        self.assertNotIn(self.planner.name, page)
        self.assertIn("We have received your answer", self._answer(offer, 'accepted').text)
        self.assertEqual(self._steps(), ['offered', 'agreed', 'applied'])
        self.assertEqual(self.line.promised_date, self._day(14))
        self.assertIn("Ms Miller, on the customer's page", self.env['sale.shortage.resolution'].search(
            [('order_id', '=', self.order.id), ('step', '=', 'agreed')]).consent_by)
        self.assertNotIn('name="delivery_offer"', self.url_open(self.order.get_portal_url()).text)

    def test_parts_are_told_with_their_days(self):
        self._answer(self._propose(), 'accepted')
        self._reply(self.order)
        rows = self._notices(self.order, 'reply').promise_ids._get_customer_rows()
        self.assertEqual([row['quantity'] for row in rows], ["30 Units", "20 Units"])
        mail = self._mails(self.order)[-1]
        for row in rows:
            self.assertIn(row['date'], mail.body_html)
        self.assertIn(rows[0]['date'], self.order._get_confirmation_dates()[self.line.id])
        questions = self.order._get_portal_questions()
        self.assertEqual(len(questions[0]['rows']), 2)

    def test_other_parts_with_the_same_last_day_are_news(self):
        self._answer(self._propose(), 'accepted')
        self._reply(self.order)
        self.assertEqual(self.line.reply_state, 'asked')
        self.line._promise({self.line.id: self._day(14)}, parts={
            self.line.id: ((self._day(6), 30.0), (self._day(14), 20.0))})
        self.assertEqual(self.line.reply_state, 'to_tell')

    def test_a_declined_proposal_is_the_salespersons_turn(self):
        offer = self._propose()
        self._answer(offer, 'declined', comment="Too late for us")
        self.assertEqual(self._steps(), ['offered', 'declined'])
        self.assertEqual(self.order.activity_ids.user_id, self.salesperson)
        self.assertIn("Too late for us", self.order.activity_ids.note)
        self.assertFalse(self.line.promised_date)

    def test_nobody_answers_twice_without_a_link_or_to_another_order(self):
        offer = self._propose()
        other = self._confirm_order((self.product, 1.0))
        other._portal_ensure_token()
        for values in (
            {'access_token': 'wrong'}, {'access_token': other.access_token}, {'contact': ' '}, {'answer': 'maybe'},
            {'offer_id': 'x'}, {'offer_id': offer['offer_id'] + 1},
        ):
            with self.subTest(values=values):
                self._answer(offer, 'accepted', **values)
                self.assertEqual(self._steps(), ['offered'])
        self._answer(offer, 'declined')
        self.assertIn("You have answered already", self._answer(offer, 'accepted').text)
        self.assertEqual(self._steps(), ['offered', 'declined'])

    def test_who_cannot_be_mailed_is_asked_by_the_salesperson(self):
        self.customer.email = False
        self._propose()
        self.assertFalse(self._mails(self.order))
        self.assertEqual(self.order.activity_ids.mapped('summary'), ["Ask the customer about the proposal"])
