from . import sale_complaint_reason
