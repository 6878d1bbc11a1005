from odoo import Command
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalListPrice(ApprovalCommon):
    """Which list price counts: of combos, and where somebody else is invoiced."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._policy(domain='[]', below_list_percent=10.0, name="List")
        cls.mouse = cls._new_product("Mouse", 30.0, 10.0)
        cls.combo = cls.env['product.product'].create({
            'name': "Office Set", 'type': 'combo', 'list_price': 120.0, 'taxes_id': [Command.clear()],
            'combo_ids': [
                Command.create({'name': "Desk", 'combo_item_ids': [Command.create({'product_id': cls.product.id})]}),
                Command.create({'name': "Mouse", 'combo_item_ids': [
                    Command.create({'product_id': cls.mouse.id, 'extra_price': 5.0})]}),
            ]})

    def _combo_order(self, quantity=2.0):
        order = self.env['sale.order'].with_user(self.salesperson).create({
            'partner_id': self.customer.id, 'user_id': self.salesperson.id,
            'order_line': [Command.create({'product_id': self.combo.id, 'product_uom_qty': quantity})]})
        head = order.order_line
        for item in self.combo.combo_ids.combo_item_ids:
            self.env['sale.order.line'].with_user(self.salesperson).create({
                'order_id': order.id, 'product_id': item.product_id.id, 'product_uom_qty': quantity,
                'linked_line_id': head.id, 'combo_item_id': item.id})
        return order, head, order.order_line - head

    def _triggers(self, order):
        return {code.rsplit('.', 1)[1] for code in self._codes(order) if code.startswith('approval.')}

    def test_the_choices_of_a_combo_together_are_compared_with_its_list_price(self):
        order, _head, choices = self._combo_order()
        self.assertEqual(sum(choices.mapped('price_unit')), 125.0)
        self.assertFalse(self._triggers(order))
        choices[0].price_unit -= 12.5
        self.assertFalse(self._triggers(order))
        choices[1].discount = 3.0
        self.assertEqual(self._triggers(order), {'below_list'})
        [issue] = [issue for issue in order._get_control_issues('submit')[order.id] if issue.stops]
        self.assertIn("Office Set", issue.message)

    def test_a_line_that_only_says_it_is_a_choice_is_none(self):
        order, head, choices = self._combo_order()
        # The same choice twice: the combo gives it once.
        self.env['sale.order.line'].create({
            'order_id': order.id, 'product_id': self.product.id, 'product_uom_qty': 2.0, 'price_unit': 1.0,
            'linked_line_id': head.id, 'combo_item_id': choices[0].combo_item_id.id})
        self.assertEqual(self._triggers(order), {'below_list'})
        order, head, choices = self._combo_order()
        choices[0].write({'product_uom_qty': 20.0, 'price_unit': 10.0})
        self.assertEqual(self._triggers(order), {'below_list'}, "two were to be in the set")

    def test_a_cheaper_combo_says_why_on_its_own_line(self):
        self.company.control_price_reason = 'below'
        order, head, choices = self._combo_order()
        self.assertFalse(self._codes(order))
        choices[0].price_unit -= 5.0
        [issue] = [issue for issue in order._get_control_issues('submit')[order.id] if issue.code == 'price.reason']
        self.assertEqual(issue.facts['lines'], head.ids)
        self.assertAlmostEqual(head.list_price_gap, 4.0)
        # No smallest change is known for a combo: none is made up.
        self.assertFalse([fix for fix in order._plan_control_fixes()[0] if fix.code == 'price.reason'])
        head.price_reason_id = self.env.ref('sale_order_control.price_reason_volume')
        self.assertFalse(self._codes(order))

    def test_the_pricelist_of_who_is_invoiced_counts_too(self):
        self.env['res.groups'].browse(self.env.ref('base.group_user').id).implied_ids += self.env.ref(
            'product.group_product_pricelist')
        cheap, dear = self.env['product.pricelist'].create([
            {'name': name, 'company_id': self.company.id, 'item_ids': [Command.create({
                'compute_price': 'percentage', 'percent_price': percent, 'applied_on': '3_global'})]}
            for name, percent in (("Dealers", 40.0), ("Usual", 5.0))])
        self.customer.property_product_pricelist = cheap
        payer = self.env['res.partner'].create({
            'name': "Payer", 'is_company': True, 'property_product_pricelist': dear.id})
        order = self._create_order(1, price_unit=60.0)
        self.assertFalse(self._triggers(order))
        order.partner_invoice_id = payer
        self.assertEqual(self._triggers(order), {'below_list'})
        order.order_line.price_unit = 95.0
        self.assertFalse(self._triggers(order))
        # The other way round the customer's own list is the higher one.
        other = self._create_order(1, partner=payer, price_unit=60.0)
        other.partner_invoice_id = self.customer
        self.assertEqual(self._triggers(other), {'below_list'})
