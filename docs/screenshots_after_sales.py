"""Pictures of what comes after the confirmation: follow-ups, amendments, complaints."""

from docs.gestures import find, open_action, show_order


def follow_up_rules(studio):
    open_action(studio, "sale_followup_rule_action", "admin")
    studio.wait_for(".o_list_view")


def amendment(studio):
    """What follows from one desk more, before it is submitted."""
    order = find(studio, "Brightwood Interiors", ("state", "=", "sale"), ("promise_state", "=", "promised"))
    show_order(studio, order)
    studio.click("button[name=action_amend]")
    studio.click(".modal .o_data_row td[name=product_uom_qty]")
    studio.evaluate("document.querySelector('.modal td[name=product_uom_qty] input').select()")
    studio.type(".modal td[name=product_uom_qty] input", "3")
    studio.click(".modal .modal-title")


def complaints(studio):
    open_action(studio, "sale_complaint_action", "service")
    studio.wait_for(".o_kanban_record, .o_data_row")


def complaint(studio):
    studio.login("service")
    found = studio.call("sale.complaint", "search", [("state", "=", "investigating")], limit=1)
    studio.open(f"/odoo/action-sale_order_control.sale_complaint_action/{found[0]}")
    studio.wait_for(".o_form_view")


AFTER_SALES_SCENES = {
    "follow-up-rules": follow_up_rules,
    "amendment": amendment,
    "complaints": complaints,
    "complaint": complaint,
}
