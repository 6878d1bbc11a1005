from . import credit_decide
