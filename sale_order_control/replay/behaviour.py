"""What an order book does not say and the replay assumes, in one place, without chance.

Every assumption is a plain function of the book: two runs of one book give the same figures.
``docs/replay.md`` describes them in words; keep both in step.
"""

from collections import defaultdict
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from hashlib import sha256

# Cost of goods as a share of the average price charged, where the book has no unitCost.
COST_SHARE = Decimal('0.60')
# Share of past deliveries that a promise is meant to cover: the lead time is this quantile of the
# days from order to shipment.
LEAD_TIME_SHARE = 0.80
# Days until an invoice is due.
PAYMENT_DAYS = 30
# Of 100 customers, so many pay so many days after the due date.
PAYMENT_HABITS = ((60, 0), (20, 10), (12, 25), (8, 45))
# The credit limit: the larger of some of the customer's biggest orders and of average months.
LIMIT_BIGGEST_ORDERS = Decimal('1.5')
LIMIT_MONTHS = 4
LIMIT_STEP = 500
LIMIT_MINIMUM = 1000
# Shares of the customers, by revenue, per grade: the best first.
GRADE_SHARES = (('A', 0.20), ('B', 0.50), ('C', 1.00))
# After so many days on hold the Credit Controller lets an order go by hand.
RELEASE_DAYS = 10


def next_working_day(day, days=1):
    """Return the day that lies so many working days (Monday to Friday) after ``day``."""
    while days:
        day += timedelta(days=1)
        if day.weekday() < 5:
            days -= 1
    return day


def payment_delay(customer):
    """Return how many days after the due date a customer pays, fixed by a fingerprint of its key."""
    place = int(sha256(customer.encode()).hexdigest(), 16) % 100
    for share, days in PAYMENT_HABITS:
        if place < share:
            return days
        place -= share
    return 0


def revenue_by_customer(book):
    """Return ``{customer key: Decimal}``: net amount of all orders of the book."""
    revenue = defaultdict(Decimal)
    for order in book.orders:
        revenue[order.customer] += order.net
    return revenue


def credit_limits(book):
    """Derive a limit per customer that orders: ``{customer key: int}`` in company currency.

    Where the book has a creditLimit, that one counts.
    """
    months = max(Decimal((book.last_day - book.first_day).days) / Decimal('30.4'), Decimal(1))
    biggest = defaultdict(Decimal)
    for order in book.orders:
        biggest[order.customer] = max(biggest[order.customer], order.net)
    limits = {}
    for customer, revenue in revenue_by_customer(book).items():
        wanted = max(
            biggest[customer] * LIMIT_BIGGEST_ORDERS, revenue / months * LIMIT_MONTHS, Decimal(LIMIT_MINIMUM))
        limits[customer] = int((wanted / LIMIT_STEP).to_integral_value(ROUND_CEILING)) * LIMIT_STEP
        given = book.customers[customer].credit_limit
        if given is not None:
            limits[customer] = given
    return limits


def grades(book):
    """Rank the customers that order by revenue: ``{customer key: 'A' | 'B' | 'C'}``."""
    revenue = revenue_by_customer(book)
    ranked = sorted(revenue, key=lambda customer: (-revenue[customer], customer))
    return {
        customer: next(grade for grade, share in GRADE_SHARES if (place + 1) / len(ranked) <= share)
        for place, customer in enumerate(ranked)
    }


def unit_costs(book):
    """Derive a cost per unit and product: ``{product key: Decimal}``; the book's unitCost counts first."""
    charged = defaultdict(list)
    for order in book.orders:
        for line in order.lines:
            charged[line.product].append(line.price)
    costs = {}
    for key, product in book.products.items():
        prices = charged.get(key) or [product.list_price or Decimal(0)]
        costs[key] = product.cost if product.cost is not None else round(sum(prices) / len(prices) * COST_SHARE, 2)
    return costs


def lead_days(book):
    """Return the company's lead time in days: what ``LEAD_TIME_SHARE`` of the shipped orders kept."""
    days = sorted((order.shipped - order.ordered).days for order in book.orders if order.shipped)
    return days[min(int(len(days) * LEAD_TIME_SHARE), len(days) - 1)] if days else 0
