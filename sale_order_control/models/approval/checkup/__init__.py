from . import finding
from . import finding_words
from . import checkup
from . import checkup_policies
from . import checkup_bands
from . import checkup_levels
from . import checkup_people
from . import checkup_escape
