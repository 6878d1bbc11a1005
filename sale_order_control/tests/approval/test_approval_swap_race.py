from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .race_common import ApprovalRaceCase


@tagged('post_install', '-at_install')
class TestApprovalSwapRace(ApprovalRaceCase):
    """An order that nobody has to approve is confirmed while its lines change: what was not judged is not ordered."""

    def _prepare_policy(self, env):
        category = env['product.category'].create({'name': "Asked about"})
        self.asked = env['product.product'].create({
            'name': "Asked about", 'type': 'service', 'list_price': 300.0, 'categ_id': category.id,
            'taxes_id': [Command.clear()]}).id
        return {'domain': '[]', 'product_categ_ids': [Command.set(category.ids)]}

    def _get_changes(self):
        """The same amount each time: nothing of the order itself changes with it."""
        asked = {'product_id': self.asked, 'price_unit': 300.0}
        free = {'product_id': self.asked, 'product_uom_qty': 1, 'price_unit': 0.0}
        return {
            'another product': lambda order: order.order_line.write(asked),
            'a free line': lambda order: order.env['sale.order.line'].create({'order_id': order.id, **free}),
            'a free line through the order': lambda order: order.write({'order_line': [Command.create(free)]}),
            'a line of another order': self._move_free_line,
        }

    def _move_free_line(self, order):
        other = order.browse(self.orders) - order
        other.order_line.filtered(lambda line: not line.price_unit).order_id = order

    def _change(self, cr, change):
        env = api.Environment(cr, self.user, {'allowed_company_ids': [self.company], 'tracking_disable': True})
        change(env['sale.order'].browse(self.orders[0]))
        env.flush_all()

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            env['sale.order.line'].create({
                'order_id': self.orders[1], 'product_id': self.asked, 'product_uom_qty': 1, 'price_unit': 0.0})

    @mute_logger('odoo.sql_db')
    def test_who_confirms_first_lets_the_change_start_again(self):
        for name, change in self._get_changes().items():
            with self.subTest(name), self.registry.cursor() as mine, self.registry.cursor() as theirs:
                self._begin(mine, theirs)
                self._change(theirs, change)
                theirs.rollback()
                self._begin(theirs)
                self._confirm(mine, self.orders[0])
                mine.commit()
                try:
                    with self.assertRaises(SerializationFailure):
                        self._change(theirs, change)
                finally:
                    theirs.rollback()
                    self._back_to_draft()

    @mute_logger('odoo.sql_db')
    def test_who_changes_first_is_seen_by_the_confirmation(self):
        for name, change in self._get_changes().items():
            with self.subTest(name), self.registry.cursor() as mine, self.registry.cursor() as theirs:
                self._begin(mine, theirs)
                self._change(theirs, change)
                theirs.commit()
                try:
                    with self.assertRaises(SerializationFailure):
                        self._confirm(mine, self.orders[0])
                    mine.rollback()
                    with self.assertRaisesRegex(UserError, "product category"):
                        self._confirm(mine, self.orders[0])
                finally:
                    mine.rollback()
                    self._lay_back()

    def _back_to_draft(self):
        with self.registry.cursor() as cr:
            cr.execute("UPDATE sale_order SET state = 'draft' WHERE id = %s", (self.orders[0],))
            cr.execute("UPDATE sale_order_line SET state = 'draft' WHERE order_id = %s", (self.orders[0],))

    def _lay_back(self):
        """Bring the lines back to what they were."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {'tracking_disable': True})
            first, second = env['sale.order'].browse(self.orders)
            extra = first.order_line.filtered(lambda line: not line.price_unit)
            if second.order_line.filtered(lambda line: not line.price_unit):
                extra.unlink()
            else:
                extra.order_id = second
            first.order_line.write({'product_id': second.order_line.filtered('price_unit').product_id.id})
            first.order_line.price_unit = 300.0
