from .order import *

from .credit import *
from .approval import *
from .delivery import *
from .replay import *
