from datetime import timedelta

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ...models.delivery.atp.atp import ScheduleLine
from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryAtpSupply(DeliveryCommon):
    """What counts as supply and demand, read from real documents."""

    def _draft(self, product, quantity, **values):
        return self.env['sale.order'].create({
            'partner_id': self.customer.id,
            'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': quantity, **values})],
        }).order_line

    def _schedule(self, line):
        return [
            ((part.date - self.today).days, part.quantity, part.source) for part in line._get_atp_schedule()[line.id]]

    # === RESERVATIONS AND PROMISES ===#

    def test_what_is_reserved_for_later_is_not_free_today(self):
        self._stock(self.scarce, 5)
        self._confirm_order((self.scarce, 5.0, 20))     # Odoo reserves at once
        self._receive(self.scarce, 5, 3)
        self.assertEqual(self._schedule(self._draft(self.scarce, 5)), [(3, 5, 'incoming')])

    def test_a_promised_day_counts_more_than_the_day_of_the_transfer(self):
        order = self._confirm_order((self.scarce, 5.0, 4))
        self._promise(order.order_line, 4)
        self._receive(self.scarce, 5, 3)
        # Somebody moves the transfer; the promise of day 4 stands.
        order.order_line.move_ids.date = fields.Datetime.to_datetime(self._day(15)) + timedelta(hours=12)
        self._receive(self.scarce, 5, 9)
        self.assertEqual(self._schedule(self._draft(self.scarce, 5)), [(9, 5, 'incoming')])

    def test_a_confirmed_order_whose_supply_waits_counts(self):
        self._stock(self.scarce, 5)
        order = self._confirm_order((self.scarce, 5.0))
        order.order_line.move_ids._action_cancel()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order_line SET control_procurement_held = TRUE WHERE id = %s", [order.order_line.id])
        self.env.invalidate_all()
        self.assertEqual(self._schedule(self._draft(self.scarce, 5, customer_lead=8)), [(8, 5, 'lead_time')])

    def test_quotations_count_only_where_the_company_says_so(self):
        self._stock(self.scarce, 5)
        other = self._draft(self.scarce, 4)
        line = self._draft(self.scarce, 3, customer_lead=8)
        self.assertEqual(self._schedule(line), [(0, 3, 'stock')])
        self.company.atp_quotations = True
        self.assertEqual(self._schedule(line), [(0, 1, 'stock'), (8, 2, 'lead_time')])
        other.order_id.validity_date = self._day(-1)
        self.assertEqual(self._schedule(line), [(0, 3, 'stock')])

    def test_lines_of_one_quotation_share_what_there_is(self):
        self._stock(self.scarce, 5)
        first = self._draft(self.scarce, 4)
        second = first.copy({'order_id': first.order_id.id, 'product_uom_qty': 3, 'sequence': 99, 'customer_lead': 6})
        self.assertEqual(self._schedule(second), [(0, 1, 'stock'), (6, 2, 'lead_time')])

    # === FENCES ===#

    def test_the_companys_fences_are_obeyed(self):
        self.company.write({'atp_supply_back': 7, 'atp_supply_offset': 2, 'atp_demand_back': 7})
        self._receive(self.scarce, 5, -5)
        self._receive(self.scarce, 9, -8)
        self._issue(self.scarce, 3, -8)
        self.assertEqual(
            self._schedule(self._draft(self.scarce, 6, customer_lead=9)), [(2, 5, 'incoming'), (9, 1, 'lead_time')])
        self.company.atp_horizon = 30
        self._receive(self.scarce, 9, 31)
        self.assertEqual(self._schedule(self._draft(self.scarce, 6))[1:], [(2, 1, 'lead_time')])

    @mute_logger('odoo.sql_db')
    def test_a_fence_below_zero_is_refused_with_a_sentence(self):
        for name in ('atp_supply_back', 'atp_demand_back', 'atp_supply_offset', 'atp_demand_offset', 'atp_horizon'):
            before = self.company[name]
            with self.subTest(name), self.assertRaisesRegex(ValidationError, "cannot be below 0"), \
                    self.env.cr.savepoint():
                self.company.write({name: -1, 'atp_quotations': True})
            self.company.invalidate_recordset()
            self.assertEqual((self.company[name], self.company.atp_quotations), (before, False))

    # === DAYS ===#

    def _ship_on_weekdays(self):
        self.warehouse.promise_calendar_id = self.env['resource.calendar'].create({'name': "Shipping", 'tz': 'UTC'})
        return self.warehouse.promise_calendar_id

    def test_goods_leave_on_shipping_days_and_are_on_the_way(self):
        calendar = self._ship_on_weekdays()
        saturday = self.today + timedelta(days=(5 - self.today.weekday()) % 7)
        self._receive(self.scarce, 5, (saturday - self.today).days)
        line = self._draft(self.scarce, 5)
        self.assertEqual(line._get_atp_schedule()[line.id][0].date, saturday + timedelta(days=2))
        monday = fields.Datetime.to_datetime(saturday + timedelta(days=2))
        self.env['resource.calendar.leaves'].create({
            'name': "Public holiday", 'calendar_id': calendar.id, 'company_id': self.company.id,
            'date_from': monday, 'date_to': monday + timedelta(hours=23, minutes=59)})
        self.assertEqual(line._get_atp_schedule()[line.id][0].date, saturday + timedelta(days=3))
        self.env['sale.delivery.transit'].create([
            {'days': 9}, {'days': 4, 'country_id': self.customer.country_id.id},
            {'days': 2, 'country_id': self.customer.country_id.id, 'warehouse_id': self.warehouse.id}])
        self.assertEqual(line._get_atp_schedule()[line.id][0].date, saturday + timedelta(days=5))

    def test_the_security_lead_time_and_route_delays_are_kept_free(self):
        self.company.security_lead = 2
        self.warehouse.delivery_route_id.rule_ids[0].delay = 1
        self._stock(self.scarce, 5)
        self.assertEqual(self._schedule(self._draft(self.scarce, 5)), [(3, 5, 'stock')])

    def test_a_promise_by_arrival_is_scheduled_and_judged_by_it(self):
        self.env['sale.delivery.transit'].create({'days': 3, 'country_id': self.customer.country_id.id})
        self._stock(self.scarce, 5)
        order = self._confirm_order((self.scarce, 5.0))
        self.assertEqual(order.order_line.proposed_date, self._day(3))
        self._promise(order.order_line, 5)
        self.assertEqual(order.order_line.move_ids.date.date(), self._day(2))
        self._promise(order.order_line, 3, self.reason)
        self._deliver(order)
        promise = self._ledger(order)[-1]
        self.assertEqual((promise.state, promise.days_late), ('kept', 0))

    def test_a_parcel_that_leaves_on_the_promised_day_of_arrival_is_late(self):
        order = self._confirm_order((self.product, 1.0))
        self._promise(order.order_line, 0)
        self.assertEqual(order.order_line.promise_state, 'promised')
        self.env['sale.delivery.transit'].create({'days': 2})
        late = self._confirm_order((self.product, 1.0))
        self._promise(late.order_line, 0)
        self._deliver(late)
        promise = self._ledger(late)
        self.assertEqual((promise.state, promise.days_late), ('broken', 2))

    def test_a_calendar_without_working_hours_is_refused(self):
        empty = self.env['resource.calendar'].create({'name': "Never", 'attendance_ids': [Command.clear()]})
        empty.attendance_ids.unlink()
        with self.assertRaisesRegex(ValidationError, "no working hour"), self.env.cr.savepoint():
            self.warehouse.promise_calendar_id = empty
        self.assertFalse(self.warehouse.promise_calendar_id)
        calendar = self._ship_on_weekdays()
        with self.assertRaisesRegex(ValidationError, "goods would never leave"), self.env.cr.savepoint():
            calendar.attendance_ids = [Command.clear()]

    @mute_logger('odoo.sql_db')
    def test_days_on_the_way_are_not_below_zero_and_said_once(self):
        transit = self.env['sale.delivery.transit'].with_user(self.planner)
        transit.create({'days': 2})
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            transit.create({'days': -1, 'country_id': self.customer.country_id.id})
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            transit.create({'days': 3})
        with self.assertRaises(AccessError):
            transit.with_user(self.salesperson).create({'days': 3, 'country_id': self.customer.country_id.id})

    def test_a_warehouse_without_stock_location_promises_nothing(self):
        order = self._confirm_order((self.scarce, 1.0))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_location SET active = FALSE WHERE id = %s", [self.warehouse.lot_stock_id.id])
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "no stock location in use"):
            order.order_line.with_user(self.planner).action_promise_proposed()
        self.assertFalse(order.order_line.promised_date or self._ledger(order))

    # === ROUTES ===#

    def test_pick_and_ship_counts_each_piece_once(self):
        self.warehouse.delivery_steps = 'pick_ship'
        self._stock(self.scarce, 10)
        order = self._confirm_order((self.scarce, 6.0))
        line = self._draft(self.scarce, 10, customer_lead=9)
        expected = [(0, 4, 'stock'), (9, 6, 'lead_time')]
        self.assertEqual(self._schedule(line), expected)
        self.assertEqual(self._schedule(order.order_line), [(0, 6, 'stock')])
        self._promise(order.order_line, 0)
        picks = order.order_line.move_ids.filtered(lambda move: move.state == 'assigned')
        picks.picked = True
        picks.picking_id.button_validate()
        self.assertEqual(self._schedule(line), expected)
        self.assertEqual(self._schedule(order.order_line), [(0, 6, 'stock')])

    def test_goods_made_to_order_leave_the_shelf_alone(self):
        route = self.warehouse.mto_pull_id.route_id
        route.active = True
        self.scarce.route_ids = [Command.link(route.id)]
        self._stock(self.scarce, 50)
        line = self._draft(self.scarce, 5, customer_lead=12)
        self.assertEqual(self._schedule(line), [(12, 5, 'lead_time')])
        self.scarce.route_ids = [Command.clear()]
        self.assertEqual(self._schedule(line), [(0, 5, 'stock')])

    def test_what_is_bought_for_one_order_is_not_offered_to_another(self):
        order = self._confirm_order((self.scarce, 5.0, 4))
        receipt = self._receive(self.scarce, 5, 9)
        order.order_line.move_ids.write({
            'procure_method': 'make_to_order', 'move_orig_ids': [Command.set(receipt.ids)]})
        self.assertEqual(self._schedule(order.order_line), [(9, 5, 'incoming')])
        self.assertEqual(self._schedule(self._draft(self.scarce, 5, customer_lead=20)), [(20, 5, 'lead_time')])

    def test_services_have_no_schedule_and_goods_without_stock_keeping_their_lead_time(self):
        service = self.env['product.product'].create({'name': "Advice", 'type': 'service'})
        self.assertEqual(self._draft(service, 1)._get_atp_schedule(), {})
        loose = self.env['product.product'].create({'name': "Screws", 'type': 'consu', 'is_storable': False})
        self.assertEqual(self._schedule(self._draft(loose, 5, customer_lead=4)), [(4, 5, 'lead_time')])

    # === WHAT IT LEANS ON ===#

    def _history(self, supplier, *days_late):
        """Let the supplier have delivered so many days late, the last year."""
        for late in days_late:
            receipt = self._receive(self.product, 1, 0)
            self._ship_from(receipt, supplier)
            receipt.write({'quantity': 1, 'picked': True})
            receipt._action_done()
            due = fields.Datetime.to_datetime(self._day(-20)) + timedelta(hours=12)
            receipt.write({'date_deadline': due, 'date': due + timedelta(days=late)})

    def _ship_from(self, receipt, supplier):
        receipt._assign_picking()
        receipt.picking_id.partner_id = supplier
        receipt.origin = "P00031"

    def test_a_date_names_its_receipt_and_how_punctual_the_supplier_is(self):
        supplier = self.env['res.partner'].create({'name': "Supplier"})
        self._history(supplier, 0, 0, -2, 3, 3)
        self._stock(self.scarce, 2)
        self._ship_from(self._receive(self.scarce, 8, 6), supplier)
        line = self._draft(self.scarce, 7)
        stock, incoming = line._get_atp_schedule()[line.id]
        self.assertEqual((stock, stock.confidence), (ScheduleLine(self.today, 2, 'stock'), 1.0))
        self.assertEqual([(peg.name, peg.due) for peg in incoming.pegs], [("P00031", self._day(6))])
        self.assertAlmostEqual(incoming.confidence, 0.6)
        self.assertEqual((line.atp_confidence, line.earliest_date), ('60 %', self._day(6)))
        self.assertIn("2 from stock; 5 with P00031", line.atp_summary)
        line.requested_date = self._day(9)     # three days to spare
        self.assertEqual((line.atp_confidence, line.proposed_date, line.earliest_date),
                         ('100 %', self._day(9), self._day(6)))

    def test_too_little_history_gives_no_figure(self):
        supplier = self.env['res.partner'].create({'name': "Supplier"})
        self._history(supplier, 0, 0)
        self._ship_from(self._receive(self.scarce, 8, 6), supplier)
        line = self._draft(self.scarce, 7)
        self.assertIsNone(line._get_atp_schedule()[line.id][0].confidence)
        self.assertFalse(line.atp_confidence)

    def test_a_promise_is_at_risk_when_its_receipt_slips(self):
        receipt = self._receive(self.scarce, 5, 6)
        order = self._confirm_order((self.scarce, 5.0))
        self._promise(order.order_line, 6)
        self.assertEqual(order.order_line.promise_state, 'promised')
        receipt.date += timedelta(days=1)
        order._refresh_promise_states()
        self.assertEqual(order.order_line.promise_state, 'at_risk')

    # === QUOTING BY PHONE ===#

    def test_the_date_follows_the_quantity_while_typing(self):
        self._stock(self.scarce, 4)
        self._receive(self.scarce, 4, 5)
        with Form(self.env['sale.order'].with_user(self.salesperson)) as form:
            form.partner_id = self.customer
            with form.order_line.new() as line:
                line.product_id = self.scarce
                line.product_uom_qty = 3
                self.assertEqual(line.earliest_date, self.today)
                line.product_uom_qty = 6
                self.assertEqual(line.earliest_date, self._day(5))
                self.assertIn("4 from stock; 2 with", line.atp_summary)
                line.product_uom_qty = 9
                self.assertIn("1 that nothing known covers", line.atp_summary)
                self.assertFalse(line.earliest_date)
                line.customer_lead = 8
                self.assertIn("1 by lead time alone", line.atp_summary)
                self.assertEqual(line.earliest_date, self._day(8))

    def test_nothing_is_worked_out_while_no_date_is_promised(self):
        self._stock(self.scarce, 4)
        line = self._draft(self.scarce, 3)
        self._switch(promise='off')
        self.env.invalidate_all()
        self.assertFalse(line.order_id.show_atp or line.earliest_date or line.proposed_date or line.atp_summary)
        self._switch(promise='warn')
        self.env.invalidate_all()
        self.assertEqual(line.earliest_date, self.today)
        self.assertTrue(line.order_id.show_atp)

    # === COST ===#

    def test_thirty_lines_with_all_of_it_cost_as_many_queries_as_two(self):
        self.company.write({'atp_quotations': True, 'security_lead': 1})
        self._ship_on_weekdays()
        supplier = self.env['res.partner'].create({'name': "Supplier"})
        self._history(supplier, 0, 0, 0, 1, 2)
        products = self.env['product.product']
        for number in range(30):
            product = self._new_product(f"Flat {number}", 10.0, 5.0, stock=1.0)
            self._ship_from(self._receive(product, 5, 3), supplier)
            products |= product
        few = self.env['sale.order.line']
        for product in products[:2]:
            few += self._draft(product, 3)
        confirmed = self._confirm_order(*[(product, 1.0) for product in products])
        many = few + confirmed.order_line
        for product in products[2:]:
            many += self._draft(product, 3)
        few += confirmed.order_line[:2]
        self.env.flush_all()

        def count(lines):
            self.env.invalidate_all()
            lines = self.env['sale.order.line'].browse(lines.ids)
            before = self.env.cr.sql_log_count
            lines.mapped('atp_summary')
            return self.env.cr.sql_log_count - before

        count(few)
        self.assertLessEqual(count(many), count(few))
