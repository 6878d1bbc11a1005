from . import sale_followup_log
