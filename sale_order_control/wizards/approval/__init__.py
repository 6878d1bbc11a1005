from . import sale_approval_comment
from . import sale_control_setup
from . import sale_control_setup_chains
from . import sale_approval_submission
from . import sale_approval_terms
from . import sale_order_check
