from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from .common import FollowupCommon

PROCEDURE = (
    'confirmation_call', 'production_check', 'undelivered', 'shipping_notice', 'receipt_check', 'revisit',
    'payment_before', 'payment_1', 'payment_7', 'payment_15',
)


@tagged('post_install', '-at_install')
class TestFollowupLife(FollowupCommon):
    """Whole lives of orders under the standard procedure, with the job on the days on which something may happen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rules = {name: cls.env.ref(f'sale_order_control.followup_rule_{name}') for name in PROCEDURE}
        cls.procedure = cls.env['sale.followup.rule'].union(*cls.rules.values())
        cls.procedure.active = True
        # Nobody else's documents.
        cls.procedure.domain = f"[('partner_id', '=', {cls.customer.id})]"
        cls.company.followup_ladder_days = 0

    def _pass_days(self, *days):
        for day in days:
            self._tick(day)
        self._tick(days[-1])

    def _get_history(self, order):
        """Return ``{rule name: [(state, day of the end)]}`` of the tasks of an order."""
        names = {rule: name for name, rule in self.rules.items()}
        tasks = self.env['sale.followup.task'].search([('order_id', '=', order.id)], order='id')
        self.assertEqual(len(tasks), len({(task.rule_id, task.cause) for task in tasks}))
        return {
            names[rule]: [(task.state, task.ended_day and (task.ended_day - self.today).days) for task in theirs]
            for rule, theirs in tasks.grouped('rule_id').items()
        }

    def _do(self, day, order, name, user, **values):
        [task] = self._tasks(self.rules[name]).filtered(lambda task: task.order_id == order)
        with self._on_day(day):
            self.env['sale.followup.log'].with_user(user).create({
                'task_id': task.id, 'content': "Spoken about", **values}).action_record()
        return task

    def _invoice(self, order, day, term):
        with self._on_day(day):
            invoice = order._create_invoices()
            invoice.invoice_payment_term_id = False
            invoice.invoice_date, invoice.invoice_date_due = self._day(day), self._day(day + term)
            invoice.action_post()
        return invoice

    def _pay(self, invoice, day):
        with self._on_day(day):
            self.env['account.payment.register'].with_context(
                active_model='account.move', active_ids=invoice.ids).create({
                    'payment_date': self._day(day)}).action_create_payments()
            self._end_transaction()

    def _complain_and_close(self, order):
        handler = self._new_user('soc_handles', 'sale_order_control.group_complaint_handler')
        complaint = self.env['sale.complaint'].with_user(handler).create({
            'partner_id': self.customer.id, 'order_id': order.id, 'description': "Scratched", 'user_id': handler.id,
            'category_id': self.env['sale.complaint.category'].search([], limit=1).id})
        complaint.action_acknowledge()
        complaint.write({
            'cause_id': self.env['sale.complaint.cause'].search([], limit=1).id, 'answer': "We are sorry.",
            'justified': 'no', 'justified_reason': "It was so in the offer.", 'responsible_party': 'customer'})
        complaint.action_close()

    def test_everything_that_happens_to_an_order_is_an_event_rules_can_ask_for(self):
        self.procedure.active = False
        rules = {name: self._new_rule(name) for name in (
            'submitted', 'approved', 'confirmed', 'promised', 'promise_changed', 'at_risk', 'late', 'amended',
            'released', 'delivered', 'invoiced', 'instalment_paid', 'paid', 'complaint_opened', 'complaint_closed')}
        review = self._new_rule('credit_review', offset_days=-7, role='credit_controller')
        self._switch(approval='enforce', amendment='enforce')
        self.env['sale.approval.policy'].search([]).active = False
        self.env['sale.approval.policy'].create({
            'name': "All", 'company_id': self.company.id, 'min_amount': 1.0, 'level_ids': [Command.create({
                'name': "Manager", 'approver_type': 'users', 'user_ids': [Command.set(self.sales_manager.ids)]})]})
        order = self.env['sale.order'].with_user(self.salesperson).create({
            'partner_id': self.customer.id, 'user_id': self.salesperson.id,
            'order_line': [Command.create({'product_id': self.scarce.id, 'product_uom_qty': 5.0})]})
        order.action_submit()
        order.sudo().approval_request_ids.with_user(self.sales_manager).sudo(False).action_agree("Fine")
        if order.state != 'sale':
            order.action_confirm()
        line = order.sudo().order_line
        self._promise(line, 9)
        self._promise(line, 12, self.reason)
        amendments = self.env['sale.amendment'].with_user(self.salesperson).with_context(default_order_id=order.id)
        values = amendments.default_get(['order_id', 'line_ids', 'reason_id', 'asked_by'])
        values['line_ids'][0][2]['product_uom_qty'] = 4.0
        amendments.create(values).action_submit()
        with self._on_day(13):
            order.sudo()._refresh_promise_states()
        self._stock(self.scarce, 5)
        self._deliver(order.sudo())
        invoice = self._invoice(order.sudo(), 0, 30)
        self._pay(invoice, 0)
        self._complain_and_close(order)
        self._end_transaction()
        account = self.env['credit.account']._for_partners(self.customer, self.company)
        account.sudo().review_date = self._day(7)
        self._tick()
        self.assertEqual([name for name, rule in rules.items() if not self._tasks(rule, ('open', 'closed'))], [])
        self.assertIn(self.customer, self._tasks(review).partner_id)

    def test_a_promise_that_moves_twice_an_archived_user_and_an_early_payment(self):
        order = self._confirm_order(team_id=self.team.id)
        self._end_transaction()
        self._promise(order.order_line, 20)
        self._pass_days(0, 2, 4)
        self._do(4, order, 'confirmation_call', self.salesperson)
        for today, promised in ((5, 30), (6, 24)):
            with self._on_day(today):
                self._promise(order.order_line, promised, self.reason)
                self._end_transaction()
            self._pass_days(today)
        self.salesperson.active = False
        self._pass_days(7, 13, 16, 19, 20)
        check = self._do(20, order, 'production_check', self.planner)
        self.assertEqual((check.user_id, check.anchor_date), (self.planner, self._day(24)))
        self._pass_days(22)
        with self._on_day(22):
            self._deliver(order)
            self._end_transaction()
        invoice = self._invoice(order, 22, 30)
        notice = self._do(22, order, 'shipping_notice', self.leader)
        self.assertEqual(notice.user_id, self.leader, "The salesperson has left.")
        self._pass_days(25, 30)
        self._pay(invoice, 31)
        self._pass_days(31, 47, 53, 59, 67, 80)
        self._do(80, order, 'revisit', self.leader)
        self.assertEqual(self._get_history(order), {
            'confirmation_call': [('done', 4)],
            'production_check': [('done', 20)],
            'shipping_notice': [('done', 22)],
            'receipt_check': [('open', False)],
            'revisit': [('done', 80)],
        }, "Nothing missing, nothing double, and nobody was reminded of a bill that was paid early.")

    def test_reminders_of_a_payment_take_each_others_place_until_it_is_paid(self):
        order = self._confirm_order()
        self._promise(order.order_line, 1)
        with self._on_day(1):
            self._deliver(order)
        invoice = self._invoice(order, 1, 10)
        self._pass_days(1, 6, 12, 18, 26, 30)
        self._pay(invoice, 31)
        self._pass_days(31, 40)
        history = self._get_history(order)
        self.assertEqual(
            [history[name] for name in ('payment_before', 'payment_1', 'payment_7', 'payment_15')],
            [[('closed', 12)], [('closed', 18)], [('closed', 26)], [('closed', 31)]])

    def test_a_cancelled_order_asks_for_nothing_more(self):
        order = self._confirm_order()
        self._promise(order.order_line, 10)
        self._end_transaction()
        self._pass_days(0, 3, 5)
        with self._on_day(6):
            order._action_cancel()
            self._end_transaction()
        self._pass_days(6, 12, 20)
        history = self._get_history(order)
        self.assertEqual({state for tasks in history.values() for state, _day in tasks}, {'cancelled'})
        self.assertEqual(set(history), {'confirmation_call', 'production_check'})
        with patch.object(type(self.env['mail.activity']), 'create') as create:
            self._tick(21)
        create.assert_not_called()
        self.assertFalse(order.activity_ids.filtered(
            lambda activity: activity.activity_type_id.name == "Follow-up"))
