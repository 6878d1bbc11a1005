from .order import *
from .delivery import *
from .approval import *
from .credit import *
