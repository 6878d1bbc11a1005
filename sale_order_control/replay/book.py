"""An order book as plain values: what the CSV files say, checked, without Odoo."""

from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

CENT = Decimal('0.01')


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that was left out, or a remark on one that was kept.

    :ivar file: name of the file
    :ivar line: line of the file on which the row begins; 1 is the header
    :ivar message: sentence saying what is wrong
    :ivar left_out: whether the row was left out; a remark leaves the exit status alone
    """

    file: str
    line: int
    message: str
    left_out: bool = True

    def __str__(self):
        return f"{self.file}, line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Category:
    key: str
    name: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Product:
    """:ivar list_price, cost: per unit; None where the book does not say"""

    key: str
    name: str
    category: str = ''
    packing: str = ''
    list_price: Decimal | None = None
    cost: Decimal | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Employee:
    key: str
    last_name: str
    first_name: str = ''
    title: str = ''
    country: str = ''
    reports_to: str = ''
    line: int = 0

    @property
    def name(self):
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Customer:
    """:ivar credit_limit: in company currency; None where the book does not say"""

    key: str
    name: str
    contact: str = ''
    contact_title: str = ''
    street: str = ''
    city: str = ''
    region: str = ''
    postal_code: str = ''
    country: str = ''
    phone: str = ''
    credit_limit: Decimal | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class OrderLine:
    """:ivar discount: share of the price, 0 to 1"""

    order: str
    product: str
    price: Decimal
    quantity: Decimal
    discount: Decimal = Decimal(0)
    line: int = 0

    @property
    def net(self):
        """Quantity at the price after discount, unrounded."""
        return self.quantity * self.price * (1 - self.discount)


@dataclass(frozen=True)
class Order:
    key: str
    customer: str
    ordered: date
    employee: str = ''
    requested: date | None = None
    shipped: date | None = None
    paid: date | None = None
    ship_name: str = ''
    ship_street: str = ''
    ship_city: str = ''
    ship_region: str = ''
    ship_postal_code: str = ''
    ship_country: str = ''
    line: int = 0
    lines: tuple = field(default=(), compare=False)

    @cached_property
    def net(self):
        """Net amount, unrounded."""
        return sum((line.net for line in self.lines), Decimal(0))

    def shifted(self, days):
        """Return the order with every date moved by ``days``."""
        moved = {
            column.name: getattr(self, column.name) + days
            for column in fields(self) if isinstance(getattr(self, column.name), date)
        }
        return replace(self, **moved)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a set of orders comes to.

    :ivar net: exact sum of quantity x price x (1 - discount), rounded once
    :ivar net_by_line: the same with each line rounded to cents, as documents do
    """

    orders: int
    lines: int
    net: Decimal
    net_by_line: Decimal

    @classmethod
    def of(cls, orders):
        """Total the given :class:`Order` values."""
        orders = list(orders)
        lines = [line for order in orders for line in order.lines]
        return cls.of_amounts(len(orders), [line.net for line in lines])

    @classmethod
    def of_amounts(cls, orders, amounts):
        """Total the unrounded net amounts of lines of ``orders`` orders."""
        return cls(
            orders, len(amounts), _cents(sum(amounts, Decimal(0))),
            sum((_cents(amount) for amount in amounts), Decimal(0)))


@dataclass(frozen=True)
class Book:
    """A checked order book: every reference leads somewhere.

    :ivar categories, products, employees, customers: ``{key: value}``
    :ivar orders: in order of their date, then of their key
    """

    categories: dict
    products: dict
    employees: dict
    customers: dict
    orders: tuple

    @property
    def first_day(self):
        return self.orders[0].ordered

    @property
    def last_day(self):
        return self.orders[-1].ordered

    @property
    def totals(self):
        return Totals.of(self.orders)

    def ending(self, today):
        """Return the book with its dates moved so that the last order was placed ``today``."""
        days = timedelta(days=(today - self.last_day).days)
        return replace(self, orders=tuple(order.shifted(days) for order in self.orders))

    def first(self, number):
        """Return the book cut down to its first orders."""
        return replace(self, orders=self.orders[:number])


def _cents(amount):
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
