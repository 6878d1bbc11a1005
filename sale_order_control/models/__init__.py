# The hub first: every room extends the models it declares.
from .order import *

from .credit import *
from .approval import *
from .delivery import *
