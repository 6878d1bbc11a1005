"""What scenes of the documentation's pictures have in common: finding, writing and opening orders of the demo story."""

import re
from datetime import date, timedelta

PANEL = ".o_control_panel"
# A picture element of one pixel, as a customer's signature.
SIGNATURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


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


def promise(studio, order):
    """Let the planner promise all lines of an order for in three weeks."""
    studio.login("planner")
    lines = studio.call("sale.order.line", "search", [("order_id", "=", order)])
    wizard = studio.call("sale.delivery.promise.wizard", "create", {
        "line_ids": [[6, 0, lines]], "promised_date": str(date.today() + timedelta(days=21))})
    studio.call("sale.delivery.promise.wizard", "action_apply", [wizard])


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
