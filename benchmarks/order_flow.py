"""Queries and time of the main job: confirm, submit, approve, list; bare Odoo beside the add-on with every control on.

Two databases from one template, the same orders in both, alternating runs, a fresh cursor for each
operation. Query counts are exact and repeat; times are medians and depend on the machine.
"""

import logging
import statistics
import time
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import odoo
from odoo.modules.registry import Registry
from odoo.tools import config

from workshop import databases
from workshop.odoo import ensure_workplace

RUNS, WARM_UP, LINES = 12, 3, 5
BARE, CONTROLLED = "soc_bench_bare", "soc_bench_control"


class Database:
    """One of the two databases, with the records that the operations need."""

    def __init__(self, name, controlled):
        self.name, self.controlled, self.registry = name, controlled, Registry(name)
        self.company = 1
        with self.transaction() as env:
            self.prepare(env)

    @contextmanager
    def transaction(self, user_id=odoo.SUPERUSER_ID):
        with self.registry.cursor() as cr:
            # What the web client sends along with every request.
            yield odoo.api.Environment(
                cr, user_id, {"lang": "en_US", "tz": "UTC", "uid": user_id, "allowed_company_ids": [self.company]})

    def prepare(self, env):
        self.seller, self.manager, self.finance = (
            self.new_user(env, name).id for name in ("seller", "manager", "finance")
        )
        country = env.company.country_id.id
        self.customers = env["res.partner"].create([
            {
                "name": f"Customer {number}", "is_company": True, "country_id": country,
                "phone": "1", "street": "s", "city": "c",
            }
            for number in range(40)
        ]).ids
        products = env["product.product"].create([
            {"name": f"Product {number}", "type": "consu", "is_storable": True, "list_price": 10, "standard_price": 5}
            for number in range(20)
        ])
        self.products = products.ids
        location = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1).lot_stock_id
        for product in products:
            env["stock.quant"]._update_available_quantity(product, location, 1e6)
        if self.controlled:
            self.switch_on(env)

    def new_user(self, env, login):
        groups = ["sales_team.group_sale_salesman"] if login == "seller" else ["base.group_user"]
        if self.controlled and login != "seller":
            groups.append("sale_order_control.group_approver")
        return env["res.users"].with_context(no_reset_password=True).create({
            "name": login, "login": login, "email": f"{login}@example.com",
            "group_ids": [odoo.Command.set([env.ref(group).id for group in groups])],
        })

    def switch_on(self, env):
        switches = ("completeness", "credit", "approval", "promise", "release", "amendment")
        # While credit control is not in force yet: afterwards only a credit controller sets limits and grades.
        partners = env["res.partner"].browse(self.customers)
        partners.credit_limit = 1e7
        if env["credit.grade"].search_count([]):
            accounts = env["credit.account"]._for_partners(partners, env.company)
            accounts.sudo().grade_id = env["credit.grade"].search([], limit=1)
        env["sale.control.requirement"].search([("field_id.model", "=", "sale.order")]).active = False
        env["sale.control.setup"].create({
            "company_id": env.company.id,
            "sales_manager_ids": [odoo.Command.set([self.manager])],
            "finance_ids": [odoo.Command.set([self.finance])],
            "sales_amount": 0, "sales_discount": 10, "finance_discount": 20, "finance_margin": 0, "general_amount": 0,
            **{f"control_{switch}": "enforce" for switch in switches},
            "control_go_live": False,
        })._apply()

    def new_orders(self, number, discount=0.0):
        with self.transaction(self.seller) as env:
            return env["sale.order"].create([
                {
                    "partner_id": self.customers[index % len(self.customers)],
                    "order_line": [
                        odoo.Command.create({"product_id": product, "product_uom_qty": 1 + index, "discount": discount})
                        for product in self.products[:LINES]
                    ],
                }
                for index in range(number)
            ]).ids

    def measure(self, user_id, operation):
        """Run an operation in a transaction of its own; return (queries, milliseconds)."""
        with self.transaction(user_id) as env:
            env.user.fetch(["name"])  # The session's user is known before a request's work starts.
            before, started = env.cr.sql_log_count, time.perf_counter()
            operation(env)
            env.cr.flush()  # What a commit does: also the messages about changed fields.
            return env.cr.sql_log_count - before, 1000 * (time.perf_counter() - started)


def confirm(database):
    [order_id] = database.new_orders(1)
    return database.measure(database.seller, lambda env: env["sale.order"].browse(order_id).action_confirm())


