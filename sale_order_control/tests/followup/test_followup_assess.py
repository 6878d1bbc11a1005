from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import FollowupCommon


@tagged('post_install', '-at_install')
class TestFollowupAssess(FollowupCommon):

    def test_follow_ups_are_counted_per_person_by_what_was_done_in_time(self):
        rule = self._new_rule('validity', allowed_days=0)
        orders = self._create_order() | self._create_order() | self._create_order() | self._create_order()
        orders.validity_date = self._day(1)
        other = self._create_order(user=self.other_salesperson)
        other.validity_date = self._day(1)
        self._tick(1)
        first, second, third, fourth = (
            self._tasks(rule).filtered(lambda task, order=order: task.order_id == order) for order in orders)
        with self._on_day(1):
            first._end('done', "Called", 'ok')
        late = (first.deadline - self.today).days + 3
        with self._on_day(late):
            second._end('done', "Called", 'ok')
        fourth._end('cancelled', "Not wanted")
        self.env.flush_all()
        rows = self.env['sale.followup.report']._read_group(
            [('rule_id', '=', rule.id)], ['user_id'],
            ['task_count:sum', 'open_count:sum', 'ended_count:sum', 'on_time_count:sum', 'late_count:sum',
             'late_days:sum', 'on_time_rate:avg'])
        figures = {user: values for user, *values in rows}
        self.assertEqual(figures[self.salesperson], [3, 1, 2, 1, 1, 3, 50.0])
        self.assertEqual(figures[self.other_salesperson][:2], [1, 1])
        report = self.env['sale.followup.report']
        seen = report.with_user(self.salesperson).search([('rule_id', '=', rule.id)])
        self.assertEqual(seen.task_id, first | second | third, "Their own only.")
        self.assertEqual(report.with_user(self.leader).search_count([('rule_id', '=', rule.id)]), 4)

    def test_the_accuracy_of_shipping_is_counted_per_person(self):
        right, wrong, late, fault = (self._confirm_order() for _number in range(4))
        carriers = self._new_user('soc_ships', 'stock.group_stock_user')
        others = self._new_user('soc_ships_too', 'stock.group_stock_user')
        for order, user in ((right, carriers), (wrong, carriers), (late, carriers), (fault, others)):
            self._promise(order.order_line, 5)
            picking = order.picking_ids
            picking.move_ids.picked = True
            picking.with_user(user).button_validate()
            self.assertEqual(picking.shipped_by_id, user)
        categories = self.env['sale.complaint.category'].create([
            {'name': "Sent something else", 'complaint_type': 'delivery', 'order_problem': 'stock'},
            {'name': "Came after the day", 'complaint_type': 'delivery', 'order_problem': 'delay'}])
        complaints = self.env['sale.complaint'].create([{
            'partner_id': self.customer.id, 'order_id': order.id, 'description': "Not as ordered",
            'category_id': category.id, 'picking_id': picking.id,
        } for order, category, picking in (
            (wrong, categories[0], wrong.picking_ids), (late, categories[1], late.picking_ids),
            (fault, categories[0], self.env['stock.picking']))])
        report = self.env['sale.shipping.report']

        def figures():
            self.env.flush_all()
            return {user: values for user, *values in report._read_group(
                [('order_id', 'in', (right | wrong | late | fault).ids)], ['user_id'],
                ['delivery_count:sum', 'faulty_count:sum', 'accuracy:avg'])}
        first = figures()
        self.assertEqual((first[carriers][:2], round(first[carriers][2], 1)), ([3, 1], 66.7), "Late is not wrong.")
        self.assertEqual(first[others], [1, 1, 0.0], "An order that left with one delivery: that was it.")
        complaints[0].sudo().responsible_party = 'carrier'
        self.assertEqual(figures()[carriers], [3, 0, 100.0], "Somebody outside answers for it.")
        with self.assertRaises(AccessError):
            report.with_user(self.salesperson).search([])
        self.assertTrue(report.with_user(self.leader).search([('order_id', '=', right.id)]))

    def _assert_unjudged_is_not_poor(self, judged):
        unjudged = judged.copy({'order_id': self._confirm_order().id, 'score': False})
        [[average]] = judged._read_group([('id', 'in', (judged + unjudged).ids)], [], ['score_value:avg'])
        self.assertEqual(average, judged.score_value, "What nobody has judged yet is not poor.")

    def test_the_salesperson_sums_up_and_another_one_evaluates(self):
        self.team.member_ids = self.salesperson
        write = self.env.ref('sale_order_control.followup_summary_write')
        judge = self.env.ref('sale_order_control.followup_summary_evaluate')
        (write | judge).active = True
        order = self._confirm_order(team_id=self.team.id)
        mine = order.with_user(self.salesperson)
        with self.assertRaisesRegex(UserError, "when all of it is delivered"):
            mine.action_view_summary()
        self._promise(order.order_line, 5)
        self._deliver(order)
        self._end_transaction()
        self.assertEqual((self._tasks(write).user_id, self._tasks(write).date_due), (self.salesperson, self._day(10)))
        with self.assertRaisesRegex(UserError, "has not done so yet"):
            order.with_user(self.leader).action_view_summary()
        action = mine.with_context(default_state='evaluated', default_score='5').action_view_summary()
        summary = self.env['sale.order.summary'].browse(action['res_id']).with_user(self.salesperson)
        self.assertEqual((summary.state, summary.score), ('draft', False))
        self.assertIn("Follow-ups: 1", summary.facts)
        with self.assertRaisesRegex(UserError, "Write what went well"):
            summary.action_submit()
        summary.went_well = "Delivered in time"
        for values in ({'score': '5'}, {'state': 'evaluated'}, {'user_id': self.leader.id}):
            with self.assertRaises(AccessError):
                summary.write(values)
        summary.action_submit()
        self._end_transaction()
        self.assertFalse(self._tasks(write), "Handed in, it is done.")
        self.assertEqual(self._tasks(judge).user_id, self.leader)
        with self.assertRaises(AccessError):
            summary.write({'went_well': "Better still"})
        with self.assertRaises(AccessError):
            summary.action_evaluate()
        judged = summary.with_user(self.leader)
        with self.assertRaisesRegex(UserError, "score"):
            judged.action_evaluate()
        judged.write({'score': '4', 'evaluation': "Good work"})
        judged.action_evaluate()
        self._end_transaction()
        self.assertEqual((judged.state, judged.evaluated_by_id, judged.score_value), ('evaluated', self.leader, 4.0))
        self.assertFalse(self._tasks(judge))
        self._assert_unjudged_is_not_poor(judged.sudo())
        with self.assertRaises(AccessError):
            judged.write({'score': '1'})
        self.assertFalse(summary.with_user(self.other_salesperson).search([('id', '=', summary.id)]))

    def test_a_manager_does_not_judge_his_own(self):
        order = self._confirm_order(team_id=self.team.id)
        order.user_id = self.leader
        with self.assertRaises(AccessError):
            self.env['sale.order.summary'].with_user(self.leader).create({'order_id': order.id})
