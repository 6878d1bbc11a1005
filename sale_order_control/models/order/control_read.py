"""Reading lines with their documents."""

from collections import defaultdict

from odoo.fields import Domain


def read_lines(records, name):
    """Read the lines of records and what the lines hold in one question; Odoo asks two.

    What is in memory already stays as it is.

    :param records: records, in the environment in which their lines are read
    :param str name: a one2many field whose lines name their document by a many2one
    """
    field = records._fields[name]
    missing = records.filtered('id').filtered(lambda record: name not in record._cache)
    if not missing:
        return
    comodel = records.env[field.comodel_name].with_context(active_test=False, **field.context)
    names = [line_name for line_name, one in comodel._fields.items() if one.prefetch is True and one.column_type]
    lines = comodel.search_fetch(
        field.get_comodel_domain(missing) & Domain(field.inverse_name, 'in', missing.ids), names)
    ids = defaultdict(list)
    for line in lines:
        ids[line[field.inverse_name].id].append(line.id)
    field._insert_cache(missing, [tuple(ids[record_id]) for record_id in missing._ids])
