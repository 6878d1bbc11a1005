# The modules of all sub-folders in the order in which they build on each other (the folders' own files are empty).

from .policy import sale_approval_policy
from .policy import sale_approval_policy_conditions
from .policy import sale_approval_level
from .policy import sale_approval_rules
from .policy import sale_approval_preset

# The request in the order in which it builds on itself: records, decisions, notices.
from .request import sale_approval_request
from .request import sale_approval_task
from .request import sale_approval_decision
from .request import sale_approval_steps
from .request import sale_approval_notice
from .request import sale_approval_screen
from .request import sale_approval_digest
from .request import sale_approval_sheet
from .request import sale_approval_reroute
from .request import sale_approval_delegation
from .request import sale_approval_deadline
from .request import working_time
from .request import res_users
from .policy import res_partner

# What makes any document approvable.
from .mixin import sale_approval_mixin
from .mixin import sale_approval_mixin_hooks
from .mixin import sale_approval_mixin_policy
from .mixin import sale_approval_mixin_submission

# An approver changes the terms.
from .request import sale_approval_change

# The order's slice: fields and acts, rules, submission, what users see.
from .check import sale_order
from .check import sale_order_gate
from .check import sale_order_prices
from .check import sale_order_cumulative
from .check import sale_order_conditions
from .check import sale_order_free_goods
from .check import sale_order_submission
from .check import sale_order_makers
from .check import sale_order_owner
from .check import sale_order_display
from .check import sale_order_paper
from .check import sale_order_mail
from .check import sale_order_preview
from .check import sale_order_change
from .check import sale_order_status
from .check import sale_order_fixes

# The delivery's slice: the same chain for what leaves the house.
from .transfer import stock_picking
from .transfer import stock_move

# Before an order binds: what is settled with the customer.
from .policy import sale_approval_demand
from .acceptance import sale_order_acceptance
from .acceptance import sale_order_acceptance_flow
from .acceptance import sale_order_contract
from .acceptance import sale_order_contract_gate

# What policies would do, what they did, and which of them could go.
from .simulation import approval_waits
from .simulation import sale_order_past
from .simulation import sale_order_simulation
from .simulation import sale_approval_simulation
from .simulation import sale_approval_simulation_line
from .simulation import sale_approval_simulation_run
from .simulation import sale_approval_policy_simulation
from .review import sale_approval_policy_figures
from .review import sale_approval_level_figures
from .review import sale_approval_policy_review

# Prices typed by hand.
from .check import sale_price_reason

# Money that goes back.
from .refund import sale_refund_request
from .refund import sale_refund_order
from .refund import sale_refund_payment

# What is wrong with the policies themselves.
from .checkup import finding
from .checkup import finding_words
from .checkup import checkup
from .checkup import checkup_policies
from .checkup import checkup_bands
from .checkup import checkup_levels
from .checkup import checkup_people
from .checkup import checkup_escape

from .check import approval_moments
