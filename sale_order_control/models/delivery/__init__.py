# The modules of all sub-folders in the order in which they build on each other (the folders' own files are empty).

from .promise import sale_delivery_change_reason
from .promise import sale_delivery_promise
from .atp import res_company
from .atp import sale_delivery_transit
from .atp import stock_warehouse

# Available to promise: plain arithmetic first, then what reads for it.
from .atp import atp_days
from .atp import atp_plan
from .atp import atp_reliability
from .atp import atp_reader
from .atp import atp_demand
from .atp import atp_optional

# The order line's slice in the order in which it builds on itself: fields, supply, promise.
from .promise import sale_order_line
from .atp import sale_order_line_atp
from .promise import sale_order_line_promise

from .promise import sale_order
from .promise import sale_order_dates
from .promise import sale_order_gate
from .promise import sale_order_fixes
from .promise import sale_order_status
from .promise import stock_move

from .shipment import shipment_check_point
from .shipment import shipment_check
from .shipment import stock_picking_check
from .shipment import sale_order_shipment
