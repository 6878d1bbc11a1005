from .order import *
from .approval import *
from .delivery import *
from .credit import *
from .complaint import *
from .amendment import *
from .followup import *
