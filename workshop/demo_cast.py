"""Who plays in the demo story: the demo users, and how customers and quotations of it come about."""

from datetime import timedelta

from odoo import Command, fields

ADDON = "sale_order_control"


def user(env, role):
    """The demo user of a role."""
    return env.ref(f"{ADDON}.demo_user_{role}")


def acting(env, role):
    """The environment of a role, with no more rights than its user has."""
    return env(user=user(env, role).id, su=False)


def company(env):
    """The company of the story."""
    return env.ref("base.main_company")


def make_customers(env, *names, **values):
    """Customers with complete data, looked after by the salesperson."""
    base = {
        "is_company": True, "phone": "+1 555 0100", "street": "1 Harbour Road", "city": "Springfield",
        "country_id": company(env).country_id.id, "user_id": user(env, "salesperson").id,
        "property_payment_term_id": env.ref("account.account_payment_term_30days").id,
    }
    return env["res.partner"].create([{**base, **values, "name": name} for name in names])


def account_of(env, partner):
    """The credit account of a customer, as the credit controller works with it."""
    return env["credit.account"]._for_partners(partner, company(env)).with_env(acting(env, "finance"))


def give_credit(env, partner, grade, limit=None, **values):
    """Let the credit controller give a grade, and a limit unless the grade's own is meant."""
    found = env.ref(f"{ADDON}.credit_grade_{grade}")
    if limit is not None:
        values |= {"limit_kind": "amount", "credit_limit": limit}
    account = account_of(env, partner)
    account.write({"grade_id": found.id, "change_reason": "First review", **values})
    return account


def quote(env, partner, product, quantity, **values):
    """A complete quotation of the salesperson."""
    return env["sale.order"].with_user(user(env, "salesperson")).create({
        "partner_id": partner.id,
        "user_id": user(env, "salesperson").id,
        "requested_date": fields.Date.today() + timedelta(days=14),
        "control_source_id": env.ref(f"{ADDON}.source_email").id,
        "order_line": [Command.create({"product_id": product.id, "product_uom_qty": quantity, **values})],
    })


def on_day(env, day):
    """A block in which the rules take ``day`` for today."""
    # Importable only once the configuration has said where the add-on lies.
    from odoo.addons.sale_order_control.models.order.control_memory import control_today

    return control_today(env, day)
