from datetime import timedelta
from unittest.mock import patch

from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import format_date, html2plaintext, mute_logger

from ...models.order.control_memory import control_today
from .common import DeliveryCommon


class ReplyCommon(DeliveryCommon):
    """Promised orders of customers, and what was told about them."""

    @classmethod
    def _promised(cls, *lines, days=5, **values):
        order = cls._confirm_order(*lines, **values)
        cls._promise(order.order_line, days)
        return order

    def _notices(self, order, kind=None):
        notices = self.env['sale.customer.notice'].search([('order_id', '=', order.id)], order='id')
        return notices.filtered(lambda notice: notice.kind == kind) if kind else notices

    def _mails(self, record, words=None):
        mails = self.env['mail.mail'].search([
            ('model', '=', record._name), ('res_id', '=', record.id), ('recipient_ids', 'in', self.customer.ids)],
            order='id')
        return mails.filtered(lambda mail: words in (mail.subject or '')) if words else mails

    def _reply(self, order, user=None):
        return order.with_user(user or self.salesperson).action_reply_dates()

    def _run_job(self):
        """Run the job as the scheduler does, without its commits."""
        with patch.object(self.env.registry['ir.cron'], '_commit_progress', lambda *_args, **_kwargs: 60):
            self.env['sale.order']._cron_customer_notices()


