import psycopg2.errors

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged('post_install', '-at_install')
class TestAmendmentRace(BaseCase):
    """Real transactions at the same instant: two amendments of one order that were both fine when they were drawn."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            # What is committed here cannot all be removed again: a company of its own, archived in the end.
            company = env['res.company'].create({'name': "Amendment race", 'control_amendment': 'enforce'})
            product = env['product.product'].create({'name': "Raced", 'type': 'service', 'taxes_id': [Command.clear()]})
            order = env['sale.order'].with_company(company).create({
                'partner_id': env['res.partner'].create({'name': "Racing customer"}).id, 'company_id': company.id,
                'user_id': SUPERUSER_ID,
                'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': 10, 'price_unit': 5.0})]})
            order.action_confirm()
            self.order_id, self.company_id = order.id, company.id
            self.amendment_ids = [self._draw(order, quantity).id for quantity in (7, 4)]
        self.addCleanup(self._remove)

    def _draw(self, order, quantity):
        amendments = order.env['sale.amendment'].with_context(default_order_id=order.id)
        values = amendments.default_get(['order_id', 'line_ids', 'reason_id'])
        values['line_ids'][0][2]['product_uom_qty'] = quantity
        return amendments.create(values)

    def _remove(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM sale_order_revision WHERE order_id = %s", (self.order_id,))
            cr.execute("DELETE FROM sale_amendment WHERE order_id = %s", (self.order_id,))
            for table in ('sale_control_log', 'sale_order_line'):
                cr.execute(f"DELETE FROM {table} WHERE order_id = %s", (self.order_id,))
            cr.execute("DELETE FROM mail_message WHERE model = 'sale.order' AND res_id = %s", (self.order_id,))
            cr.execute("DELETE FROM sale_order WHERE id = %s", (self.order_id,))
            cr.execute("UPDATE res_company SET active = false, control_amendment = 'off' WHERE id = %s",
                       (self.company_id,))
        self.registry.clear_cache()

    def _submit(self, cr, amendment_id):
        env = api.Environment(cr, SUPERUSER_ID, {'allowed_company_ids': [self.company_id]})
        env['sale.amendment'].browse(amendment_id).action_submit()
        env.flush_all()

    def test_of_two_at_the_same_instant_one_starts_again_and_finds_itself_outdated(self):
        first, second = self.amendment_ids
        with self.registry.cursor() as slow, self.registry.cursor() as fast:
            # The slow one looks at the order before the fast one changes it.
            slow.execute("SELECT amendment_revision FROM sale_order WHERE id = %s", (self.order_id,))
            self._submit(fast, first)
            fast.commit()
            with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.errors.SerializationFailure):
                self._submit(slow, second)
            slow.rollback()
            env = api.Environment(slow, SUPERUSER_ID, {'allowed_company_ids': [self.company_id]})
            # Tried again, as Odoo does it: now it sees the other one.
            with self.assertRaisesRegex(Exception, "was changed meanwhile"):
                self._submit(slow, second)
            slow.rollback()
            order = env['sale.order'].browse(self.order_id)
            self.assertEqual((order.order_line.product_uom_qty, order.amendment_revision), (7.0, 1))
