from . import credit_grade
from . import credit_grade_limit
from . import credit_account
from . import credit_account_grade
from . import credit_facts
from . import credit_exposure
from . import credit_limit
from . import credit_limit_temporary
from . import credit_guarantee
from . import credit_pool
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
from . import base_partner_merge
from . import stock_move
from . import account_move
from . import account_move_line
from . import credit_indexes

from . import settlement_terms
from . import settlement_grade
from . import settlement_order
from . import settlement_advance
from . import settlement_prepay
from . import settlement_collect
from . import settlement_assign
