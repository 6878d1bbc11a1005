from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ...models.credit.account import credit_nightly
from ...models.order.control_memory import control_acting, control_today
from .common import CreditCommon


class Killed(BaseException):
    """What ends a process: nothing catches it."""


@tagged('post_install', '-at_install', 'soc_race')
class TestCreditNightKilled(BaseCase):
    """A night that is killed goes on where its last finished chunk ended. Real transactions, removed again."""

    def setUp(self):
        super().setUp()
        from odoo.modules.registry import Registry
        from odoo.tests.common import get_db_name
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            company = env.ref('base.main_company')
            partners = env['res.partner'].create([{'name': f"Nightly {n}"} for n in range(5)])
            self.account_ids = env['credit.account']._for_partners(partners, company).sorted('id').ids
            self.partner_ids = partners.ids
        self.addCleanup(self._remove)

    def _remove(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM credit_nightly_step WHERE key = 'killed'")
            cr.execute('DELETE FROM credit_account WHERE id = ANY(%s)', [self.account_ids])
            cr.execute('DELETE FROM res_partner WHERE id = ANY(%s)', [self.partner_ids])

    def _night(self, run):
        ids = self.account_ids

        def steps(model):
            return [credit_nightly.NightlyStep('killed', 10, "Work", 'credit.account', '_due_killed', '_run_killed')]
        model = self.registry['credit.account']
        with patch.object(model, '_get_nightly_steps', steps), \
                patch.object(model, '_due_killed', lambda records, today: [('id', 'in', ids)], create=True), \
                patch.object(model, '_run_killed', run, create=True), self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})['credit.account']._cron_nightly(limit=2)

    def test_a_killed_night_does_nothing_twice_and_leaves_nothing_out(self):
        done = []

        def die(records, today):
            with control_acting(records.env):
                records.write({'hold_reason': "half done"})
            records.flush_recordset()
            if self.account_ids[2] in records.ids:
                raise Killed
            done.extend(records.ids)
        with mute_logger('odoo.sql_db'), self.assertRaises(Killed):
            self._night(die)
        self.assertEqual(done, self.account_ids[:2])
        with self.registry.cursor() as cr:
            cr.execute("SELECT id FROM credit_account WHERE hold_reason = 'half done' ORDER BY id")
            self.assertEqual([row[0] for row in cr.fetchall()], self.account_ids[:2])
        self._night(lambda records, today: done.extend(records.ids))
        self.assertEqual(done, self.account_ids)
        self._night(lambda records, today: done.extend(records.ids))
        self.assertEqual(done, self.account_ids)


@tagged('post_install', '-at_install')
class TestCreditNightCost(CreditCommon):
    """The real steps of the night cost the same statements for a chunk of many as for one of few."""

    def _count(self, records, name, today=None):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        getattr(records.sudo(), name)(today or self.env['sale.order']._get_control_today())
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_looking_again_at_holds(self):
        self._limit(100, self._grade('block'))
        orders = self.env['sale.order'].union(*[self._create_order(5) for _n in range(12)])
        orders.action_submit()
        self._count(orders[:1], '_run_credit_holds_due')
        self.assertLessEqual(
            self._count(orders, '_run_credit_holds_due'), self._count(orders[:2], '_run_credit_holds_due'))
        self.assertEqual(set(orders.mapped('credit_state')), {'hold'})

    def test_ending_temporary_limits(self):
        partners = self.env['res.partner'].create([{'name': f"Fair {n}", 'is_company': True} for n in range(14)])
        accounts = self.accounts._for_partners(partners, self.company)
        today = self.env['sale.order']._get_control_today()
        limits = self.env['credit.limit.temporary'].with_user(self.controller).create([
            {'account_id': account.id, 'amount': 5, 'date_from': today, 'date_to': today, 'reason': "Fair"}
            for account in accounts])
        later = today + timedelta(days=1)
        with control_today(self.env, later):
            self._count(limits[:1], '_run_end', later)
            few, many = self._count(limits[1:3], '_run_end', later), self._count(limits[3:], '_run_end', later)
        self.assertLessEqual(many, few)
        self.assertEqual(set(limits.sudo().mapped('is_over')), {True})

    def test_every_kind_of_nightly_work_is_there(self):
        keys = {step.key for step in self.accounts._get_nightly_steps()}
        self.assertLessEqual({
            'grade_rules', 'limit_end', 'guarantee_end', 'releases', 'end_override', 'score', 'holds', 'documents',
            'limit_warning', 'promise_broken', 'statements'}, keys)
