from . import approval
from . import complaint
from . import delivery
