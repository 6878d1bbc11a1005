from lxml import etree

from odoo import Command
from odoo.tests import Form, tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditScreens(CreditCommon):
    """Each role opens the screens it works with, with no other right than its own."""

    def _read_screen(self, records, xmlid, user):
        """Read all fields of a view as the web client would."""
        view = self.env.ref(f'sale_order_control.{xmlid}')
        records = records.with_user(user)
        arch = records.get_view(view.id, view.type)['arch']
        names = {node.get('name') for node in etree.fromstring(arch).xpath('//field[not(ancestor::field)]')}
        self.assertTrue(names)
        return records.web_read({name: {} for name in names})

    def test_a_controller_without_sales_rights_works_on_holds(self):
        self._limit(500, self._grade('block'))
        order = self._create_order(10)
        order.action_submit()
        for xmlid in ('credit_hold_view_list', 'credit_hold_view_form'):
            [values] = self._read_screen(order, xmlid, self.controller)
            self.assertEqual(values['credit_hold_effect'] if 'list' in xmlid else values['credit_state'],
                             'block' if 'list' in xmlid else 'hold')
        for xmlid in ('credit_account_view_list', 'credit_account_view_form'):
            self._read_screen(self.account, xmlid, self.controller)
            self._read_screen(self.account, xmlid, self.salesperson)
        self._read_screen(order.sudo().credit_decision_ids, 'credit_decision_view_list', self.controller)

    def test_a_controller_sets_grade_and_limit_on_the_account_form(self):
        grade = self._grade(limit_formula='fixed', limit_amount=700)
        with Form(self.account.with_user(self.controller)) as form:
            form.grade_id = grade
        self.assertEqual(self.account.credit_limit, 700)
        with Form(self.account.with_user(self.controller)) as form:
            form.credit_limit = 900
        self.assertEqual((self.account.limit_kind, self.account.credit_limit), ('amount', 900))
        with Form(self.account.with_user(self.controller)) as form:
            form.limit_kind = 'zero'
        self.assertEqual((self.account.limit_kind, self.account.credit_limit), ('zero', 0))

    def test_the_customer_form_shows_credit_to_the_salesperson(self):
        self._limit(500)
        with Form(self.customer.with_user(self.salesperson)) as form:
            self.assertEqual(form.credit_limit_amount, 500)
            self.assertEqual(form.credit_available, 500)

    def test_a_list_of_twenty_accounts_costs_the_queries_of_one(self):
        partners = self.env['res.partner'].create([{'name': f"Customer {n}", 'is_company': True} for n in range(20)])
        accounts = self.accounts._for_partners(partners, self.company)
        counts = []
        for some in (accounts[:1], accounts[:1], accounts):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._read_screen(some, 'credit_account_view_list', self.salesperson)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1] + 2, counts)

    def test_who_acts_next_is_who_can_go_on(self):
        self._limit(50, self._grade('block'))
        stopped = self._create_order(1)
        stopped.action_submit()
        self.assertEqual(stopped.control_next, "The credit controllers release it, or the customer pays")

        # Approvers could agree, but nobody has asked them yet: data is missing, and that is the maker's turn.
        self._limit(50, self._grade('approve', code='P'))
        self._switch(approval='enforce', completeness='enforce')
        self.env['sale.approval.policy'].create({
            'name': "Finance", 'company_id': self.company.id, 'on_credit_issue': True,
            'level_ids': [Command.create({'name': "Finance", 'user_ids': [Command.set(self.controller.ids)]})]})
        self.env['sale.control.requirement'].create({
            'name': "The customer's reference is missing.", 'subject': 'order',
            'field_id': self.env['ir.model.fields']._get('sale.order', 'client_order_ref').id})
        incomplete = self._create_order(1)
        incomplete.action_submit()
        self.assertEqual(
            incomplete.control_next,
            f"{self.salesperson.name} submits it for approval, or the credit controllers release it")

    def test_a_list_of_twenty_orders_costs_the_queries_of_one(self):
        self._limit(50, self._grade('block'))
        orders = self.env['sale.order'].union(*[self._create_order(1) for _n in range(20)])
        orders.action_submit()
        self.assertEqual(set(orders.mapped('credit_state')), {'hold'})
        counts = []
        for some in (orders[:1], orders[:1], orders):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_user(self.salesperson).read(
                ['credit_state', 'control_status', 'control_next', 'credit_hold_reason']
            )
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1], counts)
