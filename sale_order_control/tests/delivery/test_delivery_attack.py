from datetime import datetime

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import DeliveryCommon


@tagged('post_install', '-at_install')
class TestDeliveryAttack(DeliveryCommon):
    """Everything a user may send over RPC to promise, move or lose a date past the planner."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._confirm_order((cls.product, 1.0), (cls.product, 2.0))
        cls._promise(cls.order.order_line, 5)
        cls.mine = cls.order.with_user(cls.salesperson)

    # === DATES ===#

    def test_salesperson_cannot_set_the_delivery_date_of_a_confirmed_order(self):
        for value in (datetime(2030, 1, 1, 12), '2030-01-01 12:00:00', False):
            with self.assertRaisesRegex(UserError, "promised by a delivery planner"):
                self.mine.write({'commitment_date': value})

    def test_context_keys_open_nothing(self):
        with self.assertRaises(UserError):
            self.mine.with_context(control_acting=True, acting=1, force=True).write({'commitment_date': False})

    def test_automation_in_sudo_is_nobody_special(self):
        with self.assertRaises(UserError):
            self.order.sudo().write({'commitment_date': datetime(2030, 1, 1, 12)})

    def test_planner_promises_by_promising_only(self):
        with self.assertRaises(UserError):
            self.order.with_user(self.planner).write({'commitment_date': datetime(2030, 1, 1, 12)})

    def test_writing_the_same_date_again_is_no_change(self):
        self.mine.write({'commitment_date': self.mine.commitment_date})

    def test_quotation_keeps_its_delivery_date_free(self):
        quotation = self._create_order()
        quotation.commitment_date = datetime(2030, 1, 1, 12)
        self.assertTrue(quotation.commitment_date)

    def test_clearing_the_date_in_shadow_mode_is_recorded_and_loses_no_promise(self):
        self._switch(promise='warn')
        promised = self.order.commitment_date
        self.mine.write({'commitment_date': False})
        self.assertEqual(self.order.commitment_date, promised)
        self.assertEqual(set(self.order.order_line.move_ids.mapped('date_deadline')), {promised})
        self.assertEqual(self.order.order_line.mapped('promised_date'), [self._day(5)] * 2)
        self.assertIn("promised by a delivery planner", self.order.control_log_ids[0].message)

    # === FIELDS ===#

    def test_order_fields_cannot_be_written(self):
        day = '2030-01-01'
        for values in ({'promise_state': 'done'}, {'promised_date': day}, {'promise_check_date': day}):
            with self.assertRaises(AccessError):
                self.mine.write(values)

    def test_line_fields_cannot_be_written(self):
        for values in (
            {'promised_date': '2030-01-01'}, {'first_promised_date': False}, {'promise_state': 'done'},
            {'promised_quantity': 99}, {'promise_revision': 0}, {'delivered_date': '2030-01-01'},
        ):
            with self.assertRaises(AccessError):
                self.mine.order_line[0].write(values)
            with self.assertRaises(AccessError):
                self.mine.write({'order_line': [Command.update(self.mine.order_line[0].id, values)]})

    def test_fields_cannot_be_created_or_defaulted(self):
        with self.assertRaises(AccessError):
            self._create_order(promised_date='2030-01-01')
        orders = self.env['sale.order'].with_user(self.salesperson).with_context(
            default_promise_state='done', default_promised_date='2030-01-01')
        order = orders.create({
            'partner_id': self.customer.id, 'order_line': [Command.create({'product_id': self.product.id})]})
        self.assertEqual(order.promise_state, 'none')
        self.assertFalse(order.order_line.promised_date)

    def test_portal_reads_no_internal_field(self):
        portal = new_test_user(self.env, 'soc_portal', groups='base.group_portal')
        self.order.partner_id = portal.partner_id
        self.order.message_subscribe(portal.partner_id.ids)
        with self.assertRaises(AccessError):
            self.order.with_user(portal).read(['promise_state'])
        with self.assertRaises(AccessError):
            self.order.order_line.with_user(portal).read(['promised_date'])

    # === LEDGER ===#

    def test_ledger_cannot_be_created_changed_or_deleted(self):
        promise = self._ledger(self.order)[0]
        for user in (self.salesperson, self.planner, self.env.ref('base.user_admin')):
            row = promise.with_user(user)
            with self.assertRaises(UserError):  # an access error is one too
                row.write({'promised_date': '2030-01-01'})
            with self.assertRaises(UserError):  # an access error is one too
                row.write({'state': 'kept'})
            with self.assertRaises(UserError):  # an access error is one too
                row.unlink()
            with self.assertRaises(UserError):  # an access error is one too
                row.copy()
            with self.assertRaises(UserError):  # an access error is one too
                row.create({'order_line_id': self.order.order_line[0].id, 'promised_date': '2030-01-01'})
        with self.assertRaises(UserError):
            promise.sudo().write({'promised_date': '2030-01-01'})
        with self.assertRaises(UserError):
            promise.sudo().write({'state': 'kept'})

    # === ACTIONS ===#

    def test_only_planners_promise(self):
        order = self._confirm_order()
        for user in (self.salesperson, self.sales_manager, self.finance, self.controller):
            line = order.order_line.with_user(user)
            with self.assertRaises(AccessError):
                line.action_promise_proposed()
            with self.assertRaises(AccessError):
                line.action_promise_other()
            with self.assertRaises(AccessError):
                self.env['sale.delivery.promise.wizard'].with_user(user).create({
                    'line_ids': [Command.set(order.order_line.ids)], 'promised_date': self._day(3)})
        self.assertFalse(self._ledger(order))

    def test_wizard_of_a_planner_helps_nobody_else(self):
        wizard = self.env['sale.delivery.promise.wizard'].with_user(self.planner).create({
            'line_ids': [Command.set(self.order.order_line.ids)], 'promised_date': self._day(3),
            'reason_id': self.reason.id})
        with self.assertRaises(AccessError):
            wizard.with_user(self.salesperson).action_apply()

    def test_planner_of_another_company_promises_nothing_here(self):
        other = self.env['res.company'].create({'name': "Elsewhere"})
        planner = new_test_user(
            self.env, 'soc_planner2', groups='base.group_user,sale_order_control.group_delivery_planner',
            company_id=other.id, company_ids=[Command.set(other.ids)])
        order = self._confirm_order()
        with self.assertRaises(AccessError):
            order.order_line.with_user(planner).action_promise_proposed()
        self.assertFalse(self.env['sale.delivery.promise'].with_user(planner).search([]))

    def test_planner_without_other_rights_works_the_queue(self):
        planner = new_test_user(
            self.env, 'soc_planner3', groups='base.group_user,sale_order_control.group_delivery_planner',
            company_id=self.company.id, company_ids=[Command.set(self.company.ids)])
        order = self._confirm_order((self.product, 1.0, 4))
        line = order.order_line.with_user(planner)
        self.assertEqual(line.read(['wanted_date', 'proposed_date', 'promised_date'])[0]['proposed_date'], self._day(4))
        line.action_promise_proposed()
        self.assertEqual(order.promised_date, self._day(4))
        with self.assertRaises(AccessError):
            line.write({'product_uom_qty': 9})

    def test_salesperson_reads_promises_of_own_orders_only(self):
        promises = self.env['sale.delivery.promise']
        domain = [('order_id', '=', self.order.id)]
        self.assertEqual(promises.with_user(self.salesperson).search(domain, order='id'), self._ledger(self.order))
        self.assertFalse(promises.with_user(self.other_salesperson).search(domain))

    def test_auditor_reads_all_and_writes_nothing(self):
        auditor = self._new_user('soc_auditor', 'sale_order_control.group_auditor')
        rows = self.env['sale.delivery.promise'].with_user(auditor).search([('order_id', '=', self.order.id)])
        self.assertEqual(len(rows), 2)
        with self.assertRaises(AccessError):
            rows.check_access('write')
