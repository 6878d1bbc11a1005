from odoo import Command, fields, http
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .test_delivery_reply import ReplyCommon


@tagged('post_install', '-at_install')
class TestDeliveryAnswer(ReplyCommon, HttpCase):
    """What customers say to promised dates, on their page and by phone, and whose turn it is then."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls._new_portal_user('soc_buyer', cls.customer)

    @classmethod
    def _new_portal_user(cls, login, company):
        user = new_test_user(
            cls.env, login, groups='base.group_portal', password=login, company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)])
        user.partner_id.parent_id = company
        return user

    def _told(self, *lines, days=5, **values):
        order = self._promised(*lines, days=days, **values)
        self._reply(order)
        self.env.flush_all()
        return order

    def _answer(self, order, token=True, revisions=None, **values):
        """Send what the form on the customer's page sends, and return the page it leads to."""
        self.env.flush_all()
        if not getattr(self, 'session', None):
            self.authenticate(None, None)
        for line in order.order_line:
            values.setdefault(f'revision_{line.id}', (revisions or {}).get(line.id, line.promise_revision))
        response = self.url_open(f'/my/orders/{order.id}/delivery_answer', data={
            'csrf_token': http.Request.csrf_token(self), 'contact': "Ms Li",
            'access_token': token if isinstance(token, str) else order.access_token if token else '', **values,
        })
        self.env.invalidate_all()
        return response

    def _answers(self, order):
        return self.env['sale.delivery.answer'].search([('order_id', '=', order.id)], order='id')

    # === THE PAGE ===#

    def test_the_page_asks_only_what_was_told_and_not_answered(self):
        order = self._promised()
        self.assertNotIn('delivery_questions', self.url_open(order.get_portal_url()).text)
        self._reply(order)
        page = self.url_open(order.get_portal_url()).text
        self.assertIn('name="delivery_questions"', page)
        self.assertIn("Accept this date", page)
        for word in (self.planner.name, "To Promise", "Unanswered"):
            self.assertNotIn(word, page)
        self._switch(promise='off')
        self.assertNotIn('name="delivery_questions"', self.url_open(order.get_portal_url()).text)

    def test_accepting_by_link_is_recorded_and_asks_nobody_to_act(self):
        order = self._told()
        page = self._answer(order, accept_all='1')
        self.assertIn("We have received your answer", page.text)
        self.assertIn("you accepted the date", page.text)
        [answer] = self._answers(order)
        self.assertEqual(
            (answer.answer, answer.channel, answer.contact, answer.partner_id, answer.promise_id),
            ('accepted', 'portal', "Ms Li", self.customer, self._ledger(order)))
        self.assertEqual(order.order_line.reply_state, 'accepted')
        self.assertFalse(order.activity_ids)
        self.assertIn(self.salesperson.partner_id, order.message_ids.notified_partner_ids)
        self.assertIn(self.planner.partner_id, order.message_ids.notified_partner_ids)

    def test_a_signed_in_customer_answers_under_an_own_name(self):
        order = self._told()
        self.authenticate('soc_buyer', 'soc_buyer')
        self._answer(order, token=False, accept_all='1', contact="Somebody Else")
        [answer] = self._answers(order)
        self.assertEqual(
            (answer.user_id, answer.partner_id, answer.contact),
            (self.buyer, self.buyer.partner_id, self.buyer.name))

    def test_another_date_is_a_wish_and_the_planners_turn(self):
        order = self._told((self.product, 2.0, 4))
        line = order.order_line
        wish = self._day(2)
        self._answer(order, comment="For the fair", **{
            f'answer_{line.id}': 'other_date', f'wish_{line.id}': fields.Date.to_string(wish)})
        self.assertEqual((line.reply_state, line.wish_date), ('other_date', wish))
        self.assertEqual(line.requested_date, self._day(4), "terms of the order stay as they were agreed")
        [activity] = order.activity_ids
        self.assertEqual(activity.user_id, self.planner)
        self.assertIn("For the fair", activity.note)
        self._promise(line, 2, self.reason)
        self.assertFalse(order.activity_ids, "promising is what was to be done")
        self.assertEqual(line.reply_state, 'to_tell')

    def test_a_part_earlier_says_what_is_possible_by_then(self):
        self._stock(self.scarce, 4)
        self._receive(self.scarce, 6, 8)
        order = self._told((self.scarce, 10.0), days=9)
        line = order.order_line
        self._answer(order, **{f'answer_{line.id}': 'partial', f'wish_{line.id}': fields.Date.to_string(self._day(3))})
        answer = self._answers(order)
        self.assertEqual((answer.answer, answer.quantity), ('partial', 4))
        self.assertIn("possible by then: 4 of 10", order.activity_ids.note)

    def test_declining_is_the_salespersons_turn(self):
        order = self._told((self.product, 1.0), (self.scarce, 2.0))
        first, second = order.order_line
        self._answer(order, **{f'answer_{first.id}': 'accepted', f'answer_{second.id}': 'declined'})
        self.assertEqual(order.order_line.mapped('reply_state'), ['accepted', 'declined'])
        self.assertEqual(order.activity_ids.user_id, self.salesperson)
        self.assertEqual(order.state, 'sale', "nothing is cancelled by itself")
        queue = self.env['sale.order.line'].with_user(self.planner)
        self.assertIn(second, queue.search([('reply_state', '=', 'declined')]))

    # === WHAT IS REFUSED ===#

    def test_an_answer_to_a_former_date_is_refused_in_words(self):
        order = self._told()
        seen = {order.order_line.id: order.order_line.promise_revision}
        self._promise(order.order_line, 9, self.reason)
        self._reply(order)
        page = self._answer(order, revisions=seen, accept_all='1')
        self.assertIn("The date has changed meanwhile", page.text)
        self.assertFalse(self._answers(order))

    def test_nobody_answers_twice_on_the_page(self):
        order = self._told()
        self._answer(order, accept_all='1')
        page = self._answer(order, **{f'answer_{order.order_line.id}': 'declined'})
        self.assertIn("You have answered already", page.text)
        self.assertEqual(self._answers(order).mapped('answer'), ['accepted'])

    def test_an_answer_that_says_too_little_is_refused(self):
        order = self._told()
        line = order.order_line
        for values, words in (
            ({}, "Please choose an answer first"),
            ({'accept_all': '1', 'contact': ' '}, "Please enter your name"),
            ({f'answer_{line.id}': 'other_date'}, "enter the day you want"),
            ({f'answer_{line.id}': 'other_date', f'wish_{line.id}': '2001-01-01'}, "enter the day you want"),
            ({f'answer_{line.id}': 'other_date', f'wish_{line.id}': 'soon'}, "enter the day you want"),
            ({f'answer_{line.id}': 'substitute'}, "enter the day you want"),
            ({f'answer_{line.id}': 'nonsense'}, "enter the day you want"),
        ):
            with self.subTest(values=values):
                self.assertIn(words, self._answer(order, **values).text)
        self.assertFalse(self._answers(order))

    def test_a_wrong_token_and_the_token_of_another_order_answer_nothing(self):
        order, other = self._told(), self._told()
        for token in ('wrong', other.access_token, ''):
            self._answer(order, token=token, accept_all='1')
        line = other.order_line
        self._answer(order, accept_all='1', **{f'revision_{line.id}': line.promise_revision})
        self.assertFalse(self._answers(other), "lines of another order are not asked about here")
        self.assertFalse(self._answers(order))

    def test_other_customers_and_colleagues_do_not_answer_for_the_customer(self):
        order = self._told()
        rival = self._new_portal_user('soc_rival', self.env['res.partner'].create({'name': "Rival"}))
        order.message_subscribe(rival.partner_id.ids)
        self.salesperson.password = 'soc_sales'
        for login in ('soc_rival', 'soc_sales'):
            self.authenticate(login, login)
            self._answer(order, accept_all='1')
            self.assertFalse(self._answers(order), login)
            page = self.url_open(order.get_portal_url()).text
            if login == 'soc_sales':
                self.assertIn("Here the customer is asked", page)
                self.assertNotIn('name="delivery_questions"', page)

    def test_portal_users_reach_nothing_of_it_over_rpc(self):
        order = self._told()
        self._answer(order, accept_all='1')
        for record in (self._answers(order), self._notices(order)):
            with self.assertRaises(AccessError):
                record.with_user(self.buyer).read(['contact'])
        for name in ('action_reply_dates', 'action_record_answer', 'action_send_confirmation'):
            with self.assertRaises(AccessError):
                getattr(order.with_user(self.buyer), name)()
        with self.assertRaises(AccessError):
            self.env['sale.delivery.answer.wizard'].with_user(self.buyer).create({'order_id': order.id})

    def test_answers_are_not_written_by_hand(self):
        order = self._told()
        self._answer(order, accept_all='1')
        answer = self._answers(order)
        values = answer.copy_data()[0]
        for user in (self.salesperson, self.planner, self.env.ref('base.user_admin')):
            for act in (
                lambda user=user: answer.with_user(user).sudo().create(values),
                lambda user=user: answer.with_user(user).sudo().write({'answer': 'declined'}),
                lambda user=user: answer.with_user(user).sudo().unlink(),
                lambda user=user: answer.with_user(user).write({'contact': "Nobody"}),
            ):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    act()

    # === BY PHONE ===#

    def _open_form(self, order, user=None, **values):
        return self.env['sale.delivery.answer.wizard'].with_user(user or self.salesperson).with_context(
            default_order_id=order.id).create({'contact': "Ms Li", **values})

    def test_an_answer_by_phone_also_tells_what_was_not_told_yet(self):
        order = self._promised()
        wizard = self._open_form(order)
        wizard.action_accept_all()
        [notice] = self._notices(order)
        self.assertEqual((notice.kind, notice.channel, notice.contact), ('reply', 'phone', "Ms Li"))
        [answer] = self._answers(order)
        self.assertEqual(
            (answer.answer, answer.channel, answer.contact, answer.user_id),
            ('accepted', 'phone', "Ms Li", self.salesperson))
        self.assertFalse(self._mails(order))

    def test_told_without_an_answer_waits_for_one(self):
        order = self._promised()
        self._open_form(order, channel='person').action_record()
        self.assertEqual(order.order_line.reply_state, 'asked')
        self.assertFalse(self._answers(order))

    def test_a_customer_who_calls_again_changes_the_answer_and_both_stay(self):
        order = self._told()
        self._answer(order, accept_all='1')
        wizard = self._open_form(order)
        wizard.line_ids.write({'answer': 'other_date', 'wish_date': self._day(8)})
        wizard.action_record()
        self.assertEqual(self._answers(order).mapped('answer'), ['accepted', 'other_date'])
        self.assertEqual(order.order_line.wish_date, self._day(8))

    def test_a_form_opened_before_the_date_moved_is_refused(self):
        order = self._told()
        wizard = self._open_form(order)
        self._promise(order.order_line, 9, self.reason)
        with self.assertRaisesRegex(UserError, "moved meanwhile"):
            wizard.action_accept_all()

    def test_the_form_is_for_those_who_sell_or_plan(self):
        order = self._told()
        with self.assertRaises(AccessError):
            self._open_form(order, self.other_salesperson)
        mine = self._open_form(order)
        with self.assertRaises(AccessError):
            mine.with_user(self.planner).action_accept_all()
        other = self._told()
        stranger = self._open_form(order)
        stranger.line_ids.sudo().line_id = other.order_line
        with self.assertRaisesRegex(UserError, "moved meanwhile"):
            stranger.action_accept_all()

    def test_who_answered_has_to_be_said(self):
        with self.assertRaisesRegex(UserError, "who answered"):
            self._open_form(self._told(), contact=" ").action_accept_all()
