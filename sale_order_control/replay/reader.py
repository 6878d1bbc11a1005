"""Reading an order book from CSV: every bad row is named with file and line, the rest goes on."""

import csv
import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from .book import Book, Category, Customer, Employee, Order, OrderLine, Problem, Product


class BookError(Exception):
    """The folder holds no order book at all: a file or a required column is missing."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is understood; all others are left alone.

    :ivar header: name in the file (capitals do not matter)
    :ivar field: attribute of the row's class
    :ivar kind: key of ``PARSERS``
    :ivar required: the column must be there and filled in on every row
    """

    header: str
    field: str
    kind: str = 'text'
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A file of the book. ``key`` names the columns that may not repeat; none for order lines."""

    name: str
    row: type
    columns: tuple
    optional: bool = False

    @property
    def file(self):
        return f'{self.name}.csv'


TABLES = (
    Table('categories', Category, (
        Column('categoryID', 'key', required=True),
        Column('categoryName', 'name', required=True),
    ), optional=True),
    Table('products', Product, (
        Column('productID', 'key', required=True),
        Column('productName', 'name', required=True),
        Column('categoryID', 'category'),
        Column('quantityPerUnit', 'packing'),
        Column('unitPrice', 'list_price', 'amount'),
        Column('unitCost', 'cost', 'amount'),
    )),
    Table('employees', Employee, (
        Column('employeeID', 'key', required=True),
        Column('lastName', 'last_name', required=True),
        Column('firstName', 'first_name'),
        Column('title', 'title'),
        Column('country', 'country'),
        Column('reportsTo', 'reports_to'),
    ), optional=True),
    Table('customers', Customer, (
        Column('customerID', 'key', required=True),
        Column('companyName', 'name', required=True),
        Column('contactName', 'contact'),
        Column('contactTitle', 'contact_title'),
        Column('address', 'street'),
        Column('city', 'city'),
        Column('region', 'region'),
        Column('postalCode', 'postal_code'),
        Column('country', 'country'),
        Column('phone', 'phone'),
        Column('creditLimit', 'credit_limit', 'amount'),
    )),
    Table('orders', Order, (
        Column('orderID', 'key', required=True),
        Column('customerID', 'customer', required=True),
        Column('orderDate', 'ordered', 'date', required=True),
        Column('employeeID', 'employee'),
        Column('requiredDate', 'requested', 'date'),
        Column('shippedDate', 'shipped', 'date'),
        Column('paidDate', 'paid', 'date'),
        Column('shipName', 'ship_name'),
        Column('shipAddress', 'ship_street'),
        Column('shipCity', 'ship_city'),
        Column('shipRegion', 'ship_region'),
        Column('shipPostalCode', 'ship_postal_code'),
        Column('shipCountry', 'ship_country'),
    )),
    Table('order-details', OrderLine, (
        Column('orderID', 'order', required=True),
        Column('productID', 'product', required=True),
        Column('unitPrice', 'price', 'amount', required=True),
        Column('quantity', 'quantity', 'quantity', required=True),
        Column('discount', 'discount', 'share'),
    )),
)


def read_book(folder):
    """Read and check the order book in a folder.

    :param Path folder: where the CSV files are
    :return: ``(Book, [Problem, ...])``; what the problems name as left out is not in the book
    :raise BookError: if a required file or column is missing, or no order is left
    """
    missing = [table.file for table in TABLES if not table.optional and not (folder / table.file).is_file()]
    if missing:
        raise BookError(f"{folder} is no order book: there is no {', '.join(missing)}.")
    problems = []
    rows = {table.name: read_table(folder / table.file, table, problems) for table in TABLES}
    book = link_book(rows, problems)
    if not book.orders:
        found = "\n".join(map(str, problems[:20]))
        raise BookError(f"{folder} holds no order that can be replayed.\n{found}".rstrip())
    order = [table.file for table in TABLES]
    return book, sorted(problems, key=lambda problem: (order.index(problem.file), problem.line))


# === ONE FILE ===#


def read_table(path, table, problems):
    """Read the rows of a file that are right in themselves; report the others.

    :return: list of ``table.row`` values; empty for an optional file that is not there
    """
    if not path.is_file():
        return []
    rows, seen = [], {}
    with open(path, encoding='utf-8-sig', newline='') as handle:
        try:
            reader = csv.reader(handle, delimiter=_find_delimiter(handle))
            columns = _match_columns(next(reader, []), table)
            begin = reader.line_num + 1
            for cells in reader:
                row = _read_row(cells, columns, table, begin, problems)
                begin = reader.line_num + 1
                if row is not None and _is_first(row, table, seen, problems):
                    rows.append(row)
        except (UnicodeDecodeError, csv.Error) as error:
            raise BookError(f"{path.name} cannot be read as UTF-8 CSV: {error}.") from error
    return rows


def _find_delimiter(handle):
    """Return the sign that separates columns in the header: comma, semicolon or tab."""
    header = handle.readline()
    handle.seek(0)
    return max(',;\t', key=header.count)


def _match_columns(header, table):
    """Return ``[Column or None, ...]`` in the order of the header.

    :raise BookError: if a required column is missing
    """
    known = {column.header.lower(): column for column in table.columns}
    columns = [known.get(name.strip().lower()) for name in header]
    missing = [column.header for column in table.columns if column.required and column not in columns]
    if missing:
        raise BookError(f"{table.file} has no column {', '.join(missing)} (it has: {', '.join(header) or 'nothing'}).")
    return columns


def _read_row(cells, columns, table, line, problems):
    """Build one row, or report everything that is wrong with it and return None."""
    if not any(cell.strip() for cell in cells):
        return None
    if len(cells) != len(columns):
        problems.append(Problem(
            table.file, line, f"The row has {len(cells)} columns, the header has {len(columns)}."))
        return None
    values, wrong = {'line': line}, []
    for column, cell in zip(columns, cells, strict=True):
        if column is None:
            continue
        try:
            value = PARSERS[column.kind](cell.strip())
            if value in (None, ''):
                if column.required:
                    raise ValueError("is empty")
                continue
            values[column.field] = value
        except ValueError as error:
            wrong.append(f"{column.header} {error}")
    if wrong:
        problems.append(Problem(table.file, line, f"{'; '.join(wrong)}."))
        return None
    return table.row(**values)


def _is_first(row, table, seen, problems):
    """Whether no earlier row has the same id; lines of an order may repeat a product."""
    if table.row is OrderLine:
        return True
    if row.key in seen:
        header = table.columns[0].header
        problems.append(Problem(
            table.file, row.line, f"{header} {row.key} was on line {seen[row.key]} already."))
        return False
    seen[row.key] = row.line
    return True


# === CELLS ===#


def _parse_date(text):
    """``2026-01-31``; a time of day behind it is left out."""
    if not text:
        return None
    try:
        return date.fromisoformat(re.split(r'[ T]', text)[0])
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write year-month-day, like 2026-01-31") from None


def _parse_number(text):
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal('NaN')
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a number; write it like 1234.50")
    return number


def _parse_amount(text):
    number = _parse_number(text)
    if number is not None and number < 0:
        raise ValueError(f"{text} is negative")
    return number


def _parse_quantity(text):
    number = _parse_number(text)
    if number is not None and number <= 0:
        raise ValueError(f"{text} is {'negative' if number < 0 else 'zero'}")
    return number


def _parse_share(text):
    number = _parse_number(text)
    if number is not None and not 0 <= number <= 1:
        raise ValueError(f"{text} is not a share between 0 and 1; write 15 % as 0.15")
    return number


PARSERS = {
    'text': str,
    'date': _parse_date,
    'amount': _parse_amount,
    'quantity': _parse_quantity,
    'share': _parse_share,
}


# === BETWEEN FILES ===#


def link_book(rows, problems):
    """Leave out the rows that refer to nothing and put lines into their orders.

    :param dict rows: ``{table name: [row, ...]}``
    :param list problems: extended in place
    """
    categories, employees, customers = (
        {row.key: row for row in rows[name]} for name in ('categories', 'employees', 'customers'))
    products = {product.key: _link_product(product, categories, problems) for product in rows['products']}
    orders = {}
    for order in rows['orders']:
        wrong = _judge_order(order, customers, employees)
        if wrong:
            problems.append(Problem('orders.csv', order.line, wrong))
        else:
            orders[order.key] = order
    lines = _link_lines(rows['order-details'], orders, {order.key for order in rows['orders']}, products, problems)
    complete = []
    for order in orders.values():
        if lines.get(order.key):
            complete.append(replace(order, lines=tuple(lines[order.key])))
        else:
            problems.append(Problem('orders.csv', order.line, f"Order {order.key} has no line that can be used."))
    complete.sort(key=lambda order: (order.ordered, order.line))
    return Book(categories, products, employees, customers, tuple(complete))


def _link_product(product, categories, problems):
    if product.category and product.category not in categories:
        problems.append(Problem(
            'products.csv', product.line,
            f"Category {product.category} is unknown; the product was loaded without.", left_out=False))
        return replace(product, category='')
    return product


def _judge_order(order, customers, employees):
    """Return what makes an order unusable as a sentence, or an empty string."""
    if order.customer not in customers:
        return f"Customer {order.customer} is unknown."
    if order.employee and order.employee not in employees:
        return f"Employee {order.employee} is unknown."
    if order.shipped and order.shipped < order.ordered:
        return f"It was shipped on {order.shipped}, before it was ordered on {order.ordered}."
    if order.paid and order.paid < order.ordered:
        return f"It was paid on {order.paid}, before it was ordered on {order.ordered}."
    return ''


def _link_lines(rows, orders, known, products, problems):
    """Sort the usable lines by order: ``{order key: [OrderLine, ...]}``."""
    lines = {}
    for row in rows:
        if row.order not in known:
            wrong = f"Order {row.order} is unknown."
        elif row.order not in orders:
            wrong = f"Order {row.order} was left out."
        elif row.product not in products:
            wrong = f"Product {row.product} is unknown."
        else:
            lines.setdefault(row.order, []).append(row)
            continue
        problems.append(Problem('order-details.csv', row.line, wrong))
    return lines
