from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ComplaintCommon


@tagged('post_install', '-at_install')
class TestComplaintRemedy(ComplaintCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env['account.tax'].create({'name': "Tax 20", 'amount': 20.0})
        cls.order = cls._delivered_order(tax_ids=[Command.set(cls.tax.ids)], discount=10.0)
        cls.line = cls.order.order_line
        cls.types = {kind.kind: kind for kind in cls.env['sale.complaint.remedy.type'].search([])}
        cls.complaint = cls._complain(cls.order, quantity=4.0)
        cls.complaint.write(cls.judged)
        cls.complaint.action_acknowledge()

    @classmethod
    def _remedy(cls, kind, quantity=None, complaint=None, **values):
        complaint = complaint or cls.complaint
        if quantity is not None:
            values['line_ids'] = [Command.create({
                'complaint_line_id': complaint.line_ids.id, 'quantity': quantity})]
        return cls.env['sale.complaint.remedy'].with_user(cls.handler).create({
            'complaint_id': complaint.id, 'type_id': cls.types[kind].id, 'ask_customer': False, **values})

    def _carried_out(self, kind, quantity=None, **values):
        remedy = self._remedy(kind, quantity, **values)
        remedy.action_submit()
        remedy.action_execute()
        return remedy

    def _invoiced(self, quantity=None):
        invoice = self.order._create_invoices()
        if quantity is not None:
            invoice.invoice_line_ids.quantity = quantity
        invoice.action_post()
        return invoice

    # === WHAT IS MADE, AND FROM WHERE ===#

    def test_a_replacement_is_an_order_for_which_the_customer_pays_nothing(self):
        remedy = self._remedy('replacement')
        # What the complaint is about is proposed, at what the customer paid for it.
        self.assertEqual((remedy.line_ids.quantity, remedy.amount), (4, 4 * 90 * 1.2))
        self.complaint.action_investigate()
        self.complaint.action_propose()
        self.assertEqual((remedy.state, self.complaint.state), ('ready', 'approved'))
        self.complaint.action_execute()
        [order] = remedy.sudo().replacement_order_ids
        self.assertEqual((remedy.state, self.complaint.state, order.state), ('done', 'executing', 'sale'))
        self.assertEqual((order.amount_total, order.user_id), (0, self.salesperson))
        line = order.order_line.filtered('product_id')
        self.assertEqual((line.product_uom_qty, line.price_unit, line.discount, line.tax_ids),
                         (4, 100, 100, self.tax))
        self.assertIn(self.complaint.name, order.order_line.filtered('display_type').name)
        self.assertIn(order.name, remedy.outcome)
        # Found from either side.
        self.assertEqual(order.with_user(self.handler).action_view_complaint()['res_id'], self.complaint.id)
        self.assertEqual(remedy.action_view_results()['res_id'], order.id)

    def test_a_replacement_that_its_controls_hold_stays_a_quotation_that_says_why(self):
        self._switch(completeness='enforce')
        self.env['sale.control.requirement'].with_context(active_test=False).search([]).active = True
        self.customer.street = False
        remedy = self._carried_out('replacement', 1)
        order = remedy.sudo().replacement_order_ids
        self.assertEqual((remedy.state, order.state), ('done', 'draft'))
        self.assertIn("waits", remedy.outcome)

    def test_goods_come_back_with_the_delivery_that_brought_them_and_are_never_blocked(self):
        self._switch(approval='enforce', credit='enforce', release='enforce')
        remedy = self._carried_out('return', 3)
        [back] = remedy.sudo().return_ids
        self.assertEqual((back.return_id, back.move_ids.product_uom_qty, back.move_ids.sale_line_id),
                         (self.line.move_ids.picking_id - back, 3, self.line))
        back.move_ids.picked = True
        back.button_validate()
        self.assertEqual(self.line.qty_delivered, 7)
        # They came back: no more than the rest can be called back again.
        self.assertEqual(self._remedy('return', 1).line_ids.most_quantity, 7)
        # What came back can be complained about all the same.
        self.complaint.line_ids.quantity = 10
        with self.assertRaisesRegex(ValidationError, "only 10 were delivered"):
            self.complaint.line_ids.quantity = 11

    def test_an_exchange_calls_back_and_sends_at_the_price_that_was_paid(self):
        self._invoiced()
        remedy = self._carried_out('exchange', 2)
        [back] = remedy.sudo().return_ids
        back.move_ids.picked = True
        back.button_validate()
        # The price stays paid: nothing is left to invoice or to credit.
        self.assertEqual((self.line.qty_delivered, self.line.qty_invoiced, self.line.qty_to_invoice), (10, 10, 0))
        self.assertEqual(self._remedy('return', 1).line_ids.most_quantity, 8)
        self._carried_out('credit', 2)
        self.assertEqual(self.line.qty_invoiced, 10, "goods that were exchanged stay on the order")
        self.assertEqual(remedy.sudo().replacement_order_ids.amount_total, 0)
        self.assertEqual(remedy.result_count, 2)

    def test_a_credit_note_keeps_price_discount_and_tax_of_the_invoice(self):
        invoice = self._invoiced()
        note = self._carried_out('credit', 2).sudo().credit_note_ids
        self.assertEqual((note.reversed_entry_id, note.state, note.amount_total), (invoice, 'draft', 2 * 90 * 1.2))
        self.assertEqual((note.invoice_line_ids.quantity, note.invoice_line_ids.discount), (2, 10))
        # The goods stay where they are: the order is not invoiced a second time.
        self.assertEqual(self.line.qty_invoiced, 10)
        self.assertEqual(note.complaint_id, self.complaint)

    def test_a_credit_note_for_goods_that_come_back_lowers_the_order(self):
        self._invoiced()
        self._carried_out('return', 2)
        self._carried_out('credit', 2)
        self.assertEqual(self.line.qty_invoiced, 8)

    def test_a_share_of_the_price_is_credited_for_goods_that_are_kept(self):
        self._invoiced()
        remedy = self._remedy('credit', 4, percent=25.0)
        self.assertEqual(remedy.amount, 108)
        remedy.action_submit()
        remedy.action_execute()
        note = remedy.sudo().credit_note_ids
        self.assertEqual((note.amount_untaxed, note.amount_total), (90, 108))
        self.assertEqual(self.line.qty_invoiced, 10)

    def test_what_is_not_invoiced_cannot_be_credited(self):
        remedy = self._remedy('credit', 2)
        remedy.action_submit()
        with self.assertRaisesRegex(UserError, "on no posted invoice"):
            remedy.action_execute()
        self.assertEqual(remedy.state, 'ready')

    def test_a_closed_period_moves_the_credit_note_to_the_next_open_day_and_says_so(self):
        self._invoiced()
        today = self.env['sale.order']._get_control_today()
        self.company.sale_lock_date = today + timedelta(days=4)
        remedy = self._carried_out('credit', 1)
        self.assertEqual(remedy.sudo().credit_note_ids.invoice_date, today + timedelta(days=5))
        self.assertIn("the next open day", remedy.outcome)

    def test_compensation_is_a_credit_note_without_goods_or_taxes(self):
        note = self._carried_out('compensation', amount=75.0).sudo().credit_note_ids
        self.assertEqual((note.move_type, note.amount_total, note.amount_tax), ('out_refund', 75, 0))
        with self.assertRaisesRegex(UserError, "Enter the amount"):
            self._remedy('compensation').action_submit()

    def test_a_discount_waits_for_the_next_order_and_is_taken_off_once(self):
        remedy = self._carried_out('discount', amount=60.0)
        self.assertEqual(remedy.state, 'ready')
        self.assertIn("next order", remedy.outcome)
        self.assertNotIn(remedy.display_name, self.complaint._get_missing_for('verified'))
        stranger = self._create_order(5, partner=self.env['res.partner'].create({'name': "Stranger"}))
        self.assertFalse(stranger.complaint_discount_open)
        order = self._create_order(5, tax_ids=[Command.set(self.tax.ids)])
        self.assertTrue(order.complaint_discount_open)
        self.assertIn(f"60.00 off the next order, for {self.complaint.name}", order.complaint_discount_summary)
        order.action_use_complaint_discount()
        self.assertEqual((order.amount_total, remedy.state, remedy.sudo().discount_order_id), (540, 'done', order))
        other = self._create_order(5)
        with self.assertRaisesRegex(UserError, "No discount"):
            other.action_use_complaint_discount()
        # The order it was taken off is kept; once that is cancelled, the next one may use it.
        with self.assertRaisesRegex(UserError, "was made of a remedy"):
            order.sudo().unlink()
        order.sudo()._action_cancel()
        other.action_use_complaint_discount()
        self.assertEqual((remedy.state, remedy.sudo().discount_order_id), ('done', other))
        other.sudo()._action_cancel()
        remedy.action_execute()
        self.assertEqual((remedy.state, remedy.sudo().discount_order_id.ids, remedy.done_on), ('ready', [], False))

    def test_an_explanation_reaches_the_customer(self):
        with self.assertRaisesRegex(UserError, "Write the explanation"):
            self._remedy('explanation').action_submit()
        remedy = self._carried_out('explanation', customer_note="The colour is as ordered.")
        message = self.complaint.message_ids.filtered(lambda one: "colour is as ordered" in one.body)
        self.assertIn(self.customer, message.partner_ids)
        self.assertEqual((remedy.state, message.author_id), ('done', self.handler.partner_id))

    def test_what_remedies_cost_us_is_added_up_in_the_complaint(self):
        self._carried_out('replacement', 2)
        self._carried_out('compensation', amount=30.0)
        self._remedy('compensation', amount=1000.0)
        self.assertEqual((self.complaint.remedy_cost, self.complaint.cost), (2 * 60 + 30, 150))

    # === ONCE, AND NOT TOO MUCH ===#

    def test_of_two_clicks_the_second_makes_nothing(self):
        remedy = self._carried_out('replacement', 2)
        with self.assertRaisesRegex(UserError, "cannot be carried out"):
            remedy.action_execute()
        self.assertEqual(len(remedy.sudo().replacement_order_ids), 1)
        # The database itself holds against a second document, whoever makes it.
        order = remedy.sudo().replacement_order_ids
        for record in (order, self._carried_out('return', 1).sudo().return_ids):
            with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                twin = record.copy()
                self.env.cr.execute(
                    f'UPDATE {record._table} SET complaint_remedy_id = %s, state = %s WHERE id = %s',
                    (record.complaint_remedy_id.id, record.state, twin.id))
                if record._name == 'stock.picking':
                    self.env.cr.execute(
                        'UPDATE stock_picking SET return_id = %s WHERE id = %s', (record.return_id.id, twin.id))

    def test_what_was_cancelled_can_be_made_once_more(self):
        remedy = self._carried_out('replacement', 2)
        remedy.sudo().replacement_order_ids._action_cancel()
        remedy.action_execute()
        self.assertEqual(sorted(remedy.sudo().replacement_order_ids.mapped('state')), ['cancel', 'sale'])
        for order in remedy.sudo().replacement_order_ids.filtered(lambda one: one.state == 'cancel'):
            with self.assertRaisesRegex(UserError, "was made of a remedy"):
                order.unlink()

    def test_no_more_than_was_delivered_and_is_not_put_right(self):
        self._invoiced()
        other = self._complain(self.order, quantity=10.0)
        self._carried_out('replacement', 4)
        with self.assertRaisesRegex(UserError, "6 were delivered and are not put right"):
            self._remedy('credit', 7, other).action_submit()
        self._remedy('credit', 6, other).action_submit()
        self.assertFalse(self._remedy('replacement', complaint=other).line_ids)
        # Bringing them back is another thing than being paid for them; less of the price is a part of it.
        self._remedy('return', 10, other).action_submit()
        with self.assertRaisesRegex(UserError, "are too many"):
            self._remedy('return', 1).action_submit()

    def test_a_remedy_is_about_goods_of_its_own_complaint(self):
        other = self._complain(self.order, quantity=1.0)
        with self.assertRaises(AccessError):
            self._remedy('return', line_ids=[Command.create({'complaint_line_id': other.line_ids.id})])

    # === WHO AGREES ===#

    def _policy(self, **values):
        return self.env['sale.approval.policy'].create({
            'name': "Dear remedies", 'company_id': self.company.id, 'res_model': 'sale.complaint.remedy',
            'min_amount': 200.0, **values, 'level_ids': [Command.create({
                'name': "Manager", 'approver_type': 'users', 'user_ids': [Command.set(self.sales_manager.ids)],
                'quorum': 'any'})],
        })

    def test_a_dear_remedy_waits_for_approval_and_a_cheap_one_does_not(self):
        self._policy()
        cheap, dear = self._remedy('replacement', 1), self._remedy('replacement', 3)
        cheap.action_submit()
        dear.action_submit()
        self.assertEqual((cheap.state, dear.state), ('ready', 'ready'), "approval is off")
        dear.action_cancel()
        self._switch(approval='enforce')
        dear = self._remedy('replacement', 3)
        # What goods are worth is not typed.
        dear.amount = 0.01
        dear.action_submit()
        self.assertEqual((dear.state, dear.amount), ('asked', 3 * 90 * 1.2))
        with self.assertRaisesRegex(UserError, "cannot be carried out"):
            dear.action_execute()
        request = dear.sudo().approval_request_ids
        self.assertIn("3 Units Controlled Product", str(request.display))
        self.handler.group_ids += self.env.ref('sale_order_control.group_approver')
        with self.assertRaisesRegex(UserError, "is your own"):
            request.with_user(self.handler).action_agree()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(dear.state, 'ready')
        # What was agreed to goes to nobody else and is about nothing else.
        other = self._delivered_order()
        for record, values in (
                (self.complaint, {'partner_id': self.customer.copy().id}), (self.complaint, {'order_id': other.id}),
                (self.complaint.line_ids, {'order_line_id': other.order_line.id}),
                (self.complaint.line_ids, {'complaint_id': self._complain(self.order, 1).id})):
            with self.assertRaisesRegex(UserError, "was proposed and cannot be changed"):
                record.with_user(self.salesperson).write(values)
        dear.action_execute()
        self.assertEqual(dear.state, 'done')

    def test_with_the_complaint_its_remedies_end(self):
        self._policy(min_amount=500.0)
        asked = self._remedy('compensation', amount=600.0)
        offered = self._remedy('replacement', 4, ask_customer=True)
        promised = self._carried_out('discount', amount=50.0)
        self._switch(approval='enforce')
        remedies = asked | offered
        remedies.action_submit()
        request = asked.sudo().approval_request_ids
        self.assertEqual((asked.state, offered.state), ('asked', 'offered'))
        self.complaint.action_cancel("Entered twice")
        self.assertEqual(set((remedies | promised).mapped('state')), {'cancelled'})
        self.assertEqual(request.state, 'void')
        self.assertFalse(offered._answer(True, "Ms Li"))
        self.assertFalse(self._create_order(5).complaint_discount_open)
        with self.assertRaisesRegex(UserError, "is closed. Reopen it first"):
            offered.action_execute()
        # Their goods are free for another complaint.
        self.assertEqual(self._remedy('replacement', complaint=self._complain(self.order, 10)).line_ids.quantity, 10)

    def test_what_was_drafted_ends_with_its_remedy_and_what_took_effect_is_told(self):
        self._invoiced()
        note, back = self._carried_out('credit', 1), self._carried_out('return', 1)
        # A remedy of which only drafts were made is given up with them.
        self.assertTrue(note.can_cancel)
        note.action_cancel()
        self.assertEqual((note.state, note.sudo().credit_note_ids.state), ('cancelled', 'cancel'))
        note, sent = self._carried_out('credit', 1), self._carried_out('replacement', 1)
        self.assertFalse(sent.can_cancel, "the order is confirmed")
        with self.assertRaisesRegex(UserError, "cancel the document"):
            sent.action_cancel()
        draft = self._remedy('compensation', amount=5.0)
        self.complaint.action_reject("Used outdoors")
        self.assertEqual(
            [(one.state, one.sudo()._get_results()[0].state) for one in (note, back, sent)],
            [('cancelled', 'cancel'), ('cancelled', 'cancel'), ('done', 'sale')])
        self.assertEqual(draft.state, 'cancelled')
        order = sent.sudo().replacement_order_ids
        self.assertEqual((sent.activity_ids.user_id, order.name in sent.activity_ids.summary), (self.handler, True))
        self.assertIn(back.sudo().return_ids.name, "".join(self.complaint.message_ids.mapped('body')))

    def test_what_is_refused_is_not_made_and_its_goods_are_free_again(self):
        self._policy(min_amount=1.0)
        self._switch(approval='enforce')
        remedy = self._remedy('replacement', 4)
        remedy.action_submit()
        remedy.sudo().approval_request_ids.with_user(self.sales_manager).action_disagree("Explain it first")
        self.assertEqual(remedy.state, 'refused')
        self.assertEqual(self._remedy('replacement').line_ids.quantity, 4)

    def test_the_customer_is_asked_where_that_is_wanted_and_only_once(self):
        remedy = self._remedy('replacement', 2, ask_customer=True, customer_note="New ones next week.")
        self.complaint.action_investigate()
        self.complaint.action_propose()
        self.assertEqual((remedy.state, self.complaint.state), ('offered', 'proposed'))
        asked = self.complaint.message_ids[0]
        self.assertIn("New ones next week", asked.body)
        self.assertEqual(asked.author_id, self.handler.partner_id)
        self.assertTrue(remedy._answer(True, "Ms Li"))
        self.assertEqual((remedy.state, remedy.answered_by, self.complaint.state), ('ready', "Ms Li", 'approved'))
        self.assertFalse(remedy._answer(False, "Ms Li"))
        self.assertEqual(remedy.state, 'ready')

    def test_a_complaint_is_not_verified_before_its_remedies_are_carried_out(self):
        self._remedy('replacement', 1)
        self.complaint.action_investigate()
        self.complaint.action_propose()
        missing = "\n".join(self.complaint._get_missing_for('verified'))
        self.assertIn("is not carried out", missing)
        self.complaint.action_execute()
        self.assertNotIn("is not carried out", "\n".join(self.complaint._get_missing_for('verified')))

    # === WHAT IS OFFERED ===#

    def test_responsibility_decides_what_is_offered(self):
        self.complaint.responsible_party = 'customer'
        with self.assertRaisesRegex(ValidationError, "not offered here"):
            self._remedy('replacement', 1)
        offered = self._remedy('explanation', customer_note="…").offered_type_ids
        self.assertNotIn(self.types['compensation'], offered)
        self.assertNotIn('repair', offered.mapped('kind') if 'repair.order' not in self.env else [])

    # === ATTACKS ===#

    def test_nobody_writes_what_follows_from_the_way_of_a_remedy(self):
        remedy = self._remedy('compensation', amount=10.0)
        for values in ({'state': 'done'}, {'outcome': "x"}, {'complaint_id': 1}, {'approval_state': 'approved'}):
            with self.assertRaises(AccessError):
                remedy.write(values)
        made = self.env['sale.complaint.remedy'].with_user(self.handler).with_context(default_state='ready').create({
            'complaint_id': self.complaint.id, 'type_id': self.types['compensation'].id, 'state': 'ready'})
        self.assertEqual(made.state, 'draft')
        remedy.action_submit()
        with self.assertRaisesRegex(UserError, "cannot be changed"):
            remedy.amount = 10000.0
        with self.assertRaises(AccessError):
            self.order.with_user(self.sales_manager).complaint_remedy_id = remedy
        with self.assertRaises(AccessError):
            self._create_order(user=self.sales_manager).copy({'complaint_remedy_id': remedy.id})

    def test_only_handlers_work_on_remedies(self):
        remedy = self._remedy('compensation', amount=10.0)
        for user in (self.salesperson, self.sales_manager, self.finance):
            with self.assertRaises(AccessError):
                remedy.with_user(user).action_submit()
            with self.assertRaises(AccessError):
                self.env['sale.complaint.remedy'].with_user(user).create({
                    'complaint_id': self.complaint.id, 'type_id': self.types['compensation'].id})
        with self.assertRaises(AccessError):
            remedy.with_user(self.other_salesperson).read(['amount'])
        self.assertEqual(remedy.with_user(self.salesperson).amount, 10, "of an own order")
