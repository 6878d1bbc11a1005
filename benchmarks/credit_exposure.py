"""What customers owe: one customer, a list of customers, a filter over all; bare Odoo and an OCA add-on beside ours.

A book is made once (``_credit_book.py``) and copied into one database per product. Where nothing sets them
apart, all must say the same of every customer, or the run ends with an error. Each reading has a fresh cursor,
as each request has. Times are wall time (best and median) and processor time of Odoo and PostgreSQL together
(best), which other programs on the machine disturb less.

``./dev bench credit_exposure`` reads 200,000 journal items; ``--history`` the same book with ten times as many
(2,000,000), all others closed; ``--book=heavy`` has a thousand open orders; ``--scale=0.05`` is a quick look;
``--no-oca`` leaves the OCA add-ons out.
"""

import argparse
import logging
import os
import statistics
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from _credit_book import SCENARIOS, Book

import odoo
from odoo.modules.registry import Registry
from odoo.tools import config

from workshop import databases
from workshop.console import say, stopwatch
from workshop.odoo import ensure_workplace
from workshop.paths import REPO, cache_dir

DATA, OURS, OCA = "soc_bench_exposure_data", "soc_bench_exposure_ours", "soc_bench_exposure_oca"
OCA_MODULES = ["account_financial_risk", "sale_financial_risk"]
OCA_VERSION = "19.0.*"
# The OCA add-ons keep an amount on each order line, which they work out line by line in Python when they are
# installed: hours for a million lines. Of lines that are wholly invoiced it is zero; the others are left to them.
OCA_CLOSED_LINES = """
    ALTER TABLE sale_order_line ADD COLUMN risk_amount numeric DEFAULT 0;
    ALTER TABLE sale_order_line ALTER COLUMN risk_amount DROP DEFAULT;
    UPDATE sale_order_line SET risk_amount = NULL WHERE qty_invoiced <> product_uom_qty"""
RUNS = 15
BASE_FIELDS = ["name", "email", "phone", "city"]
# As in a list of the web client, the currency of the amounts among them.
CORE_FIELDS = ["currency_id", "credit", "credit_to_invoice"]
OUR_FIELDS = [
    "credit_currency_id", "credit_exposure", "credit_available", "credit_overdue_amount", "credit_overdue_days",
    "credit_state"]
OCA_FIELDS = [
    "risk_currency_id", "risk_total", "risk_invoice_open", "risk_invoice_unpaid", "risk_invoice_draft",
    "risk_sale_order"]


class Database:
    """A product with the book in it: how it names the figures."""

    def __init__(self, label, name, customers):
        self.label, self.registry, self.customers = label, Registry(name), customers

    @contextmanager
    def transaction(self):
        with self.registry.cursor() as cr:
            yield odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})

    def total(self, env, partner_ids):
        """Return what each customer owes: ``{partner id: amount}``."""
        partners = env["res.partner"].browse(partner_ids)
        if self.label == "ours":
            positions = env["credit.account"]._read_positions(partners, env.company)
            return {partner.id: positions[partner.id].total for partner in partners}
        if self.label == "oca":
            return {partner.id: partner.risk_total for partner in partners}
        return {partner.id: partner.credit + partner.credit_to_invoice for partner in partners}

    def list(self, env):
        """Read eighty customers as their list does."""
        own = {"ours": OUR_FIELDS, "oca": OCA_FIELDS, "core": CORE_FIELDS}[self.label]
        return env["res.partner"].browse(self.customers[:80]).read(BASE_FIELDS + own)

    def filter(self, env):
        """Find the customers that are over their limit."""
        if self.label == "ours":
            return env["credit.account"].search([("available", "<", 0)]).ids
        return env["res.partner"].search([("risk_exception", "=", True)]).ids

    def measure(self, operation, runs=RUNS):
        """Return (queries, best ms, median ms, best processor ms) of an operation with fresh cursors."""
        rows = []
        for _run in range(runs):
            with self.transaction() as env:
                env.user.fetch(["name"])  # The session's user and company are known before a request's work starts.
                env.company.root_id.currency_id.fetch(["name"])
                env.cr.execute("SELECT pg_backend_pid()")
                [pid] = env.cr.fetchone()
                count, busy, started = env.cr.sql_log_count, processor_time(pid), time.perf_counter()
                operation(env)
                elapsed = time.perf_counter() - started
                rows.append((1000 * elapsed, 1000 * (processor_time(pid) - busy), env.cr.sql_log_count - count))
        wall = [row[0] for row in rows]
        return rows[-1][2], min(wall), statistics.median(wall), min(row[1] for row in rows)


def processor_time(pid):
    """Seconds of processor time that this process and a server process have used (Linux; else this one only)."""
    stat = Path(f"/proc/{pid}/schedstat")
    theirs = int(stat.read_text().split()[0]) / 1e9 if stat.exists() else 0.0
    return time.process_time() + theirs


def make_book(workplace, counts):
    """Fill the data database anew; returns the ids of its customers."""
    databases.fresh(workplace, DATA, databases.BARE)
    with stopwatch(f"a book with {counts['closed']:,} closed invoices"), Registry(DATA).cursor() as cr:
        customers = Book(cr, counts).fill()
    workplace.server.query("VACUUM ANALYZE", DATA)
    [[items, lines]] = workplace.server.query(
        "SELECT (SELECT COUNT(*) FROM account_move_line), (SELECT COUNT(*) FROM sale_order_line)", DATA)
    say(f"{items} journal items, {lines} order lines")
    return customers


