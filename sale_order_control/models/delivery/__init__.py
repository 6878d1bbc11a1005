from . import sale_delivery_change_reason
from . import sale_delivery_promise
from . import res_company
from . import sale_delivery_transit
from . import stock_warehouse

# Available to promise: plain arithmetic first, then what reads for it.
from . import atp_days
from . import atp
from . import atp_plan
from . import atp_reliability
from . import atp_reader
from . import atp_demand
from . import atp_optional

# The order line's slice in the order in which it builds on itself: fields, supply, promise.
from . import sale_order_line
from . import sale_order_line_atp
from . import sale_order_line_promise

from . import sale_order
from . import sale_order_dates
from . import sale_order_gate
from . import sale_order_fixes
from . import sale_order_status
from . import stock_move

from . import shipment_check_point
from . import shipment_check
from . import stock_picking_check
from . import sale_order_shipment
