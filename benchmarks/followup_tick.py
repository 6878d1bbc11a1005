"""The hourly follow-up job over many open orders: what it costs follows what is due, not what is open.

One database with 100,000 confirmed orders that wait for delivery and a rule that asks the salesperson five days before
the promised day. The orders are copies of one, written by SQL. Three books: all of them with 1 % due, a tenth
of them with as many due, all of them with a tenth of that due. The job runs once (tasks and activities are made and
saved), and once more, when nothing is left.

``./dev bench followup_tick``; ``--scale=0.1`` is a quick look.
"""

import os
import time
from datetime import timedelta

from _database import run, transaction

import odoo

NAME = "soc_bench_followup"
ORDERS, DUE = 100_000, 1_000
AHEAD = 5


def prepare(env):
    """Follow-up on, one rule about the promised date, one order to copy; return the order's id."""
    env["sale.followup.rule"].search([]).active = False
    env.company.control_followup = True
    env["sale.followup.rule"].create({
        "name": "Production check", "moment": "promise", "offset_days": -AHEAD, "summary": "{order} for {customer}"})
    product = env["product.product"].create({"name": "Thing", "type": "consu"})
    return env["sale.order"].create({
        "partner_id": env["res.partner"].create({"name": "Customer"}).id, "user_id": env.ref("base.user_admin").id,
        "order_line": [odoo.Command.create({"product_id": product.id})],
    }).id


def copy(env, order_id, number):
    """Write so many copies of an order, numbered by their names."""
    cr = env.cr
    cr.execute(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns WHERE table_name = "
        "'sale_order' AND column_name NOT IN ('id', 'name', 'access_token')")
    [columns] = cr.fetchone()
    cr.execute(
        f"""INSERT INTO sale_order (name, {columns}) SELECT 'B' || number, {columns}
              FROM sale_order, generate_series(1, %s) AS number WHERE id = %s""", [number, order_id])


def fill(env, number, due):
    """Let so many of the copies be open, of which so many are due today; the other open ones are far away."""
    first = env.company._get_followup_today() + timedelta(days=AHEAD)
    cr = env.cr
    cr.execute("DELETE FROM mail_activity")
    cr.execute("DELETE FROM sale_followup_task")
    cr.execute(
        """UPDATE sale_order SET state = CASE WHEN number <= %(open)s THEN 'sale' ELSE 'cancel' END,
                  next_promised_date = %(first)s::date + CASE WHEN number <= %(due)s THEN 0 ELSE 30 + number %% 300 END
             FROM (SELECT id AS copied, substr(name, 2)::int AS number FROM sale_order WHERE name LIKE 'B%%') copies
            WHERE id = copied""", {"open": number, "due": due, "first": first})
    cr.execute("SELECT count(*) FROM sale_order WHERE state = 'sale' AND next_promised_date <= %s", [first])
    assert cr.fetchone() == (due,)


def measure():
    """Return (tasks made, queries, seconds) of one run of the job."""
    with transaction(NAME) as env:
        env.cr.execute("SELECT count(*) FROM sale_followup_task")
        [before] = env.cr.fetchone()
        count, started = env.cr.sql_log_count, time.perf_counter()
        env["sale.followup.rule"]._cron_tick()
        env.flush_all()
        seconds, queries = time.perf_counter() - started, env.cr.sql_log_count - count
        env.cr.execute("SELECT count(*) FROM sale_followup_task")
        return env.cr.fetchone()[0] - before, queries, seconds


def report(workplace, scale):
    print(f"\nload {os.getloadavg()[0]:.1f}")
    print(f"{'open orders':>12} {'due':>7} {'run':>8} {'tasks':>7} {'queries':>8} {'seconds':>9}")
    whole, due = int(ORDERS * scale), int(DUE * scale)
    with transaction(NAME) as env:
        copy(env, prepare(env), whole)
    for number, share in ((whole, due), (whole // 10, due), (whole, due // 10)):
        with transaction(NAME) as env:
            fill(env, number, share)
        workplace.server.query("VACUUM ANALYZE sale_order, sale_followup_task, mail_activity", NAME)
        for turn in ("first", "second"):
            tasks, queries, seconds = measure()
            print(f"{number:>12} {share:>7} {turn:>8} {tasks:>7} {queries:>8} {seconds:>9.3f}", flush=True)


if __name__ == "__main__":
    run(NAME, __doc__, report)
