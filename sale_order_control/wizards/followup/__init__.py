from . import sale_followup_drop
from . import sale_followup_log
