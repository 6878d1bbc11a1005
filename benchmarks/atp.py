"""Available to promise: schedules of 1,000 order lines over 10,000 open transfers, beside Odoo's own forecast.

One database: 500 products, half of the open moves receipts of 20 suppliers and half deliveries, a year of done
receipts, and quotations of ten lines each. A schedule says when which part can be there, what it leans on and how
sure that is; Odoo's ``virtual_available_at_date`` says how much there will be on one day, without regard to later
deliveries. It is read as the web client reads an order (all its lines at a time), and line by line, as a rule or a
server action does. Each reading has a fresh cursor, as each request has.

``./dev bench atp``; ``--scale=0.1`` is a quick look.
"""

import os
import random
import statistics
import time
from datetime import timedelta

from _database import run, transaction

from odoo import Command, fields

NAME = "soc_bench_atp"
PRODUCTS, SUPPLIERS, MOVES, HISTORY, LINES, LINES_PER_ORDER = 500, 20, 10_000, 4_000, 1_000, 10
RUNS = 5


class Warehouse:
    """Fills the database."""

    def __init__(self, env, scale):
        self.env, self.scale, self.chance = env, scale, random.Random(1)
        self.warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
        self.supplier = env.ref("stock.stock_location_suppliers").id
        self.customer = env.ref("stock.stock_location_customers").id
        self.now = fields.Datetime.now()

    def fill(self):
        env, chance = self.env, self.chance
        env.company.control_promise = "warn"
        self.products = env["product.product"].create([
            {"name": f"Thing {n}", "type": "consu", "is_storable": True} for n in range(PRODUCTS)])
        for product in self.products:
            env["stock.quant"]._update_available_quantity(product, self.warehouse.lot_stock_id, chance.randint(1, 60))
        suppliers = env["res.partner"].create([{"name": f"Supplier {n}"} for n in range(SUPPLIERS)])
        pickings = env["stock.picking"].create([{
            "picking_type_id": self.warehouse.in_type_id.id, "partner_id": supplier.id,
            "location_id": self.supplier, "location_dest_id": self.warehouse.lot_stock_id.id,
        } for supplier in suppliers for _n in range(20)])
        half = int(MOVES * self.scale) // 2
        receipts = self.moves(half, self.supplier, self.warehouse.lot_stock_id.id, 1, 90, pickings)
        issues = self.moves(half, self.warehouse.lot_stock_id.id, self.customer, 0, 90)
        history = self.moves(
            int(HISTORY * self.scale), self.supplier, self.warehouse.lot_stock_id.id, -360, -5, pickings)
        env.flush_all()
        env.cr.execute("UPDATE stock_move SET state = 'assigned' WHERE id = ANY(%s)", [receipts.ids])
        env.cr.execute("UPDATE stock_move SET state = 'confirmed' WHERE id = ANY(%s)", [issues.ids])
        env.cr.execute(
            """UPDATE stock_move SET state = 'done', date = date_deadline + id %% 7 * INTERVAL '1 day'
                WHERE id = ANY(%s)""", [history.ids])
        # One picking holds open and done moves here; it only lends its supplier.
        env.cr.execute("UPDATE stock_picking SET state = 'done' WHERE id = ANY(%s)", [pickings.ids])
        env.invalidate_all()
        self.quote()

    def moves(self, number, source, target, first, last, pickings=()):
        chance = self.chance
        rows = []
        for index in range(number):
            day = self.now + timedelta(days=chance.randint(first, last))
            rows.append({
                "product_id": chance.choice(self.products.ids), "product_uom_qty": chance.randint(1, 20),
                "product_uom": self.products[0].uom_id.id, "location_id": source, "location_dest_id": target,
                "date": day, "date_deadline": day, "origin": f"P{index:05}",
                "picking_id": pickings[index % len(pickings)].id if pickings else False,
            })
        return self.env["stock.move"].create(rows)

    def quote(self):
        partner = self.env["res.partner"].create({"name": "Customer"})
        self.env["sale.order"].create([{
            "partner_id": partner.id,
            "order_line": [Command.create({
                "product_id": self.chance.choice(self.products.ids), "product_uom_qty": self.chance.randint(1, 30),
                "customer_lead": 14}) for _n in range(LINES_PER_ORDER)],
        } for _n in range(int(LINES * self.scale) // LINES_PER_ORDER)])


def schedule(lines):
    lines._get_atp_schedule()


def forecast_together(lines):
    lines.mapped("virtual_available_at_date")


def forecast_singly(lines):
    for line_id in lines.ids:
        # Without its neighbours in the prefetch, as a line that is looked at alone.
        lines.env.invalidate_all()
        lines.browse(line_id).virtual_available_at_date  # noqa: B018


def measure(operation, number, runs=RUNS):
    """Return (queries, best seconds, median seconds) of an operation on so many lines."""
    times = []
    for _run in range(runs):
        with transaction(NAME) as env:
            env.user.company_id.fetch(["name"])
            lines = env["sale.order.line"].search([("state", "=", "draft")], limit=number, order="id")
            env.invalidate_all()
            count, started = env.cr.sql_log_count, time.perf_counter()
            operation(lines)
            times.append(time.perf_counter() - started)
            queries = env.cr.sql_log_count - count
    return queries, min(times), statistics.median(times)


def report(_workplace, scale):
    size = int(LINES * scale)
    print(f"\n{size} lines, {int(MOVES * scale)} open moves; load {os.getloadavg()[0]:.1f}")
    print(f"{'':44} {'queries':>8} {'best s':>9} {'median s':>10}")
    for label, operation, number, runs in (
        ("schedule, this add-on", schedule, size, RUNS),
        ("schedule, this add-on, a tenth of the lines", schedule, size // 10, RUNS),
        ("schedule, this add-on, one order", schedule, LINES_PER_ORDER, RUNS),
        ("forecast on one day, Odoo, all together", forecast_together, size, RUNS),
        ("forecast on one day, Odoo, one order", forecast_together, LINES_PER_ORDER, RUNS),
        ("forecast on one day, Odoo, line by line", forecast_singly, size, 1),
    ):
        queries, best, median = measure(operation, number, runs)
        print(f"{label:44} {queries:>8} {best:>9.3f} {median:>10.3f}", flush=True)


def fill(env, scale):
    Warehouse(env, scale).fill()


if __name__ == "__main__":
    run(NAME, __doc__, report, fill)
