"""The workshop: everything that sets up, drives and checks a real Odoo around the add-on.

``./dev`` is the only door. Nothing in here is needed to install or run ``sale_order_control``.
"""
