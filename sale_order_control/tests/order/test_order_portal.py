from contextlib import suppress

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .common import SWITCHES, ControlCommon
from .test_order_gate import StubRule, issue

SIGNATURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

# What the customer told us; everything else the add-on knows of an order is internal. Promises are told in
# words on the order's page, never by reading fields: the date alone would also tell of causes and revisions.
CUSTOMERS_OWN = {
    'sale.order': {'requested_date', 'special_requirement'},
    'sale.order.line': {'requested_date'},
    'stock.picking': {'special_requirement', 'carrier_tracking_ref'},
    'stock.move': set(),
    'res.partner': set(),
    'res.company': set(),
}


class PortalCommon(HttpCase, ControlCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal_user = new_test_user(
            cls.env, 'soc_portal', groups='base.group_portal', company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)])
        cls.portal_user.partner_id.write({
            'parent_id': cls.customer.id, 'street': "1 Main Street", 'city': "Springfield",
            'country_id': cls.company.country_id.id,
        })

    @classmethod
    def _create_offer(cls, quantity=1.0):
        """Create a quotation that the portal user has received and may sign."""
        order = cls._create_order(quantity, partner=cls.portal_user.partner_id)
        order.write({'require_signature': True, 'require_payment': False, 'state': 'sent'})
        order._portal_ensure_token()
        return order

    def _sign(self, order):
        return self.make_jsonrpc_request(f'/my/orders/{order.id}/accept', {
            'access_token': order.access_token, 'name': "Marc Customer", 'signature': SIGNATURE,
        }, timeout=60)

    def _get_page(self, order, **parameters):
        response = self.url_open(f'/my/orders/{order.id}', params={'access_token': order.access_token, **parameters})
        self.assertEqual(response.status_code, 200)
        return response.text


@tagged('post_install', '-at_install')
class TestOrderPortal(PortalCommon):

    # === A SIGNATURE THAT MEETS A HOLD ===#

    def test_signature_on_a_held_order_is_kept_and_parks_the_order(self):
        self._switch(completeness='enforce')
        StubRule(self, issue())
        order = self._create_offer()
        answer = self._sign(order)
        self.assertNotIn('error', answer)
        self.assertTrue(order.signature)
        self.assertEqual(order.state, 'sent')
        self.assertTrue(order.control_parked)
        self.assertEqual(order.activity_ids.user_id, self.salesperson)

    def test_customer_reads_a_neutral_message_on_a_parked_order(self):
        self._switch(completeness='enforce')
        StubRule(self, issue())
        order = self._create_offer()
        self._sign(order)
        page = self._get_page(order, message='sign_ok')
        self.assertIn("We have received your signature and are reviewing your order.", page)
        self.assertNotIn("has been confirmed", page)
        self.assertNotIn("The stub", page)
        self.assertNotIn("Ask the stub", page)
        self.assertIn("In review", page)

    def test_parked_order_does_not_expire_in_the_customers_eyes(self):
        self._switch(completeness='enforce')
        StubRule(self, issue())
        order = self._create_offer()
        self._sign(order)
        order.validity_date = '2020-01-01'
        page = self._get_page(order)
        self.assertNotIn("This offer expired", page)

    def test_signature_on_a_clean_order_confirms_it(self):
        self._switch(completeness='enforce')
        order = self._create_offer()
        self._sign(order)
        self.assertEqual(order.state, 'sale')
        page = self._get_page(order, message='sign_ok')
        self.assertIn("Your order has been confirmed.", page)
        self.assertNotIn("reviewing your order", page)

    def test_page_is_odoos_own_while_all_is_off(self):
        order = self._create_offer()
        self.assertNotIn('control_portal_status', self._get_page(order))
        self._sign(order)
        page = self._get_page(order, message='sign_ok')
        self.assertIn("Your order has been confirmed.", page)
        self.assertNotIn('control_portal_status', page)

    # === THE STATUS LINE ===#

    def _get_step(self, order):
        current = [step['key'] for step in order._get_portal_control_steps() if step['current']]
        return current and current[0]

    def test_offer_that_nobody_accepted_has_no_status_line(self):
        self._switch(completeness='enforce')
        self.assertEqual(self._create_offer()._get_portal_control_steps(), [])

    def test_signed_order_that_waits_for_its_payment_is_received(self):
        self._switch(completeness='enforce')
        order = self._create_offer()
        order.signature = SIGNATURE
        self.assertEqual(self._get_step(order), 'received')

    def test_status_line_follows_the_goods(self):
        self._switch(completeness='enforce')
        order = self._create_offer(2000.0)
        order.action_confirm()
        self.assertEqual(self._get_step(order), 'preparing')
        picking = order.picking_ids
        picking.do_unreserve()
        self.assertEqual(self._get_step(order), 'confirmed')
        picking.move_ids.write({'quantity': 1500.0, 'picked': True})
        picking.with_context(skip_backorder=True)._action_done()
        self.assertEqual(self._get_step(order), 'shipped')
        self.assertEqual(order._get_portal_control_steps()[-1]['label'], "Partly shipped")
        backorder = order.picking_ids - picking
        backorder.move_ids.write({'quantity': 500.0, 'picked': True})
        backorder._action_done()
        self.assertEqual(order._get_portal_control_steps()[-1], {
            'key': 'shipped', 'label': "Shipped", 'done': True, 'current': True})

    def test_services_are_confirmed_and_never_shipped(self):
        self._switch(completeness='enforce')
        self.product.type = 'service'
        order = self._create_offer()
        order.action_confirm()
        steps = order._get_portal_control_steps()
        self.assertEqual([step['key'] for step in steps], ['received', 'review', 'confirmed'])
        self.assertEqual(self._get_step(order), 'confirmed')

    def test_cancelled_order_has_no_status_line(self):
        self._switch(completeness='enforce')
        order = self._create_offer()
        order.action_confirm()
        order._action_cancel()
        self.assertEqual(order._get_portal_control_steps(), [])

    def test_order_of_before_go_live_has_no_status_line(self):
        self._switch(completeness='enforce', go_live='2099-01-01')
        order = self._create_offer()
        order.action_confirm()
        self.assertEqual(order._get_portal_control_steps(), [])


