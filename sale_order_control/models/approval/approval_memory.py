"""The one marker that lets approval records be written: set in private code, gone with the call."""

from contextlib import contextmanager

_KEY = 'sale_order_control.approval'


@contextmanager
def approval_deciding(env):
    """Allow the add-on's own write on requests and tasks: wrap nothing but that write."""
    env.cr.cache[_KEY] = env.cr.cache.get(_KEY, 0) + 1
    try:
        yield
    finally:
        env.cr.cache[_KEY] -= 1


def is_approval_deciding(env):
    """Whether the running write is the add-on's own."""
    return bool(env.cr.cache.get(_KEY))
