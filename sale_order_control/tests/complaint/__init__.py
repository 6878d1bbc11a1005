from . import test_complaint_flow
from . import test_complaint_time
from . import test_complaint_quality
from . import test_complaint_learning
from . import test_complaint_tour
from . import test_complaint_mail
from . import test_complaint_portal
from . import test_complaint_remedy
