"""The pictures of the documentation: ``./dev screenshots`` plays these scenes in the demo database.

The demo database tells a story (``workshop/demo_story.py``): the controls are on, and orders of several
customers wait in different states. Scenes look orders up by customer and state, and bring the order into
the state of the picture where the story has none.
"""

from datetime import date, datetime, timedelta, timezone

from docs.gestures import find, open_action, quote, show_order, sign, unfold
from docs.screenshots_after_sales import AFTER_SALES_SCENES
from docs.screenshots_credit import CREDIT_SCENES
from docs.screenshots_policies import POLICY_SCENES
from docs.screenshots_reply import REPLY_SCENES
from docs.screenshots_shortage import SHORTAGE_SCENES

# A day apart: what is promised for today in the first is late in the second.
WESTERNMOST, EASTERNMOST = "Pacific/Honolulu", "Pacific/Kiritimati"


# === THE CONTROL PANEL IN EACH STATE ===


def clean(studio):
    show_order(studio, find(studio, "Delta Workspaces", ("state", "=", "draft"), ("approval_state", "=", "none")))
    unfold(studio)


def incomplete(studio):
    order = quote(studio, "Delta Workspaces", 3, requested_date=False)
    show_order(studio, order)


def credit_hold(studio):
    order = find(studio, "Cornerstone Offices", ("credit_state", "=", "hold"), ("approval_state", "=", "pending"))
    show_order(studio, order)


def customer_on_hold(studio):
    """A controller holds the customer: nobody's approval helps, only a release."""
    show_order(studio, find(studio, "Harper & Sons", ("credit_state", "=", "hold")))


def waiting_for_approval(studio):
    show_order(studio, find(studio, "Delta Workspaces", ("approval_state", "=", "pending")))


def approved(studio):
    order = quote(studio, "Brightwood Interiors", 14)
    studio.call("sale.order", "action_submit", [order])
    [request] = studio.call("sale.order", "read", [order], ["approval_request_ids"])[0]["approval_request_ids"]
    studio.login("manager")
    studio.call("sale.approval.request", "action_agree", [request], "Good customer, usual order.")
    show_order(studio, order)
    unfold(studio)


def to_promise(studio):
    waiting = (("promise_state", "=", "open"), ("approval_state", "=", "none"))
    show_order(studio, find(studio, "Brightwood Interiors", *waiting))
    unfold(studio)


def promised(studio):
    show_order(studio, find(studio, "Brightwood Interiors", ("promise_state", "=", "promised")))
    unfold(studio)


def late(studio):
    """Promise a date where it is still today, and look where it is tomorrow."""
    order = quote(studio, "Brightwood Interiors", 3, requested_date=str(date.today()))
    studio.call("sale.order", "action_submit", [order])
    [line] = studio.call("sale.order", "read", [order], ["order_line"])[0]["order_line"]
    studio.login("admin")
    company, address = (studio.record_id(f"base.main_{name}") for name in ("company", "partner"))
    [before] = studio.call("res.partner", "read", [address], ["tz"])
    [start] = studio.call("res.company", "read", [company], ["control_go_live"])
    studio.call("res.company", "write", [company], {"control_go_live": False})
    try:
        studio.call("res.partner", "write", [address], {"tz": WESTERNMOST})
        studio.login("planner")
        today = datetime.now(timezone.utc) - timedelta(hours=10)
        wizard = studio.call("sale.delivery.promise.wizard", "create", {
            "line_ids": [[6, 0, [line]]], "promised_date": str(today.date())})
        studio.call("sale.delivery.promise.wizard", "action_apply", [wizard])
        studio.login("admin")
        studio.call("res.partner", "write", [address], {"tz": EASTERNMOST})
        job = studio.record_id("sale_order_control.ir_cron_refresh_promises")
        studio.call("ir.cron", "method_direct_trigger", [job])
        show_order(studio, order)
        studio.save("panel-late")
        open_action(studio, "sale_order_line_action_promise", "planner")
        studio.save("planners-queue")
    finally:
        studio.login("admin")
        studio.call("res.partner", "write", [address], {"tz": before["tz"]})
        studio.call("res.company", "write", [company], {"control_go_live": start["control_go_live"]})


def expect_receipt(studio, quantity, days, origin):
    """Let desks come from a supplier in so many days."""
    studio.login("admin")
    [product] = studio.call("product.product", "search", [("name", "=", "Standing Desk")], limit=1)
    [kind] = studio.call("stock.picking.type", "search", [("code", "=", "incoming")], limit=1)
    source, target = (studio.record_id(f"stock.stock_location_{name}") for name in ("suppliers", "stock"))
    day = f"{date.today() + timedelta(days=days)} 12:00:00"
    places = {"location_id": source, "location_dest_id": target, "origin": origin}
    move = {"product_id": product, "product_uom_qty": quantity, "date": day, **places}
    receipt = studio.call("stock.picking", "create", {
        "picking_type_id": kind, "scheduled_date": day, "move_ids": [[0, 0, move]], **places})
    studio.call("stock.picking", "action_confirm", [receipt])


def earliest_date(studio):
    """What a salesperson on the phone sees of a line: the first safe day, and what it leans on."""
    expect_receipt(studio, 20, 9, "P00031")
    order = quote(studio, "Brightwood Interiors", 60)
    show_order(studio, order)
    studio.click(".o_field_x2many .fa-area-chart")
    studio.wait_for(".o_control_earliest")


