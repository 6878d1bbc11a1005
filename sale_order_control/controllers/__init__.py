from . import amendment
from . import approval
from . import complaint
from . import delivery
