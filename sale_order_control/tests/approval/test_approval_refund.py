from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalRefund(ApprovalCommon):
    """Money of an order goes back: asked, approved by policy, paid once by a second person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = cls._new_user('soc_accountant', 'account.group_account_invoice')
        cls.policy = cls._policy(
            cls._level(cls.sales_manager), name="Refunds", res_model='sale.refund.request', min_amount=100.0)
        cls.bank = cls.env['account.journal'].search(
            [('company_id', '=', cls.company.id), ('type', '=', 'bank')], limit=1)
        account = cls.env['account.account'].create({
            'name': "Outstanding", 'code': 'X10199', 'account_type': 'asset_current', 'reconcile': True})
        methods = cls.bank.inbound_payment_method_line_ids | cls.bank.outbound_payment_method_line_ids
        methods.payment_account_id = account

    def _paid(self, amount=1000.0, quantity=10.0):
        """A confirmed order for which the customer paid an amount in advance."""
        order = self._create_order(quantity)
        self._switch(approval='off')
        order.action_confirm()
        self._switch(approval='enforce')
        payment = self.env['account.payment'].create({
            'payment_type': 'inbound', 'partner_type': 'customer', 'partner_id': self.customer.id, 'amount': amount,
            'journal_id': self.bank.id})
        payment.action_post()
        items = payment.move_id.line_ids.filtered(lambda item: item.account_id.account_type == 'asset_receivable')
        order._control_money_returned(items)
        return order

    def _ask(self, order, amount, user=None, **values):
        return self.env['sale.refund.request'].with_user(user or self.salesperson).create({
            'order_id': order.id, 'amount': amount, 'reason': "Two desks fewer", **values})

    def _approved(self, amount=300.0, order=None, **values):
        request = self._ask(order or self._paid(), amount, **values)
        request.action_submit()
        request.sudo().approval_request_ids.with_user(self.sales_manager).action_agree()
        return request

    def test_from_the_question_to_the_payment(self):
        order = self._paid()
        request = self._ask(order, 300.0)
        self.assertEqual((request.refundable_amount, request.partner_id), (1000.0, self.customer))
        request.action_submit()
        self.assertEqual((request.state, request.approval_state), ('asked', 'pending'))
        with self.assertRaises(UserError):
            request.with_user(self.accountant).action_pay()
        request.sudo().approval_request_ids.with_user(self.sales_manager).action_agree()
        self.assertEqual(request.state, 'approved')
        [activity] = request.sudo().activity_ids
        self.assertTrue(activity.user_id.has_group('account.group_account_invoice'))
        request.with_user(self.accountant).action_pay()
        payment = request.sudo().payment_ids
        self.assertEqual(
            (payment.state, payment.payment_type, payment.partner_id, payment.amount, request.state),
            ('draft', 'outbound', self.customer, 300.0, 'recorded'))
        self.assertFalse(request.sudo().activity_ids)

    def test_a_returned_prepayment_raises_the_exposure_and_no_longer_counts_as_paid(self):
        order = self._paid()
        account = self.env['credit.account']._for_partners(self.customer, self.company)
        request = self._approved(300.0, order)
        before = account._get_exposure(self.customer, self.company)[self.customer.id].total
        request.with_user(self.accountant).action_pay()
        payment = request.sudo().payment_ids
        self.assertEqual(account._get_exposure(self.customer, self.company)[self.customer.id].total, before)
        payment.action_post()
        self.assertEqual(account._get_exposure(self.customer, self.company)[self.customer.id].total, before + 300.0)
        self.assertEqual(order._get_money_received()[order.id], 700.0)
        # Counted once: what went out is no longer asked for as well.
        self.assertEqual(order._get_refundable_amounts()[order.id], 700.0)

    def test_no_more_than_was_paid_and_is_not_used(self):
        order = self._paid(500.0)
        with self.assertRaisesRegex(UserError, "cannot be paid back"):
            self._ask(order, 500.01).action_submit()
        first = self._ask(order, 400.0)
        first.action_submit()
        with self.assertRaisesRegex(UserError, "cannot be paid back"):
            self._ask(order, 100.01).action_submit()
        # Drafts claim nothing, and what is refused is free again.
        first.sudo().approval_request_ids.with_user(self.sales_manager).action_disagree("No.")
        self.assertEqual(first.state, 'refused')
        self._ask(order, 500.0).action_submit()
        with self.assertRaisesRegex(UserError, "Enter the amount"):
            self._ask(order, 0.0).action_submit()

    def test_what_was_delivered_is_used(self):
        order = self._paid(1000.0)
        order.picking_ids.move_ids.write({'quantity': 6, 'picked': True})
        order.picking_ids.with_context(cancel_backorder=True)._action_done()
        self.assertEqual(order._get_refundable_amounts()[order.id], 400.0)

    def test_it_is_paid_once_by_somebody_else_and_never_more(self):
        other, account = self.env['res.partner.bank'].create([
            {'acc_number': number, 'partner_id': self.customer.id, 'allow_out_payment': True}
            for number in ("DE10", "DE20")])
        request = self._approved(partner_bank_id=account.id)
        for user in (self.salesperson, self.sales_manager, self.outsider):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                request.with_user(user).action_pay()
        self.salesperson.sudo().group_ids += self.env.ref('account.group_account_invoice')
        with self.assertRaisesRegex(AccessError, "Four eyes"):
            request.action_pay()
        request.with_user(self.accountant).action_pay()
        with self.assertRaisesRegex(UserError, "does not wait"):
            request.with_user(self.controller).action_pay()
        payment = request.sudo().payment_ids.with_user(self.accountant)
        self.assertEqual(payment.partner_bank_id, account)
        for values in ({'amount': 301.0}, {'partner_id': self.company.partner_id.id}, {'payment_type': 'inbound'},
                       {'partner_bank_id': other.id}, {'partner_bank_id': False}):
            with self.subTest(values=values), self.assertRaises(ValidationError), self.cr.savepoint():
                payment.write(values)
        with self.assertRaises(UserError), self.cr.savepoint():
            payment.unlink()
        with self.assertRaises(AccessError):
            payment.copy({'refund_request_id': request.id})

    def test_where_no_account_was_approved_it_goes_to_one_of_the_customers_own(self):
        request = self._approved()
        request.with_user(self.accountant).action_pay()
        payment = request.sudo().payment_ids.with_user(self.accountant)
        own, strange = self.env['res.partner.bank'].create([
            {'acc_number': "DE30", 'partner_id': self.customer.id, 'allow_out_payment': True},
            {'acc_number': "DE40", 'partner_id': self.outsider.partner_id.id, 'allow_out_payment': True}])
        payment.partner_bank_id = own
        with self.assertRaises(ValidationError), self.cr.savepoint():
            payment.partner_bank_id = strange

    def test_a_credit_controller_pays_without_rights_in_accounting(self):
        request = self._approved()
        self.assertTrue(request.with_user(self.controller).can_pay)
        request.with_user(self.controller).action_pay()
        self.assertEqual(request.sudo().payment_ids.state, 'draft')

    def test_a_cancelled_payment_can_be_recorded_again(self):
        request = self._approved()
        request.with_user(self.accountant).action_pay()
        request.sudo().payment_ids.action_cancel()
        self.assertEqual(request.state, 'approved')
        request.with_user(self.accountant).action_pay()
        self.assertEqual(len(request.sudo().payment_ids), 2)

    def test_what_follows_cannot_be_written_and_what_was_asked_not_changed(self):
        request = self._approved()
        for values in ({'state': 'recorded'}, {'user_id': self.outsider.id}, {'approval_state': 'none'},
                       {'partner_id': self.outsider.partner_id.id}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                request.write(values)
        for values in ({'amount': 900.0}, {'reason': "Other"}, {'order_id': self._create_order().id}):
            with self.subTest(values=values), self.assertRaises(UserError):
                request.write(values)
        made = self._ask(self._paid(), 50.0, state='approved', user_id=self.outsider.id)
        self.assertEqual((made.state, made.user_id), ('draft', self.salesperson))
        with self.assertRaises(UserError):
            request.unlink()

    def test_small_amounts_that_no_policy_asks_about_wait_for_finance_only(self):
        request = self._ask(self._paid(), 99.0)
        request.action_submit()
        self.assertEqual(request.state, 'approved')

    def test_orders_and_banks_of_others(self):
        order = self._paid()
        with self.assertRaises(AccessError):
            self._ask(order, 10.0, user=self.other_salesperson)
        bank = self.env['res.partner.bank'].create({'acc_number': "DE1", 'partner_id': self.outsider.partner_id.id})
        with self.assertRaises(ValidationError):
            self._ask(order, 10.0, partner_bank_id=bank.id)
        request = self._ask(order, 10.0)
        with self.assertRaises(AccessError):
            request.with_user(self.other_salesperson).read(['amount'])
        portal = new_test_user(self.env, 'soc_portal_refund', groups='base.group_portal')
        with self.assertRaises(AccessError):
            self.env['sale.refund.request'].with_user(portal).search([])

    def test_recalling_and_cancelling_frees_the_money(self):
        order = self._paid(300.0)
        request = self._ask(order, 300.0)
        request.action_submit()
        request.action_recall()
        self.assertEqual((request.state, order._get_refundable_amounts()[order.id]), ('draft', 300.0))
        request.action_submit()
        with self.assertRaises(AccessError):
            request.with_user(self.sales_manager).action_cancel()
        request.action_cancel()
        self.assertEqual((request.state, request.sudo().approval_request_ids[0].state), ('cancelled', 'void'))

    def test_another_company_sees_nothing(self):
        request = self._ask(self._paid(), 10.0)
        company = self.env['res.company'].create({'name': "Elsewhere"})
        stranger = new_test_user(
            self.env, 'soc_far', groups='base.group_user,account.group_account_invoice', company_id=company.id,
            company_ids=[Command.set(company.ids)])
        with self.assertRaises(AccessError):
            request.with_user(stranger).action_pay()
