from . import sale_approval_policy
from . import sale_approval_policy_conditions
from . import sale_approval_level
from . import sale_approval_preset

# The request in the order in which it builds on itself: records, decisions, notices.
from . import sale_approval_request
from . import sale_approval_task
from . import sale_approval_decision
from . import sale_approval_steps
from . import sale_approval_notice
from . import sale_approval_screen
from . import sale_approval_digest
from . import sale_approval_sheet
from . import sale_approval_reroute
from . import sale_approval_delegation
from . import sale_approval_deadline
from . import res_users
from . import res_partner

# What makes any document approvable.
from . import sale_approval_mixin
from . import sale_approval_mixin_hooks
from . import sale_approval_mixin_policy
from . import sale_approval_mixin_submission

# An approver changes the terms.
from . import sale_approval_change

# The order's slice: fields and acts, rules, submission, what users see.
from . import sale_order
from . import sale_order_gate
from . import sale_order_prices
from . import sale_order_cumulative
from . import sale_order_conditions
from . import sale_order_free_goods
from . import sale_order_submission
from . import sale_order_display
from . import sale_order_paper
from . import sale_order_preview
from . import sale_order_change
from . import sale_order_status
from . import sale_order_fixes

# The delivery's slice: the same chain for what leaves the house.
from . import stock_picking
from . import stock_move

# Before an order binds: what is settled with the customer.
from . import sale_approval_demand
from . import sale_order_acceptance
from . import sale_order_acceptance_flow
from . import sale_order_contract
from . import sale_order_contract_gate

# What policies would do, what they did, and which of them could go.
from . import simulation
from . import review

# Prices typed by hand.
from . import sale_price_reason

# Money that goes back.
from . import sale_refund_request
from . import sale_refund_order
from . import sale_refund_payment

# What is wrong with the policies themselves.
from . import checkup
