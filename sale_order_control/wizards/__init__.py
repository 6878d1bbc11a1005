from .order import *
from .delivery import *