@tagged('post_install', '-at_install')
class TestOrderPortalRights(PortalCommon):
    """A portal customer reaches every field over RPC that does not refuse."""

    def _get_internal_fields(self, model):
        return sorted(
            name for name, field in self.env[model]._fields.items()
            if 'sale_order_control' in field._modules and set(field._modules) == {'sale_order_control'}
            and name not in CUSTOMERS_OWN[model]
        )

    def test_add_on_has_fields_to_hide_on_every_model(self):
        self.assertIn('control_status', self._get_internal_fields('sale.order'))
        self.assertIn('control_parked', self._get_internal_fields('sale.order'))
        for switch in SWITCHES:
            self.assertIn(switch, self._get_internal_fields('res.company'))

    def test_portal_user_reads_no_internal_field_of_an_own_order(self):
        order = self._create_offer().with_user(self.portal_user)
        self.assertTrue(order.read(['name']))
        for record in (order, order.order_line, order.partner_id, order.company_id):
            for name in self._get_internal_fields(record._name):
                with self.assertRaises(AccessError, msg=f"{record._name}.{name}"):
                    record.read([name])

    def test_portal_user_reads_no_internal_field_of_an_own_transfer(self):
        order = self._create_offer()
        order.special_requirement = "Pack as a gift"
        order.action_confirm()
        order.picking_ids.message_subscribe(self.portal_user.partner_id.ids)
        picking = order.picking_ids.with_user(self.portal_user)
        self.assertEqual(picking.read(['special_requirement'])[0]['special_requirement'], "Pack as a gift")
        for record in (picking, order.picking_ids.move_ids.with_user(self.portal_user)):
            for name in self._get_internal_fields(record._name):
                with self.assertRaises(AccessError, msg=f"{record._name}.{name}"):
                    record.read([name])

    def test_portal_user_learns_nothing_by_searching_internal_fields(self):
        self._create_offer()
        orders = self.env['sale.order'].with_user(self.portal_user)
        self.assertTrue(orders.search_count([]))
        searched = 0
        for name, field in self.env['sale.order']._fields.items():
            if name not in self._get_internal_fields('sale.order') or not field._description_searchable:
                continue
            searched += 1
            if field.store:
                with self.assertRaises(AccessError, msg=name):
                    orders.search_count([(name, '!=', False)])
            else:
                # A search method is asked before rights are; it refuses, or speaks of the searcher only.
                with suppress(AccessError):
                    self.assertFalse(orders.search_count([(name, '!=', False)]), name)
        self.assertGreaterEqual(searched, 3)

    @mute_logger('odoo.http')
    def test_portal_user_is_refused_over_rpc(self):
        order = self._create_offer()
        self.authenticate('soc_portal', 'soc_portal')

        def call(method, *args):
            return self.make_jsonrpc_request(f'/web/dataset/call_kw/sale.order/{method}', {
                'model': 'sale.order', 'method': method, 'args': args, 'kwargs': {},
            })

        self.assertTrue(call('read', order.ids, ['name']))
        internal = ('control_status', 'control_next', 'control_panel', 'control_parked', 'sale_type_id')
        for name in (*internal, 'control_log_ids'):
            with self.assertRaisesRegex(JsonRpcException, 'AccessError', msg=name):
                call('read', order.ids, [name])
        for method in ('action_submit', 'action_view_control_log', 'write'):
            arguments = [order.ids, {'control_parked': False}] if method == 'write' else [order.ids]
            with self.assertRaisesRegex(JsonRpcException, 'AccessError', msg=method):
                call(method, *arguments)

    def test_portal_user_reads_no_model_of_the_hub(self):
        for model in (
            'sale.control.log', 'sale.control.type', 'sale.control.source', 'sale.control.requirement',
            'sale.control.settings',
        ):
            with self.assertRaises(AccessError, msg=model):
                self.env[model].with_user(self.portal_user).search([])


@tagged('post_install', '-at_install')
class TestOrderRequirementTravels(ControlCommon):

    def test_special_requirement_shows_on_the_transfer_to_a_user_without_sales_rights(self):
        order = self._create_order()
        order.special_requirement = "Pack as a gift"
        order.action_confirm()
        stock_user = self._new_user('soc_stock', 'stock.group_stock_user')
        picking = order.picking_ids.with_user(stock_user)
        self.assertEqual(picking.special_requirement, "Pack as a gift")
        arch = picking.get_view(view_type='form')['arch']
        self.assertIn('special_requirement', arch)

    def test_delivery_slip_prints_the_special_requirement_only_when_there_is_one(self):
        gift, plain = self._create_order(), self._create_order()
        gift.special_requirement = "Pack as a gift"
        (gift | plain).action_confirm()
        slip = self.env['ir.actions.report']

        def render(order):
            return slip._render_qweb_html('stock.report_deliveryslip', order.picking_ids.ids)[0].decode()

        self.assertIn("Pack as a gift", render(gift))
        self.assertNotIn("Special Requirements", render(plain))
