from . import test_credit_exposure
from . import test_credit_gate
from . import test_credit_merge
from . import test_credit_nightly
from . import test_credit_race
from . import test_credit_recheck
from . import test_credit_rights
from . import test_credit_screens
