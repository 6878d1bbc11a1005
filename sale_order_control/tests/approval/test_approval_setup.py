from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalSetup(ApprovalCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(approval='off')
        cls.manager = cls._new_user('soc_boss', 'sale_order_control.group_manager')

    def _setup(self, **values):
        return self.env['sale.control.setup'].with_user(self.manager).create({
            'company_id': self.company.id,
            'sales_manager_ids': [Command.set(self.sales_manager.ids)],
            'finance_ids': [Command.set(self.finance.ids)],
            'general_manager_ids': [Command.set(self.director.ids)],
            'control_go_live': False,
            **values,
        })

    def test_the_preset_puts_the_company_under_control(self):
        policies = self._setup(control_credit='enforce')._apply()
        self.assertEqual(policies.mapped('preset_key'), ['domestic.sales', 'domestic.finance', 'domestic.general'])
        self.assertEqual(self.company.control_approval, 'enforce')
        self.assertEqual(self.company.control_credit, 'enforce')

    def test_it_can_run_again_and_changes_only_what_was_changed(self):
        first = self._setup()._apply()
        own = self._policy(name="Our own")
        first[1].level_ids += self.env['sale.approval.level'].create({
            'policy_id': first[1].id, 'name': "Legal", 'sequence': 25,
            'user_ids': [Command.set(self.director.ids)]})
        levels = first.level_ids
        self._setup(sales_discount=25.0, finance_ids=[Command.set(self.director.ids)])._apply()
        again = self.env['sale.approval.policy'].search([('company_id', '=', self.company.id)])
        self.assertEqual(again, first | own)
        self.assertEqual(again.level_ids, levels | own.level_ids)
        self.assertEqual(first[0].max_discount, 25.0)
        finance = first[1].level_ids.filtered(lambda level: level.preset_key == 'finance')
        self.assertEqual(finance.user_ids, self.director)

    def test_the_screen_starts_from_what_was_set_up_before(self):
        self._setup(sales_amount=7777.0)._apply()
        defaults = self.env['sale.control.setup'].with_user(self.manager).default_get(
            ['sales_amount', 'sales_manager_ids', 'control_approval'])
        self.assertEqual(defaults['sales_amount'], 7777.0)
        self.assertEqual(defaults['control_approval'], 'enforce')

    def test_without_general_manager_the_high_value_policy_rests(self):
        general = self._setup()._apply()[2]
        self._setup(general_manager_ids=[Command.clear()])._apply()
        self.assertFalse(general.active)
        self._setup()._apply()
        self.assertTrue(general.active)

    def test_levels_need_people_and_only_managers_set_up(self):
        with self.assertRaises(UserError):
            self._setup(finance_ids=[Command.clear()]).action_apply()
        with self.assertRaises(AccessError):
            self.env['sale.control.setup'].with_user(self.salesperson).create({'company_id': self.company.id})
        with self.assertRaises(AccessError):
            self._setup().with_user(self.sales_manager).action_apply()

    def test_one_and_two_levels_and_most_orders_none(self):
        self._setup()._apply()
        cases = [(10, 0.0, 0), (49, 20.0, 0), (50, 0.0, 1), (10, 25.0, 1), (10, 35.0, 2), (100, 0.0, 2)]
        for quantity, discount, levels in cases:
            with self.subTest(quantity=quantity, discount=discount):
                order = self._create_order(quantity, discount=discount)
                order.action_submit()
                self.assertEqual(len(self._request(order).task_ids), levels)
                self.assertEqual(order.state, 'draft' if levels else 'sale')
