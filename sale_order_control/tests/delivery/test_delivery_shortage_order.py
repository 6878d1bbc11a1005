from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_delivery_shortage import ShortageCommon


@tagged('post_install', '-at_install')
class TestDeliveryShortageOrder(ShortageCommon):
    """A confirmed order that is short: parts, planners, and what the customer answers."""

    def setUp(self):
        super().setUp()
        self.order = self._confirm_order((self.scarce, 50.0, 5))
        self.line = self.order.order_line

    def test_who_answers_for_the_supply_gives_a_date_that_is_proposed_to_the_planner(self):
        self.scarce.responsible_id = self.sales_manager
        self._resolve(self.line, 'expedite', self.salesperson, consent_by=False)
        request = self.line.date_request_ids
        self.assertEqual((request.user_ids, request.deadline.date()), (self.sales_manager, self._day(1)))
        self.assertIn("20 Units are missing", request.question)
        request.with_user(self.sales_manager)._answer(self._day(8), 50.0, "By air")
        self.assertEqual(self.line.proposed_date, self._day(8))

    # === PARTS ===#

    def test_a_planner_promises_in_parts_and_each_part_has_a_transfer_of_its_own(self):
        self._resolve(self.line, 'split', self.planner)
        promise = self._ledger(self.order)
        self.assertEqual([(part.promised_date, part.quantity) for part in promise.part_ids],
                         [(self._day(5), 30.0), (self._day(14), 20.0)])
        self.assertEqual((self.line.promised_date, self.line.promise_state), (self._day(14), 'promised'))
        moves = self.line.move_ids.sorted('date')
        self.assertEqual(moves.mapped('product_uom_qty'), [30.0, 20.0])
        self.assertEqual([move.date_deadline.date() for move in moves], [self._day(5), self._day(14)])
        self.assertEqual(moves[1].picking_id.backorder_id, moves[0].picking_id)
        self.assertFalse(self.line.shortage_summary)

    def test_the_customer_reads_each_part_with_its_day(self):
        self._resolve(self.line, 'split', self.planner)
        sentences = self.order._get_portal_promises()
        self.assertEqual(len(sentences), 2)
        self.assertIn("30 of Scarce Product", sentences[0])

    def test_goods_of_the_first_part_are_promised_to_nobody_else(self):
        self._resolve(self.line, 'split', self.planner)
        self.line.move_ids._do_unreserve()
        self._receive(self.scarce, 5.0, 8)
        other = self._quote(5.0, 3)
        # Without parts, 5 could be lent from the shelf until those of day 8 come.
        self.assertEqual(other.earliest_date, self._day(8))

    def test_a_part_that_is_not_delivered_on_its_day_is_late_and_the_promise_not_kept(self):
        self._resolve(self.line, 'split', self.planner)
        self.assertEqual(self.line._get_due_day(0.0), self._day(5))
        self.assertEqual(self.line._get_due_day(30.0), self._day(14))
        self.assertFalse(self.line._find_missed_parts() - self.line)
        self._stock(self.scarce, 20.0)
        self._deliver(self.order)
        self.order._control_event('released')
        self.assertEqual(self._ledger(self.order).state, 'kept')

    def test_less_ordered_cuts_the_last_part(self):
        self._resolve(self.line, 'split', self.planner)
        self.line.product_uom_qty = 35.0
        self.assertEqual(self.line._get_promised_parts(), ((self._day(5), 30.0), (self._day(14), 5.0)))

    def test_parts_must_be_the_line(self):
        day = self._day(14)
        for parts in (
            ((self._day(5), 30.0), (day, 30.0)),
            ((self._day(5), -10.0), (day, 60.0)),
            ((self._day(14), 30.0), (day, 20.0)),
            ((self._day(-1), 30.0), (day, 20.0)),
            ((self._day(5), 30.0), (self._day(13), 20.0)),
        ):
            with self.assertRaises(UserError):
                self.line._promise({self.line.id: day}, parts={self.line.id: parts})
        self.assertFalse(self._ledger(self.order))

    # === PLANNER AND SALESPERSON ===#

    def test_a_salesperson_notes_the_agreement_and_the_planner_promises(self):
        record = self._resolve(self.line, 'wait')
        self.assertEqual((record.step, self.line.shortage_state), ('agreed', 'agreed'))
        self.assertFalse(self.line.promised_date)
        wizard = self._open(self.line, self.planner)
        self.assertEqual((wizard.kind, wizard.consent_by), ('wait', "Ms Miller, by phone"))
        wizard.action_resolve()
        self.assertEqual((self.line.promised_date, self.line.shortage_state), (self._day(14), False))

    def test_moving_a_promise_needs_its_reason(self):
        self._promise(self.line, 5)
        self.assertTrue(self.line.shortage_summary)
        with self.assertRaisesRegex(UserError, "Give the reason"):
            self._resolve(self.line, 'wait', self.planner)
        self._resolve(self.line, 'wait', self.planner, change_reason_id=self.reason.id)
        self.assertEqual(self._ledger(self.order)[-1:].reason_id, self.reason)

    # === COMPENSATION ===#

    def test_a_compensation_changes_the_confirmed_order_and_the_planner_promises_the_later_day(self):
        with self.assertRaisesRegex(UserError, "may be 3 % at most"):
            self._resolve(self.line, 'compensation', percent=4.0)
        record = self._resolve(self.line, 'compensation', percent=2.0)
        self.assertEqual((record.step, record.percent, self.line.discount), ('applied', 2.0, 2.0))
        self.assertIn("The order is changed", record.summary)
        # The salesperson plans no deliveries: the day is left to who does.
        self.assertEqual((self.line.promised_date, self.line.shortage_state), (False, 'agreed'))
        wizard = self._open(self.line, self.planner)
        self.assertEqual((wizard.kind, wizard.consent_by), ('wait', "Ms Miller, by phone"))
        wizard.action_resolve()
        self.assertEqual((self.line.promised_date, self.line.shortage_state), (self._day(14), False))

    def test_where_amendments_are_in_force_a_compensation_is_one_and_somebody_agrees(self):
        self._switch(amendment='enforce')
        self.env['sale.approval.policy'].create({
            'name': "Compensations", 'res_model': 'sale.amendment', 'company_id': self.company.id,
            'domain': "[('asked_by', '=', 'supply'), ('change_amount', '<', 0)]",
            'level_ids': [Command.create({
                'name': "Sales manager", 'approver_type': 'users', 'user_ids': [Command.set(self.sales_manager.ids)]})],
        })
        self._promise(self.line, 5)
        record = self._resolve(self.line, 'compensation', percent=2.0)
        amendment = self.order.amendment_ids
        self.assertEqual((amendment.state, amendment.asked_by, self.line.discount), ('to_approve', 'supply', 0.0))
        self.assertIn(amendment.name, record.summary)
        self.assertIn("Scarce Product", amendment.note)
        with self.assertRaisesRegex(UserError, "is on its way and touches the same lines"), self.cr.savepoint():
            self._resolve(self.line, 'compensation', percent=1.0)
        amendment.approval_request_ids.with_user(self.sales_manager).action_disagree("They can wait.")
        self.assertEqual(self.line.discount, 0.0)
        # What was refused was not given: it does not count against the cap.
        self._resolve(self.line, 'compensation', percent=3.0)
        second = self.order.amendment_ids - amendment
        second.approval_request_ids.with_user(self.sales_manager).action_agree()
        self.assertEqual((second.state, self.line.discount), ('applied', 3.0))
        # Where a day was promised already, the amendment moves it to the one that can be kept.
        self.assertEqual((self.line.promised_date, self.line.shortage_summary), (self._day(14), False))

    def test_freight_is_waived_up_to_its_cap(self):
        self.order.write({'order_line': [Command.create({
            'product_id': self.env['product.product'].create({'name': "Freight", 'type': 'service'}).id,
            'price_unit': 60.0})]})
        freight = self.order.order_line - self.line
        self.env.ref('sale_order_control.shortage_option_compensation').max_freight = 50.0
        with patch.object(type(self.line), '_get_freight_lines', lambda line: line.browse(freight.ids)):
            with self.assertRaisesRegex(UserError, "waives .*50.00.* at most"):
                self._resolve(self.line, 'compensation', compensation='freight')
            self.env.ref('sale_order_control.shortage_option_compensation').max_freight = 60.0
            self._resolve(self.line, 'compensation', compensation='freight')
        self.assertEqual((freight.price_subtotal, self.line.discount), (0.0, 0.0))

    def test_the_customer_reads_how_much_and_a_compensation_that_was_accepted_is_given(self):
        with self.assertRaisesRegex(UserError, "Prices are changed by salespeople"), self.cr.savepoint():
            self._open(self.line, self.planner, kind='compensation', percent=2.5).action_ask_customer()
        self.planner.group_ids |= self.env.ref('sales_team.group_sale_salesman_all_leads')
        self._open(self.line, self.planner, kind='compensation', percent=2.5).action_ask_customer()
        offer = self.line._get_shortage_offers()[self.line.id]
        self.assertIn("2.5 % off", offer['text'])
        self.assertEqual(self.line._answer_shortage_offer(offer['offer_id'], True, "Ms Miller, portal"), 'applied')
        # Who sells and plans does both at once.
        self.assertEqual((self.line.discount, self.line.promised_date), (2.5, self._day(14)))

    def test_the_rest_is_cancelled_on_the_way_of_any_change_of_an_order(self):
        self._resolve(self.line, 'cancel', reason="Enough for him")
        self.assertEqual(self.line.product_uom_qty, 30.0)
        self.assertEqual(sum(self.line.move_ids.filtered(lambda move: move.state != 'cancel').mapped(
            'product_uom_qty')), 30.0)

    # === THE CUSTOMER'S ANSWER ===#

    def _offer(self, kind, user=None):
        self._open(self.line, user or self.planner, kind=kind).action_ask_customer()
        return self.line._get_shortage_offers()[self.line.id]

    def test_an_offer_is_neutral_and_open_until_it_is_answered(self):
        offer = self._offer('split')
        self.assertEqual((offer['kind'], offer['parts'][0][1], self.line.shortage_state), ('split', 30.0, 'offered'))
        self.assertIn("In two deliveries", offer['text'])
        self.assertNotIn("freight", offer['text'])
        self.assertFalse(self.line.promised_date)
        self.assertEqual(
            self.line._answer_shortage_offer(offer['offer_id'], True, "Ms Miller, portal"), 'applied')
        self.assertEqual(self.line.promised_date, self._day(14))
        self.assertFalse(self.line._get_shortage_offers())
        records = self.env['sale.shortage.resolution'].search([('order_id', '=', self.order.id)], order='id')
        self.assertEqual(records.mapped('step'), ['offered', 'agreed', 'applied'])
        self.assertEqual(records[1:].offer_id, records[0])

    def test_a_declined_offer_changes_nothing_and_is_answered_once(self):
        offer = self._offer('wait')
        self.assertEqual(self.line._answer_shortage_offer(offer['offer_id'], False, "Ms Miller"), 'declined')
        self.assertFalse(self.line.promised_date)
        self.assertIsNone(self.line._answer_shortage_offer(offer['offer_id'], True, "Ms Miller"))

    def test_an_offer_of_a_cancelled_order_is_open_no_more(self):
        offer = self._offer('wait')
        self.order._action_cancel()
        self.assertFalse(self.line._get_shortage_offers())
        self.assertFalse(self.line.shortage_state)
        self.assertIsNone(self.line._answer_shortage_offer(offer['offer_id'], True, "Ms Miller"))

    def test_what_a_salesperson_offered_waits_for_a_planner(self):
        offer = self._offer('wait', self.salesperson)
        self.assertEqual(self.line._answer_shortage_offer(offer['offer_id'], True, "Ms Miller"), 'agreed')
        self.assertFalse(self.line.promised_date)
        self.assertEqual(self.line.shortage_state, 'agreed')

    def test_an_answer_that_comes_too_late_is_kept_and_the_salesperson_told(self):
        offer = self._offer('wait')
        self._issue(self.scarce, 40.0, 1)
        self.assertEqual(self.line._answer_shortage_offer(offer['offer_id'], True, "Ms Miller"), 'agreed')
        self.assertFalse(self.line.promised_date)
        self.assertIn("Supply has changed", self.order.activity_ids.note)

    def test_a_substitute_of_a_confirmed_order_is_a_line_of_its_own(self):
        self._resolve(self.line, 'substitute')
        self.assertEqual(self.line.product_uom_qty, 30.0)
        other = self.order.order_line - self.line
        self.assertEqual((other.product_id, other.product_uom_qty, other.price_unit), (self.similar, 40.0, 5.0))

    def test_nothing_worse_gets_past_a_company_that_wants_amendments(self):
        self._switch(amendment='enforce')
        with self.assertRaises(UserError):
            self._resolve(self.line, 'substitute')
        self.assertEqual(self.line.product_uom_qty, 50.0)
        self._resolve(self.line, 'cancel', reason="Enough for him")
        self.assertEqual(self.line.product_uom_qty, 30.0)

    def test_other_lines_of_the_order_stay_where_they_are(self):
        self.order.write({'order_line': [Command.create({'product_id': self.product.id, 'product_uom_qty': 1.0})]})
        other = self.order.order_line - self.line
        self._promise(other, 3)
        self._resolve(self.line, 'split', self.planner)
        self.assertEqual(other.move_ids.date_deadline.date(), self._day(3))
