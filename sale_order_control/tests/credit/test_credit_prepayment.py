from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .prepay_common import PrepaymentCommon


@tagged('post_install', '-at_install')
class TestCreditPrepayment(PrepaymentCommon):
    """Prepaid orders are bought, made and shipped on payment only, and every payment counts once."""

    # === WAITING ===#

    def test_a_prepaid_order_is_confirmed_and_nothing_else(self):
        order = self._order()
        self.assertWaits(order, 1000)
        [issue] = order._get_control_issues('procure')[order.id]
        self.assertEqual((issue.code, issue.effect), ('credit.prepayment', 'block'))
        self.assertIn("1,000.00", issue.message)
        self.assertIn(order.name, issue.message)

    def test_who_gets_no_credit_and_pays_first_needs_none(self):
        """Grade D as shipped: every order is prepaid; it waits for its money, not for a controller."""
        self._limit(0, self.env.ref('sale_order_control.credit_grade_d'))
        first = self._order()
        self.assertWaits(first, 1000)
        second = self._order(4)
        self.assertWaits(second, 400)
        self._receive(1000, memo=first.name)
        self.assertGoesOn(first)
        self._deliver(first, 10)
        self.assertEqual(first.picking_ids.state, 'done')
        self.assertWaits(second, 400)

    def test_where_nothing_keeps_the_goods_in_prepayment_is_no_reason_to_pass(self):
        self._limit(0, self.account.grade_id)
        order = self._create_order(10)
        self.assertFalse(order._get_control_issues('confirm')[order.id])
        for mode in ('warn', 'off'):
            with self.subTest(mode=mode):
                self._switch(release=mode)
                self.assertIn('credit.limit', [issue.code for issue in order._get_control_issues('confirm')[order.id]])
                with self.assertRaisesRegex(UserError, "gets no credit"):
                    order.action_confirm()

    def test_who_gets_no_credit_needs_some_for_what_is_not_paid_first(self):
        self._limit(0, self.account.grade_id)
        for values in ({'settlement_mode': 'prepay', 'settlement_percent': 99}, {'settlement_mode': 'monthly'}):
            with self.subTest(values=values):
                order = self._create_order(10)
                order.sudo().write(values)
                self.assertIn('credit.limit', [issue.code for issue in order._get_control_issues('confirm')[order.id]])

    def test_nothing_waits_while_credit_is_off_or_only_told(self):
        self._switch(credit='off')
        order = self._order()
        self.assertTrue(order.picking_ids)
        self._switch(credit='warn')
        other = self._order()
        self.assertTrue(other.picking_ids)
        self.assertEqual(other.sudo().advance_state, 'waiting', "still there is something to collect")

    def test_where_the_grade_says_so_not_even_the_confirmation_comes_first(self):
        self.account.grade_id.prepay_before_confirm = True
        order = self._create_order(10)
        with self.assertRaisesRegex(UserError, "still to be paid in advance"):
            order.action_confirm()

    def test_finance_is_reminded_to_collect_once_and_no_longer_when_paid(self):
        order = self._order()
        activity = order.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertIn("1,000.00", activity.summary)
        self.assertTrue(activity.user_id.has_group('sale_order_control.group_credit_controller'))
        self.account.collector_id = self.finance
        other = self._order(5)
        self.assertEqual(other.activity_ids.user_id, self.finance)
        self._receive(1000, memo=order.name)
        self.assertFalse(order.activity_ids)
        self.assertTrue(other.activity_ids)
        self._switch(release='off')
        other._action_cancel()
        self.assertFalse(other.activity_ids)
        self.assertFalse(other.sudo().advance_state)

    # === EVERY PATH OF A PAYMENT ===#

    def test_a_paid_down_payment_invoice_lets_the_order_go_on(self):
        order = self._order()
        invoice = self._down_payment(order, 1000)
        self.assertWaits(order, 1000)
        self._pay(invoice, 400)
        self.assertWaits(order, 600)
        self._pay(invoice)
        self.assertGoesOn(order)

    def test_the_paid_final_invoice_counts_less_what_was_paid_before(self):
        order = self._order()
        self._pay(self._down_payment(order, 300))
        self.assertWaits(order, 700)
        invoice = self._invoice(order)
        self.assertEqual(invoice.amount_total, 700)
        self._pay(invoice)
        self.assertGoesOn(order)
        self.assertEqual(order.sudo().advance_received, 1000)

    def test_a_bank_statement_line_matched_with_the_invoice_lets_the_order_go_on(self):
        order = self._order()
        invoice = self._down_payment(order, 1000)
        statement = self.env['account.bank.statement.line'].create({
            'journal_id': self.bank.id, 'amount': 1000, 'date': fields.Date.today(),
            'payment_ref': "Transfer", 'partner_id': self.customer.id})
        receivable = invoice.line_ids.filtered(lambda line: line.display_type == 'payment_term')
        suspense = statement.move_id.line_ids.filtered(lambda line: line.account_id == self.bank.suspense_account_id)
        suspense.account_id = receivable.account_id
        self.assertWaits(order, 1000)
        (suspense + receivable).reconcile()
        self.assertGoesOn(order)

    def test_a_payment_that_names_the_order_counts_for_it(self):
        order, other = self._order(), self._order()
        self._receive(1000, memo=f"our order {order.name}, thank you")
        self.assertGoesOn(order)
        self.assertWaits(other, 1000)

    def test_a_payment_that_names_two_orders_or_a_part_of_a_number_is_left_to_people(self):
        order, other = self._order(), self._order()
        self._receive(1000, memo=f"{order.name} {other.name}")
        self._receive(1000, memo=f"{order.name}9")
        self.assertWaits(order, 1000)
        self.assertWaits(other, 1000)

    def test_an_online_payment_of_the_order_lets_it_go_on(self):
        order = self._order()
        self._pay_online(order, 1000)
        self.assertGoesOn(order)
        self.assertEqual(order.sudo().advance_received, 1000)

    def test_authorised_money_and_a_payment_of_two_orders_count_for_none(self):
        order, other = self._order(), self._order()
        tx = self._pay_online(order, 1000, state='pending')
        self.env.cr.execute("UPDATE payment_transaction SET state = 'authorized' WHERE id = %s", [tx.id])
        self._pay_online(order + other, 2000)
        self.assertWaits(order, 1000)
        self.assertWaits(other, 1000)

    def test_an_assigned_payment_counts_for_one_order_only(self):
        order, other = self._order(), self._order()
        line = self._receive(1000)
        self.assertWaits(order, 1000)
        order.with_user(self.controller).action_set_advance_payments(line.ids)
        self.assertGoesOn(order)
        with self.assertRaisesRegex(UserError, "count for no other order"):
            other.with_user(self.controller).action_set_advance_payments(line.ids)
        self.assertWaits(other, 1000)

    def test_an_assigned_payment_is_not_counted_again_when_it_is_matched(self):
        order = self._order()
        line = self._receive(600)
        order.with_user(self.accountant).action_set_advance_payments(line.ids)
        self.assertWaits(order, 400)
        invoice = self._down_payment(order, 1000)
        (line + invoice.line_ids.filtered(lambda each: each.display_type == 'payment_term')).reconcile()
        self.assertWaits(order, 400)

    def test_an_assigned_payment_that_settles_another_debt_counts_no_more(self):
        order = self._order()
        line = self._receive(1000, memo=order.name)
        self.assertGoesOn(order)
        debt = self._loose_invoice(1000)
        (line + debt.line_ids.filtered(lambda each: each.display_type == 'payment_term')).reconcile()
        self.assertEqual((order.sudo().advance_state, order.sudo().advance_missing), ('waiting', 1000))
        with self.assertRaisesRegex(UserError, "still to be paid in advance"):
            self._deliver(order, 10)

    # === PARTS, ROUNDING, CURRENCY ===#

    def test_a_part_in_advance_is_of_the_total_with_taxes_rounded(self):
        self.account.with_user(self.controller).write({'settlement_mode': 'prepay', 'prepayment_percent': 33})
        order = self._create_order(1, price_unit=99.99, tax_ids=[Command.set(self.tax.ids)])
        order.action_confirm()
        # 99.99 + 10.00 = 109.99; 33 % of it is 36.2967
        self.assertWaits(order, 36.30)
        self._receive(36.29, memo=order.name)
        self.assertWaits(order, 0.01)
        self._receive(0.01, memo=order.name)
        self.assertGoesOn(order)

    def test_money_in_another_currency_counts_at_the_rate_of_its_day(self):
        other = self.env['res.currency'].create({'name': 'XTS', 'symbol': 'X', 'rounding': 0.01, 'rate_ids': [
            Command.create({'name': '2020-01-01', 'rate': 2.0, 'company_id': self.company.id})]})
        order = self._order()
        self._receive(1000, memo=order.name, currency_id=other.id)
        self.assertWaits(order, 500)
        self._receive(1000, memo=order.name, currency_id=other.id)
        self.assertGoesOn(order)

    def test_an_order_of_nothing_or_of_returns_waits_for_nothing(self):
        order = self._create_order(1, price_unit=0)
        order.action_confirm()
        self.assertFalse(order.sudo().control_procurement_hold)
        self.assertTrue(order.picking_ids)

    # === GOING ON, AND BACK ===#

    def test_sales_and_warehouse_are_told_once(self):
        order = self._order()
        before = order.message_ids
        self._receive(1000, memo=order.name)
        told = (order.message_ids - before).filtered('partner_ids')
        self.assertEqual(told.partner_ids, self.salesperson.partner_id)
        self.assertIn("paid in advance", told.body)
        self.assertIn("paid in advance", order.picking_ids.message_ids[:1].body)
        self._receive(5, memo=order.name)
        self.assertEqual((order.message_ids - before).filtered('partner_ids'), told)

    def test_money_that_goes_back_keeps_what_was_not_shipped(self):
        order = self._order()
        line = self._receive(1000, memo=order.name)
        self._deliver(order, 4)
        self._refund(line)
        with self.assertRaisesRegex(UserError, "1,000.00 is still to be paid in advance"):
            self._deliver(order, 6)
        order.invalidate_recordset()
        self.assertEqual(order.sudo().advance_state, 'waiting')
        self.assertTrue(order.activity_ids)

    def test_a_credit_note_takes_back_what_its_invoice_counted(self):
        order = self._order()
        invoice = self._down_payment(order, 1000)
        self._pay(invoice)
        self.assertGoesOn(order)
        self._credit_note(invoice)
        self.assertEqual(order.sudo().advance_missing, 1000)
        with self.assertRaisesRegex(UserError, "still to be paid in advance"):
            self._deliver(order, 10)

    def test_a_payment_taken_off_its_invoice_counts_no_more(self):
        order = self._order()
        invoice = self._down_payment(order, 1000)
        self._pay(invoice)
        self.assertGoesOn(order)
        invoice.line_ids.remove_move_reconcile()
        order.invalidate_recordset()
        self.assertEqual((order.sudo().advance_state, order.sudo().advance_missing), ('waiting', 1000))

    def test_an_order_that_grows_waits_for_the_difference(self):
        order = self._order()
        self._receive(1000, memo=order.name)
        order.order_line.product_uom_qty = 12
        order.invalidate_recordset()
        self.assertEqual((order.sudo().advance_state, order.sudo().advance_missing), ('waiting', 200))
        self.assertEqual(sum(order.picking_ids.move_ids.mapped('product_uom_qty')), 10)
        self._receive(200, memo=order.name)
        self.assertGoesOn(order)

    def test_a_controllers_release_lets_a_confirmed_order_go_on(self):
        order = self._order()
        order.with_user(self.controller).action_credit_release("The bank confirmed by phone")
        self.assertFalse(order.sudo().control_procurement_hold)
        self._deliver(order, 10)

    def test_a_release_of_the_quotation_does_not_stand_for_the_money(self):
        self.account.with_user(self.controller).action_hold("Check")
        order = self._create_order(10)
        order.action_submit()
        order.with_user(self.controller).action_credit_release("Checked")
        order.action_confirm()
        self.assertWaits(order, 1000)

    def test_an_error_of_ours_never_undoes_a_payment(self):
        order = self._order()
        with patch.object(type(order), '_refresh_advances', side_effect=ValueError("broken")), \
                self.assertLogs('odoo.addons.sale_order_control.models.credit.settlement.settlement_collect', 'ERROR'):
            line = self._receive(1000, memo=order.name)
        self.assertEqual(line.parent_state, 'posted')
        order.action_resume_procurement()
        self.assertTrue(order.picking_ids)

    # === ATTACKS ===#

    def test_payments_of_somebody_else_and_debts_cannot_be_assigned(self):
        order = self._order()
        stranger = self.env['res.partner'].create({'name': "Stranger", 'is_company': True})
        theirs = self._receive(1000, partner=stranger)
        debt = self._loose_invoice(50).line_ids.filtered(lambda line: line.display_type == 'payment_term')
        note = self._credit_note(self._loose_invoice(1000))
        credit = note.line_ids.filtered(lambda line: line.display_type == 'payment_term')
        draft = self._receive(1000).move_id
        draft.button_draft()
        unposted = draft.line_ids.filtered(lambda line: line.account_id.account_type == 'asset_receivable')
        for case, lines in {'another': theirs, 'debt': debt, 'note': credit, 'draft': unposted}.items():
            with self.subTest(case=case), self.assertRaises(UserError):
                order.with_user(self.controller).action_set_advance_payments(lines.ids)
        self._receive(1000, partner=stranger, memo=order.name)
        self.assertWaits(order, 1000)

    def test_only_finance_assigns_and_nobody_writes_the_link(self):
        order, line = self._order(), self._receive(1000)
        for user in (self.salesperson, self.sales_manager, self.env.ref('base.user_root')):
            with self.assertRaises(AccessError):
                order.with_user(user).action_set_advance_payments(line.ids)
        for user in (self.accountant, self.env.ref('base.user_root')):
            with self.assertRaises(AccessError):
                line.with_user(user).write({'advance_order_id': order.id})
        with self.assertRaises(AccessError):
            order.with_user(self.salesperson).write({'advance_state': 'paid'})
        with self.assertRaises(AccessError):
            self.env['credit.advance.assign'].with_user(self.salesperson).create({'order_id': order.id})
        made = self.env['sale.order'].with_user(self.salesperson).with_context(default_advance_state='paid').create(
            {'partner_id': self.customer.id})
        self.assertFalse(made.advance_state)
        made = self.env['account.move'].with_context(default_advance_order_id=order.id).create({
            'journal_id': self.bank.id, 'line_ids': [
                Command.create({'account_id': line.account_id.id, 'partner_id': self.customer.id, 'credit': 1000}),
                Command.create({'account_id': self.bank.default_account_id.id, 'debit': 1000})]})
        made.action_post()
        self.assertFalse(made.line_ids.advance_order_id)
        self.assertWaits(order, 1000)

    def test_the_wizard_offers_open_payments_of_the_customer(self):
        order = self._order()
        line = self._receive(1000)
        wizard = self.env['credit.advance.assign'].with_user(self.controller).with_context(
            active_model='sale.order', active_id=order.id).create({})
        self.assertEqual((wizard.required, wizard.received), (1000, 0))
        self.assertEqual(wizard.line_ids.mapped('item'), line.ids)
        wizard.line_ids.is_chosen = True
        wizard.action_apply()
        self.assertGoesOn(order)

    def test_the_customer_reads_amount_and_reference_only(self):
        order = self._order()
        words = order._get_portal_advance()
        self.assertEqual(set(words), {'amount', 'reference'})
        self.assertIn("1,000.00", words['amount'])
        self._receive(1000, memo=order.name)
        self.assertFalse(order._get_portal_advance())

    # === COST ===#

    def test_the_rule_costs_the_same_for_one_order_and_for_twenty(self):
        orders = self.env['sale.order'].union(*[self._order(1) for _n in range(20)])
        counts = []
        for some in (orders[:1], orders[:2], orders):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            issues = some._get_control_issues('procure')
            counts.append(self.env.cr.sql_log_count - before)
            self.assertTrue(all(issues.values()))
        self.assertLessEqual(counts[2], counts[1], counts)

    def test_a_list_of_twenty_orders_costs_the_queries_of_one(self):
        orders = self.env['sale.order'].union(*[self._order(1) for _n in range(20)])
        counts = []
        for some in (orders[:1], orders[:1], orders):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_user(self.controller).read(['advance_required', 'advance_received', 'advance_missing'])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1], counts)
