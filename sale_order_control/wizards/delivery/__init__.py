from . import sale_shipment_check_wizard
from . import sale_delivery_promise_wizard
