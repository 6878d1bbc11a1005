from . import test_order_entry
from . import test_order_gate
from . import test_order_guard
from . import test_order_loader
from . import test_order_native
