from odoo import Command
from odoo.tests import tagged

from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalPromotions(ApprovalCommon):
    """What a promotion of the company or free shipping gives is no gift of the salesperson; what only says so is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._policy(domain='[]', on_free_goods=True)

    def _promoted(self):
        if 'loyalty.program' not in self.env:
            self.skipTest("sale_loyalty is not installed")
        self.env['loyalty.program'].search([]).active = False
        gift = self._new_product("Gift", 10.0, 5.0)
        program = self.env['loyalty.program'].create({
            'name': "Buy two, get a gift", 'program_type': 'promotion', 'applies_on': 'current', 'trigger': 'auto',
            'rule_ids': [Command.create({
                'product_ids': self.product.ids, 'reward_point_mode': 'unit', 'minimum_qty': 2,
                'reward_point_amount': 1})],
            'reward_ids': [Command.create({
                'reward_type': 'product', 'reward_product_id': gift.id, 'reward_product_qty': 1,
                'required_points': 2})],
        })
        order = self._create_order(4)
        order.sudo()._update_programs_and_rewards()
        [(coupon, rewards)] = order.sudo()._get_claimable_rewards().items()
        order.sudo()._apply_program_reward(rewards[:1], coupon)
        return order, program, gift

    def test_the_reward_of_a_promotion_is_no_gift_but_more_than_it_gives_is(self):
        order, _program, gift = self._promoted()
        line = order.order_line.filtered(lambda line: line.product_id == gift)
        self.assertEqual((line.price_subtotal, line.product_uom_qty), (0.0, 2.0))
        self.assertFalse(self._codes(order))
        line.product_uom_qty = 3
        self.assertTrue(self._codes(order), "the promotion gives two")

    def test_a_line_that_only_says_it_is_a_reward_is_a_gift(self):
        order, program, _gift = self._promoted()
        card = order.order_line.sudo().coupon_id
        order.sudo().order_line = [Command.create({
            'product_id': self.product.id, 'name': "Gift", 'price_unit': 0.0,
            'reward_id': program.reward_ids.id, 'coupon_id': card.id})]
        self.assertTrue(self._codes(order))

    def test_free_shipping_is_no_gift(self):
        if 'delivery.carrier' not in self.env:
            self.skipTest("delivery is not installed")
        shipping = self.env['product.product'].create({
            'name': "Shipping", 'type': 'service', 'list_price': 15.0, 'taxes_id': False})
        self.env['delivery.carrier'].create({'name': "Post", 'product_id': shipping.id})
        order = self._create_order(1)
        order.order_line = [Command.create({'product_id': shipping.id, 'price_unit': 0.0})]
        self.assertFalse(self._codes(order))
        # The mark on the line is not what counts.
        order.order_line = [Command.create({'product_id': self.product.id, 'price_unit': 0.0, 'is_delivery': True})]
        self.assertTrue(self._codes(order))
