"""Pictures of the credit room: its screens as the people see them who work with them."""

from datetime import date, timedelta

from docs.gestures import find, open_action, promise, quote, show_order

PHONE = {"width": 390, "height": 844, "mobile": True}


def open_found(studio, user, action, model, *domain):
    """Open the first record that matches, as this user."""
    studio.login(user)
    found = studio.call(model, "search", list(domain), order="id", limit=1)
    if not found:
        raise SystemExit(f"The demo story has no {model} with {domain}.")
    studio.open(f"/odoo/action-sale_order_control.{action}/{found[0]}")
    return found[0]


# === HOLDS ===


def holds(studio):
    open_action(studio, "action_credit_hold", "finance")


def holds_by_reason(studio):
    studio.login("finance")
    studio.open("/odoo/action-sale_order_control.action_credit_hold?view_type=kanban")


def hold_form(studio):
    open_found(studio, "finance", "action_credit_hold", "sale.order",
               ("credit_state", "=", "hold"), ("partner_id.name", "=", "Eastgate Supplies"))


def release(studio):
    """A release up to an amount and until a day."""
    hold_form(studio)
    studio.click(text="Release")
    studio.type(".modal [name=reason] textarea", "Payment promised for Friday by their accountant")


def outlook(studio):
    """A quotation that nobody has submitted yet says what it would leave of the customer's credit."""
    show_order(studio, quote(studio, "Cornerstone Offices", 3))


def outlook_phone(studio):
    order = quote(studio, "Cornerstone Offices", 3)
    studio.size(**PHONE)
    show_order(studio, order)


def portal_offer(studio):
    """What the customer reads of a hold: an amount to pay, and nothing else."""
    studio.login("admin")
    company = studio.record_id("base.main_company")
    studio.call("res.company", "write", [company], {"credit_portal_offer": True})
    order = find(studio, "Cornerstone Offices", ("credit_state", "=", "hold"))
    # Else Odoo asks for the whole order in advance, which is more.
    studio.call("sale.order", "write", [order], {"require_payment": False})
    url = studio.call("sale.order", "action_preview_sale_order", [order])["url"]
    studio.session = None
    studio.chrome.request("Network.clearBrowserCookies")
    studio.open(url)


# === CUSTOMERS ===


def accounts(studio):
    open_action(studio, "credit_account_action", "finance")


def accounts_phone(studio):
    studio.size(**PHONE)
    open_action(studio, "credit_account_action", "sales")


def show_account(studio, user, customer="Brightwood Interiors"):
    open_found(studio, user, "credit_account_action", "credit.account", ("partner_id.name", "=", customer))


def account(studio):
    """What a controller sees of a customer's credit: limit in words, parts of the exposure, score, guarantees."""
    show_account(studio, "finance")


def account_for_sales(studio):
    show_account(studio, "sales")


def scored_account(studio):
    studio.size(height=1500)
    show_account(studio, "finance", "Eastgate Supplies")


def over_time(studio):
    show_account(studio, "finance", "Eastgate Supplies")
    studio.click("button[name=action_view_history]")
    studio.wait_for(".o_graph_renderer canvas")


def exposure_documents(studio):
    show_account(studio, "finance", "Eastgate Supplies")
    studio.click("button[name=action_view_exposure]")
    studio.wait_for(".o_list_table")


def customer_form(studio):
    """What a salesperson reads on the customer."""
    studio.login("sales")
    [partner] = studio.call("res.partner", "search", [("name", "=", "Eastgate Supplies")], limit=1)
    studio.size(height=1000)
    studio.open(f"/odoo/res.partner/{partner}")
    studio.click("[role=tab][name=sales_purchases]")


def overdue(studio):
    open_action(studio, "credit_overdue_action", "finance")


def papers(studio):
    open_action(studio, "credit_document_action", "finance")


def paper(studio):
    open_found(studio, "finance", "credit_document_action", "credit.document", ("verdict", "=", "open"))


# === GRADES AND SCORES ===


