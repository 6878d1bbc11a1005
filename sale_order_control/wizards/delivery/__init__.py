from . import sale_delivery_promise_wizard
