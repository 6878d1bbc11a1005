# The modules of all sub-folders in the order in which they build on each other (the folders' own files are empty).

from .setup import sale_complaint_team
from .setup import sale_complaint_category
from .setup import sale_complaint_cause
from .setup import sale_complaint_target
from .setup import sale_complaint_escalation

# The complaint first, then what it is made of, then its way from receipt to closing.
from .record import sale_complaint
from .record import sale_complaint_line
from .record import sale_complaint_similar
from .record import sale_complaint_rating
from .record import sale_complaint_history
from .record import sale_complaint_flow

# Times to answer and solve, and who hears of it when they pass.
from .sla import sale_complaint_time
from .sla import sale_complaint_escalate

from .quality import sale_complaint_action
from .quality import sale_complaint_judgement
from .quality import sale_complaint_why
from .quality import sale_complaint_8d

# What other documents know of complaints.
from .documents import complaint_counts

# What is learned from them.
from .learning import complaint_moments
from .learning import complaint_credit
from .learning import sale_complaint_report
from .learning import sale_shipping_report
# What puts it right: kinds, the remedy and its goods, its way, what is made of it.
from .remedy import sale_complaint_remedy_type
from .remedy import sale_complaint_remedy
from .remedy import sale_order_line_delivered
from .remedy import sale_complaint_remedy_line
from .remedy import sale_complaint_result
from .remedy import sale_complaint_remedy_flow
from .remedy import remedy_end
from .remedy import remedy_goods
from .remedy import remedy_money
from .remedy import sale_complaint_remedies

# How complaints come in, and what customers hear and read.
from .intake import sale_complaint_intake
from .intake import sale_complaint_mail
from .intake import sale_complaint_portal
from .intake import sale_complaint_feed
