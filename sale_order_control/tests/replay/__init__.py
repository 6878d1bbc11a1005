from . import test_replay_reader
from . import test_replay_report
from . import test_replay_run
