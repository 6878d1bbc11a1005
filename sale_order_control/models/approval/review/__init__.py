# Keeping rules lean: what they did, who looks after them, which of them could go.
from . import sale_approval_policy_figures
from . import sale_approval_level_figures
from . import sale_approval_policy_review
