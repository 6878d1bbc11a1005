"""Put a demo database under control and tell a small story with it.

``demo_story.py CONFIG DATABASE``, run with the environment's Python: the set-up wizard switches the
controls on with the demo users as approvers, and one order is left in each state that users meet.
"""

import sys
from datetime import timedelta

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.modules.registry import Registry
from odoo.tools import config

from .demo_cast import account_of, acting, give_credit, make_customers, quote, user
from .demo_credit import tell_holds, tell_papers, tell_year
from .demo_followup import tell_followups


def switch_on(env):
    """Run the set-up wizard with the demo users."""
    # No chat window of the first login over what there is to see.
    if "odoobot_state" in env["res.users"]._fields:
        env["res.users"].search([]).odoobot_state = "disabled"
    everywhere = ("completeness", "credit", "approval", "promise", "release")
    env["sale.control.setup"].create({
        "company_id": env.ref("base.main_company").id,
        "sales_manager_ids": [Command.set(user(env, "sales_manager").ids)],
        "finance_ids": [Command.set(user(env, "finance").ids)],
        "general_manager_ids": [Command.set(user(env, "director").ids)],
        **{f"control_{area}": "enforce" for area in everywhere},
        "control_amendment": "warn",
        "control_go_live": fields.Date.today(),
    })._apply()


def customers(env):
    """Three customers: good credit, a tight limit, and one without any history."""
    limits = {"Brightwood Interiors": 50000.0, "Cornerstone Offices": 2000.0, "Delta Workspaces": 20000.0}
    partners = make_customers(env, *limits)
    for partner in partners:
        give_credit(env, partner, "b", limits[partner.name])
    return partners


def limits(env, good, tight):
    """What else decides a limit: days of a higher one, a guarantee, a shared limit, a request that waits."""
    company, today = env.ref("base.main_company"), fields.Date.today()
    as_finance, account = acting(env, "finance"), account_of(env, good)
    as_finance["credit.limit.temporary"].create({
        "account_id": account.id, "amount": 60000.0, "date_to": today + timedelta(days=30),
        "reason": "Orders for the spring fair",
    })
    as_finance["credit.guarantee"].create({
        "name": "Policy 4711", "account_id": account.id, "value": 20000.0, "percent": 80.0,
        "date_from": today, "date_to": today + timedelta(days=180), "currency_id": company.currency_id.id,
    }).with_user(env.ref("base.user_admin")).action_validate()
    as_finance["credit.pool"].create({
        "name": "Harbour Group", "company_id": company.id, "limit": 70000.0,
        "account_ids": [Command.set((account | account_of(env, tight)).ids)],
    })
    request = env["credit.limit.request"].with_user(user(env, "salesperson")).create({
        "partner_id": tight.id, "company_id": company.id, "amount": 8000.0,
        "reason": "Signed a frame contract, has paid on time for two years",
    })
    request.action_submit()


def tell(env):
    """Leave one order in each state that users meet first."""
    good, tight, new = customers(env)
    late, prepaid, clinic, doubtful, monthly = tell_year(env)
    product = env["product.product"].create({
        "name": "Standing Desk", "type": "consu", "is_storable": True, "list_price": 450.0, "standard_price": 270.0,
        "taxes_id": [Command.clear()],
    })
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.ref("base.main_company").id)], limit=1)
    env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 60)

    quote(env, good, product, 2).action_submit()
    quote(env, tight, product, 8).action_submit()
    quote(env, good, product, 12, discount=25.0).action_submit()
    quote(env, new, product, 5)
    promised = quote(env, good, product, 4)
    promised.action_submit()
    promised.order_line.with_user(user(env, "planner")).action_promise_proposed()
    # Waits in finance after the sales manager has agreed.
    waiting = quote(env, new, product, 20, discount=35.0)
    waiting.action_submit()
    waiting.sudo().approval_request_ids.with_user(user(env, "sales_manager")).action_agree()
    limits(env, good, tight)
    tell_holds(env, product, late, prepaid, clinic, doubtful)
    tell_papers(env, good, monthly, late, new)
    env["credit.account"].search([])._run_history(fields.Date.today())
    env["credit.account"]._cron_nightly()
    tell_followups(env, good, product)


def main(config_file, database):
    config.parse_config(["-c", config_file, "-d", database, "--log-level=warn"])
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {"no_reset_password": True})
        switch_on(env)
        tell(env)


if __name__ == "__main__":
    main(*sys.argv[1:3])
