"""Markers of approval: set in private code, gone with the call."""

from contextlib import contextmanager

from ...order.control_memory import control_memory


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


@contextmanager
def approval_closing(env, requests):
    """Remember requests that waited until now: a document waits for one at a time, so each is its latest one."""
    memory = control_memory(env)
    before = memory.closing
    memory.closing = {**before, **{(request.res_model, request.res_id): request.id for request in requests}}
    try:
        yield
    finally:
        memory.closing = before


def forget_closing(env, requests):
    """Forget what ended for documents that are asked about anew: these requests are their latest ones."""
    memory = control_memory(env)
    asked = {(request.res_model, request.res_id) for request in requests}
    memory.closing = {key: ended for key, ended in memory.closing.items() if key not in asked}


@contextmanager
def approval_revising(env, requests):
    """Mark requests whose approver changes the terms inside: they are not void, they follow the new terms."""
    memory = control_memory(env)
    before, memory.revising = memory.revising, memory.revising | set(requests.ids)
    try:
        yield
    finally:
        memory.revising = before
