from . import sale_control_setup
from . import sale_revision_compare
