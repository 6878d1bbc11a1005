from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ControlCommon
from .test_order_gate import StubRule, issue


@tagged('post_install', '-at_install')
class TestOrderProcurement(ControlCommon):
    """Before stock rules buy, make or reserve, the gate is asked; the order stands and its supply waits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(completeness='enforce')

    def setUp(self):
        super().setUp()
        self.rule = StubRule(self)
        self.rule.batch = lambda order, terms: []
        self.patch(
            self.registry['sale.order'], '_get_procure_judged', lambda orders: orders.filtered('id'))
        self.procure_issues = [issue()]
        original = self.registry['sale.order']._collect_control_issues

        def _collect_control_issues(orders, checkpoint, terms):
            result = original(orders, checkpoint, terms)
            if checkpoint == 'procure':
                for order in orders:
                    result[order.id] += self.procure_issues
            return result

        self.patch(self.registry['sale.order'], '_collect_control_issues', _collect_control_issues)

    def _confirmed(self, **values):
        order = self._create_order(**values)
        order.action_confirm()
        return order.sudo()

    def _supplied(self, order):
        moves = order.order_line.move_ids.filtered(lambda move: move.state != 'cancel')
        return sum(moves.filtered(lambda move: move.location_dest_id.usage == 'customer').mapped('product_uom_qty'))

    # === WAITING ===#

    def test_the_confirmation_stands_and_nothing_is_launched(self):
        order = self._confirmed(quantity=4)
        self.assertEqual(order.state, 'sale')
        self.assertFalse(order.picking_ids)
        self.assertEqual(order.control_procurement_hold, "Ask the stub.")
        self.assertEqual(order.control_status, 'supply')
        self.assertIn("Ask the stub.", order.control_next)
        section = next(section for section in order.control_panel if section['area'] == 'supply')
        self.assertEqual(section['issues'][0]['clears'], "Ask the stub.")
        self.assertIn(order, self.env['sale.order'].search([('control_procurement_hold', '!=', False)]))
        events = order.control_log_ids.mapped('event')
        self.assertIn('procure_held', events)
        self.assertIn('confirmed', events)

    def test_the_supply_goes_on_once_the_cause_is_gone(self):
        order = self._confirmed(quantity=4)
        self.assertFalse(order._control_resume_procurement())
        self.procure_issues = []
        self.assertEqual(order._control_resume_procurement(), order)
        self.assertEqual(self._supplied(order), 4)
        self.assertFalse(order.control_procurement_hold)
        self.assertFalse(order.order_line.control_procurement_held)
        self.assertIn('procured', order.control_log_ids.mapped('event'))
        self.assertFalse(order._control_resume_procurement())
        self.assertEqual(self._supplied(order), 4)

    def test_changed_quantities_are_launched_exactly_once(self):
        order = self._confirmed(quantity=4)
        line = order.order_line.with_user(self.salesperson)
        line.product_uom_qty = 7
        line.product_uom_qty = 5
        self.assertFalse(order.picking_ids)
        self.procure_issues = []
        order._control_resume_procurement()
        self.assertEqual(self._supplied(order), 5)
        line.product_uom_qty = 9
        self.assertEqual(self._supplied(order), 9)

    def test_more_of_a_supplied_order_waits_and_less_of_it_does_not(self):
        self.procure_issues = []
        order = self._confirmed(quantity=4)
        line = order.order_line.with_user(self.salesperson)
        self.procure_issues = [issue()]
        line.product_uom_qty = 10
        self.assertEqual(self._supplied(order), 4)
        self.assertTrue(order.control_procurement_hold)
        line.product_uom_qty = 3
        self.assertEqual(self._supplied(order), 3)
        self.assertFalse(order.control_procurement_hold, "nothing is missing any more")
        line.product_uom_qty = 6
        self.procure_issues = []
        order._control_resume_procurement()
        self.assertEqual(self._supplied(order), 6)

    def test_a_later_change_that_passes_brings_the_whole_order(self):
        order = self._confirmed(quantity=4)
        self.procure_issues = []
        order.with_user(self.salesperson).order_line = [
            Command.create({'product_id': self.product.id, 'product_uom_qty': 2})]
        self.assertEqual(self._supplied(order), 6)
        self.assertFalse(order.control_procurement_hold)

    def test_a_dropped_backorder_is_not_shipped_again_by_the_resumption(self):
        self.procure_issues = []
        order = self._confirmed(quantity=4)
        order.picking_ids.action_cancel()
        self.procure_issues = [issue()]
        order.with_user(self.salesperson).order_line = [
            Command.create({'product_id': self.product.id, 'product_uom_qty': 2})]
        self.procure_issues = []
        order._control_resume_procurement()
        self.assertEqual(self._supplied(order), 2)

    def test_an_order_locked_at_confirmation_goes_on_all_the_same(self):
        self.env.ref('base.group_user').implied_ids += self.env.ref('sale.group_auto_done_setting')
        order = self._confirmed(quantity=4)
        self.assertTrue(order.locked)
        self.procure_issues = []
        order._control_resume_procurement()
        self.assertEqual(self._supplied(order), 4)
        self.assertTrue(order.locked)

    def test_services_wait_for_no_supply(self):
        service = self._new_product("Advice", 50.0, 0.0, stock=0)
        service.type = 'service'
        order = self._confirmed(product_id=service.id)
        self.assertFalse(order.control_procurement_hold)

    def test_a_cancelled_order_waits_no_more(self):
        order = self._confirmed()
        order.action_cancel()
        self.assertFalse(order.control_procurement_hold)
        self.assertFalse(order.order_line.control_procurement_held)

    def test_shadow_mode_records_and_launches(self):
        self._switch(completeness='warn')
        order = self._confirmed()
        self.assertTrue(order.picking_ids)
        self.assertFalse(order.control_procurement_hold)
        log = order.control_log_ids.filtered(lambda row: row.checkpoint == 'procure')
        self.assertEqual(log.mapped('would'), ['block'])

    # === RECHECK ===#

    def test_the_button_says_what_is_missing_and_launches_what_is_cleared(self):
        order = self._confirmed().with_user(self.salesperson)
        with self.assertRaisesRegex(UserError, "Ask the stub"):
            order.action_resume_procurement()
        self.procure_issues = []
        order.action_resume_procurement()
        self.assertTrue(order.sudo().picking_ids)
        with self.assertRaises(AccessError):
            order.with_user(self.other_salesperson).action_resume_procurement()

    def test_the_scheduled_job_starts_what_is_cleared_and_isolates_a_failure(self):
        good, bad = self._confirmed(quantity=2), self._confirmed(quantity=3)
        self.procure_issues = []
        original = self.registry['sale.order.line']._get_qty_procurement

        def _get_qty_procurement(line, previous_product_uom_qty=False):
            if line.order_id.id == bad.id:
                raise UserError("No rule brings it here.")  # pylint: disable=translation-required
            return original(line, previous_product_uom_qty)

        self.patch(self.registry['sale.order.line'], '_get_qty_procurement', _get_qty_procurement)
        with self.assertLogs('odoo.addons.sale_order_control', 'WARNING'), \
                patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=60.0):
            self.env['sale.order']._cron_resume_procurement()
        self.assertEqual(self._supplied(good), 2)
        self.assertFalse(bad.picking_ids)
        self.assertEqual(bad.control_procurement_hold, "No rule brings it here.")

    # === ATTACKS ===#

    def test_no_context_key_launches_or_loses_the_supply(self):
        order = self._create_order(quantity=4)
        order.with_context(skip_procurement=True).action_confirm()
        order.with_context(skip_procurement=False).order_line.product_uom_qty = 5
        self.assertFalse(order.sudo().picking_ids)
        self.procure_issues = []
        order.with_context(skip_procurement=True)._control_resume_procurement()
        self.assertEqual(self._supplied(order.sudo()), 5)

    def test_the_marks_cannot_be_written(self):
        order = self._confirmed().with_user(self.salesperson)
        for attempt in (
            lambda: order.write({'control_procurement_hold': False}),
            lambda: order.sudo().write({'control_procurement_hold': False}),
            lambda: order.order_line.write({'control_procurement_held': False}),
            lambda: order.write({'order_line': [
                Command.update(order.order_line.id, {'control_procurement_held': False})]}),
        ):
            with self.assertRaises(AccessError):
                attempt()
        self.assertFalse(order.sudo().copy().control_procurement_hold)

    # === COST ===#

    def test_supply_costs_no_question_where_no_room_judges_it(self):
        self.patch(self.registry['sale.order'], '_get_procure_judged', lambda orders: orders.browse())
        order = self._confirmed()
        self.assertTrue(order.picking_ids)
        self.assertNotIn('procure', [checkpoint for checkpoint, _ids in self.rule.asked])