def submit(database):
    [order_id] = database.new_orders(1)
    action = "action_submit" if database.controlled else "action_confirm"
    return database.measure(database.seller, lambda env: getattr(env["sale.order"].browse(order_id), action)())


def submit_approve_confirm(database):
    """Submit, two approvals, confirmation by the last one; in bare Odoo only the confirmation."""
    if not database.controlled:
        return confirm(database)
    [order_id] = database.new_orders(1, discount=25.0)
    total = [database.measure(database.seller, lambda env: env["sale.order"].browse(order_id).action_submit())]
    with database.transaction() as env:
        [request_id] = env["sale.approval.request"].search([("order_id", "=", order_id)]).ids
    for user_id in (database.manager, database.finance):
        total.append(database.measure(
            user_id, lambda env: env["sale.approval.request"].browse(request_id).action_agree()))
    with database.transaction() as env:
        state = env["sale.order"].browse(order_id).state
        if state != "sale":
            raise RuntimeError(f"the order was not confirmed by its last approval but is {state!r}")
    return tuple(map(sum, zip(*total, strict=True)))


# Who is told what: activities, messages, and taking them back.
NOTICES = [
    ("sale.approval.task", "_notify_approvers"),
    ("sale.approval.request", "_dismiss_approvers"),
    ("sale.approval.request", "_tell_makers"),
    ("sale.order", "_close_acceptance_activities"),
]


@contextmanager
def without_notices(database):
    """Tell nobody: notifications are counted in rows of their own."""
    with ExitStack() as stack:
        for model, method in NOTICES if database.controlled else ():
            stack.enter_context(patch.object(database.registry[model], method, lambda *_args: None))
        yield


def quiet_flow(database):
    with without_notices(database):
        return submit_approve_confirm(database)


def quiet_batch(database):
    with without_notices(database):
        return batch_submit(database)


def batch_submit(database):
    order_ids = database.new_orders(80, discount=25.0)
    action = "action_submit" if database.controlled else "action_quotation_sent"
    return database.measure(database.seller, lambda env: getattr(env["sale.order"].browse(order_ids), action)())


def read_list(database):
    order_ids = database.new_orders(80)
    fields = ["name", "partner_id", "state", "amount_total"]
    if database.controlled:
        fields += ["control_status", "control_next"]
    return database.measure(database.seller, lambda env: env["sale.order"].browse(order_ids).read(fields))


def write_draft(database):
    order_ids = database.new_orders(80)
    return database.measure(
        database.seller, lambda env: env["sale.order"].browse(order_ids).write({"client_order_ref": "x"}))


OPERATIONS = [
    ("confirm a clean order", confirm, RUNS),
    ("submit a clean order", submit, RUNS),
    ("submit, two approvals, confirm", quiet_flow, RUNS),
    ("... with notifications", submit_approve_confirm, RUNS),
    ("submit 80 orders for approval", quiet_batch, 4),
    ("... with notifications", batch_submit, 4),
    ("list of 80 orders with badge and next actor", read_list, RUNS),
    ("write the reference of 80 quotations", write_draft, RUNS),
]


def main():
    workplace = ensure_workplace()
    for name in (BARE, CONTROLLED):
        databases.fresh(workplace, name, databases.BARE)
    databases.install_addon(workplace, CONTROLLED, "sale_order_control")
    config.parse_config(["-c", str(workplace.config(CONTROLLED)), "--log-level=error"])
    logging.getLogger().setLevel(logging.ERROR)
    bare, controlled = Database(BARE, False), Database(CONTROLLED, True)
    print(f"{'':48} {'queries':>16} {'median ms':>18}")
    print(f"{'':48} {'bare':>8}{'control':>8} {'bare':>9}{'control':>9}")
    for label, operation, runs in OPERATIONS:
        rows = {database: [] for database in (bare, controlled)}
        for _run in range(runs + WARM_UP):
            for database in rows:
                rows[database].append(operation(database))
        queries = [statistics.mode(count for count, _ms in rows[db][WARM_UP:]) for db in (bare, controlled)]
        times = [statistics.median(ms for _count, ms in rows[db][WARM_UP:]) for db in (bare, controlled)]
        print(f"{label:48} {queries[0]:>8}{queries[1]:>8} {times[0]:>9.1f}{times[1]:>9.1f}", flush=True)
    for name in (BARE, CONTROLLED):
        databases.drop(workplace.server, name)


if __name__ == "__main__":
    main()
