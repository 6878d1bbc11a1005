from datetime import timedelta
from uuid import uuid4

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged('post_install', '-at_install')
class TestDeliveryShortageRace(BaseCase):
    """Two orders for the last goods are confirmed at the same instant; the system promises by itself."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            company = env['res.company'].create({
                'name': f"Last Goods {uuid4()}", 'control_promise': 'enforce', 'promise_by_itself': 'earliest'})
            env = env(context={'tracking_disable': True, 'allowed_company_ids': company.ids})
            warehouse = env['stock.warehouse'].search([('company_id', '=', company.id)], limit=1)
            product = env['product.product'].create({'name': "Last Goods", 'type': 'consu', 'is_storable': True})
            env['stock.quant']._update_available_quantity(product, warehouse.lot_stock_id, 5.0)
            orders = env['sale.order'].create([{
                'partner_id': env['res.partner'].create({'name': "Rival"}).id,
                'company_id': company.id,
                'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': 5.0})],
            } for _n in range(2)])
            self.company, self.orders, self.product = company.id, orders.ids, product.id
        self.addCleanup(self._remove)

    def _remove(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM sale_delivery_promise WHERE order_id = ANY(%s)", (self.orders,))
            cr.execute("DELETE FROM sale_delivery_turn WHERE product_id = %s", (self.product,))
            cr.execute(
                "UPDATE sale_order_line SET promise_state = NULL, promised_date = NULL WHERE order_id = ANY(%s)",
                (self.orders,))
            cr.execute("UPDATE sale_order SET promise_state = 'none' WHERE id = ANY(%s)", (self.orders,))
            cr.execute("UPDATE stock_move SET state = 'cancel' WHERE product_id = %s", (self.product,))
            cr.execute("DELETE FROM stock_quant WHERE product_id = %s", (self.product,))
            cr.execute("UPDATE res_company SET active = false, control_promise = 'off' WHERE id = %s", (self.company,))
        self.registry.clear_cache()

    def _confirm(self, cr, number):
        env = api.Environment(cr, SUPERUSER_ID, {'allowed_company_ids': [self.company], 'tracking_disable': True})
        order = env['sale.order'].browse(self.orders[number])
        order.action_confirm()
        env.flush_all()
        return order.promised_date

    @mute_logger('odoo.sql_db')
    def test_the_last_goods_are_promised_once(self):
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            for cr in (mine, theirs):   # both see 5 on the shelf
                cr.execute("SELECT SUM(quantity) FROM stock_quant WHERE product_id = %s", (self.product,))
            self.assertTrue(self._confirm(mine, 0))
            mine.commit()
            with self.assertRaises(SerializationFailure):
                self._confirm(theirs, 1)
            theirs.rollback()
            # As Odoo does with every call that fails to serialise: again, on a new snapshot.
            self.assertFalse(self._confirm(theirs, 1))
            theirs.commit()

    def _wait_for_supply(self):
        """Both lines are promised for later, then 5 come in and the nightly run may promise them anew."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'allowed_company_ids': [self.company], 'tracking_disable': True})
            company, orders = env['res.company'].browse(self.company), env['sale.order'].browse(self.orders)
            company.write({'promise_by_itself': 'off', 'repromise_by_itself': 'all'})
            orders.action_confirm()
            orders.order_line.move_ids._do_unreserve()
            later = env['sale.order']._get_control_today() + timedelta(days=20)
            orders.order_line._promise(dict.fromkeys(orders.order_line.ids, later))
            return orders.order_line.ids

    @mute_logger('odoo.sql_db')
    def test_the_nightly_run_and_a_planner_do_not_promise_the_same_goods(self):
        first, second = self._wait_for_supply()
        with self.registry.cursor() as mine, self.registry.cursor() as theirs:
            for cr in (mine, theirs):
                cr.execute("SELECT promised_date FROM sale_order_line WHERE id = %s", (second,))
            envs = [api.Environment(cr, SUPERUSER_ID, {'allowed_company_ids': [self.company]}) for cr in (mine, theirs)]
            line = envs[0]['sale.order.line'].browse(second)
            soon = envs[0]['sale.order']._get_control_today() + timedelta(days=1)
            line._promise({second: soon}, envs[0].ref('sale_order_control.change_reason_supply'))
            mine.commit()
            night = envs[1]['stock.warehouse'].search([('company_id', '=', self.company)], limit=1)
            with self.assertRaises(SerializationFailure):
                night._repromise_by_itself()
                envs[1].flush_all()
            theirs.rollback()
            night._repromise_by_itself()
            lines = envs[1]['sale.order.line'].browse([first, second])
            self.assertEqual([line.promised_date > soon for line in lines], [True, False])
