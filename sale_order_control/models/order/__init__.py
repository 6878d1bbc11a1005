# What other models here build on.
from . import control_records
from . import control_job

from . import ir_default
from . import res_company
from . import res_company_days
from . import sale_control_switches
from . import res_config_settings
from . import sale_control_class
from . import sale_control_type
from . import sale_control_source
from . import sale_control_log
from . import sale_control_requirement

# The hub's slices of the order, in the order in which they build on each other.
from . import install_columns
from . import sale_order
from . import sale_order_gate
from . import sale_order_checks
from . import sale_order_transition
from . import sale_order_class
from . import sale_order_guard
from . import sale_order_release
from . import sale_order_status
from . import sale_order_fixes
from . import control_moments
from . import sale_order_money
from . import sale_order_procurement
from . import sale_order_portal
from . import sale_order_line
from . import sale_order_line_delivered
from . import sale_order_line_procurement
from . import sale_order_line_service

from . import account_move
from . import account_move_line
from . import payment_transaction
from . import res_partner
from . import res_users
from . import res_partner_class
from . import stock_move
from . import stock_picking
