from . import test_followup_rules
from . import test_followup_work
from . import test_followup_life
from . import test_followup_killed
from . import test_followup_tour
from . import test_followup_message
from . import test_followup_revisit
