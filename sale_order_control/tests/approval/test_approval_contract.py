from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import ApprovalCommon
from .test_approval_acceptance import SIGNATURE


@tagged('post_install', '-at_install')
class TestApprovalContract(ApprovalCommon):
    """Orders that a policy wants a contract for: signed, verified by a second person, and the same as the order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(need_contract=True)
        cls.boss = cls._new_user('soc_boss', 'sales_team.group_sale_salesman_all_leads')

    def _approved(self):
        """An order that was approved, and not confirmed because its contract is missing."""
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual((order.approval_state, order.state), ('approved', 'draft'))
        return order

    def _contract(self, order, user=None, signed=True, **values):
        user = user or self.salesperson
        file = self.env['ir.attachment'].with_user(user).create({'name': "Signed.pdf", 'raw': b"signed"})
        return self.env['sale.order.contract'].with_user(user).with_context(default_order_id=order.id).create({
            'name': f"C-{order.id}", **({'attachment_ids': [Command.set(file.ids)]} if signed else {}), **values})

    def _codes(self, order):
        return {code for code in super()._codes(order) if code.startswith('contract')}

    def test_the_order_is_confirmed_with_its_verified_contract(self):
        order = self._approved()
        self.assertEqual(self._codes(order), {'contract.missing'})
        contract = self._contract(order)
        self.assertEqual((contract.amount_total, contract.payment_term_id), (1000.0, order.payment_term_id))
        self.assertEqual(self._codes(order), {'contract.unverified'})
        contract.with_user(self.boss).action_verify()
        self.assertFalse(self._codes(order))
        order.action_submit()
        self.assertEqual(order.state, 'sale')

    def test_every_way_to_sale_waits_for_it(self):
        order = self._approved()
        for attempt in (
            order.action_confirm,
            lambda: order.sudo().write({'state': 'sale'}),
            lambda: order.with_context(skip_contract=True).action_confirm(),
        ):
            with self.assertRaisesRegex(UserError, "signed contract"), self.cr.savepoint():
                attempt()
        # Submitting has nothing left to ask for: it says what is missing.
        self.assertIn("signed contract", order.action_submit()['params']['message'])
        self.assertEqual(order.state, 'draft')

    def test_submitting_only_tells(self):
        order = self._create_order(10)
        issue = next(
            issue for issue in order._get_control_issues('submit')[order.id] if issue.code == 'contract.missing')
        self.assertEqual(issue.effect, 'warn')

    def test_unsigned_expired_and_different_are_named(self):
        order = self._approved()
        contract = self._contract(order, signed=False)
        self.assertEqual(self._codes(order), {'contract.unsigned'})
        contract.attachment_ids = [Command.create({'name': "Signed.pdf", 'raw': b"x"})]
        contract.valid_until = fields.Date.subtract(fields.Date.today(), days=2)
        self.assertEqual(self._codes(order), {'contract.expired'})
        contract.write({'valid_until': False, 'amount_total': 999.99})
        self.assertEqual(self._codes(order), {'contract.differs'})
        self.assertEqual(contract.differences, "amount")
        with self.assertRaisesRegex(UserError, "differs from its contract"):
            contract.with_user(self.boss).action_verify()
        contract.action_take_terms()
        contract.with_user(self.boss).action_verify()
        self.assertFalse(self._codes(order))

    def test_a_change_in_either_direction_differs(self):
        order = self._approved()
        self._contract(order).with_user(self.boss).action_verify()
        for values in ({'product_uom_qty': 9}, {'price_unit': 90.0}, {'price_unit': 110.0}):
            with self.subTest(values=values):
                before = {name: order.order_line[name] for name in values}
                order.order_line.write(values)
                self.assertIn('contract.differs', self._codes(order))
                order.order_line.write(before)
        order.payment_term_id = self.env.ref('account.account_payment_term_15days')
        self.assertIn('contract.differs', self._codes(order))

    def test_who_recorded_or_sells_does_not_verify(self):
        order = self._approved()
        contract = self._contract(order)
        for user in (self.salesperson, self.other_salesperson, self.outsider, self.finance):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                contract.with_user(user).action_verify()
        own = self._contract(self._approved(), user=self.boss)
        with self.assertRaisesRegex(AccessError, "Four eyes"):
            own.with_user(self.boss).action_verify()
        # Whoever touched it recorded it, whoever touched it after that.
        contract.with_user(self.boss).warranty_months = 24
        contract.warranty_months = 36
        self.assertLessEqual(self.salesperson | self.boss, contract.editor_ids)
        with self.assertRaisesRegex(AccessError, "Four eyes"):
            contract.with_user(self.boss).action_verify()

    def test_who_made_the_order_worse_or_entered_it_does_not_verify(self):
        order = self._create_order(10)
        order.with_user(self.boss).order_line.discount = 5
        order.action_submit()
        self._request(order).with_user(self.sales_manager).action_agree()
        contract = self._contract(order)
        self.assertIn(self.boss, order._get_approval_makers())
        with self.assertRaisesRegex(AccessError, "Four eyes"):
            contract.with_user(self.boss).action_verify()
        entered = self._create_order(10, user=self.boss)
        entered.user_id = self.salesperson
        with self.assertRaisesRegex(AccessError, "Four eyes"):
            self._contract(entered).with_user(self.boss).action_verify()

    def test_a_signature_on_the_web_page_counts_for_the_terms_that_were_signed(self):
        order = self._approved()
        contract = self._contract(order, signed=False)
        order.sudo().write({'signed_by': "Dana", 'signed_on': fields.Datetime.now(), 'signature': SIGNATURE})
        self.assertFalse(contract.is_signed, "a colleague who writes a signature is no customer")
        order._record_acceptance({
            'kind': 'reconfirm', 'result': 'agreed', 'channel': 'portal', 'happened_on': fields.Datetime.now()})
        self.env.invalidate_all()
        self.assertFalse(contract.is_signed, "nor is one who records that there was one")
        order.with_user(self.env.ref('base.public_user')).sudo()._validate_order()
        self.assertTrue(contract.is_signed)
        self.assertEqual(self._codes(order), {'contract.unverified'})
        order.order_line.price_unit = 90.0
        contract.action_take_terms()
        self.env.invalidate_all()
        self.assertFalse(contract.is_signed)
        self.assertEqual(self._codes(order), {'contract.unsigned'})
        with self.assertRaisesRegex(UserError, "not signed"):
            contract.with_user(self.boss).action_verify()

    def test_what_is_verified_is_kept_with_its_file(self):
        contract = self._contract(self._approved())
        contract.with_user(self.boss).action_verify()
        for user in (self.salesperson, self.boss):
            for attempt in (
                lambda user=user: contract.with_user(user).write({'amount_total': 1.0}),
                lambda user=user: contract.with_user(user).unlink(),
                lambda user=user: contract.attachment_ids.with_user(user).write({'raw': b"other"}),
                lambda user=user: contract.attachment_ids.with_user(user).unlink(),
            ):
                with self.subTest(user=user.login), self.assertRaises(UserError), self.cr.savepoint():
                    attempt()
        draft = self._contract(self._approved())
        for values in ({'state': 'verified'}, {'snapshot': {}}, {'verified_by_id': self.boss.id}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                draft.write(values)
        made = self._contract(self._approved(), state='verified', verified_by_id=self.boss.id)
        self.assertEqual((made.state, made.verified_by_id.id), ('draft', False))

    @mute_logger('odoo.sql_db')
    def test_numbers_are_unique_per_company_and_orders_have_one_contract(self):
        order = self._approved()
        contract = self._contract(order, name="A 1")
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self._contract(self._approved(), name="A 1")
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self._contract(order, name="A 2")
        contract.action_cancel()
        self._contract(order, name="A 2")
        self.assertEqual(self._codes(order), {'contract.unverified'})

    def test_orders_of_others_and_the_portal(self):
        order = self._approved()
        with self.assertRaises(AccessError):
            self._contract(order, user=self.other_salesperson)
        portal = new_test_user(self.env, 'soc_portal_contract', groups='base.group_portal')
        with self.assertRaises(AccessError):
            self.env['sale.order.contract'].with_user(portal).search([])
        contract = self._contract(order)
        contract.with_user(self.boss).action_verify()
        with self.assertRaises(AccessError):
            contract.action_cancel()

    def test_no_contract_is_wanted_where_no_policy_says_so(self):
        self.policy.need_contract = False
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')
