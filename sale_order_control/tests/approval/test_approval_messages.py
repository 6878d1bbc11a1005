from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ...models.approval.request.approval_memory import approval_deciding
from .common import ApprovalCommon


@tagged('post_install', '-at_install')
class TestApprovalMessages(ApprovalCommon):
    """Who is told what and when: facts and a link, one result, one digest a day."""

    def _messages(self, user):
        return self.env['mail.message'].sudo().search([('partner_ids', 'in', user.partner_id.ids)])

    def _digest(self, day=0):
        today = fields.Date.today() + timedelta(days=day)
        with patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=1), \
                patch.object(type(self.env['sale.order']), '_get_control_today', lambda orders: today):
            return self.env['sale.approval.request']._cron_digest()

    def test_the_call_carries_the_facts_and_a_link_and_is_queued(self):
        self._policy()
        self.sales_manager.notification_type = 'email'
        order, request = self._submitted()
        [message] = self._messages(self.sales_manager)
        self.assertIn(order.name, message.body)
        self.assertIn("reaches", message.body)
        self.assertIn(f'/control/approval/{request.id}', message.body)
        mail = self.env['mail.mail'].sudo().search([('mail_message_id', '=', message.id)])
        self.assertEqual(mail.mapped('state'), ['outgoing'], "queued, not sent in the transaction")
        self.assertEqual(len(request.activity_ids), 1)

    def test_the_activity_is_due_on_the_day_of_the_deadline_where_the_approver_is(self):
        self._policy(self._level(self.sales_manager, name="Timed"))
        self.sales_manager.tz = 'Pacific/Auckland'
        _order, request = self._submitted()
        there = request.with_context(tz='Pacific/Auckland')
        self.assertEqual(request.activity_ids.date_deadline, fields.Date.context_today(there))
        request.sudo().activity_ids.unlink()
        task = request.task_ids
        with approval_deciding(self.env):
            task.sudo().deadline = datetime(2031, 5, 6, 20, 0)
        task.sudo()._call_approvers(timed=False)
        self.assertEqual(request.activity_ids.date_deadline, date(2031, 5, 7))

    def test_what_an_app_did_wrong_is_for_the_log_and_not_for_the_maker(self):
        self._policy()
        order, request = self._submitted()
        with patch.object(type(order), 'action_confirm', side_effect=KeyError("secret_column")), \
                mute_logger('odoo.addons.sale_order_control.models.approval.check.sale_order_submission'):
            request.with_user(self.sales_manager).action_agree()
        self.assertEqual((request.state, order.state), ('approved', 'draft'))
        [message] = self._messages(self.salesperson)
        self.assertNotIn("secret_column", message.body)
        self.assertIn("server", message.body)

    def test_the_result_is_kept_in_the_language_of_who_asked(self):
        self.env['res.lang']._activate_lang('zh_CN')
        self._policy()
        self.salesperson.lang = 'zh_CN'
        _order, request = self._submitted()
        request.with_user(self.sales_manager).with_context(lang='en_US').action_disagree("Too dear")
        self.assertIn(self.sales_manager.name, request.outcome)
        self.assertNotIn("Rejected by", request.outcome)
        self.salesperson.lang = 'en_US'
        _order, request = self._submitted()
        request.with_user(self.sales_manager).with_context(lang='zh_CN').action_disagree("Too dear")
        self.assertEqual(request.outcome, f"Rejected by {self.sales_manager.name}")

    def test_the_result_carries_validity_and_delivery_date_for_maker_and_salesperson(self):
        self._policy()
        order = self._create_order(10)
        order.validity_date, order.requested_date = '2031-05-06', '2031-06-07'
        assistant = self._new_user('soc_assistant', 'sales_team.group_sale_salesman_all_leads')
        order.with_user(assistant).action_submit()
        request = self._request(order)
        request.with_user(self.sales_manager).action_disagree("Too cheap")
        for person in (assistant, self.salesperson):
            [message] = self._messages(person)
            self.assertIn("Too cheap", message.body)
            self.assertIn("Valid until 05/06/2031", message.body)
            self.assertIn("Delivery on 06/07/2031", message.body)

    def test_the_digest_tells_each_person_once_a_day_what_waits(self):
        self._policy()
        order, _request = self._submitted()
        quiet = self._new_user('soc_quiet', 'sale_order_control.group_approver')
        before = {user: len(self._messages(user)) for user in (self.sales_manager, self.salesperson, quiet)}
        for _run in range(2):
            self.assertEqual(self._digest(), 0)
        told = {user: self._messages(user)[:1] for user in before}
        self.assertEqual({user: len(self._messages(user)) - count for user, count in before.items()}, {
            self.sales_manager: 1, self.salesperson: 1, quiet: 0})
        self.assertEqual(told[self.sales_manager].subject, "Approvals: 1 wait for you")
        self.assertIn(order.name, told[self.sales_manager].body)
        self.assertEqual(told[self.salesperson].subject, "Approvals: 1 of yours wait for others")
        self.assertIn(self.sales_manager.name, told[self.salesperson].body)
        self._digest(day=1)
        self.assertEqual(len(self._messages(self.sales_manager)) - before[self.sales_manager], 2)

    def test_who_does_not_want_the_digest_gets_none(self):
        self._policy()
        self._submitted()
        # A preference of one's own, that one may set without any other right on users.
        self.sales_manager.with_user(self.sales_manager).approval_digest = False
        before = len(self._messages(self.sales_manager))
        self._digest()
        self.assertEqual(len(self._messages(self.sales_manager)), before)

    def test_a_digest_that_fails_does_not_keep_the_others_waiting_and_is_tried_again(self):
        self._policy(self._level(self.sales_manager | self.finance, quorum='all'))
        self._submitted()
        requests = self.registry['sale.approval.request']
        send, broken = requests._send_digest, self.finance

        def fail(model, user, today):
            send(model, user, today)
            if user == broken:
                raise ValueError("mail server")

        before = {user: len(self._messages(user)) for user in (self.sales_manager, self.finance)}
        with patch.object(requests, '_send_digest', fail), \
                mute_logger('odoo.addons.sale_order_control.models.approval.request.sale_approval_digest'):
            self.assertEqual(self._digest(), 1)
        self.assertEqual(len(self._messages(self.sales_manager)) - before[self.sales_manager], 1)
        self.assertEqual(len(self._messages(self.finance)), before[self.finance])
        self._digest()
        self.assertEqual(len(self._messages(self.sales_manager)) - before[self.sales_manager], 1)
        self.assertEqual(len(self._messages(self.finance)) - before[self.finance], 1)

    def test_the_panel_says_since_when_it_waits_and_the_preview_what_is_usual(self):
        self._policy()
        for _number in range(3):
            _order, request = self._submitted()
            request.with_user(self.sales_manager).action_agree()
        order, request = self._submitted()
        order.with_user(self.salesperson).invalidate_recordset()
        [section] = [
            part for part in order._get_control_sections({}) if part['area'] == 'approval']
        self.assertIn(f"{request.name} waits since", section['next'])
        another = self._create_order(10)
        self.assertIsNotNone(another._get_approval_preview()['levels'][0]['hours'])


@tagged('post_install', '-at_install')
class TestApprovalLink(ApprovalCommon, HttpCase):
    """The link of a message leads to the decision and decides nothing."""

    def test_the_link_lands_on_the_request_or_says_that_it_is_for_somebody_else(self):
        self._policy()
        _order, request = self._submitted()
        for user in (self.sales_manager, self.outsider):
            user.password = user.login
        url = f'/control/approval/{request.id}'
        anonymous = self.url_open(url, allow_redirects=False)
        self.assertIn('/web/login', anonymous.headers['Location'])
        self.authenticate(self.sales_manager.login, self.sales_manager.login)
        landed = self.url_open(url, allow_redirects=False)
        self.assertTrue(landed.headers['Location'].endswith(f'/odoo/control-approval-requests/{request.id}'))
        self.assertEqual(request.state, 'pending')
        self.authenticate(self.outsider.login, self.outsider.login)
        refused = self.url_open(url)
        self.assertEqual(refused.status_code, 403)
        self.assertIn("This approval is not for you", refused.text)
        self.assertNotIn(request.document_name, refused.text)
        self.assertEqual(self.url_open('/control/approval/999999').status_code, 403)
