from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintQuality(ComplaintCommon):
    """Severe complaints are worked to their root; small ones are settled in one form."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engineer = cls._new_user('soc_engineer', 'base.group_user')
        cls.order = cls._delivered_order()

    def _action(self, complaint, kind, **values):
        return self.env['sale.complaint.action'].with_user(self.handler).create({
            'complaint_id': complaint.id, 'kind': kind, 'name': f"Do {kind}", 'user_id': self.engineer.id,
            'due_date': date(2099, 1, 1), **values})

    def test_eight_disciplines_of_a_critical_complaint(self):
        complaint = self._complain(self.order, severity='critical')
        self.assertTrue(complaint.is_8d)
        complaint.action_acknowledge()
        complaint.action_investigate()
        complaint.responsible_party = 'us'
        complaint.is_8d = False  # it counts all the same
        with self.assertRaisesRegex(UserError, "D1:.*\n.*D2:.*\n.*D3:"):
            complaint.action_propose()
        complaint.is_8d = True
        complaint.write({
            'investigator_ids': [Command.set(self.engineer.ids)], 'problem_is': "2 of 10 scratched at the edge",
            'cause_id': self.cause.id, 'justified': 'yes', 'answer': "Exchanged"})
        containment = self._action(complaint, 'containment')
        with self.assertRaisesRegex(UserError, "D4:.*\n.*D5:.*\n(.*\n)?.*D7:|D7:"):
            complaint.action_close()
        complaint.write({'root_occurrence': "The supplier changed the foil", 'root_escape': "Nobody looks at edges"})
        corrective = self._action(complaint, 'corrective')
        preventive = self._action(complaint, 'preventive')
        # An engineer of another department reads what he is asked for, does it, and says so.
        complaint.with_user(self.engineer).read(['subject', 'problem_is'])
        self.assertEqual(
            complaint.activity_ids.filtered(lambda one: one.user_id == self.engineer).summary,
            "Do containment, Do corrective, Do preventive")
        with self.assertRaises(AccessError):
            corrective.with_user(self.engineer).name = "Nothing"
        (containment | corrective | preventive).with_user(self.engineer).action_done()
        self.assertFalse(complaint.activity_ids.filtered(lambda one: one.user_id == self.engineer))
        with self.assertRaisesRegex(UserError, "D6:"):
            complaint.action_close()
        with self.assertRaisesRegex(UserError, "how it was verified"):
            corrective.action_effective()
        with self.assertRaisesRegex(AccessError, "Only complaint handlers"):
            corrective.with_user(self.engineer).action_effective()
        corrective.write({'verification': "200 parts without a scratch", 'effectiveness': 100})
        corrective.action_effective()
        self.assertEqual((corrective.state, corrective.verified_by_id), ('effective', self.handler))
        with self.assertRaisesRegex(UserError, "kept as it is"):
            corrective.effectiveness = 50
        complaint.action_close()
        html = self.env['ir.actions.report']._render_qweb_html(
            'sale_order_control.report_complaint_8d', complaint.ids)[0].decode()
        self.assertFalse([words for words in (
            "8D Report", complaint.name, "Nobody looks at edges", "200 parts without a scratch", ">100<"
        ) if words not in html])

    def test_nobody_says_of_an_own_action_that_it_helped(self):
        complaint = self._complain(self.order, is_safety=True)
        self.assertEqual((complaint.severity, complaint.is_8d), ('major', True))
        action = self._action(complaint, 'corrective', user_id=self.handler.id, verification="I saw it")
        with self.assertRaisesRegex(UserError, "not done yet"):
            action.action_effective()
        action.action_done()
        with self.assertRaisesRegex(UserError, "is your own"):
            action.action_effective()
        for values in ({'state': 'effective'}, {'verified_by_id': self.engineer.id}):
            with self.assertRaisesRegex(AccessError, "cannot be written"):
                action.write(values)
        stranger = self._action(complaint, 'corrective')
        with self.assertRaises(AccessError):
            stranger.with_user(self.other_salesperson).action_done()
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            action.unlink()

    def test_what_happens_again_must_be_explained(self):
        first = self._complain(self.order, severity='minor')
        values = {**self.judged, 'cause_id': self.cause.id, 'answer': "Sorry"}
        first.action_settle(values)
        self.assertTrue(first.first_contact)
        again = self._complain(self.order, quantity=1)
        again.action_acknowledge()
        again.write(values)
        self.assertEqual(again.recurrence_ids, first)
        with self.assertRaisesRegex(UserError, f"happened before .{first.name}"):
            again.action_close()
        again.recurrence_note = "The supplier had old stock: it is scrapped now"
        again.action_close()
        first.action_reopen("Still scratched")
        self.assertFalse(first.first_contact)

    def test_who_answers_for_it_and_what_it_cost(self):
        complaint = self._complain(self.order, severity='minor')
        complaint.action_acknowledge()
        complaint.write({
            'justified': 'no', 'responsible_party': 'carrier', 'cause_id': self.cause.id, 'answer': "See the carrier"})
        with self.assertRaisesRegex(UserError, "why it is not justified.*\n*.*Name the carrier"):
            complaint.action_close()
        complaint.write({
            'justified_reason': "The box was wet outside", 'responsible_partner_id': self.customer.id,
            'handling_cost': 120, 'recovered_amount': 100})
        complaint.action_close()
        self.assertEqual(complaint.cost, 20)

    def test_a_complaint_in_four_fields_from_order_transfer_and_invoice(self):
        invoice = self.order._create_invoices()
        invoice.action_post()
        sources = (self.order, self.order.picking_ids, invoice)
        for number, source in enumerate(sources):
            entry = self.env['sale.complaint.entry'].with_user(self.handler).with_context(
                active_model=source._name, active_id=source.id).create({'description': "Scratched", 'quantity': 2})
            self.assertEqual(
                (entry.partner_id, entry.order_id, entry.order_line_id),
                (self.customer, self.order, self.order.order_line))
            self.assertEqual(bool(entry.similar_summary), bool(number), "known from the second on")
            complaint = self.env['sale.complaint'].browse(entry.action_record()['res_id'])
            self.assertEqual((complaint.line_ids.quantity, complaint.channel), (2, 'phone'))
            self.assertEqual(complaint.picking_id, self.order.picking_ids if number == 1 else complaint.picking_id)
        self.assertIn("same order", complaint.similar_summary)
        # What makes them alike: the lot, whoever complains; the delivery; the product of the same customer.
        lot = self.env['stock.lot'].create({'name': "LOT-7", 'product_id': self.product.id})
        stranger = self.env['res.partner'].create({'name': "Stranger"})
        line = {'product_id': self.product.id, 'quantity': 1, 'lot_id': lot.id}
        first = self._complain(partner_id=stranger.id, line_ids=[Command.create(line)])
        same_lot = self._complain(line_ids=[Command.create(line)])
        self.assertIn(f"{first.name} (same lot)", same_lot.similar_summary)
        self.assertIn(f"{complaint.name} (same customer and product)", same_lot.similar_summary)
        delivered = self._complain(self.order, picking_id=self.order.picking_ids.id, line_ids=[])
        self.assertIn("(same delivery)", delivered.similar_summary)
        (first | same_lot | delivered).action_cancel("Entered twice")
        self.assertEqual(complaint.invoice_id, invoice)
        self.assertEqual(
            (self.order.complaint_count, self.customer.complaint_count, self.product.product_tmpl_id.complaint_count),
            (3, 3, 3))
        # Whoever may not read the order cannot complain about it, and learns nothing of it.
        with self.assertRaises(AccessError):
            self.env['sale.complaint.entry'].with_user(self.other_salesperson).with_context(
                active_model='sale.order', active_id=self.order.id).default_get(['order_id'])

    def test_counts_of_a_list_cost_one_question(self):
        self._complain(self.order)
        few, many = self.order, self.order | self.env['sale.order'].concat(*(self._create_order() for _ in range(9)))
        costs = []
        for orders in (few, many):
            self.env.invalidate_all()
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            orders.sudo().mapped('complaint_count')
            costs.append(self.env.cr.sql_log_count - before)
        self.assertEqual(costs[0], costs[1])
