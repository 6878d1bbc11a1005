"""The pictures of the documentation: ``./dev screenshots`` plays these scenes in the demo database.

The demo database tells a story (``workshop/demo_story.py``): the controls are on, and orders of three
customers wait in different states. Scenes look orders up by customer and state, and bring the order into
the state of the picture where the story has none.
"""

import re
from datetime import date, datetime, timedelta, timezone

PANEL = ".o_control_panel"
# A picture element of one pixel, as a customer's signature.
SIGNATURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
# A day apart: what is promised for today in the first is late in the second.
WESTERNMOST, EASTERNMOST = "Pacific/Honolulu", "Pacific/Kiritimati"


# === ORDERS ===


def find(studio, customer, *domain):
    """Id of the salesperson's latest order of a customer."""
    studio.login("sales")
    found = studio.call("sale.order", "search", [("partner_id.name", "=", customer), *domain], limit=1)
    if not found:
        raise SystemExit(f"The demo story has no order of {customer} with {domain}.")
    return found[0]


def quote(studio, customer, quantity, **values):
    """Id of a new, complete quotation of the salesperson."""
    studio.login("sales")
    [partner] = studio.call("res.partner", "search", [("name", "=", customer)], limit=1)
    [product] = studio.call("product.product", "search", [("name", "=", "Standing Desk")], limit=1)
    line = {"product_id": product, "product_uom_qty": quantity}
    return studio.call("sale.order", "create", {
        "partner_id": partner,
        "requested_date": str(date.today() + timedelta(days=21)),
        "control_source_id": studio.record_id("sale_order_control.source_email"),
        "order_line": [[0, 0, line]],
        **values,
    })


def show_order(studio, order, user="sales"):
    """Open an order's form."""
    studio.login(user)
    studio.open(f"/odoo/sales/{order}")
    studio.wait_for(PANEL)


def unfold(studio):
    """Open the panel, which is folded when all is clear."""
    if studio.evaluate(f"document.querySelector('{PANEL}_toggle').getAttribute('aria-expanded')") == "false":
        studio.click(f"{PANEL}_toggle")


def open_action(studio, name, user):
    """Open a screen of the add-on."""
    studio.login(user)
    studio.open(f"/odoo/action-sale_order_control.{name}")


def sign(studio, order):
    """Let the customer sign on the web page; returns the page's address."""
    studio.login("sales")
    url = studio.call("sale.order", "action_preview_sale_order", [order])["url"]
    token = re.search(r"access_token=([\w-]+)", url)[1]
    studio.session = None
    studio.chrome.request("Network.clearBrowserCookies")
    studio._post(f"/my/orders/{order}/accept", {
        "access_token": token, "name": "Dana Customer", "signature": SIGNATURE,
    })
    return f"/my/orders/{order}?access_token={token}&message=sign_ok"


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
    studio.login("finance")
    [account] = studio.call("credit.account", "search", [("partner_id.name", "=", "Cornerstone Offices")])
    studio.call("credit.account", "action_hold", [account], "Three payment reminders went unanswered.")
    order = quote(studio, "Cornerstone Offices", 1)
    studio.call("sale.order", "action_submit", [order])
    show_order(studio, order)


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
    studio.click(".o_field_widget[name=level_ids] .o_data_row .o_list_record_open_form_view, "
                 ".o_field_widget[name=level_ids] .o_data_row td[name=name]")
    studio.wait_for(".modal .o_field_widget[name=approver_type]")


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


def credit_holds(studio):
    open_action(studio, "action_credit_hold", "finance")


def credit_holds_by_reason(studio):
    """Three holds for different reasons, one of them looked after."""
    order = quote(studio, "Cornerstone Offices", 60)
    studio.call("sale.order", "action_submit", [order])
    studio.login("finance")
    studio.call("sale.order", "action_credit_take", [order])
    studio.open("/odoo/action-sale_order_control.action_credit_hold?view_type=kanban")


def credit_hold_form(studio):
    studio.login("finance")
    found = studio.call("sale.order", "search", [("credit_state", "=", "hold")], limit=1)
    studio.open(f"/odoo/action-sale_order_control.action_credit_hold/{found[0]}")


def credit_outlook(studio):
    """A quotation that nobody has submitted yet says what it would leave of the customer's credit."""
    show_order(studio, quote(studio, "Cornerstone Offices", 3))


def customer_papers(studio):
    studio.login("sales")
    [partner] = studio.call("res.partner", "search", [("name", "=", "Delta Workspaces")], limit=1)
    paper = studio.call("credit.document", "create", {
        "partner_id": partner, "type_id": studio.record_id("sale_order_control.credit_document_type_licence"),
        "number": "HRB 4711", "date_to": str(date.today() + timedelta(days=200)),
    })
    studio.login("finance")
    studio.open(f"/odoo/action-sale_order_control.credit_document_action/{paper}")


def in_use(studio):
    """Id of the scorecard; customers are scored by it if they were not yet."""
    studio.login("admin")
    card = studio.record_id("sale_order_control.credit_scorecard_standard")
    if studio.call("credit.scorecard", "read", [card], ["state"])[0]["state"] == "draft":
        studio.call("credit.scorecard", "action_put_in_use", [card])
        studio.call("credit.scorecard", "action_score_all", [card])
    return card


def scorecard(studio):
    card = in_use(studio)
    studio.open(f"/odoo/credit-scorecards/{card}")


