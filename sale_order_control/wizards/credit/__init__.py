from . import credit_decide
from . import credit_dispute_wizard
from . import credit_advance_assign
from . import credit_grade_override
from . import credit_scorecard_compare
from . import credit_collect
from . import credit_statement_answer
from . import credit_limit_answer
