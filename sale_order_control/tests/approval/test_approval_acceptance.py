from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ApprovalCommon

# A picture of one pixel.
SIGNATURE = b'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='


@tagged('post_install', '-at_install')
class TestApprovalAcceptance(ApprovalCommon):
    """Large orders are checked with the customer before they bind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(
            cls._level(cls.sales_manager, 10), cls._level(cls.finance, 20), reconfirm_customer=True)

    def _check(self, order, user=None, **values):
        values = {'kind': 'reconfirm', 'statement': "Yes, all ten.", 'channel': 'phone', **values}
        wizard = self.env['sale.order.check'].with_user(user or self.salesperson).with_context(
            default_order_id=order.id).create(values)
        return wizard

    def _activities(self, order):
        kind = self.env.ref('sale_order_control.mail_activity_type_acceptance')
        return order.sudo().activity_ids.filtered(lambda activity: activity.activity_type_id == kind)

    def test_the_last_level_waits_for_the_customer(self):
        order, request = self._submitted()
        [activity] = self._activities(order)
        self.assertEqual(activity.user_id, self.salesperson)
        request.with_user(self.sales_manager).action_agree()
        with self.assertRaisesRegex(UserError, "customer has not confirmed"):
            request.with_user(self.finance).action_agree()
        self.assertEqual(request.state, 'pending')
        self._check(order).action_record()
        self.assertFalse(self._activities(order))
        request.with_user(self.finance).action_agree()
        self.assertEqual(order.state, 'sale')
        fact = order.acceptance_ids
        self.assertEqual((fact.user_id, fact.contact_name, fact.channel), (
            self.salesperson, self.customer.display_name, 'phone'))

    def test_who_agreed_before_is_asked_at_the_last_level_once_the_customer_confirmed(self):
        last = self.policy.level_ids.sorted('sequence')[1]
        last.write({'user_ids': [Command.set((self.sales_manager | self.finance).ids)], 'skip_agreed': True})
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual((request.state, order.state), ('pending', 'draft'))
        self.assertEqual(request.task_ids.sorted('sequence').mapped('state'), ['agreed', 'pending', 'pending'])
        self._check(order).action_record()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')
        # With the confirmation there already, nobody is asked twice.
        order, request = self._submitted(11.0)
        self._check(order).action_record()
        request.with_user(self.sales_manager).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_disagreeing_and_returning_wait_for_nobody(self):
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        request.with_user(self.finance).action_return("Ask the customer first.")
        self.assertEqual(request.state, 'returned')
        self.assertFalse(self._activities(order))

    def test_of_many_requests_those_that_lack_it_are_listed(self):
        self.policy.level_ids[1].unlink()
        ready, first = self._submitted()
        _order, second = self._submitted(11.0)
        self._check(ready).action_record()
        result = (first | second).with_user(self.sales_manager).action_agree()
        self.assertEqual((first.state, second.state), ('approved', 'pending'))
        self.assertIn("has not confirmed", result['params']['message'])

    def test_other_terms_are_new_to_the_customer(self):
        order, request = self._submitted()
        self._check(order).action_record()
        # Safer for the company, so the approval stays: but the customer never heard of it.
        order.order_line.with_user(self.salesperson).product_uom_qty = 8
        self.assertEqual(request.state, 'pending')
        request.with_user(self.sales_manager).action_agree()
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_agree()
        self.assertFalse(order.acceptance_ids.is_current)
        [activity] = self._activities(order)
        self.assertEqual(activity.user_id, self.salesperson)
        order.order_line.with_user(self.salesperson).product_uom_qty = 7
        self.assertEqual(self._activities(order), activity)

    def test_no_way_round_leads_to_a_sale(self):
        self.policy.write({'tolerance_percent': 0})
        order, request = self._submitted()
        self._check(order).action_record()
        request.with_user(self.sales_manager).action_agree()
        order.order_line.with_user(self.salesperson).product_uom_qty = 8
        # However the request came to be approved, the confirmation asks for itself.
        self.env.cr.execute("UPDATE sale_approval_request SET state = 'approved' WHERE id = %s", (request.id,))
        self.env.cr.execute("UPDATE sale_order SET approval_state = 'approved' WHERE id = %s", (order.id,))
        self.env.invalidate_all()
        for attempt in (
            order.action_confirm,
            lambda: order.write({'state': 'sale'}),
            lambda: order.sudo().with_context(force=True).action_confirm(),
        ):
            with self.assertRaisesRegex(UserError, "customer has not confirmed"), self.cr.savepoint():
                attempt()
        for attempt in (
            lambda: self.env['sale.order.acceptance'].with_user(self.salesperson).create({
                'order_id': order.id, 'company_id': self.company.id, 'kind': 'reconfirm', 'result': 'agreed',
                'happened_on': fields.Datetime.now(), 'user_id': self.salesperson.id,
                'digest': order._prepare_control_terms().digest}),
            lambda: order.with_user(self.salesperson).write(
                {'acceptance_ids': [Command.create({'kind': 'reconfirm'})]}),
            lambda: order.acceptance_ids.sudo().write({'digest': order._prepare_control_terms().digest}),
            lambda: order.acceptance_ids.sudo().unlink(),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                attempt()

    def test_only_who_may_write_the_order_records_and_only_what_is_complete(self):
        order, _request = self._submitted()
        for user in (self.other_salesperson, self.outsider):
            with self.subTest(user=user.login), self.assertRaises(AccessError), self.cr.savepoint():
                self._check(order, user).action_record()
        mine = self._check(order)
        with self.assertRaises(AccessError):
            mine.with_user(self.other_salesperson).action_record()
        for values in ({'statement': " "}, {'channel': False}, {'contact_id': False}, {'happened_on': '2999-01-01'}):
            with self.subTest(values=values), self.assertRaises(UserError):
                self._check(order, **values).action_record()
        portal = new_test_user(self.env, 'soc_portal_check', groups='base.group_portal')
        with self.assertRaises(AccessError):
            self.env['sale.order.acceptance'].with_user(portal).search([])
        self.assertFalse(order.acceptance_ids)

    def test_files_are_copied_and_those_of_others_cannot_be_taken(self):
        order, request = self._submitted()
        foreign = self.env['ir.attachment'].with_user(self.other_salesperson).create({'name': "x.txt", 'raw': b"x"})
        with self.assertRaises(AccessError):
            self._check(order, attachment_ids=[Command.set(foreign.ids)]).action_record()
        own = self.env['ir.attachment'].with_user(self.salesperson).create({'name': "Mail.txt", 'raw': b"agreed"})
        self._check(order, attachment_ids=[Command.set(own.ids)]).action_record()
        own.raw = b"something else"
        kept = order.acceptance_ids.attachment_ids
        self.assertEqual((kept.raw, kept.res_id), (b"agreed", order.acceptance_ids.id))
        with self.assertRaises(AccessError):
            kept.with_user(self.salesperson).raw = b"something else"
        # Who is asked to approve reads it with the record.
        self.assertEqual(kept.with_user(self.finance).raw, b"agreed")
        self.assertEqual(request.with_user(self.finance).acceptance_ids.statement, "Yes, all ten.")

    def test_the_order_is_compared_line_by_line_with_what_was_asked_for(self):
        self.policy.write({'reconfirm_customer': False, 'compare_request': True})
        order, request = self._submitted()
        request.with_user(self.sales_manager).action_agree()
        with self.assertRaisesRegex(UserError, "not been compared"):
            request.with_user(self.finance).action_agree()
        wizard = self._check(order, kind='compare', statement=False)
        self.assertEqual(wizard.line_ids.order_line_id, order.order_line)
        with self.assertRaisesRegex(UserError, "what you compared with"):
            wizard.action_record()
        wizard.reference = "PO 4711"
        with self.assertRaisesRegex(UserError, "what differs"):
            wizard.action_record()
        wizard.line_ids.note = "The customer wrote 12."
        action = wizard.action_record()
        self.assertEqual(action['res_model'], 'mail.compose.message')
        self.assertIn("The customer wrote 12.", action['context']['default_body'])
        self.assertEqual(action['context']['default_partner_ids'], self.customer.ids)
        # A doubt is on record and clears nothing.
        self.assertEqual(order.acceptance_ids.result, 'doubt')
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_agree()
        again = self._check(order, kind='compare', reference="PO 4711")
        again.line_ids.same = True
        again.action_record()
        self.assertIn("PO 4711", order.acceptance_ids[0].reference)
        request.with_user(self.finance).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_a_later_doubt_takes_an_earlier_yes_back(self):
        order, request = self._submitted()
        self._check(order).action_record()
        self._check(order, has_doubt=True, statement="They called: the colour is open.").action_record()
        request.with_user(self.sales_manager).action_agree()
        with self.assertRaises(UserError):
            request.with_user(self.finance).action_agree()

    def test_a_signature_on_the_web_page_counts(self):
        order, request = self._submitted()
        public = self.env.ref('base.public_user')
        order.sudo().write({'signed_by': "Dana", 'signed_on': fields.Datetime.now(), 'signature': SIGNATURE})
        order.sudo()._validate_order()
        self.assertFalse(order.acceptance_ids, "a colleague who writes a signature is no customer")
        order.with_user(public).sudo()._validate_order()
        self.assertEqual((order.acceptance_ids.channel, order.acceptance_ids.contact_name), ('portal', "Dana"))
        request.with_user(self.sales_manager).action_agree()
        request.with_user(self.finance).action_agree()
        self.assertEqual(order.state, 'sale')

    def test_nothing_is_asked_while_off_or_where_no_policy_matches(self):
        small = self._create_order(1)
        self.assertTrue(small.acceptance_offered)
        small.action_submit()
        self.assertEqual(small.state, 'sale')
        self._switch(approval='off')
        order = self._create_order(10)
        order.action_confirm()
        self.assertEqual(order.state, 'sale')
        self.assertFalse(self._activities(order))
        self._switch(approval='warn')
        told = self._create_order(10)
        issues = {issue.code: issue for issue in told._get_control_issues('confirm')[told.id]}
        self.assertEqual(
            (issues['acceptance.reconfirm'].effect, issues['acceptance.reconfirm'].would), ('warn', 'block'))

    def test_twenty_orders_cost_the_queries_of_two(self):
        def count(orders):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            orders._get_control_issues('confirm')
            return self.env.cr.sql_log_count - before
        orders = self.env['sale.order'].union(*(self._create_order(10) for _number in range(20)))
        orders._get_control_issues('confirm')
        self.assertEqual(count(orders[:2]), count(orders))
