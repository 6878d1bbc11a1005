"""A thousand confirmations by several processes at the same instant over one credit limit.

Each process is a worker as Odoo has them: a transaction per request, tried again by Odoo's own ``retrying``
when a rival was faster. Every order must end *confirmed*, *held* (refused for credit) or *try again* (five
tries were not enough, which the user is told), and what the customer owes must never be over the limit.

Three ways to owe more compete: one order, a batch of five orders, and a confirmed order that grows.
``./dev bench credit_race``, with ``--orders=100`` for a quick look.
"""

import argparse
import logging
import multiprocessing
import random
import sys
import time
from collections import Counter
from functools import partial

from psycopg2 import OperationalError

import odoo
from odoo.exceptions import ConcurrencyError, UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tools import config

from workshop import databases
from workshop.console import say, stopwatch
from workshop.odoo import ensure_workplace

NAME = "soc_bench_exposure_race"
PRICE, BATCH = 10.0, 5


def prepare(orders, limit):
    """Make a customer with a limit, quotations, and confirmed orders that may grow; returns their ids."""
    with Registry(NAME).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {"tracking_disable": True})
        company = env.company
        env["sale.control.requirement"].search([]).active = False
        company.write({"control_credit": "enforce", "control_approval": "off", "control_completeness": "off"})
        partner = env["res.partner"].create({"name": "Wanted by All", "is_company": True})
        product = env["product.product"].create({
            "name": "Thing", "type": "service", "list_price": PRICE, "invoice_policy": "order",
            "taxes_id": [odoo.Command.clear()]})
        env["credit.account"]._for_partners(partner, company)._set_limit("amount", limit)
        made = env["sale.order"].create([
            {"partner_id": partner.id, "order_line": [
                odoo.Command.create({"product_id": product.id, "product_uom_qty": 1})]}
            for _n in range(orders)])
        growing = made[: orders // 10]
        growing.action_confirm()
        return partner.id, growing.ids, (made - growing).ids


def make_tasks(growing, quotations):
    """Return what the workers do: ``(kind, order ids)``; a third of the quotations goes in batches."""
    cut = len(quotations) // 3 // BATCH * BATCH
    tasks = [("batch", quotations[start:start + BATCH]) for start in range(0, cut, BATCH)]
    tasks += [("confirm", [order_id]) for order_id in quotations[cut:]]
    tasks += [("grow", [order_id]) for order_id in growing]
    random.Random(7).shuffle(tasks)
    return tasks


def act(env, kind, order_ids):
    orders = env["sale.order"].browse(order_ids)
    if kind == "grow":
        orders.order_line.write({"product_uom_qty": 3})
    else:
        orders.action_confirm()


def work(conf, tasks, start, outcomes):
    """Do one worker's share of the tasks; tells how each of them ended."""
    config.parse_config(["-c", conf, "--log-level=critical"])
    logging.disable(logging.ERROR)
    registry = Registry(NAME)
    start.wait()
    for kind, order_ids in tasks:
        with registry.cursor() as cr:
            env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {"tracking_disable": True})
            try:
                retrying(partial(act, env, kind, order_ids), env)
                outcome = "grown" if kind == "grow" else "confirmed"
            except UserError:
                outcome = "held"
            except (OperationalError, ConcurrencyError):
                outcome = "try again"
            if outcome in ("held", "try again"):
                cr.rollback()
        outcomes.put((kind, outcome, len(order_ids)))


def race(conf, tasks, processes):
    """Run the tasks in several processes; returns how many orders ended how, by kind."""
    context = multiprocessing.get_context("spawn")
    start, outcomes = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=work, args=(str(conf), tasks[number::processes], start, outcomes))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    counts = Counter()
    for done, _task in enumerate(tasks, 1):
        kind, outcome, orders = outcomes.get(timeout=1800)
        counts[kind, outcome] += orders
        if done % 100 == 0:
            say(f"{done} of {len(tasks)} requests")
    for worker in workers:
        worker.join()
    return counts


def check(partner_id, limit, counts):
    """Compare the books with what the workers said; exits with an error if anything is wrong."""
    with Registry(NAME).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
        owed = env["credit.account"]._get_exposure(env["res.partner"].browse(partner_id), env.company)[partner_id].total
        confirmed = env["sale.order"].search([("partner_id", "=", partner_id), ("state", "=", "sale")])
        total = sum(confirmed.mapped("amount_total"))
    print(f"\nlimit {limit:,.2f}, owed {owed:,.2f} in {len(confirmed)} confirmed orders worth {total:,.2f}")
    for (kind, outcome), number in sorted(counts.items()):
        print(f"{kind:10} {outcome:12} {number:>6}")
    if owed > limit or abs(owed - total) > 0.001:
        sys.exit("OVER THE LIMIT" if owed > limit else "the exposure is not what the confirmed orders add up to")
    print("never over the limit")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=4)
    options = parser.parse_args()
    limit = PRICE * options.orders * 0.4
    workplace = ensure_workplace()
    databases.fresh(workplace, NAME, databases.BARE)
    databases.install_addon(workplace, NAME, "sale_order_control")
    conf = workplace.config(NAME)
    config.parse_config(["-c", str(conf), "--log-level=critical"])
    try:
        partner_id, growing, quotations = prepare(options.orders, limit)
        tasks, started = make_tasks(growing, quotations), time.perf_counter()
        with stopwatch(f"{len(tasks)} requests about {options.orders} orders by {options.processes} processes"):
            counts = race(conf, tasks, options.processes)
        check(partner_id, limit, counts)
        print(f"{len(tasks) / (time.perf_counter() - started):.1f} requests per second")
    finally:
        Registry.delete(NAME)
        odoo.sql_db.close_db(NAME)
        databases.drop(workplace.server, NAME)


if __name__ == "__main__":
    main()
