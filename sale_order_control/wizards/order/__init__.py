from . import sale_control_wizard
from . import sale_control_settings
from . import sale_control_pass
