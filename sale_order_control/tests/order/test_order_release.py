from contextlib import contextmanager

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import ControlCommon
from .test_order_gate import StubRule, issue

REASON = "The stub does not like it"


@tagged('post_install', '-at_install')
class TestOrderRelease(ControlCommon):
    """Goods of a held order do not leave, whatever somebody wrote on the move meanwhile."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(completeness='enforce', release='enforce')
        cls.storekeeper = new_test_user(
            cls.env, 'soc_storekeeper', groups='base.group_user,stock.group_stock_manager', company_id=cls.company.id)
        cls.usages = {
            usage: cls.env['stock.location'].search(
                [('usage', '=', usage), ('company_id', 'in', (False, cls.company.id))], limit=1)
            for usage in ('customer', 'supplier', 'inventory', 'production')
        }

    def setUp(self):
        super().setUp()
        self.rule = StubRule(self)

    def _ready(self, quantity=4):
        """A confirmed order of the salesperson, its transfer ready to be validated by the storekeeper."""
        order = self._create_order(quantity=quantity)
        order.action_confirm()
        picking = order.sudo().picking_ids
        picking.move_ids.quantity = quantity
        picking.move_ids.picked = True
        return order.sudo(), picking.with_user(self.storekeeper)

    @contextmanager
    def _held(self):
        with self.assertRaisesRegex(UserError, REASON), self.env.cr.savepoint():
            yield
        self.env.invalidate_all()

    def _assert_held(self, picking):
        with self._held():
            picking.button_validate()

    # === REWRITTEN MOVES ===#

    def test_a_move_without_its_link_is_held_all_the_same(self):
        for values in (
            {'sale_line_id': False},
            {'sale_line_id': False, 'picking_id': False, 'reference_ids': [(5,)]},
            {'partner_id': self.env.user.partner_id.id},
        ):
            with self.subTest(values=values):
                self.rule.issues = []
                _order, picking = self._ready()
                moves = picking.move_ids
                moves.write(values)
                self.rule.issues = [issue()]
                with self._held():
                    moves._action_done()

    def test_a_transfer_taken_from_its_order_is_held_all_the_same(self):
        _order, picking = self._ready()
        other, _picking = self._ready()
        for sale in (False, other.id):
            picking.sale_id = sale
            self.rule.batch = lambda order, terms: [issue()] if order.id == _order.id else []
            self._assert_held(picking)

    def test_another_destination_is_still_out_of_the_house(self):
        for usage in ('inventory', 'production', 'supplier'):
            with self.subTest(usage=usage):
                self.rule.issues = []
                _order, picking = self._ready()
                picking.move_ids.location_dest_id = self.usages[usage]
                picking.move_ids.move_line_ids.location_dest_id = self.usages[usage]
                self.rule.issues = [issue()]
                with self._held():
                    picking.move_ids._action_done()

    def test_goods_smuggled_out_by_the_line_of_an_internal_move_are_held(self):
        _order, picking = self._ready()
        picking.move_ids.location_dest_id = picking.move_ids.location_id
        picking.move_ids.move_line_ids.location_dest_id = self.usages['customer']
        self.rule.issues = [issue()]
        with self._held():
            picking.move_ids._action_done()

    def test_another_source_makes_no_return_and_no_drop_shipment(self):
        for usage in ('customer', 'supplier'):
            with self.subTest(usage=usage):
                self.rule.issues = []
                _order, picking = self._ready()
                picking.move_ids.location_id = self.usages[usage]
                picking.move_ids.quantity = 4
                picking.move_ids.picked = True
                self.rule.issues = [issue()]
                with self._held():
                    picking.move_ids._action_done()

    def test_the_memory_of_a_move_cannot_be_rewritten_or_planted(self):
        order, picking = self._ready()
        other, _picking = self._ready()
        move = picking.move_ids
        self.assertEqual(move.control_line_id, order.order_line)
        for value in (False, other.order_line.id):
            with self.assertRaises(AccessError):
                move.write({'control_line_id': value})
            with self.assertRaises(AccessError):
                picking.write({'move_ids': [(1, move.id, {'control_line_id': value})]})
        for env_move, extra in (
            (move, {'control_line_id': other.order_line.id}),
            (move.with_context(default_control_line_id=other.order_line.id), {}),
        ):
            planted = env_move.copy({'sale_line_id': order.order_line.id, **extra})
            self.assertEqual(planted.control_line_id, order.order_line)

    def test_the_rest_of_an_unlinked_move_remembers_too(self):
        _order, picking = self._ready()
        picking.move_ids.sale_line_id = False
        picking.move_ids.quantity = 1
        Form.from_action(self.env, picking.button_validate()).save().process()
        rest = picking.backorder_ids
        rest.move_ids.quantity = 3
        rest.move_ids.picked = True
        self.rule.issues = [issue()]
        self._assert_held(rest)

    def test_state_and_link_written_at_once_are_judged_together(self):
        order, picking = self._ready()
        self.rule.issues = [issue()]
        with self._held():
            picking.move_ids.write({
                'state': 'done', 'sale_line_id': False, 'location_dest_id': picking.location_id.id})
        stranger = picking.move_ids.copy({'sale_line_id': False, 'picking_id': False, 'control_line_id': False})
        with self._held():
            stranger.write({'state': 'done', 'sale_line_id': order.order_line.id})

    # === ADDED GOODS ===#

    def test_goods_added_to_the_transfer_of_a_held_order_are_held(self):
        _order, picking = self._ready()
        picking.move_ids.picked = False
        picking.move_ids.quantity = 0
        self.env['stock.move'].with_user(self.storekeeper).create({
            'product_id': self.product.id, 'product_uom_qty': 4, 'quantity': 4, 'picked': True,
            'picking_id': picking.id, 'location_id': picking.location_id.id,
            'location_dest_id': picking.location_dest_id.id,
        })
        self.rule.issues = [issue()]
        with self._held():
            picking.with_context(skip_backorder=True).button_validate()

    def test_more_goods_on_a_transfer_that_is_over_are_judged(self):
        order, picking = self._ready()
        picking.button_validate()
        line = picking.move_ids.move_line_ids
        self.rule.issues = [issue()]
        with self._held():
            line.quantity = 100
        with self._held():
            line.copy({'quantity': 50, 'move_id': picking.move_ids.id})
        line.quantity = 3
        self.assertEqual(order.order_line.qty_delivered, 3)

    def test_a_delivery_that_is_over_is_not_given_to_a_held_order(self):
        _order, picking = self._ready()
        picking.button_validate()
        held, _picking = self._ready()
        self.rule.batch = lambda order, terms: [issue()] if order.id == held.id else []
        with self._held():
            picking.move_ids.sale_line_id = held.order_line
        with self._held():
            picking.sale_id = held

    def test_goods_do_not_leave_for_an_order_that_nobody_confirmed(self):
        self._switch(release='off')
        _order, picking = self._ready()
        quotation = self._create_order()
        picking.move_ids.sale_line_id = quotation.order_line
        self.rule.batch = lambda order, terms: [issue()] if order.id == quotation.id else []
        self._assert_held(picking)

    # === WHAT GOES ON AS BEFORE ===#

    def test_an_internal_step_of_the_delivery_is_free(self):
        warehouse = self.env['stock.warehouse'].search([('company_id', '=', self.company.id)], limit=1)
        warehouse.delivery_steps = 'pick_ship'
        order = self._create_order()
        order.action_confirm()
        pick = order.sudo().picking_ids
        self.assertEqual(pick.location_dest_id.usage, 'internal')
        pick.move_ids.quantity = 1
        pick.move_ids.picked = True
        self.rule.issues = [issue()]
        pick.button_validate()
        self.assertEqual(pick.state, 'done')
        ship = order.sudo().picking_ids - pick
        ship.move_ids.picked = True
        self._assert_held(ship)

    def test_scrap_and_inventory_of_ordered_goods_are_free(self):
        _order, picking = self._ready()
        self.rule.issues = [issue()]
        scrap = self.env['stock.scrap'].create({
            'product_id': self.product.id, 'scrap_qty': 1, 'picking_id': picking.id})
        scrap.action_validate()
        self.assertEqual(scrap.state, 'done')

    def test_a_transfer_without_an_order_is_nobodys_business(self):
        _order, picking = self._ready()
        plain = picking.copy({'reference_ids': [(5,)], 'move_ids': []})
        self.env['stock.move'].create({
            'product_id': self.product.id, 'product_uom_qty': 1, 'quantity': 1, 'picked': True, 'picking_id': plain.id,
            'location_id': plain.location_id.id, 'location_dest_id': plain.location_dest_id.id,
        })
        self.rule.issues = [issue()]
        plain.button_validate()
        self.assertEqual(plain.state, 'done')
