"""Setting what was worked out for many records at once."""

from functools import partial

from odoo.tools import float_round


def set_figures(records, names, rows, currency):
    """Set computed fields that are not stored, one row of values for each record.

    The same as assigning them one by one, which looks up an environment and the currency twice for every
    amount: for a list of eighty customers that takes longer than reading what they owe.

    :param list names: ``Monetary``, ``Float``, ``Integer`` and ``Selection`` fields, set by their compute method
    :param list rows: tuples of values in the order of ``names``
    :param res.currency currency: of all the amounts
    """
    rounded = partial(float_round, precision_rounding=currency.rounding)
    for place, name in enumerate(names):
        field = records._fields[name]
        for record, row in zip(records, rows, strict=True):
            field._update_cache(record, rounded(row[place]) if field.type == 'monetary' else row[place])
