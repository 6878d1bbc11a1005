from odoo.tests import tagged
from odoo.tools import SQL

from ...hooks import fill_sale_types
from ...models.order.install_columns import ADDON, create_columns, get_prepared_fields
from .common import ControlCommon

# Tables that grow with the business; others have few rows or are the add-on's own.
SMALL = {'res.company', 'res.users', 'res.config.settings', 'stock.warehouse', 'product.template', 'product.category'}
PREPARED = {'sale.order', 'stock.picking'}
# Fields whose own model prepares and fills them, in its ``_auto_init``.
PREPARED_THERE = {'stock.move.control_line_id'}


@tagged('post_install', '-at_install')
class TestOrderInstall(ControlCommon):
    """The add-on comes into a company that has traded for years."""

    def test_orders_from_before_get_the_type_that_a_new_one_would_get(self):
        abroad = self.env['res.country'].search(
            [('id', 'not in', (self.company.country_id | self.company.account_fiscal_country_id).ids)], limit=1)
        foreigner = self.customer.copy({'name': "Customer Abroad", 'country_id': abroad.id})
        contact = self.customer.copy({'name': "Contact", 'parent_id': foreigner.id})
        sister = self.env['res.company'].create({'name': "Sister", 'country_id': abroad.id})
        nowhere = self.customer.copy({'name': "No Country", 'country_id': False})
        pairs = [
            (self.customer, self.customer), (foreigner, foreigner), (contact, contact), (nowhere, nowhere),
            (sister.partner_id, sister.partner_id), (foreigner, self.customer), (self.customer, foreigner),
            (sister.partner_id, foreigner),
        ]
        orders = self.env['sale.order'].union(*(self._create_order(partner=partner) for partner, _payer in pairs))
        for order, (_partner, payer) in zip(orders, pairs, strict=True):
            order.partner_invoice_id = payer
        chosen = self._create_order()
        chosen.sale_type_id = self.env.ref('sale_order_control.sale_type_export')
        self.env.flush_all()
        self.env.cr.execute("UPDATE sale_order SET sale_type_id = NULL WHERE id = ANY(%s)", [orders.ids])
        self.env.invalidate_all()

        fill_sale_types(self.env)

        for order in orders:
            self.assertTrue(order.sale_type_id)
            self.assertEqual(order.sale_type_id, order._get_default_sale_type(), order.partner_id.name)
        self.assertEqual(len(orders.sale_type_id), 3)
        self.assertEqual(chosen.sale_type_id, self.env.ref('sale_order_control.sale_type_export'))

    def test_no_new_field_is_filled_row_by_row_on_a_long_table(self):
        left_to_odoo = {
            str(field)
            for name, model in self.registry.items()
            if model._auto and not model._transient and name not in SMALL | PREPARED
            and self.env['ir.model']._get(name).modules.split(', ') != [ADDON]
            for field in get_prepared_fields(model)
        }
        self.assertFalse(
            left_to_odoo - PREPARED_THERE, "Prepare these columns as models/order/install_columns.py does for orders.")
        self.assertTrue(get_prepared_fields(self.env['sale.order']))

    def test_a_column_with_a_default_is_there_without_touching_a_row(self):
        order = self._create_order()
        self.env.flush_all()
        place = SQL("SELECT ctid::text FROM sale_order WHERE id = %s", order.id)
        before = self.env.execute_query(place)
        self.env.cr.execute("ALTER TABLE sale_order DROP COLUMN approval_state, DROP COLUMN sale_type_id")
        create_columns(self.env['sale.order'])
        self.assertEqual(self.env.execute_query(place), before)
        values = self.env.execute_query(SQL(
            "SELECT approval_state, sale_type_id FROM sale_order WHERE id = %s", order.id))
        self.assertEqual(values, [('none', None)])
        [(default,)] = self.env.execute_query(SQL(
            "SELECT column_default FROM information_schema.columns "
            "WHERE table_name = 'sale_order' AND column_name = 'approval_state'"))
        self.assertIsNone(default)
