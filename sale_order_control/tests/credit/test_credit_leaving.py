from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditPayer(CreditCommon):
    """Who owes an order does not get rid of it by naming somebody whom nothing limits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._limit(1000)
        cls.stranger = cls.env['res.partner'].create({'name': "Stranger", 'is_company': True})

    def _move(self, order, partner):
        order.with_user(self.salesperson).write({'partner_invoice_id': partner.id})

    def test_a_confirmed_order_is_not_left_to_who_has_no_limit(self):
        order = self._create_order(9)
        order.action_confirm()
        with self.assertRaisesRegex(UserError, "owes would be left to Stranger, who has neither"), self.cr.savepoint():
            self._move(order, self.stranger)
        self.assertExposure(900)
        self.assertExposure(0, self.stranger)

    def test_nor_to_its_contact(self):
        order = self._create_order(9)
        order.action_confirm()
        contact = self.env['res.partner'].create({
            'name': "Invoices of Stranger", 'type': 'invoice', 'parent_id': self.stranger.id})
        with self.assertRaisesRegex(UserError, "would be left to Stranger"), self.cr.savepoint():
            self._move(order, contact)

    def test_who_has_a_limit_or_a_grade_is_judged_by_it(self):
        order = self._create_order(9)
        order.action_confirm()
        self._limit(800, partner=self.stranger)
        with self.assertRaisesRegex(UserError, "over the limit"), self.cr.savepoint():
            self._move(order, self.stranger)
        self._limit(None, grade=self._grade(), partner=self.stranger)
        self._move(order, self.stranger)
        self.assertExposure(900, self.stranger)

    def test_a_contact_of_the_same_customer_takes_nothing_over(self):
        order = self._create_order(9)
        order.action_confirm()
        contact = self.env['res.partner'].create({
            'name': "Accounts Payable", 'type': 'invoice', 'parent_id': self.customer.id})
        self._move(order, contact)
        self.assertExposure(900)

    def test_a_customer_whom_nothing_limits_leaves_nothing(self):
        self._limit(None)
        order = self._create_order(9)
        order.action_confirm()
        self._move(order, self.stranger)
        self.assertExposure(900, self.stranger)

    def test_a_release_of_the_order_lets_it_go(self):
        order = self._create_order(9)
        order.action_confirm()
        account = self.accounts._for_partners(self.stranger, self.company).with_user(self.controller)
        account.action_release("Known for years", amount=1000)
        self._move(order, self.stranger)
        self.assertExposure(900, self.stranger)

    def test_warn_records_it_and_off_is_silent(self):
        order = self._create_order(9)
        order.action_confirm()
        self._switch(credit='warn')
        self._move(order, self.stranger)
        logs = self.env['sale.control.log'].sudo().search([('order_id', '=', order.id), ('event', '=', 'changed')])
        self.assertIn('credit.payer', logs.mapped('code'))
        other = self._create_order(5)
        other.action_confirm()
        self._switch(credit='off')
        self._move(other, self.stranger)
        self.assertFalse(self.env['sale.control.log'].sudo().search([
            ('order_id', '=', other.id), ('event', '=', 'changed')]))


@tagged('post_install', '-at_install')
class TestCreditUnorderedDelivery(CreditCommon):
    """A delivery made by hand names no order: a hold of the customer stops it all the same."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(release='enforce')
        cls._limit(1000)
        cls.warehouse = cls.env['stock.warehouse'].search([('company_id', '=', cls.company.id)], limit=1)

    def _hold(self):
        self.account.with_user(self.controller).action_hold("Cheque came back")

    def _picking(self, partner=None, picking_type=None, source=None, target=None, quantity=2, product=None):
        picking_type = picking_type or self.warehouse.out_type_id
        source = source or self.warehouse.lot_stock_id
        target = target or self.env.ref('stock.stock_location_customers')
        picking = self.env['stock.picking'].create({
            'partner_id': (partner or self.customer).id, 'picking_type_id': picking_type.id,
            'location_id': source.id, 'location_dest_id': target.id,
            'move_ids': [Command.create({
                'product_id': (product or self.product).id, 'product_uom_qty': quantity, 'location_id': source.id,
                'location_dest_id': target.id})]})
        picking.action_confirm()
        picking.move_ids.write({'quantity': quantity, 'picked': True})
        return picking

    def _refuse(self, pickings, sentence):
        with self.assertRaisesRegex(UserError, sentence), self.cr.savepoint():
            pickings.button_validate()
        self.assertNotIn('done', pickings.mapped('state'))

    def test_goods_without_an_order_do_not_leave_to_a_held_customer(self):
        contact = self.env['res.partner'].create({'name': "Warehouse", 'parent_id': self.customer.id})
        pickings = self._picking() | self._picking(contact)
        self._hold()
        for picking in pickings:
            with self.assertRaisesRegex(UserError, "credit hold: Cheque came back"), self.cr.savepoint():
                picking.button_validate()
            with self.assertRaisesRegex(UserError, "credit hold"), self.cr.savepoint():
                picking.move_ids.write({'state': 'done'})
            self.assertNotEqual(picking.state, 'done')
        self.account.with_user(self.controller).action_release("Paid")
        pickings[0].button_validate()
        self.assertEqual(pickings[0].state, 'done')

    def test_goods_without_an_order_are_judged_by_the_limit(self):
        self._confirmed(7)
        # 700 open, 1,000 allowed: 3 more at 100 fit, 4 do not; two transfers at once count together.
        fits, more = self._picking(quantity=3), self._picking(quantity=4)
        self.assertFalse(fits.control_hold)
        self.assertRegex(more.control_hold, "would owe .*1,100.00, which is .*100.00 over the limit of .*1,000.00")
        self._refuse(more, "these goods, for which there is no order, come to")
        self._refuse(fits | self._picking(quantity=1), "100.00 over the limit")
        fits.button_validate()
        self.assertEqual(fits.state, 'done')
        # No invoice will ever be linked with it: it is owed when it is invoiced, and not before.
        self.assertExposure(700)
        self._loose_invoice(300)
        self.assertExposure(1000)
        # A release of the customer as a whole covers them up to its amount; nobody's own transfer passes by it.
        release = self.account.with_user(self.controller).action_release
        release("Known for years", amount=1350)
        self._refuse(more, "over the limit")
        release("Known for years", amount=1400)
        more.user_id = self.controller
        self._refuse(more, "over the limit")
        more.user_id = False
        more.button_validate()
        self.assertEqual(more.state, 'done')

    def test_a_zero_limit_gives_nothing_away_and_no_limit_asks_nothing(self):
        self._limit(0)
        self._refuse(self._picking(), "gets no credit: .*200.00 would be owed with these goods")
        self._limit(None)
        self._picking().button_validate()
        self.assertFalse(self.account.decision_ids)
        # A default limit binds customers who have no account yet.
        self.env['ir.default'].set('res.partner', 'credit_limit', 150.0, company_id=self.company.id)
        stranger = self.env['res.partner'].create({'name': "Stranger", 'is_company': True})
        self._refuse(self._picking(stranger), "Stranger would owe .*200.00, which is .*50.00 over")

    def test_the_grade_says_what_happens_and_warn_only_tells(self):
        for effect in ('approve', 'block'):
            self._limit(100, grade=self._grade(effect, code=effect))
            self._refuse(self._picking(), f"over the limit of .*grade {effect}")
        self._limit(100, grade=self._grade('allow', submit_effect='block', code='allow'))
        self._picking().button_validate()
        self.assertFalse(self.account.decision_ids)
        self._limit(100, grade=self._grade('warn'))
        picking = self._picking()
        picking.button_validate()
        decision = self.account.decision_ids[:1]
        self.assertEqual(
            (decision.result, decision.mode, decision.order_amount, decision.excess, decision.issues[0]['code']),
            ('passed', 'enforce', 200, 100, 'credit.limit'))
        self.assertIn("100.00 over the limit", picking.message_ids[:1].body)
        self._limit(100)
        self._switch(credit='warn')
        self._picking().button_validate()
        decision = self.account.decision_ids[:1]
        self.assertEqual((decision.mode, decision.issues[0]['would'], decision.excess), ('warn', 'block', 100))

    def test_who_is_overdue_beyond_its_grade_gets_nothing_without_an_order_either(self):
        self._limit(5000, grade=self._grade('block', overdue_days=5, overdue_amount=50))
        self._loose_invoice(60, due=fields.Date.today() - timedelta(days=6))
        self._refuse(self._picking(), "is 6 days overdue with.*Clears when .*60.00 is paid")

    def test_what_comes_back_or_goes_back_to_its_owner_is_never_judged(self):
        self._limit(0)
        customers = self.env.ref('stock.stock_location_customers')
        back = self._picking(
            picking_type=self.warehouse.in_type_id, source=customers, target=self.warehouse.lot_stock_id)
        back.button_validate()
        self.assertEqual(back.state, 'done')
        again = self._return(back, 2, refund=False, ship=False)
        again.move_ids.write({'quantity': 2, 'picked': True})
        self.assertFalse(again.control_hold)
        again.button_validate()
        self.assertEqual(again.state, 'done')
        theirs = self._picking()
        theirs.move_line_ids.owner_id = self.customer
        theirs.button_validate()
        self.assertEqual(theirs.state, 'done')

    def test_goods_count_by_the_customers_price_list_with_taxes(self):
        self.product.taxes_id = self.tax
        values = self._picking().move_ids._get_unordered_values
        self.assertEqual(sum(values().values()), 220)
        self.env.ref('base.group_user').implied_ids += self.env.ref('product.group_product_pricelist')
        self.customer.property_product_pricelist = self.env['product.pricelist'].create({
            'name': "Half", 'item_ids': [Command.create({'compute_price': 'percentage', 'percent_price': 50})]})
        self.assertEqual(sum(values().values()), 110)
        self.customer.property_account_position_id = self.env['account.fiscal.position'].create({'name': "Free"})
        self.assertEqual(sum(values().values()), 100)

    def test_what_comes_back_or_stays_is_let_through(self):
        self._hold()
        customers = self.env.ref('stock.stock_location_customers')
        back = self._picking(
            picking_type=self.warehouse.in_type_id, source=customers, target=self.warehouse.lot_stock_id)
        inside = self._picking(picking_type=self.warehouse.int_type_id, target=self.warehouse.lot_stock_id)
        for picking in back | inside:
            picking.button_validate()
            self.assertEqual(picking.state, 'done')

    def test_others_and_companies_without_control_are_not_asked(self):
        self._hold()
        stranger = self.env['res.partner'].create({'name': "Stranger", 'is_company': True})
        self._picking(stranger).button_validate()
        self._switch(credit='off')
        picking = self._picking()
        picking.button_validate()
        self.assertEqual(picking.state, 'done')
        self.assertEqual(self.account.decision_ids.mapped('result'), ['hold'])

    def test_the_transfer_says_before_that_it_will_be_stopped(self):
        stranger = self.env['res.partner'].create({'name': "Stranger", 'is_company': True})
        picking, other = self._picking(), self._picking(stranger)
        self.assertFalse(picking.control_hold)
        self._hold()
        pickings = picking | other
        pickings.invalidate_recordset()
        self.assertIn("credit hold: Cheque came back", picking.control_hold)
        self.assertFalse(other.control_hold)
        # One that is just being typed has no company yet.
        self.assertFalse(self.env['stock.picking'].new({'partner_id': self.customer.id}).control_hold)

    def test_what_would_be_stopped_is_recorded_while_control_only_tells(self):
        self._hold()
        order = self._create_order(1)
        order.with_user(self.controller).action_credit_release("Before the hold")
        self.account.with_user(self.controller).action_hold("Cheque came back")
        self._switch(credit='warn')
        picking = self._picking()
        self.assertFalse(picking.control_hold)
        picking.button_validate()
        self.assertEqual(picking.state, 'done')
        decision = self.account.decision_ids[:1]
        self.assertEqual(
            (decision.result, decision.checkpoint, decision.mode, decision.issues[0]['would']),
            ('passed', 'release', 'warn', 'block'))
        self.assertIn(picking.name, decision.reason)
        self.assertIn("Only told, not stopped", picking.message_ids[:1].body)
        # It is no word of a controller: the hold goes on ending the release from before.
        self._switch(credit='enforce')
        self.assertIn('credit.hold', [issue.code for issue in order._get_control_issues('confirm')[order.id]])

    def test_many_transfers_cost_one_question(self):
        others = self.env['res.partner'].create([{'name': f"C{n}", 'country_id': self.env.ref('base.be').id}
                                                 for n in range(3)])
        pickings = self.env['stock.picking'].union(*(
            self._picking(partner, product=product)
            for partner in self.customer | others for product in (self.product, self.delivered_product)))
        for partner in others:
            self._limit(1000, partner=partner)

        def count(moves):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            moves.browse(moves.ids)._check_unordered_delivery()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count(pickings.move_ids)
        self.assertLessEqual(count(pickings.move_ids), count(pickings[:1].move_ids) + 2)


@tagged('post_install', '-at_install')
class TestCreditGap(CreditCommon):
    """Who switches credit control on is told that customers nobody has decided on may owe any amount."""

    def test_it_is_told_until_there_is_a_default_limit(self):
        settings = self.env['res.config.settings'].create({})
        self.env['ir.default'].set('res.partner', 'credit_limit', False, company_id=self.company.id)
        settings.control_credit = 'enforce'
        self.assertIn("may owe any amount", settings.credit_gap)
        settings.control_credit = 'off'
        self.assertFalse(settings.credit_gap)
        self.env['ir.default'].set('res.partner', 'credit_limit', 500.0, company_id=self.company.id)
        settings.control_credit = 'warn'
        self.assertFalse(settings.credit_gap)
