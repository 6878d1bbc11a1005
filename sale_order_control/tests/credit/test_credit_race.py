import threading
from datetime import date

import psycopg2.errors

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.order.control_memory import control_acting
from .race_common import RaceCase


@tagged('post_install', '-at_install', 'soc_race')
class TestCreditRace(RaceCase):
    """Real transactions at the same instant never pass jointly over the limit."""

    def test_rivals_by_button_never_pass_jointly(self):
        outcomes, exposure = self._race(lambda order: order.action_confirm())
        self.assertEqual(outcomes.count('confirmed'), 1, outcomes)
        self.assertEqual(exposure, 600)

    def test_rivals_by_state_never_pass_jointly(self):
        outcomes, _exposure = self._race(lambda order: order.write({'state': 'sale'}))
        self.assertEqual(outcomes.count('confirmed'), 1, outcomes)

    def test_growing_orders_never_pass_jointly(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            for order in env['sale.order'].browse(self.order_ids):
                order.order_line.product_uom_qty = 1
                order.action_confirm()
        outcomes, exposure = self._race(lambda order: order.order_line.write({'product_uom_qty': 6}))
        self.assertEqual(outcomes.count('confirmed'), 1, outcomes)
        self.assertEqual(exposure, 900)

    def test_a_batch_races_with_single_orders(self):
        # 4 x 600 over 1000: the batch of all may pass none, and no two rivals pass jointly.
        everything = self.order_ids

        def confirm(order):
            (order if order.id != everything[0] else order.browse(everything)).action_confirm()

        _outcomes, exposure = self._race(confirm)
        self.assertIn(exposure, (0, 600))

    def test_a_limit_lowered_at_the_same_instant_holds_for_whoever_comes_later(self):
        account_id, (lowering, *rivals) = self.account_id, self.order_ids

        def act(order):
            if order.id == lowering:
                self._persist(order.env['credit.account'].browse(account_id)._set_limit, 'amount', 700.0)
            else:
                self._persist(order.action_confirm)

        outcomes, exposure = self._race(act)
        # The limit is lowered, and whether before or after: one of the three passes.
        self.assertEqual((outcomes.count('confirmed'), outcomes.count('held')), (2, 2))
        self.assertEqual(exposure, 600)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            self.assertEqual(env['credit.account'].browse(account_id).credit_limit, 700)
            states = env['sale.order'].browse(rivals).mapped('state')
            self.assertEqual((states.count('sale'), states.count('draft')), (1, 2))
            smaller = env['sale.order'].browse(rivals).filtered(lambda order: order.state == 'draft')[0]
            smaller.order_line.product_uom_qty = 2
            # It fits the old limit of 1,000 only.
            with self.assertRaises(UserError):
                smaller.action_confirm()
            cr.rollback()

    def test_odoo_tries_again_until_everybody_knows(self):
        def confirm(order):
            self._persist(order.action_confirm)

        outcomes, exposure = self._race(confirm)
        # Five tries are enough for four rivals: one passes, the others are told why not.
        self.assertEqual((outcomes.count('confirmed'), outcomes.count('held')), (1, 3))
        self.assertEqual(exposure, 600)

    def test_new_customers_at_the_same_instant_get_one_account(self):
        with self.registry.cursor() as cr:
            cr.execute('DELETE FROM credit_limit_entry WHERE account_id = %s', [self.account_id])
            cr.execute('DELETE FROM credit_account WHERE id = %s', [self.account_id])
        found, barrier = [], threading.Barrier(2)

        def ask():
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                partner = env['res.partner'].browse(self.partner_id)
                partner.mapped('name')
                barrier.wait(30)
                try:
                    found.append(env['credit.account']._for_partners(partner, env.ref('base.main_company')).id)
                except psycopg2.errors.SerializationFailure:
                    found.append('again')

        threads = [threading.Thread(target=ask) for _n in range(2)]
        with mute_logger('odoo.sql_db'):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        account_id = next(each for each in found if each != 'again')
        self.assertTrue(set(found) <= {account_id, 'again'}, found)

    def test_two_who_make_a_statement_of_one_customer_make_one(self):
        outcomes, barrier = [], threading.Barrier(2)

        def make():
            try:
                with self.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    account = env['credit.account'].browse(self.account_id)
                    account.mapped('serial')
                    barrier.wait(30)
                    made = account._make_statements(date(2025, 6, 3))
                    env.flush_all()
                outcomes.append(len(made))
            except psycopg2.errors.SerializationFailure:
                outcomes.append('again')

        with mute_logger('odoo.sql_db'):
            threads = [threading.Thread(target=make) for _n in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        self.assertEqual(sorted(map(str, outcomes)), ['1', 'again'])
        with self.registry.cursor() as cr:
            account = api.Environment(cr, SUPERUSER_ID, {})['credit.account'].browse(self.account_id)
            self.assertEqual(len(account.statement_ids), 1)
            self.assertFalse(account._make_statements(date(2025, 6, 3)))

    def test_two_members_of_a_group_never_pass_jointly(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            rival = env['res.partner'].browse(self.partner_ids[1])
            # As a credit controller would; nobody here is one.
            cr.execute(
                'INSERT INTO credit_pool (name, "limit", company_id, active, serial) '
                "VALUES ('Raced Group', 1000, %s, TRUE, 0) RETURNING id", [env.ref('base.main_company').id])
            self.pools = [cr.fetchone()[0]]
            cr.execute("UPDATE credit_pool SET parent_path = id || '/' WHERE id = ANY(%s)", [self.pools])
            cr.execute(
                'UPDATE credit_account SET pool_id = %s WHERE partner_id = ANY(%s)', [self.pools[0], self.partner_ids])
            both = self.order_ids[:1] + self._make_orders(env, rival, 1)
            self.every_order += both[1:]
        # Each fits its own customer's limit, together they do not fit the group's.
        outcomes = self._run(lambda order: self._persist(order.action_confirm), both)
        self.assertEqual(sorted(outcomes), ['confirmed', 'held'])
        self.assertEqual(sum(map(self._owed, self.partner_ids)), 600)

    def test_a_customer_put_on_hold_at_the_same_instant(self):
        def act(order):
            if order.id == self.order_ids[0]:
                # What "Put on Hold" does to the account, without the person it takes.
                account = order.env['credit.account'].browse(self.account_id)
                with control_acting(order.env):
                    account.write({'is_held': True, 'hold_reason': "Cheque came back"})
                account._record_decision('hold', "Cheque came back")
            else:
                self._persist(order.action_confirm)

        outcomes = self._run(act, self.order_ids[:2])
        # The hold came first and is known, or it is asked to try again after the confirmation.
        self.assertIn(sorted(outcomes), (['confirmed', 'held'], ['again', 'confirmed']))
        self.assertEqual(self._owed(self.partner_id), 600 if 'again' in outcomes else 0)

    def test_a_release_is_used_up_by_one_of_four_rivals(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            account = env['credit.account'].browse(self.account_id)
            account._set_limit('amount', 100.0)
            # Four eyes: not by who made the orders.
            account.with_user(env.ref('base.user_admin'))._record_decision('released', "Once", amount=700.0)

        outcomes = self._run(lambda order: self._persist(order.action_confirm))
        # All four are within the release, one after the other is not.
        self.assertEqual((outcomes.count('confirmed'), outcomes.count('held')), (1, 3))
        self.assertEqual(self._owed(self.partner_id), 600)

    def test_customers_merged_while_their_orders_are_confirmed(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            both = self.order_ids[:1] + self._make_orders(env, env['res.partner'].browse(self.partner_ids[1]), 1)
            self.every_order += both[1:]

        def merge(order):
            env = order.env
            env['base.partner.merge.automatic.wizard']._merge(
                self.partner_ids, env['res.partner'].browse(self.partner_ids[0]), extra_checks=False)

        # The third transaction merges; it touches the rows of all that it unites.
        acts = dict.fromkeys(both, lambda order: self._persist(order.action_confirm))
        outcomes = self._run(lambda order: acts.get(order.id, merge)(order), [*both, self.order_ids[1]])
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            confirmed = env['sale.order'].browse(both).filtered(lambda order: order.state == 'sale')
            # One fits in any case; the other only if it came before the merge.
            self.assertIn(len(confirmed), (1, 2), outcomes)
            if len(env['res.partner'].browse(self.partner_ids).exists()) == 2:
                # The merge was asked to try again: so it does.
                merge(env['sale.order'].browse(self.order_ids[1]))
        self.assertEqual(self._owed(self.partner_id), 600 * len(confirmed), outcomes)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            accounts = env['credit.account'].search([('partner_id', 'in', self.partner_ids)])
            self.assertEqual(accounts.partner_id.ids, self.partner_ids[:1])
            # Whoever comes after a merge meets both together: nothing more passes.
            with self.assertRaisesRegex(UserError, "over the limit"):
                env['sale.order'].browse(self.order_ids[2]).action_confirm()
            cr.rollback()

    def test_a_payment_counts_for_one_of_two_orders_that_claim_it(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            accounts = env['account.account'].search([('company_ids', 'in', env.ref('base.main_company').ids)])
            receivable = accounts.filtered(lambda account: account.account_type == 'asset_receivable')[:1]
            bank = accounts.filtered(lambda account: account.account_type == 'asset_current')[:1]
            move = env['account.move'].create({
                'move_type': 'entry', 'company_id': env.ref('base.main_company').id,
                'line_ids': [
                    Command.create({'account_id': receivable.id, 'partner_id': self.partner_id, 'credit': 600.0}),
                    Command.create({'account_id': bank.id, 'debit': 600.0})]})
            move.action_post()
            self.moves = move.ids
            payment = move.line_ids.filtered('credit').id

        def claim(order):
            self._persist(order.with_user(order.env.ref('base.user_admin')).action_set_advance_payments, [payment])

        outcomes = self._run(claim, self.order_ids[:2])
        self.assertEqual(sorted(outcomes), ['confirmed', 'held'])
        with self.registry.cursor() as cr:
            cr.execute('SELECT advance_order_id FROM account_move_line WHERE id = %s', [payment])
            self.assertIn(cr.fetchone()[0], self.order_ids[:2])
