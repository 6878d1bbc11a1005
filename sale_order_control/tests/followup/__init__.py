from . import test_followup_rules
from . import test_followup_work
