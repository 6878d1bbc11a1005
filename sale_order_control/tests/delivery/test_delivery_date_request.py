from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryDateRequest(DeliveryCommon):
    """Production or purchasing is asked for a date, and what they say is what the planner is proposed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls._new_user('soc_buyer', 'base.group_user')
        cls.order = cls._confirm_order((cls.scarce, 10.0, 4))
        cls.line = cls.order.order_line

    def _ask(self, user=None, users=None, lines=None, question="By truck?"):
        wizard = self.env['sale.date.request.wizard'].with_user(user or self.planner).create({
            'line_ids': [Command.set((lines or self.line).ids)], 'kind': 'purchase',
            'user_ids': [Command.set((users or self.buyer).ids)], 'question': question})
        wizard.action_ask()
        domain = [('order_line_id', '=', (lines or self.line)[:1].id)]
        return self.env['sale.date.request'].search(domain, order='id desc', limit=1)

    def _answer(self, request, days=8, quantity=10.0, user=None, note="With the next truck."):
        wizard = self.env['sale.date.answer.wizard'].with_user(user or self.buyer).create({
            'request_id': request.id, 'date': self._day(days), 'quantity': quantity, 'note': note})
        wizard.action_answer()

    def _chase(self, hours):
        later = fields.Datetime.now() + timedelta(hours=hours)
        with patch.object(fields.Datetime, 'now', return_value=later), patch.object(
                type(self.env['ir.cron']), '_commit_progress', return_value=60.0):
            self.env['sale.date.request']._cron_chase_date_requests()

    def test_who_is_asked_answers_without_a_right_on_the_order(self):
        request = self._ask()
        self.assertEqual(request.activity_ids.user_id, self.buyer)
        mine = self.env['sale.date.request'].with_user(self.buyer).search([])
        self.assertEqual(mine, request)
        with self.assertRaises(AccessError):
            self.order.with_user(self.buyer).read(['amount_total'])
        shown = mine.web_read({'name': {}, 'customer': {}, 'product_id': {'fields': {'display_name': {}}},
                               'quantity': {}, 'wanted_date': {}, 'may_answer': {}})[0]
        self.assertEqual((shown['name'], shown['customer'], shown['may_answer']),
                         (self.order.name, self.customer.display_name, True))
        self.assertEqual(mine.action_answer()['res_model'], 'sale.date.answer.wizard')
        self._answer(request)
        self.assertEqual((request.state, request.answered_by_id, request.answer_date),
                         ('answered', self.buyer, self._day(8)))
        self.assertFalse(request.activity_ids)
        message = self.order.message_ids[0]
        self.assertEqual(message.notified_partner_ids, (self.salesperson | self.planner).partner_id)
        self.assertIn("With the next truck.", message.body)

    def test_the_answer_is_what_the_planner_is_proposed(self):
        line = self.line.with_user(self.planner)
        self.assertFalse(line.earliest_date)
        self._answer(self._ask())
        line.invalidate_recordset()
        self.assertEqual((line.proposed_date, line.earliest_date), (self._day(8), self._day(8)))
        self.assertIn("says soc_buyer", line.date_request_summary)
        line.action_accept_proposals([('id', '=', line.id)])
        self.assertEqual(line.promised_date, self._day(8))
        line.invalidate_recordset()
        self.assertNotEqual(line.proposed_date, self._day(8), "a promise uses the answer up")

    def test_an_answer_before_the_wanted_day_proposes_the_wanted_day(self):
        self._answer(self._ask(), days=1)
        self.line.invalidate_recordset()
        self.assertEqual((self.line.proposed_date, self.line.earliest_date), (self._day(4), self._day(1)))

    def test_the_way_to_the_customer_comes_on_top(self):
        self.env['sale.delivery.transit'].create({
            'country_id': self.customer.country_id.id, 'days': 3, 'company_id': self.company.id})
        self._answer(self._ask())
        self.line.invalidate_recordset()
        self.assertEqual(self.line.proposed_date, self._day(11))

    def test_part_of_it_is_told_and_proposes_nothing(self):
        self._answer(self._ask(), quantity=4)
        self.line.invalidate_recordset()
        self.assertFalse(self.line.earliest_date)
        self.assertIn("4 on", self.line.date_request_summary)

    def test_an_answer_says_a_day_to_come_and_no_more_than_asked(self):
        request = self._ask()
        for days, quantity, words in (
            (-1, 10, "not in the past"), (5, 0, "above zero"), (5, 11, "not above the 10"), (5, -3, "above zero"),
        ):
            with self.assertRaisesRegex(UserError, words):
                self._answer(request, days, quantity)
        self._answer(request)
        with self.assertRaisesRegex(UserError, "meanwhile"):
            self._answer(request)

    def test_nobody_else_answers_or_writes(self):
        request = self._ask()
        for user in (self.salesperson, self.planner, self.sales_manager):
            with self.assertRaises(AccessError):
                self._answer(request, user=user)
        stranger = self._new_user('soc_stranger', 'base.group_user')
        self.assertFalse(self.env['sale.date.request'].with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            self._answer(request, user=stranger)
        for user in (self.buyer, self.planner, self.salesperson):
            with self.assertRaises(AccessError):
                request.with_user(user).write({'answer_date': self._day(1)})
            with self.assertRaises(AccessError):
                request.with_user(user).copy()

    def test_planners_ask_about_all_orders_and_salespeople_about_their_own(self):
        self.assertEqual(self._ask(self.salesperson).asked_by_id, self.salesperson)
        for user in (self.other_salesperson, self.buyer):
            with self.assertRaises(AccessError):
                self._ask(user)
        action = self.order.with_user(self.salesperson).action_request_dates()
        form = Form(self.env['sale.date.request.wizard'].with_user(self.salesperson).with_context(**action['context']))
        self.assertEqual(form.kind, 'other')
        quotation = self._create_order()
        with self.assertRaisesRegex(UserError, "Nobody need be asked"):
            quotation.with_user(self.salesperson).action_request_dates()

    def test_somebody_of_the_company_is_asked_about_something_that_waits(self):
        with self.assertRaisesRegex(UserError, "at least one colleague"):
            wizard = self.env['sale.date.request.wizard'].with_user(self.planner).create(
                {'line_ids': [Command.set(self.line.ids)]})
            wizard.action_ask()
        elsewhere = self.env['res.company'].create({'name': "Elsewhere"})
        far = self._new_user('soc_far', 'base.group_user')
        far.write({'company_ids': [Command.set(elsewhere.ids)], 'company_id': elsewhere.id})
        with self.assertRaisesRegex(UserError, "does not work for the company"):
            self._ask(users=far)
        quotation = self._create_order(user=self.salesperson)
        with self.assertRaisesRegex(UserError, "wait for delivery"):
            self._ask(self.salesperson, lines=quotation.order_line)

    def test_without_an_answer_it_reminds_and_then_asks_a_manager_each_once(self):
        self.company.resource_calendar_id = False
        self.company.date_request_hours = 8
        leader = self._new_user('soc_leader', 'sales_team.group_sale_salesman_all_leads')
        self.order.team_id = self.env['crm.team'].create({'name': "Leaders", 'user_id': leader.id})
        request = self._ask()
        domain = [('partner_ids', 'in', self.buyer.partner_id.ids)]
        before = self.env['mail.message'].search_count(domain)
        self._chase(7)
        self.assertFalse(request.is_overdue)
        self._chase(9)
        self.assertTrue(request.is_overdue)
        self.assertEqual(self.env['mail.message'].search_count(domain), before + 1)
        self._chase(10)
        self.assertEqual(self.env['mail.message'].search_count(domain), before + 1)
        self.assertEqual(request.activity_ids.user_id, self.buyer)
        self._chase(18)
        self.assertEqual(request.activity_ids.user_id, self.buyer | leader)
        self._chase(40)
        self.assertEqual(len(request.activity_ids), 2)
        self.line.invalidate_recordset()
        self.assertIn("no answer in time", self.line.date_request_summary)

    def test_the_deadline_counts_working_hours(self):
        self.company.date_request_hours = 8
        self.company.resource_calendar_id.tz = 'UTC'
        friday = fields.Datetime.to_datetime('2026-05-08 13:00:00')
        deadline = self.company._get_answer_deadline(friday)
        self.assertEqual(deadline.date(), fields.Date.to_date('2026-05-11'))

    def test_a_promise_takes_the_question_back(self):
        request = self._ask()
        self._promise(self.line, 6)
        self.assertEqual((request.state, request.activity_ids.ids), ('withdrawn', []))
        again = self._ask()
        self.assertEqual([again.with_user(user).may_withdraw for user in (self.buyer, self.planner)], [False, True])
        with self.assertRaises(AccessError):
            again.with_user(self.buyer).action_withdraw()
        again.with_user(self.planner).action_withdraw()
        self.assertEqual(again.state, 'withdrawn')

    def test_who_buys_for_the_order_is_proposed(self):
        if 'created_purchase_line_ids' not in self.env['stock.move']:
            self.skipTest("purchase_stock is not installed")
        vendor = self.env['res.partner'].create({'name': "Vendor"})
        product = self._new_product("Bought", 10, 5, stock=0)
        product.write({
            'seller_ids': [Command.create({'partner_id': vendor.id, 'delay': 3})],
        })
        route = self.warehouse.mto_pull_id.route_id
        route.active = True
        product.route_ids = [Command.link(route.id), Command.link(self.warehouse.buy_pull_id.route_id.id)]
        order = self._confirm_order((product, 2.0, 9))
        purchase = self.env['purchase.order'].search([('partner_id', '=', vendor.id)])
        purchase.user_id = self.buyer
        self.assertEqual(order.order_line._get_date_responsible(), ('purchase', self.buyer))
        purchase.button_confirm()
        self.assertEqual(order.order_line._get_date_responsible(), ('purchase', self.buyer))
