import linecache
import re
import sys
from contextlib import contextmanager
from pathlib import Path

from odoo import Command
from odoo.sql_db import Cursor
from odoo.tests import tagged

from .common import ControlCommon

ADDON = str(Path(__file__).parents[2])
ODOO = str(Path(sys.modules['odoo.sql_db'].__file__).parent)
# What carries a question to the database, whoever asks it.
CARRIERS = tuple(f'{ODOO}/{part}' for part in ('orm', 'sql_db', 'tools', 'fields', 'models', 'api', 'tests'))


@tagged('post_install', '-at_install')
class TestOrderNeutral(ControlCommon):
    """While every control is off, an order costs one question of ours: of its sales type when it is entered."""

    @contextmanager
    def _asked_by_us(self):
        """Collect the statements that code of the add-on asks or that are about its tables.

        An override that does no more than call its ``super`` asks nothing by itself.
        """
        found, execute = [], Cursor.execute
        tables = [
            model._table for model in self.env.values()
            if model._original_module == 'sale_order_control' and not model._abstract]
        ours = re.compile(rf'(FROM|JOIN|INTO|UPDATE) "?({"|".join(tables)})\b')

        def record(cursor, query, params=None, log_exceptions=True):
            frame = sys._getframe(1)
            while frame and (frame.f_code.co_filename.startswith(CARRIERS) or self._is_passing_on(frame)):
                frame = frame.f_back
            place = frame.f_code.co_filename if frame else ''
            if ours.search(str(query)) or place.startswith(ADDON) and '/tests/' not in place:
                found.append((f"{place}:{frame.f_lineno}", str(query)[:300]))
            return execute(cursor, query, params, log_exceptions)

        self.patch(Cursor, 'execute', record)
        yield found
        self.env.flush_all()
        self.patch(Cursor, 'execute', execute)

    def _is_passing_on(self, frame):
        """Whether a frame of the add-on stands in its call of ``super``."""
        place = frame.f_code.co_filename
        return place.startswith(ADDON) and 'super(' in linecache.getline(place, frame.f_lineno)

    def _go_all_the_way(self, order):
        order.order_line.product_uom_qty = 3
        order.action_confirm()
        order.order_line.product_uom_qty = 4
        picking = order.sudo().picking_ids
        picking.move_ids.quantity = 4
        picking.move_ids.picked = True
        picking._action_done()
        invoice = order.sudo()._create_invoices()
        invoice.action_post()

    def test_the_measure_finds_what_we_ask(self):
        self._switch(completeness='enforce')
        order = self._create_order()
        self.env.flush_all()
        self.env.invalidate_all()
        with self._asked_by_us() as found:
            order.action_confirm()
        self.assertTrue(found)

    def test_one_question_of_ours_while_all_is_off(self):
        self._go_all_the_way(self._create_order())
        self.env.flush_all()
        self.env.invalidate_all()
        with self._asked_by_us() as found:
            order = self.env['sale.order'].with_user(self.salesperson).create({
                'partner_id': self.customer.id,
                'order_line': [Command.create({'product_id': self.product.id, 'product_uom_qty': 2})],
            })
        # Odoo itself checks that the company of the sales type is the order's.
        self.assertIn('"sale_control_type"', found.pop(0)[1])
        self.assertFalse(found, "\n".join(f"{place} {query}" for place, query in found))
        with self._asked_by_us() as found:
            self._go_all_the_way(order)
        self.assertFalse(found, "\n".join(f"{place} {query}" for place, query in found))
        self.assertFalse(order.sudo().control_log_ids)
