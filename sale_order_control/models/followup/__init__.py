# The modules of all sub-folders in the order in which they build on each other (the folders' own files are empty).

from . import res_company

# What is to be done when: rules.
from .rule import sale_followup_rule
from .rule import sale_followup_rule_text
from .rule import sale_followup_rule_people
from .rule import sale_followup_rule_due

# What happened to it: tasks.
from .task import sale_followup_task
from .task import sale_followup_task_course
from .task import sale_followup_contact
from .task import sale_followup_task_drop
from .task import mail_activity
from .task import sale_order
from .task import sale_followup_queue

# When rules are asked: events and the hourly job.
from .rule import sale_followup_events
from .rule import sale_followup_tick
from .task import sale_followup_ladder
from .task import sale_followup_digest

# How long each step takes.
from .step import sale_followup_step
from .step import sale_followup_passage

# What customers are written to.
from .message import sale_followup_message
from .message import mail_template
from .message import sale_followup_rule_message
from .message import sale_followup_send
from .message import account_move_reminder

# Asking customers after a delivery.
from .revisit import sale_followup_visit
from .revisit import sale_order_revisit

# Who gets orders that come in without a salesperson, and which departments handle them.
from .assign import sale_assignment_rule
from .assign import sale_assignment
from .assign import sale_followup_department

# What rules cannot do, said when they are saved.
from .rule import sale_followup_rule_check

# How well it was done.
from .assess import sale_followup_report
from .assess import sale_order_summary
