import base64
import re

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...models.delivery.shipment.shipment_verdict import Finding, judge_findings
from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryCheck(DeliveryCommon):
    """Two persons look at marked shipments, and the customer confirms the address, before goods leave."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.packers = [
            new_test_user(
                cls.env, login, groups='base.group_user,stock.group_stock_user', company_id=cls.company.id)
            for login in ('soc_packer_one', 'soc_packer_two')
        ]
        cls.points = cls.env.ref('sale_order_control.shipment_check_point_quantity') \
            | cls.env.ref('sale_order_control.shipment_check_point_labels')
        cls.address = cls.env.ref('sale_order_control.shipment_check_point_address')
        cls.env['sale.shipment.check.point'].search([('id', 'not in', (cls.points | cls.address).ids)]).active = False
        cls._stock(cls.scarce, 50)

    def _ready(self, quantity=4, promise=True, **values):
        """A marked order, promised and packed; returns order and transfer."""
        order = self._confirm_order((self.scarce, quantity), **{'shipment_check': True, **values})
        if promise:
            self._promise(order.order_line, 2)
        order.picking_ids.action_assign()
        return order, order.picking_ids

    def _check(self, picking, user, wrong=None, remark="Torn", **values):
        """Let a packer check the transfer as the form does; ``wrong`` is the point that is not in order."""
        wizard = self.env['sale.shipment.check.wizard'].with_user(user).with_context(
            default_picking_id=picking.id).create(values)
        for line in wizard.line_ids:
            line.answer = 'failed' if line.point_id == wrong else 'passed'
            line.remark = remark if line.point_id == wrong else False
        wizard.action_record()

    def _confirm_address(self, order, user=None, contact="Ms Li"):
        wizard = self.env['sale.shipment.check.wizard'].with_user(user or self.salesperson).with_context(
            default_order_id=order.id).create({'contact': contact})
        wizard.action_all_in_order()

    def _ship(self, picking, user=None):
        picking.with_user(user or self.packers[0]).with_context(skip_backorder=True).button_validate()
        return picking.state

    def _assert_held(self, picking, words):
        with self.assertRaisesRegex(UserError, words), self.env.cr.savepoint():
            self._ship(picking)
        self.env.invalidate_all()

    # === THE RULE ===#

    def test_two_persons_and_the_customer_let_goods_leave(self):
        order, picking = self._ready()
        self._assert_held(picking, r"has not been checked: Products and quantities \(0 of 2 persons\)")
        self._check(picking, self.packers[0])
        self._assert_held(picking, r"\(1 of 2 persons\)")
        self._check(picking, self.packers[1])
        self._assert_held(picking, "address has not been confirmed")
        self._confirm_address(order)
        self.assertEqual(self._ship(picking), 'done')
        self.assertEqual(
            picking.shipment_check_ids.mapped('contents'), [f"4 Units {self.scarce.display_name}\n"
                                                            f"{picking.partner_id.display_name}"] * 2)

    def test_one_person_alone_is_not_two(self):
        _order, picking = self._ready()
        self._check(picking, self.packers[0])
        with self.assertRaisesRegex(UserError, "nothing for you to check"):
            picking.with_user(self.packers[0]).action_check_shipment()
        findings = [(point, True, False) for point in self.points]
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            picking.with_user(self.packers[0])._record_shipment_check(findings)

    def test_what_is_packed_differently_is_checked_again(self):
        order, picking = self._ready(quantity=4)
        for packer in self.packers:
            self._check(picking, packer)
        self._confirm_address(order)
        picking.move_ids.quantity = 3
        self._assert_held(picking, r"\(0 of 2 persons\)")
        picking.move_ids.quantity = 4
        self.assertEqual(self._ship(picking), 'done')

    def test_a_backorder_is_a_shipment_of_its_own(self):
        order, picking = self._ready(quantity=4)
        self._confirm_address(order)
        picking.move_ids.write({'quantity': 1, 'picked': True})
        for packer in self.packers:
            self._check(picking, packer)
        picking.with_user(self.packers[0]).with_context(skip_backorder=True).button_validate()
        self.assertEqual(picking.state, 'done')
        rest = order.picking_ids - picking
        rest.action_assign()
        self._assert_held(rest, r"\(0 of 2 persons\)")

    def test_what_is_wrong_stops_and_all_look_again(self):
        order, picking = self._ready()
        self._confirm_address(order)
        labels = self.env.ref('sale_order_control.shipment_check_point_labels')
        self._check(picking, self.packers[0])
        self._check(picking, self.packers[1], wrong=labels)
        self._assert_held(picking, re.escape(f"Labels and marks: not in order, says {self.packers[1].name}: Torn"))
        self._check(picking, self.packers[1])
        self._assert_held(picking, r"Labels and marks \(1 of 2 persons\)")
        self._check(picking, self.packers[0])
        self.assertEqual(self._ship(picking), 'done')

    def test_findings_are_summed_up_point_by_point(self):
        verdicts = judge_findings([
            Finding(1, 10, True), Finding(2, 10, True), Finding(1, 11, True), Finding(2, 11, False, "Wet"),
            Finding(2, 10, True)])
        self.assertEqual(verdicts[1].persons, {10, 11})
        self.assertEqual(verdicts[2].persons, {10})
        self.assertFalse(verdicts[2].failed)

    def test_what_is_wrong_has_to_be_said(self):
        _order, picking = self._ready()
        with self.assertRaisesRegex(UserError, "Say what is wrong with: Labels"):
            self._check(picking, self.packers[0], wrong=self.points[1], remark=" ")
        self.assertFalse(picking.shipment_check_ids)

    def test_a_moved_address_or_day_is_confirmed_again(self):
        order, _picking = self._ready()
        self._confirm_address(order)
        self.assertFalse(order.address_check_needed)
        order.partner_shipping_id.phone = "+1 555 0199"
        order.invalidate_recordset(['address_check_needed'])
        self.assertTrue(order.address_check_needed)
        self._confirm_address(order)
        self._promise(order.order_line, 5, self.reason)
        order.invalidate_recordset(['address_check_needed'])
        self.assertTrue(order.address_check_needed)

    def test_the_address_is_confirmed_by_somebody(self):
        order, _picking = self._ready()
        with self.assertRaisesRegex(UserError, "who confirmed it"):
            self._confirm_address(order, contact=" ")

    def test_a_report_goes_with_the_inspection(self):
        self.points.active = False
        inspection = self.env.ref('sale_order_control.shipment_check_point_inspection')
        inspection.write({'active': True, 'product_category_ids': [(6, 0, self.scarce.categ_id.ids)]})
        order, picking = self._ready(shipment_check=False)
        with self.assertRaisesRegex(UserError, "Attach the report for: Quality inspection"):
            self._check(picking, self.packers[0])
        self._check(picking, self.packers[0], report=base64.b64encode(b"Result: good"), report_name="report.txt")
        self.assertEqual(self._ship(picking), 'done')
        self.assertEqual(base64.b64decode(order.shipment_check_ids.report), b"Result: good")

    def test_points_narrow_down_by_sales_type_customer_and_goods(self):
        self.address.active = False
        other = self.env['product.category'].create({'name': "Other"})
        tag = self.env['res.partner.category'].create({'name': "Picky"})
        for values, words in (
            ({'product_category_ids': [(6, 0, other.ids)]}, None),
            ({'product_category_ids': [(6, 0, self.scarce.categ_id.ids)]}, "has not been checked"),
            ({'product_category_ids': [(5,)], 'product_ids': [(6, 0, self.product.ids)]}, None),
            ({'product_ids': [(6, 0, self.scarce.ids)]}, "has not been checked"),
            ({'product_ids': [(5,)], 'partner_category_ids': [(6, 0, tag.ids)]}, None),
        ):
            with self.subTest(values=values):
                self.points.write({'requirement': 'matching', **values})
                _order, picking = self._ready(shipment_check=False)
                if words:
                    self._assert_held(picking, words)
                else:
                    self.assertEqual(self._ship(picking), 'done')

    def test_goods_of_two_orders_in_one_transfer_are_checked_together(self):
        self.address.active = False
        (_order, picking), (_other, other) = self._ready(), self._ready()
        other.move_ids.picking_id = picking
        picking.move_ids.move_line_ids.picking_id = picking
        for packer in self.packers:
            self._check(picking, packer)
        self.assertFalse(picking.shipment_check_needed)
        self.assertEqual(self._ship(picking), 'done')

    # === SILENCE ===#

    def test_other_orders_are_asked_for_nothing(self):
        order, picking = self._ready(shipment_check=False)
        self.assertFalse(picking.shipment_check_needed)
        self.assertFalse(order.address_check_needed)
        self.assertEqual(self._ship(picking), 'done')

    def test_while_the_control_is_off_nothing_is_checked(self):
        _order, picking = self._ready()
        self._switch(promise='off')
        self.assertFalse(picking.shipment_check_needed)
        self.assertFalse(picking.control_hold)
        self.assertEqual(self._ship(picking), 'done')

    def test_a_return_is_not_checked(self):
        order, picking = self._ready(shipment_check=False)
        self._ship(picking)
        order.sudo().shipment_check = True
        wizard = self.env['stock.return.picking'].with_context(
            active_id=picking.id, active_ids=picking.ids, active_model='stock.picking').create({})
        wizard.product_return_moves.quantity = 2
        back = wizard._create_return()
        back.action_assign()
        self.assertFalse(back.shipment_check_needed)
        self.assertEqual(self._ship(back), 'done')

    # === WHAT PEOPLE SEE ===#

    def test_the_transfer_says_why_it_is_held_and_who_clears_it(self):
        order, picking = self._ready()
        text = picking.with_user(self.packers[0]).control_hold
        self.assertIn(order.name, text)
        self.assertIn("The warehouse checks what is packed (Check Shipment).", text)
        self.assertIn("The salesperson asks the customer (Confirm Address).", text)
        for packer in self.packers:
            self._check(picking, packer)
        self._confirm_address(order)
        self.assertFalse(picking.with_user(self.packers[0]).control_hold)

    # === WAYS ROUND ===#

    def test_moves_done_directly_are_held_too(self):
        _order, picking = self._ready()
        picking.move_ids.picked = True
        for path in (
            lambda: picking.move_ids._action_done(),
            lambda: picking.move_ids.write({'state': 'done'}),
            lambda: picking.with_context(skip_sms=True, force=True)._action_done(),
        ):
            with self.assertRaisesRegex(UserError, "has not been checked"), self.env.cr.savepoint():
                path()
            self.env.invalidate_all()

    def test_goods_without_a_transfer_cannot_be_checked_and_stay(self):
        _order, picking = self._ready()
        move = picking.move_ids
        move.write({'picking_id': False, 'picked': True})
        with self.assertRaisesRegex(UserError, "shipped without a transfer"):
            move._action_done()

    def test_checks_are_not_written_by_hand(self):
        order, picking = self._ready()
        values = {
            'order_id': order.id, 'picking_id': picking.id, 'company_id': self.company.id,
            'user_id': self.packers[1].id, 'passed': True, 'digest': "x"}
        for user in (self.packers[0], self.salesperson, self.planner):
            with self.subTest(user=user.login), self.assertRaises(UserError), self.env.cr.savepoint():
                self.env['sale.shipment.check'].with_user(user).create(values)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.env['sale.shipment.check'].sudo().create(values)
        self._check(picking, self.packers[0])
        check = picking.shipment_check_ids
        for user in (self.packers[0], self.env.user):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                check.with_user(user).write({'user_id': self.packers[1].id})
            with self.assertRaises(UserError), self.env.cr.savepoint():
                check.with_user(user).unlink()

    def test_only_warehouse_and_planners_check_goods(self):
        _order, picking = self._ready()
        with self.assertRaisesRegex(AccessError, "warehouse or by delivery planners"):
            picking.with_user(self.salesperson)._check_shipment_rights()
        with self.assertRaises(AccessError):
            self._check(picking, self.salesperson)

    def test_the_form_counts_only_for_what_it_showed(self):
        _order, picking = self._ready()
        wizard = self.env['sale.shipment.check.wizard'].with_user(self.packers[0]).with_context(
            default_picking_id=picking.id).create({})
        picking.move_ids.quantity = 2
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            wizard.action_all_in_order()

    def test_who_waits_for_a_check_cannot_take_it_away(self):
        order, _picking = self._ready()
        with self.assertRaisesRegex(AccessError, "only a delivery planner"):
            order.with_user(self.salesperson).shipment_check = False
        copied = order.with_user(self.salesperson).copy()
        self.assertFalse(copied.shipment_check, "a new order starts without it")

    def test_cancelling_the_order_or_its_transfer_takes_no_check_away(self):
        order, picking = self._ready()
        self._confirm_address(order)
        picking.with_user(self.packers[0]).action_cancel()
        again = picking.with_user(self.packers[0]).copy()
        again.action_confirm()
        again.action_assign()
        self._assert_held(again, r"has not been checked: .*\(0 of 2 persons\)")
        order._action_cancel()
        order.action_draft()
        with self.assertRaisesRegex(AccessError, "only a delivery planner"):
            order.with_user(self.salesperson).shipment_check = False
        new = order.with_user(self.salesperson).copy({'shipment_check': True})
        new.shipment_check = False
        self.assertFalse(new.shipment_check)

    def test_a_transfer_beside_the_order_is_no_way_out(self):
        order, picking = self._ready()
        self._confirm_address(order)
        picking.do_unreserve()
        beside, free = self._issue(self.scarce, 4, 0), self._issue(self.product, 1, 0)
        transfers = self.env['stock.picking'].create([{
            'picking_type_id': self.warehouse.out_type_id.id, 'partner_id': order.partner_id.id,
            'location_id': self.warehouse.lot_stock_id.id, 'location_dest_id': move.location_dest_id.id,
        } for move in (beside, free)])
        beside.picking_id, free.picking_id = transfers
        transfers.action_assign()
        self._assert_held(transfers[0], f"waits for it with {order.name}")
        self.assertEqual(self._ship(transfers[1]), 'done', "what nobody waits for goes")
        transfers[0].sale_id = order
        self._assert_held(transfers[0], "has not been checked")

    # === THE FORM IS NO WINDOW ===#

    def test_the_form_shows_nothing_of_documents_its_user_cannot_read(self):
        order, picking = self._ready()
        elsewhere = self.env['res.company'].create({'name': "Elsewhere"})
        stranger = new_test_user(
            self.env, 'soc_stranger', groups='base.group_user,sales_team.group_sale_salesman,stock.group_stock_user',
            company_id=elsewhere.id, company_ids=[Command.set(elsewhere.ids)])
        for user, values in (
            (self.other_salesperson, {'order_id': order.id}), (stranger, {'picking_id': picking.id}),
        ):
            wizards = self.env['sale.shipment.check.wizard'].with_user(user)
            with self.subTest(values=values):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    wizards.create(values)
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    wizards.create({}).write(values)
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    wizards.onchange(values, list(values), {'contents': {}, 'report_wanted': {}})
                context = {f'default_{name}': value for name, value in values.items()}
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    wizards.with_context(**context).onchange({}, [], {'contents': {}})

    def test_the_form_belongs_to_who_opened_it(self):
        order, _picking = self._ready()
        wizard = self.env['sale.shipment.check.wizard'].with_user(self.salesperson).with_context(
            default_order_id=order.id).create({})
        for record in (wizard, wizard.line_ids):
            with self.assertRaises(AccessError):
                record.with_user(self.sales_manager).read([])
        line = {'wizard_id': wizard.id, 'point_id': self.address.id}
        with self.assertRaises(AccessError):
            self.env['sale.shipment.check.wizard.line'].with_user(self.other_salesperson).create(line)

    def test_a_planners_form_names_lines_that_the_planner_reads(self):
        quotation = self._create_order().sudo()
        wizards = self.env['sale.delivery.promise.wizard'].with_user(self.planner)
        values = {'line_ids': [Command.set(quotation.order_line.ids)], 'promised_date': self._day(3)}
        with self.assertRaises(AccessError):
            wizards.create(values)
        with self.assertRaises(AccessError):
            wizards.onchange(values, ['promised_date'], {'warning': {}})

    def test_who_has_checked_is_told_that_another_person_must(self):
        _order, picking = self._ready()
        self.assertTrue(picking.with_user(self.packers[0]).shipment_check_mine)
        self._check(picking, self.packers[0])
        mine, other = (picking.with_user(packer) for packer in self.packers)
        self.assertFalse(mine.shipment_check_mine)
        self.assertIn("Another person has to, for: Products and quantities", mine.shipment_check_waits)
        self.assertTrue(other.shipment_check_mine)
        self.assertFalse(other.shipment_check_waits)
        self._check(picking, self.packers[1])
        self.assertFalse(mine.shipment_check_waits)

    # === BAD INPUT ===#

    def test_a_point_that_makes_no_sense_is_refused(self):
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.env.cr.savepoint():
            self.points[0].persons = 0
            self.points.flush_recordset()
        with self.assertRaisesRegex(ValidationError, "needs no report"):
            self.address.file_required = True

    def test_a_point_in_use_is_not_deleted(self):
        _order, picking = self._ready()
        self._check(picking, self.packers[0])
        with self.assertRaisesRegex(ValidationError, "Archive it instead"):
            self.points.unlink()
