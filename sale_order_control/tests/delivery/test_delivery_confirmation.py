from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...models.order.control_issue import ControlIssue
from .test_delivery_reply import ReplyCommon


@tagged('post_install', '-at_install')
class TestDeliveryConfirmation(ReplyCommon):
    """The order is confirmed to the customer once it is approved and promised, and again when it changes."""

    def _send(self, order, user=None):
        return order.with_user(user or self.salesperson).action_send_confirmation()

    def _confirmations(self, order):
        return self._mails(order, "rder confirmation")

    # === WHAT IT SAYS ===#

    def test_it_says_what_is_agreed_promised_and_left_to_pay(self):
        order = self._promised((self.product, 2.0))
        order.with_user(self.salesperson).order_line.discount = 10
        order.client_order_ref = "PO-77"
        self.company.report_footer = "<p>Registered in Springfield</p>"
        self.salesperson.partner_id.write({'phone': '+1 555 0123', 'email': 'seller@example.com'})
        self._send(order)
        [mail] = self._confirmations(order)
        self.assertEqual(mail.subject, f"Order confirmation {order.name} - {self.company.name}")
        [row] = self._ledger(order)._get_customer_rows()
        body = mail.body_html
        for words in (
            f"#{order.name}", "PO-77", "Controlled Product", "10", "180.00", row['date'], "Reply Date",
            "Each part as soon as it is there", "1 Main Street", "30 Days", "Balance", "+1 555 0123",
            "seller@example.com",
        ):
            self.assertIn(words, body)
        self.assertTrue(mail.attachment_ids, "the printable goes with it")
        self.assertIn("Registered in Springfield", body, "the company's legal note")
        self.assertNotIn('min-width', body, "no wider than the phone it is read on")

    def test_what_was_paid_is_taken_off(self):
        order = self._promised((self.product, 2.0))
        received = {order.id: 50.0}
        self.patch(self.env.registry['sale.order'], '_get_money_received', lambda orders: received)
        self.assertEqual(order._get_paid_amounts(), {'paid': 50.0, 'balance': 150.0})
        self.assertIn("150.00", order._render_confirmation())

    def test_it_tells_the_dates_as_well(self):
        order = self._promised()
        self._send(order)
        self.assertEqual(order.order_line.reply_state, 'asked')
        self.assertEqual(self._notices(order, 'confirmation').promise_ids, self._ledger(order))
        with self.assertRaisesRegex(UserError, "no news"):
            self._reply(order)

    def test_paper_and_mail_say_the_same(self):
        order = self._promised()
        paper = self.env['ir.actions.report']._render_qweb_html(
            'sale_order_control.report_order_confirmation', order.ids)[0].decode()
        self.assertIn(f"#{order.name}", paper)
        self.assertIn(self._ledger(order)._get_customer_rows()[0]['date'], paper)
        both = self.env['ir.actions.report']._render_qweb_html(
            'sale_order_control.report_order_confirmation', (order | order.copy()).ids)[0].decode()
        self.assertEqual(both.count("Order Confirmation #"), 2, "one paper for a selection")

    # === AGAIN ON CHANGE ===#

    def test_a_changed_order_or_date_makes_it_outdated(self):
        order = self._promised()
        mine = order.with_user(self.salesperson)
        self.assertEqual(mine.confirmation_state, 'due')
        self._send(order)
        self.assertEqual(mine.confirmation_state, 'sent')
        for change in (
            lambda: self._promise(order.order_line, 9, self.reason),
            lambda: order.order_line.write({'price_unit': 120}),
            lambda: order.partner_shipping_id.write({'street': "2 Other Street"}),
        ):
            change()
            order.invalidate_recordset(['confirmation_state'])
            self.assertEqual(mine.confirmation_state, 'outdated')
            self._send(order)
            order.invalidate_recordset(['confirmation_state'])
            self.assertEqual(mine.confirmation_state, 'sent')
        mails = self._confirmations(order)
        self.assertEqual(len(mails), 4)
        self.assertTrue(mails[-1].subject.startswith("Changed order confirmation"))
        self.assertEqual(len(self._notices(order, 'confirmation')), 4)

    # === WHEN NOT ===#

    def test_what_is_not_promised_is_not_confirmed(self):
        order = self._confirm_order((self.product, 1.0), (self.scarce, 2.0))
        self._promise(order.order_line[0], 5)
        self.assertEqual(order.confirmation_state, 'none')
        with self.assertRaisesRegex(UserError, "promise a date for: Scarce Product"):
            self._send(order)
        # A selection does what it can, and says what it cannot.
        other = self._promised()
        told = self._send(order | other)['params']['message']
        self.assertIn(f"sent: {other.name}", told)
        self.assertIn(f"{order.name} cannot be confirmed", told)
        self._switch(promise='warn')
        self._send(order)
        self.assertEqual(len(self._confirmations(order)), 1)

    def test_what_waits_for_an_approval_is_not_confirmed(self):
        order = self._promised()
        waiting = ControlIssue(
            code='approval.needed', area='approval', effect='approve', message="Nobody has agreed yet.", facts={},
            clears="")
        self.patch(self.env.registry['sale.order'], '_get_control_issues', lambda orders, checkpoint, terms=None: {
            each.id: (waiting,) if each == order else () for each in orders})
        with self.assertRaisesRegex(UserError, "waits for an approval"):
            self._send(order)
        self.assertFalse(self._confirmations(order))

    def test_quotations_and_companies_without_promises_confirm_nothing(self):
        with self.assertRaisesRegex(UserError, "confirm it first"):
            self._send(self._create_order())
        order = self._promised()
        self._switch(promise='off')
        self.assertFalse(order.confirmation_state)
        with self.assertRaisesRegex(UserError, "cannot be confirmed to the customer"):
            self._send(order)

    def test_who_does_not_sell_the_order_does_not_confirm_it(self):
        order = self._promised()
        for user in (self.other_salesperson, self.finance):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                self._send(order, user)

    # === BY ITSELF ===#

    def test_by_itself_once_every_line_has_its_date(self):
        self.company.order_confirmation_auto = True
        order = self._confirm_order((self.product, 1.0), (self.product, 2.0))
        self._promise(order.order_line[0], 5)
        self._run_job()
        self.assertFalse(self._mails(order))
        self._promise(order.order_line[1], 5)
        self._run_job()
        self._run_job()
        self.assertEqual(len(self._mails(order)), 1)
        self.assertTrue(self._notices(order, 'confirmation').automatic)

    def test_a_batch_costs_little_more_for_ten_orders_than_for_two(self):
        # The papers are printed one by one; everything else is done at once.
        self.env.ref('sale_order_control.mail_template_order_confirmation').report_template_ids = False
        self.company.order_confirmation_auto = True

        def count(number):
            orders = [self._promised() for _index in range(number)]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._run_job()
            self.env.flush_all()
            self.assertEqual({order._get_confirmation_state() for order in orders}, {'sent'})
            return self.env.cr.sql_log_count - before

        count(2)
        few, many = count(2), count(10)
        self.assertLessEqual(many, few + 8 * 6)

    def test_one_mail_tells_confirmation_and_dates(self):
        self.company.write({'order_confirmation_auto': True, 'delivery_reply_auto': True})
        order = self._promised()
        self._run_job()
        self.assertEqual(len(self._mails(order)), 1)
        self._promise(order.order_line, 9, self.reason)
        self._run_job()
        self.assertEqual(self._notices(order).mapped('kind'), ['confirmation', 'confirmation'])
        self.assertEqual(len(self._mails(order)), 2)

    def test_odoos_own_confirmation_gives_way_to_it(self):
        sent = []
        self.patch(
            self.env.registry['sale.order'], '_send_order_notification_mail',
            lambda orders, template, allow_deferred_sending=True: sent.extend(orders.ids))
        for auto, expected in ((False, 1), (True, 0)):
            self.company.order_confirmation_auto = auto
            sent.clear()
            self._create_order().with_context(send_email=True).action_confirm()
            self.assertEqual(len(sent), expected)

    def test_services_are_confirmed_without_dates(self):
        service = self.env['product.product'].create({
            'name': "Advice", 'type': 'service', 'list_price': 10, 'taxes_id': [Command.clear()]})
        order = self._confirm_order((service, 1.0))
        self._send(order)
        self.assertEqual(len(self._confirmations(order)), 1)
