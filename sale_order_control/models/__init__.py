# The hub first: every room extends the models it declares.
from .order import *

# Approval before the rooms whose documents are approvable.
from .approval import *
from .credit import *
from .delivery import *
from .complaint import *
from .followup import *
from .amendment import *
