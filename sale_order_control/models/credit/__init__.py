from . import credit_grade
from . import credit_grade_limit
from . import credit_account
from . import credit_account_grade
from . import credit_facts
from . import credit_exposure
from . import credit_account_limit
from . import credit_limit
from . import credit_limit_temporary
from . import credit_guarantee
from . import credit_pool
from . import credit_limit_entry
from . import credit_decision
from . import credit_decisions

from . import sale_order
from . import sale_order_line
from . import sale_order_credit
from . import sale_order_decision
from . import credit_account_decision
from . import credit_account_recheck
from . import credit_nightly

from . import res_partner
from . import credit_dispute
from . import res_partner_limit
from . import res_partner_customer
from . import ir_default
from . import base_partner_merge
from . import stock_move
from . import account_move
from . import account_move_line
from . import credit_indexes

from . import settlement_terms
from . import settlement_grade
from . import settlement_order
