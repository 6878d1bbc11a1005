"""Putting the report on the terminal and into CSV files."""

import csv
from decimal import Decimal


def print_report(report, stream):
    """Print every table of the report, aligned."""
    lines = ["", report.heading]
    for table in report.tables:
        lines += ["", table.title]
        lines += [f"  {line}".rstrip() for line in align(table.columns, table.rows)]
        if table.note:
            lines.append(f"  {table.note}")
    if report.grades:
        # The reasons in full are in the file only: they are too long for a terminal.
        shown = align(report.grades.columns[:-1], [row[:-1] for row in report.grades.rows])
        lines += ["", report.grades.title, *(f"  {line}".rstrip() for line in shown)]
    lines += ["", *(f"DIFFERENT: {difference}" for difference in report.differences)]
    stream.write("\n".join(lines).rstrip() + "\n")


def align(columns, rows):
    """Lay out a table: text to the left, numbers to the right.

    :return: lines of text
    """
    if not rows:
        return ["(none)"]
    cells = [columns, *([_show(value) for value in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    numeric = [all(isinstance(row[index], int | float | Decimal) for row in rows) for index in range(len(columns))]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True))
        for row in cells
    ]


def _show(value):
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int | Decimal) else "" if value is None else str(value)


def write_report(report, path):
    """Write the sections in long form, one row per order to a second file beside it, and one per customer scored
    to a third one.

    :param Path path: of the first file
    :return: the paths written
    """
    rows = {'orders': report.orders, **({'grades': report.grades} if report.grades else {})}
    with open(path, 'w', encoding='utf-8', newline='') as handle:
        writer = csv.writer(handle)
        writer.writerow(('section', 'row', 'measure', 'value'))
        for table in report.tables:
            writer.writerows(_flatten(table))
    paths = [path]
    for name, table in rows.items():
        paths.append(path.with_name(f'{path.stem}-{name}{path.suffix or ".csv"}'))
        with open(paths[-1], 'w', encoding='utf-8', newline='') as handle:
            writer = csv.writer(handle)
            writer.writerow(table.columns)
            writer.writerows(table.rows)
    return paths


def _flatten(table):
    """Yield a row per figure: section, what it is of, which measure, value."""
    for row in table.rows:
        words = [value for value in row if isinstance(value, str) and value]
        named = [
            (column, value) for column, value in zip(table.columns, row, strict=True)
            if not isinstance(value, str) and value is not None]
        for column, value in named or [(table.columns[-1], words.pop())]:
            yield table.key, " / ".join(words), column, value
