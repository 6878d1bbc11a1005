from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import html2plaintext, mute_logger

from .common import FollowupCommon


@tagged('post_install', '-at_install')
class TestFollowupWork(FollowupCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls._new_rule('confirmed', day_kind='working', allowed_days=1)
        cls.general = cls._new_user('soc_general', 'sales_team.group_sale_salesman_all_leads')
        cls.company.write({'followup_ladder_days': 2, 'followup_manager_id': cls.general.id})
        cls.salesperson.approval_manager_id = cls.sales_manager
        cls.order = cls._confirm_order(team_id=cls.team.id)
        cls.env.cr.precommit.run()
        cls.task = cls._tasks(cls.rule)

    def _log(self, task=None, user=None, **values):
        wizard = self.env['sale.followup.log'].with_user(user or self.salesperson).create({
            'task_id': (task or self.task).id, 'content': "All is well", **values})
        return wizard.action_record_and_next()

    def _working_day(self, number):
        return (self.company._add_working_days(self.today, number) - self.today).days

    # === THE RECORD ===#

    def test_a_contact_is_recorded_and_ends_the_task(self):
        self._log(contact="Ms Smith", result='again', next_step="Ask about the box", next_date=self._day(4))
        self.assertEqual(
            (self.task.state, self.task.result, self.task.outcome, self.task.ended_by_id, self.task.on_time),
            ('done', 'again', "All is well", self.salesperson, True))
        record = self.task.contact_ids
        self.assertEqual(
            (record.order_id, record.contact, record.user_id), (self.order, "Ms Smith", self.salesperson))
        following = self.env['sale.followup.task'].search([('cause', '=', f'contact:{record.id}')])
        self.assertEqual(
            (following.name, following.user_id, following.date_due, following.activity_id.date_deadline),
            ("Ask about the box", self.salesperson, self._day(4), self._day(4)))
        with self.assertRaisesRegex(UserError, "ended already"):
            self._log()
        with self.assertRaises(UserError):
            record.sudo().write({'content': "Something else"})

    def test_nobody_reached_keeps_the_task_for_the_next_working_day(self):
        deadline = self.task.deadline
        self._log(result='unreached')
        self.assertEqual(
            (self.task.state, self.task.date_due, self.task.deadline),
            ('open', self.company._add_working_days(self.today, 1), deadline))
        with self._on_day(10):
            self._log()
        self.assertFalse(self.task.on_time, "Put off is not in time.")

    def test_only_the_people_concerned_record_contacts_and_say_something(self):
        with self.assertRaises(AccessError):
            self._log(user=self.other_salesperson)
        with self.assertRaises(UserError):
            self.env['sale.followup.contact'].with_user(self.salesperson).create({'content': "x"})
        for values, words in (
            ({'content': " "}, "few words"),
            ({'result': 'again'}, "which day"),
            ({'next_date': self._day(-1)}, "in the past"),
        ):
            with self.assertRaisesRegex(UserError, words):
                self._log(**values)
        self._log(user=self.leader)
        self.assertEqual(self.task.ended_by_id, self.leader)

    def test_record_and_next_asks_about_the_next_one(self):
        other = self._confirm_order()
        self._end_transaction()
        action = self._log()
        self.assertEqual(action['context'], {'default_task_id': self._tasks(self.rule).id})
        self.assertEqual(self._tasks(self.rule).order_id, other)
        self.assertEqual(self._log(self._tasks(self.rule))['tag'], 'soft_reload')

    def test_who_is_concerned_cancels_a_follow_up_with_a_reason_and_nobody_is_asked_again(self):
        self.order.validity_date = False
        dated, quotation = self._new_rule('validity'), self._create_order()
        quotation.validity_date = self._day(1)
        self._tick(1)
        task = self._tasks(dated)

        def drop(task, user, reason):
            action = task.with_user(user).action_drop()
            return self.env[action['res_model']].with_user(user).with_context(**action['context']).create({
                'reason': reason}).action_drop()
        with self.assertRaises(AccessError):
            drop(task, self.other_salesperson, "I want to")
        with self.assertRaisesRegex(UserError, "Say why"):
            drop(task, self.salesperson, " ")
        activity = task.activity_id
        with self._on_day(1):
            drop(task, self.salesperson, "The customer asked not to be called.")
        self.assertEqual(
            (task.state, task.outcome, task.ended_by_id, task.ended_day),
            ('dropped', "The customer asked not to be called.", self.salesperson, self._day(1)))
        self.assertFalse(activity.exists())
        self._tick(1)
        self._tick(2)
        self.assertFalse(self._tasks(dated), "The same cause never comes back.")
        with self.assertRaisesRegex(UserError, "ended already"):
            drop(task, self.leader, "Again")
        drop(self.task, self.leader, "All is agreed")
        self.assertEqual(self.task.ended_by_id, self.leader, "Who leads cancels for others.")
        self.env.flush_all()
        [figures] = self.env['sale.followup.report']._read_group(
            [('rule_id', '=', dated.id)], [], ['task_count:sum', 'dropped_count:sum', 'ended_count:sum'])
        self.assertEqual(figures, (1, 1, 0), "Neither on time nor late.")

    # === THE QUEUE ===#

    def test_one_queue_shows_each_cause_once(self):
        queue = self.env['sale.followup.queue'].with_user(self.salesperson)
        self.env.flush_all()
        self.assertEqual(queue.search([('res_id', '=', self.order.id)]).task_id, self.task)
        parked = self.order.activity_schedule(
            'sale_order_control.mail_activity_type_exception', user_id=self.salesperson.id, summary="Parked")
        self.env.flush_all()
        rows = queue.search([('res_id', '=', self.order.id)])
        self.assertEqual(set(rows.mapped('name')), {self.task.name, "Parked"})
        self.assertEqual(rows.filtered(lambda row: row.kind == 'call').activity_id, parked)
        self.assertFalse(queue.with_user(self.other_salesperson).search([('res_id', '=', self.order.id)]))
        self.assertEqual(rows[0].action_open()['res_id'], self.order.id)

    # === THE LADDER ===#

    def test_what_nobody_works_on_climbs_the_ladder(self):
        told = []
        for number in (1, 2, 4, 6, 8, 10):
            self._tick(self._working_day(number))
            self._tick(self._working_day(number))
            told.append((self.task.rung, self.task.told_user_id))
        nobody = self.env['res.users']
        self.assertEqual(told, [
            (0, nobody), (1, self.leader), (2, self.sales_manager), (3, self.general), (3, self.general),
            (3, self.general)])
        self.assertEqual(self.task.call_ids.user_id, self.leader | self.sales_manager | self.general)
        self.assertEqual(self.task.user_id, self.salesperson, "It stays whose it is.")
        self.task.activity_id.with_user(self.salesperson).action_feedback("Done")
        self.assertFalse(self.task.call_ids)

    def test_only_real_contact_resets_the_clock(self):
        self._tick(self._working_day(2))
        self.assertEqual(self.task.rung, 1)
        self.order.client_order_ref = "Somebody typed something"
        self.order.message_post(body=self.task.name)
        self._tick(self._working_day(3))
        self.assertEqual(self.task.rung, 1)
        with self._on_day(self._working_day(3)):
            self._log(result='unreached')
        self.assertEqual((self.task.rung, len(self.task.call_ids)), (0, 0))
        self._tick(self._working_day(5))
        self.assertEqual(self.task.rung, 0)
        self._tick(self._working_day(6))
        self.assertEqual(self.task.rung, 1)
        self.task.sudo()._postpone(self._day(60))
        self.assertEqual(
            (self.task.rung, self.task.told_user_id), (1, self.leader), "A date that moves is no work.")
        self.assertGreater(self.task.escalate_on, self._day(60))

    # === PEOPLE CHANGE ===#

    def test_tasks_follow_the_salesperson_and_leave_who_is_archived(self):
        self.order.user_id = self.other_salesperson
        self.assertEqual(
            (self.task.user_id, self.task.activity_id.user_id), (self.other_salesperson, self.other_salesperson))
        self.order.user_id = self.salesperson
        self.salesperson.active = False
        self.assertEqual(self.task.user_id, self.leader)
        self.assertIn("Nobody is “Salesperson”", self.rule.problems)

    # === THE DIGEST ===#

    def test_the_digest_comes_once_a_day_to_who_wants_it(self):
        told = [('subject', 'like', "Follow-ups: %"), ('notified_partner_ids', '=', self.salesperson.partner_id.id)]
        with patch.object(type(self.rule), '_is_awake', return_value=True):
            for day in (0, 0, 1):
                self._tick(day)
        self.assertEqual(self.env['mail.message'].search_count(told), 2)
        message = self.env['mail.message'].search(told, limit=1)
        self.assertEqual(message.notified_partner_ids, self.salesperson.partner_id)
        self.assertIn(self.task.name, message.body)
        self.assertNotIn("Also waiting", message.body)
        self.salesperson.followup_digest = False
        with patch.object(type(self.rule), '_is_awake', return_value=True):
            self._tick(2)
        self.assertEqual(self.env['mail.message'].search_count(told), 2)

    def test_the_digest_says_what_the_rooms_call_for_and_leaves_approvals_to_their_own(self):
        complaint = self.env['sale.complaint'].create({
            'partner_id': self.customer.id, 'order_id': self.order.id, 'description': "Scratched"})
        approval = self.env.ref('sale_order_control.mail_activity_type_approval')
        for document, kind in (
                (self.order, 'exception'), (self._confirm_order(), 'exception'), (complaint, 'complaint_action'),
                (self.order, 'approval')):
            document.activity_schedule(
                f'sale_order_control.mail_activity_type_{kind}', user_id=self.leader.id, date_deadline=self.today)
        self.order.activity_schedule(
            'sale_order_control.mail_activity_type_exception', user_id=self.leader.id, date_deadline=self._day(5))
        self.env.flush_all()
        [row] = self.env['sale.followup.queue'].with_user(self.leader).search([
            ('res_model', '=', 'sale.complaint'), ('user_id', '=', self.leader.id)])
        self.assertEqual((row.partner_id, row.company_id), (self.customer, self.company))

        def send():
            self.leader.followup_digest_on = False
            with patch.object(type(self.rule), '_is_awake', return_value=True):
                self._tick()
            return self.env['mail.message'].search([
                ('subject', 'like', "Follow-ups: %"),
                ('notified_partner_ids', '=', self.leader.partner_id.id)], limit=1)
        message = send()
        exception = self.env.ref('sale_order_control.mail_activity_type_exception').name
        self.assertIn("Follow-ups: 3 are due today", message.subject)
        self.assertIn(f"{exception}: 2", " ".join(html2plaintext(message.body).replace("*", "").split()))
        self.assertIn(f"/mail/view?model=sale.complaint&amp;res_id={complaint.id}", message.body)
        self.assertIn(self.order.name, message.body)
        self.assertNotIn(approval.name, message.body, "The digest of approvals tells of them.")
        self.leader.approval_digest = False
        self.assertIn(f"{approval.name}: 1", " ".join(html2plaintext(send().body).replace("*", "").split()))
        # What fails is said where somebody sees it.
        with patch.object(type(self.rule), '_send_digest', side_effect=ValueError("No address")), mute_logger(
                'odoo.addons.sale_order_control.models.order.control_job'):
            send()
            send()
        calls = self.leader.partner_id.activity_ids.filtered(lambda activity: "No address" in activity.summary)
        self.assertEqual(len(calls), 1, "Once, while it is open.")

    # === PROCESSING TIME ===#

    def test_the_time_of_each_step_is_measured_and_the_alarm_rings(self):
        alarm = self._new_rule('step_due', role='team_leader')
        passage = self.order.passage_ids.filtered(
            lambda one: one.step_id == self.env.ref('sale_order_control.followup_step_promise'))
        self.assertEqual((passage.state, bool(passage.due_on)), ('running', True))
        self._tick(self._working_day(3))
        task = self._tasks(alarm)
        self.assertEqual((task.user_id, task.order_id), (self.leader, self.order))
        self.assertEqual(task.action_view_document()['res_model'], 'sale.order')
        with self._on_day(self._working_day(3)):
            self._promise(self.order.order_line, 20)
            self._end_transaction()
        self.assertEqual((passage.state, passage.is_late), ('done', True))
        self.assertGreater(passage.hours, 8)
        self.assertEqual(task.state, 'closed')
        self.assertTrue(self.order.with_user(self.salesperson).slowest_step)
        for group in ('stock.group_stock_user', 'account.group_account_invoice'):
            reader = self._new_user(f'soc_{group}', group)
            [shown] = self.order.with_user(reader).read(['slowest_step', 'slowest_hours', 'followup_count'])
            self.assertFalse(shown['slowest_step'], "Who may open the order opens it, without what is not theirs.")
        with self.assertRaises(AccessError):
            passage.with_user(self.salesperson).write({'hours': 0})
        with self.assertRaises(AccessError):
            passage.sudo().write({'hours': 0})

    def _approve_large_orders(self):
        self._switch(approval='enforce')
        self.env['sale.approval.policy'].search([]).active = False
        self.env['sale.approval.policy'].create({
            'name': "Large", 'min_amount': 500.0, 'level_ids': [Command.create({
                'name': "Boss", 'user_ids': [Command.set(self.sales_manager.ids)]})]})

    def test_the_clerks_hours_end_with_the_submission_also_where_it_confirms_at_once(self):
        enter, parked = (self.env.ref(f'sale_order_control.followup_step_{name}') for name in ('enter', 'parked'))
        self.assertEqual((enter.active, enter.hours, parked.hours), (False, 4, 4))
        enter.active = True
        alarm = self._new_rule('step_due', role='team_leader')
        self._approve_large_orders()

        def passage(order, step=enter):
            self._end_transaction()
            return order.passage_ids.filtered(lambda one: one.step_id == step)

        clean, asked, pressed, left = orders = [self._create_order(quantity) for quantity in (1, 10, 1, 1)]
        begun = passage(clean)
        self.assertEqual(
            (begun.state, begun.due_on), ('running', self.company._plan_working_hours(4, begun.started_on)))
        clean.action_submit()
        asked.action_submit()
        pressed.action_confirm()
        self.assertEqual([order.state for order in orders], ['sale', 'draft', 'sale', 'draft'])
        self.assertEqual(
            [(passage(order).state, passage(order).is_late) for order in orders],
            [('done', False), ('done', False), ('done', False), ('running', False)])
        # Approval is the next step, measured by itself.
        approve = self.env.ref('sale_order_control.followup_step_approve')
        self.assertEqual([passage(order, approve).state for order in (clean, asked)], [False, 'running'])
        left.team_id = self.team
        self._tick(self._working_day(2))
        task = self._tasks(alarm).filtered(lambda one: one.order_id == left)
        self.assertEqual(task.user_id, self.leader)
        with self._on_day(self._working_day(2)):
            left.action_submit()
            self.assertEqual((passage(left).state, passage(left).is_late, task.state), ('done', True, 'closed'))

        # What the customer signed waits for the clerk as well, and who confirms it after all ends the approval too.
        signed = self._create_order(10)
        signed.sudo()._validate_order()
        self.assertEqual((signed.control_parked, passage(signed, parked).state), (True, 'running'))
        signed.action_submit()
        self.assertEqual([passage(signed, step).state for step in (parked, approve)], ['done', 'running'])
        signed.sudo().approval_request_ids.with_user(self.sales_manager).action_return("One less")
        signed.order_line.product_uom_qty = 1
        signed.action_submit()
        self.assertEqual((signed.state, passage(signed, approve).state), ('sale', 'done'))

    def test_a_later_reminder_takes_the_place_of_the_earlier_one(self):
        first = self._new_rule('validity', offset_days=-2)
        second = self._new_rule('validity', offset_days=0, replaced_rule_ids=[(4, first.id)])
        order = self._create_order()
        order.validity_date = self._day(5)
        self._tick(3)
        self.assertTrue(self._tasks(first))
        self._tick(5)
        self.assertFalse(self._tasks(first))
        self.assertEqual(self._tasks(second).order_id, order)
