from . import test_amendment_life
from . import test_amendment_guard
