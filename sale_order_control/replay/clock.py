"""The replay's clock: the process lives on the simulated day.

The controls take today from ``control_today``. Odoo itself stamps documents, messages and records with
the time of day, and append-only records cannot be corrected afterwards; so while a simulated day runs,
Odoo's own clock shows it too. Only the thread that replays sees it, and only inside the block.
"""

import threading
from contextlib import ExitStack, contextmanager
from datetime import datetime, time
from unittest.mock import patch

from odoo import fields

from ..models.order.control_memory import control_today


@contextmanager
def simulated_day(env, day, hour=9):
    """Let rules, Odoo and the record stamps of this cursor take ``day`` for today.

    :param date day: the simulated day
    :param int hour: hour of the time stamps, UTC
    """
    moment = datetime.combine(day, time(hour))
    owner = threading.get_ident()

    def unless_ours(real, simulated):
        def function(*args, **kwargs):
            return simulated(*args, **kwargs) if threading.get_ident() == owner else real(*args, **kwargs)
        return staticmethod(function)

    real_context_today = fields.Date.context_today
    with ExitStack() as stack:
        stack.enter_context(control_today(env, day))
        for owner_class, name, simulated in (
            (fields.Datetime, 'now', lambda *args: moment),
            (fields.Date, 'today', lambda *args: day),
            (fields.Date, 'context_today',
             lambda record, timestamp=None: real_context_today(record, timestamp or moment)),
        ):
            real = getattr(owner_class, name)
            stack.enter_context(patch.object(owner_class, name, unless_ours(real, simulated)))
        stack.enter_context(patch.object(env.cr, 'now', lambda: moment))
        yield