def scorecard_effect(studio):
    card = in_use(studio)
    draft = studio.call("credit.scorecard", "action_change", [card])["res_id"]
    late = studio.call("credit.factor", "search", [("scorecard_id", "=", draft), ("kind", "=", "tenure")])
    studio.call("credit.factor", "write", late, {"weight": 60})
    studio.open(f"/odoo/credit-scorecards/{draft}")
    studio.click(text="What Would Change?")


def grade_reviews(studio):
    in_use(studio)
    studio.open("/odoo/credit-reviews")


def scored_account(studio):
    in_use(studio)
    [account] = studio.call("credit.account", "search", [("has_proposal", "=", True)], limit=1)
    studio.size(height=1100)
    studio.open(f"/odoo/credit-accounts/{account}")


def grade(studio):
    studio.login("admin")
    studio.open(f"/odoo/credit-grades/{studio.record_id('sale_order_control.credit_grade_b')}")


def credit_account(studio):
    """What a controller sees of a customer's credit: limit in words, parts of the exposure, guarantees."""
    show_account(studio, "finance")


def credit_account_for_sales(studio):
    show_account(studio, "sales")


def credit_over_time(studio):
    show_account(studio, "finance")
    studio.click("button[name=action_view_history]")
    studio.wait_for(".o_graph_renderer canvas")


def exposure_documents(studio):
    show_account(studio, "finance")
    studio.click("button[name=action_view_exposure]")
    studio.wait_for(".o_list_table")


def limit_journal(studio):
    open_action(studio, "credit_limit_entry_action", "finance")


def limit_request(studio):
    studio.login("finance")
    [request] = studio.call("credit.limit.request", "search", [("state", "=", "pending")], limit=1)
    studio.open(f"/odoo/action-sale_order_control.credit_limit_request_action/{request}")


def limit_requests_for_sales(studio):
    open_action(studio, "credit_limit_request_action", "sales")


def shared_limit(studio):
    studio.login("finance")
    [pool] = studio.call("credit.pool", "search", [], limit=1)
    studio.open(f"/odoo/action-sale_order_control.credit_pool_action/{pool}")


def guarantee(studio):
    studio.login("finance")
    [found] = studio.call("credit.guarantee", "search", [], limit=1)
    studio.open(f"/odoo/action-sale_order_control.credit_guarantee_action/{found}")


def show_account(studio, user):
    studio.login(user)
    [account] = studio.call("credit.account", "search", [("partner_id.name", "=", "Brightwood Interiors")], limit=1)
    studio.open(f"/odoo/action-sale_order_control.credit_account_action/{account}")


def agree_settlement(studio, customer, **values):
    """Let finance agree with a customer how it settles; returns the credit account."""
    studio.login("finance")
    [account] = studio.call("credit.account", "search", [("partner_id.name", "=", customer)])
    studio.call("credit.account", "write", [account], values)
    return account


def prepaid(studio):
    agree_settlement(studio, "Brightwood Interiors", settlement_mode="prepay", prepayment_percent=30)
    order = quote(studio, "Brightwood Interiors", 4)
    studio.call("sale.order", "action_submit", [order])
    show_order(studio, order)
    studio.save("panel-prepaid")
    agree_settlement(studio, "Brightwood Interiors", settlement_mode=False, prepayment_percent=0)


def cash_on_delivery(studio):
    agree_settlement(studio, "Brightwood Interiors", settlement_mode="cod")
    order = quote(studio, "Brightwood Interiors", 2)
    studio.call("sale.order", "action_submit", [order])
    agree_settlement(studio, "Brightwood Interiors", settlement_mode=False)
    studio.login("planner")
    [picking] = studio.call("stock.picking", "search", [("sale_id", "=", order)])
    studio.open(f"/odoo/deliveries/{picking}")


def control_log(studio):
    open_action(studio, "sale_control_log_action", "manager")


def settings(studio):
    studio.login("admin")
    studio.open("/odoo/settings")
    studio.click("[data-key=sale_order_control]")


def settings_for_managers(studio):
    open_action(studio, "sale_control_settings_action", "admin")


SCENES = {
    "panel-clean": clean,
    "panel-incomplete": incomplete,
    "panel-credit-hold": credit_hold,
    "panel-waiting-for-approval": waiting_for_approval,
    "panel-approved": approved,
    "panel-to-promise": to_promise,
    "panel-promised": promised,
    "panel-late": late,
    "panel-parked": parked,
    "panel-phone": phone,
    "panel-customer-on-hold": customer_on_hold,
    "orders-list": orders_list,
    "orders-phone": orders_kanban,
    "approval-request": approval_request,
    "submission": submission,
    "approval-policy": approval_policy,
    "approval-level": approval_level,
    "policy-checkup": policy_checkup,
    "credit-holds": credit_holds,
    "credit-scorecard": scorecard,
    "credit-scorecard-effect": scorecard_effect,
    "credit-reviews": grade_reviews,
    "credit-account-scored": scored_account,
    "credit-grade": grade,
    "credit-holds-by-reason": credit_holds_by_reason,
    "credit-hold-form": credit_hold_form,
    "credit-outlook": credit_outlook,
    "customer-papers": customer_papers,
    "credit-account": credit_account,
    "credit-account-for-sales": credit_account_for_sales,
    "credit-over-time": credit_over_time,
    "exposure-documents": exposure_documents,
    "limit-journal": limit_journal,
    "limit-request": limit_request,
    "limit-requests-for-sales": limit_requests_for_sales,
    "shared-limit": shared_limit,
    "guarantee": guarantee,
    "panel-prepaid": prepaid,
    "cash-on-delivery": cash_on_delivery,
    "control-log": control_log, "settings": settings, "settings-for-managers": settings_for_managers,
}
