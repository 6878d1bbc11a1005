# What is known of the past, judging it by other policies, the simulation and what it found.
from . import approval_waits
from . import sale_order_past
from . import sale_order_simulation
from . import sale_approval_simulation
from . import sale_approval_simulation_line
from . import sale_approval_simulation_run
from . import sale_approval_policy_simulation