def install(workplace, name, modules, beforehand=None):
    """Copy the book and install add-ons into it, which also tells how long that takes with so much data.

    :param beforehand: statement for the copy before anything is installed
    """
    Registry.delete(DATA)
    odoo.sql_db.close_db(DATA)
    databases.copy(workplace.server, DATA, name)
    if beforehand:
        workplace.server.query(beforehand, name)
    with stopwatch(f"installing {', '.join(modules)} into the book"):
        workplace.run(
            name, f"--addons-path={','.join(config['addons_path'])}", "-i", ",".join(modules), "--stop-after-init",
            failure="The add-ons could not be installed.")
    workplace.server.query("VACUUM ANALYZE", name)


def fetch_oca(workplace):
    """Return the folder with the OCA add-ons, fetched once; None if they cannot be had."""
    target = cache_dir() / "bench" / "oca"
    if not (target / "odoo" / "addons" / OCA_MODULES[-1]).exists():
        packages = [f"odoo-addon-{name.replace('_', '-')}=={OCA_VERSION}" for name in OCA_MODULES]
        done = subprocess.run(
            [workplace.python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target, *packages])
        if done.returncode:
            say("the OCA add-ons cannot be had from PyPI: they are left out")
            return None
    return target / "odoo" / "addons"


def prepare_ours(database):
    with database.transaction() as env:
        env["credit.account"]._for_partners(env["res.partner"].browse(database.customers), env.company)


def prepare_oca(database):
    with database.transaction() as env:
        env.cr.execute("SELECT id FROM sale_order_line WHERE risk_amount IS NULL")
        lines = env["sale.order.line"].browse([row[0] for row in env.cr.fetchall()])
        env.add_to_compute(lines._fields["risk_amount"], lines)
        env.flush_all()
        fields = env["res.partner"]._fields
        flags = [name for name in fields if name.startswith("risk_") and name.endswith("_include")]
        env["res.partner"].browse(database.customers).write(dict.fromkeys(flags, True))


def require_agreement(products):
    """Stop unless all products say the same of every customer; an open invoice and an open order are no opinion."""
    found = {}
    for product in products:
        with product.transaction() as env:
            found[product.label] = product.total(env, product.customers)
    for customer, amount in found["ours"].items():
        others = {label: totals[customer] for label, totals in found.items() if abs(totals[customer] - amount) > 0.01}
        if "core" in others:
            raise RuntimeError(f"customer {customer} owes {amount}, but {others}")
        if others:
            say(f"customer {customer} owes {amount}, but {others}")
            break
    say(f"agreed on {len(found['ours'])} customers: {sum(found['ours'].values()):,.2f} in all")


def report(size, products):
    """Print one row per reading and product."""
    print(f"\n{size:44} {'queries':>8} {'best ms':>9} {'median ms':>10} {'cpu ms':>8}")

    def row(label, product, operation, runs=RUNS):
        queries, best, median, busy = product.measure(operation, runs)
        print(f"{label + ', ' + product.label:44} {queries:>8} {best:>9.1f} {median:>10.1f} {busy:>8.1f}", flush=True)

    whale = products[0].customers[:1]
    for product in products:
        row("the customer with most invoices", product, lambda env, product=product: product.total(env, whale))
    small = products[0].customers[1:2]
    for product in products:
        row("a small customer with open orders", product, lambda env, product=product: product.total(env, small))
    row("80 customers without figures", products[0],
        lambda env: env["res.partner"].browse(products[0].customers[:80]).read(BASE_FIELDS))
    for product in products:
        row("80 customers with figures", product, product.list, 7)
    for product in products:
        if product.label != "core":
            row("all customers over their limit", product, product.filter, 7)


def scaled(name, history=1, scale=1.0):
    """Return the counts of a scenario with a longer history or less of everything."""
    counts = dict(SCENARIOS[name])
    counts["closed"] += (history - 1) * (counts["closed"] + counts["open"])
    return {kind: max(1, int(count * scale)) for kind, count in counts.items()}


def prepare(workplace, counts, with_oca):
    """Make the book, and a copy of it for each product; returns the products."""
    customers = make_book(workplace, counts)
    install(workplace, OURS, ["sale_order_control"])
    if with_oca:
        install(workplace, OCA, OCA_MODULES, OCA_CLOSED_LINES)
    products = [Database("ours", OURS, customers), Database("core", DATA, customers)]
    prepare_ours(products[0])
    if with_oca:
        products.append(Database("oca", OCA, customers))
        prepare_oca(products[-1])
    for product in products:
        workplace.server.query("VACUUM ANALYZE", product.registry.db_name)
    return products


def forget(workplace):
    for name in (DATA, OURS, OCA):
        Registry.delete(name)
        odoo.sql_db.close_db(name)
        databases.drop(workplace.server, name)


def run(workplace, size, counts, with_oca):
    try:
        products = prepare(workplace, counts, with_oca)
        require_agreement(products)
        say(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processor cores")
        report(size, products)
    finally:
        forget(workplace)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--book", choices=[*SCENARIOS, "all"], default="invoiced", help="which of the books")
    parser.add_argument("--history", action="store_true", help="ten times the documents, all others closed")
    parser.add_argument("--no-oca", action="store_true", help="without the OCA add-ons")
    parser.add_argument("--scale", type=float, default=1.0, help="less of everything: 0.1 for a quick look")
    options = parser.parse_args()
    workplace = ensure_workplace()
    oca = None if options.no_oca else fetch_oca(workplace)
    path = [str(REPO), *map(str, workplace.source.addons), *([str(oca)] if oca else [])]
    config.parse_config(["-c", str(workplace.config(DATA, addons_path=",".join(path))), "--log-level=error"])
    logging.getLogger().setLevel(logging.ERROR)
    times = 10 if options.history else 1
    for book in SCENARIOS if options.book == "all" else [options.book]:
        size = f"{book}: {int(200 * times * options.scale)}k items"
        run(workplace, size, scaled(book, times, options.scale), bool(oca))


if __name__ == "__main__":
    main()
