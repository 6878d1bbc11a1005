"""The demo's follow-ups: switched on at the end of the story, with a morning's work for the salesperson."""

from datetime import timedelta

from odoo import fields

from .demo_cast import quote, user


def tell_followups(env, partner, product):
    """An order that is called about, one that waits for its date, a quotation that expires; one call is on record."""
    company, today = env.ref("base.main_company"), fields.Date.today()
    company.write({"control_followup": True, "followup_manager_id": user(env, "director").id})
    called, waiting, expiring = (quote(env, partner, product, number) for number in (2, 3, 6))
    (called | waiting).action_submit()
    called.order_line.with_user(user(env, "planner")).action_promise_proposed()
    expiring.write({"state": "sent", "validity_date": today + timedelta(days=1)})
    env.cr.precommit.run()
    env["sale.followup.rule"]._tick_dates(200)
    tasks = env["sale.followup.task"].search([
        ("user_id", "=", user(env, "salesperson").id), ("order_id", "=", called.id), ("state", "=", "open")])
    for task in tasks[:1].with_user(user(env, "salesperson")):
        task._record_contact(
            "call", "Everything is right; deliver before noon, two people wait at the ramp.", "again", "Ms Dana",
            "Ask whether the ramp is free", today)
