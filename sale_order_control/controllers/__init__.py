from . import approval
from . import delivery
