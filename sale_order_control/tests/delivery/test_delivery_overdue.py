from contextlib import contextmanager

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.order.control_memory import control_today
from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryOverdue(DeliveryCommon):
    """What is overdue is delivered, or closed by somebody's decision: on no path simply dropped."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls._new_user('soc_keeper', 'stock.group_stock_manager')
        cls.policy = cls.env['sale.approval.policy'].create({
            'name': "Overdue deliveries", 'res_model': 'sale.transfer.change', 'company_id': cls.company.id,
            'level_ids': [Command.create({
                'name': "Supervisor or finance", 'approver_type': 'users', 'quorum': 'any',
                'user_ids': [Command.set((cls.sales_manager | cls.finance).ids)]})],
        })
        cls.order = cls._confirm_order((cls.product, 10.0, 2), (cls.product, 5.0, 2))
        cls._promise(cls.order.order_line, 2)
        cls.picking = cls.order.picking_ids
        cls.moves = cls.order.order_line[0].move_ids

    def setUp(self):
        super().setUp()
        today = control_today(self.env, self._day(4))
        today.__enter__()
        self.addCleanup(today.__exit__, None, None, None)

    @contextmanager
    def _refused(self):
        """Expect that the transaction is refused when it ends."""
        with self.assertRaisesRegex(UserError, "apply for a change"), self.cr.savepoint():
            yield

    def _ship_without_backorder(self, picking=None):
        picking = picking or self.picking.with_user(self.keeper)
        picking.action_assign()
        picking.move_ids.write({'quantity': 2, 'picked': True})
        picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=picking.ids).button_validate()

    def _backorder_wizard(self):
        picking = self.picking.with_user(self.keeper)
        picking.action_assign()
        picking.move_ids.write({'quantity': 2, 'picked': True})
        action = picking.button_validate()
        wizard = self.env[action['res_model']].with_user(self.keeper).with_context(**action['context']).create({})
        wizard.process_cancel_backorder()

    def _get_paths(self):
        moves, picking = self.moves.with_user(self.keeper), self.picking.with_user(self.keeper)
        line = self.order.order_line[0].with_user(self.salesperson)
        elsewhere = self.env['stock.location'].search([
            ('usage', '=', 'inventory'), ('company_id', '=', self.company.id)], limit=1)
        return {
            'cancel button': picking.action_cancel,
            'cancelled moves': lambda: moves._action_cancel(),
            'state of a move': lambda: moves.sudo().write({'state': 'cancel'}),
            'context keys': lambda: picking.with_context(
                control_acting=True, force=True, skip_procurement=True).action_cancel(),
            'less demand': lambda: moves.write({'product_uom_qty': 3}),
            'no demand': lambda: moves.write({'product_uom_qty': 0}),
            'another unit': lambda: moves.sudo().write({'product_uom': self.env.ref('uom.product_uom_dozen').id,
                                                        'product_uom_qty': 0.1}),
            'another product': lambda: moves.sudo().write({'product_id': self.scarce.id}),
            'no backorder': self._ship_without_backorder,
            'backorder wizard': self._backorder_wizard,
            'deleted transfer': lambda: picking.unlink(),
            'deleted moves': lambda: moves.sudo().unlink(),
            'to scrap': lambda: moves.sudo().write({'location_dest_id': elsewhere.id}),
            'away from the order': lambda: moves.sudo().write({'sale_line_id': False}),
            'order cancelled': lambda: self.order.action_cancel(),
            'order cancelled in mass': lambda: self.order._action_cancel(),
            'less ordered': lambda: line.write({'product_uom_qty': 3}),
            'nothing ordered': lambda: line.write({'product_uom_qty': 0}),
            'state of the order, then the transfer': lambda: (
                self.order.with_user(self.salesperson).write({'state': 'cancel'}), picking.action_cancel()),
        }

    def test_no_path_leads_past_it(self):
        for name, path in self._get_paths().items():
            with self.subTest(name), self._refused():
                path()
        self.env.invalidate_all()
        self.assertEqual(self.order.state, 'sale')
        self.assertEqual(self.order.order_line._get_obligations(), {
            (self.order.order_line[0].id, self.product.id): 10, (self.order.order_line[1].id, self.product.id): 5})

    def test_delivering_splitting_and_merging_are_no_closing(self):
        picking = self.picking.with_user(self.keeper)
        picking.action_assign()
        self.moves.with_user(self.keeper).write({'quantity': 4, 'picked': True})
        picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=[]).button_validate()
        self.cr.flush()
        rest = picking.backorder_ids
        self.assertEqual(sum(rest.move_ids.mapped('product_uom_qty')), 11)
        self.order.order_line[1].with_user(self.salesperson).product_uom_qty = 8
        self._promise(self.order.order_line[1], 6, self.reason)
        self.cr.flush()
        rest.move_ids._merge_moves()
        self.cr.flush()
        self._deliver(self.order)
        self.cr.flush()
        self.assertEqual(self.order.promise_state, 'done')

    def test_an_emptied_backorder_is_a_closing_too(self):
        picking = self.picking.with_user(self.keeper)
        picking.action_assign()
        self.moves.with_user(self.keeper).write({'quantity': 4, 'picked': True})
        picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=[]).button_validate()
        with self._refused():
            picking.backorder_ids.action_cancel()

    def test_before_its_day_it_is_cancelled_as_ever(self):
        with control_today(self.env, self._day(2)):
            self.picking.with_user(self.keeper).action_cancel()
            self.cr.flush()
        self.assertEqual(self.picking.state, 'cancel')

    def test_without_a_policy_nobody_closes_it_and_the_settings_say_so(self):
        settings = self.env['sale.control.settings'].create({'company_id': self.company.id})
        self.assertFalse(settings.overdue_undecidable)
        self.policy.active = False
        settings.invalidate_recordset()
        self.assertIn("nobody is named who decides", settings.overdue_undecidable)
        with self._refused():
            self.moves.with_user(self.keeper).product_uom_qty = 7
        with self.assertRaisesRegex(UserError, "Nobody is named yet who decides"):
            self._apply()
        # A policy that asks nobody about so little is the company's decision.
        self.policy.write({'active': True, 'min_amount': 5000})
        self.moves.with_user(self.keeper).product_uom_qty = 7
        self.cr.flush()
        self.assertIn("while overdue", self.order.control_log_ids[0].message)

    def test_while_it_is_only_watched_or_off_nobody_is_asked(self):
        self.policy.active = False
        self._switch(promise='warn')
        self.moves.with_user(self.keeper).product_uom_qty = 6
        self.cr.flush()
        self._switch(promise='off')
        self.picking.with_user(self.keeper).action_cancel()
        self.cr.flush()
        self.assertEqual(self.picking.state, 'cancel')

    def _apply(self, user=None, picking=True, reason="Nobody wants them."):
        wizard = self.env['sale.transfer.change.wizard'].with_user(user or self.keeper).create({
            'order_id': self.order.id, 'picking_id': self.picking.id if picking else False,
            'cause_id': self.reason.id, 'reason': reason})
        return self.env['sale.transfer.change'].browse(wizard.action_apply()['res_id'])

    def _decide(self, change, user=None):
        request = change.sudo().approval_request_ids.sorted('id')[-1:]
        request.with_user(user or self.finance).action_agree()

    def test_once_somebody_agreed_it_may_be_closed_and_only_so_much(self):
        change = self._apply()
        self.assertEqual((change.state, change.amount), ('asked', 1500))
        self.assertEqual(
            change.sudo().approval_request_ids.task_ids.user_id, self.sales_manager | self.finance)
        with self._refused():
            self.picking.with_user(self.keeper).action_cancel()
        with self.assertRaisesRegex(UserError, "asked for already"):
            self._apply(self.planner)
        self._decide(change)
        self.assertEqual(change.state, 'approved')
        self.picking.with_user(self.keeper).action_cancel()
        self.cr.flush()
        self.assertEqual((self.picking.state, change.state), ('cancel', 'used'))
        self.assertEqual(change.line_ids.mapped('used_quantity'), [10, 5])

    def test_a_part_of_it_uses_a_part_of_the_permission(self):
        change = self._apply()
        self._decide(change, self.sales_manager)
        self.moves.with_user(self.keeper).product_uom_qty = 7
        self.cr.flush()
        self.assertEqual((change.state, change.line_ids.mapped('used_quantity')), ('approved', [3, 0]))
        self.picking.with_user(self.keeper).action_cancel()
        self.cr.flush()
        self.assertEqual(change.state, 'used')

    def test_salesperson_applies_on_the_order_and_cancels_it_afterwards(self):
        opened = self.order.with_user(self.salesperson).action_apply_for_change()
        self.assertEqual(opened['context']['default_order_id'], self.order.id)
        change = self._apply(self.salesperson, picking=False)
        self.assertEqual(change.line_ids.mapped('quantity'), [10, 5])
        self._decide(change)
        self.order._action_cancel()
        self.cr.flush()
        self.assertEqual((self.order.state, change.state), ('cancel', 'used'))

    def test_a_refusal_or_a_lapse_leaves_it_as_it_is_and_the_planner_hears_it(self):
        change = self._apply()
        request = change.sudo().approval_request_ids
        request.with_user(self.finance).action_disagree("Deliver it.")
        self.assertEqual(change.state, 'refused')
        lapsing = self._apply()
        before = self.env['mail.message'].search_count([('partner_ids', 'in', self.planner.partner_id.ids)])
        lapsing.sudo().approval_request_ids._expire()
        self.assertEqual(lapsing.state, 'draft')
        messages = self.env['mail.message'].search([('partner_ids', 'in', self.planner.partner_id.ids)], order='id')
        self.assertEqual(len(messages), before + 1)
        self.assertIn("was not decided in time", messages[-1].subject)
        with self._refused():
            self.picking.with_user(self.keeper).action_cancel()
        self.assertNotEqual(self.picking.state, 'cancel')

    def test_who_applies_or_sells_does_not_decide(self):
        self.policy.level_ids.user_ids = self.finance | self.salesperson | self.planner
        change = self._apply(self.planner)
        self.assertEqual(change.sudo().approval_request_ids.task_ids.user_id, self.finance)

    def test_nobody_writes_a_permission(self):
        change = self._apply()
        changes = self.env['sale.transfer.change']
        values = {'order_id': self.order.id, 'company_id': self.company.id, 'user_id': self.keeper.id,
                  'reason': "x", 'state': 'approved'}
        for user in (self.keeper, self.planner, self.env.ref('base.user_admin'), self.env.ref('base.user_root')):
            with self.assertRaises(UserError):
                changes.with_user(user).create(values)
            for row in (change, change.line_ids):
                with self.assertRaises(UserError):
                    row.with_user(user).write({'state': 'approved'} if row == change else {'quantity': 99})
                with self.assertRaises(UserError):
                    row.with_user(user).unlink()
        with self.assertRaises(UserError):
            change.sudo().write({'approval_state': 'approved'})
        for user in (self.other_salesperson, self.controller):
            with self.assertRaises(AccessError):
                self._apply(user)

    def test_an_application_says_why_and_is_about_something_overdue(self):
        with self.assertRaisesRegex(UserError, "Say why"):
            self._apply(reason=" ")
        with control_today(self.env, self._day(1)), self.assertRaisesRegex(UserError, "Nothing of"):
            self._apply()

    def test_pick_and_ship_are_watched_at_both_steps(self):
        self.warehouse.delivery_steps = 'pick_ship'
        with control_today(self.env, self._day(0)):
            order = self._confirm_order((self.product, 6.0, 2))
            self._promise(order.order_line, 2)
        picks = order.order_line.move_ids.picking_id
        with self._refused():
            picks.with_user(self.keeper).action_cancel()
        self._deliver(order)
        self.cr.flush()
        ship = order.order_line.move_ids.filtered(lambda move: move.state not in ('done', 'cancel')).picking_id
        with self._refused():
            ship.with_user(self.keeper).action_cancel()
        self._deliver(order)
        self.cr.flush()
        self.assertEqual(order.promise_state, 'done')
