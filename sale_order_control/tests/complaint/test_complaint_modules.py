from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintModules(ComplaintCommon):
    """What Odoo's repair and manufacturing apps add: ``./dev test --install repair,mrp`` with this file."""

    def _remedy(self, complaint, kind, **values):
        complaint.write(self.judged)
        if complaint.state == 'received':
            complaint.action_acknowledge()
        return self.env['sale.complaint.remedy'].with_user(self.handler).create({
            'complaint_id': complaint.id, 'ask_customer': False,
            'type_id': self.env.ref(f'sale_order_control.remedy_type_{kind}').id, **values})

    def test_a_repair_is_ordered_and_found_from_the_remedy(self):
        if 'repair.order' not in self.env:
            self.skipTest("repair is not installed")
        complaint = self._complain(self._delivered_order(), quantity=2.0)
        remedy = self._remedy(complaint, 'repair')
        self.assertEqual(remedy.line_ids.quantity, 2)
        remedy.action_submit()
        remedy.action_execute()
        [repairs] = remedy._get_results()
        self.assertEqual(
            (repairs._name, repairs.product_id, repairs.product_qty, repairs.partner_id, repairs.under_warranty),
            ('repair.order', self.product, 2, self.customer, True))
        self.assertIn("Two of ten arrived scratched", repairs.internal_notes)
        self.assertIn(repairs.name, remedy.outcome)
        # A repair that nobody began ends with its complaint; one that is done stays, and somebody is told.
        self.assertTrue(remedy.can_cancel)
        repairs.state = 'done'
        remedy.invalidate_recordset(['can_cancel'])
        self.assertFalse(remedy.can_cancel)
        complaint.action_cancel("Entered twice")
        self.assertEqual((repairs.state, remedy.state), ('done', 'done'))
        self.assertIn(repairs.name, remedy.activity_ids.summary)

    def test_a_kit_comes_back_as_the_parts_that_were_delivered(self):
        if 'mrp.bom' not in self.env:
            self.skipTest("mrp is not installed")
        kit, top, leg = (self._new_product(name, 100.0, 50.0) for name in ("Desk Kit", "Top", "Leg"))
        self.env['mrp.bom'].create({
            'product_tmpl_id': kit.product_tmpl_id.id, 'type': 'phantom', 'product_qty': 1.0,
            'bom_line_ids': [Command.create({'product_id': top.id, 'product_qty': 1.0}),
                             Command.create({'product_id': leg.id, 'product_qty': 4.0})]})
        order = self._delivered_order(5.0, product_id=kit.id)
        source = order.order_line
        self.assertEqual((source.qty_delivered, source.move_ids.product_id), (5, top | leg))
        complaint = self._complain(order, quantity=2.0)
        remedy = self._remedy(complaint, 'return')
        self.assertEqual((remedy.line_ids.quantity, remedy.line_ids.most_quantity), (2, 5))
        remedy.action_submit()
        remedy.action_execute()
        [back] = remedy.sudo().return_ids
        self.assertEqual(
            {move.product_id: move.product_uom_qty for move in back.move_ids}, {top: 2, leg: 8})
        self.assertEqual(back.return_id, source.move_ids.picking_id - back)
        back.move_ids.picked = True
        back.button_validate()
        self.assertEqual((source.qty_delivered, source._get_complaint_delivered()), (3, {source.id: (5, 2)}))
        # They came back: the rest can, and no more; what came back was delivered all the same.
        complaint.line_ids.quantity = 5.0
        other = self._remedy(complaint, 'return')
        self.assertEqual(other.line_ids.quantity, 3)
        other.line_ids.quantity = 4
        with self.assertRaisesRegex(UserError, "are too many"):
            other.action_submit()
        other.line_ids.quantity = 3
        other.action_submit()
        other.action_execute()
        self.assertEqual(other.sudo().return_ids.move_ids.mapped('product_uom_qty'), [3, 12])
        # Of a million kits, whatever they are made of.
        self.env.flush_all()
        [figures] = self.env['sale.complaint.ppm'].sudo()._read_group(
            [('product_id', 'in', (kit | top | leg).ids)], ['product_id'],
            ['delivered:sum', 'complained:sum', 'ppm:avg'])
        self.assertEqual(figures, (kit, 5, 5, 1000000))
