from psycopg2 import IntegrityError

from odoo import Command, http
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .test_delivery_reply import ReplyCommon

SIGNATURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='


@tagged('post_install', '-at_install')
class TestDeliveryShipping(ReplyCommon):
    """Customers hear once that goods are on their way, and that all of it is there."""

    def _shipped(self, quantity=2.0, reference=False, **values):
        order = self._promised((self.product, quantity), **values)
        order.picking_ids.carrier_tracking_ref = reference
        self._deliver(order)
        return order, order.picking_ids

    # === BY CLICK ===#

    def test_the_customer_is_told_once_with_reference_and_day(self):
        order, picking = self._shipped(reference="WB-4711")
        warehouseman = self._new_user('soc_warehouse', 'stock.group_stock_user')
        picking.with_user(warehouseman).action_send_shipping_notice()
        [mail] = self._mails(picking)
        self.assertEqual(mail.recipient_ids, self.customer)
        for words in ("WB-4711", "2 Units Controlled Product", picking._get_shipped_day(), order.name):
            self.assertIn(words, mail.body_html)
        [notice] = self._notices(order, 'shipping')
        self.assertEqual((notice.picking_id, notice.user_id), (picking, warehouseman))
        self.assertIn("WB-4711", notice.contents)
        with self.assertRaisesRegex(UserError, "nothing to announce"):
            picking.action_send_shipping_notice()

    def test_a_reference_that_comes_later_can_be_told(self):
        _order, picking = self._shipped()
        picking.action_send_shipping_notice()
        self.assertFalse(picking.shipping_notice_possible)
        picking.carrier_tracking_ref = "WB-4712"
        self.assertTrue(picking.shipping_notice_possible)
        picking.action_send_shipping_notice()
        self.assertEqual(len(self._mails(picking)), 2)

    def test_the_reference_is_the_field_of_odoos_carriers(self):
        field = self.env['stock.picking']._fields['carrier_tracking_ref']
        self.assertEqual((field.type, field.store, field.copy), ('char', True, False))
        self.assertEqual(
            self.env['stock.picking'].new().has_own_tracking, 'carrier_id' not in self.env['stock.picking']._fields)

    def test_what_has_not_left_or_came_back_is_not_announced(self):
        order = self._promised((self.product, 2.0))
        with self.assertRaisesRegex(UserError, "nothing to announce"):
            order.picking_ids.action_send_shipping_notice()
        self._deliver(order)
        wizard = self.env['stock.return.picking'].with_context(
            active_id=order.picking_ids.id, active_ids=order.picking_ids.ids, active_model='stock.picking').create({})
        wizard.product_return_moves.quantity = 1
        back = wizard._create_return()
        back.move_ids.picked = True
        back._action_done()
        with self.assertRaisesRegex(UserError, "nothing to announce"):
            back.action_send_shipping_notice()

    # === BY ITSELF ===#

    def test_by_itself_once_per_transfer(self):
        self.company.shipping_notice_auto = True
        order, picking = self._shipped()
        self._run_job()
        self._run_job()
        self.assertEqual(len(self._mails(picking)), 1)
        self.assertTrue(self._notices(order, 'shipping').automatic)

    def test_nothing_by_itself_unless_wanted_and_nothing_while_off(self):
        _order, picking = self._shipped()
        self.company.shipping_notice_auto = True
        self._run_job()
        self.assertFalse(self._mails(picking), "it had left before")
        self._switch(promise='off')
        order = self._create_order()
        order.action_confirm()
        self._deliver(order.sudo())
        self._run_job()
        self.assertFalse(self._mails(order.sudo().picking_ids))
        with self.assertRaisesRegex(UserError, "nothing to announce"):
            order.sudo().picking_ids.action_send_shipping_notice()

    @mute_logger('odoo.sql_db')
    def test_the_database_refuses_a_second_notice_of_the_same(self):
        order, picking = self._shipped()
        picking.action_send_shipping_notice()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            picking._announce()
        self.assertEqual(len(self._notices(order, 'shipping')), 1)

    # === COMPLETION ===#

    def test_completion_is_told_when_all_of_it_is_there(self):
        self.company.completion_notice_auto = True
        order = self._promised((self.product, 4.0))
        self._deliver(order, 1)
        self._run_job()
        self.assertFalse(self._notices(order, 'completion'))
        self._deliver(order)
        self._run_job()
        self._run_job()
        [mail] = self._mails(order, "is complete")
        self.assertIn("Are you satisfied?", mail.body_html)
        self.assertIn('#control_receipt', mail.body_html)
        order.order_line.product_uom_qty = 6
        self._promise(order.order_line, 6, self.reason)
        self._deliver(order)
        self._run_job()
        self.assertEqual(len(self._mails(order, "is complete")), 2, "more was ordered, and is there now")

    def test_a_dropped_rest_is_no_completion(self):
        order = self._promised((self.product, 4.0))
        self._deliver(order, 1, backorder=False)
        self.assertEqual(order.promise_state, 'done')
        with self.assertRaisesRegex(UserError, "not all of it is delivered"):
            order.with_user(self.salesperson).action_send_completion()


