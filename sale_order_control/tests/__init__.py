from .order import *

from .credit import *
from .approval import *
from .delivery import *
from .complaint import *
from .followup import *
from .amendment import *
from .replay import *
