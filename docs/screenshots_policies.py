"""Scenes about policies: what they would do, what they did, and how they are set up."""

from datetime import date, timedelta

from docs.gestures import open_action


def policy_simulation(studio):
    """A draft that asks from a smaller amount on, next to the policies in force."""
    studio.login("admin")
    [policy] = studio.call("sale.approval.policy", "search", [("preset_key", "=", "domestic.sales")])
    draft = studio.call("sale.approval.policy", "copy", [policy], {
        "name": "Draft: smaller orders too", "min_amount": 1500, "active": False})[0]
    action = studio.call("sale.approval.policy", "action_simulate", [draft])
    simulation = action["res_id"]
    studio.call("sale.approval.simulation", "write", [simulation], {
        "date_from": str(date.today() - timedelta(days=365)), "date_to": str(date.today() + timedelta(days=1))})
    studio.call("sale.approval.simulation", "action_run", [simulation])
    studio.open(f"/odoo/action-sale_order_control.sale_approval_simulation_action/{simulation}")
    studio.wait_for(".o_notebook")
    studio.click(text="Levels")


def policy_figures(studio):
    open_action(studio, "sale_approval_policy_action_review", "admin")


def policy_setup(studio):
    open_action(studio, "sale_control_setup_action", "admin")
    studio.wait_for(".modal .o_form_view")
    studio.click(".modal [data-value=joint]")


POLICY_SCENES = {
    "policy-simulation": policy_simulation,
    "policy-figures": policy_figures,
    "policy-setup": policy_setup,
}
