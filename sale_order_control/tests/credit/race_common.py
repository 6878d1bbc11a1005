import threading

import psycopg2.errors

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.service.model import retrying
from odoo.tests import BaseCase
from odoo.tools import mute_logger

OUTCOMES = ('confirmed', 'held', 'again')


class RaceCase(BaseCase):
    """Real transactions at the same instant: two customers with a limit of 1,000, four orders of 600 of the first.

    The records are committed and removed again: a test transaction cannot see a rival.
    """

    def setUp(self):
        super().setUp()
        from odoo.modules.registry import Registry
        from odoo.tests.common import get_db_name
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            company = env.ref('base.main_company')
            self.modes = {
                name: company[name] for name in ('control_credit', 'control_approval', 'control_completeness')
            }
            company.write({'control_credit': 'enforce', 'control_approval': 'off', 'control_completeness': 'off'})
            partners = env['res.partner'].create(
                [{'name': name, 'is_company': True} for name in ("Racing Customer", "Rival Customer")])
            product = env['product.product'].create({
                'name': "Raced Service", 'type': 'service', 'list_price': 100.0, 'invoice_policy': 'order',
                'taxes_id': [Command.clear()]})
            accounts = env['credit.account']._for_partners(partners, company)
            for account in accounts:
                account._set_limit('amount', 1000.0)
            self.partner_ids, self.partner_id, self.product_id = partners.ids, partners[0].id, product.id
            self.account_id = accounts.filtered(lambda account: account.partner_id == partners[0]).id
            self.order_ids = self._make_orders(env, partners[0], 4)
            self.every_order, self.moves, self.pools = list(self.order_ids), [], []
        self.addCleanup(self._remove)

    def _make_orders(self, env, partner, number, quantity=6):
        return env['sale.order'].create([{
            'partner_id': partner.id,
            'order_line': [Command.create({'product_id': self.product_id, 'product_uom_qty': quantity})],
        } for _n in range(number)]).ids

    def _remove(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env.ref('base.main_company').write(self.modes)
            env.flush_all()
            # Records of decisions refuse deletion, rightly: these never were any.
            for table in ('credit_decision', 'sale_control_log', 'sale_order_line'):
                cr.execute(f'DELETE FROM {table} WHERE order_id = ANY(%s)', [self.every_order])
            cr.execute('DELETE FROM account_move_line WHERE move_id = ANY(%s)', [self.moves])
            cr.execute('DELETE FROM account_move WHERE id = ANY(%s)', [self.moves])
            cr.execute('DELETE FROM sale_order WHERE id = ANY(%s)', [self.every_order])
            cr.execute('SELECT id FROM credit_account WHERE partner_id = ANY(%s)', [self.partner_ids])
            accounts = [row[0] for row in cr.fetchall()]
            for table in ('credit_decision', 'credit_statement', 'credit_limit_entry', 'credit_account'):
                column = 'id' if table == 'credit_account' else 'account_id'
                cr.execute(f'DELETE FROM {table} WHERE {column} = ANY(%s)', [accounts])
            cr.execute('DELETE FROM credit_limit_entry WHERE pool_id = ANY(%s)', [self.pools])
            cr.execute('DELETE FROM credit_pool WHERE id = ANY(%s)', [self.pools])
            cr.execute(
                'DELETE FROM mail_message WHERE model = %s AND res_id = ANY(%s)', ['sale.order', self.every_order])
            env['product.product'].browse(self.product_id).unlink()
            env['res.partner'].browse(self.partner_ids).exists().unlink()

    def _confirm(self, order_id, outcomes, barrier, act):
        try:
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
                order = env['sale.order'].browse(order_id)
                # Takes the snapshot before anybody confirms.
                order.mapped('amount_total')
                barrier.wait(30)
                act(order)
                env.flush_all()
            outcomes.append('confirmed')
        except UserError:
            outcomes.append('held')
        except psycopg2.errors.SerializationFailure:
            outcomes.append('again')

    def _run(self, act, order_ids=None):
        """Let one transaction per order act at the same instant; returns how each ended."""
        order_ids = order_ids or self.order_ids
        outcomes, barrier = [], threading.Barrier(len(order_ids))
        threads = [
            threading.Thread(target=self._confirm, args=(order_id, outcomes, barrier, act)) for order_id in order_ids
        ]
        with mute_logger('odoo.sql_db'):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(120)
        self.assertEqual(len(outcomes), len(order_ids))
        self.assertTrue(set(outcomes) <= set(OUTCOMES), outcomes)
        return outcomes

    def _race(self, act):
        """The same; the first customer never owes more than its limit. Returns outcomes and what it owes."""
        outcomes = self._run(act)
        exposure = self._owed(self.partner_id)
        self.assertLessEqual(exposure, 1000.0, outcomes)
        return outcomes, exposure

    def _owed(self, partner_id):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            partner = env['res.partner'].browse(partner_id)
            return env['credit.account']._get_exposure(partner, env.ref('base.main_company'))[partner_id].total

    @staticmethod
    def _persist(method, *args):
        """Call a method as a request does: a rival that was faster makes it try again."""
        return retrying(lambda: method(*args), method.__self__.env)