@tagged('post_install', '-at_install')
class TestDeliveryReply(ReplyCommon):
    """The customer is told what was promised: once, by its proper name, and on record."""

    def test_one_click_tells_the_customer_and_records_it_on_each_promise(self):
        order = self._promised((self.product, 1.0), (self.product, 2.0))
        self.assertEqual(order.reply_state, 'to_tell')
        self._reply(order)
        [notice] = self._notices(order)
        self.assertEqual(
            (notice.kind, notice.channel, notice.partner_id, notice.contact, notice.user_id, notice.automatic),
            ('reply', 'mail', self.customer, 'customer@example.com', self.salesperson, False))
        self.assertEqual(notice.promise_ids, self._ledger(order))
        self.assertEqual(self._ledger(order)[0].notice_ids, notice)
        self.assertEqual(order.order_line.mapped('reply_state'), ['asked', 'asked'])
        self.assertEqual(order.order_line.mapped('replied_date'), [self._day(5)] * 2)
        [mail] = self._mails(order)
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertEqual(mail.state, 'outgoing', "nothing leaves before the transaction is safe")
        self.assertIn("Reply Date", mail.body_html)
        self.assertIn(f'/my/orders/{order.id}?access_token={order.access_token}', mail.body_html)

    def test_the_same_promise_is_told_once(self):
        order = self._promised()
        self._reply(order)
        with self.assertRaisesRegex(UserError, "no news for the customer"):
            self._reply(order)
        self._promise(order.order_line, 5)
        with self.assertRaisesRegex(UserError, "no news for the customer"):
            self._reply(order)
        self.assertEqual(len(self._mails(order)), 1)

    def test_a_moved_date_is_told_again_with_the_former_one(self):
        order = self._promised()
        self._reply(order)
        self._promise(order.order_line, 9, self.reason)
        self.assertEqual(order.order_line.reply_state, 'to_tell')
        self._reply(order)
        mail = self._mails(order)[-1]
        self.assertIn("instead of", mail.body_html)
        self.assertNotIn(self.reason.name, mail.body_html, "why it moved is nothing a form letter says")
        self.assertEqual(self._notices(order).mapped('promise_ids.revision'), [1, 2])

    def test_more_goods_for_the_same_day_are_news(self):
        order = self._promised()
        self._reply(order)
        order.order_line.product_uom_qty = 4
        self._promise(order.order_line, 5)
        self.assertEqual(order.order_line.reply_state, 'to_tell')

    def test_only_what_is_news_is_told(self):
        order = self._promised((self.product, 1.0), (self.scarce, 2.0))
        self._reply(order)
        self._promise(order.order_line[1], 9, self.reason)
        self._reply(order)
        mail = self._mails(order)[-1]
        self.assertIn("Scarce Product", mail.body_html)
        self.assertNotIn("Controlled Product", mail.body_html)

    def test_export_names_the_day_of_leaving(self):
        self.env['sale.delivery.transit'].create({'days': 6, 'company_id': self.company.id})
        order = self._promised(days=10)
        order.sale_type_id = self.env.ref('sale_order_control.sale_type_export')
        promise = self._ledger(order)
        self.assertEqual((promise.promised_date, promise.ship_date), (self._day(10), self._day(4)))
        [row] = promise._get_customer_rows()
        self._reply(order)
        mail = self._mails(order)
        self.assertIn("Planned Ship Date", mail.body_html)
        self.assertIn("leave us", mail.body_html)
        self.assertIn(row['date'], mail.body_html)
        self.assertIn(row['date'], order._get_portal_promises()[0])
        self.assertEqual(promise._get_customer_date(), self._day(4))
        self.assertEqual(order.order_line.ship_date, self._day(4))
        paper = self.env['ir.actions.report']._render_qweb_html('sale.report_saleorder', order.ids)[0].decode()
        self.assertIn("Planned Ship Date", paper)
        self.assertIn(format_date(self.env, self._day(4)), paper)
        self.assertNotIn("Delivery Date", paper)

    def test_the_customer_reads_it_in_the_customers_language(self):
        self.env['res.lang']._activate_lang('fr_FR')
        self.customer.lang = 'fr_FR'
        self.product.with_context(lang='fr_FR').name = "Produit suivi"
        template = self.env.ref('sale_order_control.mail_template_delivery_reply')
        template.with_context(lang='fr_FR').subject = "Livraison de {{ object.name }}"
        order = self._promised()
        self._reply(order)
        mail = self._mails(order)
        self.assertEqual(mail.subject, f"Livraison de {order.name}")
        self.assertIn("Produit suivi", mail.body_html)
        self.assertIn("Produit suivi", self._notices(order).contents)

    def test_no_internals_reach_the_customer(self):
        order = self._promised()
        self._reply(order)
        order.with_user(self.salesperson).action_send_confirmation()
        for mail in self._mails(order):
            for word in (self.planner.name, "margin", "credit", "at risk", "60.00", "stock"):
                self.assertNotIn(word, html2plaintext(mail.body_html).lower())

    # === BATCH ===#

    def test_a_batch_tells_who_can_be_reached_and_names_the_rest(self):
        good, mute = self._promised(), self._promised()
        mute.partner_id = self.customer.copy({'name': "Mute Customer", 'email': False})
        answer = (good.order_line | mute.order_line).with_user(self.planner).action_reply_dates()
        self.assertIn(good.name, answer['params']['message'])
        self.assertIn("Mute Customer", answer['params']['message'])
        self.assertEqual((good.reply_state, mute.reply_state), ('asked', 'to_tell'))

    def test_a_batch_costs_the_same_for_two_orders_and_for_twelve(self):
        orders = [self._promised() for _index in range(16)]

        def count(chosen):
            batch = self.env['sale.order'].concat(*chosen).with_user(self.salesperson)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch.action_reply_dates()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(orders[:2])
        few = count(orders[2:4])
        many = count(orders[4:16])
        self.assertLessEqual(many, few + 10)

    # === WHO, AND WHO NOT ===#

    def test_an_archived_customer_gets_no_mail(self):
        order = self._promised()
        self.customer.active = False
        with self.assertRaisesRegex(UserError, "archived or has no mail address"):
            self._reply(order)
        self.assertFalse(self._notices(order))

    def test_only_the_seller_and_planners_reply(self):
        order = self._promised()
        for user in (self.other_salesperson, self.finance, self.controller):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                self._reply(order, user)
        self._reply(order, self.planner)
        self.assertEqual(self._notices(order).user_id, self.planner)

    def test_what_was_told_is_not_written_by_hand(self):
        order = self._promised()
        self._reply(order)
        notice = self._notices(order)
        values = {
            'order_id': order.id, 'company_id': self.company.id, 'kind': 'reply', 'channel': 'phone',
            'partner_id': self.customer.id, 'user_id': self.env.uid}
        for user in (self.salesperson, self.planner, self.env.ref('base.user_admin')):
            records = self.env['sale.customer.notice'].with_user(user)
            for act in (
                lambda records=records: records.create(values),
                lambda records=records: records.sudo().create(values),
                lambda user=user: notice.with_user(user).write({'channel': 'phone'}),
                lambda user=user: notice.with_user(user).sudo().unlink(),
            ):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    act()
        for values in ({'reply_state': 'accepted'}, {'replied_date': self._day(1)}, {'wish_date': self._day(1)}):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                order.with_user(self.salesperson).order_line.write(values)

    def test_others_read_nothing_of_it(self):
        order = self._promised()
        self._reply(order)
        notices = self.env['sale.customer.notice']
        self.assertTrue(notices.with_user(self.salesperson).search([('order_id', '=', order.id)]))
        self.assertFalse(notices.with_user(self.other_salesperson).search([('order_id', '=', order.id)]))
        company = self.env['res.company'].create({'name': "Elsewhere"})
        stranger = self._new_user('soc_stranger', 'sale_order_control.group_auditor')
        stranger.sudo().write({'company_ids': [Command.set(company.ids)], 'company_id': company.id})
        self.assertFalse(notices.with_user(stranger).search([]))

    def test_who_may_not_read_it_opens_the_order_all_the_same(self):
        order = self._promised()
        self._reply(order)
        for user in (self.sales_manager, self.controller, self.planner):
            mine = order.with_user(user)
            form = etree.fromstring(mine.get_view(view_type='form')['arch'])
            shown = {node.get('name') for node in form.xpath('//field[not(ancestor::field)]')}
            self.assertEqual('notice_ids' in shown, user != self.controller)
            ours = {name: {} for name in shown if 'sale_order_control' in mine._fields[name]._modules}
            self.assertEqual(mine.web_read(ours)[0]['reply_state'], 'asked', user.login)

    # === BY ITSELF ===#

    def test_nothing_is_sent_by_itself_unless_the_company_wants_it(self):
        order = self._promised()
        self._run_job()
        self.assertFalse(self._mails(order))

    def test_the_job_tells_once_what_was_promised(self):
        self.company.delivery_reply_auto = True
        order = self._promised()
        self.assertFalse(self._mails(order), "the planner does not wait for mails")
        self._run_job()
        self._run_job()
        self.assertEqual(len(self._mails(order)), 1)
        self.assertTrue(self._notices(order).automatic)
        self._promise(order.order_line, 9, self.reason)
        self._run_job()
        self.assertEqual(len(self._mails(order)), 2)

    def test_what_was_promised_before_the_setting_is_left_alone(self):
        order = self._promised()
        self.company.delivery_reply_auto = True
        self._run_job()
        self.assertFalse(self._mails(order))

    def test_nothing_is_told_while_the_control_is_off(self):
        self.company.delivery_reply_auto = True
        order = self._promised()
        self._switch(promise='off')
        self._run_job()
        self.assertFalse(self._mails(order))
        with self.assertRaisesRegex(UserError, "no news"):
            self._reply(order)

    @mute_logger('odoo.addons.sale_order_control.models.order.control_job')
    def test_an_order_that_fails_holds_up_no_other_and_is_tried_again(self):
        self.company.delivery_reply_auto = True
        good, bad = self._promised(), self._promised()
        tell = self.env.registry['sale.order']._send_notices

        def fail(orders, template):
            result = tell(orders, template)
            if bad in orders:
                raise ValueError("The mail cannot be written.")
            return result

        with patch.object(self.env.registry['sale.order'], '_send_notices', fail):
            self._run_job()
        self.assertEqual((len(self._mails(good)), len(self._mails(bad))), (1, 0))
        self.assertFalse(self._notices(bad), "what was not sent is not recorded as told")
        self._run_job()
        self.assertEqual((len(self._mails(good)), len(self._mails(bad))), (1, 1))

    def test_who_cannot_be_reached_by_mail_becomes_the_salespersons_task_once(self):
        self.company.delivery_reply_auto = True
        self.customer.email = False
        order = self._promised()
        self._run_job()
        self._promise(order.order_line, 9, self.reason)
        self._run_job()
        self.assertEqual(order.activity_ids.mapped('summary'), ["Tell the customer the promised dates"])
        self.assertEqual(order.activity_ids.user_id, self.salesperson)

    # === REMINDER ===#

    def test_who_does_not_answer_is_reminded_once(self):
        self.company.delivery_reminder_days = 3
        order = self._promised(days=20)
        self._reply(order)
        for days, mails in ((2, 1), (3, 2), (3, 2), (4, 2)):
            with self.subTest(days=days), control_today(self.env, self.today + timedelta(days=days)):
                self._run_job()
                self.assertEqual(len(self._mails(order)), mails)
        self.assertEqual(self._notices(order).mapped('kind'), ['reply', 'reminder'])

    def test_nobody_is_reminded_without_the_setting_or_after_an_answer(self):
        order = self._promised(days=20)
        self._reply(order)
        with control_today(self.env, self.today + timedelta(days=9)):
            self._run_job()
            self.assertEqual(len(self._mails(order)), 1)
            self.company.delivery_reminder_days = 3
            order._record_answers([{'line': order.order_line, 'answer': 'accepted'}], 'phone', "Ms Li")
            self._run_job()
            self.assertEqual(len(self._mails(order)), 1)

    def test_days_below_zero_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "cannot be below 0"):
            self.company.delivery_reminder_days = -1

    # === THE END ===#

    def test_delivered_and_cancelled_orders_ask_nothing_any_more(self):
        delivered, cancelled = self._promised(), self._promised()
        self._reply(delivered | cancelled)
        self._deliver(delivered)
        cancelled._action_cancel()
        self.assertEqual((delivered | cancelled).order_line.mapped('reply_state'), [False, False])
        self.assertFalse(cancelled.order_line.replied_date)
