import random
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import AmendmentCommon

SEEDS = (3, 11)
STEPS = 8


class Crash(Exception):
    """Something an app or a server does wrong in the middle."""


@tagged('post_install', '-at_install')
class TestAmendmentProperty(AmendmentCommon):
    """Whatever is amended in whatever order, order, transfers, invoices, exposure and promises tell one story."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(promise='warn', credit='warn')
        cls.company.promise_by_itself = 'earliest'

    def test_random_amendments_keep_everything_consistent(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                chance = random.Random(seed)
                order = self._confirmed(10, lines=2)
                for _step in range(STEPS):
                    self._act(order, chance)
                    self._check_consistent(order)

    def test_a_crash_in_the_middle_leaves_the_order_as_it_was(self):
        places = (
            ('sale.order.line', '_action_launch_stock_rule'), ('sale.order', '_control_terms_changed'),
            ('sale.amendment', '_check_outcome'), ('sale.order', '_record_revision'),
            ('sale.amendment', '_remake_promises'), ('sale.amendment', '_tell_departments'))
        order = self._confirmed(10, lines=2)
        order.sudo()._create_invoices()
        self._amendment_policy()
        for model, method in places:
            with self.subTest(method=method):
                amendment = self._amend(order, 6, add=[Command.create({'product_id': self.other_product.id})])
                before = self._describe(order)
                with patch.object(self.registry[model], method, side_effect=Crash(), autospec=True), \
                        self.assertLogs('odoo.addons.sale_order_control', 'ERROR'):
                    self._asked(amendment).with_user(self.sales_manager).action_agree()
                self.assertEqual(self._describe(order), before)
                self.assertEqual(amendment.state, 'approved')
                self.assertIn("administrator", amendment.obstacle)
                self._check_consistent(order)
                amendment.action_cancel()
        self.env['sale.approval.policy'].search([]).active = False
        self._amend(order, 6)
        self._check_consistent(order)

    # === ACTS ===#

    def _act(self, order, chance):
        """Deliver, invoice or amend at random; what is impossible is refused and changes nothing."""
        kind = chance.choice(('amend', 'amend', 'amend', 'deliver', 'draft', 'post'))
        order = order.with_env(self.env)
        if kind == 'deliver':
            moves = order.sudo().picking_ids.move_ids.filtered(lambda move: move.state not in ('done', 'cancel'))
            if moves:
                move = chance.choice(list(moves))
                move.write({'quantity': chance.randint(1, max(1, int(move.product_uom_qty))), 'picked': True})
                move.picking_id._action_done()
            return
        if kind in ('draft', 'post'):
            if order.invoice_status == 'to invoice':
                invoices = order.sudo()._create_invoices()
                if kind == 'post':
                    invoices.action_post()
            return
        before = self._describe(order)
        lines = order._get_amendable_lines()
        if not lines:
            return
        line = chance.choice(list(lines))
        row = {'product_uom_qty': chance.randint(0, 15), 'price_unit': float(chance.randint(40, 120))}
        values = {'scope': 'rest'} if chance.random() < 0.1 else {'row': row}
        if chance.random() < 0.3:
            values['add'] = [Command.create({
                'product_id': chance.choice((self.product, self.other_product)).id,
                'product_uom_qty': chance.randint(1, 5)})]
        try:
            with self.env.cr.savepoint():
                self._amend(order, line=line, **values)
        except UserError:
            self.env.invalidate_all()
            self.assertEqual(self._describe(order), before)

    # === WHAT MUST HOLD ===#

    def _describe(self, order):
        """Return everything about the order that an amendment touches, as plain values."""
        self.env.flush_all()
        self.env.invalidate_all()
        order = order.sudo()
        return {
            'revision': order.amendment_revision, 'state': order.state, 'total': order.amount_total,
            'lines': [(line.id, line.product_uom_qty, line.price_unit, line.discount, line.promised_date,
                       line.promise_state, line.promised_quantity) for line in order.order_line],
            'moves': sorted((move.id, move.state, move.product_uom_qty) for move in order.order_line.move_ids),
            'invoices': sorted((move.id, move.state, move.amount_total) for move in order.invoice_ids),
            'promises': sorted((promise.id, promise.state, promise.quantity) for promise in order.promise_ids),
            'revisions': order.revision_ids.ids,
            'messages': len(order.message_ids),
            'exposure': self._owed(),
        }

    def _owed(self):
        return self.env['credit.account']._get_exposure(self.customer, self.company)[self.customer.id].total

    def _check_consistent(self, order):
        self.env.flush_all()
        self.env.invalidate_all()
        order = order.sudo()
        for line in order.order_line:
            moves = line.move_ids.filtered(lambda move: move.state != 'cancel')
            moving = sum(
                (move.quantity if move.state == 'done' else move.product_uom_qty)
                * (1 if move.location_dest_id.usage == 'customer' else -1) for move in moves)
            self.assertEqual(moving, max(line.product_uom_qty, line.qty_delivered), line.product_id.name)
            self.assertGreaterEqual(line.product_uom_qty, line.qty_invoiced_posted)
            self.assertGreaterEqual(line.product_uom_qty, line.qty_invoiced)
            confirmed = line.promise_ids.filtered(lambda promise: promise.state == 'confirmed')
            self.assertLessEqual(len(confirmed), 1)
            if line.promise_state == 'promised':
                self.assertEqual(confirmed.quantity, line.promised_quantity)
                self.assertGreaterEqual(line.promised_quantity, line.product_uom_qty)
        # All of the customer is this test's: nothing is paid, so what is owed is what was ordered or invoiced.
        orders = self.env['sale.order'].sudo().search(
            [('partner_id', '=', self.customer.id), ('state', '=', 'sale')])
        invoiced = sum(orders.invoice_ids.filtered(lambda move: move.state != 'cancel').mapped('amount_total'))
        open_amount = sum(
            (line.product_uom_qty - line.qty_invoiced) * line.price_unit * (1 - line.discount / 100)
            for line in orders.order_line)
        self.assertAlmostEqual(self._owed(), invoiced + open_amount, 2)
        numbers = order.revision_ids.sorted('number').mapped('number')
        self.assertEqual(numbers, list(range(order.amendment_revision + 1)) if order.amendment_revision else [])
        if numbers:
            self.assertAlmostEqual(order.revision_ids.sorted('number')[-1].amount_total, order.amount_total, 2)
