# The modules of all sub-folders in the order in which they build on each other (the folders' own files are empty).

from .promise import sale_delivery_change_reason
from .promise import sale_delivery_promise
from .promise import sale_delivery_promise_part
from .promise import sale_delivery_change
from .atp import res_company
from .atp import sale_delivery_transit
from .atp import stock_warehouse

# Available to promise: plain arithmetic first, then what reads for it.
from .atp import atp_days
from .atp import atp_parts
from .atp import atp_plan
from .atp import atp_shortage
from .atp import atp_displace
from .atp import atp_repromise
from .atp import atp_reliability
from .atp import atp_reader
from .atp import atp_demand
from .atp import atp_optional

# The order line's slice in the order in which it builds on itself: fields, supply, promise.
from .promise import sale_order_line
from .atp import sale_order_line_atp
from .promise import sale_order_line_delivered
from .promise import sale_order_line_promise
from .promise import sale_order_line_parts
from .promise import sale_order_line_less

from .promise import sale_order
from .promise import sale_order_dates
from .promise import sale_order_gate
from .promise import sale_order_fixes
from .promise import sale_order_status
from .promise import delivery_moments
from .promise import stock_move_exchange
from .promise import stock_move
from .promise import stock_move_part

from .shipment import shipment_check_point
from .shipment import shipment_check
from .shipment import stock_picking_check
from .shipment import sale_order_shipment
from .shipment import stock_move_unordered

# Shortages: policy, substitutes and what was done first, then the line that uses them.
from .shortage import res_company as shortage_res_company
from .shortage import sale_control_class
from .shortage import sale_shortage_option
from .shortage import sale_product_substitute
from .shortage import sale_shortage_resolution
from .shortage import shortage_choice
from .shortage import sale_order_line_shortage
from .shortage import sale_order_line_substitute
from .shortage import sale_order_line_resolve
from .shortage import sale_order_line_compensation
from .shortage import sale_order_line_offer
from .shortage import sale_order_line_displace
from .shortage import sale_order_terms_dates
from .shortage import sale_order_line_strategy
from .shortage import sale_delivery_repromise
from .shortage import sale_delivery_turn
from .shortage import sale_order_autopromise
from .shortage import sale_order_shortage

# What customers are told and answer: the records first, then the lines, the orders, the transfers.
from .reply import sale_customer_notice
from .reply import sale_delivery_answer
from .reply import sale_delivery_receipt
from .reply import res_company_reply
from .reply import sale_order_line_reply
from .reply import sale_order_reply
from .reply import sale_order_answer
from .reply import sale_order_offer
from .reply import sale_order_confirmation
from .reply import sale_order_completion
from .reply import stock_picking_notice
from .reply import sale_order_notice_job

# Lateness: what a line was measured against, who says what about overdue deliveries, and who may close them.
from .lateness import lateness_settings
from .lateness import delivery_verdict
from .lateness import sale_order_line_facts
from .lateness import sale_order_line_target
from .lateness import sale_order_line_queue
from .lateness import sale_order_facts
from .lateness import sale_delivery_history
from .lateness import sale_delivery_report
from .lateness import sale_handling_opinion
from .lateness import sale_handling_case
from .lateness import sale_handling_nightly
from .lateness import sale_transfer_change
from .lateness import overdue_policy
from .lateness import overdue_guard
from .lateness import overdue_preview
from .lateness import overdue_documents
from .lateness import sale_date_request
