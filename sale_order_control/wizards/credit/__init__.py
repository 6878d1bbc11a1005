from . import credit_decide
from . import credit_dispute_wizard
from . import credit_advance_assign
