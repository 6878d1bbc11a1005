from . import test_delivery_atp
from . import test_delivery_promise
from . import test_delivery_outcome
from . import test_delivery_attack
from . import test_delivery_check
from . import test_delivery_race
from . import test_delivery_screens