def grade(studio):
    studio.login("admin")
    studio.open(f"/odoo/credit-grades/{studio.record_id('sale_order_control.credit_grade_b')}")


def scorecard(studio):
    studio.login("admin")
    studio.size(height=900)
    studio.open(f"/odoo/credit-scorecards/{studio.record_id('sale_order_control.credit_scorecard_standard')}")


def scorecard_effect(studio):
    studio.login("admin")
    card = studio.record_id("sale_order_control.credit_scorecard_standard")
    draft = studio.call("credit.scorecard", "action_change", [card])["res_id"]
    tenure = studio.call("credit.factor", "search", [("scorecard_id", "=", draft), ("kind", "=", "tenure")])
    studio.call("credit.factor", "write", tenure, {"weight": 60})
    studio.open(f"/odoo/credit-scorecards/{draft}")
    studio.click(text="What Would Change?")


def grade_reviews(studio):
    open_action(studio, "credit_account_action_review", "finance")


def nightly(studio):
    open_action(studio, "credit_nightly_step_action", "finance")


# === LIMITS ===


def limit_journal(studio):
    open_action(studio, "credit_limit_entry_action", "finance")


def limit_request(studio):
    open_found(studio, "finance", "credit_limit_request_action", "credit.limit.request", ("state", "=", "pending"))


def limit_requests_for_sales(studio):
    open_action(studio, "credit_limit_request_action", "sales")


def shared_limit(studio):
    open_found(studio, "finance", "credit_pool_action", "credit.pool")


def guarantee(studio):
    open_found(studio, "finance", "credit_guarantee_action", "credit.guarantee")


# === SETTLEMENT ===


def agree_settlement(studio, customer, **values):
    """Let finance agree with a customer how it settles."""
    studio.login("finance")
    [found] = studio.call("credit.account", "search", [("partner_id.name", "=", customer)])
    studio.call("credit.account", "write", [found], values)


def prepaid(studio):
    show_order(studio, find(studio, "Fairhaven Studio"))


def collect(studio):
    open_action(studio, "action_credit_collect", "finance")


def cash_on_delivery(studio):
    agree_settlement(studio, "Brightwood Interiors", settlement_mode="cod")
    order = quote(studio, "Brightwood Interiors", 2, requested_date=str(date.today() + timedelta(days=21)))
    studio.call("sale.order", "action_submit", [order])
    agree_settlement(studio, "Brightwood Interiors", settlement_mode=False)
    promise(studio, order)
    [picking] = studio.call("stock.picking", "search", [("sale_id", "=", order)])
    studio.open(f"/odoo/deliveries/{picking}")


def statement(studio):
    studio.size(height=900)
    open_found(studio, "finance", "credit_statement_action", "credit.statement", ("state", "=", "disputed"))


CREDIT_SCENES = {
    "credit-holds": holds,
    "credit-holds-by-reason": holds_by_reason,
    "credit-hold-form": hold_form,
    "credit-release": release,
    "credit-outlook": outlook,
    "credit-outlook-phone": outlook_phone,
    "credit-portal-offer": portal_offer,
    "credit-accounts": accounts,
    "credit-accounts-phone": accounts_phone,
    "credit-account": account,
    "credit-account-for-sales": account_for_sales,
    "credit-account-scored": scored_account,
    "credit-over-time": over_time,
    "exposure-documents": exposure_documents,
    "credit-customer": customer_form,
    "overdue-customers": overdue,
    "customer-papers-list": papers,
    "customer-papers": paper,
    "credit-grade": grade,
    "credit-scorecard": scorecard,
    "credit-scorecard-effect": scorecard_effect,
    "credit-reviews": grade_reviews,
    "credit-nightly": nightly,
    "limit-journal": limit_journal,
    "limit-request": limit_request,
    "limit-requests-for-sales": limit_requests_for_sales,
    "shared-limit": shared_limit,
    "guarantee": guarantee,
    "panel-prepaid": prepaid,
    "payments-to-collect": collect,
    "cash-on-delivery": cash_on_delivery,
    "credit-statement": statement,
}
