from . import sale_complaint_entry
from . import sale_complaint_reason
from . import sale_complaint_settle