@tagged('post_install', '-at_install')
class TestDeliveryReceipt(ReplyCommon, HttpCase):
    """Customers sign for what has arrived, and say what is wrong with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = new_test_user(
            cls.env, 'soc_buyer', groups='base.group_portal', password='soc_buyer', company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)])
        cls.buyer.partner_id.parent_id = cls.customer
        cls.order = cls._promised((cls.product, 2.0))
        cls._deliver(cls.order)
        cls.picking = cls.order.picking_ids
        cls.order._portal_ensure_token()

    def _sign(self, picking=None, order=None, token=None, signature=SIGNATURE, name="Ms Li"):
        order = order or self.order
        self.env.flush_all()
        answer = self.make_jsonrpc_request(
            f'/my/orders/{order.id}/receipt/{(picking or self.picking).id}/sign',
            {'access_token': order.access_token if token is None else token, 'name': name, 'signature': signature},
            timeout=60)
        self.env.invalidate_all()
        return answer

    def _report(self, token=None, **values):
        self.env.flush_all()
        if not getattr(self, 'session', None):
            self.authenticate(None, None)
        response = self.url_open(f'/my/orders/{self.order.id}/receipt/{self.picking.id}/report', data={
            'csrf_token': http.Request.csrf_token(self), 'contact': "Ms Li", 'kind': 'damage', 'remark': "Box is wet",
            'access_token': self.order.access_token if token is None else token, **values})
        self.env.invalidate_all()
        return response

    def test_the_customer_signs_once_and_it_is_kept(self):
        page = self.url_open(self.order.get_portal_url()).text
        self.assertIn("Sign receipt", page)
        self.assertTrue(self._sign()['force_refresh'])
        [receipt] = self.picking.receipt_ids
        self.assertEqual((receipt.kind, receipt.contact, receipt.partner_id), ('signed', "Ms Li", self.customer))
        self.assertTrue(receipt.signature)
        self.assertTrue(self.picking.is_signed, "Odoo's own signature: the delivery slip prints it")
        self.assertFalse(self.order.activity_ids)
        self.assertIn("signed already", self._sign()['error'])
        self.assertEqual(len(self.picking.receipt_ids), 1)
        self.assertIn("Receipt signed", self.url_open(self.order.get_portal_url()).text)

    def test_damage_reaches_the_salesperson_at_once(self):
        page = self._report()
        self.assertIn("Thank you for telling us", page.text)
        self._report(kind='difference', remark="One is missing <b>now</b>")
        self.assertEqual(self.picking.receipt_ids.sorted('id').mapped('kind'), ['damage', 'difference'])
        [activity] = self.order.activity_ids
        self.assertEqual(activity.user_id, self.salesperson)
        self.assertIn("Box is wet", activity.note)
        self.assertIn("One is missing &lt;b&gt;", activity.note)
        self.assertIn(self.salesperson.partner_id, self.order.message_ids.notified_partner_ids)

    def test_a_signed_in_customer_signs_without_a_link(self):
        self.authenticate('soc_buyer', 'soc_buyer')
        self._sign(token='')
        self.assertEqual(self.picking.receipt_ids.user_id, self.buyer)
        self.assertEqual(self.picking.receipt_ids.partner_id, self.buyer.partner_id)

    def test_others_sign_and_report_nothing(self):
        other = self._promised((self.product, 1.0))
        self._deliver(other)
        other._portal_ensure_token()
        for values in (
            {'token': 'wrong'}, {'token': ''}, {'token': other.access_token},
            {'picking': other.picking_ids}, {'signature': ''}, {'signature': "no picture"}, {'name': " "},
        ):
            with self.subTest(values=values):
                self.assertIn('error', self._sign(**values))
        self._report(token='wrong')
        self._report(token=other.access_token)
        self._report(kind='signed')
        self._report(remark=' ')
        self.assertFalse((self.picking | other.picking_ids).receipt_ids)
        self.assertFalse((self.picking | other.picking_ids).mapped('signature')[0])

    def test_what_has_not_left_is_not_signed(self):
        order = self._promised((self.product, 1.0))
        order._portal_ensure_token()
        self.assertIn('error', self._sign(picking=order.picking_ids, order=order))

    def test_receipts_are_not_written_by_hand(self):
        self._sign()
        receipt = self.picking.receipt_ids
        for user in (self.salesperson, self.planner, self.env.ref('base.user_admin')):
            for act in (
                lambda user=user: receipt.with_user(user).sudo().create({
                    'picking_id': self.picking.id, 'order_id': self.order.id, 'kind': 'damage',
                    'company_id': self.company.id, 'partner_id': self.customer.id, 'user_id': user.id}),
                lambda user=user: receipt.with_user(user).sudo().write({'remark': "Fine"}),
                lambda user=user: receipt.with_user(user).sudo().unlink(),
            ):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    act()
        with self.assertRaises(AccessError):
            receipt.with_user(self.buyer).read(['contact'])

    def test_nothing_is_asked_while_the_control_is_off(self):
        self._switch(promise='off')
        self.assertNotIn("Sign receipt", self.url_open(self.order.get_portal_url()).text)
        self.assertIn('error', self._sign())

    def test_a_signature_at_the_door_is_enough(self):
        self.picking.signature = SIGNATURE
        self.assertFalse(self.picking._is_signable())
        self.assertIn("signed already", self._sign()['error'])
