from . import test_amendment_life
from . import test_amendment_guard
from . import test_amendment_follow
from . import test_amendment_apps
from . import test_amendment_property
from . import test_amendment_race
from . import test_amendment_browser
