from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ...models.credit.account import credit_nightly
from ...models.order.control_memory import control_today
from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditNightly(CreditCommon):
    """The night: chunks, interruption, failure, repetition."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env['res.partner'].create([{'name': f"Night {number}"} for number in range(5)])
        cls.nightly = cls.accounts._for_partners(cls.customers, cls.company)
        model = type(cls.accounts)
        cls.seen = seen = []
        ids = cls.nightly.ids

        def steps(self):
            return [credit_nightly.NightlyStep('test', 10, "Test work", 'credit.account', '_due_test', '_run_test')]

        def due(self, today):
            return [*self._get_nightly_company_domain(), ('id', 'in', ids)]

        def run(self, today):
            seen.append((today, self.partner_id.mapped('name')))

        for name, function in (('_get_nightly_steps', steps), ('_due_test', due), ('_run_test', run)):
            cls.startClassPatcher(patch.object(model, name, function, create=True))

    def setUp(self):
        super().setUp()
        self.seen.clear()

    def _step(self):
        return self.env['credit.nightly.step'].search([('key', '=', 'test')])

    def test_works_in_chunks_and_only_once_a_day(self):
        commit = self._run_nightly(limit=2)
        self.assertEqual(
            [names for _day, names in self.seen], [["Night 0", "Night 1"], ["Night 2", "Night 3"], ["Night 4"]])
        self.assertEqual([call.kwargs['remaining'] for call in commit.call_args_list], [3, 1, 0])
        self._run_nightly(limit=2)
        self.assertEqual(len(self.seen), 3)
        self.assertEqual((self._step().done_count, self._step().is_done, self._step().name), (5, True, "Test work"))

    def test_next_day_begins_again(self):
        self._run_nightly()
        tomorrow = self.env['sale.order']._get_control_today().replace(year=2050)
        with control_today(self.env, tomorrow):
            self._run_nightly()
        self.assertEqual([day for day, _names in self.seen][1:], [tomorrow])

    def test_interrupted_night_goes_on_where_it_stopped(self):
        self._run_nightly(limit=2, commit=0)
        self.assertEqual(len(self.seen), 1)
        self._run_nightly(limit=10)
        self.assertEqual([names for _day, names in self.seen][1:], [["Night 2", "Night 3", "Night 4"]])

    def test_failing_customer_is_reported_and_the_others_go_on(self):
        bad = self.nightly[3]
        passed = []

        def run(records, today):
            if bad in records:
                raise ValueError("No exchange rate.")
            passed.extend(records.ids)

        with patch.object(type(self.accounts), '_run_test', run), \
                self.assertLogs('odoo.addons.sale_order_control.models.order.control_job', 'ERROR') as logs:
            self._run_nightly(limit=2)
        self.assertEqual(passed, (self.nightly - bad).ids)
        self.assertEqual(len(logs.records), 1)
        step = self._step()
        self.assertEqual((step.done_count, step.failed_count, step.failures), (4, 1, "Night 3: No exchange rate."))

    def test_companies_without_credit_control_are_left_alone(self):
        self._switch(credit='off')
        self._run_nightly()
        self.assertEqual(self.seen, [])

    def test_nobody_writes_what_the_night_did(self):
        self._run_nightly()
        step = self._step().with_user(self.controller)
        self.assertEqual(step.done_count, 5)
        with self.assertRaises(AccessError):
            step.write({'is_done': False})
