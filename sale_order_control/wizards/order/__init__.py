from . import sale_control_settings
