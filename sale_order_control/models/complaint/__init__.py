# The modules of all sub-folders in the order in which they build on each other (the folders' own files are empty).

from .setup import sale_complaint_team
from .setup import sale_complaint_category
from .setup import sale_complaint_cause

# The complaint first, then what it is made of, then its way from receipt to closing.
from .record import sale_complaint
from .record import sale_complaint_line
from .record import sale_complaint_history
from .record import sale_complaint_flow
from .quality import sale_complaint_action
