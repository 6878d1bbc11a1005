"""The one marker that lets approval records be written: set in private code, gone with the call."""

from contextlib import contextmanager

from ..order.control_memory import control_memory


@contextmanager
def approval_deciding(env):
    """Allow the add-on's own write on requests and tasks: wrap nothing but that write."""
    memory = control_memory(env)
    memory.deciding += 1
    try:
        yield
    finally:
        memory.deciding -= 1


def is_approval_deciding(env):
    """Whether the running write is the add-on's own."""
    return bool(control_memory(env).deciding)
