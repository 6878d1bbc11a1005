from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import CreditCommon


@tagged('post_install', '-at_install')
class TestCreditExposureSearch(CreditCommon):
    """Accounts are found by figures that nothing stores, by the same figures as the form shows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env['res.partner'].create([
            {'name': name, 'is_company': True} for name in ("Over", "Near", "Late", "Free", "Idle", "Held", "Zero")])
        over, near, late, free, idle, held, zero = cls.partners
        grade = cls._grade(watch_percent=80, overdue_days=10)
        today = fields.Date.today()
        for partner, limit, debt, due in (
                (over, 1000, 1500, 5), (near, 1000, 900, 5), (late, 1000, 100, -20), (free, None, 5000, -5),
                (idle, 1000, 0, 0), (held, 1000, 0, 0), (zero, 0, 10, 5)):
            cls._limit(limit, grade, partner)
            if debt:
                cls._loose_invoice(debt, due=today + timedelta(days=due), partner=partner)
        cls.accounts._for_partners(held, cls.company).with_user(cls.controller).action_hold("Bankrupt")
        cls.ours = cls.accounts._for_partners(cls.partners, cls.company)

    def _found(self, *leaf):
        found = self.accounts.search([leaf, ('id', 'in', self.ours.ids)])
        return set(found.mapped('partner_id.name'))

    def test_accounts_are_found_by_what_they_owe(self):
        self.assertEqual(self._found('available', '<', 0), {"Over", "Zero"})
        self.assertEqual(self._found('exposure', '>=', 900), {"Over", "Near", "Free"})
        self.assertEqual(self._found('exposure', '=', 0), {"Idle", "Held"})
        self.assertEqual(self._found('exposure', '!=', 0), {"Over", "Near", "Late", "Free", "Zero"})
        self.assertEqual(self._found('overdue_amount', '>', 0), {"Late", "Free"})
        self.assertEqual(self._found('overdue_days', '>', 10), {"Late"})

    def test_accounts_are_found_by_their_state(self):
        self.assertEqual(self._found('state', '=', 'hold'), {"Held"})
        self.assertEqual(self._found('state', '=', 'watch'), {"Over", "Near", "Late", "Zero"})
        self.assertEqual(self._found('state', 'in', ['watch', 'hold']), {"Over", "Near", "Late", "Held", "Zero"})
        self.assertEqual(self._found('state', '=', 'open'), {"Free", "Idle"})

    def test_the_search_says_what_the_form_shows(self):
        for state in ('open', 'watch', 'hold'):
            shown = {account.partner_id.name for account in self.ours if account.state == state}
            self.assertEqual(self._found('state', '=', state), shown)
        for bound in (-500, -10, 0, 100, 900):
            shown = {account.partner_id.name for account in self.ours if account.available <= bound}
            self.assertEqual(self._found('available', '<=', bound), shown)

    def test_members_of_a_group_are_found_by_what_the_group_leaves_them(self):
        near, late = (
            self.ours.filtered(lambda account, name=name: account.partner_id.name == name) for name in ("Near", "Late"))
        pool = self.env['credit.pool'].with_user(self.controller).create({'name': "Group", 'limit': 950})
        (near | late).with_user(self.controller).write({'pool_id': pool.id})
        # 900 + 100 of 950
        self.assertEqual(self._found('available', '<', 0), {"Over", "Zero", "Near", "Late"})

    def test_a_filter_costs_the_same_for_any_number_of_customers(self):
        partners = self.env['res.partner'].create([{'name': f"Customer {n}"} for n in range(30)])
        self.env.flush_all()
        self.accounts.search([('available', '<', 0)])
        before = self._count_queries()
        self.accounts._for_partners(partners, self.company)
        self.env.flush_all()
        self.assertEqual(self._count_queries(), before)

    def _count_queries(self):
        start = self.env.cr.sql_log_count
        self.accounts.search([('available', '<', 0)])
        return self.env.cr.sql_log_count - start

    def test_a_salesperson_finds_only_what_they_may_read(self):
        found = self.accounts.with_user(self.salesperson).search([('available', '<', 0)])
        self.assertTrue(found <= self.accounts.with_user(self.salesperson).search([]))
