from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import FollowupCommon


@tagged('post_install', '-at_install')
class TestFollowupRules(FollowupCommon):

    def test_an_event_gives_one_task_with_its_text_and_activity(self):
        rule = self._new_rule('confirmed', role='salesperson', offset_days=2)
        order = self._confirm_order()
        self._end_transaction()
        task = self._tasks(rule)
        self.assertEqual(
            (task.name, task.user_id, task.order_id, task.date_due),
            (f"Call Controlled Customer about {order.name}", self.salesperson, order, self._day(2)))
        self.assertEqual(
            (task.activity_id.res_id, task.activity_id.user_id, task.activity_id.date_deadline),
            (order.id, self.salesperson, self._day(2)))
        order._control_event('confirmed')
        self._end_transaction()
        self.assertEqual(self._tasks(rule), task, "One that is open is enough.")
        late = self._create_order()
        rule.with_context(default_state='done', default_active=False)._hear('confirmed', late)
        self._end_transaction()
        task = self._tasks(rule) - task
        self.assertEqual(
            (task.order_id, task.activity_id.active), (late, True), "Defaults of a caller decide nothing.")

    def test_a_task_before_the_promise_moves_with_it_and_ends_when_the_goods_leave(self):
        rule = self._new_rule('promise', offset_days=-5, role='planner')
        order = self._confirm_order()
        self._promise(order.order_line, 10)
        self._tick(4)
        self.assertFalse(self._tasks(rule), "Five days before the tenth is the fifth.")
        self._tick(5)
        task = self._tasks(rule)
        self.assertEqual((task.user_id, task.date_due, task.anchor_date), (self.planner, self._day(5), self._day(10)))
        for days in (14, 20):
            with self._on_day(5):
                self._promise(order.order_line, days, self.reason)
                self._end_transaction()
            self.assertEqual((self._tasks(rule), task.date_due), (task, self._day(days - 5)))
        self.assertEqual((task.moved_count, task.activity_id.date_deadline), (2, self._day(15)))
        self._tick(15)
        self.assertEqual(self._tasks(rule), task, "The same task, never a second one.")
        self._deliver(order)
        self._end_transaction()
        self.assertEqual((task.state, task.activity_id), ('closed', self.env['mail.activity']))

    def test_done_for_one_date_another_date_is_another_cause(self):
        rule = self._new_rule('promise', offset_days=-5)
        order = self._confirm_order()
        self._promise(order.order_line, 10)
        self._tick(5)
        self._tasks(rule).activity_id.with_user(self.salesperson).action_feedback("All is well")
        self.assertEqual(self._tasks(rule, ('done',)).outcome, "All is well")
        self._tick(6)
        self.assertFalse(self._tasks(rule))
        with self._on_day(6):
            self._promise(order.order_line, 30, self.reason)
        self._tick(24)
        self.assertFalse(self._tasks(rule))
        self._tick(25)
        self.assertEqual(self._tasks(rule).anchor_date, self._day(30))

    def test_what_was_due_before_it_was_switched_on_is_nobodys_task(self):
        order = self._create_order()
        order.validity_date = self._day(-3)
        rule = self._new_rule('validity')
        self._tick()
        self.assertFalse(self._tasks(rule))
        order.validity_date = self._day(1)
        self._tick(4)
        self.assertTrue(self._tasks(rule), "A job that did not run for some days makes up for it.")

    def test_working_days_are_counted_by_the_company(self):
        rule = self._new_rule('validity', offset_days=-2, day_kind='working')
        for distance in range(14):
            anchor = self._day(distance)
            due = rule._get_due_day(anchor, self.company)
            self.assertLessEqual(anchor, rule._get_last_anchor(self.company, due))
            self.assertGreater(anchor, rule._get_last_anchor(self.company, due - (anchor - self._day(distance - 1))))

    def test_a_payment_reminder_ends_when_the_invoice_is_paid(self):
        rule = self._new_rule('invoice_due', offset_days=-5, domain=f"[('partner_id', '=', {self.customer.id})]")
        order = self._confirm_order()
        invoice = order._create_invoices()
        invoice.invoice_payment_term_id = False
        invoice.invoice_date, invoice.invoice_date_due = self.today, self._day(10)
        invoice.action_post()
        self._tick(5)
        task = self._tasks(rule)
        self.assertEqual(
            (task.document_name, task.order_id, task.user_id), (invoice.display_name, order, self.salesperson))
        self.assertEqual(task.activity_id.res_model, 'account.move', "An instalment is seen on its invoice.")
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids).create({}).action_create_payments()
        self._tick(6)
        self.assertEqual(task.state, 'closed')
        self._tick(7)
        self.assertEqual(len(self._tasks(rule, ('open', 'closed'))), 1)

    def test_a_cancelled_order_cancels_its_tasks_and_confirmed_again_it_starts_anew(self):
        rule = self._new_rule('confirmed', once=True)
        order = self._confirm_order()
        self._end_transaction()
        task = self._tasks(rule)
        order._action_cancel()
        self._end_transaction()
        self.assertEqual((task.state, task.outcome), ('cancelled', "The order was cancelled."))
        order.action_draft()
        order.action_confirm()
        self._end_transaction()
        self.assertEqual(len(self._tasks(rule)), 1)

    def test_a_plan_gives_a_task_per_step(self):
        plan = self.env['mail.activity.plan'].create({
            'name': "After the order", 'res_model': 'sale.order', 'template_ids': [
                (0, 0, {'summary': "Call", 'activity_type_id': self.env.ref('mail.mail_activity_data_call').id,
                        'responsible_type': 'on_demand'}),
                (0, 0, {'summary': "Write", 'activity_type_id': self.env.ref('mail.mail_activity_data_todo').id,
                        'delay_count': 3, 'delay_from': 'after_plan_date', 'responsible_type': 'other',
                        'responsible_id': self.planner.id}),
            ]})
        rule = self._new_rule('confirmed', plan_id=plan.id)
        self._confirm_order()
        self._end_transaction()
        self.assertEqual(
            [(task.name, task.user_id, task.date_due) for task in self._tasks(rule)],
            [("Call", self.salesperson, self._day(0)), ("Write", self.planner, self._day(3))])
        before = self._new_rule('promise', offset_days=-5, plan_id=plan.id, once=True)
        order = self._confirm_order()
        self._promise(order.order_line, 10)
        self._tick(5)
        call, write = self._tasks(before)
        call._end('done', "Called")
        with self._on_day(5):
            self._promise(order.order_line, 14, self.reason)
            self._end_transaction()
        self.assertEqual((write.state, write.anchor_date), ('open', self._day(14)), "Only the call was done.")

    def test_conditions_and_what_ends_a_task(self):
        rule = self._new_rule('confirmed', domain="[('amount_total', '>', 500)]", closing='event',
                              close_moment='delivered')
        waiting = self._new_rule('confirmed', closing='condition', close_domain="[('client_order_ref', '!=', False)]")
        small, large = self._confirm_order(), self._confirm_order((self.product, 9))
        self._end_transaction()
        self.assertEqual(self._tasks(rule).order_id, large)
        self.assertEqual(self._tasks(waiting).order_id, small | large)
        self._promise((small | large).order_line, 1)
        self._deliver(large)
        self._end_transaction()
        self.assertEqual(self._tasks(rule, ('closed',)).order_id, large)
        small.client_order_ref = "PO 1"
        self._tick()
        self.assertEqual(self._tasks(waiting).order_id, large)

    def test_an_approval_that_stands_still_is_chased_until_it_is_decided(self):
        self._switch(approval='enforce')
        self.env['sale.approval.policy'].search([]).active = False
        self.env['sale.approval.policy'].create({
            'name': "Large orders", 'company_id': self.company.id, 'min_amount': 500.0,
            'level_ids': [Command.create({
                'name': "Manager", 'approver_type': 'users', 'user_ids': [Command.set(self.sales_manager.ids)]})]})
        approver = self._new_rule('approval_asked', role='approver', offset_days=1)
        leader = self._new_rule('approval_asked', role='team_leader', offset_days=2)
        order = self._create_order(10, user=self.salesperson)
        order.sudo().team_id = self.team
        order.action_submit()
        self._tick()
        self.assertFalse(self._tasks(approver), "It was asked just now.")
        self._tick(1)
        self._tick(2)
        task, told = self._tasks(approver), self._tasks(leader)
        self.assertEqual((task.user_id, told.user_id, task.order_id), (self.sales_manager, self.leader, order))
        request = self.env[task.res_model].sudo().browse(task.res_id)
        self.assertEqual(
            self.env['sale.order']._get_control_people('approver', self.company, self.salesperson, request),
            self.sales_manager, "Whoever is asked about this request, also where there is no order.")
        request.with_user(self.sales_manager).sudo(False).action_agree("Fine")
        self._end_transaction()
        self.assertEqual((task.state, told.state), ('closed', 'closed'))

    def test_the_owner_is_the_one_of_the_complaint_it_is_about(self):
        rule = self._new_rule('complaint_opened', role='complaint_owner')
        order = self._confirm_order()
        complaints = self.env['sale.complaint']
        for owner in (self.planner, self.leader):
            complaints |= complaints.create({
                'partner_id': self.customer.id, 'order_id': order.id, 'description': "Scratched",
                'user_id': owner.id})
        complaints |= complaints.create({
            'partner_id': self.customer.id, 'description': "No order", 'user_id': self.planner.id})
        self._end_transaction()
        owners = {task.res_id: task.user_id for task in self._tasks(rule)}
        self.assertEqual([owners[complaint.id] for complaint in complaints], [
            self.planner, self.leader, self.planner])
        self.assertFalse(rule.problems)

    def test_between_two_reminders_of_the_same_cause_there_is_a_rest(self):
        rule = self._new_rule('at_risk', cooldown_days=3)
        order = self._confirm_order()
        for day, expected in ((0, 1), (2, 1), (3, 2)):
            with self._on_day(day):
                order._control_event('at_risk')
                self._end_transaction()
                self._tasks(rule)._end('done', "Called")
            self.assertEqual(len(self._tasks(rule, ('done',))), expected)

    def test_nothing_happens_and_nothing_is_asked_while_it_is_off(self):
        rule = self._new_rule('confirmed')
        self.company.control_followup = False
        self.assertEqual(self.env['sale.order']._get_asked_events(), frozenset())
        self._confirm_order()
        self.env.flush_all()
        with self.assertQueryCount(0):
            self.env['sale.followup.rule']._hear('confirmed', self.env['sale.order'].browse(1))
        self._end_transaction()
        self._tick()
        self.assertFalse(self._tasks(rule))

    def test_the_work_costs_the_same_for_two_orders_and_for_twenty(self):
        counts = []
        for number in (2, 2, 20):
            rule = self._new_rule('validity')
            orders = [self._create_order() for _order in range(number)]
            for order in orders:
                order.validity_date = self._day(1)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._tick(1)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(self._tasks(rule)), number)
            for order in orders:
                order.validity_date = False
        self.assertLess(counts[2] - counts[1], 2 * 18, counts)

    # === BAD INPUT ===#

    def test_what_a_rule_cannot_do_is_said_when_it_is_saved_or_checked(self):
        self.company.followup_manager_id = False
        rule = self._new_rule('confirmed', role='general_manager')
        self.assertIn(f"Nobody is “General manager” in {self.company.name}", rule.problems)
        self.assertTrue(rule.problem_on)
        self.company.followup_manager_id = self.leader
        self.assertFalse(rule.action_check() is False, "It says that all is well.")
        self.assertFalse(rule.problems)
        with self.assertRaises(AccessError):
            rule.with_user(self.salesperson).action_check()
        dated = self._new_rule('validity', offset_days=-3)
        before = dated.undated
        quotation = self._create_order()
        quotation.write({'state': 'sent', 'validity_date': False})
        dated.invalidate_recordset(['undated'])
        self.assertRegex(dated.undated, "Documents without this date")
        self.assertNotEqual(before, dated.undated)
        self._tick(1)
        self.assertFalse(self._tasks(dated).filtered(lambda task: task.order_id == quotation))

    def test_rules_that_cannot_work_are_refused_when_they_are_saved(self):
        for values, words in (
            ({'moment': 'confirmed', 'offset_days': -1}, "days before it"),
            ({'moment': 'confirmed', 'role': 'person'}, "nobody to give tasks to"),
            ({'moment': 'confirmed', 'summary': "Call {custmer}"}, "{custmer} is no placeholder"),
            ({'moment': 'confirmed', 'note': "{order.user_id.password}"}, "is no placeholder"),
            ({'moment': 'confirmed', 'note': "a { b"}, "is no placeholder"),
            ({'moment': 'confirmed', 'domain': "[('nothing', '=', 1)]"}, "cannot be used"),
            ({'moment': 'confirmed', 'closing': 'event'}, "what has to happen"),
        ):
            with self.assertRaisesRegex(ValidationError, words):
                self._new_rule(**values)

    @mute_logger('odoo.addons.sale_order_control.models.order.control_job')
    def test_a_role_with_nobody_is_reported_and_the_job_goes_on(self):
        nobody = self._new_rule('validity', role='general_manager', sequence=1)
        rule = self._new_rule('validity', sequence=2)
        self.env.cr.execute("UPDATE sale_followup_rule SET domain = %s WHERE id = %s", ["[('gone', '=', 1)]", rule.id])
        last = self._new_rule('validity', sequence=3)
        self.env.invalidate_all()
        order = self._create_order()
        order.validity_date = self._day(1)
        with mute_logger('odoo.addons.sale_order_control.models.followup.rule.sale_followup_tick'):
            self._tick(1)
        self.assertEqual(self._tasks(nobody).user_id, self.salesperson, "Whoever looks after exceptions.")
        self.assertIn("Nobody is “General manager”", nobody.problems)
        self.assertIn("could not look for what is due", rule.problems)
        self.assertEqual(self._tasks(last).order_id, order)
        with self.assertRaises(AccessError):
            nobody.with_user(self.salesperson).read(['problems'])
        with patch.object(type(self.env.registry), 'clear_cache') as clear_cache:
            nobody._report_problem("Nothing that is read through the cache")
        clear_cache.assert_not_called()
        nobody.role = 'salesperson'
        self.assertFalse(nobody.problems, "Saving clears it.")

    @mute_logger('odoo.addons.sale_order_control.models.order.control_job')
    def test_one_record_that_fails_is_reported_and_left_for_the_next_run(self):
        rule, event = self._new_rule('validity'), self._new_rule('confirmed')
        good, bad = self._create_order(), self._create_order()
        good.validity_date = bad.validity_date = self._day(1)
        prepare = type(rule)._prepare_task

        def fail(rule, document, *arguments):
            if document == bad:
                raise ValueError("No telephone")
            return prepare(rule, document, *arguments)
        with patch.object(type(rule), '_prepare_task', fail):
            self._tick(1)
            event._hear('confirmed', good | bad)
            self._end_transaction()
        for one in (rule, event):
            self.assertEqual(self._tasks(one).order_id, good)
            self.assertEqual(one.problems, f"{bad.name} was left out: No telephone")
        self._tick(1)
        self.assertEqual(self._tasks(rule).order_id, good | bad)

    # === RIGHTS ===#

    def test_nobody_writes_tasks_past_the_buttons(self):
        rule = self._new_rule('confirmed')
        self._confirm_order()
        self._end_transaction()
        task = self._tasks(rule)
        for user in (self.salesperson, self.env.user):
            with self.assertRaises(AccessError):
                task.with_user(user).write({'state': 'done'})
        with self.assertRaises(AccessError):
            task.sudo().write({'user_id': self.planner.id})
        with self.assertRaises(AccessError):
            task.sudo().copy()
        with self.assertRaises(UserError):
            task.sudo().unlink()
        with self.assertRaises(AccessError):
            rule.with_user(self.sales_manager).write({'active': False})
        tasks = self.env['sale.followup.task']
        self.assertTrue(tasks.with_user(self.salesperson).search([('id', '=', task.id)]))
        self.assertFalse(tasks.with_user(self.other_salesperson).search([('id', '=', task.id)]))
