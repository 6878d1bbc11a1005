from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged('post_install', '-at_install')
class TestDeliveryRace(BaseCase):
    """Two planners promise the same line at the same instant, each in a transaction of their own."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            company = env['res.company'].create({'name': "Promise Race", 'control_promise': 'enforce'})
            env = env(context={'tracking_disable': True, 'allowed_company_ids': company.ids})
            product = env['product.product'].create({'name': "Raced", 'type': 'consu'})
            order = env['sale.order'].create({
                'partner_id': env['res.partner'].create({'name': "Raced Customer"}).id,
                'company_id': company.id,
                'order_line': [Command.create({'product_id': product.id})],
            })
            order.action_confirm()
            self.company, self.order, self.line = company.id, order.id, order.order_line.id
        self.addCleanup(self._remove)

    def _remove(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM sale_delivery_promise WHERE order_id = %s", (self.order,))
            cr.execute("UPDATE sale_order_line SET promise_state = NULL WHERE id = %s", (self.line,))
            cr.execute("UPDATE sale_order SET promise_state = 'none' WHERE id = %s", (self.order,))
            cr.execute("UPDATE res_company SET active = false, control_promise = 'off' WHERE id = %s", (self.company,))
        self.registry.clear_cache()

    def _promise(self, cr, days):
        env = api.Environment(cr, SUPERUSER_ID, {'allowed_company_ids': [self.company]})
        line = env['sale.order.line'].browse(self.line)
        day = env['sale.order']._get_control_today() + timedelta(days=days)
        line._promise({line.id: day}, env.ref('sale_order_control.change_reason_priority'))
        env.flush_all()

    @mute_logger('odoo.sql_db')
    def test_the_second_planner_starts_again_and_both_promises_stay_on_record(self):
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            # Both see the line unpromised before either promises.
            for cr in (mine, theirs):
                cr.execute("SELECT promised_date FROM sale_order_line WHERE id = %s", (self.line,))
            self._promise(mine, 3)
            mine.commit()
            with self.assertRaises(SerializationFailure):
                self._promise(theirs, 5)
            theirs.rollback()
            # As Odoo does with every call that fails to serialise: again, on a new snapshot.
            self._promise(theirs, 5)
            theirs.commit()
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT revision, state FROM sale_delivery_promise WHERE order_line_id = %s ORDER BY id", (self.line,))
            self.assertEqual(cr.fetchall(), [(1, 'superseded'), (2, 'confirmed')])
