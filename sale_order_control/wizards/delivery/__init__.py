from . import sale_shipment_check_wizard
from . import sale_delivery_promise_wizard
from . import sale_shortage_wizard
from . import sale_delivery_repromise_wizard
from . import sale_delivery_answer_wizard
