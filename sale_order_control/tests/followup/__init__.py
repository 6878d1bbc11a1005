from . import test_followup_rules
