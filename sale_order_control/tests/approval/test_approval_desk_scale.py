from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import SQL

from ...models.approval.request.approval_memory import approval_deciding
from .common import ApprovalCommon

LIST_FIELDS = (
    'document_name', 'partner_name', 'amount_untaxed', 'reason_text', 'level_summary', 'requester_id', 'waiting_since',
    'decide_by', 'is_overdue', 'can_decide', 'state')


@tagged('post_install', '-at_install')
class TestApprovalDeskScale(ApprovalCommon):
    """What approvers open costs the same with one thing waiting as with a thousand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls._level(cls.sales_manager))
        cls.order, cls.request = cls._submitted()

    def _wait(self, count):
        """Let so many more requests wait for the sales manager, activities included."""
        with approval_deciding(self.env):
            requests = self.env['sale.approval.request'].sudo().with_context(tracking_disable=True).create([
                {**self.request.sudo().copy_data()[0], 'name': f"AR/T{number}", 'res_id': self.order.id}
                for number in range(count)])
            task = self.request.sudo().task_ids
            self.env['sale.approval.task'].sudo().create([
                {**task.copy_data()[0], 'request_id': request.id, 'state': 'pending'} for request in requests])
        with patch.object(self.registry['sale.approval.request'], '_send_notice', lambda *args: None):
            requests.task_ids._call_approvers(timed=False)
        self.env.flush_all()
        return requests

    def _count(self, call):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        call()
        return self.cr.sql_log_count - before

    def test_the_systray_costs_the_same_with_1000_waiting(self):
        user = self.sales_manager.with_user(self.sales_manager)

        def systray():
            [group] = [
                one for one in user._get_activity_groups() if one.get('model') == 'sale.approval.request']
            return group['total_count']

        systray()
        few = self._count(systray)
        # Odoo's systray shows no more than a thousand.
        self._wait(999)
        many = self._count(systray)
        self.assertEqual(systray(), 1000)
        self.assertLessEqual(many, few + 1, f"1: {few} queries, 1000: {many}")

    def test_the_systray_finds_1000_among_many_by_index(self):
        user = self.sales_manager.with_user(self.sales_manager)
        self._wait(999)
        self._crowd(10000)
        plans = self._explain(user._get_activity_groups)
        [activities] = [plan for plan in plans if 'FROM "mail_activity"' in plan and '"user_id"' in plan][:1]
        self.assertRegex(activities, r'Index Cond: \(user_id = \d+\)')
        requests = [plan for plan in plans if 'FROM "sale_approval_request"' in plan]
        self.assertTrue(requests)
        for plan in requests:
            self.assertNotIn('Seq Scan on sale_approval_', plan)

    def _crowd(self, count):
        """Let many more requests wait for somebody else; past the ORM, which would take minutes."""
        last = self.env['sale.approval.request'].sudo().search([], limit=1).id
        numbers = SQL("SELECT generate_series(1, %s) AS id", count)
        self._multiply(self.request, numbers, requester_id=self.director.id)
        copies = SQL("SELECT id FROM sale_approval_request WHERE id > %s", last)
        self._multiply(self.request.task_ids, copies, user_id=self.director.id, request_id=SQL("source.id"))
        self._multiply(self.request.activity_ids, copies, user_id=self.director.id, res_id=SQL("source.id"))
        for table in ('mail_activity', 'sale_approval_request', 'sale_approval_task'):
            self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))

    def _multiply(self, record, source, **values):
        """Insert a copy of a record per row of ``source``, with some columns of its own."""
        columns = [name for name, field in record._fields.items() if field.store and field.column_type and name != 'id']
        self.env.cr.execute(SQL(
            "INSERT INTO %s AS copied (%s) SELECT %s FROM %s AS model CROSS JOIN (%s) AS source WHERE model.id = %s",
            SQL.identifier(record._table), SQL(", ").join(map(SQL.identifier, columns)),
            SQL(", ").join(
                SQL("%s", values[name]) if name in values else SQL.identifier('model', name) for name in columns),
            SQL.identifier(record._table), source, record.id))

    def _explain(self, call):
        """Return the plans of the statements that Odoo itself runs, each with its statement."""
        statements = []
        execute = Cursor.execute

        def remember(cursor, query, params=None, log_exceptions=True):
            statements.append(cursor._format(query, params))
            return execute(cursor, query, params, log_exceptions)

        self.env.flush_all()
        self.env.invalidate_all()
        with patch.object(Cursor, 'execute', remember):
            call()
        plans = []
        for statement in statements:
            if statement.lstrip().startswith('SELECT'):
                self.env.cr.execute("EXPLAIN " + statement)
                plans.append("\n".join([statement, *(row[0] for row in self.env.cr.fetchall())]))
        return plans

    def test_my_approvals_cost_the_same_for_80_as_for_one(self):
        requests = self.env['sale.approval.request'].with_user(self.sales_manager)
        domain = [('state', '=', 'pending'), ('task_ids', 'any', [
            ('user_id', '=', self.sales_manager.id), ('state', '=', 'pending')])]
        specification = {name: {} for name in LIST_FIELDS}

        def read():
            requests.web_search_read(domain, specification, limit=80)

        read()
        one = self._count(read)
        # With a full page Odoo counts all of them, which is a query more, whatever the page shows.
        self._wait(78)
        self.assertEqual(requests.search_count(domain), 79)
        many = self._count(read)
        self.assertEqual(many, one, f"1: {one} queries, 79: {many}")

    def test_the_screen_of_a_request_costs_a_fixed_number_of_queries(self):
        def read():
            self.request.with_user(self.sales_manager).read([
                'reason_html', 'change_html', 'level_html', 'timeline_html', 'snapshot_html', 'can_decide',
                'can_withdraw', 'can_take_over', 'can_open', 'waiting_since'])

        read()
        self.assertLessEqual(self._count(read), 30)

    def test_submitting_and_deciding_one_order_cost_few_queries(self):
        with patch.object(self.registry['sale.approval.request'], '_send_notice', lambda *args: None):
            self._submitted()
            order = self._create_order(10)
            submitting = self._count(lambda: (order.action_submit(), self.env.flush_all()))
            self.policy.sudo().write({'level_ids': [self._level(self.finance, 20)]})
            warm = [self._submitted()[1] for _number in range(2)]
            warm[0].with_user(self.sales_manager).action_agree()
            deciding = self._count(lambda: (
                warm[1].with_user(self.sales_manager).action_agree(), self.env.flush_all()))
        self.assertLessEqual(submitting, 60)
        self.assertLessEqual(deciding, 40)
