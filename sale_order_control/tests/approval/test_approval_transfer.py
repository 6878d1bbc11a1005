from dataclasses import replace

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.approval.request.approval_memory import approval_deciding
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalTransfer(ApprovalCommon):
    """A delivery to a customer runs the same chain as an order, on every path on which goods leave."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._new_user('soc_control_manager', 'sale_order_control.group_manager')
        cls.keeper = cls._new_user('soc_keeper', 'stock.group_stock_manager')
        cls.deliveries = cls._policy(
            cls._level(cls.director), name="Deliveries", res_model='stock.picking', min_amount=500.0)

    def _delivery(self, quantity=10.0, **values):
        """An order confirmed long since, and its transfer, ready to go."""
        order = self._create_order(quantity, **values)
        order.with_user(self.sales_manager).action_confirm()
        picking = order.sudo().picking_ids.with_user(self.keeper)
        picking.action_assign()
        return picking

    def _pick(self, picking):
        picking.sudo().move_ids.picked = True

    def _ship(self, picking):
        self._pick(picking)
        return picking.button_validate()

    def _agreed(self, picking):
        picking.action_submit()
        request = picking.sudo().approval_request_ids.sorted('id')[-1:]
        request.with_user(self.director).action_agree()
        return request

    def test_goods_leave_once_somebody_agreed_and_orders_need_nothing_for_it(self):
        picking = self._delivery()
        self.assertIn("needs an approval, submit it", picking.control_hold)
        with self.assertRaisesRegex(UserError, "may not leave"):
            self._ship(picking)
        picking.action_submit()
        self.assertIn("waits for approval", picking.control_hold)
        request = picking.sudo().approval_request_ids
        self.assertEqual((picking.approval_state, request.state, request.task_ids.user_id.ids),
                         ('pending', 'pending', self.director.ids))
        facts = dict(request.display['facts'])
        self.assertEqual(facts[self.product.display_name], "10 Units")
        self.assertIn("Main Street", facts["Address"])
        self.assertEqual(request.amount_untaxed, 1000.0)
        with self.assertRaises(UserError):
            self._ship(picking)
        with self.assertRaisesRegex(UserError, "does not wait for you"):
            request.with_user(self.manager).action_agree()
        request.with_user(self.director).action_agree()
        self.assertFalse(picking.control_hold)
        self._ship(picking)
        self.assertEqual((picking.state, picking.approval_state), ('done', 'approved'))

    def test_a_draft_of_a_policy_is_tried_on_deliveries_instead_of_the_policies_in_force(self):
        picking = self._delivery().sudo()
        [rule] = picking._get_rules_in_scope()[picking.id]
        draft = replace(rule, name="Draft")
        self.assertEqual(picking._get_rules_in_scope([draft]), {picking.id: [draft]})
        self.assertEqual(picking._get_rules_in_scope([]), {})

    def test_no_path_leads_past_it(self):
        picking = self._delivery()
        for name, (path, words) in self._get_paths(picking).items():
            with self.subTest(name), self.assertRaisesRegex(UserError, words), self.cr.savepoint():
                path()
        self.env.invalidate_all()
        self.assertNotEqual(picking.state, 'done')
        self.assertFalse(picking.sudo().approval_request_ids)

    def test_the_same_paths_are_open_once_it_is_approved(self):
        for name in ('button', 'skipping checks', 'transfer', 'moves', 'state'):
            with self.subTest(name):
                picking = self._delivery()
                self._agreed(picking)
                path, _words = self._get_paths(picking)[name]
                path()
                self.env.invalidate_all()
                self.assertEqual(set(picking.move_ids.mapped('state')), {'done'})

    def _get_paths(self, picking):
        """Return ``{name: (act, words of the refusal)}``: every way on which the goods could leave."""
        moves, held = picking.move_ids, "The goods may not leave"
        return {
            'button': (lambda: self._ship(picking), held),
            'skipping checks': (lambda: (
                self._pick(picking),
                picking.with_context(skip_sanity_check=True, skip_backorder=True).button_validate()), held),
            'transfer': (lambda: (self._pick(picking), picking.sudo()._action_done()), held),
            'moves': (lambda: (self._pick(picking), moves.sudo()._action_done()), held),
            'state': (lambda: moves.sudo().write({'state': 'done'}), held),
            'approval state': (
                lambda: picking.write({'approval_state': 'approved'}), "follow from checks and decisions"),
            'move of its own': (lambda: self.env['stock.move'].sudo().create({
                'product_id': self.product.id, 'product_uom_qty': 1, 'location_id': picking.location_id.id,
                'location_dest_id': picking.location_dest_id.id, 'state': 'done'}), "by a transfer only"),
            'out of the transfer': (lambda: (
                moves.sudo().write({'picking_id': False}), moves.sudo().write({'picked': True}),
                moves.sudo()._action_done()), "by a transfer only"),
        }

    def test_what_got_worse_voids_it_and_what_is_less_does_not(self):
        picking = self._delivery()
        request = self._agreed(picking)
        picking.move_ids.product_uom_qty = 8
        self.assertEqual(request.state, 'approved')
        picking.move_ids.product_uom_qty = 12
        self.assertEqual((request.state, picking.approval_state), ('void', 'void'))
        self.assertIn("goods", request.outcome)
        with self.assertRaises(UserError):
            self._ship(picking)
        again = self._agreed(picking)
        picking.partner_id = self.env['res.partner'].create({'name': "Somebody Else", 'street': "2 Side Street"})
        self.assertEqual(again.state, 'void')
        third = self._agreed(picking)
        # The address is what was judged, not only the contact.
        picking.partner_id.sudo().street = "3 Far Away"
        with self.assertRaises(UserError):
            self._ship(picking)
        self.assertEqual(third.state, 'approved')

    def test_the_rest_of_an_agreed_delivery_needs_no_second_agreement(self):
        picking = self._delivery(20)
        self._agreed(picking)
        picking.move_ids.quantity = 6
        picking.move_ids.picked = True
        picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=[]).button_validate()
        self.assertEqual(picking.state, 'done')
        rest = picking.backorder_ids
        self.assertEqual(rest.move_ids.product_uom_qty, 14)
        # More than what was left of it is another delivery.
        rest.move_ids.product_uom_qty = 15
        rest.move_ids.quantity = 15
        with self.assertRaises(UserError):
            self._ship(rest)
        rest.move_ids.quantity = 14
        rest.move_ids.product_uom_qty = 14
        self._ship(rest)
        self.assertEqual(rest.state, 'done')

    def test_more_on_a_delivery_that_is_over_is_refused(self):
        picking = self._delivery()
        self._agreed(picking)
        self._ship(picking)
        # Of the two, only this one takes back what was done before the refusal.
        with self.assertRaises(UserError):
            picking.sudo().move_ids.move_line_ids.quantity = 15
        self.env.invalidate_all()
        self.assertEqual(picking.move_ids.quantity, 10)

    def test_a_lapse_leaves_it_held_and_tells_the_planner_and_cancels_nothing(self):
        picking = self._delivery()
        picking.action_submit()
        request = picking.sudo().approval_request_ids
        told = [('partner_ids', 'in', self.planner.partner_id.ids)]
        before = self.env['mail.message'].sudo().search_count(told)
        with approval_deciding(self.env):
            request.expires_on = fields.Date.today()
        request._expire()
        self.assertEqual((request.state, picking.approval_state), ('expired', 'expired'))
        self.assertNotIn(picking.state, ('cancel', 'done'))
        with self.assertRaises(UserError):
            self._ship(picking)
        self.assertEqual(self.env['mail.message'].sudo().search_count(told), before + 1)
        self._agreed(picking)
        self._ship(picking)
        self.assertEqual(picking.state, 'done')

    def test_deliveries_have_the_deadlines_of_their_levels(self):
        self.deliveries.level_ids.write({'deadline_hours': 8, 'remind_hours': 4})
        picking = self._delivery()
        picking.action_submit()
        task = picking.sudo().approval_request_ids.task_ids
        self.assertTrue(task.deadline and task.remind_on)

    def test_small_ones_returns_receipts_and_transfers_inside_go_as_ever(self):
        small = self._delivery(quantity=2)
        self.assertFalse(small.approval_can_submit)
        self._ship(small)
        self.assertEqual(small.state, 'done')
        picking = self._delivery()
        self._agreed(picking)
        self._ship(picking)
        back = self.env['stock.return.picking'].with_user(self.keeper).with_context(
            active_id=picking.id, active_ids=picking.ids, active_model='stock.picking').create({})
        back.product_return_moves.quantity = 10
        returned = self.env['stock.picking'].browse(back.action_create_returns()['res_id'])
        returned.move_ids.quantity = 10
        self._ship(returned)
        self.assertEqual(returned.state, 'done')

    def test_nothing_is_asked_while_off_or_without_such_a_policy(self):
        self._switch(approval='off')
        off = self._delivery()
        self._ship(off)
        self.assertEqual((off.state, off.approval_state), ('done', 'none'))
        self._switch(approval='enforce')
        self.deliveries.active = False
        free = self._delivery()
        self.assertFalse(free.approval_can_submit)
        with self.assertRaisesRegex(UserError, "No approval is needed"):
            free.action_submit()
        self._ship(free)
        self.assertEqual(free.state, 'done')

    def test_who_sells_the_goods_does_not_let_them_out(self):
        self.deliveries.level_ids.user_ids = [Command.set((self.director | self.salesperson).ids)]
        picking = self._delivery()
        picking.action_submit()
        self.assertEqual(picking.sudo().approval_request_ids.task_ids.user_id, self.director)

    def test_while_warned_only_goods_leave_and_the_log_says_what_would_have_held_them(self):
        picking = self._delivery()
        self._switch(approval='warn')
        self._ship(picking)
        self.assertEqual(picking.state, 'done')
        [row] = picking.sudo().sale_id.control_log_ids.filtered(lambda row: row.checkpoint == 'release' and row.would)
        self.assertEqual((row.effect, row.would), ('warn', 'approve'))
        self.assertIn("Deliveries", row.message)
