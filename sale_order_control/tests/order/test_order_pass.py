from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.order.control_fix import find_least, round_down, round_up
from .common import ControlCommon


@tagged('post_install', '-at_install')
class TestOrderPass(ControlCommon):
    """Make it pass: the smallest changes of a quotation that clear what stands in its way."""

    def _open(self, order, user=None):
        return self.env['sale.control.pass'].with_user(user or self.salesperson).with_context(
            default_order_id=order.id).create({})

    def test_the_least_step_is_found_and_none_where_none_clears(self):
        for least in (1, 2, 7, 99, 100):
            self.assertEqual(find_least(lambda step, least=least: step >= least, 100), least)
        self.assertIsNone(find_least(lambda step: False, 100))
        self.assertIsNone(find_least(lambda step: True, 0))
        self.assertEqual((round_up(1.1, 0.1), round_up(1.11, 0.1), round_down(1.1, 0.1)), (1.1, 1.2, 1.1))

    def test_known_data_is_filled_in_and_the_sales_type_follows_the_customer(self):
        self._switch(completeness='enforce', approval='enforce')
        self.env['sale.control.requirement'].create({
            'name': "Payment terms are missing.", 'subject': 'order', 'effect': 'block',
            'field_id': self.env['ir.model.fields']._get('sale.order', 'payment_term_id').id})
        order = self._create_order()
        usual = order.sale_type_id
        order.write({
            'payment_term_id': False,
            'sale_type_id': self.env['sale.control.type'].search([('id', '!=', usual.id)], limit=1).id})
        self.assertTrue(order.control_stopped)
        wizard = self._open(order)
        self.assertEqual(wizard.line_ids.mapped('is_chosen'), [True, True])
        self.assertIn("nothing stands in the way", wizard.remaining_html)
        wizard.action_apply()
        self.assertEqual(order.payment_term_id, self.customer.property_payment_term_id)
        self.assertEqual(order.sale_type_id, usual)
        self.assertFalse(order._get_held(order._get_control_issues('submit')))

    def test_what_no_change_clears_is_named(self):
        self._switch(completeness='enforce')
        self.env['sale.control.requirement'].create({
            'name': "The reference is missing.", 'subject': 'order', 'effect': 'block',
            'field_id': self.env['ir.model.fields']._get('sale.order', 'client_order_ref').id})
        wizard = self._open(self._create_order())
        self.assertFalse(wizard.line_ids)
        self.assertIn("The reference is missing.", wizard.remaining_html)
        with self.assertRaisesRegex(UserError, "Tick"):
            wizard.action_apply()

    def test_nobody_changes_orders_of_others(self):
        self._switch(approval='enforce')
        order = self._create_order()
        usual = order.sale_type_id
        other = self.env['sale.control.type'].search([('id', '!=', usual.id)], limit=1)
        order.sale_type_id = other
        with self.assertRaises(AccessError):
            self._open(order, self.other_salesperson)
        with self.assertRaises(AccessError):
            order.with_user(self.other_salesperson).action_make_it_pass()
        mine = self._open(order)
        with self.assertRaises(AccessError):
            mine.with_user(self.other_salesperson).action_apply()
        # What is written into the form is no change: only its own changes are known.
        mine.line_ids.write({'key': 'order.sales_type/other'})
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            mine.action_apply()
        self.assertEqual(order.sale_type_id, other)
