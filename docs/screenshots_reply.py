"""Pictures of what customers are told and answer: see screenshots.py."""

import re
from datetime import date, timedelta

from docs.gestures import promise, quote


def delivery_answer(studio):
    """The customer's page asks whether a promised date suits, on a phone."""
    studio.login("admin")
    customer = studio.call("res.partner", "search", [("name", "=", "Brightwood Interiors")])
    studio.call("res.partner", "write", customer, {"email": "office@brightwood.example.com"})
    order = quote(studio, "Brightwood Interiors", 3, requested_date=str(date.today() + timedelta(days=14)))
    studio.call("sale.order", "action_submit", [order])
    promise(studio, order)
    studio.login("sales")
    studio.call("sale.order", "action_reply_dates", [order])
    url = studio.call("sale.order", "action_preview_sale_order", [order])["url"]
    token = re.search(r"access_token=([\w-]+)", url)[1]
    studio.session = None
    studio.chrome.request("Network.clearBrowserCookies")
    studio.size(390, 844, mobile=True)
    studio.open(f"/my/orders/{order}?access_token={token}")
    studio.click("[name=delivery_other]")
    studio.scroll_to("[name=delivery_questions] fieldset")


REPLY_SCENES = {"delivery-answer": delivery_answer}
