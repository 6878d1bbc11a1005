"""Columns of the add-on on tables that are long when it is installed.

Left to itself, Odoo computes a new stored field for every existing record in Python, and fills a new field
that has a default by rewriting the whole table.
"""

from odoo import models
from odoo.tools import SQL, sql

ADDON = 'sale_order_control'


def get_prepared_fields(model):
    """Return the add-on's stored fields of a model that Odoo would fill for every existing record."""
    return [
        field for field in model._fields.values()
        if field._module == ADDON and field.store and field.column_type and (field.compute or field.default)
    ]


def create_columns(model):
    """Create the missing columns of these fields at once: the default for all existing rows, no computed value."""
    present = sql.table_columns(model.env.cr, model._table)
    for field in get_prepared_fields(model):
        if field.name in present:
            continue
        value = None
        if field.default:
            value = field.convert_to_column_insert(field.convert_to_write(field.default(model), model), model)
        names = {'table': SQL.identifier(model._table), 'column': SQL.identifier(field.name)}
        # A constant default is kept in the catalogue: no row is touched.
        model.env.cr.execute(SQL(
            "ALTER TABLE %(table)s ADD COLUMN %(column)s %(kind)s DEFAULT %(value)s",
            kind=SQL(field.column_type[1]), value=value, **names))
        model.env.cr.execute(SQL("ALTER TABLE %(table)s ALTER COLUMN %(column)s DROP DEFAULT", **names))


class SaleOrder(models.Model):
    _inherit = 'sale.order'

    def _auto_init(self):
        if sql.table_exists(self.env.cr, self._table):
            create_columns(self)
        return super()._auto_init()
