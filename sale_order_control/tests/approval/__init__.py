from . import test_approval_policy
from . import test_approval_decision
from . import test_approval_mixin
from . import test_approval_coverage
from . import test_approval_attack
from . import test_approval_scale
from . import test_approval_setup