def parked(studio):
    order = quote(studio, "Cornerstone Offices", 9, require_signature=True, require_payment=False)
    studio.call("sale.order", "action_quotation_sent", [order])
    page = sign(studio, order)
    show_order(studio, order)
    studio.save("panel-parked")
    studio.chrome.request("Network.clearBrowserCookies")
    studio.open(page)
    studio.save("customer-in-review")


def phone(studio):
    order = find(studio, "Cornerstone Offices", ("approval_state", "=", "pending"))
    studio.size(390, 844, mobile=True)
    show_order(studio, order)


# === OTHER SCREENS ===


def orders_list(studio):
    open_action(studio, "sale_order_action_quotations", "sales")


def orders_kanban(studio):
    studio.size(390, 844, mobile=True)
    open_action(studio, "sale_order_action_quotations", "sales")


def approval_request(studio):
    studio.login("finance")
    [request] = studio.call("sale.approval.request", "search", [
        ("state", "=", "pending"), ("order_id.partner_id.name", "=", "Delta Workspaces")], limit=1)
    studio.open(f"/odoo/action-sale_order_control.sale_approval_request_action_mine/{request}")


def submission(studio):
    """What the salesperson sees before the quotation is sent to its approvers."""
    order = quote(studio, "Brightwood Interiors", 14)
    show_order(studio, order)
    studio.click("button[name=action_submit]")
    studio.wait_for(".modal .o_field_widget[name=comment]")


def approval_policy(studio):
    studio.login("admin")
    [policy] = studio.call("sale.approval.policy", "search", [], limit=1)
    studio.open(f"/odoo/action-sale_order_control.sale_approval_policy_action/{policy}")


def approval_level(studio):
    approval_policy(studio)
    studio.click(".o_field_widget[name=level_ids] .o_data_row td[name=name]")
    studio.wait_for(".modal .o_field_widget[name=approver_type]")


def approval_change(studio):
    """An approver without any right on orders lowers a discount before agreeing."""
    studio.login("admin")
    levels = studio.call("sale.approval.level", "search", [("policy_id.res_model", "=", "sale.order")])
    studio.call("sale.approval.level", "write", levels, {"may_change_discount": True, "may_change_terms": True})
    order = quote(studio, "Brightwood Interiors", 25)
    studio.call("sale.order", "action_submit", [order])
    studio.login("admin")
    [task] = studio.call("sale.approval.task", "search_read", [
        ("res_id", "=", order), ("res_model", "=", "sale.order"), ("state", "=", "pending")],
        ["user_id", "request_id"], limit=1)
    [user] = studio.call("res.users", "read", [task["user_id"][0]], ["login"])
    studio.login(user["login"])
    studio.open(f"/odoo/action-sale_order_control.sale_approval_request_action_mine/{task['request_id'][0]}")
    studio.click(text="Change Terms...")
    studio.wait_for(".modal .o_field_widget[name=line_ids] .o_data_row")


def policy_checkup(studio):
    """A policy that ended, and one that salespeople can leave."""
    studio.login("admin")
    for values in (
            {"name": "Trade fair", "date_to": str(date.today() - timedelta(days=20)), "max_discount": 30},
            {"name": "Without reference", "domain": "[('client_order_ref', '=', False)]"}):
        if not studio.call("sale.approval.policy", "search", [("name", "=", values["name"])]):
            studio.call("sale.approval.policy", "create", {**values, "level_ids": [[0, 0, {
                "name": "Finance", "user_ids": [[6, 0, studio.call("res.users", "search", [("login", "=", "finance")])],
                ]}]]})
    studio.open("/odoo/action-sale_order_control.sale_approval_policy_action")
    studio.click("button[name=action_check_up]")
    studio.wait_for(".o_list_view .o_field_badge")


def control_log(studio):
    open_action(studio, "sale_control_log_action", "manager")


def settings(studio):
    studio.login("admin")
    studio.open("/odoo/settings")
    studio.click("[data-key=sale_order_control]")


def settings_for_managers(studio):
    open_action(studio, "sale_control_settings_action", "admin")


def make_it_pass(studio):
    """The smallest changes that clear what stops a quotation, and what remains."""
    studio.login("sales")
    [product] = studio.call("product.product", "search", [("name", "=", "Standing Desk")], limit=1)
    show_order(studio, quote(studio, "Brightwood Interiors", 14, order_line=[
        [0, 0, {"product_id": product, "product_uom_qty": 14, "discount": 35.0}]]))
    studio.click("button[name=action_make_it_pass]")


SCENES = {
    "make-it-pass": make_it_pass,
    "panel-clean": clean,
    "panel-incomplete": incomplete,
    "panel-credit-hold": credit_hold,
    "panel-waiting-for-approval": waiting_for_approval,
    "panel-approved": approved,
    "panel-to-promise": to_promise,
    "panel-promised": promised,
    "panel-late": late,
    "earliest-date": earliest_date,
    "panel-parked": parked,
    "panel-phone": phone,
    "panel-customer-on-hold": customer_on_hold,
    "orders-list": orders_list,
    "orders-phone": orders_kanban,
    "approval-request": approval_request,
    "submission": submission,
    "approval-policy": approval_policy,
    "approval-level": approval_level,
    "approval-change": approval_change,
    "policy-checkup": policy_checkup,
    **CREDIT_SCENES,
    **POLICY_SCENES,
    **REPLY_SCENES,
    **SHORTAGE_SCENES,
    **AFTER_SALES_SCENES,
    "control-log": control_log, "settings": settings, "settings-for-managers": settings_for_managers,
}
